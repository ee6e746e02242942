//! The settings of topics and subscriptions that are more than a word.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use toml::de::DeValue;

use crate::Scope;
use crate::arn::Arn;
use crate::kinds::{
    Backoff, DeliveryRetry, DeliveryStatus, DeliveryStatuses, FilterScope, Guest, Protocol, Sample,
    SignatureVersion, SubscriptionSettings, TopicSettings, Tracing,
};
use crate::leaf::{Document, Managed};
use crate::problem::{Problem, code};

use super::super::bucket::none_or;
use super::super::decoder::{At, Decode, Spot, Table, Value};
use super::super::limits;
use super::super::test::json;
use super::super::values::integer;

/// A document, or `"none"`.
struct Written(Option<Document>);

impl Decode for Written {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let key = &value.key;
        match value.raw {
            DeValue::Table(_) => match json(value)? {
                Json::Object(object) => Some(Self(Some(Document::of(object)))),
                _ => None,
            },
            DeValue::String(_) => {
                let text = String::decode(value)?;
                if text == "none" {
                    return Some(Self(None));
                }
                let read = Document::parse(&text);
                if let Err(why) = &read {
                    let message = format!("`{key}` is no JSON object");
                    let problem = Problem::new(code::BAD_TEXT, &value.spot, message).label(why.clone());
                    value.report(problem.help("write a table, a JSON object as a string, or `\"none\"`"));
                }
                read.ok().map(|document| Self(Some(document)))
            }
            _ => value.wrong_type("a table, a JSON object as a string, or `\"none\"`", None),
        }
    }
}

/// A role or a queue, or `"none"`.
fn arn_or_none(
    table: &mut Table<'_>,
    key: &'static str,
    service: &str,
    resource: &str,
    what: &str,
) -> Option<At<Option<Arn>>> {
    let text = table.take::<String>(key)?;
    let arn = match text.value.as_str() {
        "none" => None,
        _ => Some(limits::arn(table.cx.sink, &text, service, resource, what)?),
    };
    Some(text.map(|_| arn))
}

impl Decode for SignatureVersion {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let number = integer(value);
        let read = number.and_then(|number| Self::from_word(&number.to_string()));
        if read.is_none() {
            return value.wrong_type("`1` or `2`", None);
        }
        read
    }
}

impl Decode for Option<DeliveryRetry> {
    fn decode(value: &Value<'_>) -> Option<Self> {
        none_or(value, None, "{ num_retries = 10 }", |table| {
            let by_default = DeliveryRetry::default();
            let mut spots: Vec<(&str, Spot)> = Vec::new();
            let mut number = |key: &'static str, by_default: u32| {
                let Some(at) = table.take::<u32>(key) else {
                    return by_default;
                };
                spots.push((key, at.spot));
                at.value
            };
            let mut read = DeliveryRetry {
                min_delay_target: number("min_delay_target", by_default.min_delay_target),
                max_delay_target: number("max_delay_target", by_default.max_delay_target),
                num_retries: number("num_retries", by_default.num_retries),
                num_no_delay_retries: number("num_no_delay_retries", 0),
                num_min_delay_retries: number("num_min_delay_retries", 0),
                num_max_delay_retries: number("num_max_delay_retries", 0),
                backoff_function: by_default.backoff_function,
                max_receives_per_second: None,
            };
            if let Some(function) = table.take::<Backoff>("backoff_function") {
                read.backoff_function = function.value;
            }
            if let Some(most) = table.take::<u32>("max_receives_per_second") {
                read.max_receives_per_second = Some(most.value);
                spots.push(("max_receives_per_second", most.spot));
            }
            if let Some((keys, message, help)) = refused(&read) {
                let at = spots.iter().find(|(key, _)| keys.contains(key));
                let spot = at.map_or(&table.spot, |(_, spot)| spot);
                let problem = Problem::new(code::BAD_NUMBER, spot, message).label("SNS refuses this");
                table.cx.sink.report(problem.help(help));
            }
            Some(Some(read))
        })
    }
}

