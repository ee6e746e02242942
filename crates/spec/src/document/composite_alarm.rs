//! `[composite_alarm.LABEL]`: an alarm on the states of other alarms.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use trailwarden_alarm::Child;

use crate::arn::Arn;
use crate::kinds::{CompositeAlarm, Suppressor};
use crate::leaf::{AlarmRule, Managed};
use crate::problem::{Problem, code};
use crate::wanted::Stack;
use crate::{Kind, Object};

use super::alarm::Actions;
use super::decoder::{At, Decode, Spot, Table, Value};
use super::resolve::Resolver;
use super::sections::{Entry, Section};
use super::stack::Header;
use super::suggest::{among, listed};
use super::written::Written;
use super::{limits, names};

/// A composite alarm as typed; the alarms that it asks and its actions are not resolved yet.
#[derive(Debug)]
pub(crate) struct CompositeSection {
    /// Without its rule.
    alarm: CompositeAlarm,
    rule: Option<RuleText>,
    suppressor: Option<At<SuppressorText>>,
    actions: Actions,
}

impl Section for CompositeSection {
    const WORD: &'static str = "composite_alarm";

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        let sink = table.cx.sink;
        let name = table.name(label, &names::ALARM).value;
        let rule = table.need::<RuleText>("rule", "'ALARM(rule.LABEL) AND NOT ALARM(\"NAME\")'");
        let mut alarm = CompositeAlarm::new(&name, AlarmRule::read("FALSE"));
        let description = table.take::<String>("description");
        if let Some(description) = &description {
            limits::text(sink, "description", description, 1024);
        }
        alarm.description = description.map(|at| at.value).into();
        if let Some(enabled) = table.take("actions_enabled") {
            alarm.actions_enabled = enabled.value;
        }
        let suppressor = table.take("suppressor");
        let actions = Actions {
            ok: table.take("notify_ok"),
            insufficient_data: table.take("notify_insufficient_data"),
            ..Actions::default()
        };
        alarm.tags = table.tags(header);
        let silent = !table.has("notify");
        let actions = Actions {
            notify: table.take("notify"),
            ..actions
        };
        if silent {
            let message = format!("`[{}]` notifies nobody", table.path);
            let problem =
                Problem::new(code::NOBODY_TO_NOTIFY, &table.spot, message).label("`notify` is missing");
            let help = "write `notify = [\"TOPIC\"]`, or `notify = []` if that is meant";
            table.missing(vec!["notify"], problem.help(help));
        }
        Self {
            alarm,
            rule: rule.map(|at| at.value),
            suppressor,
            actions,
        }
    }
}

/// A rule as typed, and where its parts are.
#[derive(Clone, Debug)]
struct RuleText {
    rule: AlarmRule,
    written: Option<Written>,
    spot: Spot,
}

impl RuleText {
    /// Where a part of the rule is in the file; all of the rule where that cannot be told.
    fn place(&self, part: &Range<usize>) -> Spot {
        place(self.written.as_ref(), &self.spot, part)
    }
}

fn place(written: Option<&Written>, spot: &Spot, part: &Range<usize>) -> Spot {
    match written {
        Some(written) => Spot {
            file: spot.file,
            span: written.place(part.clone()),
        },
        None => spot.clone(),
    }
}

impl Decode for RuleText {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let text = String::decode(value)?;
        let token = value.cx.text.get(value.spot.span.clone()).unwrap_or_default();
        let stack: Option<&Stack> = value.cx.variables.get();
        let written = Written::of_toml(token, value.spot.span.start)
            .and_then(|written| written.expanded(stack))
            .filter(|written| written.text() == text);
        match AlarmRule::parse(&text) {
            Ok(rule) => Some(Self {
                rule,
                written,
                spot: value.spot.clone(),
            }),
            Err(wrong) => {
                let at = match wrong.span.is_empty() {
                    true => value.spot.clone(),
                    false => place(written.as_ref(), &value.spot, &wrong.span),
                };
                let problem = Problem::new(code::BAD_RULE, &at, wrong.message).label(wrong.label);
                value.report(problem.help(wrong.help));
                None
            }
        }
    }
}

/// `suppressor = { alarm = ..., wait_period = 60, extension_period = 60 }` or `"none"`.
#[derive(Clone, Debug)]
enum SuppressorText {
    None,
    Of {
        alarm: At<AlarmRef>,
        wait_period: u32,
        extension_period: u32,
    },
}

/// `alarm = "rule.LABEL"` or `alarm = { existing = "NAME" }`.
#[derive(Clone, Debug)]
struct AlarmRef {
    name: String,
    existing: bool,
}

impl Decode for AlarmRef {
    fn decode(value: &Value<'_>) -> Option<Self> {
        if let Some(mut keys) = value.table() {
            let name = keys.need::<String>("existing", "\"NAME\"");
            keys.finish();
            return Some(Self {
                name: name?.value,
                existing: true,
            });
        }
        match value.raw {
            toml::de::DeValue::String(_) => Some(Self {
                name: String::decode(value)?,
                existing: false,
            }),
            _ => value.wrong_type("`\"rule.LABEL\"` or `{ existing = \"NAME\" }`", None),
        }
    }
}

