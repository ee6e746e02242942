use serde::Serialize;
use trailwarden_policy::{Effect, Element, Statement, Who};

use crate::compare::Comparison;
use crate::leaf::{Statements, digest, sid};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::Resource;

const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// The stack's statements in a bucket's policy: its trails may deliver, and nobody else's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BucketPolicy {
    /// The bucket's name.
    pub bucket: String,
    /// Statements by Sid; foreign ones stay as they are.
    pub statements: Statements,
}

impl BucketPolicy {
    /// What `CloudTrail` needs to deliver the log files of trails to a bucket
    /// (AWS: "Amazon S3 bucket policy for `CloudTrail`"). `trails` are names and S3 prefixes of
    /// trails whose home is `scope`.
    #[must_use]
    pub fn for_trails<'a>(
        stack: &str,
        scope: &Scope,
        bucket: &str,
        trails: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Self {
        let arn = scope.bucket_arn(bucket);
        let statements = trails.into_iter().flat_map(|(trail, prefix)| {
            // Named after the trail, so that a second one does not rename the statements of the first.
            let suffix = digest(trail, 4).to_uppercase();
            let source = scope.trail_arn(trail).to_string();
            let path = prefix.map(|p| format!("{p}/")).unwrap_or_default();
            let allow = |purpose: &str| {
                Statement::allow(sid(stack, &format!("{purpose}{suffix}"))).service(CLOUDTRAIL)
            };
            [
                allow("AclCheck")
                    .action("s3:GetBucketAcl")
                    .resource(arn.to_string())
                    .condition("StringEquals", "aws:SourceArn", source.as_str()),
                allow("Write")
                    .action("s3:PutObject")
                    .resource(format!("{arn}/{path}AWSLogs/{}/*", scope.account))
                    .condition("StringEquals", "aws:SourceArn", source.as_str())
                    .condition("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control"),
            ]
        });
        Self {
            bucket: bucket.into(),
            statements: Statements::new(statements.collect()),
        }
    }

    /// With what S3 needs to write the access logs of another bucket of the account to this one
    /// (AWS: "Permissions for server access log delivery").
    #[must_use]
    pub fn and_access_logs(self, stack: &str, scope: &Scope, source: &str, prefix: &str) -> Self {
        let purpose = format!("AccessLogs{}", digest(source, 4).to_uppercase());
        let arn = scope.bucket_arn(&self.bucket);
        let statement = Statement::allow(sid(stack, &purpose))
            .service("logging.s3.amazonaws.com")
            .action("s3:PutObject")
            .resource(format!("{arn}/{prefix}*"))
            .condition("ArnLike", "aws:SourceArn", scope.bucket_arn(source).to_string())
            .condition("StringEquals", "aws:SourceAccount", scope.account.as_str());
        self.and(statement)
    }

    /// With a statement that nobody reads or writes without TLS (Security Hub's S3.5).
    #[must_use]
    pub fn and_tls_only(self, stack: &str, scope: &Scope) -> Self {
        let arn = scope.bucket_arn(&self.bucket);
        let statement = Statement::deny(sid(stack, "TlsOnly"))
            .principal_aws("*")
            .action("s3:*")
            .resource(arn.to_string())
            .resource(format!("{arn}/*"))
            .condition("Bool", "aws:SecureTransport", "false");
        self.and(statement)
    }

    fn and(self, statement: Statement) -> Self {
        let mut statements = self.statements.as_slice().to_vec();
        statements.push(statement);
        Self {
            statements: Statements::new(statements),
            ..self
        }
    }
}

/// True for a statement that lets `CloudTrail` deliver.
fn delivers(statement: &Statement) -> bool {
    let to_cloudtrail = |who: &Who| match who {
        Who::Everyone => true,
        Who::Listed(kinds) => kinds.values().flatten().any(|name| name == CLOUDTRAIL),
    };
    statement.effect == Effect::Allow
        && matches!(&statement.principal, Some(Element::Is(who)) if to_cloudtrail(who))
}

impl BucketPolicy {
    /// The policy with what organization trails need in addition: the log files of the other
    /// accounts lie below the organization's id (AWS: "Amazon S3 bucket policy for `CloudTrail`").
    /// Names, S3 prefixes and organizations of trails whose home is `scope`, the management
    /// account's or a delegated administrator's.
    #[must_use]
    pub fn and_organizations<'a>(
        self,
        stack: &str,
        scope: &Scope,
        trails: impl IntoIterator<Item = (&'a str, Option<&'a str>, &'a str)>,
    ) -> Self {
        let arn = scope.bucket_arn(&self.bucket);
        let of_organizations = trails.into_iter().map(|(trail, prefix, organization)| {
            let suffix = digest(trail, 4).to_uppercase();
            let path = prefix.map(|p| format!("{p}/")).unwrap_or_default();
            Statement::allow(sid(stack, &format!("OrganizationWrite{suffix}")))
                .service("cloudtrail.amazonaws.com")
                .action("s3:PutObject")
                .resource(format!("{arn}/{path}AWSLogs/{organization}/*"))
                .condition(
                    "StringEquals",
                    "aws:SourceArn",
                    scope.trail_arn(trail).to_string(),
                )
                .condition("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control")
        });
        let all = self.statements.as_slice().iter().cloned().chain(of_organizations);
        Self {
            statements: Statements::new(all.collect()),
            ..self
        }
    }
}

impl Resource for BucketPolicy {
    const KIND: Kind = Kind::BucketPolicy;

    fn name(&self) -> String {
        self.bucket.clone()
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let Self { bucket, statements } = self;
        let statements = match live {
            Some((_, facts)) => statements.less(&facts.foreign_statements),
            None => statements,
        };
        Self { bucket, statements }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            bucket: _,
            statements,
        } = self;
        found.field("policy", statements, live.map(|l| &l.statements));
    }

    fn needs(&self, scope: &Scope) -> Vec<Address> {
        vec![scope.address(Kind::Bucket, self.bucket.as_str())]
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        let gone = self
            .statements
            .as_slice()
            .iter()
            .filter(|s| delivers(s))
            .any(|s| {
                !after.is_some_and(|after| after.statements.as_slice().iter().any(|a| a.same_meaning(s)))
            });
        gone.then(|| "CloudTrail may no longer deliver log files that it delivered".into())
    }

    fn widened(&self, live: &Self) -> Option<Self> {
        let statements = self.statements.widened(&live.statements);
        (statements.as_slice().len() > self.statements.as_slice().len()).then(|| Self {
            bucket: self.bucket.clone(),
            statements,
        })
    }
}