/// Why SNS refuses a retry policy, if it does (AWS: "Creating an HTTP/S delivery policy"): the keys
/// that say so, and the way out.
fn refused(retry: &DeliveryRetry) -> Option<(&'static [&'static str], String, &'static str)> {
    let DeliveryRetry {
        min_delay_target: least,
        max_delay_target: most,
        num_retries: tries,
        num_no_delay_retries,
        num_min_delay_retries,
        num_max_delay_retries,
        backoff_function: _,
        max_receives_per_second,
    } = *retry;
    let phases =
        u64::from(num_no_delay_retries) + u64::from(num_min_delay_retries) + u64::from(num_max_delay_retries);
    let seconds = retry.least_seconds();
    if max_receives_per_second == Some(0) {
        let message = "`max_receives_per_second` is 0".into();
        return Some((
            &["max_receives_per_second"],
            message,
            "1 is the least; without the key there is no limit",
        ));
    }
    if !(1..=3600).contains(&most) {
        let message = format!("the longest pause is {most} seconds");
        return Some((&["max_delay_target"], message, "SNS takes 1 to 3600"));
    }
    if least == 0 || least > most {
        let message = format!("the shortest pause is {least} seconds and the longest {most}");
        let help = "SNS takes a `min_delay_target` of 1 up to `max_delay_target`; either is 20 where it is not written";
        return Some((&["min_delay_target", "max_delay_target"], message, help));
    }
    if tries > 100 {
        let message = format!("`num_retries` is {tries}");
        return Some((&["num_retries"], message, "SNS takes 0 to 100"));
    }
    if phases > u64::from(tries) {
        let message = format!(
            "{phases} tries at once, with the shortest and with the longest pause, of {tries} in all"
        );
        let help = "write a larger `num_retries`: it counts them, too, and is 3 where it is not written";
        let keys = &[
            "num_retries",
            "num_no_delay_retries",
            "num_min_delay_retries",
            "num_max_delay_retries",
        ];
        return Some((keys, message, help));
    }
    if seconds > 3600 {
        let message = format!("the tries take {seconds} seconds together at least");
        let help = "SNS takes 3600 in all: write fewer tries or shorter pauses";
        return Some((
            &["num_retries", "min_delay_target", "max_delay_target"],
            message,
            help,
        ));
    }
    None
}

impl Decode for DeliveryStatus {
    fn decode(value: &Value<'_>) -> Option<Self> {
        none_or(value, Self::default(), "{ failure_role = \"ARN\" }", |table| {
            let role = |table: &mut Table<'_>, key| {
                let text = table.take::<String>(key)?;
                limits::arn(table.cx.sink, &text, "iam", "role/", "a role")
            };
            let success = role(table, "success_role");
            let rate = table.take::<u32>("sample_rate");
            let failure_role = role(table, "failure_role");
            for (key, needed, example) in [
                ("success_role", "sample_rate", "100"),
                ("sample_rate", "success_role", "\"ARN\""),
            ] {
                if table.knows(key) && !table.knows(needed) {
                    let message = format!("`{key}` needs `{needed}`");
                    let problem = Problem::new(code::MISSING_KEY, &table.spot, message)
                        .label(format!("`{needed}` is missing"))
                        .help(format!("write `{needed} = {example}`: how many of a hundred successes are written down, and with which role"));
                    table.missing(vec![needed], problem);
                }
            }
            if table.is_bare() {
                let problem = Problem::new(
                    code::MISSING_KEY,
                    &table.spot,
                    format!("`{}` says nothing", value.key),
                )
                .label("no role")
                .help("write `failure_role`, or `success_role` with `sample_rate`, or `\"none\"`");
                table.missing(vec!["success_role", "failure_role", "sample_rate"], problem);
            }
            if let Some(rate) = rate.as_ref().filter(|rate| rate.value > 100) {
                let message = format!("`sample_rate` is {}", rate.value);
                let problem = Problem::new(code::BAD_NUMBER, &rate.spot, message).label("more than 100");
                table
                    .cx
                    .sink
                    .report(problem.help("it is how many of a hundred: 0 to 100"));
            }
            let success = success.zip(rate).map(|(role, rate)| Sample {
                role,
                rate: rate.value,
            });
            Some(Self {
                success,
                failure_role,
            })
        })
    }
}

/// Takes out the settings of a topic.
pub(crate) fn of_topic(table: &mut Table<'_>) -> TopicSettings {
    let plain = |status: Option<At<DeliveryStatus>>| status.map(|at| at.value).into();
    let delivery_status = match table.table("delivery_status") {
        None => DeliveryStatuses::default(),
        Some(mut of) => {
            let read = DeliveryStatuses {
                application: plain(of.take("application")),
                firehose: plain(of.take("firehose")),
                http: plain(of.take("http")),
                lambda: plain(of.take("lambda")),
                sqs: plain(of.take("sqs")),
            };
            of.finish();
            read
        }
    };
    let data_protection = table.take::<Written>("data_protection");
    if let Some(At {
        value: Written(Some(document)),
        spot,
    }) = &data_protection
    {
        check_data_protection(table, document, spot);
    }
    TopicSettings {
        delivery_retry: table
            .take::<Option<DeliveryRetry>>("delivery_retry")
            .map(|at| at.value)
            .into(),
        delivery_status,
        signature_version: table
            .take::<SignatureVersion>("signature_version")
            .map(|at| at.value)
            .into(),
        tracing: table.take::<Tracing>("tracing").map(|at| at.value).into(),
        data_protection: data_protection.map(|at| at.value.0).into(),
    }
}

