//! Every field of every kind: an account holds one value, the spec says another, the plan shows
//! just that, and after apply there is nothing left to do.
//!
//! The stories stand in tables, one for each kind, and are told to the sandbox and, where it keeps
//! the field, to moto. A field without a story fails [`every_field_has_a_story`], and a key of
//! docs/spec.md without one [`every_key_has_a_story`].

mod alarms;
mod buckets;
mod keys;
mod logs;
mod story;
mod topics;
mod trails;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use trailwarden_spec::Kind;
use trailwarden_spec::kinds::fields_of;

use crate::support::world::World;
use story::{On, Table};

/// Fields without a story here, each with the reason.
const NO_STORY: [(&str, &str, &str); 1] = [(
    "bucket",
    "region",
    "a bucket cannot move; crates/provider/tests/account/faults/buckets.rs has the refusal",
)];

/// The sections of docs/spec.md whose keys become fields, with the kinds that have them.
const SECTIONS: [(&str, &[&str]); 15] = [
    ("trail", &["trail"]),
    ("What a trail records", &["trail"]),
    ("bucket", &["bucket", "bucket_policy"]),
    ("lifecycle", &["bucket"]),
    ("log_group", &["log_group"]),
    ("key", &["key", "key_policy"]),
    ("role", &["role"]),
    ("topic", &["topic", "topic_policy"]),
    ("delivery_retry", &["topic"]),
    ("subscription", &["subscription"]),
    ("rule", &["metric_filter", "alarm"]),
    ("alarm", &["alarm"]),
    ("The numbers of an alarm", &["alarm"]),
    ("Queries", &["alarm"]),
    ("composite_alarm", &["composite_alarm"]),
];

/// Those that say nothing of an object's fields, or what other sections' keys stand for.
const NO_SECTION: [&str; 7] = [
    "stack",
    "defaults",
    "References",
    "Tests of patterns",
    "waiver",
    "drill",
    "pack",
];

/// Keys that become no field of the kind, each with the reason.
const NO_FIELD: [(&str, &str, &str); 11] = [
    ("trail", "heartbeat", "makes an alarm"),
    (
        "topic",
        "exclusive",
        "says what becomes of subscriptions that the spec does not name",
    ),
    ("topic", "subscription", "a kind of its own"),
    ("subscription", "endpoint_env", "another way to say `endpoint`"),
    ("subscription", "endpoint_file", "another way to say `endpoint`"),
    ("rule", "filter", "its keys are those of the filter"),
    ("rule", "alarm", "its keys are those of the alarm"),
    ("rule", "test", "AWS never sees it"),
    ("rule", "allow", "AWS never sees it"),
    ("The numbers of an alarm", "allow", "AWS never sees it"),
    ("alarm", "query", "its keys are in the section on queries"),
];

/// What stories are told of beside fields: what an object is known by. No update can show it.
const IDENTITY: [&str; 2] = ["name", "log_group"];

macro_rules! tables {
    ($($name:ident, $on_moto:ident: $table:expr;)*) => {
        $(
            #[test]
            fn $name() {
                $table.tell(On::Sandbox, &KNOWN);
            }

            #[test]
            fn $on_moto() {
                $table.tell(On::Moto, &KNOWN);
            }
        )*

        fn all() -> Vec<Table> {
            vec![$($table),*]
        }
    };
}

tables! {
    keys, keys_on_moto: keys::key();
    key_policies, key_policies_on_moto: keys::key_policy();
    buckets, buckets_on_moto: buckets::bucket();
    bucket_policies, bucket_policies_on_moto: buckets::bucket_policy();
    log_groups, log_groups_on_moto: logs::log_group();
    roles, roles_on_moto: logs::role();
    trails, trails_on_moto: trails::trail();
    metric_filters, metric_filters_on_moto: logs::metric_filter();
    topics, topics_on_moto: topics::topic();
    topic_policies, topic_policies_on_moto: topics::topic_policy();
    subscriptions, subscriptions_on_moto: topics::subscription();
    alarms, alarms_on_moto: alarms::alarm();
    alarms_on_queries, alarms_on_queries_on_moto: alarms::alarm_on_queries();
    composite_alarms, composite_alarms_on_moto: alarms::composite_alarm();
}

/// Every field that a plan can show, by kind.
static KNOWN: LazyLock<BTreeSet<(String, String)>> = LazyLock::new(known);

