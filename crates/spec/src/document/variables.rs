//! `${account}` and its like within strings.

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
    let mut rest = text;
    while let Some(dollar) = rest.find("${") {
        let (before, after) = (&rest[..dollar], &rest[dollar + 2..]);
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = after;
            continue;
        }
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            return Err(Unknown {
                message: "`${` without its `}`".into(),
                help: "write `$${` for the two characters themselves".into(),
            });
        };
        let Some(stack) = stack else {
            return Err(Unknown {
                message: format!("`${{{name}}}` cannot be used here"),
                help: "the variables come from `[stack]`: its name, account and region are written out"
                    .into(),
            });
        };
        match name {
            "account" => out.push_str(&stack.scope.account),
            "region" => out.push_str(&stack.scope.region),
            "partition" => out.push_str(partition_of(&stack.scope.region)),
            "stack" => out.push_str(&stack.name),
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
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
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
