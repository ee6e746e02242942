//! Amazon Resource Names. In this domain AWS lets names decide them, so they are built, not asked
//! for, and no plan needs a value that is "known after apply".

use std::fmt;

use serde::Serialize;

use crate::Scope;

/// An ARN taken apart: `arn:partition:service:region:account:resource`.
///
/// Log group ARNs come with and without a trailing `:*`; [`Arn::parse`] drops it, so that both
/// compare equal ([`Arn::with_star`] writes it where CloudTrail insists).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// The service's ARN name, such as `sns`.
    pub service: String,
    /// The region; empty for global services.
    pub region: String,
    /// The account; empty for S3 buckets.
    pub account: String,
    /// All that follows: it may contain colons and slashes.
    pub resource: String,
}

impl Arn {
    /// Takes an ARN apart; `None` when it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let [partition, service, region, account, resource] = [
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
        ];
        if partition.is_empty() || service.is_empty() || resource.is_empty() {
            return None;
        }
        let resource = match service {
            "logs" => resource.strip_suffix(":*").unwrap_or(resource),
            _ => resource,
        };
        Some(Self {
            partition: partition.into(),
            service: service.into(),
            region: region.into(),
            account: account.into(),
            resource: resource.into(),
        })
    }

    /// The form ending in `:*` that `CloudTrail` wants of a log group
    /// (aws-cli#5098: `InvalidCloudWatchLogsLogGroupArnException` without it).
    #[must_use]
    pub fn with_star(&self) -> String {
        format!("{self}:*")
    }

    /// The resource without its type: the log group, role, topic, trail or alias name.
    ///
    /// A role's path is dropped, as the IAM API names roles without it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.service.as_str() {
            "logs" => self.resource.strip_prefix("log-group:").unwrap_or(&self.resource),
            "cloudwatch" => self.resource.strip_prefix("alarm:").unwrap_or(&self.resource),
            "kms" => self.resource.strip_prefix("alias/").unwrap_or(&self.resource),
            "iam" | "cloudtrail" => self.resource.rsplit('/').next().unwrap_or(&self.resource),
            _ => &self.resource,
        }
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            service,
            region,
            account,
            resource,
        } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

impl Serialize for Arn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The partition of a region: `aws-cn` and `aws-us-gov` have regions of their own prefix.
#[must_use]
pub fn partition_of(region: &str) -> &'static str {
    match region {
        r if r.starts_with("cn-") => "aws-cn",
        r if r.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

impl Scope {
    fn arn(&self, service: &str, region: &str, account: &str, resource: String) -> Arn {
        Arn {
            partition: partition_of(&self.region).into(),
            service: service.into(),
            region: region.into(),
            account: account.into(),
            resource,
        }
    }

    /// The ARN of a trail whose home is this scope.
    #[must_use]
    pub fn trail_arn(&self, name: &str) -> Arn {
        self.arn("cloudtrail", &self.region, &self.account, format!("trail/{name}"))
    }

    /// The ARN of a bucket; buckets' ARNs carry neither region nor account.
    #[must_use]
    pub fn bucket_arn(&self, name: &str) -> Arn {
        self.arn("s3", "", "", name.into())
    }

    /// The ARN of a log group, without `:*`.
    #[must_use]
    pub fn log_group_arn(&self, name: &str) -> Arn {
        self.arn("logs", &self.region, &self.account, format!("log-group:{name}"))
    }

    /// The ARN of a role; `path` begins and ends with a slash.
    #[must_use]
    pub fn role_arn(&self, path: &str, name: &str) -> Arn {
        self.arn("iam", "", &self.account, format!("role{path}{name}"))
    }

    /// The ARN of a topic.
    #[must_use]
    pub fn topic_arn(&self, name: &str) -> Arn {
        self.arn("sns", &self.region, &self.account, name.into())
    }

    /// The ARN of an alarm.
    #[must_use]
    pub fn alarm_arn(&self, name: &str) -> Arn {
        self.arn("cloudwatch", &self.region, &self.account, format!("alarm:{name}"))
    }

    /// The ARN of a key's alias; `name` is without `alias/`.
    #[must_use]
    pub fn key_alias_arn(&self, name: &str) -> Arn {
        self.kms_arn(format!("alias/{name}"))
    }

    /// The ARN of a key (`key/ID`) or an alias (`alias/NAME`).
    #[must_use]
    pub fn kms_arn(&self, resource: String) -> Arn {
        self.arn("kms", &self.region, &self.account, resource)
    }

    /// True when the ARN's region and account, where it has them, are this scope's.
    #[must_use]
    pub fn holds(&self, arn: &Arn) -> bool {
        (arn.account.is_empty() || arn.account == self.account)
            && (arn.region.is_empty() || arn.region == self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_group_arn_is_the_same_with_and_without_its_star() {
        let with = Arn::parse("arn:aws:logs:us-east-1:123456789012:log-group:/a:*");
        let without = Arn::parse("arn:aws:logs:us-east-1:123456789012:log-group:/a");
        assert_eq!(with, without);
        assert_eq!(
            with.map(|a| a.with_star()).as_deref(),
            Some("arn:aws:logs:us-east-1:123456789012:log-group:/a:*")
        );
    }

    #[test]
    fn names_lose_their_type_and_path() {
        let scope = Scope {
            account: "123456789012".into(),
            region: "us-gov-west-1".into(),
        };
        assert_eq!(
            scope.role_arn("/x/y/", "r").to_string(),
            "arn:aws-us-gov:iam::123456789012:role/x/y/r"
        );
        assert_eq!(scope.role_arn("/x/y/", "r").name(), "r");
        assert_eq!(scope.log_group_arn("/a/b").name(), "/a/b");
        assert_eq!(scope.trail_arn("t").name(), "t");
        assert_eq!(scope.alarm_arn("a:b").name(), "a:b");
    }
}
