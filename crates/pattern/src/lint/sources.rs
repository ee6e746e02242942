//! The sources of events.

use super::near;
use crate::cloudtrail::names;
use crate::problem::{Code, Problem};
use crate::tree::{Comparison, Shape, Text, quote};

/// What people call services whose source has another name.
const ALSO_CALLED: [(&str, &str); 22] = [
    ("alb", "elasticloadbalancing"),
    ("apigatewayv2", "apigateway"),
    ("cloudwatch", "monitoring"),
    ("cloudwatchlogs", "logs"),
    ("cognito", "cognito-idp"),
    ("docdb", "rds"),
    ("ebs", "ec2"),
    ("efs", "elasticfilesystem"),
    ("elb", "elasticloadbalancing"),
    ("elbv2", "elasticloadbalancing"),
    ("emr", "elasticmapreduce"),
    ("eventbridge", "events"),
    ("identitycenter", "sso"),
    ("neptune", "rds"),
    ("opensearch", "es"),
    ("parameterstore", "ssm"),
    ("sfn", "states"),
    ("sso-admin", "sso"),
    ("stepfunctions", "states"),
    ("systemsmanager", "ssm"),
    ("vpc", "ec2"),
    ("vpce", "ec2"),
];

pub(super) fn lint(compare: &Comparison, text: &Text) -> Option<Problem> {
    let names = names();
    let span = compare.value_span.clone();
    let typed = text.text.as_str();
    let problem = |code, message: String| Problem::new(code, span.clone(), message);
    match text.shape {
        Shape::Exact if names.has_source(typed) => None,
        Shape::Exact => {
            if let Some(same) = names.sources().find(|source| source.eq_ignore_ascii_case(typed)) {
                let problem = problem(Code::CaseSlip, format!("`{typed}` is written `{same}`"));
                return Some(problem.help("patterns are case-sensitive").instead(quote(same)));
            }
            let problem = problem(Code::UnknownSource, format!("no known event source is `{typed}`"));
            let short = typed.strip_suffix(".amazonaws.com").unwrap_or(typed);
            let long = |short: &str| format!("{short}.amazonaws.com");
            let called = ALSO_CALLED
                .iter()
                .find(|(name, _)| *name == short.to_ascii_lowercase());
            let near = match called {
                Some((_, recorded)) => Some(long(recorded)),
                None if names.has_source(&long(short)) => Some(long(short)),
                None => {
                    let shorts = names
                        .sources()
                        .filter_map(|source| source.strip_suffix(".amazonaws.com"));
                    near(short, shorts).map(long)
                }
            };
            Some(match near {
                Some(near) => problem.help("did you mean").instead(quote(&near)),
                None => problem.help("sources have the form `iam.amazonaws.com`"),
            })
        }
        _ => {
            let fits = names.sources().any(|source| text.fits(source.as_bytes()));
            let unknown = || {
                problem(
                    Code::UnknownSource,
                    format!("no known event source fits `{text}`"),
                )
            };
            (!fits).then(|| unknown().help("sources have the form `iam.amazonaws.com`"))
        }
    }
}
