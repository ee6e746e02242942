//! Somebody changes one thing behind the product's back: the next plan shows it, says whether it
//! blinds the watch, and the next apply repairs it.

use std::future::Future;
use std::pin::Pin;

use aws_sdk_cloudtrail::types::{EventSelector, ReadWriteType};
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, Statistic};
use aws_sdk_cloudwatchlogs::types::MetricTransformation;

use crate::support::clients::{Clients, wait};
use crate::support::world::World;

const GROUP: &str = "/acme/account-activity";
const TRAIL: &str = "account-activity";
const FILTER: &str = "acme-prod-iam-changes";
const ALARM: &str = "acme-prod-iam-changes";
const TOPIC: &str = "security-alerts";
const ROLE: &str = "acme-prod-account-activity-delivery";

pub(crate) type Done<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// One thing that somebody changes.
pub(crate) struct Drift {
    pub(crate) name: &'static str,
    pub(crate) change: fn(&Clients) -> Done<'_>,
    /// The step's address in the next plan.
    pub(crate) address: String,
    /// What the plan says of it.
    shows: &'static [&'static str],
    /// What the plan says goes unnoticed until it is applied.
    pub(crate) blind: Option<&'static str>,
}

fn bucket(clients: &Clients) -> String {
    format!("acme-{}-account-activity", clients.account)
}

/// Deletes the filter until it is gone: moto keeps every filter that was ever put under a name, and
/// deletes one at a time (docs/emulators.md).
async fn delete_filter(clients: &Clients) {
    let there = async || {
        let live = clients
            .logs
            .describe_metric_filters()
            .log_group_name(GROUP)
            .filter_name_prefix(FILTER)
            .send()
            .await;
        live.expect("filters")
            .metric_filters()
            .iter()
            .any(|filter| filter.filter_name() == Some(FILTER))
    };
    while there().await {
        let delete = clients
            .logs
            .delete_metric_filter()
            .log_group_name(GROUP)
            .filter_name(FILTER);
        delete.send().await.expect("deleted");
    }
}

async fn put_filter(clients: &Clients, pattern: Option<&str>, value: &str) {
    put_filter_into(clients, "Trailwarden/acme-prod", pattern, value).await;
}

async fn put_filter_into(clients: &Clients, namespace: &str, pattern: Option<&str>, value: &str) {
    let live = clients
        .logs
        .describe_metric_filters()
        .log_group_name(GROUP)
        .filter_name_prefix(FILTER)
        .send()
        .await;
    let filters = live.expect("filters").metric_filters.unwrap_or_default();
    let live = filters
        .iter()
        .find(|filter| filter.filter_name() == Some(FILTER))
        .expect("the filter");
    let metric = &live.metric_transformations()[0];
    delete_filter(clients).await;
    let transformation = MetricTransformation::builder()
        .metric_name(metric.metric_name())
        .metric_namespace(namespace)
        .metric_value(value)
        .build()
        .expect("complete");
    let put = clients
        .logs
        .put_metric_filter()
        .log_group_name(GROUP)
        .filter_name(FILTER)
        .filter_pattern(pattern.unwrap_or_else(|| live.filter_pattern().unwrap_or_default()))
        .metric_transformations(transformation);
    put.send().await.expect("put");
}

async fn put_alarm(clients: &Clients, threshold: f64, actions: Vec<String>) {
    let live = clients
        .cloudwatch
        .describe_alarms()
        .alarm_names(ALARM)
        .send()
        .await
        .expect("alarms");
    let live = &live.metric_alarms()[0];
    let put = clients
        .cloudwatch
        .put_metric_alarm()
        .alarm_name(ALARM)
        .set_alarm_description(live.alarm_description().map(Into::into))
        .namespace(live.namespace().expect("a namespace"))
        .metric_name(live.metric_name().expect("a metric"))
        .set_dimensions(Some(Vec::<Dimension>::new()))
        .statistic(Statistic::Sum)
        .period(300)
        .evaluation_periods(1)
        .threshold(threshold)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .treat_missing_data("notBreaching")
        .set_alarm_actions(Some(actions));
    put.send().await.expect("put");
}

