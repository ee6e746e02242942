//! The least policy with which a spec can be planned or applied.
//!
//! One table says, for every API that a provider calls, which actions IAM checks (S3's have names
//! of their own) and on which resources; a policy is the part of the table that a spec needs.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_policy::{Policy, Statement};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::wanted::{Stack, Wanted};
use trailwarden_spec::{Address, Object};

use table::{GRANTS, Grant, On};

/// What a policy has to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Reading all that a plan is made of.
    Plan,
    /// That, and every write that an apply may need.
    Apply,
}

/// Whether a table of APIs names the call `service:Operation`, as errors and traces write it.
/// A provider's test holds every call that it makes against this.
#[must_use]
pub fn covers(api: &str) -> bool {
    GRANTS.iter().any(|grant| grant.api == api)
}

/// The least policy for the caller of a plan or an apply of this spec.
///
/// It covers what the spec names and what it refers to. Alarms and roles whose names begin with the
/// stack's are covered as a whole, so that a rule that the spec drops can be taken away with the
/// same policy; to take away a trail, bucket, log group or topic, keep the policy of the spec that
/// named it until that is done.
#[must_use]
pub fn permissions(wanted: &Wanted, purpose: For) -> Policy {
    let mut allowed: BTreeMap<(On, bool, BTreeSet<String>), BTreeSet<&str>> = BTreeMap::new();
    for grant in GRANTS
        .iter()
        .filter(|grant| purpose == For::Apply || !grant.write)
    {
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
            On::PassedRole => on.sid().to_owned(),
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
        match on {
            On::PassedRole => {
                statement.condition("StringEquals", "iam:PassedToService", "cloudtrail.amazonaws.com")
            }
            _ => statement,
        }
    });
    Policy::new(statements.collect())
}

