use serde::Serialize;
use trailwarden_policy::{Policy, Statement};

use crate::compare::Comparison;
use crate::leaf::{Managed, PolicyText, Tags};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::Resource;

/// The role that `CloudTrail` assumes to write to a log group, with its one inline policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Role {
    /// At most 64 of `[\w+=,.@-]`.
    pub name: String,
    /// Begins and ends with a slash; fixed at creation.
    pub path: String,
    /// Who may assume it.
    pub trust: PolicyText,
    /// The inline policy [`Role::POLICY_NAME`]; absent when somebody took it away.
    pub policy: Option<PolicyText>,
    /// The ARN of its permissions boundary; managed when written.
    pub permissions_boundary: Managed<Option<String>>,
    /// Tags.
    pub tags: Tags,
}

impl Role {
    /// The name of the inline policy. Other inline policies of the role are not ours.
    pub const POLICY_NAME: &str = "trailwarden-delivery";

    /// The role that lets `CloudTrail` write the events of this account and region to a log group
    /// (AWS: "Role policy document for `CloudTrail` to use `CloudWatch` Logs for monitoring").
    #[must_use]
    pub fn for_delivery(scope: &Scope, path: &str, name: &str, log_groups: &[&str]) -> Self {
        let of_this_account: Vec<_> = log_groups.iter().map(|group| (*group, None)).collect();
        Self::for_deliveries(scope, path, name, &of_this_account)
    }

    /// The same for groups of which some receive the events of a whole organization, whose id is
    /// given: their streams are named after it (AWS: "Running `CreateTrail` or `UpdateTrail` for an
    /// organization trail").
    #[must_use]
    pub fn for_deliveries(
        scope: &Scope,
        path: &str,
        name: &str,
        log_groups: &[(&str, Option<&str>)],
    ) -> Self {
        let Scope { account, region } = scope;
        let mut streams: Vec<String> = Vec::new();
        for (group, organization) in log_groups {
            let group = scope.log_group_arn(group);
            let ours = format!("{group}:log-stream:{account}_CloudTrail_{region}*");
            let theirs = organization.map(|id| format!("{group}:log-stream:{id}_*"));
            for stream in std::iter::once(ours).chain(theirs) {
                if !streams.contains(&stream) {
                    streams.push(stream);
                }
            }
        }
        let allow = |sid: &str, action: &str| {
            streams
                .iter()
                .fold(Statement::allow(sid).action(action), |s, stream| {
                    s.resource(stream.as_str())
                })
        };
        Self {
            name: name.into(),
            path: path.into(),
            trust: PolicyText(Policy::new(vec![
                Statement::allow("CloudTrail")
                    .service("cloudtrail.amazonaws.com")
                    .action("sts:AssumeRole"),
            ])),
            policy: Some(PolicyText(Policy::new(vec![
                allow("CreateLogStream", "logs:CreateLogStream"),
                allow("PutLogEvents", "logs:PutLogEvents"),
            ]))),
            permissions_boundary: Managed::Leave,
            tags: Tags::default(),
        }
    }
}

impl Resource for Role {
    const KIND: Kind = Kind::Role;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let live = live.map(|(live, _)| live);
        Self {
            permissions_boundary: self
                .permissions_boundary
                .or_live(live.map(|l| &l.permissions_boundary), None),
            tags: self.tags.complete(live.map(|l| &l.tags)),
            ..self
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            name: _,
            path,
            trust,
            policy,
            permissions_boundary,
            tags,
        } = self;
        found.field("path", path, live.map(|l| &l.path));
        found.field("trust", trust, live.map(|l| &l.trust));
        found.field("policy", policy, live.map(|l| &l.policy));
        found.field(
            "permissions_boundary",
            permissions_boundary,
            live.map(|l| &l.permissions_boundary),
        );
        found.tags(tags, live.map(|l| &l.tags));
    }

    fn needs(&self, _scope: &Scope) -> Vec<Address> {
        Vec::new()
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        let Some(after) = after else {
            return Some("CloudTrail cannot deliver to the log group without it".into());
        };
        let trusts = |role: &Self| role.trust.0.clone();
        if !trusts(after).same_meaning(&trusts(self)) {
            return Some(
                "CloudTrail may not be able to assume it, and then no event reaches the log group".into(),
            );
        }
        let grants = |role: &Self| role.policy.clone().map(|p| p.0);
        match (grants(self), grants(after)) {
            (Some(before), Some(after)) if after.same_meaning(&before) => None,
            (None, _) => None,
            _ => Some("CloudTrail may not be able to write to the log group with it".into()),
        }
    }

    fn refuses(&self, live: &Self, _facts: &Facts) -> Option<String> {
        (live.path != self.path).then(|| {
            format!(
                "its path is `{}` and cannot be changed to `{}`; write `path = \"{}\"` or give the role another name",
                live.path, self.path, live.path
            )
        })
    }

    fn widened(&self, live: &Self) -> Option<Self> {
        let (wanted, held) = (self.policy.as_ref()?, live.policy.as_ref()?);
        let missing: Vec<Statement> = held
            .0
            .statements()
            .iter()
            .filter(|old| !wanted.0.statements().iter().any(|new| new.same_meaning(old)))
            .cloned()
            .map(|mut old| {
                old.sid = old.sid.map(|sid| format!("{sid}Former"));
                old
            })
            .collect();
        if missing.is_empty() {
            return None;
        }
        let both = wanted.0.statements().iter().cloned().chain(missing).collect();
        Some(Self {
            policy: Some(PolicyText(Policy::new(both))),
            ..self.clone()
        })
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}
