//! Metric filters.

use trailwarden_pattern::{Code, Pattern, extracted};
use winterbaume_cloudwatchlogs::wire::{
    DeleteMetricFilterRequest, DescribeMetricFiltersRequest, DescribeMetricFiltersResponse,
    MetricFilter as WireFilter, MetricFilterMatchRecord, MetricTransformation, PutMetricFilterRequest,
    TestMetricFilterRequest, TestMetricFilterResponse,
};

use super::{constraint, group, group_mut, invalid, page_of};
use crate::protocol::Failure;
use crate::route::Call;
use crate::services::page;
use crate::state::{MetricFilter, State};

/// The quota of metric filters in a group, which AWS does not raise.
const FILTERS_PER_GROUP: usize = 100;
/// The quota of those whose pattern has a regular expression.
const REGEX_FILTERS_PER_GROUP: usize = 5;

/// Makes a filter or replaces the one of the same name.
pub(crate) fn put(state: &mut State, call: &Call, input: PutMetricFilterRequest) -> Result<(), Failure> {
    check_filter_name(&input.filter_name)?;
    let pattern = read_pattern(&input.filter_pattern)?;
    let [transformation] = input.metric_transformations.as_slice() else {
        return Err(constraint(
            format!("{:?}", input.metric_transformations.len()),
            "metricTransformations",
            "Member must have length equal to 1",
        ));
    };
    check_transformation(transformation, &input.filter_pattern)?;
    let group = group_mut(state, call, &input.log_group_name)?;
    if group.class != "STANDARD" {
        return Err(Failure::bad(
            "InvalidOperationException",
            format!(
                "Metric filters are not supported for the log class {}.",
                group.class
            ),
        ));
    }
    let created = match group.filters.get(&input.filter_name) {
        Some(live) => live.created,
        None if group.filters.len() >= FILTERS_PER_GROUP => {
            return Err(Failure::bad("LimitExceededException", "Resource limit exceeded."));
        }
        None => call.now,
    };
    let others = group
        .filters
        .iter()
        .filter(|(name, _)| **name != input.filter_name);
    let with_regex =
        others.filter(|(_, filter)| Pattern::parse(&filter.pattern).is_ok_and(|it| it.has_regex()));
    if pattern.has_regex() && with_regex.count() >= REGEX_FILTERS_PER_GROUP {
        return Err(Failure::bad("LimitExceededException", "Resource limit exceeded."));
    }
    let transformation = transformation.clone();
    let filter = MetricFilter {
        pattern: input.filter_pattern,
        created,
        metric_name: transformation.metric_name,
        metric_namespace: transformation.metric_namespace,
        metric_value: transformation.metric_value,
        default_value: transformation.default_value,
        unit: transformation.unit,
        dimensions: transformation
            .dimensions
            .unwrap_or_default()
            .into_iter()
            .collect(),
        on_transformed_logs: input.apply_on_transformed_logs.unwrap_or(false),
        field_selection: input.field_selection_criteria,
        system_dimensions: input.emit_system_field_dimensions.unwrap_or_default(),
    };
    group.filters.insert(input.filter_name, filter);
    Ok(())
}

pub(crate) fn describe(
    state: &State,
    call: &Call,
    input: DescribeMetricFiltersRequest,
) -> Result<DescribeMetricFiltersResponse, Failure> {
    if input.metric_name.is_some() != input.metric_namespace.is_some() {
        return Err(invalid("metricName and metricNamespace must be given together."));
    }
    let size = page_of(input.limit)?;
    if let Some(name) = &input.log_group_name {
        group(state, call, name)?;
    }
    let prefix = input.filter_name_prefix.unwrap_or_default();
    let same = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|it| it == value);
    let mut filters: Vec<_> = state
        .find_region(&call.account, &call.region)
        .into_iter()
        .flat_map(|region| &region.log_groups)
        .filter(|(group, _)| same(&input.log_group_name, group))
        .flat_map(|(group, it)| it.filters.iter().map(move |(name, filter)| (group, name, filter)))
        .filter(|(_, name, filter)| {
            name.starts_with(&prefix)
                && same(&input.metric_name, &filter.metric_name)
                && same(&input.metric_namespace, &filter.metric_namespace)
        })
        .collect();
    // AWS sorts by filter name; groups break ties.
    filters.sort_by_key(|(group, name, _)| (*name, *group));
    let (filters, next_token) = page(
        filters,
        |(group, name, _)| format!("{name}\u{1}{group}"),
        input.next_token.as_deref(),
        size,
    );
    let filters = filters
        .into_iter()
        .map(|(group, name, filter)| wire(group, name, filter))
        .collect();
    Ok(DescribeMetricFiltersResponse {
        metric_filters: Some(filters),
        next_token,
    })
}

pub(crate) fn delete(
    state: &mut State,
    call: &Call,
    input: DeleteMetricFilterRequest,
) -> Result<(), Failure> {
    check_filter_name(&input.filter_name)?;
    let group = group_mut(state, call, &input.log_group_name)?;
    match group.filters.remove(&input.filter_name) {
        Some(_) => Ok(()),
        None => Err(Failure::bad(
            "ResourceNotFoundException",
            "The specified metric filter does not exist.",
        )),
    }
}