fn resources(grant: &Grant, wanted: &Wanted) -> BTreeSet<String> {
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
        .filter(|_| !grant.write)
        .map(|address| (address, None));
    objects
        .chain(existing)
        .filter(|(address, _)| address.kind == kind)
        .flat_map(|(address, object)| arns(grant.on, address, object, wanted))
        .collect()
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
        On::Nothing => vec!["*".into()],
        On::Bucket => vec![scope.bucket_arn(name).to_string()],
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
        On::Trail => vec![scope.trail_arn(name).to_string()],
        On::Topic => {
            let topic = match object {
                Some(Object::Subscription(subscription)) => &subscription.topic,
                _ => name,
            };
            vec![scope.topic_arn(topic).to_string()]
        }
        On::Alarm => {
            let ours = format!("{}-", stack.name);
            // A policy has room for some 6,000 characters: a spec of a hundred rules needs more.
            let name = if name.starts_with(&ours) {
                format!("{ours}*")
            } else {
                name.clone()
            };
            vec![scope.alarm_arn(&name).to_string()]
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
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use trailwarden_spec::kinds::{Alarm, Bucket, BucketPolicy, Delivery, ManagementEvents, Role, Trail};
    use trailwarden_spec::leaf::{Managed, Tags};
    use trailwarden_spec::wanted::{Place, Stack, Wish};
    use trailwarden_spec::{Kind, Scope};

    fn scope() -> Scope {
        Scope {
            account: "123456789012".into(),
            region: "us-east-1".into(),
        }
    }

    fn wanted(objects: Vec<Object>, existing: Vec<Address>) -> Wanted {
        let place = Place {
            file: 0,
            path: String::new(),
            span: 0..0,
        };
        let wish = |object: Object| {
            let wish = Wish {
                object: object.clone(),
                origin: String::new(),
                place: place.clone(),
            };
            (object.address(&scope()), wish)
        };
        Wanted {
            stack: Stack {
                name: "acme".into(),
                scope: scope(),
                namespace: "Trailwarden/acme".into(),
            },
            files: Vec::new(),
            objects: objects.into_iter().map(wish).collect(),
            existing: existing
                .into_iter()
                .map(|address| (address, place.clone()))
                .collect(),
            adopt: BTreeSet::new(),
            exclusive: BTreeSet::new(),
        }
    }

    fn chain() -> Vec<Object> {
        let role = Role::for_delivery(&scope(), "/trailwarden/acme/", "acme-activity", &["/acme"]);
        let delivery = Delivery {
            log_group: scope().log_group_arn("/acme"),
            role: scope().role_arn(&role.path, &role.name),
        };
        let bucket = Bucket {
            name: "logs".into(),
            region: "us-east-1".into(),
            public_access_blocked: true,
            encryption: Managed::Leave,
            versioning: Managed::Leave,
            object_ownership: Managed::Leave,
            tags: Tags::default(),
        };
        let trail = Trail {
            name: "main".into(),
            bucket: "logs".into(),
            prefix: None,
            multi_region: true,
            global_service_events: true,
            log_file_validation: true,
            delivery: Managed::Set(Some(delivery)),
            management_events: ManagementEvents::All,
            excluded_sources: BTreeSet::new(),
            logging: true,
            tags: Tags::default(),
        };
        let policy = BucketPolicy::for_trails("acme", &scope(), "logs", [("main", None)]);
        vec![bucket.into(), policy.into(), role.into(), trail.into()]
    }

    /// Sid to resources and number of actions.
    fn outline(policy: &Policy) -> BTreeMap<String, String> {
        let said = policy.statements().iter().map(|statement| {
            let json: serde_json::Value = serde_json::from_str(&statement.to_json()).unwrap();
            let actions = json["Action"].as_array().map_or(1, Vec::len);
            let condition = json
                .get("Condition")
                .map(|condition| format!(" if {condition}"))
                .unwrap_or_default();
            (
                statement.sid().unwrap().to_owned(),
                format!("{actions} on {}{condition}", json["Resource"]),
            )
        });
        said.collect()
    }

    #[test]
    fn a_plan_only_reads() {
        let policy = permissions(&wanted(chain(), Vec::new()), For::Plan);
        let outline: Vec<_> = outline(&policy).into_iter().collect();
        let expected = [
            ("AccountRead", r#"4 on "*""#),
            (
                "AlarmRead",
                r#"1 on "arn:aws:cloudwatch:us-east-1:123456789012:alarm:acme-*""#,
            ),
            ("BucketRead", r#"8 on "arn:aws:s3:::logs""#),
            (
                "LogGroupsRead",
                r#"1 on "arn:aws:logs:us-east-1:123456789012:log-group:*""#,
            ),
            (
                "RoleRead",
                r#"2 on "arn:aws:iam::123456789012:role/trailwarden/acme/*""#,
            ),
            (
                "TrailsRead",
                r#"3 on "arn:aws:cloudtrail:*:123456789012:trail/*""#,
            ),
        ];
        assert_eq!(
            outline,
            expected.map(|(sid, said)| (sid.to_owned(), said.to_owned()))
        );
        for statement in policy.statements() {
            let json = statement.to_json();
            assert!(
                !json.contains(":Put") && !json.contains(":Create") && !json.contains("PassRole"),
                "{json}"
            );
        }
    }

    #[test]
    fn an_apply_passes_the_role_to_cloudtrail_only() {
        let said = outline(&permissions(&wanted(chain(), Vec::new()), For::Apply));
        let sids: Vec<&str> = said.keys().map(String::as_str).collect();
        assert_eq!(
            sids,
            [
                "AccountRead",
                "AlarmRead",
                "BucketRead",
                "BucketWrite",
                "LogGroupsRead",
                "PassRole",
                "RoleRead",
                "RoleWrite",
                "TrailWrite",
                "TrailsRead"
            ]
        );
        assert_eq!(
            said["PassRole"],
            r#"1 on "arn:aws:iam::123456789012:role/trailwarden/acme/acme-activity" if {"StringEquals":{"iam:PassedToService":"cloudtrail.amazonaws.com"}}"#
        );
        assert_eq!(
            said["TrailWrite"],
            r#"8 on "arn:aws:cloudtrail:us-east-1:123456789012:trail/main""#
        );
    }

    #[test]
    fn s3_has_action_names_of_its_own() {
        let json = permissions(&wanted(chain(), Vec::new()), For::Apply).to_json();
        for action in [
            "s3:GetEncryptionConfiguration",
            "s3:GetBucketPublicAccessBlock",
            "s3:PutEncryptionConfiguration",
        ] {
            assert!(json.contains(action), "{action}");
        }
        assert!(!json.contains("s3:GetBucketEncryption"));
    }

    #[test]
    fn what_exists_elsewhere_is_only_read() {
        let group = scope().address(Kind::LogGroup, "/theirs");
        let policy = permissions(&wanted(Vec::new(), vec![group]), For::Apply);
        let said = outline(&policy);
        assert!(said.keys().all(|sid| sid.ends_with("Read")), "{said:?}");
        let arn = "arn:aws:logs:us-east-1:123456789012:log-group:/theirs";
        assert_eq!(said["LogGroupRead"], format!(r#"2 on ["{arn}","{arn}:*"]"#));
    }

    #[test]
    fn a_hundred_rules_fit_into_one_policy() {
        let alarm = |n| Alarm::on_metric(&format!("acme-rule-{n}"), "Trailwarden/acme", "m").into();
        let mut objects: Vec<Object> = (0..100).map(alarm).collect();
        objects.push(Alarm::on_metric("other", "Trailwarden/acme", "m").into());
        let policy = permissions(&wanted(objects, Vec::new()), For::Apply);
        assert!(policy.to_json().len() < 6144);
        let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm";
        assert!(outline(&policy)["AlarmWrite"].ends_with(&format!(r#"["{arn}:acme-*","{arn}:other"]"#)));
    }
}
