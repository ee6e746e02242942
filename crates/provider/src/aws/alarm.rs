use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::Kind;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{Alarm, CompositeAlarm, LowSamples, MissingData, Operator, Statistic, Unit};
use trailwarden_spec::leaf::{AlarmRule, Managed, Tags};
use trailwarden_spec::live::{Facts, Found};

use crate::door::{Absent, Api};

use super::alarm_query;
use super::composite_alarm;
use super::known::Known;
use super::{Aws, Page, retag};

mod around;

pub(crate) use around::{asked_by, on_metric_of, seen};

const DESCRIBE: Api = Api::read("cloudwatch", "DescribeAlarms");
const LIST_TAGS: Api = Api::read("cloudwatch", "ListTagsForResource");
const PUT: Api = Api::write("cloudwatch", "PutMetricAlarm");
pub(super) const DELETE: Api = Api::write("cloudwatch", "DeleteAlarms");
const TAG: Api = Api::write("cloudwatch", "TagResource");
const UNTAG: Api = Api::write("cloudwatch", "UntagResource");

pub(super) const GONE: &[&str] = &["ResourceNotFound", "ResourceNotFoundException"];

/// The most that one call takes or returns.
const BATCH: usize = 100;

/// An alarm of either sort before its tags are known.
pub(crate) struct Described {
    is: Is,
    inexpressible: Vec<String>,
    doing: Doing,
}

/// The state of an alarm, which is none of its configuration.
struct Doing {
    state: String,
    /// Seconds since 1970.
    since: i64,
    reason: String,
}

enum Is {
    Metric(Alarm),
    Composite(CompositeAlarm),
}

impl Described {
    /// The name, of which both sorts share one space.
    pub(crate) fn name(&self) -> &str {
        match &self.is {
            Is::Metric(alarm) => &alarm.name,
            Is::Composite(alarm) => &alarm.name,
        }
    }

    /// Its sort.
    pub(crate) fn kind(&self) -> Kind {
        match &self.is {
            Is::Metric(_) => Kind::Alarm,
            Is::Composite(_) => Kind::CompositeAlarm,
        }
    }

    /// With tags, our marks included. One of the other sort than `kind` only is in the way of the
    /// name.
    pub(crate) fn found(&self, aws: &Aws, tags: BTreeMap<String, String>, kind: Kind) -> Found {
        let (tags, owner) = Tags::from_wire(tags, &aws.stack);
        let name = self.name();
        let mut inexpressible = self.inexpressible.clone();
        let value = match (&self.is, kind) {
            (Is::Metric(_), Kind::CompositeAlarm) => {
                inexpressible = vec!["it is a metric alarm".into()];
                CompositeAlarm {
                    tags,
                    ..CompositeAlarm::new(name, AlarmRule::read("FALSE"))
                }
                .into()
            }
            (Is::Composite(alarm), Kind::CompositeAlarm) => CompositeAlarm {
                tags,
                ..alarm.clone()
            }
            .into(),
            (Is::Composite(_), _) => {
                inexpressible = vec!["it is a composite alarm".into()];
                Alarm {
                    tags,
                    ..Alarm::on_metric(name, "", "")
                }
                .into()
            }
            (Is::Metric(alarm), _) => Alarm {
                tags,
                ..alarm.clone()
            }
            .into(),
        };
        let facts = Facts {
            inexpressible,
            ..Facts::default()
        };
        Found { value, owner, facts }
    }
}

/// Which alarms to describe.
#[derive(Clone)]
enum Which {
    Named(Vec<String>),
    Prefix(String),
}

/// The alarms of these names, a hundred a call.
pub(crate) async fn named(aws: &Aws, names: &BTreeSet<String>) -> Result<Vec<Described>, AccountError> {
    let names: Vec<String> = names.iter().cloned().collect();
    let batches = names
        .chunks(BATCH)
        .map(|batch| describe(aws, Which::Named(batch.to_vec())));
    Ok(futures::future::try_join_all(batches)
        .await?
        .into_iter()
        .flatten()
        .collect())
}

/// The alarms whose names begin so.
pub(crate) async fn with_prefix(aws: &Aws, prefix: &str) -> Result<Vec<Described>, AccountError> {
    describe(aws, Which::Prefix(prefix.to_owned())).await
}

