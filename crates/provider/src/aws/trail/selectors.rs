//! What a trail's event selectors record, in the words of the spec.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector, ReadWriteType,
};
use trailwarden_account::AccountError;
use trailwarden_spec::arn::partition_of;
use trailwarden_spec::kinds::{ManagementEvents, SelectorForm, Trail};
use trailwarden_spec::leaf::{BASIC_TYPES, BasicSelector, Category, Conditions, Selector, Selectors};

use super::super::known::built;
use super::PUT_SELECTORS;

/// What a trail records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) management_events: ManagementEvents,
    pub(super) excluded_sources: BTreeSet<String>,
    pub(super) data_events: Selectors,
    pub(super) network_events: Selectors,
    pub(super) form: SelectorForm,
    /// What the spec has no words for.
    pub(super) inexpressible: Vec<String>,
}

impl Default for Recorded {
    /// What a trail records before anybody puts selectors on it: all management events.
    fn default() -> Self {
        Self {
            management_events: ManagementEvents::All,
            excluded_sources: BTreeSet::new(),
            data_events: Selectors::default(),
            network_events: Selectors::default(),
            form: SelectorForm::Basic,
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
    let mut others: Vec<Selector> = basic.iter().flat_map(basic_data).collect();
    let mut parts: Vec<Part> = Vec::new();
    for selector in advanced {
        match category(selector) {
            Some(category) => others.push(advanced_other(selector, category)),
            None => parts.extend(advanced_part(selector, &mut inexpressible)),
        }
    }
    parts.extend(
        basic
            .iter()
            .filter_map(|selector| basic_part(selector, &mut inexpressible)),
    );
    let (network, data) = others
        .into_iter()
        .partition(|selector| selector.category == Category::NetworkActivity);
    Recorded {
        data_events: Selectors::new(data),
        network_events: Selectors::new(network),
        form: if advanced.is_empty() {
            SelectorForm::Basic
        } else {
            SelectorForm::Advanced
        },
        ..together(&parts, inexpressible)
    }
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
        ..Recorded::default()
    }
}

fn basic_part(selector: &EventSelector, inexpressible: &mut Vec<String>) -> Option<Part> {
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
        inexpressible.push(format!("advanced event selectors for `{category}` events"));
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

/// The data events of a basic selector. Absent values are all resources, and so is the beginning that
/// all ARNs of the service have.
fn basic_data(selector: &EventSelector) -> Vec<Selector> {
    let read_only = match selector.read_write_type {
        Some(ReadWriteType::ReadOnly) => Some(true),
        Some(ReadWriteType::WriteOnly) => Some(false),
        _ => None,
    };
    let of = |data: &DataResource| {
        let resource_type = data.r#type().unwrap_or_default().to_owned();
        let all = |value: &String| value.split(':').count() <= 3 && value.starts_with("arn:");
        let values = data.values();
        let named = values.iter().filter(|_| !values.iter().any(all)).cloned();
        Selector::from(BasicSelector {
            read_only,
            resource_type,
            values: named.collect(),
        })
    };
    selector.data_resources().iter().map(of).collect()
}

/// Of which category a selector is, unless it is about management events or something unknown.
fn category(selector: &AdvancedEventSelector) -> Option<Category> {
    let fields = selector.field_selectors();
    let category = fields.iter().find(|field| field.field() == "eventCategory")?;
    match category.equals() {
        [one] if one == Category::Data.as_str() => Some(Category::Data),
        [one] if one == Category::NetworkActivity.as_str() => Some(Category::NetworkActivity),
        _ => None,
    }
}

fn advanced_other(selector: &AdvancedEventSelector, category: Category) -> Selector {
    let mut conditions: BTreeMap<String, Conditions> = BTreeMap::new();
    for field in selector.field_selectors() {
        if field.field() == "eventCategory" {
            continue;
        }
        let of = conditions.entry(field.field().to_owned()).or_default();
        of.equals.extend(field.equals().iter().cloned());
        of.starts_with.extend(field.starts_with().iter().cloned());
        of.ends_with.extend(field.ends_with().iter().cloned());
        of.not_equals.extend(field.not_equals().iter().cloned());
        of.not_starts_with.extend(field.not_starts_with().iter().cloned());
        of.not_ends_with.extend(field.not_ends_with().iter().cloned());
    }
    Selector {
        category,
        conditions,
        name: selector.name.clone().filter(|name| !name.is_empty()),
    }
}

/// The selectors that say what a trail shall record. Basic and advanced ones replace each other.
pub(super) enum Wanted {
    Basic(Vec<EventSelector>),
    Advanced(Vec<AdvancedEventSelector>),
}

/// The selectors that say what a trail shall record, in its form.
pub(super) fn wanted(trail: &Trail, region: &str) -> Result<Wanted, AccountError> {
    let others = || {
        let both = [&trail.data_events, &trail.network_events];
        both.into_iter()
            .filter_map(|selectors| selectors.get())
            .flat_map(Selectors::as_slice)
    };
    let basic: Option<Vec<BasicSelector>> = others().map(Selector::basic).collect();
    match (trail.selectors.get(), basic) {
        (Some(SelectorForm::Basic) | None, Some(data)) => {
            Ok(Wanted::Basic(wanted_basic(trail, &data, region)?))
        }
        _ => {
            let management = wanted_management(trail)?;
            let others = others().map(wanted_other).collect::<Result<Vec<_>, _>>()?;
            Ok(Wanted::Advanced(management.into_iter().chain(others).collect()))
        }
    }
}

/// One selector for management events, and one for each sort of data events: CloudTrail takes five.
fn wanted_basic(
    trail: &Trail,
    data: &[BasicSelector],
    region: &str,
) -> Result<Vec<EventSelector>, AccountError> {
    let management = match trail.management_events {
        ManagementEvents::None => None,
        ManagementEvents::Read => Some(ReadWriteType::ReadOnly),
        ManagementEvents::Write => Some(ReadWriteType::WriteOnly),
        ManagementEvents::All => Some(ReadWriteType::All),
    };
    let excluded: Vec<String> = trail.excluded_sources.iter().cloned().collect();
    let management = management.map(|kind| {
        EventSelector::builder()
            .read_write_type(kind)
            .include_management_events(true)
            .set_exclude_management_event_sources((!excluded.is_empty()).then_some(excluded))
            .build()
    });
    let mut selectors: Vec<EventSelector> = management.into_iter().collect();
    for (read_only, kind) in [
        (None, ReadWriteType::All),
        (Some(true), ReadWriteType::ReadOnly),
        (Some(false), ReadWriteType::WriteOnly),
    ] {
        let of = data.iter().filter(|selector| selector.read_only == read_only);
        let resources: Vec<DataResource> = of.map(|selector| data_resource(selector, region)).collect();
        if !resources.is_empty() {
            selectors.push(
                EventSelector::builder()
                    .read_write_type(kind)
                    .include_management_events(false)
                    .set_data_resources(Some(resources))
                    .build(),
            );
        }
    }
    Ok(selectors)
}

fn data_resource(selector: &BasicSelector, region: &str) -> DataResource {
    let kind = selector.resource_type.as_str();
    let service = BASIC_TYPES.iter().find(|(known, _)| *known == kind);
    let all = || {
        format!(
            "arn:{}:{}",
            partition_of(region),
            service.map_or("", |(_, service)| service)
        )
    };
    let values = match selector.values.is_empty() {
        true => vec![all()],
        false => selector.values.iter().cloned().collect(),
    };
    DataResource::builder()
        .r#type(kind)
        .set_values(Some(values))
        .build()
}

fn field(name: &str, conditions: &Conditions) -> Result<AdvancedFieldSelector, AccountError> {
    let list =
        |values: &BTreeSet<String>| (!values.is_empty()).then(|| values.iter().cloned().collect::<Vec<_>>());
    let field = AdvancedFieldSelector::builder()
        .field(name)
        .set_equals(list(&conditions.equals))
        .set_starts_with(list(&conditions.starts_with))
        .set_ends_with(list(&conditions.ends_with))
        .set_not_equals(list(&conditions.not_equals))
        .set_not_starts_with(list(&conditions.not_starts_with))
        .set_not_ends_with(list(&conditions.not_ends_with));
    built(PUT_SELECTORS, field.build())
}

fn wanted_management(trail: &Trail) -> Result<Option<AdvancedEventSelector>, AccountError> {
    let read_only = match trail.management_events {
        ManagementEvents::None => return Ok(None),
        ManagementEvents::All => None,
        ManagementEvents::Read => Some("true"),
        ManagementEvents::Write => Some("false"),
    };
    let excluded = Conditions {
        not_equals: trail.excluded_sources.clone(),
        ..Conditions::default()
    };
    let mut fields = vec![field("eventCategory", &Conditions::equal_to("Management"))?];
    if let Some(read_only) = read_only {
        fields.push(field("readOnly", &Conditions::equal_to(read_only))?);
    }
    if !excluded.is_empty() {
        fields.push(field("eventSource", &excluded)?);
    }
    let selector = AdvancedEventSelector::builder()
        // As the console names it; Prowler takes a selector of this name alone for one of management events.
        .name("Management events selector")
        .set_field_selectors(Some(fields));
    built(PUT_SELECTORS, selector.build()).map(Some)
}

fn wanted_other(selector: &Selector) -> Result<AdvancedEventSelector, AccountError> {
    let category = Conditions::equal_to(selector.category.as_str());
    let mut fields = vec![field("eventCategory", &category)?];
    for (name, conditions) in &selector.conditions {
        fields.push(field(name, conditions)?);
    }
    let wire = AdvancedEventSelector::builder()
        .set_name(selector.name.clone())
        .set_field_selectors(Some(fields));
    built(PUT_SELECTORS, wire.build())
}

#[cfg(test)]
mod tests {
    use trailwarden_spec::leaf::Managed;

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
            ..Recorded::default()
        }
    }

