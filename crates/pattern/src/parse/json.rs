//! `{ ... }`

use std::ops::Range;

use crate::problem::{Code, Problem};
use crate::tree::{Condition, Node, NodeKind, Selector, Step, Test, is_bare, is_name, quote};

use super::cursor::{Cursor, is_blank};
use super::value;

/// What stands in one pair of parentheses, as far as it is read.
#[derive(Default)]
struct Level {
    /// Where its parenthesis stands.
    open: usize,
    /// The operands of `||` that are complete.
    any: Vec<Node<Test>>,
    /// The operands of `&&` since the last `||`.
    all: Vec<Node<Test>>,
}

/// Reads a JSON pattern. A stack of levels instead of recursion: AWS names no limit of nesting.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Node<Test>> {
    cursor.unframe('{', '}');
    let mut outer: Vec<Level> = Vec::new();
    let mut level = Level::default();
    loop {
        if cursor.eat_blanks_then("(") {
            let open = cursor.at - 1;
            outer.push(std::mem::replace(
                &mut level,
                Level {
                    open,
                    ..Level::default()
                },
            ));
            continue;
        }
        match test(cursor, level.last_test()) {
            Some(test) => level.all.push(test),
            None => resynchronise(cursor),
        }
        // After an operand: parentheses that close, then an operator or the end.
        loop {
            cursor.blanks();
            match cursor.peek() {
                Some(')') => {
                    cursor.at += 1;
                    let Some(parent) = outer.pop() else {
                        let span = cursor.at - 1..cursor.at;
                        let problem = Problem::new(Code::Unclosed, span, "a `)` without its `(`");
                        cursor.report(problem.help("take it away, or open it"));
                        continue;
                    };
                    let closed = std::mem::replace(&mut level, parent);
                    let span = closed.open..cursor.at;
                    if let Some(mut node) = closed.finish() {
                        node.grouped = true;
                        node.span = span;
                        level.all.push(node);
                    }
                }
                None => {
                    if !outer.is_empty() {
                        let open = level.open;
                        let problem = Problem::new(Code::Unclosed, open..open + 1, "a `(` without its `)`");
                        cursor.report(problem.help("close it"));
                    }
                    return level.finish().filter(|_| cursor.problems.is_empty());
                }
                Some(_) => {
                    if join(cursor, &mut level) {
                        break;
                    }
                    resynchronise(cursor);
                }
            }
        }
    }
}

impl Level {
    /// The condition before, if it is not in parentheses of its own.
    fn last_test(&self) -> Option<&Test> {
        match &self.all.last().or(self.any.last())?.kind {
            NodeKind::Test(test) => Some(test),
            NodeKind::All(_) | NodeKind::Any(_) => None,
        }
    }

    /// Closes the operands of `&&`: they become one operand of `||`.
    fn close_all(&mut self) {
        let all = std::mem::take(&mut self.all);
        self.any.extend(Node::joined(all, NodeKind::All));
    }

    fn finish(mut self) -> Option<Node<Test>> {
        self.close_all();
        Node::joined(self.any, NodeKind::Any)
    }
}

/// Reads `&&` or `||`. False after a problem that leaves no operator.
fn join(cursor: &mut Cursor<'_>, level: &mut Level) -> bool {
    let start = cursor.at;
    // What other languages write; the longest first.
    const FOREIGN: [(&str, &str); 6] = [
        ("AND", "&&"),
        ("and", "&&"),
        ("OR", "||"),
        ("or", "||"),
        ("&", "&&"),
        ("|", "||"),
    ];
    let or = if cursor.eat("&&") {
        false
    } else if cursor.eat("||") {
        true
    } else if let Some((sign, meant)) = FOREIGN.into_iter().find(|(sign, _)| cursor.eat(sign)) {
        let message = format!("`{sign}` joins nothing");
        let problem = Problem::new(Code::UnknownOperator, start..cursor.at, message);
        cursor.report(problem.help(format!("write `{meant}`")).instead(meant));
        meant == "||"
    } else {
        let message = "`&&`, `||` or the end is expected here";
        let mut problem = Problem::new(Code::Unexpected, cursor.here(), message);
        if let Some(c) = cursor.peek().filter(|c| value::is_invisible(*c)) {
            let message = format!("an invisible character, U+{:04X}", u32::from(c));
            problem = Problem::new(Code::Unexpected, cursor.here(), message);
            problem = problem.help("write a plain blank").instead(" ");
        } else if cursor.starts_with("$") {
            problem = problem.help("conditions are joined by `&&` or `||`");
        } else if cursor.starts_with("}") {
            problem = problem.help("a pattern has one `}`, at its end");
        } else {
            problem = problem.help("a value with blanks or other signs stands in double quotes");
        }
        cursor.report(problem);
        return false;
    };
    if or {
        level.close_all();
    }
    true
}

