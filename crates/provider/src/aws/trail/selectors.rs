//! What a trail's event selectors record, in the words of the spec.

use std::collections::BTreeSet;

use aws_sdk_cloudtrail::types::{AdvancedEventSelector, AdvancedFieldSelector, EventSelector, ReadWriteType};
use trailwarden_spec::kinds::{ManagementEvents, Trail};

/// What a trail records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) management_events: ManagementEvents,
    pub(super) excluded_sources: BTreeSet<String>,
    /// What the spec has no words for.
    pub(super) inexpressible: Vec<String>,
}

impl Default for Recorded {
    /// What a trail records before anybody puts selectors on it: all management events.
    fn default() -> Self {
        Self {
            management_events: ManagementEvents::All,
            excluded_sources: BTreeSet::new(),
            inexpressible: Vec::new(),
        }
    }
}

/// Management events that one selector records.
#[derive(Default)]
struct Part {
    reads: bool,
    writes: bool,
    excluded: BTreeSet<String>,
}

/// Reads the selectors of a trail, which has either basic or advanced ones.
pub(super) fn read(basic: &[EventSelector], advanced: &[AdvancedEventSelector]) -> Recorded {
    if basic.is_empty() && advanced.is_empty() {
        return Recorded::default();
    }
    let mut inexpressible = Vec::new();
    let basic = basic
        .iter()
        .filter_map(|selector| basic_part(selector, &mut inexpressible))
        .collect::<Vec<_>>();
    let parts = advanced
        .iter()
        .filter_map(|selector| advanced_part(selector, &mut inexpressible))
        .chain(basic);
    together(&parts.collect::<Vec<_>>(), inexpressible)
}

/// An event is recorded when any selector records it.
fn together(parts: &[Part], mut inexpressible: Vec<String>) -> Recorded {
    let union = |source: Option<&str>| {
        let parts = parts
            .iter()
            .filter(|part| source.is_none_or(|source| !part.excluded.contains(source)));
        parts.fold((false, false), |(reads, writes), part| {
            (reads || part.reads, writes || part.writes)
        })
    };
    let all = union(None);
    let mut excluded_sources = BTreeSet::new();
    for source in parts.iter().flat_map(|part| &part.excluded) {
        match union(Some(source)) {
            (false, false) => {
                excluded_sources.insert(source.clone());
            }
            recorded if recorded == all => {}
            _ => {
                let what =
                    format!("event selectors that leave out only the reads or only the writes of `{source}`");
                if !inexpressible.contains(&what) {
                    inexpressible.push(what);
                }
            }
        }
    }
    let management_events = match all {
        (true, true) => ManagementEvents::All,
        (true, false) => ManagementEvents::Read,
        (false, true) => ManagementEvents::Write,
        (false, false) => ManagementEvents::None,
    };
    Recorded {
        management_events,
        excluded_sources,
        inexpressible,
    }
}

