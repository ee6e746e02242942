//! One spelling for all patterns that differ in nothing but spelling.
//!
//! Blanks, quotes, needless parentheses, the order of operands that `&&` and `||` do not care for,
//! and saying the same thing twice do not count. What two patterns *mean* is a further question:
//! see [`crate::decide`].

use std::collections::BTreeSet;

use crate::tree::{
    Comparison, Condition, Field, FieldKind, Form, Node, NodeKind, Sign, Term, TermKind, Test, Value,
    is_plain_word, quote,
};

/// The canonical spelling of a pattern.
pub(crate) fn form(form: &Form) -> String {
    match form {
        Form::Json(node) => format!("{{ {} }}", formula(node, &test).text()),
        Form::Delimited(fields) => {
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("[{}]", fields.join(", "))
        }
        Form::Terms(all) => terms(all),
    }
}

/// A formula without order and repetition.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Formula {
    Test(String),
    All(BTreeSet<Formula>),
    Any(BTreeSet<Formula>),
}

impl Formula {
    fn text(&self) -> String {
        let (operands, sign) = match self {
            Self::Test(text) => return text.clone(),
            Self::All(operands) => (operands, " && "),
            Self::Any(operands) => (operands, " || "),
        };
        let mut texts: Vec<String> = operands
            .iter()
            .map(|operand| match operand {
                Self::Test(text) => text.clone(),
                other => format!("({})", other.text()),
            })
            .collect();
        texts.sort();
        texts.join(sign)
    }
}

fn formula<T>(node: &Node<T>, test: &impl Fn(&T) -> String) -> Formula {
    let (nodes, all) = match &node.kind {
        NodeKind::Test(one) => return Formula::Test(test(one)),
        NodeKind::All(nodes) => (nodes, true),
        NodeKind::Any(nodes) => (nodes, false),
    };
    let mut operands = BTreeSet::new();
    for node in nodes {
        match (formula(node, test), all) {
            (Formula::All(inner), true) | (Formula::Any(inner), false) => operands.extend(inner),
            (other, _) => {
                operands.insert(other);
            }
        }
    }
    match (operands.len(), all) {
        (1, _) => operands.pop_first().unwrap_or(Formula::All(BTreeSet::new())),
        (_, true) => Formula::All(operands),
        (_, false) => Formula::Any(operands),
    }
}

/// A formula in its own order, with every operand of two operators in parentheses.
pub(crate) fn typed(node: &Node<Test>) -> String {
    let (nodes, sign) = match &node.kind {
        NodeKind::Test(one) => return test(one),
        NodeKind::All(nodes) => (nodes, " && "),
        NodeKind::Any(nodes) => (nodes, " || "),
    };
    let texts: Vec<String> = nodes.iter().map(|node| format!("({})", typed(node))).collect();
    texts.join(sign)
}

/// The canonical spelling of one condition.
pub(crate) fn test(test: &Test) -> String {
    let selector = &test.selector;
    match &test.condition {
        Condition::Compare(compare) => format!("{selector} {}", comparison(compare)),
        Condition::IsNull => format!("{selector} IS NULL"),
        Condition::IsTrue => format!("{selector} IS TRUE"),
        Condition::IsFalse => format!("{selector} IS FALSE"),
        Condition::NotExists => format!("{selector} NOT EXISTS"),
    }
}

fn comparison(compare: &Comparison) -> String {
    let operator = compare.operator;
    let value = match &compare.value {
        Value::Text(text) => quote(&text.to_string()),
        // Against strings the text of a number counts, so equality keeps it.
        Value::Number(number) if operator.orders() => number.value.to_text(),
        Value::Number(number) => number.text.clone(),
        Value::Regex(regex) => format!("%{}%", regex.source()),
    };
    format!("{} {value}", operator.sign())
}

fn field(field: &Field) -> String {
    match &field.kind {
        FieldKind::Ellipsis => "...".into(),
        FieldKind::Word { name, condition } => {
            let name = name.as_deref().unwrap_or_default();
            match condition {
                None => name.to_owned(),
                Some(node) => {
                    // Within an entry `&&` goes before `||` and there are no parentheses.
                    let one = |compare: &Comparison| format!("{name} {}", comparison(compare));
                    match formula(node, &one) {
                        Formula::Any(operands) => {
                            let mut texts: Vec<String> = operands.iter().map(Formula::text).collect();
                            texts.sort();
                            texts.join(" || ")
                        }
                        other => other.text(),
                    }
                }
            }
        }
    }
}

/// True for what occurs in every event: nothing, or blanks alone (AWS: "`\" \"` returns all").
pub(crate) fn occurs_everywhere(kind: &TermKind) -> bool {
    matches!(kind, TermKind::Text(text) if text.trim().is_empty())
}

fn terms(all: &[Term]) -> String {
    let asked = |term: &&Term| term.sign != Sign::OneOf;
    let optional_only = !all.iter().any(|term| asked(&term));
    if optional_only && all.iter().any(|term| occurs_everywhere(&term.kind)) {
        return "\"\"".into();
    }
    let texts: BTreeSet<String> = all
        .iter()
        .filter(|term| optional_only || asked(term))
        .filter(|term| term.sign != Sign::With || !occurs_everywhere(&term.kind))
        .map(term)
        .collect();
    if texts.is_empty() {
        return "\"\"".into();
    }
    texts.into_iter().collect::<Vec<_>>().join(" ")
}

fn term(term: &Term) -> String {
    let sign = match term.sign {
        Sign::With => "",
        Sign::Without => "-",
        Sign::OneOf => "?",
    };
    match &term.kind {
        kind if occurs_everywhere(kind) => format!("{sign}\"\""),
        TermKind::Text(text) if is_plain_word(text) => format!("{sign}{text}"),
        TermKind::Text(text) => format!("{sign}{}", quote(text)),
        TermKind::Regex(regex) => format!("{sign}%{}%", regex.source()),
    }
}
