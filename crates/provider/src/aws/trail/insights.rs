//! What a trail's Insights look for.

use std::collections::BTreeSet;

use aws_sdk_cloudtrail::types::{InsightSelector, InsightType, SourceEventCategory};
use trailwarden_account::AccountError;
use trailwarden_spec::kinds::Insight;

use super::super::Aws;
use super::super::known::Known;
use crate::door::Api;

const GET: Api = Api::read("cloudtrail", "GetInsightSelectors");

/// What Insights looks for, and what the spec has no words for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Looked {
    pub(super) insights: BTreeSet<Insight>,
    pub(super) inexpressible: Vec<String>,
}

/// Asks for a trail's Insights. That they are off is an error of the API and no failure.
pub(super) async fn look(aws: &Aws, arn: &str) -> Result<Looked, AccountError> {
    let get = || aws.cloudtrail.get_insight_selectors().trail_name(arn).send();
    match aws.door.call(GET, get).await {
        Ok(answer) => Ok(read(answer.insight_selectors())),
        Err(error) if error.is("InsightNotEnabledException") => Ok(Looked::default()),
        Err(error) => Err(error),
    }
}

fn read(selectors: &[InsightSelector]) -> Looked {
    let mut looked = Looked::default();
    for selector in selectors {
        // Without categories it is about management events.
        let categories = selector.event_categories();
        if !categories.is_empty() && categories != [SourceEventCategory::Management] {
            looked.inexpressible.push("Insights on data events".into());
        }
        match selector.insight_type() {
            Some(InsightType::ApiCallRateInsight) => {
                looked.insights.insert(Insight::CallRate);
            }
            Some(InsightType::ApiErrorRateInsight) => {
                looked.insights.insert(Insight::ErrorRate);
            }
            other => {
                let name = other.map_or("none", InsightType::as_str);
                looked
                    .inexpressible
                    .push(format!("Insights of the type `{name}`"));
            }
        }
    }
    looked.inexpressible.dedup();
    looked
}

/// The word of the API.
pub(super) fn wire(insight: Insight) -> InsightType {
    match insight {
        Insight::CallRate => InsightType::ApiCallRateInsight,
        Insight::ErrorRate => InsightType::ApiErrorRateInsight,
    }
}