async fn describe(aws: &Aws, which: Which) -> Result<Vec<Described>, AccountError> {
    let (names, prefix) = match which {
        Which::Named(names) => (Some(names), None),
        Which::Prefix(prefix) => (None, Some(prefix)),
    };
    let mut alarms = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let send = || {
            aws.cloudwatch
                .describe_alarms()
                .set_alarm_names(names.clone())
                .set_alarm_name_prefix(prefix.clone())
                // Names are unique over all types, so a composite alarm can be in the way. An alarm on
                // a log query can, too; that type is young, and an endpoint that does not know it would
                // refuse the whole question.
                .alarm_types(types::AlarmType::MetricAlarm)
                .alarm_types(types::AlarmType::CompositeAlarm)
                .max_records(BATCH as i32)
                .set_next_token(token.clone())
                .send()
        };
        let page = aws.door.call(DESCRIBE, send).await?;
        alarms.extend(page.metric_alarms.unwrap_or_default().iter().map(from_wire));
        alarms.extend(page.composite_alarms.unwrap_or_default().iter().map(|wire| {
            let (alarm, inexpressible) = composite_alarm::from_wire(wire);
            Described {
                is: Is::Composite(alarm),
                inexpressible,
                doing: Doing {
                    state: wire
                        .state_value()
                        .map_or_else(String::new, |state| state.as_str().to_owned()),
                    since: since(
                        wire.state_transitioned_timestamp(),
                        wire.state_updated_timestamp(),
                    ),
                    reason: wire.state_reason().unwrap_or_default().to_owned(),
                },
            }
        }));
        match page.next_token.filter(|next| !next.is_empty()) {
            Some(next) => token = Some(next),
            None => return Ok(alarms),
        }
    }
}

/// Since when an alarm has its state: younger accounts' alarms say so, others when it was last set.
fn since(changed: Option<&DateTime>, set: Option<&DateTime>) -> i64 {
    changed.or(set).map_or(0, DateTime::secs)
}

/// The alarm's tags, our marks included; none when it is gone.
pub(crate) async fn tags(aws: &Aws, name: &str) -> Result<BTreeMap<String, String>, AccountError> {
    let arn = aws.scope.alarm_arn(name).to_string();
    let listed = aws
        .door
        .call(LIST_TAGS, || {
            aws.cloudwatch.list_tags_for_resource().resource_arn(&arn).send()
        })
        .await;
    let tags = listed
        .absent(GONE)?
        .and_then(|listed| listed.tags)
        .unwrap_or_default();
    Ok(tags
        .into_iter()
        .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
        .collect())
}

/// Whether an alarm of one of the stack's rules reads a metric.
pub(super) async fn of_a_rule_reads(aws: &Aws, namespace: &str, metric: &str) -> Result<bool, AccountError> {
    let alarms = with_prefix(aws, &aws.prefix()).await?;
    let readers = alarms.iter().filter(|read| match &read.is {
        Is::Metric(alarm) => alarm.reads(namespace, metric),
        Is::Composite(_) => false,
    });
    let owners = readers.map(|read| async move {
        let tags = tags(aws, read.name()).await?;
        Ok::<bool, AccountError>(Tags::from_wire(tags, &aws.stack).1.is_ours())
    });
    Ok(futures::future::try_join_all(owners).await?.contains(&true))
}

fn from_wire(wire: &types::MetricAlarm) -> Described {
    let mut inexpressible = strange_features(wire);
    let name = wire.alarm_name().unwrap_or_default();
    let queries = alarm_query::from_wire(wire.metrics(), &mut inexpressible);
    let mut alarm = if queries.is_empty() {
        on_metric(name, wire, &mut inexpressible)
    } else {
        Alarm::on_queries(name, queries)
    };
    alarm.threshold_query = wire
        .threshold_metric_id()
        .filter(|id| !id.is_empty())
        .map(str::to_owned);
    let number = |n: Option<i32>| n.and_then(|n| u32::try_from(n).ok());
    let mut unknown = |what: &str, raw: &str| inexpressible.push(format!("unknown {what} `{raw}`"));

    if let Some(raw) = wire.comparison_operator().map(types::ComparisonOperator::as_str) {
        match Operator::from_word(raw) {
            Some(operator) => alarm.operator = operator,
            None => unknown("operator", raw),
        }
    }
    alarm.missing_data = MissingData::Missing;
    if let Some(raw) = wire.treat_missing_data().filter(|raw| !raw.is_empty()) {
        match MissingData::from_word(raw) {
            Some(missing_data) => alarm.missing_data = missing_data,
            None => unknown("treatment of missing data", raw),
        }
    }
    // `evaluate` is what an absent value means.
    alarm.low_sample_percentiles = Managed::Set(LowSamples::Evaluate);
    if let Some(raw) = wire
        .evaluate_low_sample_count_percentile()
        .filter(|raw| !raw.is_empty())
    {
        match LowSamples::from_word(raw) {
            Some(few) => alarm.low_sample_percentiles = Managed::Set(few),
            None => unknown("treatment of percentiles of few values", raw),
        }
    }
    alarm.description = Managed::Set(wire.alarm_description().unwrap_or_default().into());
    alarm.evaluation_periods = number(wire.evaluation_periods()).unwrap_or(alarm.evaluation_periods);
    alarm.datapoints_to_alarm = number(wire.datapoints_to_alarm()).unwrap_or(alarm.evaluation_periods);
    if alarm.threshold_query.is_none() {
        alarm.threshold = wire.threshold().unwrap_or(alarm.threshold);
    }
    alarm.actions_enabled = wire.actions_enabled().unwrap_or(true);
    alarm.alarm_actions = actions(wire.alarm_actions(), &mut inexpressible);
    alarm.ok_actions = Managed::Set(actions(wire.ok_actions(), &mut inexpressible));
    alarm.insufficient_data_actions =
        Managed::Set(actions(wire.insufficient_data_actions(), &mut inexpressible));
    Described {
        is: Is::Metric(alarm),
        inexpressible,
        doing: Doing {
            state: wire
                .state_value()
                .map_or_else(String::new, |state| state.as_str().to_owned()),
            since: since(
                wire.state_transitioned_timestamp(),
                wire.state_updated_timestamp(),
            ),
            reason: wire.state_reason().unwrap_or_default().to_owned(),
        },
    }
}