fn wire(group: &str, name: &str, filter: &MetricFilter) -> WireFilter {
    let dimensions = filter.dimensions.clone().into_iter().collect();
    WireFilter {
        apply_on_transformed_logs: Some(filter.on_transformed_logs),
        creation_time: Some(filter.created),
        emit_system_field_dimensions: (!filter.system_dimensions.is_empty())
            .then(|| filter.system_dimensions.clone()),
        field_selection_criteria: filter.field_selection.clone(),
        filter_name: Some(name.to_owned()),
        filter_pattern: Some(filter.pattern.clone()),
        log_group_name: Some(group.to_owned()),
        metric_transformations: Some(vec![MetricTransformation {
            default_value: filter.default_value,
            dimensions: (!filter.dimensions.is_empty()).then_some(dimensions),
            metric_name: filter.metric_name.clone(),
            metric_namespace: filter.metric_namespace.clone(),
            metric_value: filter.metric_value.clone(),
            unit: filter.unit.clone(),
        }]),
    }
}

fn check_filter_name(name: &str) -> Result<(), Failure> {
    let length = name.chars().count();
    if !(1..=512).contains(&length) {
        return Err(constraint(
            name,
            "filterName",
            "Member must have length between 1 and 512",
        ));
    }
    if name.contains([':', '*']) {
        return Err(constraint(
            name,
            "filterName",
            "Member must satisfy regular expression pattern: [^:*]*",
        ));
    }
    Ok(())
}

/// Reads a pattern, or refuses it in AWS's words.
pub(super) fn read_pattern(pattern: &str) -> Result<Pattern, Failure> {
    if pattern.chars().count() > Pattern::MOST_CHARS {
        return Err(constraint(
            pattern,
            "filterPattern",
            "Member must have length less than or equal to 1024",
        ));
    }
    Pattern::parse(pattern).map_err(|problems| {
        let why = problems.as_slice().first().map(|problem| match problem.code {
            Code::NotANumber => {
                let term = &pattern[problem.span.clone()];
                format!("Invalid character(s) in term '{term}'")
            }
            _ => format!("Invalid metric filter pattern: {}", problem.message),
        });
        invalid(why.unwrap_or_else(|| "Invalid metric filter pattern".into()))
    })
}

/// Which of the messages a pattern matches.
pub(crate) fn test(input: TestMetricFilterRequest) -> Result<TestMetricFilterResponse, Failure> {
    let pattern = read_pattern(&input.filter_pattern)?;
    let messages = input.log_event_messages;
    if !(1..=50).contains(&messages.len()) {
        return Err(constraint(
            messages.len(),
            "logEventMessages",
            "Member must have length between 1 and 50",
        ));
    }
    let matcher = pattern.matcher();
    let matches = messages.into_iter().zip(1..).filter_map(|(message, number)| {
        let record = || {
            let values = extracted(pattern.form(), message.as_bytes());
            MetricFilterMatchRecord {
                extracted_values: Some(values.into_iter().collect()),
                event_number: Some(number),
                event_message: Some(message.clone()),
            }
        };
        matcher.is_match(message.as_bytes()).then(record)
    });
    Ok(TestMetricFilterResponse {
        matches: Some(matches.collect()),
    })
}

fn check_transformation(it: &MetricTransformation, pattern: &str) -> Result<(), Failure> {
    for (field, value) in [
        ("metricName", &it.metric_name),
        ("metricNamespace", &it.metric_namespace),
    ] {
        let field = format!("metricTransformations.1.member.{field}");
        if value.is_empty() || value.chars().count() > 255 {
            return Err(constraint(
                value,
                &field,
                "Member must have length between 1 and 255",
            ));
        }
        if value.contains([':', '*', '$']) {
            return Err(constraint(
                value,
                &field,
                "Member must satisfy regular expression pattern: [^:*$]*",
            ));
        }
    }
    if it.metric_namespace.starts_with("AWS/") {
        return Err(invalid("The metric namespace must not start with AWS/."));
    }
    let value = &it.metric_value;
    if value.is_empty() || value.chars().count() > 100 {
        return Err(constraint(
            value,
            "metricTransformations.1.member.metricValue",
            "Member must have length between 1 and 100",
        ));
    }
    if !value.starts_with('$') && value.parse::<f64>().is_err() {
        return Err(invalid(
            "Invalid metric transformation: the metric value must be a number or a selector.",
        ));
    }
    let dimensions = it.dimensions.iter().flatten().count();
    if dimensions > 3 {
        return Err(invalid(
            "Invalid metric transformation: at most 3 dimensions are allowed.",
        ));
    }
    if dimensions > 0 && it.default_value.is_some() {
        return Err(invalid(
            "Invalid metric transformation: dimensions and default value are mutually exclusive properties.",
        ));
    }
    if dimensions > 0 && !pattern.starts_with(['{', '[']) {
        return Err(invalid(
            "Invalid metric transformation: dimensions need a JSON or a space-delimited filter pattern.",
        ));
    }
    if it
        .unit
        .as_deref()
        .is_some_and(|unit| !crate::services::cloudwatch::is_unit(unit))
    {
        return Err(constraint(
            it.unit.as_deref().unwrap_or_default(),
            "metricTransformations.1.member.unit",
            "Member must satisfy enum value set",
        ));
    }
    Ok(())
}
