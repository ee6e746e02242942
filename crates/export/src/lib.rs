//! Filter patterns as SQL over `CloudTrail`'s records.
//!
//! **In** goes a pattern of the JSON form and a [`Dialect`]. **Out** comes a condition ([`condition`]) or a whole
//! query ([`query`]) that finds the records which the pattern matches, and no others.
//!
//! What a dialect has no words for is **refused** ([`Refusal`]), with its place in the pattern: a query that finds
//! almost the same records is worse than none. It never asks anybody, and never writes anything.

mod athena;
mod duckdb;
mod words;

use std::fmt;
use std::ops::Range;

use trailwarden_pattern::{Form, Node, NodeKind, Pattern, Test};

/// Whose SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Athena's (engine version 3), over the table that the guides of `CloudTrail` and Athena make: a column for each
    /// field of a record, most of them texts ("Create a table for `CloudTrail` logs in Athena").
    Athena,
    /// `DuckDB`'s (1.3 or later), over a table with a column `record` that holds a record as `JSON`.
    DuckDb,
}

/// Something of a pattern that cannot be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Byte offsets into the pattern.
    pub span: Range<usize>,
    /// Why not, and where it helps what to do instead.
    pub why: String,
}

impl Refusal {
    fn new(span: &Range<usize>, why: impl Into<String>) -> Self {
        Self {
            span: span.clone(),
            why: why.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Dialect {
    /// The table's name where nobody gives another.
    #[must_use]
    pub fn table(self) -> &'static str {
        match self {
            Self::Athena => "cloudtrail_logs",
            Self::DuckDb => "cloudtrail",
        }
    }

    /// Comments that say what table the queries are for.
    #[must_use]
    pub fn preface(self, table: &str) -> String {
        match self {
            Self::Athena => athena::preface(table),
            Self::DuckDb => duckdb::preface(table),
        }
    }
}

/// The condition under which a record of the table matches a pattern. It may be NULL where it is not true.
///
/// # Errors
/// All that the dialect has no words for, in the order of the pattern.
pub fn condition(pattern: &Pattern, dialect: Dialect) -> Result<String, Vec<Refusal>> {
    let whole = 0..pattern.text().len();
    let node = match pattern.form() {
        Form::Json(node) => node,
        Form::Terms(terms) if terms.is_empty() => return Ok("TRUE".into()),
        Form::Terms(_) => {
            let why = "terms are searched for in the text of the whole event, which no table keeps as it was sent; \
                       write a pattern of the form `{ $.field = value }`";
            return Err(vec![Refusal::new(&whole, why)]);
        }
        Form::Delimited(_) => {
            let why = "words are counted in the text of the whole event, which no table keeps as it was sent; \
                       write a pattern of the form `{ $.field = value }`";
            return Err(vec![Refusal::new(&whole, why)]);
        }
    };
    let test: fn(&Test) -> Result<String, Refusal> = match dialect {
        Dialect::Athena => athena::test,
        Dialect::DuckDb => duckdb::test,
    };
    let mut refusals = Vec::new();
    let sql = joined(node, test, &mut refusals, 1);
    match refusals.is_empty() {
        true => Ok(sql),
        false => Err(refusals),
    }
}

/// A query for the records that a rule matches: the columns of the table, and the rule's name as `rule`.
///
/// # Errors
/// See [`condition`].
pub fn query(rule: &str, pattern: &Pattern, dialect: Dialect, table: &str) -> Result<String, Vec<Refusal>> {
    let condition = condition(pattern, dialect)?;
    let rule = words::literal(rule);
    Ok(format!(
        "SELECT {rule} AS rule, *\nFROM {table}\nWHERE {condition};\n"
    ))
}

/// Lines as SQL comments. Nothing in them can end the comment.
#[must_use]
pub fn comment(text: &str) -> String {
    // Whatever a reader may take for the end of a line.
    let ends = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    let lines = text.split(ends).map(str::trim_end);
    lines
        .map(|line| format!("-- {line}").trim_end().to_owned() + "\n")
        .collect()
}

/// A formula, an operand a line.
fn joined(
    node: &Node<Test>,
    test: fn(&Test) -> Result<String, Refusal>,
    refusals: &mut Vec<Refusal>,
    depth: usize,
) -> String {
    let (nodes, word) = match &node.kind {
        NodeKind::Test(one) => {
            return test(one).unwrap_or_else(|refusal| {
                refusals.push(refusal);
                String::new()
            });
        }
        NodeKind::All(nodes) => (nodes, "AND"),
        NodeKind::Any(nodes) => (nodes, "OR"),
    };
    let parts: Vec<String> = nodes
        .iter()
        .map(|node| match node.kind {
            NodeKind::Test(_) => joined(node, test, refusals, depth),
            _ => format!("({})", joined(node, test, refusals, depth + 1)),
        })
        .collect();
    parts.join(&format!("\n{}{word} ", "    ".repeat(depth)))
}

#[cfg(test)]
mod tests;
