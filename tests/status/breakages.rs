//! What people do to a watch that works, each with what `status` has to say of it.
//!
//! docs/operations.md lists them all; a test of [`crate::manual`] holds it against these.

use std::future::Future;
use std::pin::Pin;

use aws_sdk_cloudtrail::types::{EventSelector, ReadWriteType};
use aws_sdk_cloudwatch::types::{AlarmType, ComparisonOperator, Dimension, Statistic};
use aws_sdk_cloudwatchlogs::types::MetricTransformation;
use aws_sdk_sqs::types::QueueAttributeName;

use super::{GROUP, ROLE, TOPIC, TRAIL, allow_sns, make_queue};
use crate::support::clients::Clients;

pub(crate) type Done<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// One thing that somebody breaks.
pub(crate) struct Breakage {
    /// As docs/operations.md calls it.
    pub(crate) what: &'static str,
    pub(crate) change: fn(&Clients) -> Done<'_>,
    /// How many minutes pass before anybody asks.
    pub(crate) pass: u64,
    /// The chains that break, by origin; all if none is named.
    pub(crate) of: &'static [&'static str],
    /// The link that is named.
    pub(crate) link: &'static str,
    /// What else is broken with it, further down the chain.
    pub(crate) also: &'static [&'static str],
    /// What `status` says of the link.
    pub(crate) says: &'static str,
    /// What it says of the way out.
    pub(crate) fix: &'static str,
    /// What takes that way, where it is not `trailwarden apply`.
    pub(crate) mend: Option<fn(&Clients) -> Done<'_>>,
}

/// The most common case: apply mends it at once.
pub(crate) const PLAIN: Breakage = Breakage {
    what: "",
    change: |_| Box::pin(async {}),
    pass: 0,
    of: &[],
    link: "",
    also: &[],
    says: "",
    fix: "`trailwarden apply` repairs it",
    mend: None,
};

/// From the calls to the log group.
pub(crate) const OF_TRAILS: &[Breakage] = &[
    Breakage {
        what: "the trail is deleted",
        change: |c| {
            Box::pin(async {
                c.cloudtrail
                    .delete_trail()
                    .name(TRAIL)
                    .send()
                    .await
                    .expect("deleted");
            })
        },
        link: "trail",
        says: "it is not there",
        ..PLAIN
    },
    Breakage {
        what: "logging is stopped",
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
        pass: 60,
        link: "trail",
        says: "it has not recorded for 60 minutes",
        fix: "`trailwarden apply`, or `aws cloudtrail start-logging --name main`",
        ..PLAIN
    },
    Breakage {
        what: "the trail delivers to another log group",
        change: |c| Box::pin(deliver_elsewhere(c)),
        link: "trail",
        says: "it does not deliver to the log group `/watch/activity`",
        ..PLAIN
    },
    Breakage {
        what: "the trail records no management events",
        change: |c| {
            Box::pin(async {
                use aws_sdk_cloudtrail::types::{AdvancedEventSelector, AdvancedFieldSelector};
                let field = |name: &str, value: &str| {
                    let field = AdvancedFieldSelector::builder().field(name).equals(value);
                    field.build().expect("complete")
                };
                let data = AdvancedEventSelector::builder()
                    .field_selectors(field("eventCategory", "Data"))
                    .field_selectors(field("resources.type", "AWS::Lambda::Function"));
                let put = c.cloudtrail.put_event_selectors().trail_name(TRAIL);
                let put = put.advanced_event_selectors(data.build().expect("complete"));
                put.send().await.expect("put");
            })
        },
        of: &["rule.roles", "rule.keys", "rule.reads", "composite_alarm.both"],
        link: "selectors",
        says: "the trail records no management events",
        ..PLAIN
    },
    Breakage {
        what: "the trail records writes only, and a rule looks for a read",
        change: |c| {
            Box::pin(select(
                c,
                EventSelector::builder().read_write_type(ReadWriteType::WriteOnly),
            ))
        },
        of: &["rule.reads"],
        link: "selectors",
        says: "`ListUsers` only reads, and the trail records changes only",
        ..PLAIN
    },
    Breakage {
        what: "the trail leaves out KMS, and a rule looks for it",
        change: |c| {
            let without = EventSelector::builder().exclude_management_event_sources("kms.amazonaws.com");
            Box::pin(select(c, without))
        },
        of: &["rule.keys", "composite_alarm.both"],
        link: "selectors",
        says: "the trail leaves the events of kms.amazonaws.com out",
        ..PLAIN
    },
];

