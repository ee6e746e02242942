//! `[[trail.LABEL.data_events]]` and `[[trail.LABEL.network_events]]`: which events a trail records
//! beside management events.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeValue;

use crate::kinds::{SelectorForm, Trail};
use crate::leaf::{
    BASIC_TYPES, Category, Conditions, Managed, READ_ONLY, RESOURCE_ARN, RESOURCE_TYPE, Selector, Selectors,
};
use crate::problem::{Problem, code};

use super::decoder::{At, Decode, Sink, Spot, Table, Value};
use super::suggest::{listed, nearest};

/// The fields that advanced selectors have conditions on, beside those with keys of their own
/// (AWS: "`AdvancedFieldSelector`").
const DATA_FIELDS: [&str; 6] = [
    "eventName",
    "eventSource",
    "eventType",
    RESOURCE_ARN,
    "sessionCredentialFromConsole",
    "userIdentity.arn",
];
const NETWORK_FIELDS: [&str; 3] = ["errorCode", "eventName", "vpcEndpointId"];

/// What a condition's value, a selector's name, and all values together may have.
const VALUE_LENGTH: usize = 2048;
const NAME_LENGTH: usize = 1000;
const VALUES: usize = 500;
/// The values of all basic selectors of a trail together.
const BASIC_VALUES: usize = 250;

/// The selectors of a trail as typed, with their places.
#[derive(Debug, Default)]
pub(crate) struct Written {
    data: Option<Vec<At<Selector>>>,
    network: Option<Vec<At<Selector>>>,
    form: Option<At<SelectorForm>>,
}

impl Written {
    /// Takes the keys out of a trail's section.
    pub(crate) fn read(table: &mut Table<'_>) -> Self {
        let mut read = |key, category| {
            table.has(key).then(|| {
                let tables = table.tables(key);
                tables
                    .into_iter()
                    .filter_map(|table| selector(table, category))
                    .collect()
            })
        };
        Self {
            data: read("data_events", Category::Data),
            network: read("network_events", Category::NetworkActivity),
            form: table.take("selectors"),
        }
    }

    /// True when the trail records anything beside management events.
    pub(crate) fn record_anything(&self) -> bool {
        [&self.data, &self.network]
            .into_iter()
            .flatten()
            .any(|written| !written.is_empty())
    }

    /// Puts what is written into a trail.
    pub(crate) fn put_into(&self, trail: &mut Trail) {
        let of = |written: &Option<Vec<At<Selector>>>| {
            written
                .as_ref()
                .map(|all| Selectors::new(all.iter().map(|at| at.value.clone()).collect()))
        };
        trail.data_events = of(&self.data).into();
        trail.network_events = of(&self.network).into();
        trail.selectors = self.form.as_ref().map(|at| at.value).into();
    }

    /// Reports what CloudTrail would refuse, once the trail is known as a whole.
    pub(crate) fn check(&self, sink: &Sink, trail: &Trail) {
        let all = || self.data.iter().chain(&self.network).flatten();
        if let Some(At {
            value: SelectorForm::Basic,
            spot,
        }) = &self.form
            && let Some(unfit) = all().find(|at| at.value.basic().is_none())
        {
            let problem = Problem::new(
                code::CONTRADICTION,
                spot,
                "basic selectors have no words for these events",
            )
            .label("basic")
            .also(&unfit.spot, "needs an advanced selector");
            let types = BASIC_TYPES.map(|(name, _)| name);
            sink.report(problem.help(format!(
                "they take data events of {}, `events`, and beginnings of S3 ARNs or ARNs of the others; take `selectors` away",
                listed(types)
            )));
        }
        let of = |selectors: &Managed<Selectors>| selectors.get().map_or(0, Selectors::values);
        let values = of(&trail.data_events) + of(&trail.network_events);
        let basic = matches!(&self.form, Some(form) if form.value == SelectorForm::Basic);
        let most = if basic { BASIC_VALUES } else { VALUES };
        if let Some(last) = all().last().filter(|_| values > most) {
            let message = format!("the selectors have {values} values, CloudTrail takes {most} of a trail");
            sink.report(
                Problem::new(code::TOO_MANY, &last.spot, message)
                    .label("too many together")
                    .help("let beginnings of ARNs stand for several, or write another trail"),
            );
        }
    }

    /// Reports selectors that record the delivery of the trail's own log files: each delivery would
    /// be an event of the next one.
    pub(crate) fn check_feedback(&self, sink: &Sink, trail: &Trail, partition: &str, account: &str) {
        let prefix = trail.prefix.as_ref().map(|p| format!("{p}/")).unwrap_or_default();
        let bucket = format!("arn:{partition}:s3:::{}/", trail.bucket);
        let file = format!("{bucket}{prefix}AWSLogs/{account}/CloudTrail/file.json.gz");
        let delivery = [
            (RESOURCE_TYPE, "AWS::S3::Object"),
            (RESOURCE_ARN, file.as_str()),
            (READ_ONLY, "false"),
            ("eventName", "PutObject"),
            ("eventSource", "s3.amazonaws.com"),
            ("eventType", "AwsApiCall"),
            ("sessionCredentialFromConsole", "false"),
        ];
        for at in self.data.iter().flatten() {
            if at.value.records(&delivery) {
                let message = format!(
                    "the trail records what it writes to its own bucket `{}`",
                    trail.bucket
                );
                let problem =
                    Problem::new(code::FEEDBACK, &at.spot, message).label("covers the log files themselves");
                sink.report(problem.help(format!(
                    "each log file would be an event of the next one, and is paid for; leave the bucket out: \
                     `where.\"{RESOURCE_ARN}\".not_starts_with = \"{bucket}\"`"
                )));
            }
        }
    }
}

