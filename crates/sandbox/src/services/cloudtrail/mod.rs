//! CloudTrail: trails with their preconditions, selectors and status, and the event history.

pub(crate) mod checks;
mod lookup;
pub(crate) mod matching;
mod selectors;
mod status;
mod tags;
mod trails;

use serde_json::Value;

use crate::protocol::{Failure, give, nothing, take};
use crate::route::Call;
use crate::state::{State, Trail};

pub(crate) fn handle(state: &mut State, call: &Call, input: Value) -> Result<Value, Failure> {
    match call.operation.as_str() {
        "CreateTrail" => give(&trails::create(state, call, take(input)?)?),
        "UpdateTrail" => give(&trails::update(state, call, take(input)?)?),
        "DeleteTrail" => trails::delete(state, call, take(input)?).and_then(|()| nothing()),
        "GetTrail" => give(&trails::get(state, call, take(input)?)?),
        "DescribeTrails" => give(&trails::describe(state, call, take(input)?)?),
        "ListTrails" => give(&trails::list(state, call)),
        "GetTrailStatus" => give(&status::get(state, call, take(input)?)?),
        "StartLogging" => status::start(state, call, take(input)?).and_then(|()| nothing()),
        "StopLogging" => status::stop(state, call, take(input)?).and_then(|()| nothing()),
        "PutEventSelectors" => give(&selectors::put(state, call, take(input)?)?),
        "GetEventSelectors" => give(&selectors::get(state, call, take(input)?)?),
        "PutInsightSelectors" => give(&selectors::put_insights(state, call, take(input)?)?),
        "GetInsightSelectors" => give(&selectors::get_insights(state, call, take(input)?)?),
        "AddTags" => tags::add(state, call, take(input)?).and_then(|()| nothing()),
        "RemoveTags" => tags::remove(state, call, take(input)?).and_then(|()| nothing()),
        "ListTags" => give(&tags::list(state, call, take(input)?)?),
        "LookupEvents" => give(&lookup::events(state, call, take(input)?)?),
        _ => Err(Failure::not_implemented(call)),
    }
}

/// Where a trail is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) home: String,
    pub(crate) name: String,
}

impl Place {
    pub(crate) fn arn(&self, call: &Call) -> String {
        let Call { account, .. } = call;
        let Place { home, name } = self;
        format!(
            "arn:{}:cloudtrail:{home}:{account}:trail/{name}",
            call.partition()
        )
    }

    pub(crate) fn of<'s>(&self, state: &'s State, call: &Call) -> Option<&'s Trail> {
        state
            .find_region(&call.account, &self.home)?
            .trails
            .get(&self.name)
    }
}

/// Finds a trail by its name, in the current region, or by its ARN, in any.
///
/// AWS: "To get the status of a shadow trail, you must specify its ARN."
pub(crate) fn find<'s>(state: &'s State, call: &Call, name: &str) -> Result<(Place, &'s Trail), Failure> {
    let place = place_of(call, name)?;
    match place.of(state, call) {
        Some(trail) if trail.multi_region || place.home == call.region => Ok((place, trail)),
        _ => Err(unknown(call, name)),
    }
}

/// Finds a trail in order to change it, which is allowed in its home region only.
pub(crate) fn find_at_home<'s>(
    state: &'s mut State,
    call: &Call,
    name: &str,
) -> Result<(Place, &'s mut Trail), Failure> {
    let place = place_of(call, name)?;
    let shadow = || {
        let elsewhere = state
            .accounts
            .get(&call.account)?
            .regions
            .iter()
            .find(|(home, region)| {
                **home != call.region
                    && (place.home == call.region || place.home == **home)
                    && region
                        .trails
                        .get(&place.name)
                        .is_some_and(|trail| trail.multi_region)
            })?;
        Some(Place {
            home: elsewhere.0.clone(),
            name: place.name.clone(),
        })
    };
    if place.home != call.region || place.of(state, call).is_none() {
        return Err(match shadow() {
            Some(shadow) => Failure::bad(
                "InvalidHomeRegionException",
                format!(
                    "The trail {} can only be changed in its home region {}.",
                    shadow.arn(call),
                    shadow.home
                ),
            ),
            None => unknown(call, name),
        });
    }
    let trail = state
        .region(&call.account, &call.region)
        .trails
        .get_mut(&place.name)
        .ok_or_else(|| unknown(call, name))?;
    Ok((place, trail))
}

fn unknown(call: &Call, name: &str) -> Failure {
    Failure::bad(
        "TrailNotFoundException",
        format!("Unknown trail: {name} for the user: {}", call.account),
    )
}

fn place_of(call: &Call, name: &str) -> Result<Place, Failure> {
    if !name.starts_with("arn:") {
        check_name(name)?;
        return Ok(Place {
            home: call.region.clone(),
            name: name.to_owned(),
        });
    }
    let parts: Vec<&str> = name.splitn(6, ':').collect();
    match parts.as_slice() {
        [_, _, "cloudtrail", home, account, resource] => {
            let Some(trail) = resource.strip_prefix("trail/") else {
                return Err(bad_arn(name));
            };
            check_name(trail)?;
            if *account != call.account {
                return Err(unknown(call, name));
            }
            Ok(Place {
                home: (*home).to_owned(),
                name: trail.to_owned(),
            })
        }
        _ => Err(bad_arn(name)),
    }
}

pub(crate) fn bad_arn(arn: &str) -> Failure {
    Failure::bad(
        "CloudTrailARNInvalidException",
        format!("Invalid ARN: {arn}. The format is arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME."),
    )
}

/// The rules of `CreateTrail`'s `Name`.
pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    let refuse = |why: &str| Err(Failure::bad("InvalidTrailNameException", why));
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let punctuation = |c: char| ".-_".contains(c);
    let characters: Vec<char> = name.chars().collect();
    if characters.len() < 3 {
        return refuse(
            "Trail name too short. Minimum allowed length: 3 characters. Specified name length: less than 3 characters.",
        );
    }
    if characters.len() > 128 {
        return refuse("Trail name too long. Maximum allowed length: 128 characters.");
    }
    if !characters
        .iter()
        .all(|c| c.is_ascii_alphanumeric() || punctuation(*c))
    {
        return refuse(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).",
        );
    }
    if !edge(characters.first().copied()) {
        return refuse("Trail name must starts with a letter or number.");
    }
    if !edge(characters.last().copied()) {
        return refuse("Trail name must ends with a letter or number.");
    }
    if characters
        .windows(2)
        .any(|pair| pair.iter().all(|c| punctuation(*c)))
    {
        return refuse("Trail name cannot have adjacent periods, hyphens or underscores.");
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        return refuse("Trail name cannot be in IP address format.");
    }
    Ok(())
}