/// Goes on to where an operand may have ended, so that the next one can be read.
fn resynchronise(cursor: &mut Cursor<'_>) {
    let mut depth = 0_usize;
    while let Some(c) = cursor.peek() {
        match c {
            ')' | '&' | '|' if depth == 0 => return,
            '(' | ')' => {
                depth = if c == '(' { depth + 1 } else { depth - 1 };
                cursor.at += 1;
            }
            '"' => {
                let before = cursor.problems.len();
                if value::quoted(cursor).is_none() {
                    // Where it ends nobody knows: nothing after it can be told.
                    cursor.problems.truncate(before.max(1));
                    cursor.at = cursor.end;
                }
            }
            c => cursor.at += c.len_utf8(),
        }
    }
}

/// Reads one condition; `before` is the one that it is joined to.
fn test(cursor: &mut Cursor<'_>, before: Option<&Test>) -> Option<Node<Test>> {
    cursor.blanks();
    let start = cursor.at;
    if let Some(before) = before
        && value_alone(cursor, before)
    {
        return None;
    }
    let selector = selector(cursor)?;
    cursor.count_wildcards(&selector);
    cursor.blanks();
    let condition = match cursor.peek() {
        Some(c) if c.is_ascii_alphabetic() => keyword(cursor)?,
        _ => Condition::Compare(value::comparison(cursor)?),
    };
    Some(Node::test(start..cursor.at, Test { selector, condition }))
}

/// Reports `$.f = a || b`: the field is not repeated. False where something else stands there.
fn value_alone(cursor: &mut Cursor<'_>, before: &Test) -> bool {
    let Condition::Compare(compare) = &before.condition else {
        return false;
    };
    let rest = cursor.rest();
    let word = match rest.strip_prefix('"') {
        Some(quoted) => &rest[..quoted.find('"').map_or(0, |end| end + 2)],
        None => &rest[..rest.find(|c| !is_bare(c)).unwrap_or(rest.len())],
    };
    let after = rest[word.len()..].trim_start();
    let alone = after.is_empty() || after.starts_with([')', '&', '|', '}']);
    if word.is_empty() || !alone || word.starts_with(['.', '*', '-', '+']) {
        return false;
    }
    let span = cursor.at..cursor.at + word.len();
    let problem = Problem::new(
        Code::BadSelector,
        span,
        format!("`{word}` is a value without its field"),
    );
    let text = word.trim_matches('"');
    let whole = format!("{} {} {}", before.selector, compare.operator.sign(), quote(text));
    cursor.report(problem.help("repeat the field").instead(whole));
    cursor.at += word.len();
    true
}

/// Reads `IS NULL` and its like.
fn keyword(cursor: &mut Cursor<'_>) -> Option<Condition> {
    const ALL: [(&str, &str, Condition); 4] = [
        ("IS", "NULL", Condition::IsNull),
        ("IS", "TRUE", Condition::IsTrue),
        ("IS", "FALSE", Condition::IsFalse),
        ("NOT", "EXISTS", Condition::NotExists),
    ];
    let start = cursor.at;
    let first = cursor.take_while(char::is_alphanumeric);
    let first_end = cursor.at;
    cursor.blanks();
    let second = cursor.take_while(char::is_alphanumeric);
    if let Some((.., condition)) = ALL.iter().find(|(a, b, _)| (*a, *b) == (first, second)) {
        return Some(condition.clone());
    }
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    if let Some((a, b, condition)) = ALL.iter().find(|(a, b, _)| same(a, first) && same(b, second)) {
        let message = format!("`{a} {b}` is written in capitals");
        let problem = Problem::new(Code::UnknownOperator, start..cursor.at, message);
        cursor.report(
            problem
                .help("patterns are case-sensitive")
                .instead(format!("{a} {b}")),
        );
        return Some(condition.clone());
    }
    let (span, message, help) = if same(first, "EXISTS") {
        let help = "to ask for any text or number write `= \"*\"`; that a field is missing is `NOT EXISTS`";
        (start..first_end, "there is no `EXISTS`", help)
    } else if same(first, "IS") && same(second, "NOT") {
        let help =
            "to ask for any text or number write `= \"*\"`, for the other boolean `IS TRUE` or `IS FALSE`";
        (start..cursor.at, "there is no `IS NOT`", help)
    } else if same(first, "IS") {
        let help = "it is followed by `NULL`, `TRUE` or `FALSE`";
        (start..cursor.at, "this is not what `IS` takes", help)
    } else {
        let help = "after a field stands one of `=`, `!=`, `<`, `<=`, `>`, `>=`, `IS NULL`, `IS TRUE`, `IS FALSE` and \
                    `NOT EXISTS`";
        (start..first_end, "no such operator", help)
    };
    cursor.report(Problem::new(Code::UnknownOperator, span, message).help(help));
    None
}

