//! The names that AWS takes, a rule for each sort.

use crate::problem::{Problem, code};

use super::decoder::{At, Sink};
use super::suggest::nearest;

/// The rule for a sort of name.
pub(crate) struct NameRule {
    code: &'static str,
    what: &'static str,
    help: &'static str,
    /// Why a name breaks it, if it does.
    why: fn(&str) -> Option<String>,
}

impl NameRule {
    /// True for a name that AWS takes.
    pub(crate) fn allows(&self, name: &str) -> bool {
        (self.why)(name).is_none()
    }

    /// Reports a name that AWS would refuse.
    pub(crate) fn check(&self, sink: &Sink, name: &At<String>) {
        self.check_near(sink, name, |_| None);
    }

    /// Reports a name that AWS would refuse, with what was probably meant.
    pub(crate) fn check_near(
        &self,
        sink: &Sink,
        name: &At<String>,
        near: impl FnOnce(&str) -> Option<&'static str>,
    ) {
        if let Some(why) = (self.why)(&name.value) {
            let message = format!("`{}` is no {}", name.value.escape_debug(), self.what);
            sink.report(Problem::new(self.code, &name.spot, message).label(why).help(
                match near(&name.value) {
                    Some(near) => format!("did you mean `{near}`? {}", self.help),
                    None => self.help.into(),
                },
            ));
        }
    }
}

/// Why a text is not between `min` and `max` of the allowed characters.
fn chars(text: &str, min: usize, max: usize, allowed: fn(char) -> bool) -> Option<String> {
    let count = text.chars().count();
    if let Some(bad) = text.chars().find(|&c| !allowed(c)) {
        return Some(format!("`{}` is not allowed", bad.escape_debug()));
    }
    match count {
        0 if min > 0 => Some("empty".into()),
        n if n < min => Some(format!("shorter than {min} characters")),
        n if n > max => Some(format!("{n} characters, more than {max}")),
        _ => None,
    }
}

fn ends(text: &str, allowed: fn(char) -> bool) -> bool {
    text.starts_with(allowed) && text.ends_with(allowed)
}

fn is_ip(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok()
}

fn reserved_by_s3(word: &str) -> String {
    format!("`{word}` is reserved by S3")
}

fn lower(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// Labels of sections. They become parts of names, so that they hold to the narrowest alphabet.
pub(crate) const LABEL: NameRule = NameRule {
    code: code::BAD_LABEL,
    what: "label",
    help: "a label has 1 to 64 of `a-z`, `0-9` and `-`, and begins and ends with a letter or digit; \
           the name that AWS sees is said by `name`",
    why: |text| {
        chars(text, 1, 64, |c| lower(c) || c == '-')
            .or_else(|| (!ends(text, lower)).then(|| "begins or ends with `-`".into()))
    },
};

pub(crate) const STACK: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "stack name",
    help: "a stack's name has 1 to 64 of `a-z`, `0-9` and `-`, and begins and ends with a letter or digit: \
           it becomes part of names and paths",
    why: LABEL.why,
};

/// S3: "Bucket naming rules".
pub(crate) const BUCKET: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "bucket name",
    help: "S3 takes 3 to 63 of `a-z`, `0-9`, `.` and `-`, beginning and ending with a letter or digit, and keeps some \
           beginnings and endings for itself; a bucket that is there already is referred to by \
           `{ existing = \"NAME\" }`",
    why: |text| {
        // `-an` is for the account-regional namespace, which `CreateBucket` has to be asked for.
        const BEGINNINGS: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
        const ENDINGS: [&str; 1] = ["-an"];
        let reserved = || {
            let beginning = BEGINNINGS.iter().find(|b| text.starts_with(*b));
            beginning.or_else(|| ENDINGS.iter().find(|e| text.ends_with(*e)))
        };
        (EXISTING_BUCKET.why)(text).or_else(|| reserved().map(|word| reserved_by_s3(word)))
    },
};

