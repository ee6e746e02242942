//! The settings of a bucket that are a small table each.

use toml::de::DeValue;

use crate::kinds::{DefaultRetention, Lifecycle, LockMode, ObjectLock, Period, StorageClass, Transition};
use crate::problem::{Problem, code};

use super::super::decoder::{At, Decode, Table, Value};
use super::super::limits;
use super::super::references::BucketRef;

/// `access_logging` as typed.
#[derive(Clone, Debug)]
pub(crate) enum Logging {
    /// `"none"`.
    Off,
    /// A table.
    To {
        /// Where to.
        bucket: At<BucketRef>,
        /// What the keys begin with.
        prefix: Option<At<String>>,
    },
}

/// Reads `"none"` or a table.
pub(crate) fn none_or<T>(
    value: &Value<'_>,
    none: T,
    example: &str,
    read: impl FnOnce(&mut Table<'_>) -> Option<T>,
) -> Option<T> {
    if let Some(mut table) = value.table() {
        let read = read(&mut table);
        table.finish();
        return read;
    }
    match value.raw {
        DeValue::String(word) if word == "none" => Some(none),
        _ => value.wrong_type(&format!("a table such as `{example}`, or `\"none\"`"), None),
    }
}

/// Reports a number that S3 does not take.
fn number(table: &Table<'_>, at: &At<u32>, message: String, label: &str, help: &str) {
    let problem = Problem::new(code::BAD_NUMBER, &at.spot, message).label(label);
    table.cx.sink.report(problem.help(help));
}

/// Takes out a number of days of which S3 wants at least one.
fn days(table: &mut Table<'_>, key: &'static str) -> Option<At<u32>> {
    let days = table.take::<u32>(key)?;
    if days.value == 0 || i32::try_from(days.value).is_err() {
        let message = format!("`{key}` is {}", days.value);
        number(
            table,
            &days,
            message,
            "not a number of days",
            "S3 takes 1 to 2147483647 days",
        );
        return None;
    }
    Some(days)
}

impl Decode for Option<Lifecycle> {
    fn decode(value: &Value<'_>) -> Option<Self> {
        none_or(value, None, "{ expire_days = 2555 }", |table| {
            let expire = days(table, "expire_days");
            let after = table.take::<u32>("transition_days");
            let class = table.take::<StorageClass>("storage_class");
            let noncurrent = days(table, "noncurrent_expire_days");
            let abort = days(table, "abort_incomplete_upload_days");
            together(
                table,
                after.is_some(),
                "transition_days",
                "storage_class",
                "\"GLACIER_IR\"",
            );
            together(table, class.is_some(), "storage_class", "transition_days", "90");
            if table.is_bare() {
                let keys = vec![
                    "expire_days",
                    "transition_days",
                    "noncurrent_expire_days",
                    "abort_incomplete_upload_days",
                ];
                let problem = Problem::new(code::MISSING_KEY, &table.spot, "`lifecycle` says nothing")
                    .label("no number of days")
                    .help("write for instance `expire_days = 2555`, or `lifecycle = \"none\"`");
                table.missing(keys, problem);
            }
            let transition = after.zip(class).map(|(after, class)| {
                limits_of_transition(table, &after, &class, expire.as_ref());
                Transition {
                    days: after.value,
                    class: class.value,
                }
            });
            let plain = |days: Option<At<u32>>| days.map(|days| days.value);
            Some(Some(Lifecycle {
                expire_days: plain(expire),
                transition,
                noncurrent_expire_days: plain(noncurrent),
                abort_incomplete_upload_days: plain(abort),
                beside: Vec::new(),
            }))
        })
    }
}

/// Reports at the end that a key is missing that another one needs.
fn together(table: &mut Table<'_>, is_there: bool, key: &str, needed: &'static str, example: &str) {
    if is_there && !table.knows(needed) {
        let message = format!("`{key}` needs `{needed}`");
        let problem = Problem::new(code::MISSING_KEY, &table.spot, message)
            .label(format!("`{needed}` is missing"))
            .help(format!("write `{needed} = {example}`"));
        table.missing(vec![needed], problem);
    }
}

/// S3: "Constraints and considerations for transitions".
fn limits_of_transition(
    table: &Table<'_>,
    after: &At<u32>,
    class: &At<StorageClass>,
    expire: Option<&At<u32>>,
) {
    let least = class.value.least_days();
    if after.value < least {
        let message = format!("S3 moves objects to {} after {least} days at least", class.value);
        number(
            table,
            after,
            message,
            "too early",
            "write a larger number, or another `storage_class`",
        );
    }
    if let Some(expire) = expire.filter(|expire| expire.value <= after.value) {
        let message = format!(
            "objects expire after {} days and move to {} after {}",
            expire.value, class.value, after.value
        );
        number(
            table,
            expire,
            message,
            "not later than they move",
            "S3 takes an expiry only after the transition",
        );
    }
}

impl Decode for ObjectLock {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let example = "{ mode = \"GOVERNANCE\", days = 365 }";
        none_or(value, Self::Off, example, |table| {
            let mode = table.need::<LockMode>("mode", "\"GOVERNANCE\"");
            let days = table.take::<u32>("days");
            let years = table.take::<u32>("years");
            if !(table.knows("days") || table.knows("years")) {
                let problem = Problem::new(
                    code::MISSING_KEY,
                    &table.spot,
                    "`object_lock` needs `days` or `years`",
                )
                .label("for how long?")
                .help("write `days = 365`");
                table.missing(vec!["days", "years"], problem);
            }
            if let (Some(days), Some(years)) = (&days, &years) {
                let message = "S3 takes a retention in days or in years";
                let problem = Problem::new(code::CONTRADICTION, &years.spot, message)
                    .label("together with `days`")
                    .also(&days.spot, "in days here");
                table.cx.sink.report(problem.help("take one of them away"));
            }
            let within = |number: &At<u32>, most: u32| {
                if !(1..=most).contains(&number.value) {
                    let message = format!("S3 locks for 1 to {most}, not for {}", number.value);
                    self::number(
                        table,
                        number,
                        message,
                        "out of range",
                        "a hundred years are the most",
                    );
                }
            };
            days.iter().for_each(|days| within(days, Period::MOST_DAYS));
            years.iter().for_each(|years| within(years, Period::MOST_YEARS));
            let days = days.map(|days| Period::Days(days.value));
            let period = days.or(years.map(|years| Period::Years(years.value)))?;
            Some(Self::Default(DefaultRetention {
                mode: mode?.value,
                period,
            }))
        })
    }
}

impl Decode for Logging {
    fn decode(value: &Value<'_>) -> Option<Self> {
        none_or(value, Self::Off, "{ bucket = \"LABEL\" }", |table| {
            let bucket = table.need("bucket", "\"LABEL\"");
            let prefix = table.take::<String>("prefix");
            if let Some(prefix) = &prefix {
                limits::text(table.cx.sink, "prefix", prefix, 512);
            }
            Some(Self::To {
                bucket: bucket?,
                prefix,
            })
        })
    }
}