impl Decode for SuppressorText {
    fn decode(value: &Value<'_>) -> Option<Self> {
        if let Some(mut keys) = value.table() {
            let alarm = keys.need("alarm", "\"rule.LABEL\"");
            let wait_period = keys.need::<u32>("wait_period", "60");
            let extension_period = keys.need::<u32>("extension_period", "60");
            keys.finish();
            return Some(Self::Of {
                alarm: alarm?,
                wait_period: wait_period?.value,
                extension_period: extension_period?.value,
            });
        }
        match value.raw {
            toml::de::DeValue::String(text) if text == "none" => Some(Self::None),
            _ => value.wrong_type(
                "`{ alarm = \"rule.LABEL\", wait_period = 60, extension_period = 60 }` or `\"none\"`",
                None,
            ),
        }
    }
}

/// Adds the composite alarms, when all other alarms are there.
pub(crate) fn resolve(resolver: &mut Resolver<'_>) {
    let document = resolver.document;
    for entry in document.composites.values() {
        one(resolver, entry);
    }
    circles(resolver);
}

fn one(resolver: &mut Resolver<'_>, entry: &Entry<CompositeSection>) {
    let CompositeSection {
        alarm,
        rule,
        suppressor,
        actions,
    } = &entry.value;
    let path = &entry.origin.path;
    let mut alarm = alarm.clone();
    let told = resolver.actions(actions, path);
    (
        alarm.alarm_actions,
        alarm.ok_actions,
        alarm.insufficient_data_actions,
    ) = told;
    let of_instances = |arn: &&Arn| matches!(arn.service.as_str(), "autoscaling" | "automate" | "swf");
    if let (Some(bad), Some(notify)) = (alarm.actions().find(of_instances), &actions.notify) {
        let message = format!("a composite alarm cannot call `{}`", bad.service);
        let problem = Problem::new(code::BAD_ARN, &notify.spot, message).label("of metric alarms only");
        resolver.sink.report(
            problem.help(
                "a composite alarm tells topics, Lambda functions and Systems Manager: name one of these",
            ),
        );
    }
    if let Some(suppressor) = suppressor {
        let path = format!("{path}.suppressor");
        alarm.suppressor = match &suppressor.value {
            SuppressorText::None => Managed::Set(None),
            SuppressorText::Of {
                alarm:
                    At {
                        value: AlarmRef { name, existing },
                        spot,
                    },
                wait_period,
                extension_period,
            } => {
                let asked = Child {
                    name: name.clone(),
                    quoted: *existing,
                    span: 0..0,
                };
                name_of(resolver, &asked, spot, &path).map_or(Managed::Leave, |alarm| {
                    Managed::Set(Some(Suppressor {
                        alarm,
                        wait_period: *wait_period,
                        extension_period: *extension_period,
                    }))
                })
            }
        };
    }
    if let Some(text) = rule {
        let path = format!("{path}.rule");
        alarm.rule = text.rule.clone().named(&mut |asked| {
            let spot = text.place(&asked.span);
            name_of(resolver, asked, &spot, &path).unwrap_or_else(|| asked.name.clone())
        });
        let (asked, length) = (alarm.rule.alarms().len(), alarm.rule.as_str().chars().count());
        if asked > AlarmRule::MAX_ALARMS {
            let message = format!(
                "the rule asks {asked} alarms, CloudWatch takes {}",
                AlarmRule::MAX_ALARMS
            );
            let problem = Problem::new(code::TOO_MANY, &text.spot, message).label("too many");
            resolver
                .sink
                .report(problem.help("let composite alarms ask a part of them each, and one ask those"));
        }
        if length > AlarmRule::MAX_CHARACTERS {
            let message = format!(
                "with the alarms' names the rule has {length} characters, CloudWatch takes {}",
                AlarmRule::MAX_CHARACTERS
            );
            resolver
                .sink
                .report(Problem::new(code::BAD_TEXT, &text.spot, message).label("too long"));
        }
    }
    let metric_alarm = resolver.scope().address(Kind::Alarm, alarm.name.as_str());
    if let Some(first) = resolver.wanted.objects.get(&metric_alarm) {
        let at = Spot {
            file: first.place.file,
            span: first.place.span.clone(),
        };
        let message = format!("two sections make an alarm `{}`", alarm.name);
        let problem = Problem::new(code::DUPLICATE_OBJECT, &entry.origin.spot, message).label("the second");
        resolver.sink.report(
            problem
                .also(&at, format!("the first, `{}`", first.origin))
                .help("alarms of both sorts share their names: give one of them another `name`"),
        );
        return;
    }
    resolver.add(alarm, &entry.origin);
}

