//! Reads the text of a rule.

use std::ops::Range;

use super::{AlarmRule, Child, Least, Node, RuleError};
use crate::state::State;

const HELP: &str = "a rule is made of `ALARM(...)`, `OK(...)`, `INSUFFICIENT_DATA(...)`, `AT_LEAST(...)`, `TRUE` and \
                    `FALSE`, joined by `AND`, `OR`, `NOT` and parentheses, such as `ALARM(\"iam-changes\") AND NOT \
                    ALARM(\"deployment\")`";
const AT_LEAST: &str = "AT_LEAST";
const WORDS: [&str; 9] = [
    "ALARM",
    "OK",
    "INSUFFICIENT_DATA",
    AT_LEAST,
    "TRUE",
    "FALSE",
    "AND",
    "OR",
    "NOT",
];

/// Deeper than anybody writes, and far from the end of the stack.
const MAX_DEPTH: usize = 100;

pub(super) fn rule(text: &str) -> Result<AlarmRule, RuleError> {
    let mut reader = Reader {
        text,
        tokens: tokens(text)?,
        at: 0,
        mixed: None,
    };
    let root = reader.joined(0)?;
    if reader.peek().is_some() {
        let help = match reader.word().map(str::to_uppercase).as_deref() {
            Some(upper @ ("AND" | "OR")) => format!("write `{upper}`"),
            _ => "join functions with `AND` or `OR`, and close only parentheses that are open".to_owned(),
        };
        let message = "the rule goes on after its end";
        return Err(error(reader.place(), message, "not expected here", help));
    }
    Ok(AlarmRule {
        root,
        mixed: reader.mixed,
    })
}

fn error(
    span: Range<usize>,
    message: impl Into<String>,
    label: &'static str,
    help: impl Into<String>,
) -> RuleError {
    RuleError {
        span,
        message: message.into(),
        label,
        help: help.into(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Open,
    Close,
    Comma,
    Word,
    Quoted,
}

#[derive(Clone, Debug)]
struct Token {
    sort: Sort,
    span: Range<usize>,
}

fn tokens(text: &str) -> Result<Vec<Token>, RuleError> {
    let ends_word = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '"');
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (sort, length) = match c {
            _ if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '(' => (Sort::Open, 1),
            ')' => (Sort::Close, 1),
            ',' => (Sort::Comma, 1),
            '"' => match closing(&rest[1..]) {
                Some(end) => (Sort::Quoted, end + 2),
                None => {
                    let message = "a name in the rule is not closed";
                    let help = "put `\"` behind the alarm's name, too";
                    return Err(error(at..text.len(), message, "opened here", help));
                }
            },
            _ => (Sort::Word, rest.find(ends_word).unwrap_or(rest.len())),
        };
        tokens.push(Token {
            sort,
            span: at..at + length,
        });
        at += length;
    }
    Ok(tokens)
}

/// Where the quote is that is not escaped.
fn closing(text: &str) -> Option<usize> {
    let quotes = text.match_indices('"').map(|(at, _)| at);
    quotes.into_iter().find(|at| !text[..*at].ends_with('\\'))
}

