use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use serde::{Serialize, Serializer};

use crate::compare::{Compare, Shown, Verdict};

/// What a composite alarm makes of the states of other alarms (`PutCompositeAlarm`: `AlarmRule`).
///
/// Two rules that differ in blanks, quotes, in a name written as an ARN or in parentheses that change
/// nothing mean the same.
#[derive(Clone, Debug)]
pub struct AlarmRule {
    text: String,
    /// None for what this version cannot read, which is compared as text.
    tree: Option<Node>,
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleProblem {
    /// Where in the text, in bytes.
    pub span: Range<usize>,
    /// What is wrong, a lowercase fragment.
    pub message: String,
    /// What to write under the marked text.
    pub label: &'static str,
    /// The way out.
    pub help: String,
}

/// An alarm that a rule asks for its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The alarm's name, or what stands for it.
    pub name: String,
    /// In quotes it is a name; without them a spec means a section.
    pub quoted: bool,
    /// Where in the text the name is written, quotes included.
    pub span: Range<usize>,
}

#[derive(Clone, Debug)]
enum Node {
    State(&'static str, Asked),
    Constant(bool),
    Not(Box<Self>),
    /// Joined by one operator: true for `AND`.
    Joined(bool, Vec<Self>),
}

const STATES: [&str; 3] = ["ALARM", "OK", "INSUFFICIENT_DATA"];

impl AlarmRule {
    /// The longest rule that `CloudWatch` takes, in characters.
    pub const MAX_CHARACTERS: usize = 10_240;
    /// The most alarms that one rule asks ("`CloudWatch` service quotas": children of a composite alarm).
    pub const MAX_ALARMS: usize = 100;

    /// Reads a rule. `AND` and `OR` side by side need parentheses: AWS does not say which of the two
    /// binds stronger.
    ///
    /// # Errors
    /// The first place where it cannot be read.
    pub fn parse(text: &str) -> Result<Self, RuleProblem> {
        let mut reader = Reader {
            text,
            tokens: tokens(text)?,
            at: 0,
        };
        let tree = reader.joined(0)?;
        if let Some(token) = reader.peek() {
            let span = token.span.clone();
            let help = match reader.word().map(str::to_uppercase).as_deref() {
                Some(upper @ ("AND" | "OR")) => format!("write `{upper}`"),
                _ => "join functions with `AND` or `OR`, and close only parentheses that are open".to_owned(),
            };
            return Err(problem(
                span,
                "the rule goes on after its end",
                "not expected here",
                help,
            ));
        }
        Ok(Self {
            text: text.trim().to_owned(),
            tree: Some(tree),
        })
    }

    /// A rule as an account holds it, which may say what this version cannot read.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self {
            text: text.to_owned(),
            tree: None,
        })
    }

    /// The rule with every alarm called by its name, in one spelling.
    #[must_use]
    pub fn named(mut self, name: &mut dyn FnMut(&Asked) -> String) -> Self {
        if let Some(tree) = &mut self.tree {
            tree.each(&mut |asked| {
                asked.name = name(asked);
                asked.quoted = true;
            });
        }
        self.text = self.spelling();
        self
    }

    /// What is sent, or was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// One spelling for all that mean the same.
    fn spelling(&self) -> String {
        match &self.tree {
            Some(tree) => tree.to_string(),
            None => self.text.clone(),
        }
    }

    /// The names of the alarms that it asks; none where it cannot be read.
    #[must_use]
    pub fn alarms(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        if let Some(tree) = &self.tree {
            tree.clone().each(&mut |asked| {
                names.insert(plain(&asked.name).to_owned());
            });
        }
        names
    }
}

/// The name of an alarm that is called by its name or its ARN: AWS takes only those of the same account
/// and region.
fn plain(name: &str) -> &str {
    let parts: Vec<&str> = name.splitn(7, ':').collect();
    match parts.as_slice() {
        ["arn", _, "cloudwatch", _, _, "alarm", name] => name,
        _ => name,
    }
}

