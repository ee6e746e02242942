//! The least policy with which a spec can be planned or applied.
//!
//! One table says, for every API that a provider calls, which actions IAM checks (S3's have names
//! of their own) and on which resources; a policy is the part of the table that a spec needs.

mod daily;
mod drill;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_policy::{Policy, Statement};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::drill::Drill;
use trailwarden_spec::leaf::MARK_STACK;
use trailwarden_spec::wanted::{Stack, Wanted};
use trailwarden_spec::{Address, Kind, Object};

use table::{GRANTS, Grant, On};

/// The calls that take the stack's marks off an object. S3 writes what is left of a bucket's tags.
const UNTAGS: &[&str] = &[
    "s3:PutBucketTagging",
    "s3:DeleteBucketTagging",
    "logs:UntagResource",
    "iam:UntagRole",
    "cloudtrail:RemoveTags",
    "sns:UntagResource",
    "cloudwatch:UntagResource",
];

/// What a policy has to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Reading all that a plan is made of.
    Plan,
    /// That, and what the links of the watch do at the moment.
    Status,
    /// What a plan reads, and the event history.
    Drift,
    /// That, and every write that an apply may need.
    Apply,
    /// A drill: what `Status` reads, and what the drill makes for itself.
    Drill,
    /// The everyday commands: trying topics, confirming, looking at what happened, turning trails on and off.
    Daily,
}

/// Whether a table of APIs names the call `service:Operation`, as errors and traces write it.
/// A provider's test holds every call that it makes against this.
#[must_use]
pub fn covers(api: &str) -> bool {
    let others = daily::GRANTS.iter().chain(drill::GRANTS);
    GRANTS.iter().chain(others).any(|grant| grant.api == api)
}

/// The rows of the tables for a purpose.
fn granted(purpose: For) -> impl Iterator<Item = &'static Grant> {
    let daily = purpose == For::Daily;
    GRANTS
        .iter()
        .filter(move |grant| match grant.only {
            Some(only) => only == purpose || (only, purpose) == (For::Status, For::Drill),
            None => !daily && (purpose == For::Apply || !grant.write),
        })
        .chain(daily::GRANTS.iter().filter(move |_| daily))
        .chain(drill::GRANTS.iter().filter(move |_| purpose == For::Drill))
}

/// The least policy for the caller of a plan or an apply of this spec.
///
/// It covers what the spec names, what it refers to and what it lets go. Alarms and roles whose names begin with the
/// stack's are covered as a whole, so that a rule that the spec drops can be taken away with the
/// same policy; to take away a trail, bucket, log group or topic, keep the policy of the spec that
/// named it until that is done. Of keys it covers all of the account and region, whose own policies
/// decide, too: a new key's id is not known, and its tags decide about access only after minutes.
#[must_use]
pub fn permissions(wanted: &Wanted, purpose: For) -> Policy {
    let mut allowed: BTreeMap<(On, bool, BTreeSet<String>), BTreeSet<&str>> = BTreeMap::new();
    for grant in granted(purpose) {
        let resources = resources(grant, wanted);
        if !resources.is_empty() && !grant.actions.is_empty() {
            allowed
                .entry((grant.on, grant.write, resources))
                .or_default()
                .extend(grant.actions);
        }
    }
    let mut sids: BTreeMap<String, usize> = BTreeMap::new();
    let statements = allowed.into_iter().map(|((on, write, resources), actions)| {
        let sid = match on {
            On::PassedRole | On::PassedToSns => on.sid().to_owned(),
            _ => format!("{}{}", on.sid(), if write { "Write" } else { "Read" }),
        };
        let number = sids.entry(sid.clone()).and_modify(|n| *n += 1).or_insert(1);
        let sid = if *number == 1 {
            sid
        } else {
            format!("{sid}{number}")
        };
        let statement = actions.into_iter().fold(Statement::allow(sid), Statement::action);
        let statement = resources.into_iter().fold(statement, Statement::resource);
        let passed_to = |service: &str| {
            statement
                .clone()
                .condition("StringEquals", "iam:PassedToService", service)
        };
        match on {
            On::PassedRole => passed_to("cloudtrail.amazonaws.com"),
            On::PassedToSns => passed_to("sns.amazonaws.com"),
            On::OwnKey => statement.condition(
                "StringEquals",
                format!("aws:ResourceTag/{MARK_STACK}"),
                wanted.stack.name.as_str(),
            ),
            _ => statement,
        }
    });
    Policy::new(statements.collect())
}

