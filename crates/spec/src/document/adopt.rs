//! `[[adopt]]`: objects to take over.

use std::collections::BTreeSet;

use crate::Address;
use crate::problem::{Problem, code};
use crate::wanted::Wish;

use super::decoder::{At, Table};
use super::resolve::Resolver;
use super::suggest::among;

/// One `[[adopt]]`.
#[derive(Debug)]
pub(crate) struct Adopt {
    /// `kind.name`, `kind.label`, or `rule.label` for a rule's filter and alarm.
    pub(crate) address: At<String>,
}

impl Adopt {
    /// Reads it; `None` after a problem.
    pub(crate) fn read(table: &mut Table<'_>) -> Option<Self> {
        Some(Self {
            address: table.need("address", "\"trail.account-activity\"")?,
        })
    }
}

/// Finds the objects of the spec that are to be taken over.
pub(crate) fn resolve(resolver: &mut Resolver<'_>) {
    let document = resolver.document;
    for Adopt { address: text } in &document.adopt {
        if let Some(label) = text.value.strip_prefix("rule.") {
            if let Some(rule) = resolver.find(&document.rules, label, &text.spot) {
                let wished = resolver.wanted.objects.iter();
                let of_rule = wished.filter(|(_, wish)| wish.origin == rule.origin.path);
                let both: Vec<Address> = of_rule.map(|(address, _)| address.clone()).collect();
                resolver.wanted.adopt.extend(both);
            }
            continue;
        }
        if text.value.starts_with("pack.") {
            of_pack(resolver, text);
            continue;
        }
        let address = match resolver.scope().parse(&text.value) {
            Ok(address) => address,
            Err(why) => {
                let problem = Problem::new(code::BAD_ADDRESS, &text.spot, why).label("not an address");
                let help = "write `KIND.NAME` or `KIND.LABEL`; `rule.LABEL` stands for a rule's `metric_filter` and `alarm`";
                resolver.sink.report(problem.help(help));
                continue;
            }
        };
        let by_label = format!("{}.{}", address.kind, address.name);
        let wanted = &resolver.wanted.objects;
        let found = wanted
            .get_key_value(&address)
            .map(|(address, _)| address)
            .or_else(|| {
                let of_kind =
                    |(found, wish): &(&Address, &Wish)| found.kind == address.kind && wish.origin == by_label;
                wanted.iter().find(of_kind).map(|(address, _)| address)
            });
        match found.cloned() {
            Some(found) => {
                resolver.wanted.adopt.insert(found);
            }
            None => {
                let all: Vec<String> = wanted.keys().map(ToString::to_string).collect();
                let kind = format!("{}.", address.kind);
                let of_kind = all
                    .iter()
                    .map(String::as_str)
                    .filter(|address| address.starts_with(&kind));
                let none = || format!("the spec makes no {} at all", address.kind.in_words());
                let help = among(&text.value, of_kind).unwrap_or_else(none);
                let message = format!("the spec makes no `{}`", text.value);
                let problem =
                    Problem::new(code::UNKNOWN_REFERENCE, &text.spot, message).label("refers to nothing");
                resolver.sink.report(problem.help(help));
            }
        }
    }
}

/// Takes over what a pack's rule makes, or all that the pack makes.
fn of_pack(resolver: &mut Resolver<'_>, text: &At<String>) {
    let wanted = &resolver.wanted.objects;
    let called = wanted.iter().filter(|(_, wish)| wish.is_called(&text.value));
    let found: Vec<Address> = called.map(|(address, _)| address.clone()).collect();
    if found.is_empty() {
        let packed = wanted.values().map(|wish| wish.origin.as_str());
        let packed: BTreeSet<&str> = packed.filter(|origin| origin.starts_with("pack.")).collect();
        let help = among(&text.value, packed.into_iter())
            .unwrap_or_else(|| "the spec has no `[pack.LABEL]` at all".into());
        let message = format!("the spec makes no `{}`", text.value);
        let problem = Problem::new(code::UNKNOWN_REFERENCE, &text.spot, message).label("refers to nothing");
        resolver.sink.report(problem.help(help));
    }
    resolver.wanted.adopt.extend(found);
}
