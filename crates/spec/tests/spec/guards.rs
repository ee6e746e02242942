//! `protect`, `[[release]]` and `[[moved]]`: what they make of a spec.

use std::collections::BTreeSet;

use trailwarden_spec::leaf::Tags;
use trailwarden_spec::{Object, Wanted};

use crate::cases::STACK;
use crate::problems::{parse, rendered};

fn good(text: &str) -> Wanted {
    let text = format!("{STACK}{text}");
    parse(&text).unwrap_or_else(|problems| panic!("{}", rendered(&[&text], &problems)))
}

const SECTIONS: &str = r#"
[defaults]
log_group = "a"
notify = ["t"]
[trail.main]
bucket = "logs"
log_group = "a"
[bucket.logs]
[log_group.a]
[topic.t]
[rule.r]
pattern = "x"
[metric_filter.f]
log_group = "a"
pattern = "y"
[alarm.f]
namespace = "Trailwarden/acme"
metric = "f"
notify = ["t"]
"#;

/// What is protected, by its tag or by the spec alone.
fn protected(wanted: &Wanted) -> Vec<String> {
    let by_tag = |object: &Object| object.tags().is_some_and(Tags::is_protected);
    let wishes = wanted.objects.iter();
    wishes
        .filter(|(address, wish)| by_tag(&wish.object) || wanted.protect.contains(address))
        .map(|(address, _)| address.to_string())
        .collect()
}

#[test]
fn each_section_protects_what_it_makes() {
    assert_eq!(protected(&good(SECTIONS)), Vec::<String>::new());
    let cases: &[(&str, &[&str])] = &[
        ("bucket.logs", &["bucket.logs"]),
        ("log_group.a", &["log_group.a"]),
        ("topic.t", &["topic.t"]),
        ("alarm.f", &["alarm.f"]),
        ("rule.r", &["metric_filter.a:acme-r", "alarm.acme-r"]),
        ("trail.main", &["trail.main", "alarm.acme-main-heartbeat"]),
    ];
    for (section, expected) in cases {
        let header = format!("[{section}]\n");
        let text = SECTIONS.replace(&header, &format!("{header}protect = true\n"));
        assert_eq!(protected(&good(&text)), *expected, "{section}");
    }
    // A filter on its own needs an alarm that remembers it.
    let both = SECTIONS
        .replace("[metric_filter.f]\n", "[metric_filter.f]\nprotect = true\n")
        .replace("[alarm.f]\n", "[alarm.f]\nprotect = true\n");
    assert_eq!(protected(&good(&both)), ["metric_filter.a:f", "alarm.f"]);
}

#[test]
fn a_role_and_a_heartbeat_are_protected_on_their_own() {
    let trail = |keys: &str| SECTIONS.replace("[trail.main]\n", &format!("[trail.main]\n{keys}\n"));
    let role = format!("{}[role.d]\nprotect = true\n", trail("role = \"d\""));
    assert_eq!(protected(&good(&role)), ["role.d"]);
    let heartbeat = "alarm.acme-main-heartbeat";
    assert_eq!(
        protected(&good(&trail("heartbeat = { protect = true }"))),
        [heartbeat]
    );
    let not = "protect = true\nheartbeat = { notify = [\"t\"], protect = false }";
    assert_eq!(protected(&good(&trail(not))), ["trail.main"]);
}

#[test]
fn what_is_released_may_exist_elsewhere_from_then_on() {
    let wanted = good(
        "[topic.t]\n[alarm.a]\nnamespace = 'n'\nmetric = 'm'\nnotify = [{ arn = 'arn:aws:sns:us-east-1:123456789012:central' }]\n\
         [[release]]\naddress = 'topic.central'\nreason = 'the platform team has it now'\n\
         [[release]]\naddress = 'log_group./acme/x'\n",
    );
    let released: Vec<String> = wanted.release.iter().map(ToString::to_string).collect();
    assert_eq!(released, ["log_group./acme/x", "topic.central"]);
    assert!(
        wanted
            .release
            .iter()
            .any(|address| wanted.existing.contains_key(address))
    );
}

/// A spec before and after its sections got other labels.
fn moved() -> (String, String) {
    let old = SECTIONS.replace("pattern = \"x\"", "pattern = \"x\"\ndescription = \"d\"");
    let new = old
        .replace("\"a\"", "\"activity\"")
        .replace("[log_group.a]", "[log_group.activity]")
        .replace("[\"t\"]", "[\"security\"]")
        .replace("[topic.t]", "[topic.security]")
        .replace("\"logs\"", "\"files\"")
        .replace("[bucket.logs]", "[bucket.files]")
        .replace("trail.main", "trail.all")
        .replace("rule.r", "rule.root")
        .replace("metric_filter.f", "metric_filter.failures")
        .replace("alarm.f", "alarm.failures");
    let moves = [
        ("log_group.a", "log_group.activity"),
        ("topic.t", "topic.security"),
        ("bucket.logs", "bucket.files"),
        ("trail.main", "trail.all"),
        ("metric_filter.f", "metric_filter.failures"),
        ("alarm.f", "alarm.failures"),
        // In two steps, the later one first.
        ("rule.admin", "rule.root"),
        ("rule.r", "rule.admin"),
    ];
    let moves: String = moves
        .iter()
        .map(|(from, to)| format!("[[moved]]\nfrom = \"{from}\"\nto = \"{to}\"\n"))
        .collect();
    (old, format!("{new}{moves}"))
}

#[test]
fn a_section_that_was_moved_keeps_the_names_of_its_old_label() {
    let (old, new) = moved();
    let objects = |text: &str| -> Vec<Object> {
        let wishes = good(text).objects.into_values();
        wishes.map(|wish| wish.object).collect()
    };
    assert_eq!(objects(&old), objects(&new));
    // People and addresses go by the new label.
    let wanted = good(&new);
    let origins: BTreeSet<&str> = wanted.objects.values().map(|wish| wish.origin.as_str()).collect();
    assert!(origins.contains("rule.root") && !origins.contains("rule.r"));
}

#[test]
fn the_generated_description_of_a_rule_names_the_label_that_the_spec_has() {
    let wanted = good(
        "[log_group.a]\n[rule.new]\nlog_group = 'a'\nnotify = []\npattern = 'x'\n\
         [[moved]]\nfrom = 'rule.old'\nto = 'rule.new'\n",
    );
    let alarm = wanted.objects.values().find_map(|wish| match &wish.object {
        Object::Alarm(alarm) => Some(alarm),
        _ => None,
    });
    let alarm = alarm.expect("an alarm");
    assert_eq!(
        (alarm.name.as_str(), alarm.metric.as_str()),
        ("acme-old", "acme-old")
    );
    assert!(
        alarm
            .description
            .get()
            .is_some_and(|text| text.contains("rule new ("))
    );
}

#[test]
fn what_is_written_beside_a_move_holds() {
    let wanted = good(
        "[log_group.a]\n[rule.new]\nlog_group = 'a'\nnotify = []\npattern = 'x'\nalarm.name = 'root'\n\
         [[moved]]\nfrom = 'rule.old'\nto = 'rule.new'\n",
    );
    let names: Vec<String> = wanted.objects.keys().map(ToString::to_string).collect();
    assert_eq!(names, ["log_group.a", "metric_filter.a:acme-old", "alarm.root"]);
}