fn selector(mut table: Table<'_>, category: Category) -> Option<At<Selector>> {
    let name = table.take::<String>("name");
    if let Some(name) = &name {
        super::limits::text(table.cx.sink, "selector's name", name, NAME_LENGTH);
    }
    let mut conditions = BTreeMap::new();
    let known: &[&str] = match category {
        Category::Data => {
            let kind = table.need::<String>("type", "\"AWS::S3::Object\"");
            if let Some(kind) = &kind {
                resource_type(table.cx.sink, kind);
                conditions.insert(RESOURCE_TYPE.to_owned(), Conditions::equal_to(&kind.value));
            }
            if let Some(read_only) = table.take::<Events>("events").and_then(|at| at.value.read_only()) {
                conditions.insert(READ_ONLY.to_owned(), Conditions::equal_to(read_only.to_string()));
            }
            &DATA_FIELDS
        }
        Category::NetworkActivity => {
            if let Some(source) = table.need::<String>("source", "\"ec2.amazonaws.com\"") {
                conditions.insert("eventSource".to_owned(), Conditions::equal_to(&source.value));
            }
            &NETWORK_FIELDS
        }
    };
    if let Some(mut fields) = table.table("where") {
        for (field, value) in fields.drain() {
            if known.contains(&field.value) {
                let read = Conditions::decode(&value).unwrap_or_default();
                conditions.insert(field.value.to_owned(), read);
                continue;
            }
            let help = match nearest(field.value, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it takes {}", listed(known.iter().copied())),
            };
            let message = format!("selectors have no conditions on `{}`", field.value);
            let problem = Problem::new(code::UNKNOWN_KEY, &field.spot, message).label("no such field");
            table.cx.sink.report(problem.help(help));
        }
    }
    let spot = table.spot.clone();
    table.finish();
    // Without its type it would be one for everything.
    let type_of = if category == Category::Data {
        RESOURCE_TYPE
    } else {
        "eventSource"
    };
    conditions.contains_key(type_of).then(|| At {
        value: Selector {
            category,
            conditions,
            name: name.map(|name| name.value),
        },
        spot,
    })
}

/// `AWS::SERVICE::RESOURCE`; new ones come often, so that they are not listed.
fn resource_type(sink: &Sink, kind: &At<String>) {
    let parts: Vec<&str> = kind.value.split("::").collect();
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !(parts.len() == 3 && parts[0] == "AWS" && parts.into_iter().all(word)) {
        let message = format!("`{}` is no resource type", kind.value.escape_debug());
        let problem =
            Problem::new(code::BAD_TEXT, &kind.spot, message).label("not of the form AWS::...::...");
        sink.report(problem.help(
            "write one such as `AWS::S3::Object`; CloudTrail's guide lists them under \"Logging data events\"",
        ));
    }
}

/// `events = "all" | "read" | "write"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Events {
    All,
    Read,
    Write,
}

impl Events {
    const ALL: [Self; 3] = [Self::All, Self::Read, Self::Write];

    fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    fn read_only(self) -> Option<bool> {
        match self {
            Self::All => None,
            Self::Read => Some(true),
            Self::Write => Some(false),
        }
    }
}

impl Decode for Events {
    fn decode(value: &Value<'_>) -> Option<Self> {
        value.word(&Self::ALL, Self::as_str, |word| {
            Self::ALL.into_iter().find(|events| events.as_str() == word)
        })
    }
}

/// One value or several.
struct Values(BTreeSet<String>);

impl Decode for Values {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let all = match value.raw {
            DeValue::String(_) => vec![At {
                value: String::decode(value)?,
                spot: value.spot.clone(),
            }],
            _ => Vec::<At<String>>::decode(value)?,
        };
        if all.is_empty() {
            let problem =
                Problem::new(code::BAD_TEXT, &value.spot, "a condition needs a value").label("empty");
            value.report(problem.help("take the condition away, or write a value"));
        }
        for each in &all {
            super::limits::text(value.cx.sink, "value", each, VALUE_LENGTH);
            wildcard(value.cx.sink, &each.value, &each.spot);
        }
        Some(Self(all.into_iter().map(|at| at.value).collect()))
    }
}

/// There are no wildcards: a `*` at the end is what `starts_with` is for.
fn wildcard(sink: &Sink, value: &str, spot: &Spot) {
    if value.contains('*') {
        let problem = Problem::new(
            code::BAD_TEXT,
            spot,
            "selectors know no wildcards: `*` stands for itself",
        )
        .label("a `*`");
        sink.report(problem.help("write `starts_with` or `ends_with` with the text before or after it"));
    }
}

impl Decode for Conditions {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let Some(mut table) = value.table() else {
            let help = format!("write `where.\"{}\".equals = \"...\"`", value.key);
            return value.wrong_type("a table of conditions", Some(help));
        };
        let mut take = |key| table.take::<Values>(key).map(|at| at.value.0).unwrap_or_default();
        let conditions = Self {
            equals: take("equals"),
            starts_with: take("starts_with"),
            ends_with: take("ends_with"),
            not_equals: take("not_equals"),
            not_starts_with: take("not_starts_with"),
            not_ends_with: take("not_ends_with"),
        };
        table.finish();
        Some(conditions)
    }
}
