//! What alarms keep when they are written as a whole, what they are told apart by, and their tags.

use aws_sdk_cloudwatch::types::{MetricAlarm, StandardUnit};

use crate::support::clients::{Clients, wait};
use crate::support::world::World;

const SPEC: &str = r#"
format = 1

[stack]
name = "alarms"
account = "123456789012"
region = "us-east-1"

[topic.alerts]

[alarm.latency]
namespace = "Acme"
metric = "latency"
statistic = "p99"
unit = "Seconds"
notify = ["alerts"]
tags = { team = "security" }
"#;

fn write(world: &World, keys: &str) {
    let text = SPEC.replace("tags = {", &format!("{keys}tags = {{"));
    world.write("spec.toml", &text.replace("123456789012", &world.account));
}

fn live(world: &World) -> MetricAlarm {
    let describe = Clients::of(world)
        .cloudwatch
        .describe_alarms()
        .alarm_names("latency");
    let alarms = wait(describe.send()).expect("alarms").metric_alarms;
    alarms.unwrap_or_default().pop().expect("an alarm")
}

fn tags(world: &World) -> Vec<(String, String)> {
    let arn = live(world).alarm_arn.expect("an ARN");
    let list = Clients::of(world)
        .cloudwatch
        .list_tags_for_resource()
        .resource_arn(arn);
    let tags = wait(list.send()).expect("tags").tags.unwrap_or_default();
    let mut tags: Vec<_> = tags
        .into_iter()
        .filter_map(|tag| Some((tag.key?, tag.value?)))
        .filter(|(key, _)| !key.starts_with("trailwarden:"))
        .collect();
    tags.sort();
    tags
}

/// Somebody writes what the spec leaves alone; then the spec changes something else.
fn keeps(world: &World) {
    write(world, "");
    world.apply();
    world.expect_no_differences();
    let there = live(world);
    let topic = Clients::of(world).topic("alerts");
    let put = Clients::of(world)
        .cloudwatch
        .put_metric_alarm()
        .alarm_name("latency")
        .alarm_description("by hand")
        .set_namespace(there.namespace)
        .set_metric_name(there.metric_name)
        .set_extended_statistic(there.extended_statistic)
        .set_period(there.period)
        .set_unit(there.unit)
        .set_evaluation_periods(there.evaluation_periods)
        .set_datapoints_to_alarm(there.datapoints_to_alarm)
        .set_threshold(there.threshold)
        .set_comparison_operator(there.comparison_operator)
        .set_treat_missing_data(there.treat_missing_data)
        .set_alarm_actions(there.alarm_actions)
        .ok_actions(&topic)
        .insufficient_data_actions(&topic)
        .evaluate_low_sample_count_percentile("ignore");
    wait(put.send()).expect("written");
    world.expect_no_differences();

    write(world, "threshold = 7\n");
    world.apply();
    world.expect_no_differences();
    let alarm = live(world);
    assert_eq!(alarm.threshold, Some(7.0));
    assert_eq!(alarm.unit, Some(StandardUnit::Seconds));
    assert_eq!(alarm.alarm_description.as_deref(), Some("by hand"));
    assert_eq!(alarm.ok_actions(), std::slice::from_ref(&topic));
    assert_eq!(alarm.insufficient_data_actions(), [topic]);
    assert_eq!(alarm.evaluate_low_sample_count_percentile(), Some("ignore"));

    // An alarm that leaves percentiles leaves what is said of them.
    let sum = SPEC.replace("statistic = \"p99\"\n", "");
    world.write("spec.toml", &sum.replace("123456789012", &world.account));
    world.apply();
    world.expect_no_differences();
    assert_ne!(live(world).evaluate_low_sample_count_percentile(), Some("ignore"));
}

#[test]
fn an_update_keeps_what_the_spec_leaves_alone() {
    keeps(&World::on_sandbox());
}

#[test]
fn an_update_keeps_what_the_spec_leaves_alone_on_moto() {
    keeps(&World::on_moto());
}

