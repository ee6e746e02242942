//! Event selectors, basic or advanced, and insight selectors.

use winterbaume_cloudtrail::wire::{
    AdvancedEventSelector, DataResource as WireData, EventSelector, GetEventSelectorsRequest,
    GetEventSelectorsResponse, GetInsightSelectorsRequest, GetInsightSelectorsResponse, InsightSelector,
    PutEventSelectorsRequest, PutEventSelectorsResponse, PutInsightSelectorsRequest,
    PutInsightSelectorsResponse,
};

use crate::protocol::{Failure, give, take};
use crate::route::Call;
use crate::services::cloudtrail::{find, find_at_home};
use crate::state::{BasicSelector, DataResource, Selectors, State};

pub(crate) fn put(
    state: &mut State,
    call: &Call,
    input: PutEventSelectorsRequest,
) -> Result<PutEventSelectorsResponse, Failure> {
    let (place, trail) = find_at_home(state, call, &input.trail_name)?;
    let arn = place.arn(call);
    let selectors = match (input.event_selectors, input.advanced_event_selectors) {
        (Some(basic), None) => Selectors::Basic(read_basic(basic)?),
        (None, Some(advanced)) => {
            check_advanced(&advanced)?;
            Selectors::Advanced(advanced.iter().map(give).collect::<Result<_, _>>()?)
        }
        (Some(_), Some(_)) => {
            return Err(invalid(
                "You can use either EventSelectors or AdvancedEventSelectors, but not both.",
            ));
        }
        (None, None) => return Err(invalid("No event selectors were given.")),
    };
    trail.selectors = selectors;
    let (event_selectors, advanced_event_selectors) = write(&trail.selectors)?;
    Ok(PutEventSelectorsResponse {
        advanced_event_selectors,
        event_selectors,
        trail_a_r_n: Some(arn),
    })
}

pub(crate) fn get(
    state: &State,
    call: &Call,
    input: GetEventSelectorsRequest,
) -> Result<GetEventSelectorsResponse, Failure> {
    let (place, trail) = find(state, call, &input.trail_name)?;
    let (event_selectors, advanced_event_selectors) = write(&trail.selectors)?;
    Ok(GetEventSelectorsResponse {
        advanced_event_selectors,
        event_selectors,
        trail_a_r_n: Some(place.arn(call)),
    })
}

pub(crate) fn put_insights(
    state: &mut State,
    call: &Call,
    input: PutInsightSelectorsRequest,
) -> Result<PutInsightSelectorsResponse, Failure> {
    let refuse = |why: &str| Err(Failure::bad("InvalidInsightSelectorsException", why));
    let name = input.trail_name.unwrap_or_default();
    let (place, trail) = find_at_home(state, call, &name)?;
    for selector in &input.insight_selectors {
        if !matches!(
            selector.insight_type.as_deref(),
            Some("ApiCallRateInsight" | "ApiErrorRateInsight")
        ) {
            return refuse("The insight type must be ApiCallRateInsight or ApiErrorRateInsight.");
        }
    }
    trail.insights = input
        .insight_selectors
        .iter()
        .map(give)
        .collect::<Result<_, _>>()?;
    Ok(PutInsightSelectorsResponse {
        insight_selectors: Some(input.insight_selectors),
        trail_a_r_n: Some(place.arn(call)),
        ..PutInsightSelectorsResponse::default()
    })
}

pub(crate) fn get_insights(
    state: &State,
    call: &Call,
    input: GetInsightSelectorsRequest,
) -> Result<GetInsightSelectorsResponse, Failure> {
    let (place, trail) = find(state, call, &input.trail_name.unwrap_or_default())?;
    if trail.insights.is_empty() {
        return Err(Failure::bad(
            "InsightNotEnabledException",
            format!(
                "Trail {} does not have Insights enabled. Edit the trail settings to enable Insights, and then try the operation again.",
                place.arn(call)
            ),
        ));
    }
    let selectors: Result<Vec<InsightSelector>, _> = trail.insights.iter().cloned().map(take).collect();
    Ok(GetInsightSelectorsResponse {
        insight_selectors: Some(selectors?),
        trail_a_r_n: Some(place.arn(call)),
        ..GetInsightSelectorsResponse::default()
    })
}

fn invalid(why: impl Into<String>) -> Failure {
    Failure::bad("InvalidEventSelectorsException", why)
}