    fn advanced_form(recorded: Recorded) -> Recorded {
        Recorded {
            form: SelectorForm::Advanced,
            ..recorded
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
            advanced_form(recorded(ManagementEvents::All, &[]))
        );
        let writes = advanced(&[
            MANAGEMENT,
            ("readOnly", "=", "false"),
            ("eventSource", "!=", "kms.amazonaws.com"),
        ]);
        assert_eq!(
            read(&[], &[writes]),
            advanced_form(recorded(ManagementEvents::Write, &["kms.amazonaws.com"]))
        );
    }

    #[test]
    fn what_has_no_words_is_named() {
        let names = advanced(&[MANAGEMENT, ("eventName", "^", "Put")]);
        let odd = advanced(&[("eventCategory", "=", "Insight")]);
        assert_eq!(
            read(&[], &[odd, names]).inexpressible,
            [
                "advanced event selectors for `Insight` events",
                "advanced event selectors with conditions on `eventName`",
            ]
        );
    }

    /// What is written is read as the same.
    fn comes_back(trail: &Trail) -> Recorded {
        let (basic, advanced) = match wanted(trail, "eu-central-1").unwrap() {
            Wanted::Basic(basic) => (basic, Vec::new()),
            Wanted::Advanced(advanced) => (Vec::new(), advanced),
        };
        assert!(basic.len() <= 5);
        let recorded = read(&basic, &advanced);
        assert_eq!(recorded.inexpressible, Vec::<String>::new());
        assert_eq!(recorded.management_events, trail.management_events);
        assert_eq!(recorded.excluded_sources, trail.excluded_sources);
        assert_eq!(Some(&recorded.data_events), trail.data_events.get());
        assert_eq!(Some(&recorded.network_events), trail.network_events.get());
        recorded
    }