/// `PutMetricAlarm` ignores the tags of an alarm that is there.
fn retags(world: &World) {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    write(world, "");
    world.apply();
    let arn = live(world).alarm_arn.expect("an ARN");
    let theirs = aws_sdk_cloudwatch::types::Tag::builder()
        .key("owner")
        .value("them")
        .build();
    let tag = Clients::of(world)
        .cloudwatch
        .tag_resource()
        .resource_arn(arn)
        .tags(theirs);
    wait(tag.send()).expect("tagged");
    let text = SPEC.replace("team = \"security\"", "env = \"prod\"");
    world.write("spec.toml", &text.replace("123456789012", &world.account));
    world.apply();
    world.expect_no_differences();
    assert_eq!(tags(world), [pair("env", "prod"), pair("owner", "them")]);
}

#[test]
fn tags_of_an_alarm_that_is_there_are_changed() {
    retags(&World::on_sandbox());
}

#[test]
fn tags_of_an_alarm_that_is_there_are_changed_on_moto() {
    retags(&World::on_moto());
}

const COMPOSITE: &str = r#"
[alarm.errors]
namespace = "Acme"
metric = "errors"
notify = []

[composite_alarm.both]
rule = 'ALARM(alarm.latency) AND (ALARM(alarm.errors))'
description = "both at once"
notify = ["alerts"]
suppressor = { alarm = "composite_alarm.maintenance", wait_period = 60, extension_period = 120 }
tags = { team = "security" }

[composite_alarm.maintenance]
rule = 'FALSE'
notify = []
"#;

fn write_composite(world: &World, text: &str) {
    let text = format!("{SPEC}{text}").replace("123456789012", &world.account);
    world.write("spec.toml", &text);
}

fn both(world: &World) -> Option<aws_sdk_cloudwatch::types::CompositeAlarm> {
    use aws_sdk_cloudwatch::types::AlarmType;
    let describe = Clients::of(world)
        .cloudwatch
        .describe_alarms()
        .alarm_names("both");
    let alarms = wait(describe.alarm_types(AlarmType::CompositeAlarm).send()).expect("alarms");
    alarms.composite_alarms.unwrap_or_default().pop()
}

#[test]
fn a_composite_alarm_lives_and_goes_before_what_it_asks() {
    let world = World::on_sandbox();
    write_composite(&world, COMPOSITE);
    world.apply();
    world.expect_no_differences();
    let there = both(&world).expect("an alarm");
    assert_eq!(
        there.alarm_rule(),
        Some("ALARM(\"latency\") AND ALARM(\"errors\")")
    );
    assert_eq!(there.actions_suppressor(), Some("maintenance"));

    // Somebody writes the rule in another way, and then another rule.
    let put = |rule: &str| {
        let put = Clients::of(&world)
            .cloudwatch
            .put_composite_alarm()
            .alarm_name("both");
        let put = put
            .alarm_rule(rule)
            .alarm_description("both at once")
            .set_alarm_actions(there.alarm_actions.clone())
            .ok_actions(Clients::of(&world).topic("alerts"))
            .actions_suppressor("maintenance")
            .actions_suppressor_wait_period(60)
            .actions_suppressor_extension_period(120);
        wait(put.send()).expect("written");
    };
    put("(ALARM(latency) AND ALARM(errors))");
    world.expect_no_differences();
    put("ALARM(latency)");
    world
        .run(&["plan", "spec.toml", "--detailed-exitcode"])
        .exits(2)
        .prints("composite_alarm.both");
    // What the spec leaves alone is kept, and tags are changed where they are.
    write_composite(
        &world,
        &COMPOSITE.replace("{ team = \"security\" }", "{ env = \"prod\" }"),
    );
    world.apply();
    world.expect_no_differences();
    let after = both(&world).expect("an alarm");
    assert_eq!(after.ok_actions().len(), 1);
    assert_eq!(after.alarm_rule(), there.alarm_rule());

    // The names of alarms that it asks change: the old ones go last.
    write_composite(&world, &COMPOSITE.replace("alarm.errors", "alarm.failures"));
    world
        .run(&["apply", "spec.toml", "--yes", "--allow-blinding", "ALL"])
        .exits(0);
    world.expect_no_differences();
    let after = both(&world).expect("an alarm");
    assert_eq!(
        after.alarm_rule(),
        Some("ALARM(\"latency\") AND ALARM(\"failures\")")
    );

    write_composite(&world, "");
    world
        .run(&["apply", "spec.toml", "--yes", "--allow-blinding", "ALL"])
        .exits(0);
    world.expect_no_differences();
    assert!(both(&world).is_none());
}