fn read_basic(selectors: Vec<EventSelector>) -> Result<Vec<BasicSelector>, Failure> {
    if selectors.is_empty() || selectors.len() > 5 {
        return Err(invalid("A trail must have 1 to 5 event selectors."));
    }
    let mut values = 0;
    let mut read = Vec::new();
    for selector in selectors {
        let read_write = selector.read_write_type.unwrap_or_else(|| "All".to_owned());
        if !matches!(read_write.as_str(), "All" | "ReadOnly" | "WriteOnly") {
            return Err(invalid(format!("Invalid ReadWriteType: {read_write}")));
        }
        let management = selector.include_management_events.unwrap_or(true);
        let data: Vec<DataResource> = selector
            .data_resources
            .unwrap_or_default()
            .into_iter()
            .map(|resource| DataResource {
                kind: resource.r#type.unwrap_or_default(),
                values: resource.values.unwrap_or_default(),
            })
            .collect();
        for resource in &data {
            if !matches!(
                resource.kind.as_str(),
                "AWS::S3::Object" | "AWS::Lambda::Function" | "AWS::DynamoDB::Table"
            ) {
                return Err(invalid(format!("Invalid data resource type: {}", resource.kind)));
            }
            if let Some(value) = resource.values.iter().find(|value| !value.starts_with("arn:")) {
                return Err(invalid(format!(
                    "Value {value} for DataResources.Values is invalid."
                )));
            }
            values += resource.values.len();
        }
        if !management && data.is_empty() {
            return Err(invalid(
                "An event selector must include management events or data resources.",
            ));
        }
        let exclude = selector.exclude_management_event_sources.unwrap_or_default();
        if let Some(source) = exclude
            .iter()
            .find(|source| !matches!(source.as_str(), "kms.amazonaws.com" | "rdsdata.amazonaws.com"))
        {
            return Err(invalid(format!(
                "ExcludeManagementEventSources cannot hold {source}."
            )));
        }
        if !management && !exclude.is_empty() {
            return Err(invalid(
                "ExcludeManagementEventSources needs IncludeManagementEvents.",
            ));
        }
        read.push(BasicSelector {
            read_write,
            management,
            data,
            exclude,
        });
    }
    if values > 250 {
        return Err(invalid("A trail can have at most 250 data resources."));
    }
    Ok(read)
}

fn check_advanced(selectors: &[AdvancedEventSelector]) -> Result<(), Failure> {
    if selectors.is_empty() {
        return Err(invalid("A trail must have at least one advanced event selector."));
    }
    let mut values = 0;
    for selector in selectors {
        if selector
            .name
            .as_ref()
            .is_some_and(|name| name.chars().count() > 1000)
        {
            return Err(invalid("The name of a selector is longer than 1000 characters."));
        }
        let mut category = false;
        for field in &selector.field_selectors {
            let lists = [
                &field.equals,
                &field.not_equals,
                &field.starts_with,
                &field.not_starts_with,
                &field.ends_with,
                &field.not_ends_with,
            ];
            let given: usize = lists.iter().filter_map(|list| list.as_ref()).map(Vec::len).sum();
            if given == 0 {
                return Err(invalid(format!("The field {} has no condition.", field.field)));
            }
            values += given;
            if field.field == "eventCategory" {
                category = field.equals.as_ref().is_some_and(|equals| {
                    equals.len() == 1
                        && matches!(equals[0].as_str(), "Management" | "Data" | "NetworkActivity")
                });
            }
        }
        if !category {
            return Err(invalid(
                "An advanced event selector must have eventCategory with one Equals value.",
            ));
        }
    }
    if values > 500 {
        return Err(invalid(
            "A trail can have at most 500 values in its advanced selectors.",
        ));
    }
    Ok(())
}

type Written = (Option<Vec<EventSelector>>, Option<Vec<AdvancedEventSelector>>);

fn write(selectors: &Selectors) -> Result<Written, Failure> {
    Ok(match selectors {
        Selectors::Basic(selectors) => {
            let selectors = selectors.iter().map(|selector| EventSelector {
                data_resources: Some(
                    selector
                        .data
                        .iter()
                        .map(|resource| WireData {
                            r#type: Some(resource.kind.clone()),
                            values: Some(resource.values.clone()),
                        })
                        .collect(),
                ),
                exclude_management_event_sources: Some(selector.exclude.clone()),
                include_management_events: Some(selector.management),
                read_write_type: Some(selector.read_write.clone()),
            });
            (Some(selectors.collect()), None)
        }
        Selectors::Advanced(selectors) => {
            let selectors: Result<_, _> = selectors.iter().cloned().map(take).collect();
            (None, Some(selectors?))
        }
    })
}
