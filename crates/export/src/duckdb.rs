//! `DuckDB`: a record is one `JSON` value, so that types, null and what is not there can be told apart.

use trailwarden_pattern::{
    Comparison, Condition, Number, Operator, Selector, Shape, Step, Test, Text, Value,
};

use crate::Refusal;
use crate::words::{OfNumbers, clean, of_numbers};

pub(crate) fn preface(table: &str) -> String {
    format!(
        "-- For DuckDB 1.3 or later. The table has a column `record`, a record of CloudTrail as JSON:
--
--   CREATE VIEW {table} AS
--   SELECT unnest(Records) AS record
--   FROM read_json('FOLDER/**/*.json.gz', format = 'unstructured', columns = {{Records: 'JSON[]'}},
--                  maximum_object_size = 134217728);
--
-- A query finds the records that the pattern matches. Where an object has a name twice, DuckDB takes the first and
-- CloudWatch Logs the last; CloudTrail writes no such record.
"
    )
}

/// The names of the types that `json_type` gives numbers.
const NUMBERS: &str = "('UBIGINT', 'BIGINT', 'DOUBLE')";

pub(crate) fn test(test: &Test) -> Result<String, Refusal> {
    let path = path(&test.selector)?;
    if !test.selector.has_wildcard() {
        return condition(&test.condition, "record", &path);
    }
    let found = format!("json_extract(record, {path})");
    if test.condition == Condition::NotExists {
        return Ok(format!("len({found}) = 0"));
    }
    let one = condition(&test.condition, "v", "'$'")?;
    Ok(format!(
        "len(list_filter({found}, lambda v: coalesce({one}, FALSE))) > 0"
    ))
}

/// The way to a field, as a text of SQL.
fn path(selector: &Selector) -> Result<String, Refusal> {
    let mut path = String::from("$");
    for step in &selector.steps {
        match step {
            Step::Key(name) if name.contains(['"', '\\']) => {
                let why = format!("DuckDB's paths have no way to write the name `{name}`");
                return Err(Refusal::new(&selector.span, why));
            }
            Step::Key(name) => path += &format!(".\"{name}\""),
            Step::Index(at) if *at > u64::from(u32::MAX) => {
                let why = format!("DuckDB's paths have no element {at}");
                return Err(Refusal::new(&selector.span, why));
            }
            Step::Index(at) => path += &format!("[{at}]"),
            Step::AnyElement => path += "[*]",
            Step::AnyField => path += ".*",
        }
    }
    clean(&path, &selector.span)
}

/// A condition on the value at a path of a JSON value.
fn condition(condition: &Condition, from: &str, path: &str) -> Result<String, Refusal> {
    let kind = format!("json_type({from}, {path})");
    let text = format!("({from} ->> {path})");
    Ok(match condition {
        Condition::NotExists => format!("{kind} IS NULL"),
        Condition::IsNull => format!("{kind} = 'NULL'"),
        Condition::IsTrue => format!("({kind} = 'BOOLEAN' AND {text} = 'true')"),
        Condition::IsFalse => format!("({kind} = 'BOOLEAN' AND {text} = 'false')"),
        Condition::Compare(comparison) => match &comparison.value {
            Value::Text(wanted) => of_text(comparison, wanted, &kind, &text)?,
            Value::Number(wanted) => of_number(comparison, wanted, &kind, &text)?,
            Value::Regex(_) => {
                let why = "DuckDB's regular expressions are not those of CloudWatch Logs";
                return Err(Refusal::new(&comparison.value_span, why));
            }
        },
    })
}

fn of_text(comparison: &Comparison, wanted: &Text, kind: &str, text: &str) -> Result<String, Refusal> {
    let equal = comparison.operator == Operator::Equal;
    let own = clean(&wanted.text, &comparison.value_span)?;
    let not = if equal { "" } else { "NOT " };
    let string = match wanted.shape {
        Shape::Exact => format!("{text} {} {own}", if equal { "=" } else { "<>" }),
        Shape::Starts => format!("{not}starts_with({text}, {own})"),
        Shape::Ends => format!("{not}ends_with({text}, {own})"),
        Shape::Contains => format!("{not}contains({text}, {own})"),
        Shape::Any if equal => return Ok(format!("{kind} IN ('VARCHAR', 'UBIGINT', 'BIGINT', 'DOUBLE')")),
        Shape::Any => return Ok("FALSE".into()),
    };
    let string = format!("{kind} = 'VARCHAR' AND {string}");
    Ok(match (of_numbers(wanted), equal) {
        (OfNumbers::Unclear, _) => {
            let why = format!(
                "`{wanted}` is compared with the text of numbers too, which DuckDB does not keep as it was written"
            );
            return Err(Refusal::new(&comparison.value_span, why));
        }
        (OfNumbers::Whole, true) => {
            format!("({kind} IN ('VARCHAR', 'UBIGINT', 'BIGINT') AND {text} = {own})")
        }
        // What has a point or an exponent is written otherwise.
        (OfNumbers::Whole, false) => {
            format!("({kind} = 'DOUBLE' OR ({kind} IN ('VARCHAR', 'UBIGINT', 'BIGINT') AND {text} <> {own}))")
        }
        (OfNumbers::None | OfNumbers::All, true) => format!("({string})"),
        (OfNumbers::None | OfNumbers::All, false) => format!("({kind} IN {NUMBERS} OR ({string}))"),
    })
}

fn of_number(comparison: &Comparison, wanted: &Number, kind: &str, text: &str) -> Result<String, Refusal> {
    // Of a number with a point or an exponent DuckDB keeps the double, which tells apart what has 15 digits.
    let value = wanted.value.to_text();
    let (whole, fraction) = value.split_once('.').unwrap_or((&value, ""));
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    if value.contains('e') || digits(&value) > 15 || digits(whole) > 15 || digits(fraction) > 9 {
        let why = format!("DuckDB does not compare the number `{}` exactly", wanted.text);
        return Err(Refusal::new(&comparison.value_span, why));
    }
    let sign = match comparison.operator {
        Operator::NotEqual => "<>",
        other => other.sign(),
    };
    let number = format!(
        "CASE WHEN {kind} = 'DOUBLE' THEN TRY_CAST({text} AS DOUBLE) {sign} CAST({value} AS DOUBLE) \
         ELSE TRY_CAST({text} AS DECIMAL(38, 9)) {sign} CAST({value} AS DECIMAL(38, 9)) END"
    );
    let number = format!("{kind} IN {NUMBERS} AND {number}");
    if comparison.operator.orders() {
        return Ok(format!("({number})"));
    }
    let own = clean(&wanted.text, &comparison.value_span)?;
    Ok(format!(
        "(({number}) OR ({kind} = 'VARCHAR' AND {text} {sign} {own}))"
    ))
}