#[test]
fn a_composite_alarm_is_adopted_and_asks_what_exists() {
    let world = World::on_sandbox();
    let clients = Clients::of(&world);
    let put = clients.cloudwatch.put_composite_alarm();
    wait(put.alarm_name("deployment").alarm_rule("FALSE").send()).expect("written");
    let put = clients.cloudwatch.put_composite_alarm();
    wait(put.alarm_name("mine").alarm_rule("ALARM(deployment)").send()).expect("written");
    let spec =
        "[composite_alarm.mine]\nrule = 'ALARM(\"deployment\") AND ALARM(alarm.latency)'\nnotify = []\n";
    write_composite(&world, spec);
    world
        .run(&["plan", "spec.toml"])
        .exits(5)
        .prints("x composite_alarm.mine");
    write_composite(
        &world,
        &format!("{spec}[[adopt]]\naddress = \"composite_alarm.mine\"\n"),
    );
    world.apply();
    world.expect_no_differences();
    write_composite(&world, &spec.replace("\"deployment\"", "\"deployments\""));
    world.run(&["plan", "spec.toml"]).exits(5).prints("deployments");
}

#[test]
fn an_alarm_that_somebody_else_s_composite_asks_stays() {
    let world = World::on_sandbox();
    write_composite(&world, COMPOSITE);
    world.apply();
    let clients = Clients::of(&world);
    let put = clients.cloudwatch.put_composite_alarm();
    wait(put.alarm_name("theirs").alarm_rule("ALARM(errors)").send()).expect("written");
    world.expect_no_differences();

    write_composite(&world, "");
    world
        .run(&["plan", "spec.toml", "--allow-blinding", "ALL"])
        .exits(5)
        .prints("the composite alarm `theirs`, which is not this stack's, asks it");
    let gone = clients.cloudwatch.delete_alarms().alarm_names("theirs");
    wait(gone.send()).expect("deleted");
    world
        .run(&["apply", "spec.toml", "--yes", "--allow-blinding", "ALL"])
        .exits(0);
    world.expect_no_differences();
}

#[test]
fn a_composite_alarm_counts() {
    let world = World::on_sandbox();
    let counts = COMPOSITE.replace(
        "ALARM(alarm.latency) AND (ALARM(alarm.errors))",
        "AT_LEAST(50%, ALARM, (alarm.latency, alarm.errors))",
    );
    write_composite(&world, &counts);
    world.apply();
    world.expect_no_differences();
    let there = both(&world).expect("an alarm");
    assert_eq!(
        there.alarm_rule(),
        Some("AT_LEAST(50%, ALARM, (\"latency\", \"errors\"))")
    );
}

const QUERIES: &str = r#"
[alarm.error-rate]
threshold = 5
operator = ">"
notify = ["alerts"]
[[alarm.error-rate.query]]
id = "rate"
expression = "100 * errors / calls"
label = "error rate"
return_data = true
[[alarm.error-rate.query]]
id = "errors"
metric = { namespace = "Acme", metric = "errors", dimensions = { host = "a" }, unit = "Count" }
[[alarm.error-rate.query]]
id = "calls"
metric = { namespace = "Acme", metric = "calls", statistic = "SampleCount", period = 60 }
"#;