/// A test of `spec` holds that list against the comparisons of the kinds.
fn known() -> BTreeSet<(String, String)> {
    let fields = |kind: &Kind| {
        let kind = *kind;
        fields_of(kind)
            .iter()
            .map(move |field| (kind.to_string(), (*field).to_owned()))
    };
    Kind::ALL.iter().flat_map(fields).collect()
}

#[test]
fn every_field_has_a_story() {
    let kinds: BTreeSet<&str> = KNOWN.iter().map(|(kind, _)| kind.as_str()).collect();
    let all_kinds = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(kinds, all_kinds, "the kinds whose fields were found");

    let mut told: BTreeSet<(String, String)> = BTreeSet::new();
    for table in all() {
        for story in &table.stories {
            told.extend(
                story
                    .fields()
                    .map(|field| (table.kind.to_owned(), field.to_owned())),
            );
        }
    }
    let missing: Vec<_> = KNOWN.difference(&told).collect();
    let excused: BTreeSet<_> = NO_STORY
        .iter()
        .map(|(kind, field, _)| ((*kind).to_owned(), (*field).to_owned()))
        .collect();
    assert_eq!(missing, Vec::from_iter(&excused), "fields without a story");
    let no_field: Vec<_> = told
        .difference(&KNOWN)
        .filter(|(_, field)| !IDENTITY.contains(&field.as_str()))
        .collect();
    assert!(no_field.is_empty(), "stories of no field: {no_field:?}");
}

/// Fields with several parts have a story for each: all keys that docs/spec.md lists are changed.
#[test]
fn every_key_has_a_story() {
    let tables: Vec<_> = all()
        .into_iter()
        .map(|table| (table.changed_keys(), table))
        .collect();
    let has_story = |kinds: &[&str], key: &str| {
        tables.iter().any(|(changed, table)| {
            let mut fields = table.stories.iter().flat_map(story::Story::fields);
            kinds.contains(&table.kind) && (changed.contains(key) || fields.any(|field| field == key))
        })
    };
    let mut section = "";
    let mut lists_keys = false;
    let mut missing = BTreeSet::new();
    for line in include_str!("../docs/spec.md").lines() {
        if let Some(heading) = line.strip_prefix('#') {
            section = heading.trim_start_matches('#').trim();
        }
        lists_keys = line.starts_with("| key |") || (lists_keys && line.starts_with('|'));
        if !lists_keys || NO_SECTION.contains(&section) {
            continue;
        }
        let kinds = SECTIONS.iter().find(|(name, _)| *name == section);
        let (_, kinds) = kinds.unwrap_or_else(|| panic!("the kinds of the section {section:?}"));
        let cell = line.split('|').nth(1).unwrap_or_default();
        for key in cell.split('`').skip(1).step_by(2) {
            if !has_story(kinds, key) {
                missing.insert((section, key));
            }
        }
    }
    let excused = NO_FIELD.map(|(section, key, _)| (section, key));
    assert_eq!(missing, BTreeSet::from(excused), "keys without a story");
}

/// What is read off the source text is what plans show.
#[test]
fn plans_show_no_other_fields() {
    let world = World::on_sandbox();
    world.write_example("everything.toml");
    let plan = world.run(&["plan", "spec.toml", "--format", "json"]).exits(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).expect("JSON");
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for step in plan["steps"].as_array().expect("steps") {
        let kind = step["kind"].as_str().expect("a kind");
        for change in step["changes"].as_array().expect("changes") {
            let field = change["field"].as_str().expect("a field");
            assert!(
                KNOWN.contains(&(kind.to_owned(), field.to_owned())),
                "{kind}.{field} is in no comparison"
            );
            shown.entry(kind.to_owned()).or_default().insert(field.to_owned());
        }
    }
    assert_eq!(
        shown.len(),
        Kind::ALL.len(),
        "kinds in specs/everything.toml: {shown:?}"
    );
}

#[test]
fn what_moto_drops_is_written_down() {
    let rows = include_str!("../docs/emulators.md");
    for table in all() {
        for story in &table.stories {
            if let Some(row) = story.row() {
                let kind = table.kind;
                assert!(
                    rows.contains(row),
                    "docs/emulators.md has the row {row:?} for {kind}"
                );
            }
        }
    }
}
