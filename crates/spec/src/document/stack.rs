//! `format`, `[stack]` and `[defaults]`: what a spec has once, over all its files.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::Scope;
use crate::problem::{Problem, code};
use crate::wanted::Stack;

use super::decoder::{At, Sink, Spot, Table};
use super::names;
use super::references::{GroupRef, Notify};

/// The stack, and what it gives to every object.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) stack: Stack,
    pub(crate) tags: BTreeMap<String, String>,
    /// Where the keys of the tags are written.
    pub(crate) tag_keys: Vec<At<String>>,
    pub(crate) spot: Spot,
}

/// `[defaults]`.
#[derive(Debug, Default)]
pub(crate) struct Defaults {
    pub(crate) log_group: Option<At<GroupRef>>,
    pub(crate) notify: Option<Notify>,
    /// Those of the two that are mistyped.
    pub(crate) mistyped: Vec<&'static str>,
}

/// The format that this version reads.
const FORMAT: u32 = 1;

/// Takes `format` out of a file; false when the file is of a format that cannot be read.
pub(crate) fn read_format(root: &mut Table<'_>) -> bool {
    let format = if root.has("stack") {
        root.need::<u32>("format", "1")
    } else {
        root.take::<u32>("format")
    };
    let Some(At { value, spot }) = format.filter(|format| format.value != FORMAT) else {
        return true;
    };
    let problem = Problem::new(
        code::UNKNOWN_FORMAT,
        &spot,
        format!("this version reads format {FORMAT}, not {value}"),
    )
    .label("unknown format");
    root.cx.sink.report(problem.help(match value {
        0 => "write `format = 1`",
        _ => "the spec is for a later version of trailwarden: use that, or write the spec in format 1",
    }));
    false
}

/// Reads `[stack]`. What cannot be read is replaced, so that the rest can be.
pub(crate) fn read_stack(table: &mut Table<'_>) -> Header {
    let name = table.need::<String>("name", "\"acme-prod\"");
    let account = table.need::<String>("account", "\"123456789012\"");
    let region = table.need::<String>("region", "\"us-east-1\"");
    let rules = [(&name, &names::STACK), (&account, &names::ACCOUNT)];
    for (written, rule) in rules {
        if let Some(written) = written {
            rule.check(table.cx.sink, written);
        }
    }
    if let Some(region) = &region {
        names::REGION.check_near(table.cx.sink, region, names::near_region);
    }
    let or = |written: Option<At<String>>, other: &str| {
        written.map_or_else(|| other.into(), |written| written.value)
    };
    let name = or(name, "stack");
    let scope = Scope {
        account: or(account, "123456789012"),
        region: or(region, "us-east-1"),
    };
    let mut stack = Stack {
        namespace: crate::wanted::own_namespace(&name),
        name,
        scope,
    };
    // From here on the variables have their values.
    let _ = table.cx.variables.set(stack.clone());
    let namespace = table.take::<String>("namespace");
    let tags = table.own_tags();
    if let Some(namespace) = namespace {
        names::NAMESPACE.check(table.cx.sink, &namespace);
        stack.namespace = namespace.value;
    }
    let spot = table.spot.clone();
    let mut header = Header {
        stack,
        tags: BTreeMap::new(),
        tag_keys: Vec::new(),
        spot,
    };
    if let Some(tags) = tags {
        super::tags::twins(table.cx.sink, &[], &tags.value);
        header.tag_keys = tags.value.0.iter().map(|(key, _)| key.clone()).collect();
        header.tags = tags.value.into_map();
        super::tags::count(table.cx.sink, &header.tags, &tags.spot);
    }
    header
}

/// Reports that no file has a `[stack]`.
pub(crate) fn report_missing(sink: &Sink) {
    let spot = Spot { file: 0, span: 0..0 };
    let problem =
        Problem::new(code::MISSING_STACK, &spot, "no `[stack]`").label("in none of the spec's files");
    sink.report(problem.help("write `[stack]` with `name`, `account` and `region` into one of the files"));
}

/// What stands for `[stack]` where it cannot be read, so that the rest can be.
pub(crate) fn stand_in(variables: &OnceCell<Stack>) -> Header {
    let scope = Scope {
        account: "123456789012".into(),
        region: "us-east-1".into(),
    };
    let stack = Stack {
        name: "stack".into(),
        scope,
        namespace: "Trailwarden/stack".into(),
    };
    let _ = variables.set(stack.clone());
    Header {
        stack,
        tags: BTreeMap::new(),
        tag_keys: Vec::new(),
        spot: Spot { file: 0, span: 0..0 },
    }
}

impl Defaults {
    /// Reads `[defaults]`.
    pub(crate) fn read(table: &mut Table<'_>) -> Self {
        let log_group = table.take("log_group");
        let notify = table.take("notify");
        let mistyped = ["log_group", "notify"]
            .into_iter()
            .filter(|key| table.mistyped(key));
        Self {
            log_group,
            notify,
            mistyped: mistyped.collect(),
        }
    }
}
