//! Tags: the stack's and the object's own, within what AWS takes.

use std::collections::BTreeMap;

use crate::leaf::Tags;
use crate::problem::{Problem, code};

use super::decoder::{At, Sink, Spot, Table};
use super::stack::Header;
use super::values::Map;

/// AWS takes 50 tags of an object; four are our marks.
const MOST: usize = 46;

impl Table<'_> {
    /// Takes `tags` out, in the order in which they are written, and checks each.
    pub(crate) fn own_tags(&mut self) -> Option<At<Map>> {
        let mut tags = self.take::<Map>("tags")?;
        tags.value.0.sort_by_key(|(key, _)| key.spot.span.start);
        for (key, value) in &tags.value.0 {
            check(self.cx.sink, key, value);
        }
        Some(tags)
    }

    /// Takes `tags` out and puts them over the stack's, and `protect`, which a tag remembers.
    pub(crate) fn tags(&mut self, header: &Header) -> Tags {
        let mut all = header.tags.clone();
        if let Some(At { value: own, spot }) = self.own_tags() {
            twins(self.cx.sink, &header.tag_keys, &own);
            all.extend(own.into_map());
            count(self.cx.sink, &all, &spot);
        }
        Tags::named(all).protect(self.protect())
    }

    /// Takes `protect` out: whether the object is never to be deleted.
    pub(crate) fn protect(&mut self) -> bool {
        self.take::<bool>("protect").is_some_and(|at| at.value)
    }
}

/// Reports keys that differ only in case, among an object's own and those of the stack. IAM and some
/// other services take them for one key: they refuse the two together, or keep the last.
pub(crate) fn twins(sink: &Sink, of_stack: &[At<String>], own: &Map) {
    let mut seen: BTreeMap<String, (&At<String>, bool)> = BTreeMap::new();
    let keys = of_stack.iter().map(|key| (key, true));
    for (key, stack_s) in keys.chain(own.0.iter().map(|(key, _)| (key, false))) {
        let lower = key.value.to_lowercase();
        let (first, first_is_stack_s) = *seen.entry(lower).or_insert((key, stack_s));
        // Two of the stack's are said where the stack is read.
        if stack_s || first.value == key.value {
            continue;
        }
        let message = format!(
            "the tag keys `{}` and `{}` differ only in case",
            first.value, key.value
        );
        let problem = Problem::new(code::BAD_TAG, &key.spot, message).label("the second");
        let (place, way_out) = if first_is_stack_s {
            (
                "the first, of `[stack]`",
                format!("write `{}` here, too, or take one of them away", first.value),
            )
        } else {
            ("the first", "take one of them away".into())
        };
        sink.report(problem.also(&first.spot, place).help(format!(
            "IAM and some other services take them for one key: {way_out}"
        )));
    }
}

/// Reports more tags than an object takes beside our marks, one of which holds the keys.
pub(crate) fn count(sink: &Sink, all: &BTreeMap<String, String>, spot: &Spot) {
    if all.len() > MOST {
        let message = format!("{} tags, with those of `[stack]`", all.len());
        let problem = Problem::new(code::TOO_MANY, spot, message).label(format!("more than {MOST}"));
        sink.report(problem.help("AWS takes 50 tags of an object, and 4 of them are `trailwarden:` marks"));
        return;
    }
    let keys = Tags::named(all.clone()).keys_length();
    if keys > 256 {
        let message =
            format!("the keys of the tags, with those of `[stack]`, have {keys} characters together");
        let problem = Problem::new(code::TOO_MANY, spot, message).label("more than 256");
        sink.report(
            problem
                .help("the tag `trailwarden:keys` remembers them, and AWS takes 256 characters in a value"),
        );
    }
}

fn check(sink: &Sink, key: &At<String>, value: &At<String>) {
    let allowed =
        |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@');
    let stray = |text: &str| text.chars().find(|c| !allowed(c));
    let lower = key.value.to_lowercase();
    let bad = |spot: &Spot, message: String, label: &str, help: &str| {
        sink.report(Problem::new(code::BAD_TAG, spot, message).label(label).help(help));
    };
    if let Some(prefix) = ["aws:", "trailwarden:"]
        .into_iter()
        .find(|prefix| lower.starts_with(prefix))
    {
        let message = format!("the tag key `{}` is reserved", key.value);
        bad(
            &key.spot,
            message,
            "reserved",
            &format!("choose one that does not begin with `{prefix}`"),
        );
    }
    if key.value.is_empty() || key.value.chars().count() > 128 {
        bad(
            &key.spot,
            "a tag key has 1 to 128 characters".into(),
            "empty or too long",
            "shorten it",
        );
    }
    if value.value.chars().count() > 256 {
        bad(
            &value.spot,
            "a tag value has at most 256 characters".into(),
            "too long",
            "shorten it",
        );
    }
    for (at, what) in [(key, "key"), (value, "value")] {
        if let Some(stray) = stray(&at.value) {
            let message = format!("`{}` is not allowed in a tag's {what}", stray.escape_debug());
            bad(
                &at.spot,
                message,
                "not allowed",
                "AWS takes letters, digits, spaces and `_ . : / = + - @`",
            );
        }
    }
}