/// Buckets that are there: their names may be older than a rule, or of the account-regional
/// namespace. What names something else than a bucket stays refused.
pub(crate) const EXISTING_BUCKET: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "bucket name",
    help: "a bucket's name has 3 to 63 of `a-z`, `0-9`, `.` and `-`, beginning and ending with a letter or digit; an \
           ARN or an alias is not a name",
    why: |text| {
        const ENDINGS: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
        let reserved = || ENDINGS.iter().find(|e| text.ends_with(*e));
        chars(text, 3, 63, |c| lower(c) || matches!(c, '.' | '-'))
            .or_else(|| (!ends(text, lower)).then(|| "begins or ends with a sign".into()))
            .or_else(|| text.contains("..").then(|| "two periods in a row".into()))
            .or_else(|| is_ip(text).then(|| "looks like an IP address".into()))
            .or_else(|| reserved().map(|word| reserved_by_s3(word)))
    },
};

/// Organizations: the `Id` of `DescribeOrganization`.
pub(crate) const ORGANIZATION: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "organization's id",
    help: "one is `o-` with 10 to 32 of `a-z` and `0-9`, as `aws organizations describe-organization` shows it",
    why: |text| match text.strip_prefix("o-") {
        Some(rest) => chars(rest, 10, 32, lower),
        None => Some("does not begin with `o-`".into()),
    },
};

/// KMS: `CreateAlias`.
pub(crate) const KEY: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "name of a key's alias",
    help: "KMS takes 1 to 250 of `A-Z`, `a-z`, `0-9`, `/`, `_` and `-` after `alias/`, which is not written, and keeps \
           those that begin with `aws/` for itself",
    why: |text| {
        (EXISTING_KEY.why)(text)
            .or_else(|| text.starts_with("aws/").then(|| "`aws/` is reserved".into()))
            .or_else(|| text.starts_with("alias/").then(|| "begins with `alias/`".into()))
    },
};

/// Aliases that are there.
pub(crate) const EXISTING_KEY: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "name of a key's alias",
    help: "an alias has 1 to 250 of `A-Z`, `a-z`, `0-9`, `/`, `_`, `-` and `:` after `alias/`",
    why: |text| {
        chars(text, 1, 250, |c| {
            alphanumeric(c) || matches!(c, '/' | '_' | '-' | ':')
        })
    },
};

/// `CloudTrail`: "Naming requirements".
pub(crate) const TRAIL: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "trail name",
    help: "CloudTrail takes 3 to 128 of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`, beginning and ending with a letter \
           or digit, no two signs in a row",
    why: |text| {
        let sign = |c: char| matches!(c, '.' | '_' | '-');
        let pairs = || text.chars().zip(text.chars().skip(1));
        chars(text, 3, 128, |c| alphanumeric(c) || matches!(c, '.' | '_' | '-'))
            .or_else(|| (!ends(text, alphanumeric)).then(|| "begins or ends with a sign".into()))
            .or_else(|| {
                pairs()
                    .any(|(a, b)| sign(a) && sign(b))
                    .then(|| "two signs in a row".into())
            })
            .or_else(|| is_ip(text).then(|| "looks like an IP address".into()))
    },
};

pub(crate) const PREFIX: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "prefix",
    help: "CloudTrail takes up to 200 characters and puts `/AWSLogs/` after them; write it without slashes at its \
           ends, or leave it out",
    why: |text| {
        chars(text, 1, 200, |c| !c.is_control())
            .or_else(|| {
                (text.starts_with('/') || text.ends_with('/')).then(|| "begins or ends with `/`".into())
            })
            .or_else(|| text.contains("//").then(|| "two slashes in a row".into()))
    },
};

/// `CloudWatch` Logs: `CreateLogGroup`.
pub(crate) const LOG_GROUP: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "log group name",
    help: "CloudWatch Logs takes 1 to 512 of `A-Z`, `a-z`, `0-9`, `.`, `-`, `_`, `/` and `#`, not beginning with \
           `aws/`; an ARN is not a name",
    why: |text| {
        chars(text, 1, 512, |c| {
            alphanumeric(c) || matches!(c, '.' | '-' | '_' | '/' | '#')
        })
        .or_else(|| text.starts_with("aws/").then(|| "`aws/` is reserved".into()))
    },
};

/// `CloudWatch` Logs: `PutMetricFilter`.
pub(crate) const FILTER: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "metric filter name",
    help: "CloudWatch Logs takes 1 to 512 characters without `:` and `*`",
    why: |text| chars(text, 1, 512, |c| !matches!(c, ':' | '*') && !c.is_control()),
};

