use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use trailwarden_policy::{Element, Statement, Who};

use crate::arn::Arn;
use crate::compare::Comparison;
use crate::leaf::{Statements, digest, sid};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::Resource;

/// Somebody beside alarms and trails who may use a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guest {
    /// An AWS service, on behalf of this account.
    Service(String),
    /// An account as a whole, a role or a user, by its ARN.
    Arn(Arn),
}

impl fmt::Display for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(name) => f.write_str(name),
            Self::Arn(arn) => arn.fmt(f),
        }
    }
}

/// The stack's statements in a topic's policy: this account's alarms may publish, and who else the
/// spec names.
///
/// SNS's default statement (`AWS:*` with `AWS:SourceOwner`) lets them publish, too, but whoever
/// edits the policy may drop it; ours is its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TopicPolicy {
    /// The topic's name.
    pub topic: String,
    /// Statements by Sid; foreign ones stay as they are.
    pub statements: Statements,
}

impl TopicPolicy {
    /// What the Sids of statements for publishers begin with, after the stack's part.
    pub(crate) const PUBLISHERS: &str = "Publishers";

    /// The policy that lets this account's alarms publish to a topic
    /// (AWS: "Access control for Amazon SNS" with `CloudWatch` alarms).
    #[must_use]
    pub fn for_alarms(stack: &str, scope: &Scope, topic: &str) -> Self {
        let of_region = Self::statement(stack, scope, topic).condition(
            "ArnLike",
            "aws:SourceArn",
            scope.alarm_arn("*").to_string(),
        );
        Self {
            topic: topic.into(),
            statements: Statements::new(vec![of_region]),
        }
    }

    /// The same for alarms of which one has a name with characters beyond ASCII: their ARNs cannot
    /// be matched, so that the account alone is asked for, as AWS says there.
    #[must_use]
    pub fn for_alarms_of_any_name(stack: &str, scope: &Scope, topic: &str) -> Self {
        Self {
            topic: topic.into(),
            statements: Statements::new(vec![Self::statement(stack, scope, topic)]),
        }
    }

    /// A policy without statements, to begin with.
    #[must_use]
    pub fn for_nobody(topic: &str) -> Self {
        Self {
            topic: topic.into(),
            statements: Statements::new(Vec::new()),
        }
    }

    /// The policy with a statement for each trail that tells the topic of its log files
    /// (AWS: "Amazon SNS topic policy for `CloudTrail`").
    #[must_use]
    pub fn and_trails<'a>(
        self,
        stack: &str,
        scope: &Scope,
        trails: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let arn = scope.topic_arn(&self.topic);
        let of_trails = trails
            .into_iter()
            .map(|trail| Self::log_files(stack, scope, &arn, trail));
        let all = self.statements.as_slice().iter().cloned().chain(of_trails);
        Self {
            statements: Statements::new(all.collect()),
            ..self
        }
    }

    /// Who may publish beside alarms and trails, by the statements of [`Self::and_guests`].
    #[must_use]
    pub fn publishers(&self) -> BTreeSet<Guest> {
        let mut guests = BTreeSet::new();
        for statement in self.statements.of_purpose(Self::PUBLISHERS) {
            let Some(Element::Is(Who::Listed(kinds))) = &statement.principal else {
                continue;
            };
            for (kind, values) in kinds {
                guests.extend(values.iter().filter_map(|value| match kind.as_str() {
                    "Service" => Some(Guest::Service(value.clone())),
                    _ => Arn::parse(value).map(Guest::Arn),
                }));
            }
        }
        guests
    }

    /// The policy with statements that let others call `action`; `purpose` tells their Sids apart. A
    /// service acts for whoever asks it to, so that its statement names the account (AWS:
    /// "Cross-service confused deputy prevention").
    #[must_use]
    pub fn and_guests(
        self,
        stack: &str,
        scope: &Scope,
        purpose: &str,
        action: &str,
        guests: &BTreeSet<Guest>,
    ) -> Self {
        let arn = scope.topic_arn(&self.topic).to_string();
        let statement = |suffix: &str| {
            Statement::allow(sid(stack, &format!("{purpose}{suffix}")))
                .action(action)
                .resource(arn.clone())
        };
        let (mut services, mut others) = (None, None);
        for guest in guests {
            match guest {
                Guest::Service(name) => {
                    let so_far: Statement = services.take().unwrap_or_else(|| statement("Services"));
                    services = Some(so_far.service(name));
                }
                Guest::Arn(arn) => {
                    let so_far: Statement = others.take().unwrap_or_else(|| statement(""));
                    others = Some(so_far.principal_aws(arn.to_string()));
                }
            }
        }
        let services =
            services.map(|all| all.condition("StringEquals", "aws:SourceAccount", scope.account.as_str()));
        let all = self.statements.as_slice().iter().cloned();
        Self {
            statements: Statements::new(all.chain(services).chain(others).collect()),
            ..self
        }
    }

    /// The statement that lets a trail whose home is `scope` tell a topic of its log files, in
    /// whatever region or account that is.
    #[must_use]
    pub fn log_files(stack: &str, scope: &Scope, topic: &Arn, trail: &str) -> Statement {
        let suffix = digest(trail, 4).to_uppercase();
        Statement::allow(sid(stack, &format!("LogFiles{suffix}")))
            .service("cloudtrail.amazonaws.com")
            .action("sns:Publish")
            .resource(topic.to_string())
            .condition(
                "StringEquals",
                "aws:SourceArn",
                scope.trail_arn(trail).to_string(),
            )
    }

    fn statement(stack: &str, scope: &Scope, topic: &str) -> Statement {
        Statement::allow(sid(stack, "Alarms"))
            .service("cloudwatch.amazonaws.com")
            .action("sns:Publish")
            .resource(scope.topic_arn(topic).to_string())
            .condition("StringEquals", "aws:SourceAccount", scope.account.as_str())
    }
}

impl Resource for TopicPolicy {
    const KIND: Kind = Kind::TopicPolicy;

    fn name(&self) -> String {
        self.topic.clone()
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let Self { topic, statements } = self;
        let statements = match live {
            Some((_, facts)) => statements.less(&facts.foreign_statements),
            None => statements,
        };
        Self { topic, statements }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self { topic: _, statements } = self;
        found.field("policy", statements, live.map(|l| &l.statements));
    }

    fn needs(&self, scope: &Scope) -> Vec<Address> {
        vec![scope.address(Kind::Topic, self.topic.as_str())]
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        let of_alarms = |policy: &Self| {
            let mut sids = policy.statements.as_slice().iter().filter_map(Statement::sid);
            sids.any(|sid| sid.contains("Alarms"))
        };
        (of_alarms(self) && !after.is_some_and(of_alarms))
            .then(|| "no statement of ours lets alarms publish to the topic".into())
    }

    fn widened(&self, live: &Self) -> Option<Self> {
        let statements = self.statements.widened(&live.statements);
        (statements.as_slice().len() > self.statements.as_slice().len()).then(|| Self {
            topic: self.topic.clone(),
            statements,
        })
    }
}
