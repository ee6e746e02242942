//! A pattern in words: what AWS reads, grouped as AWS groups it.

use crate::canonical::occurs_everywhere;
use crate::matcher::Matcher;
use crate::tree::{
    Comparison, Condition, FieldKind, Form, Node, NodeKind, Operator, Shape, Sign, Term, TermKind, Test,
    Value, quote,
};

/// A tree of lines.
struct Tree {
    line: String,
    inner: Vec<Tree>,
}

impl Tree {
    fn leaf(line: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            inner: Vec::new(),
        }
    }

    fn draw(&self, out: &mut String, indent: &str) {
        out.push_str(&self.line);
        out.push('\n');
        for (at, inner) in self.inner.iter().enumerate() {
            let last = at + 1 == self.inner.len();
            let (branch, under) = if last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            out.push_str(indent);
            out.push_str(branch);
            inner.draw(out, &format!("{indent}{under}"));
        }
    }
}

/// The tree of a pattern, a line for each part.
pub(crate) fn explain(form: &Form) -> String {
    drawn(form, &|test| Tree::leaf(condition(test)))
}

/// The same, with what an event says to each condition of a JSON pattern.
pub(crate) fn explain_on(form: &Form, message: &[u8]) -> String {
    drawn(form, &|test| {
        let alone = Form::Json(Node::test(0..0, test.clone()));
        let holds = Matcher::new(&alone).is_match(message);
        Tree::leaf(format!(
            "{}: {}",
            if holds { "yes" } else { "no" },
            condition(test)
        ))
    })
}

fn drawn(form: &Form, leaf: &dyn Fn(&Test) -> Tree) -> String {
    let tree = match form {
        Form::Json(node) => Tree {
            line: "a JSON event in which".into(),
            inner: vec![formula(node, &leaf)],
        },
        Form::Delimited(fields) if fields.is_empty() => Tree::leaf("every event"),
        Form::Delimited(_) => delimited(form),
        Form::Terms(all) => terms(all),
    };
    let mut out = String::new();
    tree.draw(&mut out, "");
    out
}

fn formula<T>(node: &Node<T>, test: &impl Fn(&T) -> Tree) -> Tree {
    let (line, nodes) = match &node.kind {
        NodeKind::Test(one) => return test(one),
        NodeKind::All(nodes) => ("all of", nodes),
        NodeKind::Any(nodes) => ("any of", nodes),
    };
    Tree {
        line: line.into(),
        inner: nodes.iter().map(|node| formula(node, test)).collect(),
    }
}

/// One condition in words.
pub(crate) fn condition(test: &Test) -> String {
    let selector = &test.selector;
    match &test.condition {
        Condition::Compare(compare) => format!("{selector} {}", comparison(compare, "is there and ")),
        Condition::IsNull => format!("{selector} is there, and null"),
        Condition::IsTrue => format!("{selector} is true"),
        Condition::IsFalse => format!("{selector} is false"),
        Condition::NotExists => format!("{selector} is not there"),
    }
}

/// `there` is what a field that may be missing needs to be said.
fn comparison(compare: &Comparison, there: &str) -> String {
    let is = compare.operator == Operator::Equal;
    let verb = |yes: &str, no: &str, what: &str| match is {
        true => format!("{yes} {what}"),
        false => format!("{there}{no} {what}"),
    };
    match &compare.value {
        Value::Number(number) if compare.operator.orders() => {
            format!("is a number {} {}", compare.operator.sign(), number.text)
        }
        Value::Number(number) => verb("is", "is not", &format!("the number {}", number.text)),
        Value::Regex(regex) => verb(
            "has a match of",
            "has no match of",
            &format!("%{}%", regex.source()),
        ),
        Value::Text(text) => {
            let quoted = quote(&text.text);
            match text.shape {
                Shape::Exact => verb("is", "is not", &quoted),
                Shape::Starts => verb("begins with", "does not begin with", &quoted),
                Shape::Ends => verb("ends with", "does not end with", &quoted),
                Shape::Contains => verb("holds", "does not hold", &quoted),
                Shape::Any if is => "is there, a text or a number".into(),
                Shape::Any => "is neither text nor number and is one: never".into(),
            }
        }
    }
}

fn delimited(form: &Form) -> Tree {
    let Form::Delimited(fields) = form else {
        return Tree::leaf("every event");
    };
    let ellipsis = fields.iter().any(|field| field.kind == FieldKind::Ellipsis);
    let inner = fields.iter().enumerate().map(|(at, field)| match &field.kind {
        FieldKind::Ellipsis => Tree::leaf("any number of words, none, too"),
        FieldKind::Word { name, condition } => {
            let name = name
                .as_ref()
                .map_or_else(|| format!("${}", at + 1), |name| format!("${name}"));
            let last = at + 1 == fields.len() && !ellipsis;
            match condition {
                None if last => Tree::leaf(format!("{name}: any word, with all that follow it")),
                None => Tree::leaf(format!("{name}: any word")),
                Some(node) => {
                    let one = |compare: &Comparison| Tree::leaf(comparison(compare, ""));
                    let mut tree = formula(node, &one);
                    tree.line = format!("{name}: {}", tree.line);
                    tree
                }
            }
        }
    });
    Tree {
        line: "an event of these words, in this order".into(),
        inner: inner.collect(),
    }
}

fn terms(all: &[Term]) -> Tree {
    let asked = all.iter().any(|term| term.sign != Sign::OneOf);
    let what = |term: &Term| match &term.kind {
        kind if occurs_everywhere(kind) => "anything".to_owned(),
        TermKind::Text(text) => quote(text),
        TermKind::Regex(regex) => format!("a match of %{}%", regex.source()),
    };
    if all.is_empty() {
        return Tree::leaf("every event");
    }
    let line = |term: &Term| {
        let what = what(term);
        Tree::leaf(match term.sign {
            Sign::With => format!("holds {what}"),
            Sign::Without => format!("does not hold {what}"),
            Sign::OneOf if asked => {
                format!("({what} is ignored: terms with `?` count only among themselves)")
            }
            Sign::OneOf => format!("holds {what}"),
        })
    };
    Tree {
        line: match (asked, all.len()) {
            (_, 1) => "an event that".into(),
            (true, _) => "an event that, all of".into(),
            (false, _) => "an event that, any of".into(),
        },
        inner: all.iter().map(line).collect(),
    }
}