/// `CloudWatch` Logs: `MetricTransformation`.
pub(crate) const METRIC: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "metric name",
    help: "CloudWatch Logs takes 1 to 255 characters without `:`, `*` and `$`",
    why: |text| {
        chars(text, 1, 255, |c| !matches!(c, ':' | '*' | '$') && !c.is_control())
            .or_else(|| text.trim().is_empty().then(|| "blank".into()))
    },
};

/// Namespaces that filters count into. Alarms may read others, such as `AWS/Logs`.
pub(crate) const NAMESPACE: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "namespace that filters can count into",
    help: "CloudWatch Logs takes 1 to 255 characters without `:`, `*` and `$`; those of AWS services begin with \
           `AWS/`: choose another, such as `Trailwarden/NAME`, or leave `namespace` out",
    why: |text| (METRIC.why)(text).or_else(|| text.starts_with("AWS/").then(|| "`AWS/` is reserved".into())),
};

/// `CloudWatch`: `PutMetricAlarm`.
pub(crate) const ALARM: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "alarm name",
    help: "CloudWatch takes 1 to 255 characters without control characters",
    why: |text| chars(text, 1, 255, |c| !c.is_ascii_control()),
};

/// `CloudWatch`: `MetricDataQuery`.
pub(crate) const QUERY: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "id of a query",
    help: "CloudWatch takes 1 to 255 of `A-Z`, `a-z`, `0-9` and `_`, the first of `a-z`",
    why: |text| {
        chars(text, 1, 255, |c| c.is_ascii_alphanumeric() || c == '_').or_else(|| {
            let lower = text.starts_with(|c: char| c.is_ascii_lowercase());
            (!lower).then(|| "does not begin with one of `a-z`".into())
        })
    },
};

/// SNS: `CreateTopic`.
pub(crate) const TOPIC: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "topic name",
    help: "SNS takes 1 to 256 of `A-Z`, `a-z`, `0-9`, `_` and `-`; an ARN is not a name, and alarms cannot notify \
           FIFO topics",
    why: |text| chars(text, 1, 256, |c| alphanumeric(c) || matches!(c, '_' | '-')),
};

/// IAM: `CreateRole`.
pub(crate) const ROLE: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "role name",
    help: "IAM takes 1 to 64 of `A-Z`, `a-z`, `0-9`, `_`, `+`, `=`, `,`, `.`, `@` and `-`",
    why: |text| {
        chars(text, 1, 64, |c| {
            alphanumeric(c) || matches!(c, '_' | '+' | '=' | ',' | '.' | '@' | '-')
        })
    },
};

pub(crate) const ROLE_PATH: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "role path",
    help: "IAM takes up to 512 printable ASCII characters that begin and end with `/`",
    why: |text| {
        chars(text, 1, 512, |c| c.is_ascii_graphic())
            .or_else(|| (!ends(text, |c| c == '/')).then(|| "does not begin and end with `/`".into()))
            .or_else(|| text.contains("//").then(|| "two slashes in a row".into()))
    },
};

pub(crate) const ACCOUNT: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "account id",
    help: "an AWS account id has 12 digits, in quotes",
    why: |text| chars(text, 12, 12, |c| c.is_ascii_digit()),
};

/// The shape of a region's code. Partitions whose ARNs this version cannot build are refused, so
/// that no plan is made with wrong ones.
pub(crate) const REGION: NameRule = NameRule {
    code: code::BAD_NAME,
    what: "region this version knows",
    help: "a region has a code such as `us-east-1`; the partitions are `aws`, `aws-cn` and `aws-us-gov`",
    why: |text| {
        let parts: Vec<&str> = text.split('-').collect();
        let letters = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
        let shape = match parts.as_slice() {
            [words @ .., number] => {
                words.len() >= 2
                    && words.iter().all(letters)
                    && !number.is_empty()
                    && number.chars().all(|c| c.is_ascii_digit())
            }
            [] => false,
        };
        let zone = || {
            let zone = text.strip_suffix(|c: char| c.is_ascii_lowercase());
            zone.is_some_and(|region| region.ends_with(|c: char| c.is_ascii_digit()))
        };
        if zone() {
            return Some("an availability zone; drop its last letter".into());
        }
        if !shape {
            return Some("not the code of a region".into());
        }
        OTHER_PARTITIONS
            .iter()
            .any(|p| text.starts_with(p))
            .then(|| "of another partition".into())
    },
};