/// The way from the trail into the log group, and the group.
pub(crate) const OF_DELIVERY: &[Breakage] = &[
    Breakage {
        what: "the delivery role is deleted",
        change: |c| {
            Box::pin(async {
                drop_policy(c).await;
                c.iam.delete_role().role_name(ROLE).send().await.expect("deleted");
            })
        },
        pass: 6,
        link: "delivery",
        says: "the delivery role is not there",
        ..PLAIN
    },
    Breakage {
        what: "the delivery role trusts somebody else",
        change: |c| {
            Box::pin(async {
                let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
                let update = c.iam.update_assume_role_policy().role_name(ROLE);
                update.policy_document(trust).send().await.expect("updated");
            })
        },
        pass: 6,
        link: "delivery",
        says: "the delivery role does not let CloudTrail assume it: no statement allows it",
        ..PLAIN
    },
    Breakage {
        what: "the delivery role loses its policy",
        change: |c| Box::pin(drop_policy(c)),
        link: "delivery",
        says: "the delivery role's policies do not let it call logs:CreateLogStream",
        ..PLAIN
    },
    Breakage {
        what: "another policy of the delivery role denies the delivery",
        change: |c| {
            Box::pin(async {
                let deny = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"logs:*","Resource":"*"}]}"#;
                let put = c.iam.put_role_policy().role_name(ROLE).policy_name("theirs");
                put.policy_document(deny).send().await.expect("put");
            })
        },
        link: "delivery",
        says: "it is denied by",
        fix: "take that statement out",
        mend: Some(|c| {
            Box::pin(async {
                let delete = c.iam.delete_role_policy().role_name(ROLE).policy_name("theirs");
                delete.send().await.expect("deleted");
            })
        }),
        ..PLAIN
    },
    Breakage {
        what: "the log group is deleted",
        change: |c| {
            Box::pin(async {
                c.logs
                    .delete_log_group()
                    .log_group_name(GROUP)
                    .send()
                    .await
                    .expect("deleted");
            })
        },
        pass: 6,
        link: "log group",
        also: &["filter"],
        says: "it is not there",
        ..PLAIN
    },
    Breakage {
        what: "the log group's key is disabled",
        change: |c| {
            Box::pin(async {
                let id = key(c, "alias/watch-group").await;
                c.kms.disable_key().key_id(id).send().await.expect("disabled");
            })
        },
        pass: 6,
        link: "log group",
        says: "is disabled",
        fix: "enable the key",
        ..PLAIN
    },
    Breakage {
        what: "the log group's key keeps CloudWatch Logs out",
        change: |c| Box::pin(keep_out(c, "alias/watch-group")),
        link: "log group",
        says: "does not let logs.us-east-1.amazonaws.com call kms:Encrypt: no statement allows it",
        fix: "let logs.us-east-1.amazonaws.com in, as `trailwarden apply` does for a key of the spec",
        ..PLAIN
    },
];