/// Reads a selector.
pub(super) fn selector(cursor: &mut Cursor<'_>) -> Option<Selector> {
    let start = cursor.at;
    if !cursor.eat("$") {
        return no_selector(cursor, start);
    }
    let mut steps = Vec::new();
    loop {
        if cursor.starts_with(".['") {
            cursor.at += 1;
            steps.push(Step::Key(quoted_name(cursor)?));
        } else if cursor.eat(".*") {
            steps.push(Step::AnyField);
        } else if cursor.eat(".") {
            let name = cursor.take_while(is_name);
            if name.is_empty() {
                return bad_name(cursor);
            }
            steps.push(Step::Key(name.to_owned()));
        } else if cursor.starts_with("[") {
            steps.push(element(cursor, start)?);
        } else {
            break;
        }
    }
    let span = start..cursor.at;
    let ended = cursor
        .peek()
        .is_none_or(|c| is_blank(c) || matches!(c, '=' | '!' | '<' | '>' | ')' | '&' | '|'));
    if !ended && !steps.is_empty() {
        return bad_name(cursor);
    }
    if steps.is_empty() {
        let problem = Problem::new(Code::BadSelector, span, "a field is written `$.name`");
        cursor.report(problem.help("write its name after `$.`"));
        return None;
    }
    Some(Selector { span, steps })
}

fn no_selector(cursor: &mut Cursor<'_>, start: usize) -> Option<Selector> {
    let name = cursor.take_while(|c| is_name(c) || c == '.');
    let span = start..cursor.at;
    let problem = match (name, cursor.peek()) {
        ("", None | Some(')' | '&' | '|')) => {
            let problem = Problem::new(Code::Incomplete, cursor.here(), "a condition is missing here");
            problem.help("write one such as `$.eventName = \"CreateUser\"`")
        }
        ("", Some('!')) => {
            let problem = Problem::new(Code::Unexpected, cursor.here(), "there is no operator `!`");
            problem.help("turn the condition around: `!=` for `=`, and `&&` for `||`")
        }
        ("", Some('\'' | '"')) => {
            let problem = Problem::new(
                Code::BadSelector,
                cursor.here(),
                "a field stands first, without quotes",
            );
            problem.help("write `$.name`")
        }
        ("", _) => {
            let problem = Problem::new(Code::Unexpected, cursor.here(), "a condition begins with `$.`");
            problem.help("write one such as `$.eventName = \"CreateUser\"`")
        }
        ("NOT" | "not", _) => {
            let problem = Problem::new(
                Code::Unexpected,
                span,
                "there is no operator `NOT` before a condition",
            );
            problem.help("turn the condition around: `!=` for `=`, and `&&` for `||`")
        }
        (name, _) => {
            let problem = Problem::new(Code::BadSelector, span, format!("`{name}` is no field"))
                .help("a field is written `$.name`");
            let path = name.strip_prefix('.').unwrap_or(name);
            match path.split('.').all(|part| !part.is_empty()) {
                true => problem.instead(format!("$.{path}")),
                false => problem,
            }
        }
    };
    cursor.report(problem);
    None
}

/// Reports what cannot stand in a name.
fn bad_name(cursor: &mut Cursor<'_>) -> Option<Selector> {
    let at = cursor.here();
    let help = "names have letters, digits, `_` and `-`; others are written `$.['name']`";
    cursor.report(Problem::new(Code::BadSelector, at, "this cannot stand in a field's name").help(help));
    None
}

/// Reads `['name']`.
fn quoted_name(cursor: &mut Cursor<'_>) -> Option<String> {
    let start = cursor.at;
    cursor.at += 2;
    let name = cursor.take_while(|c| c != '\'');
    if cursor.eat("']") {
        return Some(name.to_owned());
    }
    let problem = Problem::new(Code::Unclosed, start..start + 1, "a `['` without its `']`");
    cursor.report(problem.help("write `['name']`"));
    None
}

/// Reads `[n]` or `[*]`.
fn element(cursor: &mut Cursor<'_>, selector: usize) -> Option<Step> {
    let start = cursor.at;
    cursor.at += 1;
    if cursor.eat("*]") {
        return Some(Step::AnyElement);
    }
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    if !digits.is_empty() && cursor.eat("]") {
        // More elements than that no event has; it is out of range like any other.
        return Some(Step::Index(digits.parse().unwrap_or(u64::MAX)));
    }
    cursor.at = start + 1;
    let inner = cursor.take_while(|c| c != ']' && !is_blank(c));
    let closed = cursor.eat("]");
    let span: Range<usize> = start..cursor.at;
    let name = inner.trim_matches(['\'', '"']);
    let problem = if name.len() < inner.len() && closed {
        let dotted = cursor.text[selector..start].to_owned();
        Problem::new(
            Code::BadSelector,
            span,
            "a name in brackets has a `.` before and single quotes around it",
        )
        .help(format!("write `{dotted}.['{name}']`"))
        .instead(format!(".['{name}']"))
    } else {
        Problem::new(Code::BadSelector, span, "this is no element of an array")
            .help("elements are `[0]`, `[1]`, ... or `[*]`; names are `.['name']`")
    };
    cursor.report(problem);
    None
}

impl Cursor<'_> {
    fn eat_blanks_then(&mut self, wanted: &str) -> bool {
        self.blanks();
        self.eat(wanted)
    }
}
