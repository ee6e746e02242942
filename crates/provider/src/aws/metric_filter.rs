use std::collections::BTreeMap;

use aws_sdk_cloudwatchlogs::types;
use trailwarden_account::AccountError;
use trailwarden_spec::kinds::{MetricFilter, Unit};
use trailwarden_spec::leaf::{FilterPattern, Managed, Owner};
use trailwarden_spec::live::{Facts, Found};

use crate::door::{Absent, Api};

use super::{Aws, Page, alarm, log_group, refusal};

const DESCRIBE: Api = Api::read("logs", "DescribeMetricFilters");
const PUT: Api = Api::write("logs", "PutMetricFilter");
const DELETE: Api = Api::write("logs", "DeleteMetricFilter");

const GONE: &[&str] = &["ResourceNotFoundException"];

/// The most that one page holds.
const PAGE: i32 = 50;

/// All filters of the region: fifty a call, which is fewer calls than one a group as soon as there
/// are two groups.
pub(crate) async fn list_all(aws: &Aws) -> Result<Vec<types::MetricFilter>, AccountError> {
    list(aws, None, None).await
}

async fn list(
    aws: &Aws,
    group: Option<&str>,
    prefix: Option<&str>,
) -> Result<Vec<types::MetricFilter>, AccountError> {
    let mut filters = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let send = || {
            aws.logs
                .describe_metric_filters()
                .set_log_group_name(group.map(str::to_owned))
                .set_filter_name_prefix(prefix.map(str::to_owned))
                .limit(PAGE)
                .set_next_token(token.clone())
                .send()
        };
        let Some(page) = aws.door.call(DESCRIBE, send).await.absent(GONE)? else {
            return Ok(filters);
        };
        filters.extend(page.metric_filters.unwrap_or_default());
        match page.next_token {
            Some(next) => token = Some(next),
            None => return Ok(filters),
        }
    }
}

/// What a description says. A filter has no tags: it is the stack's when it counts into the stack's
/// namespace; the caller knows whether an alarm of the stack reads its metric.
pub(crate) fn found(aws: &Aws, filter: &types::MetricFilter) -> Found {
    let mut facts = Facts::default();
    let value = from_wire(filter, &mut facts.inexpressible);
    let owner = if value.namespace == aws.namespace {
        Owner::Ours
    } else {
        Owner::Foreign
    };
    Found {
        value: value.into(),
        owner,
        facts,
    }
}

fn from_wire(filter: &types::MetricFilter, inexpressible: &mut Vec<String>) -> MetricFilter {
    if filter.apply_on_transformed_logs() {
        inexpressible.push("it reads transformed log events".into());
    }
    if let Some(criteria) = filter.field_selection_criteria().filter(|text| !text.is_empty()) {
        inexpressible.push(format!("field selection criteria `{criteria}`"));
    }
    if !filter.emit_system_field_dimensions().is_empty() {
        let fields = filter.emit_system_field_dimensions().join(", ");
        inexpressible.push(format!("dimensions of the system fields {fields}"));
    }
    let mut value = MetricFilter {
        log_group: filter.log_group_name().unwrap_or_default().into(),
        name: filter.filter_name().unwrap_or_default().into(),
        pattern: FilterPattern::new(filter.filter_pattern().unwrap_or_default()),
        namespace: String::new(),
        metric: String::new(),
        value: String::new(),
        default_value: Managed::Set(None),
        unit: Unit::None,
        dimensions: BTreeMap::new(),
    };
    let transformations = filter.metric_transformations();
    if transformations.len() != 1 {
        inexpressible.push(format!(
            "{} metric transformations instead of one",
            transformations.len()
        ));
    }
    if let Some(metric) = transformations.first() {
        value.namespace = metric.metric_namespace().into();
        value.metric = metric.metric_name().into();
        value.value = metric.metric_value().into();
        value.default_value = Managed::Set(metric.default_value());
        value.unit = match metric.unit().map(types::StandardUnit::as_str) {
            None => Unit::None,
            Some(word) => Unit::from_word(word).unwrap_or_else(|| {
                inexpressible.push(format!("unknown unit `{word}`"));
                Unit::None
            }),
        };
        value.dimensions = metric
            .dimensions()
            .into_iter()
            .flatten()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
    }
    value
}

async fn put(filter: &MetricFilter, aws: &Aws) -> Result<(), AccountError> {
    let dimensions = (!filter.dimensions.is_empty()).then(|| filter.dimensions.clone().into_iter().collect());
    let metric = types::MetricTransformation::builder()
        .metric_namespace(&filter.namespace)
        .metric_name(&filter.metric)
        .metric_value(&filter.value)
        .set_default_value(filter.default_value.get().copied().flatten())
        .set_unit((filter.unit != Unit::None).then(|| filter.unit.as_str().into()))
        .set_dimensions(dimensions)
        .build()
        .map_err(|error| refusal(PUT, error.to_string()))?;
    let send = || {
        aws.logs
            .put_metric_filter()
            .log_group_name(&filter.log_group)
            .filter_name(&filter.name)
            .filter_pattern(filter.pattern.as_str())
            .metric_transformations(metric.clone())
            .send()
    };
    let _turn = log_group::turn(aws, &filter.log_group).await;
    aws.door.call(PUT, send).await.map(drop)
}

impl Page for MetricFilter {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        // Neither a group's name nor a filter's holds a colon.
        let Some((group, filter_name)) = name.split_once(':') else {
            return Ok(None);
        };
        let filters = list(aws, Some(group), Some(filter_name)).await?;
        let Some(filter) = filters
            .iter()
            .find(|filter| filter.filter_name() == Some(filter_name))
        else {
            return Ok(None);
        };
        let mut found = found(aws, filter);
        if let (Owner::Foreign, trailwarden_spec::Object::MetricFilter(value)) = (&found.owner, &found.value)
            && alarm::of_a_rule_reads(aws, &value.namespace, &value.metric).await?
        {
            found.owner = Owner::Ours;
        }
        Ok(Some(found))
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        put(self, aws).await
    }

    async fn update(&self, _before: &Self, aws: &Aws) -> Result<(), AccountError> {
        // One call replaces the whole filter; AWS has no smaller one.
        put(self, aws).await
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        let send = || {
            aws.logs
                .delete_metric_filter()
                .log_group_name(&self.log_group)
                .filter_name(&self.name)
                .send()
        };
        let _turn = log_group::turn(aws, &self.log_group).await;
        aws.door.call(DELETE, send).await.absent(GONE).map(drop)
    }

    async fn tag(
        &self,
        _aws: &Aws,
        _put: &BTreeMap<String, String>,
        _remove: &[String],
    ) -> Result<(), AccountError> {
        Ok(())
    }
}