/// An alarm on one metric, with what is said of the metric.
fn on_metric(name: &str, wire: &types::MetricAlarm, inexpressible: &mut Vec<String>) -> Alarm {
    let mut alarm = Alarm::on_metric(
        name,
        wire.namespace().unwrap_or_default(),
        wire.metric_name().unwrap_or_default(),
    );
    let mut unknown = |what: &str, raw: &str| inexpressible.push(format!("unknown {what} `{raw}`"));
    let dimensions = wire.dimensions().iter();
    alarm.dimensions = dimensions
        .filter_map(|d| Some((d.name()?.to_owned(), d.value()?.to_owned())))
        .collect();
    if let Some(raw) = wire
        .extended_statistic()
        .or_else(|| wire.statistic().map(types::Statistic::as_str))
    {
        match Statistic::parse(raw) {
            Some(statistic) => alarm.statistic = statistic,
            None => unknown("statistic", raw),
        }
    }
    if let Some(raw) = wire.unit().map(types::StandardUnit::as_str) {
        match Unit::from_word(raw) {
            Some(unit) => alarm.unit = unit,
            None => unknown("unit", raw),
        }
    }
    alarm.period = wire
        .period()
        .and_then(|period| u32::try_from(period).ok())
        .unwrap_or(alarm.period);
    alarm
}

/// Who is told; what is no ARN cannot be said in a spec.
pub(super) fn actions(texts: &[String], inexpressible: &mut Vec<String>) -> BTreeSet<Arn> {
    let parsed = texts.iter().filter_map(|text| {
        let arn = Arn::parse(text);
        if arn.is_none() {
            inexpressible.push(format!("unknown action `{text}`"));
        }
        arn
    });
    parsed.collect()
}

/// Actions as the API takes them.
pub(super) fn texts(arns: Option<&BTreeSet<Arn>>) -> Option<Vec<String>> {
    Some(arns.into_iter().flatten().map(Arn::to_string).collect())
}

/// What `PutMetricAlarm` would take away because this version does not send it.
fn strange_features(wire: &types::MetricAlarm) -> Vec<String> {
    let wall_clock = wire
        .evaluation_window()
        .is_some_and(|window| !window.is_sliding_window());
    let features = [
        (
            wire.evaluation_criteria().is_some(),
            "a query as its evaluation criteria".to_owned(),
        ),
        (wall_clock, "a wall clock evaluation window".to_owned()),
        (
            wire.warm_up_configuration().is_some(),
            "a warm-up period".to_owned(),
        ),
        (
            wire.action_configuration()
                .is_some_and(|config| config.alarm_tags_propagation().is_some()),
            "its tags in notifications".to_owned(),
        ),
    ];
    features
        .into_iter()
        .filter(|(there, _)| *there)
        .map(|(_, what)| what)
        .collect()
}

pub(super) fn tag_list(tags: BTreeMap<String, String>) -> Vec<types::Tag> {
    tags.into_iter()
        .map(|(key, value)| types::Tag::builder().key(key).value(value).build())
        .collect()
}

