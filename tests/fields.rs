//! Every field of every kind: an account holds one value, the spec says another, the plan shows
//! just that, and after apply there is nothing left to do.
//!
//! The stories stand in tables, one for each kind, and are told to the sandbox and, where it keeps
//! the field, to moto. A field without a story fails [`every_field_has_a_story`].

mod alarms;
mod buckets;
mod keys;
mod logs;
mod story;
mod topics;
mod trails;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use trailwarden_spec::Kind;
use trailwarden_spec::kinds::DeliveryStatuses;

use crate::support::world::World;
use story::{On, Table};

/// Fields without a story here, each with the reason.
const NO_STORY: [(&str, &str, &str); 1] = [(
    "bucket",
    "region",
    "a bucket cannot move; crates/provider/tests/account/faults/buckets.rs has the refusal",
)];

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

/// Reads the fields off the comparisons of the kinds: each `compare` destructures its struct, so that
/// none can be missing there.
fn known() -> BTreeSet<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/src/kinds");
    let mut known = BTreeSet::new();
    let mut others = BTreeSet::new();
    for (page, text) in pages(&folder) {
        let kind = match page.as_str() {
            "subscription_settings" => "subscription",
            page => page,
        };
        for call in [".field(", ".note("] {
            for (at, _) in text.match_indices(call) {
                let argument = text[at + call.len()..].trim_start();
                let end = argument.find(',').expect("a second argument");
                match argument[..end].strip_prefix('"') {
                    Some(name) => known.insert((kind.to_owned(), name.trim_end_matches('"').to_owned())),
                    None => others.insert((kind.to_owned(), argument[..end].to_owned())),
                };
            }
        }
        if text.contains("found.tags(") {
            for field in ["tags", "protect"] {
                known.insert((kind.to_owned(), field.to_owned()));
            }
        }
    }
    // Names that are no literals: what an alarm on one metric hands on, and delivery statuses.
    let handed_on = [("alarm", "name"), ("topic", "field")];
    let handed_on = handed_on.map(|(kind, name)| (kind.to_owned(), name.to_owned()));
    assert_eq!(
        others,
        BTreeSet::from(handed_on),
        "names that this test cannot read"
    );
    for (field, ..) in DeliveryStatuses::default().all() {
        known.insert(("topic".to_owned(), field.to_owned()));
    }
    known
}

/// The kinds' source text, by the name of the page.
fn pages(folder: &Path) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("a folder");
            open.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else {
            let page = path.strip_prefix(folder).expect("below it");
            let page = page.with_extension("");
            let page = page.iter().next().expect("a name").to_string_lossy().into_owned();
            pages.push((page, std::fs::read_to_string(&path).expect("source text")));
        }
    }
    pages
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
    // A name is of the identity of what has one, and no field that a plan could show.
    let no_field: Vec<_> = told
        .difference(&KNOWN)
        .filter(|(_, field)| field != "name")
        .collect();
    assert!(no_field.is_empty(), "stories of no field: {no_field:?}");
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
