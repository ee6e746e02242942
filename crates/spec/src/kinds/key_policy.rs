use std::collections::BTreeSet;

use serde::Serialize;
use trailwarden_policy::Statement;

use crate::arn::Arn;
use crate::compare::Comparison;
use crate::leaf::{Statements, digest, sid};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::{Guest, Resource};

/// What a key is used for; each gives statements of its policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyUse<'a> {
    /// A trail of this scope encrypts its log files with it.
    Trail(&'a str),
    /// A trail of this scope writes to a bucket that encrypts with it what comes without a key.
    IntoBucket(&'a str),
    /// A log group of this scope is encrypted with it.
    LogGroup(&'a str),
    /// A topic that is encrypted with it takes what alarms of this account publish.
    Alarms,
    /// `CloudTrail` tells a topic that is encrypted with it of the log files of a trail of this scope.
    Notices(&'a str),
    /// The topic of this name is encrypted with it and takes what these publish.
    Publishers(&'a str, &'a BTreeSet<Guest>),
    /// These principals may read what is encrypted with it.
    Readers(&'a [Arn]),
}

/// The stack's statements in a key's policy: services and readers may use it.
///
/// The statement that leaves the key to the account (`kms:*` for its root) is not ours: KMS gives
/// it to every new key, and like all foreign statements it stays as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyPolicy {
    /// The key's alias without `alias/`.
    pub key: String,
    /// Statements by Sid; foreign ones stay as they are.
    pub statements: Statements,
}

/// What the Sids of statements for log groups begin with, after the stack's part.
const LOGS: &str = "Logs";

/// The same of statements for `CloudTrail`'s notices of log files.
const NOTICES: &str = "Notices";

/// The same of statements for those who publish beside alarms and trails.
const PUBLISHERS: &str = "Publishers";

impl KeyPolicy {
    /// What the users of a key need.
    #[must_use]
    pub fn for_uses<'a>(
        stack: &str,
        scope: &Scope,
        key: &str,
        uses: impl IntoIterator<Item = KeyUse<'a>>,
    ) -> Self {
        let uses: Vec<_> = uses.into_iter().collect();
        // Log files that a bucket encrypts by itself carry S3's context, not CloudTrail's.
        let in_bucket = uses.iter().any(|each| matches!(each, KeyUse::IntoBucket(_)));
        let statements = uses
            .iter()
            .flat_map(|each| statements(stack, scope, each, in_bucket))
            .collect();
        Self {
            key: key.into(),
            statements: Statements::new(statements),
        }
    }

    /// What KMS calls SNS where SNS calls it for a user or a role (`kms:ViaService`). AWS does not say in
    /// which domain that is in China.
    #[must_use]
    pub fn via_sns(scope: &Scope) -> BTreeSet<String> {
        let domains = ["amazonaws.com", dns_suffix(scope)];
        domains
            .map(|domain| format!("sns.{}.{domain}", scope.region))
            .into()
    }

    /// Whether it lets `CloudTrail` tell encrypted topics of the log files of a trail.
    #[must_use]
    pub fn lets_tell(&self, trail: &str) -> bool {
        let purpose = format!("{NOTICES}{}", digest(trail, 4).to_uppercase());
        self.statements.of_purpose(&purpose).next().is_some()
    }
}

/// The statements for `guests` who publish to a topic.
///
/// SNS calls KMS for whoever publishes, and says for which topic (the encryption context
/// `aws:sns:topicArn`). A service acts for whoever asks it to, so that its statement names the account;
/// `EventBridge` alone does not say for whom it acts (AWS: "Adding the aws:SourceAccount,
/// aws:SourceArn, and aws:SourceOrgID to a AWS KMS policy is not supported for
/// EventBridge-to-encrypted topics").
fn publishers(stack: &str, scope: &Scope, topic: &str, guests: &BTreeSet<Guest>) -> Vec<Statement> {
    let allow = |sort: &str| {
        let suffix = digest(topic, 4).to_uppercase();
        Statement::allow(sid(stack, &format!("{PUBLISHERS}{sort}{suffix}")))
            .resource("*")
            .action("kms:Decrypt")
            .action("kms:GenerateDataKey*")
            .condition(
                "StringEquals",
                "kms:EncryptionContext:aws:sns:topicArn",
                scope.topic_arn(topic).to_string(),
            )
    };
    let (mut events, mut services, mut others) = (None, None, None);
    for guest in guests {
        let (of_sort, sort) = match guest {
            Guest::Service(name) if name.starts_with("events.") => (&mut events, "Events"),
            Guest::Service(_) => (&mut services, "Services"),
            Guest::Arn(_) => (&mut others, ""),
        };
        let so_far: Statement = of_sort.take().unwrap_or_else(|| allow(sort));
        *of_sort = Some(match guest {
            Guest::Service(name) => so_far.service(name),
            Guest::Arn(arn) => so_far.principal_aws(arn.to_string()),
        });
    }
    let services =
        services.map(|all| all.condition("StringEquals", "aws:SourceAccount", scope.account.as_str()));
    // Nobody else is to use the key by itself: what is encrypted for the topic is read by SNS alone.
    let others = others.map(|all| {
        KeyPolicy::via_sns(scope).into_iter().fold(all, |all, service| {
            all.condition("StringEquals", "kms:ViaService", service)
        })
    });
    [events, services, others].into_iter().flatten().collect()
}

/// AWS: "Configure AWS KMS key policies for `CloudTrail`", "Encrypt log data in `CloudWatch` Logs
/// using AWS KMS", "Enable compatibility between event sources from AWS services and encrypted
/// topics".
fn statements(stack: &str, scope: &Scope, each: &KeyUse<'_>, in_bucket: bool) -> Vec<Statement> {
    let allow = |purpose: &str| Statement::allow(sid(stack, purpose)).resource("*");
    // Named after the object, so that a second one does not rename the statements of the first.
    let suffix = |name: &str| digest(name, 4).to_uppercase();
    let trail = |purpose: &str, name: &str| {
        allow(&format!("{purpose}{}", suffix(name)))
            .service("cloudtrail.amazonaws.com")
            .condition("StringEquals", "aws:SourceArn", scope.trail_arn(name).to_string())
    };
    let context_of_trail = "kms:EncryptionContext:aws:cloudtrail:arn";
    match each {
        KeyUse::Trail(name) => {
            let any_region = Arn {
                region: "*".into(),
                ..scope.trail_arn("*")
            };
            vec![
                trail("Encrypt", name).action("kms:GenerateDataKey*").condition(
                    "StringLike",
                    context_of_trail,
                    any_region.to_string(),
                ),
                // With an S3 Bucket Key CloudTrail must be able to decrypt that.
                trail("Describe", name)
                    .action("kms:DescribeKey")
                    .action("kms:Decrypt"),
            ]
        }
        KeyUse::IntoBucket(name) => vec![
            trail("IntoBucket", name)
                .action("kms:GenerateDataKey*")
                .action("kms:Decrypt"),
        ],
        KeyUse::LogGroup(name) => {
            let actions = [
                "kms:Encrypt*",
                "kms:Decrypt*",
                "kms:ReEncrypt*",
                "kms:GenerateDataKey*",
                "kms:Describe*",
            ];
            let statement = allow(&format!("{LOGS}{}", suffix(name)))
                .service(format!("logs.{}.{}", scope.region, dns_suffix(scope)))
                .condition(
                    "ArnEquals",
                    "kms:EncryptionContext:aws:logs:arn",
                    scope.log_group_arn(name).to_string(),
                );
            vec![actions.into_iter().fold(statement, Statement::action)]
        }
        KeyUse::Alarms => vec![
            allow("Alarms")
                .service("cloudwatch.amazonaws.com")
                .action("kms:Decrypt")
                .action("kms:GenerateDataKey*")
                .condition("StringEquals", "aws:SourceAccount", scope.account.as_str()),
        ],
        KeyUse::Notices(name) => vec![
            trail(NOTICES, name)
                .action("kms:Decrypt")
                .action("kms:GenerateDataKey*"),
        ],
        KeyUse::Publishers(topic, guests) => publishers(stack, scope, topic, guests),
        KeyUse::Readers(readers) => {
            let statement = readers
                .iter()
                .fold(allow("Readers").action("kms:Decrypt"), |statement, reader| {
                    statement.principal_aws(reader.to_string())
                });
            vec![if in_bucket {
                statement
            } else {
                statement.condition("Null", context_of_trail, "false")
            }]
        }
    }
}

/// What the names of regional service principals end in: China's have another.
fn dns_suffix(scope: &Scope) -> &'static str {
    match crate::arn::partition_of(&scope.region) {
        "aws-cn" => "amazonaws.com.cn",
        _ => "amazonaws.com",
    }
}

impl Resource for KeyPolicy {
    const KIND: Kind = Kind::KeyPolicy;

    fn name(&self) -> String {
        self.key.clone()
    }

    /// What a log group has encrypted stays encrypted with the key under which it came, so that the
    /// group is let in for as long as the stack has the key.
    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let Self { key, statements } = self;
        let statements = match live {
            Some((live, facts)) => {
                let statements = statements.less(&facts.foreign_statements);
                let of_groups = live.statements.of_purpose(LOGS);
                statements.and_former(of_groups)
            }
            None => statements,
        };
        Self { key, statements }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self { key: _, statements } = self;
        found.field("policy", statements, live.map(|l| &l.statements));
    }

    fn needs(&self, scope: &Scope) -> Vec<Address> {
        vec![scope.address(Kind::Key, self.key.as_str())]
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        // Others publish what they have to say; as in a topic's policy, it is not what is watched.
        let others: Vec<_> = self.statements.of_purpose(PUBLISHERS).collect();
        let own = self.statements.as_slice().iter();
        let gone = own.filter(|s| !others.contains(s)).any(|s| {
            !after.is_some_and(|after| after.statements.as_slice().iter().any(|a| a.same_meaning(s)))
        });
        gone.then(|| "what encrypts with the key may no longer do so, and deliveries fail".into())
    }

    fn widened(&self, live: &Self) -> Option<Self> {
        let statements = self.statements.widened(&live.statements);
        (statements.as_slice().len() > self.statements.as_slice().len()).then(|| Self {
            key: self.key.clone(),
            statements,
        })
    }
}