/// Writes the whole alarm. CloudWatch takes tags with a new alarm only and ignores them otherwise.
async fn put(alarm: &Alarm, tags: Option<Vec<types::Tag>>, aws: &Aws) -> Result<(), AccountError> {
    let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let single = alarm.queries.is_empty();
    let simple = alarm.statistic.is_simple();
    let statistic = single.then(|| alarm.statistic.as_str());
    // Absent means `evaluate`, and other statistics take neither.
    let few = alarm.low_sample_percentiles.get();
    let few = few
        .filter(|few| **few == LowSamples::Ignore)
        .map(|few| few.as_str().to_owned());
    let dimensions = alarm.dimensions.iter();
    let dimensions: Vec<_> = dimensions
        .map(|(name, value)| types::Dimension::builder().name(name).value(value).build())
        .collect();
    let send = || {
        aws.cloudwatch
            .put_metric_alarm()
            .alarm_name(&alarm.name)
            .set_alarm_description(alarm.description.get().filter(|text| !text.is_empty()).cloned())
            .set_metrics(alarm_query::to_wire(&alarm.queries))
            .set_threshold_metric_id(alarm.threshold_query.clone())
            .set_namespace(single.then(|| alarm.namespace.clone()))
            .set_metric_name(single.then(|| alarm.metric.clone()))
            .set_dimensions((!dimensions.is_empty()).then(|| dimensions.clone()))
            .set_statistic(statistic.filter(|_| simple).map(Into::into))
            .set_extended_statistic(statistic.filter(|_| !simple).map(str::to_owned))
            .set_period(single.then(|| number(alarm.period)))
            .evaluation_periods(number(alarm.evaluation_periods))
            .datapoints_to_alarm(number(alarm.datapoints_to_alarm))
            .set_threshold(alarm.threshold_query.is_none().then_some(alarm.threshold))
            .comparison_operator(alarm.operator.as_str().into())
            .treat_missing_data(alarm.missing_data.as_str())
            .set_evaluate_low_sample_count_percentile(few.clone())
            .set_unit((alarm.unit != Unit::None).then(|| alarm.unit.as_str().into()))
            .actions_enabled(alarm.actions_enabled)
            .set_alarm_actions(texts(Some(&alarm.alarm_actions)))
            .set_ok_actions(texts(alarm.ok_actions.get()))
            .set_insufficient_data_actions(texts(alarm.insufficient_data_actions.get()))
            .set_tags(tags.clone())
            .send()
    };
    aws.door.call(PUT, send).await.map(drop).map_err(about_the_name)
}

/// CloudWatch has one name space for alarms of all types, and no code for a name that is taken.
pub(super) fn about_the_name(error: AccountError) -> AccountError {
    let text = error.message.to_lowercase();
    let signs = [
        "already exists",
        "already in use",
        "another type",
        "different type",
        "alarm type",
        "composite alarm",
        "log alarm",
        "metric alarm",
    ];
    if error.kind == ErrorKind::Refused && signs.iter().any(|sign| text.contains(sign)) {
        return error.known(
            ErrorKind::Refused,
            "an alarm of another type (metric, composite, or on a log query) seems to have this name: give one of the \
             two another name",
        );
    }
    error
}

/// Tags an alarm of either sort.
pub(super) async fn tag(
    name: &str,
    aws: &Aws,
    put: &BTreeMap<String, String>,
    remove: &[String],
) -> Result<(), AccountError> {
    let arn = aws.scope.alarm_arn(name).to_string();
    if !put.is_empty() {
        let tags = tag_list(put.clone());
        let send = || {
            aws.cloudwatch
                .tag_resource()
                .resource_arn(&arn)
                .set_tags(Some(tags.clone()))
                .send()
        };
        aws.door.call(TAG, send).await?;
    }
    if !remove.is_empty() {
        let send = || {
            aws.cloudwatch
                .untag_resource()
                .resource_arn(&arn)
                .set_tag_keys(Some(remove.to_vec()))
                .send()
        };
        aws.door.call(UNTAG, send).await?;
    }
    Ok(())
}

impl Page for Alarm {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        let names = BTreeSet::from([name.to_owned()]);
        let (described, tags) = futures::try_join!(named(aws, &names), tags(aws, name))?;
        Ok(described
            .iter()
            .find(|described| described.name() == name)
            .map(|alarm| alarm.found(aws, tags, Kind::Alarm)))
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        put(self, Some(tag_list(self.tags.to_wire(&aws.stack, false))), aws).await
    }

    async fn update(&self, before: &Self, aws: &Aws) -> Result<(), AccountError> {
        let untagged = |alarm: &Self| Self {
            tags: Tags::default(),
            ..alarm.clone()
        };
        if untagged(self) != untagged(before) {
            put(self, None, aws).await?;
        }
        retag(self, &before.tags, &self.tags, aws).await
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        let send = || aws.cloudwatch.delete_alarms().alarm_names(&self.name).send();
        aws.door.call(DELETE, send).await.absent(GONE).map(drop)
    }

    async fn tag(
        &self,
        aws: &Aws,
        put: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Result<(), AccountError> {
        self::tag(&self.name, aws, put, remove).await
    }
}