impl Node {
    fn each(&mut self, change: &mut dyn FnMut(&mut Asked)) {
        match self {
            Self::State(_, asked) => change(asked),
            Self::Constant(_) => {}
            Self::Not(inner) => inner.each(change),
            Self::Joined(_, all) => all.iter_mut().for_each(|node| node.each(change)),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(function, asked) => write!(f, "{function}(\"{}\")", plain(&asked.name)),
            Self::Constant(true) => f.write_str("TRUE"),
            Self::Constant(false) => f.write_str("FALSE"),
            Self::Not(inner) => match **inner {
                Self::Joined(..) => write!(f, "NOT ({inner})"),
                _ => write!(f, "NOT {inner}"),
            },
            Self::Joined(and, all) => {
                for (at, node) in all.iter().enumerate() {
                    match (at, and) {
                        (0, _) => {}
                        (_, true) => f.write_str(" AND ")?,
                        (_, false) => f.write_str(" OR ")?,
                    }
                    match node {
                        Self::Joined(..) => write!(f, "({node})")?,
                        _ => write!(f, "{node}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

fn problem(
    span: Range<usize>,
    message: impl Into<String>,
    label: &'static str,
    help: impl Into<String>,
) -> RuleProblem {
    RuleProblem {
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
    Word,
    Quoted,
}

#[derive(Clone, Debug)]
struct Token {
    sort: Sort,
    span: Range<usize>,
}

fn tokens(text: &str) -> Result<Vec<Token>, RuleProblem> {
    let ends_word = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"');
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
            '"' => match rest[1..].find('"') {
                Some(end) => (Sort::Quoted, end + 2),
                None => {
                    return Err(problem(
                        at..text.len(),
                        "a name in the rule is not closed",
                        "opened here",
                        "put `\"` behind the alarm's name, too",
                    ));
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

/// Deeper than anybody writes, and far from the end of the stack.
const MAX_DEPTH: usize = 100;

struct Reader<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn word(&self) -> Option<&'t str> {
        let token = self.peek().filter(|token| token.sort == Sort::Word)?;
        Some(&self.text[token.span.clone()])
    }

    /// The place of the next token; the text's end where there is none.
    fn place(&self) -> Range<usize> {
        let end = self.text.trim_end().len();
        self.peek().map_or(end..end, |token| token.span.clone())
    }

    fn joined(&mut self, depth: usize) -> Result<Node, RuleProblem> {
        let mut all = vec![self.single(depth)?];
        let mut operator = None;
        while let Some(word @ ("AND" | "OR")) = self.word() {
            let and = word == "AND";
            if operator.is_some_and(|before| before != and) {
                return Err(problem(
                    self.place(),
                    "`AND` and `OR` stand side by side",
                    "which of them comes first?",
                    "write parentheses: AWS does not say which binds stronger",
                ));
            }
            operator = Some(and);
            self.at += 1;
            all.push(self.single(depth)?);
        }
        let Some(and) = operator else {
            return Ok(all.remove(0));
        };
        // `(a AND b) AND c` is `a AND b AND c`.
        let flat = all.into_iter().flat_map(|node| match node {
            Node::Joined(same, inner) if same == and => inner,
            other => vec![other],
        });
        Ok(Node::Joined(and, flat.collect()))
    }

    fn single(&mut self, depth: usize) -> Result<Node, RuleProblem> {
        let help = "a rule is made of `ALARM(...)`, `OK(...)`, `INSUFFICIENT_DATA(...)`, `TRUE` and `FALSE`, joined by \
                    `AND`, `OR`, `NOT` and parentheses, such as `ALARM(rule.iam-changes) AND NOT ALARM(\"deployment\")`";
        let place = self.place();
        if depth > MAX_DEPTH {
            return Err(problem(place, "the rule is nested too deeply", "too deep", help));
        }
        if self.peek().is_some_and(|token| token.sort == Sort::Open) {
            self.at += 1;
            let inner = self.joined(depth + 1)?;
            self.close(place)?;
            return Ok(inner);
        }
        let Some(word) = self.word() else {
            let message = match self.peek() {
                None => "the rule ends where a function should be",
                Some(_) => "there is no function here",
            };
            return Err(problem(place, message, "a function is missing", help));
        };
        match word {
            "TRUE" | "FALSE" => {
                self.at += 1;
                return Ok(Node::Constant(word == "TRUE"));
            }
            "NOT" => {
                self.at += 1;
                return Ok(match self.single(depth + 1)? {
                    // Twice not is not not.
                    Node::Not(inner) => *inner,
                    inner => Node::Not(Box::new(inner)),
                });
            }
            _ => {}
        }
        let Some(function) = STATES.iter().find(|state| **state == word) else {
            let upper = word.to_uppercase();
            let known = STATES.iter().chain(&["TRUE", "FALSE", "AND", "OR", "NOT"]);
            let help = match known.into_iter().find(|known| **known == upper) {
                Some(known) => format!("write `{known}`"),
                None if word == "AT_LEAST" => {
                    "this version does not have `AT_LEAST`: join the functions with `AND` and `OR`".to_owned()
                }
                None => help.to_owned(),
            };
            return Err(problem(
                place,
                format!("`{word}` is no function of a rule"),
                "unknown word",
                help,
            ));
        };
        self.at += 1;
        let open = self.place();
        let missing = |place| {
            let help = format!("write `{function}(SECTION.LABEL)` or `{function}(\"NAME\")`");
            problem(
                place,
                format!("`{function}` needs an alarm"),
                "an alarm is missing",
                help,
            )
        };
        if self.peek().is_none_or(|token| token.sort != Sort::Open) {
            return Err(missing(open));
        }
        self.at += 1;
        let span = self.place();
        let (quoted, name) = match self.peek().map(|token| token.sort) {
            Some(Sort::Quoted) => (true, &self.text[span.start + 1..span.end - 1]),
            Some(Sort::Word) => (false, &self.text[span.clone()]),
            _ => return Err(missing(span)),
        };
        if name.is_empty() {
            return Err(missing(span));
        }
        self.at += 1;
        let name = name.to_owned();
        self.close(open)?;
        Ok(Node::State(function, Asked { name, quoted, span }))
    }

    fn close(&mut self, open: Range<usize>) -> Result<(), RuleProblem> {
        if self.peek().is_some_and(|token| token.sort == Sort::Close) {
            self.at += 1;
            return Ok(());
        }
        let (span, label) = match self.peek() {
            Some(token) => (token.span.clone(), "`)` should be here"),
            None => (open, "never closed"),
        };
        Err(problem(
            span,
            "a parenthesis is not closed",
            label,
            "write `)`; an alarm's name with blanks stands in quotes",
        ))
    }
}

impl PartialEq for AlarmRule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Serialize for AlarmRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl Compare for AlarmRule {
    fn verdict(&self, live: &Self) -> Verdict {
        if self.text == live.text {
            Verdict::Same
        } else if self.spelling() == live.spelling() {
            Verdict::SameMeaning
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        Shown::Plain(self.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling(text: &str) -> String {
        let rule = AlarmRule::parse(text);
        rule.map_or_else(
            |p| format!("{}..{} {}", p.span.start, p.span.end, p.message),
            |rule| rule.spelling(),
        )
    }

    #[test]
    fn rules_that_mean_the_same_have_one_spelling() {
        for (text, expected) in [
            ("ALARM(a)", "ALARM(\"a\")"),
            ("  ALARM ( \"a b\" )\n", "ALARM(\"a b\")"),
            ("((OK(a)))", "OK(\"a\")"),
            (
                "ALARM(\"arn:aws:cloudwatch:us-east-1:123456789012:alarm:a:b\")",
                "ALARM(\"a:b\")",
            ),
            (
                "(ALARM(a) AND (OK(b)))AND NOT(FALSE)",
                "ALARM(\"a\") AND OK(\"b\") AND NOT FALSE",
            ),
            (
                "ALARM(a) AND (OK(b) OR TRUE)",
                "ALARM(\"a\") AND (OK(\"b\") OR TRUE)",
            ),
            ("NOT (ALARM(a) OR OK(b))", "NOT (ALARM(\"a\") OR OK(\"b\"))"),
            ("NOT NOT INSUFFICIENT_DATA(a)", "INSUFFICIENT_DATA(\"a\")"),
        ] {
            assert_eq!(spelling(text), expected);
            assert_eq!(spelling(expected), expected);
        }
    }

    #[test]
    fn what_is_no_rule_is_said_with_its_place() {
        for (text, expected) in [
            ("", "0..0 the rule ends where a function should be"),
            ("ALARM(a) AND", "12..12 the rule ends where a function should be"),
            ("alarm(a)", "0..5 `alarm` is no function of a rule"),
            (
                "AT_LEAST(2, ALARM, (a, b))",
                "0..8 `AT_LEAST` is no function of a rule",
            ),
            (
                "ALARM(a) OR OK(b) AND TRUE",
                "18..21 `AND` and `OR` stand side by side",
            ),
            ("ALARM(a) OK(b)", "9..11 the rule goes on after its end"),
            ("ALARM(a b)", "8..9 a parenthesis is not closed"),
            ("(ALARM(a)", "0..1 a parenthesis is not closed"),
            ("ALARM()", "6..7 `ALARM` needs an alarm"),
            ("ALARM(\"\")", "6..8 `ALARM` needs an alarm"),
            ("ALARM", "5..5 `ALARM` needs an alarm"),
            ("ALARM(\"a)", "6..9 a name in the rule is not closed"),
            ("ALARM(a))", "8..9 the rule goes on after its end"),
            (") OR", "0..1 there is no function here"),
        ] {
            assert_eq!(spelling(text), expected, "{text}");
        }
        assert!(spelling(&format!("{}TRUE", "NOT ".repeat(5000))).contains("nested too deeply"));
    }

    #[test]
    fn rules_are_compared_by_meaning() {
        let verdict = |a: &str, b: &str| AlarmRule::read(a).verdict(&AlarmRule::read(b));
        assert_eq!(verdict("ALARM(a)", "ALARM(a)"), Verdict::Same);
        assert_eq!(verdict("ALARM(\"a\")", "(ALARM(a))"), Verdict::SameMeaning);
        assert_eq!(verdict("ALARM(a)", "OK(a)"), Verdict::Differs);
        let strange = "AT_LEAST(2, ALARM, (a, b))";
        assert_eq!(verdict(strange, strange), Verdict::Same);
        assert_eq!(verdict("ALARM(a)", strange), Verdict::Differs);
    }
}