fn resources(grant: &Grant, wanted: &Wanted) -> BTreeSet<String> {
    if matches!(grant.on, On::DrillQueue | On::DrillTopic | On::TestGroup) {
        return of_drill(grant.on, wanted);
    }
    let Some(kind) = grant.kind else {
        return BTreeSet::from([of_stack(grant.on, wanted)]);
    };
    let objects = wanted
        .objects
        .iter()
        .map(|(address, wish)| (address, Some(&wish.object)));
    let existing = wanted
        .existing
        .keys()
        .filter(|_| !grant.write || daily::ON_EXISTING.contains(&grant.api))
        .map(|address| (address, None));
    // What is let go is read and loses its tags.
    let let_go = wanted
        .release
        .iter()
        .filter(|_| !grant.write || UNTAGS.contains(&grant.api))
        .map(|address| (address, None));
    objects
        .chain(existing)
        .chain(let_go)
        .filter(|(address, _)| address.kind == kind)
        .flat_map(|(address, object)| arns(grant.on, address, object, wanted))
        .collect()
}

/// What drills make, and what they lean on; nothing without a `[drill]`.
fn of_drill(on: On, wanted: &Wanted) -> BTreeSet<String> {
    let Some(drill) = &wanted.drill else {
        return BTreeSet::new();
    };
    let scope = &wanted.stack.scope;
    let topic = scope.topic_arn(&drill.name);
    match on {
        On::DrillTopic => BTreeSet::from([topic.to_string()]),
        On::DrillQueue => {
            let queue = Arn {
                service: "sqs".into(),
                resource: format!("{}*", Drill::queue_prefix(&wanted.stack)),
                ..topic
            };
            BTreeSet::from([queue.to_string()])
        }
        _ => {
            let groups = drill
                .test_log_group
                .iter()
                .map(|group| scope.log_group_arn(group));
            groups
                .flat_map(|arn| [arn.to_string(), arn.with_star()])
                .collect()
        }
    }
}

/// What belongs to a stack whatever its spec names.
fn of_stack(on: On, wanted: &Wanted) -> String {
    let Stack { name, scope, .. } = &wanted.stack;
    let arn = match on {
        On::AnyGroup => scope.log_group_arn("*"),
        On::AnyTrail => Arn {
            region: "*".into(),
            ..scope.trail_arn("*")
        },
        On::Role => scope.role_arn(&wanted.stack.role_path(), "*"),
        On::Alarm => scope.alarm_arn(&format!("{name}-*")),
        _ => return "*".into(),
    };
    arn.to_string()
}

