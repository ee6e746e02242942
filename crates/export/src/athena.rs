//! Athena: a record is a row of the table that the guides make, most of whose columns are texts.
//!
//! Such a column does not tell null from what is not there, nor `true` from `"true"`. So a field counts as being of
//! the type that the user guide of `CloudTrail` gives it ("`CloudTrail` record contents"), and what asks for more than
//! the column keeps is refused. Four columns hold JSON, and there nothing is lost but the spelling of numbers.

use trailwarden_pattern::{Comparison, Condition, Operator, Selector, Shape, Step, Test, Text, Value};

use crate::Refusal;
use crate::words::{OfNumbers, clean, literal, of_numbers};

pub(crate) fn preface(table: &str) -> String {
    format!(
        "-- For Athena, engine version 3. `{table}` is the table of \"Create a table for CloudTrail logs in Athena\"; where
-- yours has partitions, add their columns to the conditions, or a query reads the whole bucket. Athena takes one
-- query at a time.
--
-- A query finds the records that the pattern matches, as far as their fields are of the types that the user guide of
-- CloudTrail gives them: the table does not tell a text from a number or from true and false.
"
    )
}

/// What a column holds.
enum Column {
    /// A text, or nothing.
    Text(String),
    /// `true` or `false` as a text, or nothing.
    Boolean(String),
    /// The text of a JSON value, and the way to a field within it.
    Json(String, String),
    /// A text of any of the elements of `resources`.
    AnyResource(&'static str),
}

/// Texts of a record by the path of their selectors; in the table the names are in small letters.
const TEXTS: &[&str] = &[
    "eventVersion",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestID",
    "eventID",
    "eventType",
    "apiVersion",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "eventCategory",
    "userIdentity.type",
    "userIdentity.principalId",
    "userIdentity.arn",
    "userIdentity.accountId",
    "userIdentity.invokedBy",
    "userIdentity.accessKeyId",
    "userIdentity.userName",
    "userIdentity.onBehalfOf.userId",
    "userIdentity.onBehalfOf.identityStoreArn",
    "userIdentity.sessionContext.attributes.mfaAuthenticated",
    "userIdentity.sessionContext.attributes.creationDate",
    "userIdentity.sessionContext.sessionIssuer.type",
    "userIdentity.sessionContext.sessionIssuer.principalId",
    "userIdentity.sessionContext.sessionIssuer.arn",
    "userIdentity.sessionContext.sessionIssuer.accountId",
    "userIdentity.sessionContext.sessionIssuer.userName",
    "userIdentity.sessionContext.webIdFederationData.federatedProvider",
    "tlsDetails.tlsVersion",
    "tlsDetails.cipherSuite",
    "tlsDetails.clientProvidedHostHeader",
];

/// Columns with the text of a JSON value.
const JSON: &[&str] = &[
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "serviceEventDetails",
];

/// The fields of an element of `resources`, and their columns.
const RESOURCE: &[(&str, &str)] = &[("ARN", "arn"), ("accountId", "accountid"), ("type", "type")];

fn column(selector: &Selector) -> Result<Column, Refusal> {
    let no = |why: String| Err(Refusal::new(&selector.span, why));
    let mut names = Vec::new();
    for step in &selector.steps {
        match step {
            Step::Key(name) => names.push(name.as_str()),
            Step::Index(_) | Step::AnyElement | Step::AnyField => break,
        }
    }
    let all_keys = names.len() == selector.steps.len();
    if let [Step::Key(resources), element, Step::Key(field)] = &selector.steps[..]
        && resources == "resources"
        && let Some((_, column)) = RESOURCE.iter().find(|(name, _)| name == field)
    {
        match element {
            Step::AnyElement => return Ok(Column::AnyResource(column)),
            Step::Index(at) if *at < 1_000_000 => {
                return Ok(Column::Text(format!(
                    "element_at(resources, {}).{column}",
                    at + 1
                )));
            }
            _ => {}
        }
    }
    let path = names.join(".");
    if all_keys && names.iter().all(|name| !name.contains('.')) {
        if TEXTS.contains(&path.as_str()) {
            return Ok(Column::Text(path.to_ascii_lowercase()));
        }
        if path == "readOnly" {
            return Ok(Column::Boolean("readonly".into()));
        }
    }
    let [first, rest @ ..] = &names[..] else {
        return no("the table has no column for any field of a record".into());
    };
    if !JSON.contains(first) {
        return no(format!(
            "the table has no column that keeps `{selector}` as a single value"
        ));
    }
    if rest.is_empty() && all_keys {
        return no(format!(
            "`{selector}` is an object, which the table keeps as a text"
        ));
    }
    if !all_keys {
        return no("Athena's paths do not tell an element of an array from a field of an object".into());
    }
    let mut way = String::from("$");
    for name in rest {
        let number = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
        if number || name.is_empty() || name.contains(['"', '\\']) || name.chars().any(char::is_control) {
            return no(format!(
                "Athena's paths have no way to write the name `{name}` and nothing else"
            ));
        }
        way += &format!("[\"{name}\"]");
    }
    Ok(Column::Json(first.to_ascii_lowercase(), literal(&way)))
}

pub(crate) fn test(test: &Test) -> Result<String, Refusal> {
    let span = &test.selector.span;
    match column(&test.selector)? {
        Column::Text(column) => of_column(&test.condition, &column, span),
        Column::AnyResource(field) => {
            if test.condition == Condition::NotExists {
                return Err(absent(span));
            }
            let one = of_column(&test.condition, &format!("r.{field}"), span)?;
            Ok(format!("any_match(resources, r -> {one})"))
        }
        Column::Boolean(column) => match &test.condition {
            Condition::IsTrue => Ok(format!("{column} = 'true'")),
            Condition::IsFalse => Ok(format!("{column} = 'false'")),
            // It is neither a string nor a number.
            Condition::Compare(_) => Ok("FALSE".into()),
            Condition::IsNull | Condition::NotExists => Err(absent(span)),
        },
        Column::Json(column, way) => of_json(test, &column, &way),
    }
}

fn absent(span: &std::ops::Range<usize>) -> Refusal {
    let why = "the table has NULL both for null and for what is not there: ask for the field in a query of your own, \
               or use `--to duckdb`";
    Refusal::new(span, why)
}

/// A condition on a column of texts.
fn of_column(condition: &Condition, column: &str, span: &std::ops::Range<usize>) -> Result<String, Refusal> {
    match condition {
        Condition::IsNull | Condition::NotExists => Err(absent(span)),
        Condition::IsTrue | Condition::IsFalse => {
            let why = "the column is a text, which does not tell true from \"true\"";
            Err(Refusal::new(span, why))
        }
        Condition::Compare(comparison) => match &comparison.value {
            Value::Text(wanted) => fits(comparison, wanted, column),
            // No text is greater or less than a number.
            Value::Number(_) if comparison.operator.orders() => Ok("FALSE".into()),
            Value::Number(wanted) => {
                let exact = Text {
                    shape: Shape::Exact,
                    text: wanted.text.clone(),
                };
                fits(comparison, &exact, column)
            }
            Value::Regex(_) => Err(regex(comparison)),
        },
    }
}

fn regex(comparison: &Comparison) -> Refusal {
    let why = "Athena's regular expressions are not those of CloudWatch Logs";
    Refusal::new(&comparison.value_span, why)
}

/// A text that is equal or unequal to one of a pattern. NULL is neither.
fn fits(comparison: &Comparison, wanted: &Text, column: &str) -> Result<String, Refusal> {
    let equal = comparison.operator == Operator::Equal;
    let own = &wanted.text;
    // Refuses what cannot be written, whatever else is done with it.
    clean(own, &comparison.value_span)?;
    let escaped: String = own
        .chars()
        .flat_map(|c| {
            matches!(c, '%' | '_' | '\\')
                .then_some('\\')
                .into_iter()
                .chain([c])
        })
        .collect();
    let not = if equal { "" } else { "NOT " };
    let like = |text: &str| format!("{column} {not}LIKE {} ESCAPE '\\'", literal(text));
    Ok(match wanted.shape {
        Shape::Exact => format!("{column} {} {}", if equal { "=" } else { "<>" }, literal(own)),
        Shape::Starts => like(&format!("{escaped}%")),
        Shape::Ends => like(&format!("%{escaped}")),
        Shape::Contains => like(&format!("%{escaped}%")),
        Shape::Any if equal => format!("{column} IS NOT NULL"),
        Shape::Any => "FALSE".into(),
    })
}

/// A condition on a field of a JSON text.
fn of_json(test: &Test, column: &str, way: &str) -> Result<String, Refusal> {
    let found = format!("json_extract({column}, {way})");
    let written = format!("json_format({found})");
    let comparison = match &test.condition {
        Condition::NotExists => return Ok(format!("{found} IS NULL")),
        Condition::IsNull => return Ok(format!("{written} = 'null'")),
        Condition::IsTrue => return Ok(format!("{written} = 'true'")),
        Condition::IsFalse => return Ok(format!("{written} = 'false'")),
        Condition::Compare(comparison) => comparison,
    };
    let wanted = match &comparison.value {
        Value::Text(wanted) => wanted,
        Value::Regex(_) => return Err(regex(comparison)),
        Value::Number(number) => {
            let why = format!(
                "Athena does not compare `{}` with numbers in JSON exactly",
                number.text
            );
            return Err(Refusal::new(&comparison.value_span, why));
        }
    };
    let string = format!("{written} LIKE '\"%'");
    let number = format!("regexp_like({written}, '^[-0-9]')");
    let equal = comparison.operator == Operator::Equal;
    if wanted.shape == Shape::Any {
        return Ok(match equal {
            true => format!("({string} OR {number})"),
            false => "FALSE".into(),
        });
    }
    let fits = fits(
        comparison,
        wanted,
        &format!("json_extract_scalar({column}, {way})"),
    )?;
    match (of_numbers(wanted), equal) {
        (OfNumbers::Unclear | OfNumbers::Whole, _) => {
            let why = format!(
                "`{wanted}` is compared with the text of numbers too, which Athena may write otherwise"
            );
            Err(Refusal::new(&comparison.value_span, why))
        }
        (_, true) => Ok(format!("({string} AND {fits})")),
        (_, false) => Ok(format!("(({string} AND {fits}) OR {number})")),
    }
}
