//! `[ ... ]`

use crate::problem::{Code, Problem};
use crate::tree::{Comparison, Field, FieldKind, Node, NodeKind, is_name};

use super::cursor::Cursor;
use super::value;

/// Reads a space-delimited pattern.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Vec<Field> {
    cursor.unframe('[', ']');
    let mut fields = Vec::new();
    cursor.blanks();
    if cursor.rest().is_empty() {
        return fields;
    }
    let mut ellipsis = false;
    loop {
        let field = field(cursor);
        if field.kind == FieldKind::Ellipsis && std::mem::replace(&mut ellipsis, true) {
            let problem = Problem::new(Code::SecondEllipsis, field.span.clone(), "a second `...`");
            cursor.report(
                problem.help("a pattern has one at most: which words they stand for could not be told"),
            );
        }
        fields.push(field);
        if !cursor.eat(",") {
            break;
        }
    }
    fields
}

/// Reads an entry up to its comma.
fn field(cursor: &mut Cursor<'_>) -> Field {
    cursor.blanks();
    let start = cursor.at;
    let kind = if cursor.eat("...") {
        FieldKind::Ellipsis
    } else {
        word(cursor)
    };
    let end = start + cursor.text[start..cursor.at].trim_end().len();
    cursor.blanks();
    if !matches!(cursor.peek(), None | Some(',')) {
        let message = "a comma or the end is expected here";
        let help = match cursor.peek() {
            Some('(' | ')') => "conditions on a word have no parentheses",
            _ => "entries are separated by commas; a value with other signs stands in double quotes",
        };
        cursor.report(Problem::new(Code::Unexpected, cursor.here(), message).help(help));
        while !matches!(cursor.peek(), None | Some(',')) {
            cursor.at = cursor.here().end;
        }
    }
    Field {
        span: start..end,
        kind,
    }
}

fn word(cursor: &mut Cursor<'_>) -> FieldKind {
    let name = cursor.take_while(is_name);
    if name.is_empty() && !matches!(cursor.peek(), None | Some(',')) {
        let message = "an entry begins with a name";
        let help = "write `name`, `name = value`, or nothing between two commas";
        cursor.report(Problem::new(Code::Unexpected, cursor.here(), message).help(help));
    }
    let start = cursor.at - name.len();
    cursor.blanks();
    let asks = matches!(cursor.peek(), Some('=' | '!' | '<' | '>')) && !name.is_empty();
    let condition = if asks {
        condition(cursor, name, start)
    } else {
        None
    };
    FieldKind::Word {
        name: (!name.is_empty()).then(|| name.to_owned()),
        condition,
    }
}

/// Reads the conditions on one word: `name = a || name = b`.
fn condition(cursor: &mut Cursor<'_>, name: &str, mut start: usize) -> Option<Node<Comparison>> {
    let mut any: Vec<Vec<Node<Comparison>>> = vec![Vec::new()];
    loop {
        let comparison = value::comparison(cursor)?;
        any.last_mut()?.push(Node::test(start..cursor.at, comparison));
        cursor.blanks();
        if cursor.eat("||") {
            any.push(Vec::new());
        } else if !cursor.eat("&&") {
            break;
        }
        cursor.blanks();
        start = cursor.at;
        let again = cursor.take_while(is_name);
        if again != name {
            let span = start..cursor.here().start;
            if again.is_empty() {
                let problem = Problem::new(
                    Code::Incomplete,
                    cursor.here(),
                    format!("`{name}` is missing here"),
                );
                cursor.report(problem.help(format!("write `{name}` again before its next condition")));
                return None;
            }
            let message = format!("conditions on `{name}` cannot ask about `{again}`");
            let problem = Problem::new(Code::OtherField, span, message);
            cursor.report(problem.help("ask about a word in its own entry; all entries must hold"));
        }
        cursor.blanks();
    }
    let all = any
        .into_iter()
        .filter_map(|all| Node::joined(all, NodeKind::All))
        .collect();
    Node::joined(all, NodeKind::Any)
}