    fn objects(read_only: Option<bool>, values: &[&str]) -> Selector {
        Selector::from(BasicSelector {
            read_only,
            resource_type: "AWS::S3::Object".into(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        })
    }

    fn recording(data: Vec<Selector>, network: Vec<Selector>) -> Trail {
        Trail {
            data_events: Managed::Set(Selectors::new(data)),
            network_events: Managed::Set(Selectors::new(network)),
            ..Trail::new("activity", "logs")
        }
    }

    #[test]
    fn basic_data_events_come_back() {
        let all = recording(vec![objects(None, &[])], Vec::new());
        assert_eq!(comes_back(&all).form, SelectorForm::Basic);
        let lambda = Selector::from(BasicSelector {
            read_only: Some(true),
            resource_type: "AWS::Lambda::Function".into(),
            values: ["arn:aws:lambda:us-east-1:123456789012:function:f".to_owned()].into(),
        });
        let some = vec![
            objects(Some(false), &["arn:aws:s3:::a/", "arn:aws:s3:::b/x"]),
            lambda,
        ];
        let mut trail = recording(some, Vec::new());
        assert_eq!(comes_back(&trail).form, SelectorForm::Basic);
        trail.management_events = ManagementEvents::None;
        assert_eq!(comes_back(&trail).form, SelectorForm::Basic);
        trail.selectors = Managed::Set(SelectorForm::Advanced);
        assert_eq!(comes_back(&trail).form, SelectorForm::Advanced);
    }

    #[test]
    fn what_basic_selectors_have_no_words_for_is_advanced_and_comes_back() {
        let mut excepted = objects(None, &[]);
        let arns = excepted.conditions.entry("resources.ARN".into()).or_default();
        arns.not_starts_with.insert("arn:aws:s3:::logs/".into());
        excepted.name = Some("all objects but the logs".into());
        let network = Selector {
            category: Category::NetworkActivity,
            conditions: [
                (
                    "eventSource".to_owned(),
                    Conditions::equal_to("ec2.amazonaws.com"),
                ),
                ("errorCode".to_owned(), Conditions::equal_to("VpceAccessDenied")),
            ]
            .into(),
            name: None,
        };
        let mut trail = recording(vec![excepted], vec![network]);
        trail.excluded_sources.insert("kms.amazonaws.com".into());
        trail.management_events = ManagementEvents::Write;
        assert_eq!(comes_back(&trail).form, SelectorForm::Advanced);
    }
}