/// The name of an alarm that is asked: one of a section of the spec, or one that exists elsewhere.
fn name_of(resolver: &mut Resolver<'_>, asked: &Child, spot: &Spot, path: &str) -> Option<String> {
    let text = asked.name.as_str();
    let document = resolver.document;
    if !asked.quoted {
        let alarms = resolver.wanted.objects.iter();
        let mut alarms = alarms.filter(|(address, _)| address.kind == Kind::Alarm);
        if let Some((address, _)) = alarms.find(|(_, wish)| wish.origin == text) {
            return Some(address.name.clone());
        }
        let composite = text.strip_prefix("composite_alarm.");
        if let Some(entry) = composite.and_then(|label| document.composites.get(label)) {
            return Some(entry.value.alarm.name.clone());
        }
        unknown(resolver, text, spot);
        return None;
    }
    let name = match Arn::parse(text).filter(|arn| arn.service == "cloudwatch") {
        Some(arn) => {
            if !resolver.scope().holds(&arn) {
                let message = format!("`{text}` is of another account or region");
                let problem =
                    Problem::new(code::OUT_OF_REACH, spot, message).label("not of this account and region");
                resolver
                    .sink
                    .report(problem.help("a composite alarm asks alarms of its own account and region only"));
                return None;
            }
            arn.resource
                .strip_prefix("alarm:")
                .unwrap_or(&arn.resource)
                .to_owned()
        }
        None => text.to_owned(),
    };
    names::ALARM.check(
        resolver.sink,
        &At {
            value: name.clone(),
            spot: spot.clone(),
        },
    );
    let defined = resolver
        .wanted
        .objects
        .contains_key(&resolver.scope().address(Kind::Alarm, name.as_str()))
        || document
            .composites
            .values()
            .any(|entry| entry.value.alarm.name == name);
    if !defined {
        resolver.existing(Kind::Alarm, &name, path, spot);
    }
    Some(name)
}

fn unknown(resolver: &Resolver<'_>, text: &str, spot: &Spot) {
    let document = resolver.document;
    let (word, label) = text.split_once('.').unwrap_or((text, ""));
    // What is wrong with a section that is there has been said.
    let is_there = document
        .sections()
        .any(|known| (known.word, known.label) == (word, label) && word != "trail");
    if is_there || document.mistyped.contains(word) {
        return;
    }
    let alarms = resolver.wanted.objects.iter();
    let origins: BTreeSet<&str> = alarms
        .filter(|(address, _)| address.kind == Kind::Alarm)
        .map(|(_, wish)| wish.origin.as_str())
        .chain(
            document
                .composites
                .values()
                .map(|entry| entry.origin.path.as_str()),
        )
        .collect();
    let near = among(text, origins.into_iter());
    let help = match near {
        _ if label.is_empty() => {
            format!("put the name of an alarm in quotes, `\"{text}\"`, or write `rule.LABEL`")
        }
        Some(near) => near,
        None => "the spec makes no alarm; the name of another one stands in quotes".to_owned(),
    };
    let message = format!("nothing of the spec makes an alarm as `{text}`");
    let problem = Problem::new(code::UNKNOWN_REFERENCE, spot, message).label("refers to nothing");
    resolver.sink.report(problem.help(help));
}

/// Reports composite alarms that ask each other, or wait for each other, in a circle: `CloudWatch`
/// would never settle their states, and lets none of them be deleted.
fn circles(resolver: &Resolver<'_>) {
    let asks: BTreeMap<&str, BTreeSet<String>> = resolver
        .wanted
        .objects
        .values()
        .filter_map(|wish| match &wish.object {
            Object::CompositeAlarm(alarm) => Some((alarm.name.as_str(), alarm.children())),
            _ => None,
        })
        .collect();
    let mut said: BTreeSet<&str> = BTreeSet::new();
    for entry in resolver.document.composites.values() {
        let start = entry.value.alarm.name.as_str();
        if said.contains(start) {
            continue;
        }
        let Some(circle) = circle(start, &asks) else {
            continue;
        };
        said.extend(&circle);
        let message = match circle.as_slice() {
            [_] => format!("the composite alarm `{start}` asks itself"),
            _ => format!(
                "the composite alarms {} ask each other",
                listed(circle.iter().copied())
            ),
        };
        let problem = Problem::new(code::CIRCLE, &entry.origin.spot, message).label("asks in a circle");
        resolver
            .sink
            .report(problem.help("take one of them out of another's `rule` or `suppressor`"));
    }
}

/// The way from an alarm back to itself, if there is one.
fn circle<'a>(start: &'a str, asks: &'a BTreeMap<&str, BTreeSet<String>>) -> Option<Vec<&'a str>> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut ways: Vec<Vec<&'a str>> = vec![vec![start]];
    while let Some(way) = ways.pop() {
        let last = way.last()?;
        for next in asks.get(last).into_iter().flatten() {
            if next == start {
                return Some(way);
            }
            if seen.insert(next) {
                let mut longer = way.clone();
                longer.push(next);
                ways.push(longer);
            }
        }
    }
    None
}
