//! What an account has no room for is said before anything is written.

use aws_sdk_cloudwatchlogs::types::MetricTransformation;

use crate::support::clients::{Clients, wait};
use crate::support::proxy::Proxy;
use crate::support::world::World;

const RULE: &str = r#"
format = 1

[stack]
name = "rules"
account = "123456789012"
region = "us-east-1"

[topic.security]

[rule.root-use]
log_group = { existing = "shared" }
notify = ["security"]
pattern = '{ $.userIdentity.type = PATTERN }'
"#;

fn spec(world: &World, pattern: &str) -> String {
    RULE.replace("123456789012", &world.account)
        .replace("PATTERN", pattern)
}

/// A log group on which somebody else has put filters.
fn group_with_filters(world: &World, count: usize, pattern: &str) {
    let logs = Clients::of(world).logs;
    wait(logs.create_log_group().log_group_name("shared").send()).expect("a group");
    let metric = MetricTransformation::builder()
        .metric_namespace("Theirs")
        .metric_name("theirs")
        .metric_value("1")
        .build()
        .expect("a transformation");
    for number in 0..count {
        let put = logs
            .put_metric_filter()
            .log_group_name("shared")
            .filter_name(format!("theirs-{number}"))
            .filter_pattern(pattern)
            .metric_transformations(metric.clone());
        wait(put.send()).expect("a filter");
    }
}

/// Asserts that neither plan nor apply gets past the quota, and that nothing is written.
#[track_caller]
fn is_refused(world: &World, why: &str) {
    world.run(&["plan", "spec.toml"]).exits(5).prints(why);
    let proxy = Proxy::start(&world.endpoint);
    let apply = world.run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"]);
    drop(apply.exits(5).prints(why));
    assert!(proxy.calls().iter().all(|call| !call.write));
}

#[test]
fn filters_of_others_fill_the_log_group() {
    let world = World::on_sandbox();
    world.write("spec.toml", &spec(&world, "\"Root\""));
    group_with_filters(&world, 99, "theirs");
    // The hundredth has room; the plan says that it is the last.
    world
        .run(&["plan", "spec.toml"])
        .exits(0)
        .prints("100 of 100 metric filters of the log group `shared` will be used, 99 by others");
    let mut two = spec(&world, "\"Root\"");
    two.push_str(&two[two.find("[rule.").expect("a rule")..].replace("root-use", "again"));
    world.write("spec.toml", &two);
    is_refused(
        &world,
        "99 of 100 metric filters of the log group `shared` are used (0 by this stack, 99 by others)",
    );
}

#[test]
fn regular_expressions_of_others_fill_the_log_group() {
    let world = World::on_sandbox();
    world.write("spec.toml", &spec(&world, "%^Root$%"));
    group_with_filters(&world, 5, "%theirs%");
    is_refused(&world, "5 of 5 metric filters with regular expressions");
    // The same without an expression has room.
    world.write("spec.toml", &spec(&world, "\"Root\""));
    world.apply();
    world.expect_no_differences();
}