fn basic_part(selector: &EventSelector, inexpressible: &mut Vec<String>) -> Option<Part> {
    if !selector.data_resources().is_empty() {
        let kinds = selector.data_resources().iter().filter_map(|data| data.r#type());
        inexpressible.push(format!(
            "event selectors for data events ({})",
            kinds.collect::<Vec<_>>().join(", ")
        ));
    }
    // Both fields have these values where they are absent.
    if selector.include_management_events == Some(false) {
        return None;
    }
    let (reads, writes) = match selector.read_write_type.as_ref().unwrap_or(&ReadWriteType::All) {
        ReadWriteType::All => (true, true),
        ReadWriteType::ReadOnly => (true, false),
        ReadWriteType::WriteOnly => (false, true),
        other => {
            inexpressible.push(format!("an event selector of type `{}`", other.as_str()));
            return None;
        }
    };
    let excluded = selector
        .exclude_management_event_sources()
        .iter()
        .cloned()
        .collect();
    Some(Part {
        reads,
        writes,
        excluded,
    })
}

fn advanced_part(selector: &AdvancedEventSelector, inexpressible: &mut Vec<String>) -> Option<Part> {
    let fields = selector.field_selectors();
    let values = |name: &str| {
        fields
            .iter()
            .find(|field| field.field() == name)
            .map(AdvancedFieldSelector::equals)
    };
    if values("eventCategory") != Some(&["Management".to_owned()]) {
        let category = values("eventCategory").unwrap_or_default().join(", ");
        let of = values("resources.type")
            .or(values("eventSource"))
            .unwrap_or_default()
            .join(", ");
        let of = if of.is_empty() { of } else { format!(" ({of})") };
        inexpressible.push(format!("advanced event selectors for `{category}` events{of}"));
        return None;
    }
    let mut part = Part {
        reads: true,
        writes: true,
        ..Part::default()
    };
    for field in fields {
        let only_equals = [
            field.starts_with(),
            field.ends_with(),
            field.not_equals(),
            field.not_starts_with(),
            field.not_ends_with(),
        ]
        .into_iter()
        .all(<[String]>::is_empty);
        let only_not_equals = [
            field.equals(),
            field.starts_with(),
            field.ends_with(),
            field.not_starts_with(),
            field.not_ends_with(),
        ]
        .into_iter()
        .all(<[String]>::is_empty);
        match (field.field(), field.equals()) {
            ("eventCategory", _) if only_equals => {}
            ("readOnly", [value]) if only_equals && value == "true" => part.writes = false,
            ("readOnly", [value]) if only_equals && value == "false" => part.reads = false,
            ("eventSource", _) if only_not_equals => part.excluded.extend(field.not_equals().iter().cloned()),
            (name, _) => {
                inexpressible.push(format!("advanced event selectors with conditions on `{name}`"));
                return None;
            }
        }
    }
    Some(part)
}

/// The one selector that says what a trail shall record. Basic and advanced selectors replace each
/// other, and the basic form says all that the spec can.
pub(super) fn wanted(trail: &Trail) -> EventSelector {
    let (include, kind) = match trail.management_events {
        ManagementEvents::None => (false, ReadWriteType::All),
        ManagementEvents::Read => (true, ReadWriteType::ReadOnly),
        ManagementEvents::Write => (true, ReadWriteType::WriteOnly),
        ManagementEvents::All => (true, ReadWriteType::All),
    };
    let excluded: Vec<String> = trail.excluded_sources.iter().cloned().collect();
    EventSelector::builder()
        .read_write_type(kind)
        .include_management_events(include)
        .set_exclude_management_event_sources((!excluded.is_empty()).then_some(excluded))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(kind: ReadWriteType, excluded: &[&str]) -> EventSelector {
        let excluded = excluded.iter().map(|source| (*source).to_owned()).collect();
        EventSelector::builder()
            .read_write_type(kind)
            .include_management_events(true)
            .set_exclude_management_event_sources(Some(excluded))
            .build()
    }

    fn advanced(fields: &[(&str, &str, &str)]) -> AdvancedEventSelector {
        let fields = fields.iter().map(|(field, operator, value)| {
            let field = AdvancedFieldSelector::builder().field(*field);
            match *operator {
                "=" => field.equals(*value),
                "!=" => field.not_equals(*value),
                _ => field.starts_with(*value),
            }
            .build()
            .unwrap()
        });
        AdvancedEventSelector::builder()
            .set_field_selectors(Some(fields.collect()))
            .build()
            .unwrap()
    }

    fn recorded(management_events: ManagementEvents, excluded: &[&str]) -> Recorded {
        let excluded_sources = excluded.iter().map(|source| (*source).to_owned()).collect();
        Recorded {
            management_events,
            excluded_sources,
            inexpressible: Vec::new(),
        }
    }

    const MANAGEMENT: (&str, &str, &str) = ("eventCategory", "=", "Management");

    #[test]
    fn no_selector_is_the_default() {
        assert_eq!(read(&[], &[]), recorded(ManagementEvents::All, &[]));
    }

    #[test]
    fn selectors_add_up() {
        let (reads, writes) = (
            basic(ReadWriteType::ReadOnly, &[]),
            basic(ReadWriteType::WriteOnly, &[]),
        );
        assert_eq!(
            read(&[reads.clone(), writes], &[]),
            recorded(ManagementEvents::All, &[])
        );
        assert_eq!(read(&[reads], &[]), recorded(ManagementEvents::Read, &[]));
        let bare = EventSelector::builder().build();
        assert_eq!(read(&[bare], &[]), recorded(ManagementEvents::All, &[]));
    }

    #[test]
    fn a_source_is_left_out_only_if_no_selector_takes_it() {
        let kms = "kms.amazonaws.com";
        let without = basic(ReadWriteType::All, &[kms]);
        assert_eq!(
            read(std::slice::from_ref(&without), &[]),
            recorded(ManagementEvents::All, &[kms])
        );
        let all = basic(ReadWriteType::All, &[]);
        assert_eq!(
            read(&[without.clone(), all], &[]),
            recorded(ManagementEvents::All, &[])
        );
        let partly = read(&[without, basic(ReadWriteType::ReadOnly, &[])], &[]);
        assert_eq!(
            partly.inexpressible,
            ["event selectors that leave out only the reads or only the writes of `kms.amazonaws.com`"]
        );
    }

    #[test]
    fn advanced_selectors_for_management_events_mean_the_same() {
        assert_eq!(
            read(&[], &[advanced(&[MANAGEMENT])]),
            recorded(ManagementEvents::All, &[])
        );
        let writes = advanced(&[
            MANAGEMENT,
            ("readOnly", "=", "false"),
            ("eventSource", "!=", "kms.amazonaws.com"),
        ]);
        assert_eq!(
            read(&[], &[writes]),
            recorded(ManagementEvents::Write, &["kms.amazonaws.com"])
        );
    }

    #[test]
    fn what_has_no_words_is_named() {
        let data = advanced(&[
            ("eventCategory", "=", "Data"),
            ("resources.type", "=", "AWS::S3::Object"),
        ]);
        let network = advanced(&[
            ("eventCategory", "=", "NetworkActivity"),
            ("eventSource", "=", "ec2.amazonaws.com"),
        ]);
        let names = advanced(&[MANAGEMENT, ("eventName", "^", "Put")]);
        assert_eq!(
            read(&[], &[data, network, names]).inexpressible,
            [
                "advanced event selectors for `Data` events (AWS::S3::Object)",
                "advanced event selectors for `NetworkActivity` events (ec2.amazonaws.com)",
                "advanced event selectors with conditions on `eventName`",
            ]
        );
        let data = aws_sdk_cloudtrail::types::DataResource::builder()
            .r#type("AWS::S3::Object")
            .build();
        let selector = EventSelector::builder()
            .include_management_events(false)
            .data_resources(data)
            .build();
        let read = read(&[selector], &[]);
        assert_eq!(read.management_events, ManagementEvents::None);
        assert_eq!(
            read.inexpressible,
            ["event selectors for data events (AWS::S3::Object)"]
        );
    }
}