async fn move_alarm(clients: &Clients) {
    let put = clients
        .cloudwatch
        .put_metric_alarm()
        .alarm_name(ALARM)
        .namespace("Elsewhere")
        .metric_name("acme-prod-iam-changes")
        .dimensions(Dimension::builder().name("a").value("b").build())
        .statistic(Statistic::Sum)
        .period(300)
        .evaluation_periods(1)
        .threshold(1.0)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .treat_missing_data("notBreaching")
        .alarm_actions(clients.topic(TOPIC));
    put.send().await.expect("put");
}

pub(crate) fn drifts(world: &World) -> Vec<Drift> {
    let filter = format!("metric_filter.{GROUP}:{FILTER}");
    let alarm = format!("alarm.{ALARM}");
    let trail = format!("trail.{TRAIL}");
    let bucket_name = format!("acme-{}-account-activity", world.account);
    vec![
        Drift {
            name: "the filter's pattern loses a wildcard",
            change: |c| Box::pin(put_filter(c, Some("{ $.eventName = \"Create\" }"), "1")),
            address: filter.clone(),
            shows: &["- { $.eventName = \"Create\" }", "Create*"],
            blind: None,
        },
        Drift {
            name: "the filter is deleted",
            change: |c| Box::pin(delete_filter(c)),
            address: filter.clone(),
            shows: &["+ metric_filter"],
            blind: Some("the events it picks out are counted no more"),
        },
        Drift {
            name: "the filter adds 0",
            change: |c| Box::pin(put_filter(c, None, "0")),
            address: filter,
            shows: &["\"0\" -> \"1\""],
            blind: Some("it adds 0 for every event"),
        },
        Drift {
            name: "the alarm's threshold is raised",
            change: |c| Box::pin(async { put_alarm(c, 1000.0, vec![c.topic(TOPIC)]).await }),
            address: alarm.clone(),
            shows: &["1000 -> 1"],
            blind: None,
        },
        Drift {
            name: "the alarm is deleted",
            change: |c| {
                Box::pin(async {
                    c.cloudwatch
                        .delete_alarms()
                        .alarm_names(ALARM)
                        .send()
                        .await
                        .expect("deleted");
                })
            },
            address: alarm.clone(),
            shows: &["+ alarm"],
            blind: Some("nobody is told"),
        },
        Drift {
            name: "the alarm's action is removed",
            change: |c| Box::pin(put_alarm(c, 1.0, Vec::new())),
            address: alarm.clone(),
            shows: &["notify", "security-alerts"],
            blind: Some("no longer tells security-alerts"),
        },
        Drift {
            name: "the alarm's actions are disabled",
            change: |c| {
                Box::pin(async {
                    c.cloudwatch
                        .disable_alarm_actions()
                        .alarm_names(ALARM)
                        .send()
                        .await
                        .expect("disabled");
                })
            },
            address: alarm,
            shows: &["false -> true"],
            blind: Some("tells nobody"),
        },
        Drift {
            name: "the alarm reads a metric that nothing counts into",
            change: |c| Box::pin(move_alarm(c)),
            address: format!("alarm.{ALARM}"),
            shows: &["dimensions:", "namespace:"],
            blind: Some("it reads another metric"),
        },
        Drift {
            name: "the filter counts into a metric that nobody reads",
            change: |c| Box::pin(put_filter_into(c, "Elsewhere", None, "1")),
            address: format!("metric_filter.{GROUP}:{FILTER}"),
            shows: &["\"Elsewhere\" -> \"Trailwarden/acme-prod\""],
            blind: Some("another metric than the one that its alarms read"),
        },
        Drift {
            name: "the log group's retention is shortened",
            change: |c| {
                Box::pin(async {
                    let put = c
                        .logs
                        .put_retention_policy()
                        .log_group_name(GROUP)
                        .retention_in_days(1);
                    put.send().await.expect("put");
                })
            },
            address: format!("log_group.{GROUP}"),
            shows: &["1 -> 365"],
            blind: None,
        },
        Drift {
            name: "logging is stopped",
            change: |c| {
                Box::pin(async {
                    c.cloudtrail
                        .stop_logging()
                        .name(TRAIL)
                        .send()
                        .await
                        .expect("stopped");
                })
            },
            address: trail.clone(),
            shows: &["logging:", "false -> true"],
            blind: Some("nothing is recorded"),
        },
        Drift {
            name: "log file validation is switched off",
            change: |c| {
                Box::pin(async {
                    let update = c
                        .cloudtrail
                        .update_trail()
                        .name(TRAIL)
                        .enable_log_file_validation(false);
                    update.send().await.expect("updated");
                })
            },
            address: trail.clone(),
            shows: &["log_file_validation:", "false -> true"],
            blind: None,
        },
        Drift {
            name: "the selectors record reads only",
            change: |c| {
                Box::pin(async {
                    let reads = EventSelector::builder()
                        .read_write_type(ReadWriteType::ReadOnly)
                        .include_management_events(true)
                        .build();
                    let put = c
                        .cloudtrail
                        .put_event_selectors()
                        .trail_name(TRAIL)
                        .event_selectors(reads);
                    put.send().await.expect("put");
                })
            },
            address: trail,
            shows: &["read -> all"],
            blind: Some("calls that change something go unnoticed"),
        },
        Drift {
            name: "our statements are removed from the bucket's policy",
            change: |c| {
                Box::pin(async {
                    let bucket = bucket(c);
                    let foreign = format!(
                        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"Theirs","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::{bucket}/*","Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}]}}"#
                    );
                    c.s3.put_bucket_policy()
                        .bucket(bucket)
                        .policy(foreign)
                        .send()
                        .await
                        .expect("put");
                })
            },
            address: format!("bucket_policy.{bucket_name}"),
            shows: &["s3:PutObject"],
            blind: Some("CloudTrail may no longer deliver"),
        },
        Drift {
            name: "the public access block is removed",
            change: |c| {
                Box::pin(async {
                    c.s3.delete_public_access_block()
                        .bucket(bucket(c))
                        .send()
                        .await
                        .expect("deleted");
                })
            },
            address: format!("bucket.{bucket_name}"),
            shows: &["public_access_blocked:", "false -> true"],
            blind: None,
        },
        Drift {
            name: "the subscription is removed",
            change: |c| {
                Box::pin(async {
                    // An unconfirmed subscription cannot be removed, so the topic is made anew with
                    // its tags and its policy, as somebody in a hurry would.
                    let arn = c.topic(TOPIC);
                    let tags = c
                        .sns
                        .list_tags_for_resource()
                        .resource_arn(&arn)
                        .send()
                        .await
                        .expect("tags");
                    let policy = c
                        .sns
                        .get_topic_attributes()
                        .topic_arn(&arn)
                        .send()
                        .await
                        .expect("attributes");
                    let policy = policy.attributes().and_then(|a| a.get("Policy")).cloned();
                    c.sns
                        .delete_topic()
                        .topic_arn(&arn)
                        .send()
                        .await
                        .expect("deleted");
                    let create = c.sns.create_topic().name(TOPIC).set_tags(tags.tags);
                    create.send().await.expect("created");
                    let set = c
                        .sns
                        .set_topic_attributes()
                        .topic_arn(&arn)
                        .attribute_name("Policy");
                    set.set_attribute_value(policy).send().await.expect("set");
                })
            },
            address: format!("subscription.{TOPIC}/email/"),
            shows: &["+ subscription"],
            blind: Some("alerts no longer reach"),
        },
        Drift {
            name: "the topic's policy is reset",
            change: |c| {
                Box::pin(async {
                    let arn = c.topic(TOPIC);
                    let account = &c.account;
                    let default = format!(
                        r#"{{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{{"AWS":"*"}},"Action":["SNS:Publish","SNS:Subscribe"],"Resource":"{arn}","Condition":{{"StringEquals":{{"AWS:SourceOwner":"{account}"}}}}}}]}}"#
                    );
                    let set = c
                        .sns
                        .set_topic_attributes()
                        .topic_arn(&arn)
                        .attribute_name("Policy");
                    set.attribute_value(default).send().await.expect("set");
                })
            },
            address: format!("topic_policy.{TOPIC}"),
            shows: &["cloudwatch.amazonaws.com"],
            blind: Some("no statement of ours lets alarms publish"),
        },
        Drift {
            name: "the role trusts somebody else",
            change: |c| {
                Box::pin(async {
                    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
                    let update = c
                        .iam
                        .update_assume_role_policy()
                        .role_name(ROLE)
                        .policy_document(trust);
                    update.send().await.expect("updated");
                })
            },
            address: format!("role.{ROLE}"),
            shows: &["ec2.amazonaws.com", "cloudtrail.amazonaws.com"],
            blind: Some("CloudTrail may not be able to assume it"),
        },
        Drift {
            name: "the role's policy is deleted",
            change: |c| {
                Box::pin(async {
                    let delete = c
                        .iam
                        .delete_role_policy()
                        .role_name(ROLE)
                        .policy_name("trailwarden-delivery");
                    delete.send().await.expect("deleted");
                })
            },
            address: format!("role.{ROLE}"),
            shows: &["logs:PutLogEvents"],
            blind: Some("CloudTrail may not be able to write"),
        },
    ]
}