const BAND: &str = r#"
[alarm.odd]
threshold_query = "band"
operator = "outside-band"
notify = ["alerts"]
[[alarm.odd.query]]
id = "calls"
metric = { namespace = "Acme", metric = "calls" }
return_data = true
[[alarm.odd.query]]
id = "band"
expression = "ANOMALY_DETECTION_BAND(calls, 2)"
return_data = true
"#;

/// Somebody writes another expression into a query; the plan shows it and the apply takes it back.
fn queries(world: &World, text: &str, name: &str, expression: &str) {
    write_composite(world, text);
    world.apply();
    world.expect_no_differences();
    let cloudwatch = Clients::of(world).cloudwatch;
    let read = || {
        let describe = cloudwatch.describe_alarms().alarm_names(name);
        let alarms = wait(describe.send()).expect("alarms").metric_alarms;
        alarms.unwrap_or_default().pop().expect("an alarm")
    };
    let there = read();
    let expressions = |alarm: &MetricAlarm| -> Vec<String> {
        let queries = alarm.metrics().iter();
        queries
            .filter_map(|query| query.expression())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(expressions(&there), [expression]);
    let changed = there.metrics().iter().cloned().map(|mut query| {
        query.expression = query
            .expression
            .map(|text| text.replace('2', "4").replace("100", "10"));
        query
    });
    let put = cloudwatch
        .put_metric_alarm()
        .alarm_name(name)
        .set_metrics(Some(changed.collect()))
        .set_evaluation_periods(there.evaluation_periods)
        .set_datapoints_to_alarm(there.datapoints_to_alarm)
        .set_threshold(there.threshold)
        .set_threshold_metric_id(there.threshold_metric_id.clone())
        .set_comparison_operator(there.comparison_operator.clone())
        .set_treat_missing_data(there.treat_missing_data.clone())
        .set_alarm_actions(there.alarm_actions.clone());
    wait(put.send()).expect("written");
    assert_ne!(expressions(&read()), [expression]);
    world
        .run(&["plan", "spec.toml", "--detailed-exitcode"])
        .exits(2)
        .prints(expression);
    world.apply();
    world.expect_no_differences();
    assert_eq!(expressions(&read()), [expression]);
}

#[test]
fn an_alarm_on_metric_math_is_kept_as_the_spec_says() {
    queries(
        &World::on_sandbox(),
        QUERIES,
        "error-rate",
        "100 * errors / calls",
    );
}

#[test]
fn an_alarm_on_metric_math_is_kept_as_the_spec_says_on_moto() {
    queries(&World::on_moto(), QUERIES, "error-rate", "100 * errors / calls");
}

#[test]
fn an_alarm_on_a_band_is_kept_as_the_spec_says() {
    queries(
        &World::on_sandbox(),
        BAND,
        "odd",
        "ANOMALY_DETECTION_BAND(calls, 2)",
    );
}

#[test]
fn an_alarm_on_a_band_is_kept_as_the_spec_says_on_moto() {
    queries(&World::on_moto(), BAND, "odd", "ANOMALY_DETECTION_BAND(calls, 2)");
}

/// A query on a metric of another account is not written over.
#[test]
fn a_query_of_another_account_is_refused() {
    use aws_sdk_cloudwatch::types::{ComparisonOperator, Metric, MetricDataQuery, MetricStat};
    let world = World::on_sandbox();
    write_composite(&world, QUERIES);
    world.apply();
    let metric = Metric::builder().namespace("Acme").metric_name("errors").build();
    let stat = MetricStat::builder()
        .metric(metric)
        .stat("Sum")
        .period(300)
        .build();
    let query = MetricDataQuery::builder()
        .id("errors")
        .metric_stat(stat)
        .account_id("999999999999")
        .build();
    let put = Clients::of(&world)
        .cloudwatch
        .put_metric_alarm()
        .alarm_name("error-rate")
        .metrics(query)
        .evaluation_periods(1)
        .threshold(5.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold);
    wait(put.send()).expect("written");
    world
        .run(&["plan", "spec.toml"])
        .exits(5)
        .prints("the query `errors` of the account 999999999999");
}
