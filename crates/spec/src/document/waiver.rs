//! `[[waiver]]`: differences that somebody answers for, until a day.
//!
//! Whether that day is over is no question of a spec: it would be right today and wrong tomorrow.

use std::collections::BTreeSet;

use toml::de::DeValue;

use crate::kinds::fields_of;
use crate::problem::{Problem, code};
use crate::wanted::{Date, Place, Waiver};
use crate::{Address, Kind};

use super::decoder::{At, Decode, Spot, Table, Value};
use super::resolve::Resolver;
use super::suggest::{among, listed, nearest};

/// One `[[waiver]]`.
#[derive(Debug)]
pub(crate) struct WaiverSection {
    /// `kind.name` as plans show it, or the spec's own name such as `rule.iam-changes`.
    address: At<String>,
    /// The only fields that it is about; all, when empty.
    fields: Vec<At<String>>,
    owner: At<String>,
    reason: At<String>,
    expires: At<Date>,
    spot: Spot,
}

impl WaiverSection {
    /// Reads it; `None` after a problem.
    pub(crate) fn read(table: &mut Table<'_>) -> Option<Self> {
        let address = table.need("address", "\"rule.iam-changes\"");
        let fields = table.take_raw("fields").map(|(_, value)| fields(&value));
        let owner = text(table, "owner", "\"platform team\"");
        let reason = text(table, "reason", "\"the threshold is being tried out\"");
        let expires = table.need("expires", "2026-12-31");
        Some(Self {
            address: address?,
            fields: match fields {
                Some(fields) => fields?,
                None => Vec::new(),
            },
            owner: owner?,
            reason: reason?,
            expires: expires?,
            spot: table.spot.clone(),
        })
    }
}

/// A text that says something.
fn text(table: &mut Table<'_>, key: &'static str, example: &str) -> Option<At<String>> {
    let text: At<String> = table.need(key, example)?;
    if !text.value.trim().is_empty() {
        return Some(text);
    }
    let problem = Problem::new(code::EMPTY_WAIVER, &text.spot, format!("`{key}` is empty"))
        .label("says nothing")
        .help(format!(
            "write who answers for the difference, and why: `{key} = {example}`"
        ));
    table.cx.sink.report(problem);
    None
}

/// The list of fields. An empty one would be read as all of them, which nobody means who writes it.
fn fields(value: &Value<'_>) -> Option<Vec<At<String>>> {
    let wanted = "a list of fields as plans show them, such as `[\"threshold\"]`";
    let Some(items) = value.items() else {
        return value.wrong_type(wanted, None);
    };
    if items.is_empty() {
        let problem = Problem::new(code::EMPTY_WAIVER, &value.spot, "`fields` is empty").label("no field");
        value.report(problem.help("name the fields, or leave `fields` out: then it is all of them"));
        return None;
    }
    items
        .iter()
        .map(|item| {
            Some(At {
                value: String::decode(item)?,
                spot: item.spot.clone(),
            })
        })
        .collect()
}

impl Decode for Date {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let wanted = "a date";
        match value.raw {
            DeValue::Datetime(at) => match (at.date, at.time) {
                (Some(date), None) => Some(Self {
                    year: date.year,
                    month: date.month,
                    day: date.day,
                }),
                _ => {
                    let help =
                        "write the day alone, such as `2026-12-31`: a waiver holds to the end of it, in UTC";
                    let message = format!("`{}` must be {wanted}", value.key);
                    let problem =
                        Problem::new(code::WRONG_TYPE, &value.spot, message).label("this has a time");
                    value.report(problem.help(help));
                    None
                }
            },
            DeValue::String(text) if text.parse::<toml::value::Datetime>().is_ok() => {
                value.wrong_type(wanted, Some(format!("write it without quotes: `{text}`")))
            }
            _ => value.wrong_type(wanted, Some("write a day, such as `2026-12-31`".into())),
        }
    }
}

/// Finds what the waivers are about.
pub(crate) fn resolve(resolver: &mut Resolver<'_>) {
    let document = resolver.document;
    for waiver in &document.waivers {
        let Some(addresses) = find(resolver, &waiver.address) else {
            continue;
        };
        let kinds: BTreeSet<Kind> = addresses.iter().map(|address| address.kind).collect();
        let fields = waiver
            .fields
            .iter()
            .filter(|field| check_field(resolver, &kinds, field))
            .map(|field| field.value.clone())
            .collect();
        resolver.wanted.waivers.push(Waiver {
            written: waiver.address.value.clone(),
            addresses,
            fields,
            owner: waiver.owner.value.clone(),
            reason: waiver.reason.value.clone(),
            expires: waiver.expires.value,
            place: Place {
                file: waiver.spot.file,
                path: "waiver".into(),
                span: waiver.spot.span.clone(),
            },
        });
    }
}

/// The objects that a waiver names: as plans show them comes first, as everywhere that an address is
/// typed, then all that a section of the spec makes.
fn find(resolver: &Resolver<'_>, text: &At<String>) -> Option<BTreeSet<Address>> {
    let (wanted, existing) = (&resolver.wanted.objects, &resolver.wanted.existing);
    let exact = resolver.scope().parse(&text.value);
    if let Ok(address) = &exact
        && (wanted.contains_key(address) || existing.contains_key(address))
    {
        return Some(BTreeSet::from([address.clone()]));
    }
    let of_section = wanted.iter().filter(|(_, wish)| wish.is_called(&text.value));
    let of_section: BTreeSet<Address> = of_section.map(|(address, _)| address.clone()).collect();
    if !of_section.is_empty() {
        return Some(of_section);
    }
    let problem = match &exact {
        Err(why) if !["rule.", "pack."].iter().any(|word| text.value.starts_with(word)) => {
            let help =
                "write `KIND.NAME` as plans show it, or the section's own name, such as `rule.iam-changes`";
            Problem::new(code::BAD_ADDRESS, &text.spot, why.clone())
                .label("not an address")
                .help(help)
        }
        _ => {
            let word = text.value.split_once('.').map_or("", |(word, _)| word);
            let names: BTreeSet<String> = wanted
                .iter()
                .flat_map(|(address, wish)| [address.to_string(), wish.origin.clone()])
                .filter(|name| name.split_once('.').is_some_and(|(other, _)| other == word))
                .collect();
            let message = format!("the spec makes no `{}`", text.value);
            let help = among(&text.value, names.iter().map(String::as_str))
                .unwrap_or_else(|| format!("the spec has nothing that begins with `{word}.`"));
            Problem::new(code::UNKNOWN_REFERENCE, &text.spot, message)
                .label("refers to nothing")
                .help(help)
        }
    };
    resolver.sink.report(problem);
    None
}

/// True for a field that one of the kinds has.
fn check_field(resolver: &Resolver<'_>, kinds: &BTreeSet<Kind>, field: &At<String>) -> bool {
    let known: BTreeSet<&str> = kinds.iter().flat_map(|kind| fields_of(*kind)).copied().collect();
    if known.contains(field.value.as_str()) {
        return true;
    }
    let whose: Vec<&str> = kinds.iter().map(|kind| kind.in_words()).collect();
    let message = format!("no {} has a field `{}`", whose.join(" or "), field.value);
    let help = match nearest(&field.value, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("plans show {}", listed(known.iter().copied())),
    };
    let problem = Problem::new(code::UNKNOWN_WORD, &field.spot, message).label("no such field");
    resolver.sink.report(problem.help(help));
    false
}