/// Filter, metric and alarm.
pub(super) const OF_ALARMS: &[Breakage] = &[
    Breakage {
        what: "the metric filter is deleted",
        change: |c| {
            Box::pin(async {
                let delete = c.logs.delete_metric_filter().log_group_name(GROUP);
                delete.filter_name("watch-roles").send().await.expect("deleted");
            })
        },
        of: &["rule.roles", "composite_alarm.both"],
        link: "metric filter",
        says: "it is not there",
        ..PLAIN
    },
    Breakage {
        what: "the metric filter has another pattern",
        change: |c| {
            Box::pin(put_filter(
                c,
                "watch-roles",
                Some("{ $.eventName = \"Create\" }"),
                None,
                None,
            ))
        },
        of: &["rule.roles", "composite_alarm.both"],
        link: "metric filter",
        says: "it picks out other events than the spec says",
        ..PLAIN
    },
    Breakage {
        what: "the metric filter counts 0 for every event",
        change: |c| Box::pin(put_filter(c, "watch-roles", None, None, Some("0"))),
        of: &["rule.roles", "composite_alarm.both"],
        link: "metric filter",
        says: "it counts 0 for every event, so that no threshold is reached",
        ..PLAIN
    },
    Breakage {
        what: "the metric filter counts into another metric",
        change: |c| Box::pin(put_filter(c, "watch-roles", None, Some("Elsewhere"), None)),
        of: &["rule.roles", "composite_alarm.both"],
        link: "metric",
        says: "the filter counts into `Elsewhere/watch-roles`, and the alarm reads `Trailwarden/watch/watch-roles`",
        ..PLAIN
    },
    Breakage {
        what: "the alarm reads other dimensions",
        change: |c| {
            let dimension = Dimension::builder().name("team").value("red").build();
            Box::pin(put_alarm(
                c,
                "watch-roles",
                "Trailwarden/watch",
                Some(dimension),
                vec![c.topic(TOPIC)],
            ))
        },
        of: &["rule.roles", "composite_alarm.both"],
        link: "metric",
        says: "the filter counts with the dimensions none, and the alarm reads the metric with team",
        ..PLAIN
    },
    Breakage {
        what: "the alarm reads another metric",
        change: |c| {
            Box::pin(put_alarm(
                c,
                "watch-roles",
                "Elsewhere",
                None,
                vec![c.topic(TOPIC)],
            ))
        },
        of: &["rule.roles", "composite_alarm.both"],
        link: "metric",
        says: "and the alarm reads `Elsewhere/watch-roles`",
        ..PLAIN
    },
    Breakage {
        what: "the alarm is deleted",
        change: |c| {
            Box::pin(async {
                let delete = c.cloudwatch.delete_alarms().alarm_names("watch-reads");
                delete.send().await.expect("deleted");
            })
        },
        of: &["rule.reads"],
        link: "alarm",
        says: "it is not there",
        ..PLAIN
    },
    Breakage {
        what: "the alarm's actions are disabled",
        change: |c| {
            Box::pin(async {
                let disable = c.cloudwatch.disable_alarm_actions();
                disable.alarm_names("watch-roles").send().await.expect("disabled");
            })
        },
        of: &["rule.roles"],
        link: "alarm",
        says: "it changes its state and tells nobody",
        ..PLAIN
    },
    Breakage {
        what: "the alarm tells nobody any more",
        change: |c| Box::pin(put_alarm(c, "watch-roles", "Trailwarden/watch", None, Vec::new())),
        of: &["rule.roles"],
        link: "alarm",
        says: "it no longer tells alerts",
        ..PLAIN
    },
    Breakage {
        what: "the composite alarm asks other alarms",
        change: |c| {
            Box::pin(async {
                let put = c.cloudwatch.put_composite_alarm().alarm_name("both");
                let put = put
                    .alarm_rule("ALARM(\"watch-roles\")")
                    .alarm_actions(c.topic(TOPIC));
                put.send().await.expect("put");
            })
        },
        of: &["composite_alarm.both"],
        link: "alarm",
        says: "its rule does not ask `watch-keys`",
        ..PLAIN
    },
    Breakage {
        what: "the composite alarm's suppressor is in ALARM",
        change: |c| Box::pin(suppress(c)),
        pass: 2,
        of: &["composite_alarm.both"],
        link: "alarm",
        says: "it tells nobody now: its suppressor `deploying` is in ALARM",
        fix: "see why the suppressor is in ALARM, or wait for its end",
        mend: Some(|c| Box::pin(deploying(c, "notBreaching"))),
        ..PLAIN
    },
];