/// Tells the whole story of every drift in one world: each begins where the last one was repaired.
fn tell(world: &World) {
    world.write_example("account-activity.toml");
    world.apply();
    world.expect_no_differences();
    let clients = Clients::of(world);
    for drift in drifts(world) {
        wait((drift.change)(&clients));
        let plan = world.run(&["plan", "spec.toml", "--detailed-exitcode"]);
        let name = drift.name;
        let all = format!("{name}\n--- stdout\n{}\n--- stderr\n{}", plan.stdout, plan.stderr);
        assert_eq!(plan.code, 2, "{all}");
        assert!(
            plan.stdout.contains(&drift.address),
            "no step for {}: {all}",
            drift.address
        );
        for text in drift.shows {
            assert!(plan.stdout.contains(text), "no {text:?}: {all}");
        }
        match drift.blind {
            Some(why) => {
                let mark = plan
                    .stdout
                    .lines()
                    .find(|line| line.contains("! blind until applied: "));
                assert!(
                    mark.is_some_and(|line| line.contains(why)),
                    "not marked {why:?}: {all}"
                );
            }
            None => assert!(!plan.stdout.contains("! blind"), "marked: {all}"),
        }
        world.apply();
        world.expect_no_differences();
    }
}

#[test]
fn every_drift_is_shown_and_repaired_on_the_sandbox() {
    tell(&World::on_sandbox());
}

#[test]
fn every_drift_is_shown_and_repaired_on_moto() {
    tell(&World::on_moto());
}

#[test]
fn a_foreign_filter_with_a_managed_name_as_its_prefix_changes_nothing() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    world.apply();
    let clients = Clients::of(&world);
    let foreign = format!("{FILTER}-theirs");
    let transformation = MetricTransformation::builder()
        .metric_name("theirs")
        .metric_namespace("Theirs")
        .metric_value("1")
        .build()
        .expect("complete");
    let put = clients
        .logs
        .put_metric_filter()
        .log_group_name(GROUP)
        .filter_name(&foreign)
        .filter_pattern("{ $.eventName = \"X\" }")
        .metric_transformations(transformation);
    wait(put.send()).expect("put");
    world.expect_no_differences();
    world.apply();
    let filters = wait(
        clients
            .logs
            .describe_metric_filters()
            .log_group_name(GROUP)
            .send(),
    )
    .expect("filters");
    assert!(
        filters
            .metric_filters()
            .iter()
            .any(|filter| filter.filter_name() == Some(&foreign))
    );
}