struct Reader<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    mixed: Option<Range<usize>>,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<Sort> {
        self.tokens.get(self.at).map(|token| token.sort)
    }

    fn takes(&mut self, sort: Sort) -> bool {
        let there = self.peek() == Some(sort);
        self.at += usize::from(there);
        there
    }

    fn word(&self) -> Option<&'t str> {
        let token = self
            .tokens
            .get(self.at)
            .filter(|token| token.sort == Sort::Word)?;
        Some(&self.text[token.span.clone()])
    }

    /// The place of the next token; the text's end where there is none.
    fn place(&self) -> Range<usize> {
        let end = self.text.trim_end().len();
        self.tokens
            .get(self.at)
            .map_or(end..end, |token| token.span.clone())
    }

    fn joined(&mut self, depth: usize) -> Result<Node, RuleError> {
        // Groups of what `AND` joins, of which `OR` makes one.
        let mut groups = vec![vec![self.single(depth)?]];
        let mut operator = None;
        while let Some(word @ ("AND" | "OR")) = self.word() {
            if operator.is_some_and(|before| before != word) && self.mixed.is_none() {
                self.mixed = Some(self.place());
            }
            operator = Some(word);
            self.at += 1;
            let node = self.single(depth)?;
            match groups.last_mut() {
                Some(group) if word == "AND" => group.push(node),
                _ => groups.push(vec![node]),
            }
        }
        // `(a AND b) AND c` is `a AND b AND c`.
        let and = |node: Node| match node {
            Node::And(inner) => inner,
            other => vec![other],
        };
        let or = |node: Node| match node {
            Node::Or(inner) => inner,
            other => vec![other],
        };
        let groups = groups.into_iter().map(|group| one(group, and, Node::And));
        Ok(one(groups.collect(), or, Node::Or))
    }

    fn single(&mut self, depth: usize) -> Result<Node, RuleError> {
        let place = self.place();
        if depth > MAX_DEPTH {
            return Err(error(place, "the rule is nested too deeply", "too deep", HELP));
        }
        if self.takes(Sort::Open) {
            let inner = self.joined(depth + 1)?;
            self.close(place)?;
            return Ok(inner);
        }
        let Some(word) = self.word() else {
            let message = match self.peek() {
                None => "the rule ends where a function should be",
                Some(_) => "there is no function here",
            };
            return Err(error(place, message, "a function is missing", HELP));
        };
        self.at += 1;
        if let Ok(state) = word.parse() {
            let open = self.open(word)?;
            let child = self.child(word)?;
            self.close(open)?;
            return Ok(Node::Has(state, child));
        }
        match word {
            "TRUE" | "FALSE" => Ok(Node::Constant(word == "TRUE")),
            "NOT" => Ok(match self.single(depth + 1)? {
                // Twice not is not not.
                Node::Not(inner) => *inner,
                inner => Node::Not(Box::new(inner)),
            }),
            AT_LEAST => self.at_least(),
            _ => Err(unknown(word, place)),
        }
    }

    /// `(M, STATE_CONDITION, (alarm, alarm))`.
    fn at_least(&mut self) -> Result<Node, RuleError> {
        let help = "write `AT_LEAST(2, ALARM, (\"NAME\", \"NAME\"))`, or a percentage such as `50%`";
        let expected = |place, message: &str| error(place, message, "not expected here", help);
        let open = self.open(AT_LEAST)?;
        let place = self.place();
        let number = match self.peek() {
            Some(Sort::Quoted) => self.text[place.start + 1..place.end - 1].trim(),
            _ => self.word().unwrap_or_default(),
        };
        let Some(least) = least(number) else {
            return Err(expected(place, "`AT_LEAST` needs a number of alarms"));
        };
        self.at += 1;
        self.comma(help)?;
        let negated = self.word() == Some("NOT");
        self.at += usize::from(negated);
        let Some(state) = self.word().and_then(|word| word.parse::<State>().ok()) else {
            return Err(expected(self.place(), "`AT_LEAST` needs a state"));
        };
        self.at += 1;
        self.comma(help)?;
        let list = self.place();
        if !self.takes(Sort::Open) {
            return Err(expected(list, "`AT_LEAST` needs a list of alarms"));
        }
        let mut children = vec![self.child(AT_LEAST)?];
        while self.takes(Sort::Comma) {
            children.push(self.child(AT_LEAST)?);
        }
        self.close(list)?;
        self.close(open)?;
        Ok(Node::AtLeast {
            least,
            state,
            negated,
            children,
        })
    }

    fn comma(&mut self, help: &str) -> Result<(), RuleError> {
        let place = self.place();
        let there = self.takes(Sort::Comma);
        there.then_some(()).ok_or_else(|| {
            let message = "the arguments of `AT_LEAST` are not separated";
            error(place, message, "`,` should be here", help)
        })
    }

    /// The place of the parenthesis behind a function.
    fn open(&mut self, function: &str) -> Result<Range<usize>, RuleError> {
        let place = self.place();
        if self.takes(Sort::Open) {
            return Ok(place);
        }
        Err(without_alarm(function, place))
    }

    fn child(&mut self, function: &str) -> Result<Child, RuleError> {
        let span = self.place();
        let (quoted, name) = match self.peek() {
            Some(Sort::Quoted) => (
                true,
                self.text[span.start + 1..span.end - 1].replace("\\\"", "\""),
            ),
            Some(Sort::Word) => (false, self.text[span.clone()].to_owned()),
            _ => return Err(without_alarm(function, span)),
        };
        if name.is_empty() {
            return Err(without_alarm(function, span));
        }
        self.at += 1;
        Ok(Child { name, quoted, span })
    }

    fn close(&mut self, open: Range<usize>) -> Result<(), RuleError> {
        if self.takes(Sort::Close) {
            return Ok(());
        }
        let (span, label) = match self.peek() {
            Some(_) => (self.place(), "`)` should be here"),
            None => (open, "never closed"),
        };
        let help = "write `)`; an alarm's name with blanks, commas or parentheses stands in quotes";
        Err(error(span, "a parenthesis is not closed", label, help))
    }
}

/// One node for all that an operator joins.
fn one(mut nodes: Vec<Node>, parts: fn(Node) -> Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    match nodes.len() {
        1 => nodes.remove(0),
        _ => join(nodes.into_iter().flat_map(parts).collect()),
    }
}

fn least(text: &str) -> Option<Least> {
    let (digits, percent) = match text.strip_suffix('%') {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    let number = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())??;
    match percent {
        true => (1..=100).contains(&number).then_some(Least::Percent(number)),
        false => (number > 0).then_some(Least::Number(number)),
    }
}

fn without_alarm(function: &str, place: Range<usize>) -> RuleError {
    let help = match function {
        AT_LEAST => "write `AT_LEAST(2, ALARM, (\"NAME\", \"NAME\"))`".to_owned(),
        _ => format!("write `{function}(\"NAME\")`"),
    };
    let message = format!("`{function}` needs an alarm");
    error(place, message, "an alarm is missing", help)
}

fn unknown(word: &str, place: Range<usize>) -> RuleError {
    let upper = word.to_uppercase();
    let help = match WORDS.into_iter().find(|known| *known == upper) {
        Some(known) => format!("write `{known}`"),
        None => HELP.to_owned(),
    };
    let message = format!("`{word}` is no function of a rule");
    error(place, message, "unknown word", help)
}
