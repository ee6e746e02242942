//! `${account}` and its like within strings.

use std::ops::Range;

use crate::arn::partition_of;
use crate::wanted::Stack;

use super::suggest::{listed, nearest};

const VARIABLES: [&str; 4] = ["account", "region", "partition", "stack"];

/// A `${...}` that cannot be replaced: what is wrong, and the way out.
#[derive(Debug, PartialEq)]
pub(crate) struct Unknown {
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Replaces the variables in a string; `$${` stands for `${`. Without a stack, as within `[stack]`
/// itself, there are no variables yet.
pub(crate) fn expand(text: &str, stack: Option<&Stack>) -> Result<String, Unknown> {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text, stack)? {
        out.push_str(match piece {
            Piece::Text(range) => &text[range],
            Piece::Value(value, _) => value,
        });
    }
    Ok(out)
}

/// A part of a string that has variables.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'s> {
    /// Text that stands for itself, by its place.
    Text(Range<usize>),
    /// What stands for the variable at this place.
    Value(&'s str, Range<usize>),
}

/// The parts of a string, with its variables looked up.
pub(crate) fn pieces<'s>(text: &str, stack: Option<&'s Stack>) -> Result<Vec<Piece<'s>>, Unknown> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("${") {
        let dollar = at + found;
        if text[at..dollar].ends_with('$') {
            pieces.push(Piece::Text(at..dollar - 1));
            pieces.push(Piece::Text(dollar..dollar + 2));
            at = dollar + 2;
            continue;
        }
        pieces.push(Piece::Text(at..dollar));
        let Some(length) = text[dollar..].find('}') else {
            return Err(Unknown {
                message: "`${` without its `}`".into(),
                help: "write `$${` for the two characters themselves".into(),
            });
        };
        let name = &text[dollar + 2..dollar + length];
        let Some(stack) = stack else {
            return Err(Unknown {
                message: format!("`${{{name}}}` cannot be used here"),
                help: "the variables come from `[stack]`: its name, account and region are written out"
                    .into(),
            });
        };
        let value = match name {
            "account" => stack.scope.account.as_str(),
            "region" => &stack.scope.region,
            "partition" => partition_of(&stack.scope.region),
            "stack" => &stack.name,
            _ => {
                return Err(Unknown {
                    message: format!("unknown variable `${{{name}}}`"),
                    help: match nearest(name, VARIABLES) {
                        Some(near) => {
                            format!("did you mean `${{{near}}}`? write `$${{` for the characters themselves")
                        }
                        None => format!(
                            "the variables are {}; write `$${{` for the characters themselves",
                            listed(VARIABLES)
                        ),
                    },
                });
            }
        };
        at = dollar + length + 1;
        pieces.push(Piece::Value(value, dollar..at));
    }
    pieces.push(Piece::Text(at..text.len()));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    #[test]
    fn variables_are_replaced_and_doubled_dollars_kept() {
        let stack = Stack {
            name: "acme".into(),
            scope: Scope {
                account: "123456789012".into(),
                region: "cn-north-1".into(),
            },
            namespace: "n".into(),
        };
        let expand = |text| expand(text, Some(&stack));
        assert_eq!(
            expand("a-${account}-${region}").as_deref(),
            Ok("a-123456789012-cn-north-1")
        );
        assert_eq!(expand("${partition}/${stack}").as_deref(), Ok("aws-cn/acme"));
        assert_eq!(
            expand("$${account} $.x $$ $").as_deref(),
            Ok("${account} $.x $$ $")
        );
        assert_eq!(
            expand("${acount}").unwrap_err().message,
            "unknown variable `${acount}`"
        );
        assert_eq!(expand("${account").unwrap_err().message, "`${` without its `}`");
        assert_eq!(
            super::expand("${account}", None).unwrap_err().message,
            "`${account}` cannot be used here"
        );
    }
}