/// SNS: "Data protection policy operations" - the parts that each has, and 30720 bytes.
fn check_data_protection(table: &Table<'_>, document: &Document, spot: &Spot) {
    let missing: Vec<String> = ["Name", "Version", "Statement"]
        .into_iter()
        .filter(|key| !document.object().contains_key(*key))
        .map(|key| format!("`{key}`"))
        .collect();
    if !missing.is_empty() {
        let message = format!("a data protection policy has no {}", missing.join(", "));
        let problem = Problem::new(code::BAD_TEXT, spot, message).label("SNS refuses this");
        let help = "one has `Name`, `Version = \"2021-06-01\"` and `Statement`; `\"none\"` takes it away";
        table.cx.sink.report(problem.help(help));
    }
    let size = document.to_json().len();
    if size > 30_720 {
        let message = format!("the data protection policy has {size} bytes, SNS takes 30720");
        table
            .cx
            .sink
            .report(Problem::new(code::BAD_TEXT, spot, message).label("too long"));
    }
}

/// Takes out the settings of a subscription.
pub(crate) fn of_subscription(
    table: &mut Table<'_>,
    protocol: Option<Protocol>,
    scope: &Scope,
) -> SubscriptionSettings {
    use Protocol::{Firehose, Http, Https, Sqs};
    let raw = table.take::<bool>("raw_delivery");
    let retry = table.take::<Option<DeliveryRetry>>("delivery_retry");
    only(
        table,
        "raw_delivery",
        raw.as_ref().map(|at| &at.spot),
        protocol,
        &[Sqs, Firehose, Http, Https],
    );
    only(
        table,
        "delivery_retry",
        retry.as_ref().map(|at| &at.spot),
        protocol,
        &[Http, Https],
    );
    let policy = table.take::<Written>("filter_policy");
    let filter_scope = table.take::<FilterScope>("filter_scope");
    let filters = policy.as_ref().is_some_and(|at| at.value.0.is_some());
    if let Some(At { spot, .. }) = &filter_scope
        && !filters
    {
        let problem = Problem::new(code::MISSING_KEY, spot, "`filter_scope` needs `filter_policy`")
            .label("of which policy?")
            .help("write `filter_policy`, or take `filter_scope` away");
        table.missing(vec!["filter_policy"], problem);
    }
    let looks_at = filter_scope.map_or(FilterScope::MessageAttributes, |at| at.value);
    if let Some(At {
        value: Written(Some(document)),
        spot,
    }) = &policy
        && let Some(why) = refused_filter(document, looks_at)
    {
        let problem = Problem::new(code::BAD_TEXT, spot, "SNS refuses this filter policy").label(why);
        table
            .cx
            .sink
            .report(problem.help("see \"Filter policy constraints\" in the SNS developer guide"));
    }
    let dead_letter = arn_or_none(table, "dead_letter", "sqs", "", "a queue");
    if let Some(At {
        value: Some(queue),
        spot,
    }) = &dead_letter
        && (queue.region != scope.region || queue.account != scope.account)
    {
        let message = format!(
            "the dead-letter queue is in {} of account {}",
            queue.region, queue.account
        );
        let problem = Problem::new(code::OUT_OF_REACH, spot, message).label("not where the subscription is");
        let help = format!(
            "SNS takes a queue in {} of account {}",
            scope.region, scope.account
        );
        table.cx.sink.report(problem.help(help));
    }
    SubscriptionSettings {
        raw_delivery: raw.map(|at| at.value).into(),
        filter_policy: policy.map(|at| at.value.0).into(),
        // A policy that does not say what it looks at looks at attributes.
        filter_scope: if filters {
            Managed::Set(looks_at)
        } else {
            Managed::Leave
        },
        dead_letter: dead_letter.map(|at| at.value).into(),
        delivery_retry: retry.map(|at| at.value).into(),
    }
}

