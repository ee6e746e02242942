//! The full breadth: `specs/everything.toml` is applied in one go, and nothing is left to do.

use crate::support::world::World;

/// What of the spec moto cannot keep: the beginning of a line, or of a section at the end, each with
/// the row of docs/emulators.md that says so.
const MOTO_DROPS: [(&str, &str); 6] = [
    (
        "sns_topic = ",
        "| `CreateTrail`, `UpdateTrail` with a topic's ARN |",
    ),
    ("insights = ", "| `PutInsightSelectors` |"),
    ("deletion_protection = ", "| log classes, deletion protection |"),
    ("delivery_status = ", DELIVERY),
    ("signature_version = ", DELIVERY),
    ("[composite_alarm.", "| calls that it lacks (`PutCompositeAlarm`"),
];
const DELIVERY: &str = "| delivery status, `SignatureVersion`, `TracingConfig` of a topic |";

#[test]
fn every_option_on_the_sandbox() {
    let world = World::on_sandbox();
    world.write_example("everything.toml");
    drop(world.apply());
    drop(world.expect_no_differences());
}

#[test]
fn every_option_that_moto_keeps() {
    let world = World::on_moto();
    let text = world.write_example("everything.toml");
    let dropped = |line: &&str| !MOTO_DROPS.iter().any(|(key, _)| line.starts_with(key));
    let (text, composites) = text.split_at(text.find("[composite_alarm.").expect("a section"));
    assert!(!composites.contains("\n["), "the last section");
    let kept: Vec<&str> = text.lines().filter(dropped).collect();
    assert_eq!(text.lines().count() - kept.len(), MOTO_DROPS.len() - 1);
    world.write("spec.toml", &kept.join("\n"));
    drop(world.apply());
    drop(world.expect_no_differences());

    let rows = include_str!("../docs/emulators.md");
    for (key, row) in MOTO_DROPS {
        assert!(
            rows.contains(row),
            "docs/emulators.md says why `{key}` is left out"
        );
    }
}
