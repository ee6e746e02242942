//! Policies that are not ours to write: those of buckets that the spec takes from elsewhere, mostly
//! from another account. Their owners have to be told what to add to them.

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_spec::kinds::{BucketPolicy, TopicPolicy, Trail};
use trailwarden_spec::leaf::Statements;
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Address, Kind, Object};

use crate::plan::{Note, Plan};

/// Notes, for each bucket of somebody else that something of this plan writes to, the statements that
/// its policy needs. Where nothing changes they have done their work.
pub(crate) fn note(plan: &mut Plan, wanted: &Wanted) {
    let scope = &wanted.stack.scope;
    let moving: BTreeSet<&Address> = plan
        .steps
        .iter()
        .map(|step| &step.address)
        .chain(plan.refusals.iter().map(|refusal| &refusal.address))
        .collect();
    let mut trails: BTreeMap<&str, Vec<&Trail>> = BTreeMap::new();
    let mut logged: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    let mut changing: BTreeSet<&str> = BTreeSet::new();
    for (address, wish) in &wanted.objects {
        let bucket = match &wish.object {
            Object::Trail(trail) => {
                trails.entry(&trail.bucket).or_default().push(trail);
                &trail.bucket
            }
            Object::Bucket(source) => {
                let Some(Some(to)) = source.access_logging.get() else {
                    continue;
                };
                let sources = logged.entry(&to.bucket).or_default();
                sources.push((source.name.as_str(), to.prefix.as_str()));
                &to.bucket
            }
            _ => continue,
        };
        if moving.contains(address) {
            changing.insert(bucket);
        }
    }
    let not_ours = |bucket: &&str| !wanted.objects.contains_key(&scope.address(Kind::Bucket, *bucket));
    let notes: Vec<Note> = changing
        .into_iter()
        .filter(not_ours)
        .map(|bucket| {
            let trails = trails.get(bucket).into_iter().flatten();
            let organizations = trails.clone().any(|trail| trail.organization);
            let trails = trails.map(|trail| (trail.name.as_str(), trail.prefix.as_deref()));
            let stack = &wanted.stack.name;
            let policy = BucketPolicy::for_trails(stack, scope, bucket, trails);
            let sources = logged.get(bucket).into_iter().flatten();
            let policy = sources.fold(policy, |policy, (source, prefix)| {
                policy.and_access_logs(stack, scope, source, prefix)
            });
            Note {
                address: scope.address(Kind::Bucket, bucket),
                message: format!(
                    "its policy is its owner's to write, and needs these statements unless others say the same: {}{}",
                    policy.statements.to_json(),
                    if organizations {
                        "; the one for s3:PutObject for AWSLogs/ORGANIZATION-ID/*, too"
                    } else {
                        ""
                    }
                ),
            }
        })
        .collect();
    plan.notes.extend(notes);
    for (address, wish) in &wanted.objects {
        if let Object::Trail(trail) = &wish.object
            && let Some(Some(topic)) = trail.sns_topic.get()
            && !scope.holds(topic)
            && moving.contains(address)
        {
            let statement = TopicPolicy::log_files(&wanted.stack.name, scope, topic, &trail.name);
            plan.notes.push(Note {
                address: address.clone(),
                message: format!(
                    "the policy of the topic `{topic}` is its owner's to write, and needs this statement unless another \
                     says the same: {}",
                    Statements::new(vec![statement]).to_json()
                ),
            });
        }
    }
}