/// Reports a key that the protocol has no use for.
fn only(table: &Table<'_>, key: &str, spot: Option<&Spot>, protocol: Option<Protocol>, of: &[Protocol]) {
    let (Some(spot), Some(protocol)) = (spot, protocol) else {
        return;
    };
    if !of.contains(&protocol) {
        let words: Vec<String> = of.iter().map(|protocol| format!("`{protocol}`")).collect();
        let message = format!("a subscription of `{protocol}` has no `{key}`");
        let problem = Problem::new(code::CONTRADICTION, spot, message)
            .label(format!("only {} have it", words.join(", ")));
        table.cx.sink.report(problem.help(format!("take `{key}` away")));
    }
}

/// Why SNS refuses a filter policy, if it does (AWS: "Filter policy constraints in Amazon SNS").
fn refused_filter(policy: &Document, scope: FilterScope) -> Option<String> {
    let size = policy.to_json().len();
    if size > 256 * 1024 {
        return Some(format!("{size} bytes, more than 256 KB"));
    }
    let mut keys = 0;
    let mut combinations: u64 = 1;
    if let Err(why) = count(policy.object(), scope, 1, &mut keys, &mut combinations) {
        return Some(why);
    }
    if keys > 5 {
        return Some(format!("{keys} keys, more than 5"));
    }
    (combinations > 150).then(|| format!("{combinations} combinations of values, more than 150"))
}

/// Counts the keys and the combinations of their values. Nested keys weigh as much as they are deep;
/// the parts of an `$or` are not counted, because AWS does not say how.
fn count(
    object: &serde_json::Map<String, Json>,
    scope: FilterScope,
    depth: u64,
    keys: &mut usize,
    combinations: &mut u64,
) -> Result<(), String> {
    for (key, value) in object {
        match value {
            Json::Array(values) if key == "$or" => {
                if values.len() < 2 || !values.iter().all(Json::is_object) {
                    return Err("`$or` takes two objects or more".into());
                }
            }
            Json::Array(values) if values.is_empty() => return Err(format!("`{key}` has no value")),
            Json::Array(values) => {
                *keys += 1;
                let weight = u64::try_from(values.len())
                    .unwrap_or(u64::MAX)
                    .saturating_mul(depth);
                *combinations = combinations.saturating_mul(weight);
            }
            Json::Object(inner) if scope == FilterScope::MessageBody => {
                count(inner, scope, depth + 1, keys, combinations)?;
            }
            Json::Object(_) => {
                return Err(format!(
                    "`{key}` is nested, which needs `filter_scope = \"MessageBody\"`"
                ));
            }
            _ => return Err(format!("`{key}` takes an array of values")),
        }
    }
    Ok(())
}

/// Takes out who may do something with the topic beside alarms and trails.
pub(crate) fn guests(table: &mut Table<'_>, key: &'static str, scope: &Scope) -> BTreeSet<Guest> {
    let Some(written) = table.take::<Vec<At<String>>>(key) else {
        return BTreeSet::new();
    };
    let mut guests = BTreeSet::new();
    for text in &written.value {
        match guest(&text.value, scope) {
            Ok(guest) => {
                guests.insert(guest);
            }
            Err((message, label)) => {
                let problem = Problem::new(code::BAD_ARN, &text.spot, message).label(label);
                table.cx.sink.report(problem.help(
                    "write an account's number, the ARN of a role or a user, or a service such as \
                     `events.amazonaws.com`",
                ));
            }
        }
    }
    guests
}

fn guest(text: &str, scope: &Scope) -> Result<Guest, (String, &'static str)> {
    if text.contains('*') {
        let message = format!("`{text}` is open to accounts that nobody has named");
        return Err((message, "a principal takes no wildcard"));
    }
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Guest::Arn(Arn {
            partition: scope.topic_arn("x").partition,
            service: "iam".into(),
            region: String::new(),
            account: text.into(),
            resource: "root".into(),
        }));
    }
    let service = |name: &str| {
        name.split('.').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
    };
    if let Some(name) = text
        .strip_suffix(".amazonaws.com")
        .or_else(|| text.strip_suffix(".amazonaws.com.cn"))
    {
        if service(name) {
            return Ok(Guest::Service(text.into()));
        }
        return Err((format!("`{text}` is no service"), "not a service's name"));
    }
    let principal = |arn: &Arn| {
        let of = |word: &str| {
            arn.resource
                .strip_prefix(word)
                .is_some_and(|name| !name.is_empty())
        };
        arn.service == "iam"
            && arn.account.len() == 12
            && (arn.resource == "root" || of("role/") || of("user/"))
    };
    Arn::parse(text).filter(principal).map(Guest::Arn).ok_or_else(|| {
        (
            format!("`{text}` is no principal"),
            "neither an account, a role, a user nor a service",
        )
    })
}