/// The topic, and who hears of what comes to it.
pub(super) const OF_TOPICS: &[Breakage] = &[
    Breakage {
        what: "the topic is deleted",
        change: |c| {
            Box::pin(async {
                c.sns
                    .delete_topic()
                    .topic_arn(c.topic(TOPIC))
                    .send()
                    .await
                    .expect("deleted");
            })
        },
        link: "topic",
        says: "it is not there",
        ..PLAIN
    },
    Breakage {
        what: "the topic's policy does not let CloudWatch in",
        change: |c| {
            Box::pin(set_policy(
                c,
                TOPIC,
                r#"{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"TOPIC"}"#,
            ))
        },
        link: "topic",
        says: "its policy does not let CloudWatch publish for this alarm: no statement allows it",
        ..PLAIN
    },
    Breakage {
        what: "a statement of the topic's policy denies it",
        change: |c| {
            Box::pin(set_policy(
                c,
                TOPIC,
                r#"{"Sid":"Theirs","Effect":"Deny","Principal":"*","Action":"sns:Publish","Resource":"TOPIC"}"#,
            ))
        },
        link: "topic",
        says: "its policy does not let CloudWatch publish for this alarm: it is denied by",
        fix: "take that statement out",
        mend: Some(|c| {
            Box::pin(set_policy(
                c,
                TOPIC,
                r#"{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"TOPIC"}"#,
            ))
        }),
        ..PLAIN
    },
    Breakage {
        what: "the topic's key keeps CloudWatch out",
        change: |c| Box::pin(keep_out(c, "alias/watch-topic")),
        link: "topic",
        says: "does not let cloudwatch.amazonaws.com call kms:GenerateDataKey: no statement allows it",
        fix: "let cloudwatch.amazonaws.com in, as `trailwarden apply` does for a key of the spec",
        ..PLAIN
    },
    Breakage {
        what: "the topic is encrypted with `alias/aws/sns`",
        change: |c| {
            Box::pin(async {
                let set = c.sns.set_topic_attributes().topic_arn(c.topic(TOPIC));
                let set = set
                    .attribute_name("KmsMasterKeyId")
                    .attribute_value("alias/aws/sns");
                set.send().await.expect("set");
            })
        },
        link: "topic",
        says: "it is encrypted with a key of AWS's own, which cloudwatch.amazonaws.com may not use",
        fix: "encrypt it with a key whose policy lets cloudwatch.amazonaws.com in",
        ..PLAIN
    },
    Breakage {
        what: "the subscription is removed",
        change: |c| {
            Box::pin(async {
                let arn = subscription(c).await;
                c.sns
                    .unsubscribe()
                    .subscription_arn(arn)
                    .send()
                    .await
                    .expect("gone");
            })
        },
        link: "subscribers",
        says: "whom the spec names, is not subscribed any more",
        fix: "`trailwarden apply` subscribes it again",
        ..PLAIN
    },
    Breakage {
        what: "a filter policy of the subscription lets no alarm through",
        change: |c| Box::pin(filter_messages(c, r#"{"severity":["high"]}"#)),
        link: "subscribers",
        says: "hears nothing: alarms publish no attributes, so that its filter policy lets none of them through",
        fix: "set its attribute FilterPolicy to {}",
        mend: Some(|c| Box::pin(filter_messages(c, "{}"))),
        ..PLAIN
    },
    Breakage {
        what: "a filter policy on the message asks for what no alarm says",
        change: |c| Box::pin(filter_bodies(c, r#"{"severity":["high"]}"#)),
        link: "subscribers",
        says: "its filter policy asks for `severity`, which no notice of it has",
        fix: "set its attribute FilterPolicy to {}",
        mend: Some(|c| Box::pin(filter_bodies(c, "{}"))),
        ..PLAIN
    },
    Breakage {
        what: "a filter policy on the message asks for other alarms",
        change: |c| {
            Box::pin(filter_bodies(
                c,
                r#"{"AlarmName":[{"prefix":"both"},{"suffix":"-keys"},{"wildcard":"watch-*beat"}]}"#,
            ))
        },
        of: &["rule.roles", "rule.reads"],
        link: "subscribers",
        says: "its filter policy asks for another `AlarmName` than its notices have",
        fix: "or write a `filter_policy` that the alarm's notices pass and apply",
        mend: Some(|c| Box::pin(filter_bodies(c, "{}"))),
        ..PLAIN
    },
    Breakage {
        what: "a filter policy on the message lets only the end of an alarm through",
        change: |c| Box::pin(filter_bodies(c, r#"{"NewStateValue":["OK"]}"#)),
        link: "subscribers",
        says: "its filter policy asks for another `NewStateValue` than its notices have",
        fix: "set its attribute FilterPolicy to {}",
        mend: Some(|c| Box::pin(filter_bodies(c, "{}"))),
        ..PLAIN
    },
    Breakage {
        what: "the queue's policy keeps SNS out",
        change: |c| Box::pin(set_queue(c, QueueAttributeName::Policy, String::new())),
        link: "subscribers",
        says: "hears nothing: the queue does not let SNS in",
        fix: "its policy needs this statement, and none that denies the same",
        mend: Some(|c| Box::pin(allow_sns(c))),
        ..PLAIN
    },
    Breakage {
        what: "the queue is encrypted with `alias/aws/sqs`",
        change: |c| {
            Box::pin(set_queue(
                c,
                QueueAttributeName::KmsMasterKeyId,
                "alias/aws/sqs".into(),
            ))
        },
        link: "subscribers",
        says: "hears nothing: the queue is encrypted with `alias/aws/sqs`, a key of AWS's own",
        fix: "encrypt it with SQS's own encryption",
        mend: Some(|c| Box::pin(set_queue(c, QueueAttributeName::KmsMasterKeyId, String::new()))),
        ..PLAIN
    },
    Breakage {
        what: "the queue is deleted",
        change: |c| {
            Box::pin(async {
                let url = queue(c).await;
                c.sqs.delete_queue().queue_url(url).send().await.expect("deleted");
            })
        },
        link: "subscribers",
        says: "hears nothing: the queue is not there",
        fix: "make it, with this statement in its policy",
        mend: Some(|c| Box::pin(make_queue(c))),
        ..PLAIN
    },
];

/// All tables, by the test that tells their stories.
pub(crate) const ALL: [(&str, &[Breakage]); 4] = [
    ("status_names_what_is_broken_of_trails", OF_TRAILS),
    ("status_names_what_is_broken_of_delivery", OF_DELIVERY),
    ("status_names_what_is_broken_of_alarms", OF_ALARMS),
    ("status_names_what_is_broken_of_topics", OF_TOPICS),
];

async fn deliver_elsewhere(c: &Clients) {
    let group = "/elsewhere";
    c.logs
        .create_log_group()
        .log_group_name(group)
        .send()
        .await
        .expect("made");
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role = c
        .iam
        .create_role()
        .role_name("elsewhere")
        .assume_role_policy_document(trust);
    let role = role.send().await.expect("made").role.expect("a role");
    let may = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}"#;
    let put = c.iam.put_role_policy().role_name("elsewhere").policy_name("all");
    put.policy_document(may).send().await.expect("put");
    let update = c
        .cloudtrail
        .update_trail()
        .name(TRAIL)
        .cloud_watch_logs_role_arn(role.arn);
    let arn = format!("arn:aws:logs:us-east-1:{}:log-group:{group}:*", c.account);
    update
        .cloud_watch_logs_log_group_arn(arn)
        .send()
        .await
        .expect("updated");
}

pub(crate) async fn select(c: &Clients, selector: aws_sdk_cloudtrail::types::builders::EventSelectorBuilder) {
    let put = c.cloudtrail.put_event_selectors().trail_name(TRAIL);
    let selector = selector.include_management_events(true).build();
    put.event_selectors(selector).send().await.expect("put");
}

async fn drop_policy(c: &Clients) {
    let delete = c.iam.delete_role_policy().role_name(ROLE);
    let delete = delete.policy_name("trailwarden-delivery");
    delete.send().await.expect("deleted");
}

async fn key(c: &Clients, alias: &str) -> String {
    let described = c.kms.describe_key().key_id(alias).send().await.expect("a key");
    described.key_metadata.expect("its metadata").key_id
}

/// Nobody but the account's own people may use a key.
async fn keep_out(c: &Clients, alias: &str) {
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{}:root"}},"Action":"kms:*","Resource":"*"}}]}}"#,
        c.account
    );
    let put = c.kms.put_key_policy().key_id(key(c, alias).await);
    put.policy(policy).send().await.expect("put");
}

/// Puts a filter as it is, but for what is given.
pub(crate) async fn put_filter(
    c: &Clients,
    name: &str,
    pattern: Option<&str>,
    namespace: Option<&str>,
    value: Option<&str>,
) {
    let describe = c.logs.describe_metric_filters().log_group_name(GROUP);
    let live = describe.filter_name_prefix(name).send().await.expect("filters");
    let live = &live.metric_filters()[0];
    let metric = &live.metric_transformations()[0];
    let transformation = MetricTransformation::builder()
        .metric_name(metric.metric_name())
        .metric_namespace(namespace.unwrap_or(metric.metric_namespace()))
        .metric_value(value.unwrap_or(metric.metric_value()))
        .build()
        .expect("complete");
    let put = c
        .logs
        .put_metric_filter()
        .log_group_name(GROUP)
        .filter_name(name)
        .filter_pattern(pattern.or(live.filter_pattern()).unwrap_or_default())
        .metric_transformations(transformation);
    put.send().await.expect("put");
}

/// Puts an alarm on the metric of its name as somebody would who reads its settings off the console.
pub(crate) async fn put_alarm(
    c: &Clients,
    name: &str,
    namespace: &str,
    dimension: Option<Dimension>,
    actions: Vec<String>,
) {
    let put = c
        .cloudwatch
        .put_metric_alarm()
        .alarm_name(name)
        .namespace(namespace)
        .metric_name(name)
        .set_dimensions(dimension.map(|one| vec![one]))
        .statistic(Statistic::Sum)
        .period(300)
        .evaluation_periods(1)
        .threshold(1.0)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .treat_missing_data("notBreaching")
        .set_alarm_actions(Some(actions));
    put.send().await.expect("put");
}

/// Makes a statement the topic's whole policy.
pub(crate) async fn set_policy(c: &Clients, topic: &str, statement: &str) {
    let arn = c.topic(topic);
    let statement = statement.replace("TOPIC", &arn);
    let set = c
        .sns
        .set_topic_attributes()
        .topic_arn(arn)
        .attribute_name("Policy");
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
    set.attribute_value(policy).send().await.expect("set");
}

async fn queue(c: &Clients) -> String {
    let found = c
        .sqs
        .get_queue_url()
        .queue_name("alerts")
        .send()
        .await
        .expect("a queue");
    found.queue_url.expect("its URL")
}

async fn set_queue(c: &Clients, name: QueueAttributeName, value: String) {
    let set = c.sqs.set_queue_attributes().queue_url(queue(c).await);
    set.attributes(name, value).send().await.expect("set");
}

/// The one subscription; SNS lists what was removed for some days.
async fn subscription(c: &Clients) -> String {
    let list = c.sns.list_subscriptions_by_topic().topic_arn(c.topic(TOPIC));
    let listed = list.send().await.expect("subscriptions");
    let mut arns = listed
        .subscriptions()
        .iter()
        .filter_map(|one| one.subscription_arn());
    let arn = arns.find(|arn| arn.starts_with("arn:"));
    arn.expect("an ARN").to_owned()
}

pub(super) async fn filter_bodies(c: &Clients, policy: &str) {
    let arn = subscription(c).await;
    for (name, value) in [("FilterPolicyScope", "MessageBody"), ("FilterPolicy", policy)] {
        let set = c.sns.set_subscription_attributes().subscription_arn(&arn);
        let set = set.attribute_name(name).attribute_value(value);
        set.send().await.expect("set");
    }
}

async fn filter_messages(c: &Clients, policy: &str) {
    let set = c
        .sns
        .set_subscription_attributes()
        .subscription_arn(subscription(c).await);
    let set = set.attribute_name("FilterPolicy").attribute_value(policy);
    set.send().await.expect("set");
}

/// An alarm of somebody else, on a metric that has no data.
async fn deploying(c: &Clients, missing: &str) {
    let put = c
        .cloudwatch
        .put_metric_alarm()
        .alarm_name("deploying")
        .namespace("Theirs")
        .metric_name("deployments")
        .statistic(Statistic::Sum)
        .period(60)
        .evaluation_periods(1)
        .threshold(1.0)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .treat_missing_data(missing);
    put.send().await.expect("put");
}

/// Keeps the composite alarm silent while somebody deploys, and somebody does.
pub(super) async fn suppress(c: &Clients) {
    deploying(c, "breaching").await;
    let alarms = c.cloudwatch.describe_alarms().alarm_names("both");
    let alarms = alarms.alarm_types(AlarmType::CompositeAlarm);
    let held = alarms.send().await.expect("alarms");
    let held = &held.composite_alarms()[0];
    let put = c
        .cloudwatch
        .put_composite_alarm()
        .alarm_name("both")
        .alarm_rule(held.alarm_rule().unwrap_or_default())
        .set_alarm_actions(Some(held.alarm_actions().to_vec()))
        .actions_suppressor("deploying")
        .actions_suppressor_wait_period(60)
        .actions_suppressor_extension_period(60);
    put.send().await.expect("put");
}