/// Partitions whose ARNs this version cannot build, by the beginnings of their regions.
const OTHER_PARTITIONS: [&str; 4] = ["us-iso", "eu-iso", "eusc-", "us-sc"];

/// The region that was probably meant. The list is for this alone: a region that it does not have yet
/// is taken as well.
pub(crate) fn near_region(text: &str) -> Option<&'static str> {
    const REGIONS: [&str; 38] = [
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-central-1",
        "ca-west-1",
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
        "sa-east-1",
        "cn-north-1",
        "cn-northwest-1",
        "us-gov-east-1",
        "us-gov-west-1",
    ];
    if OTHER_PARTITIONS
        .iter()
        .any(|partition| text.starts_with(partition))
    {
        return None;
    }
    let bare = |text: &str| -> String {
        let kept = text.chars().filter(|c| c.is_ascii_alphanumeric());
        kept.map(|c| c.to_ascii_lowercase()).collect()
    };
    let same = REGIONS.into_iter().find(|region| bare(region) == bare(text));
    // Of equally near ones the last is taken: let that be the first of the list.
    same.or_else(|| nearest(text, REGIONS.into_iter().rev()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_region_has_a_neighbour() {
        for (typed, meant) in [
            ("us-east1", Some("us-east-1")),
            ("US-EAST-1", Some("us-east-1")),
            ("eu_west_3", Some("eu-west-3")),
            ("us-west-2a", Some("us-west-2")),
            ("us-east", Some("us-east-1")),
            ("ap-southeast5", Some("ap-southeast-5")),
            ("us-isob-east-1", None),
            ("Ohio", None),
            ("", None),
        ] {
            assert_eq!(near_region(typed), meant, "{typed}");
        }
    }

    #[test]
    fn names_are_those_that_aws_takes() {
        let cases: &[(&NameRule, &[&str], &[&str])] = &[
            (
                &LABEL,
                &["a", "iam-changes", "0"],
                &["", "A", "a_b", "-a", "a-", "ä"],
            ),
            (
                &BUCKET,
                &["acme-123456789012-logs", "a.b-c"],
                &[
                    "ab",
                    "Acme",
                    "a_b",
                    "-abc",
                    "a..b",
                    "192.168.0.1",
                    "xn--abc",
                    "abc-s3alias",
                    "logs-123456789012-us-east-1-an",
                    "-an",
                ],
            ),
            (
                &EXISTING_BUCKET,
                &["logs-123456789012-us-east-1-an", "xn--abc"],
                &[
                    "ab",
                    "Acme",
                    "a..b",
                    "10.0.0.1",
                    "abc-s3alias",
                    "a--usw2-az1--x-s3",
                ],
            ),
            (
                &TRAIL,
                &["abc", "My-Trail_1"],
                &["ab", "-abc", "a--b", "a._b", "10.0.0.1", "a b"],
            ),
            (&PREFIX, &["a/b", "x"], &["", "/a", "a/", "a//b"]),
            (&LOG_GROUP, &["/acme/x", "a#b"], &["", "aws/x", "a:b", "a*"]),
            (&FILTER, &["a b", "ä"], &["", "a:b", "a*"]),
            (&METRIC, &["a/b c", "AWS/x"], &["", "$a", "a:b"]),
            (&NAMESPACE, &["a/b c", "AWS", "AWSome/x"], &["", "$a", "AWS/Logs"]),
            (&ALARM, &["jö: *$"], &["", "a\nb"]),
            (&TOPIC, &["A_b-1"], &["", "a.fifo", "a b"]),
            (&ROLE, &["a+b=c,d.e@f-g_h"], &["", "a/b", "a b"]),
            (&ROLE_PATH, &["/", "/a/b/"], &["", "a", "/a", "a/", "/a//b/"]),
            (&ACCOUNT, &["123456789012"], &["12345678901", "12345678901x"]),
            (
                &REGION,
                &["us-east-1", "us-gov-west-1", "cn-north-1", "ap-southeast-12"],
                &[
                    "us-east-1a",
                    "us-east",
                    "US-EAST-1",
                    "useast1",
                    "us-iso-east-1",
                    "",
                ],
            ),
        ];
        for (rule, good, bad) in cases {
            for name in *good {
                assert_eq!((rule.why)(name), None, "{} {name}", rule.what);
            }
            for name in *bad {
                assert!((rule.why)(name).is_some(), "{} {name}", rule.what);
            }
        }
    }
}
