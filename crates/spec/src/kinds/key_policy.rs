use serde::Serialize;
use trailwarden_policy::Statement;

use crate::arn::Arn;
use crate::compare::Comparison;
use crate::leaf::{Statements, digest, sid};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::Resource;

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
        let gone = self.statements.as_slice().iter().any(|s| {
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
