use std::collections::{BTreeMap, HashMap};

use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_policy::{Policy, Statement};
use trailwarden_spec::kinds::TopicPolicy;
use trailwarden_spec::leaf::{Owner, Statements};
use trailwarden_spec::live::{Facts, Found};

use crate::door::Api;

use super::{Aws, Page, refusal, topic};

const READ: Api = Api::read("sns", "GetTopicAttributes");
const WRITE: Api = Api::write("sns", "SetTopicAttributes");

/// "Amazon SNS endpoints and quotas": 30 KB.
const MAX_BYTES: usize = 30 * 1024;

/// What a topic's attributes say of its policy. `None` when the policy holds no statement at all.
pub(crate) fn found(aws: &Aws, topic: &str, attributes: &HashMap<String, String>) -> Option<Found> {
    let mut facts = Facts::default();
    let statements = match current(attributes) {
        Ok(policy) => {
            let (ours, foreign) = Statements::split(&policy, &aws.stack);
            facts.foreign_statements = foreign;
            ours
        }
        Err(problem) => {
            facts.inexpressible.push(problem);
            Statements::default()
        }
    };
    let nothing =
        statements.is_empty() && facts.foreign_statements.is_empty() && facts.inexpressible.is_empty();
    let value = TopicPolicy {
        topic: topic.into(),
        statements,
    };
    (!nothing).then(|| Found {
        value: value.into(),
        owner: Owner::Ours,
        facts,
    })
}

/// The whole policy of a topic.
///
/// # Errors
/// Why it cannot be understood.
pub(crate) fn current(attributes: &HashMap<String, String>) -> Result<Policy, String> {
    match attributes.get("Policy").filter(|text| !text.is_empty()) {
        None => Ok(Policy::new(Vec::new())),
        Some(text) => {
            Policy::parse(text).map_err(|error| format!("a policy that cannot be understood: {error}"))
        }
    }
}

/// The statement that SNS gives a new topic: the account it belongs to may use it. SNS refuses an
/// empty policy, so this is what stays when ours was all there was.
fn default_statement(aws: &Aws, topic: &str) -> Statement {
    let actions = [
        "SNS:GetTopicAttributes",
        "SNS:SetTopicAttributes",
        "SNS:AddPermission",
        "SNS:RemovePermission",
        "SNS:DeleteTopic",
        "SNS:Subscribe",
        "SNS:ListSubscriptionsByTopic",
        "SNS:Publish",
    ];
    actions
        .into_iter()
        .fold(
            Statement::allow("__default_statement_ID").principal_aws("*"),
            Statement::action,
        )
        .resource(aws.scope.topic_arn(topic).to_string())
        .condition("StringEquals", "AWS:SourceOwner", aws.scope.account.as_str())
}

/// Puts these statements in the place of the stack's, as the policy is now.
async fn write(aws: &Aws, topic: &str, statements: &Statements) -> Result<(), AccountError> {
    let object = topic::object(topic);
    let _alone = aws.door.exclusive(&object).await;
    let attributes = match statements.is_empty() {
        false => topic::attributes_of_new(aws, topic).await?,
        true => match topic::attributes(aws, topic).await? {
            Some(attributes) => attributes,
            None => return Ok(()),
        },
    };
    let policy = current(&attributes)
        .map_err(|problem| refusal(READ, format!("the topic `{topic}` has {problem}")))?;
    let policy = aws.written.base(&object, policy);
    let mut merged = statements.merged_into(&policy, &aws.stack);
    if merged == policy {
        return Ok(());
    }
    if merged.statements().is_empty() {
        merged = merged.with(default_statement(aws, topic));
    }
    let text = merged.to_json();
    if text.len() > MAX_BYTES {
        let size = text.len();
        let message =
            format!("the policy of the topic `{topic}` would have {size} bytes; SNS takes {MAX_BYTES}");
        return Err(AccountError {
            kind: ErrorKind::Limit,
            ..refusal(WRITE, message)
        });
    }
    topic::set_attribute(aws, topic, "Policy", &text).await?;
    aws.written.wrote(&object, policy, merged);
    Ok(())
}

impl Page for TopicPolicy {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        Ok(topic::attributes(aws, name)
            .await?
            .and_then(|attributes| found(aws, name, &attributes)))
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        write(aws, &self.topic, &self.statements).await
    }

    async fn update(&self, _before: &Self, aws: &Aws) -> Result<(), AccountError> {
        write(aws, &self.topic, &self.statements).await
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        write(aws, &self.topic, &Statements::default()).await
    }

    async fn tag(
        &self,
        _aws: &Aws,
        _put: &BTreeMap<String, String>,
        _remove: &[String],
    ) -> Result<(), AccountError> {
        Ok(())
    }
}