fn arns(on: On, address: &Address, object: Option<&Object>, wanted: &Wanted) -> Vec<String> {
    let Address { scope, name, .. } = address;
    let stack = &wanted.stack;
    match on {
        // They do not depend on objects: see `of_drill`.
        On::DrillQueue | On::DrillTopic | On::TestGroup => Vec::new(),
        On::Nothing => vec!["*".into()],
        On::Bucket => vec![scope.bucket_arn(name).to_string()],
        On::LogFiles => match object {
            Some(Object::Trail(trail)) => {
                // Another account's is not read.
                let bucket = scope.address(Kind::Bucket, &trail.bucket);
                if !wanted.objects.contains_key(&bucket) && !wanted.existing.contains_key(&bucket) {
                    return Vec::new();
                }
                let prefix = trail.prefix.as_deref().map(|prefix| prefix.trim_end_matches('/'));
                let prefix = prefix.map(|prefix| format!("{prefix}/")).unwrap_or_default();
                vec![format!("{}/{prefix}AWSLogs/*", scope.bucket_arn(&trail.bucket))]
            }
            _ => Vec::new(),
        },
        On::Group => {
            let group = match object {
                Some(Object::MetricFilter(filter)) => &filter.log_group,
                _ => name,
            };
            let arn = scope.log_group_arn(group);
            // Tagging is checked on the ARN without the star, all else on the one with it.
            vec![arn.to_string(), arn.with_star()]
        }
        On::AnyGroup | On::AnyTrail => vec![of_stack(on, wanted)],
        On::Role => match object {
            Some(Object::Role(role)) if role.path == stack.role_path() => {
                vec![scope.role_arn(&role.path, "*").to_string()]
            }
            Some(Object::Role(role)) => vec![scope.role_arn(&role.path, name).to_string()],
            _ => existing_role(address, wanted),
        },
        On::PassedRole => match object {
            Some(Object::Trail(trail)) => trail
                .delivery
                .get()
                .into_iter()
                .flatten()
                .map(|delivery| delivery.role.to_string())
                .collect(),
            _ => Vec::new(),
        },
        On::PassedToSns => match object {
            Some(Object::Subscription(subscription)) => {
                subscription.role.iter().map(ToString::to_string).collect()
            }
            Some(Object::Topic(topic)) => topic.settings.roles().map(ToString::to_string).collect(),
            _ => Vec::new(),
        },
        On::Key | On::OwnKey => vec![scope.kms_arn("key/*".into()).to_string()],
        On::KeyAlias => vec![scope.key_alias_arn(name).to_string()],
        On::Trail => vec![scope.trail_arn(name).to_string()],
        On::Topic => {
            let topic = match object {
                Some(Object::Subscription(subscription)) => &subscription.topic,
                _ => name,
            };
            vec![scope.topic_arn(topic).to_string()]
        }
        On::Queue => match object {
            Some(Object::Subscription(subscription)) => subscription
                .queues()
                .filter(|(queue, _)| stack.scope.holds(queue))
                .map(|(queue, _)| queue.to_string())
                .collect(),
            _ => Vec::new(),
        },
        On::QueueKey => match object {
            Some(Object::Subscription(subscription))
                if subscription.queues().any(|(queue, _)| stack.scope.holds(&queue)) =>
            {
                vec![scope.kms_arn("key/*".into()).to_string()]
            }
            _ => Vec::new(),
        },
        On::Alarm => {
            let ours = format!("{}-", stack.name);
            // A policy has room for some 6,000 characters: a spec of a hundred rules needs more.
            let name = if name.starts_with(&ours) {
                format!("{ours}*")
            } else {
                name.clone()
            };
            vec![scope.alarm_arn(&printable(&name)).to_string()]
        }
    }
}

/// An existing role is known by its name; its path is in the ARN that a trail gives.
fn existing_role(address: &Address, wanted: &Wanted) -> Vec<String> {
    let known = wanted.objects.values().find_map(|wish| match &wish.object {
        Object::Trail(trail) => {
            let role = &trail.delivery.get()?.as_ref()?.role;
            (role.name() == address.name).then(|| role.to_string())
        }
        _ => None,
    });
    vec![known.unwrap_or_else(|| {
        address
            .scope
            .role_arn("/", &format!("*{}", address.name))
            .to_string()
    })]
}

#[cfg(test)]
mod tests;

/// IAM policies take no characters beyond Latin-1 (the policy grammar's `[\u0009\u000A\u000D\u0020-\u00FF]+`),
/// so that a name with others is granted by the part before them.
fn printable(name: &str) -> String {
    match name.find(|c: char| c > '\u{ff}') {
        Some(at) => format!("{}*", &name[..at]),
        None => name.to_owned(),
    }
}
