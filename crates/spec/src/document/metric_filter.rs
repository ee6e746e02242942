//! `[metric_filter.LABEL]`, and the shape of filters that rules share with it.

use std::collections::BTreeMap;

use trailwarden_pattern::Extractor;

use crate::Object;
use crate::kinds::{MetricFilter, Unit};
use crate::leaf::Managed;
use crate::problem::{Problem, code};

use super::decoder::{At, Decode, Sink, Spot, Table, Value};
use super::pattern::{self, Allowed, PatternText};
use super::references::GroupRef;
use super::resolve::Resolver;
use super::sections::{Entry, Origin, Section};
use super::stack::Header;
use super::test::{self, Test};
use super::values::Map;
use super::{limits, names};

/// A metric filter as typed; its log group is not resolved yet.
#[derive(Debug)]
pub(crate) struct FilterSection {
    pub(crate) shape: FilterShape,
    pub(crate) log_group: Option<At<GroupRef>>,
    protect: bool,
}

/// A filter without its log group, with what is known of its pattern.
#[derive(Clone, Debug)]
pub(crate) struct FilterShape {
    pub(crate) filter: MetricFilter,
    pattern: PatternText,
    allowed: Allowed,
    tests: Vec<Test>,
}

impl Section for FilterSection {
    const WORD: &'static str = "metric_filter";

    fn names_itself(table: &Table<'_>) -> bool {
        table.has("name") && table.has("metric")
    }

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        let log_group = table.need("log_group", "\"LABEL\"");
        let pattern = read_pattern(table);
        let shape = read_shape(table, label, &header.stack.namespace, pattern);
        Self {
            shape,
            log_group,
            protect: table.protect(),
        }
    }
}

/// A pattern with what belongs to it.
pub(crate) struct PatternPart {
    pattern: PatternText,
    allowed: Allowed,
    tests: Vec<Test>,
}

/// Takes the pattern, its tests and `allow` out; what cannot be read gets a stand-in.
pub(crate) fn read_pattern(table: &mut Table<'_>) -> PatternPart {
    let pattern = table.need("pattern", "'''{ $.eventSource = \"iam.amazonaws.com\" }'''");
    PatternPart {
        pattern: pattern.map_or_else(|| PatternText::unread(&table.spot), |at| at.value),
        allowed: pattern::read_allowed(table),
        tests: test::read(table),
    }
}

/// The same where a pack has the pattern, unless another one is written. A published text is not
/// warned of: that it is taken as it is, is what was asked for.
pub(crate) fn read_pattern_of_pack(table: &mut Table<'_>, text: &str, published: bool) -> PatternPart {
    let pattern = match table.has("pattern") {
        true => table
            .take("pattern")
            .map_or_else(|| PatternText::unread(&table.spot), |at| at.value),
        false => {
            table.take_raw("pattern");
            PatternText::of_pack(text, &table.spot)
        }
    };
    let mut allowed = pattern::read_allowed(table);
    if published && !table.knows("pattern") {
        allowed.all_of(&pattern);
    }
    PatternPart {
        pattern,
        allowed,
        tests: test::read(table),
    }
}

/// Takes out what rules' filters and plain ones have in common. `name` is the name of filter and
/// metric where nothing else is said.
pub(crate) fn read_shape(
    table: &mut Table<'_>,
    name: &At<String>,
    namespace: &str,
    part: PatternPart,
) -> FilterShape {
    let sink = table.cx.sink;
    let PatternPart {
        pattern,
        allowed,
        tests,
    } = part;
    let filter_name = table.name(name, &names::FILTER).value;
    let metric = table.take::<String>("metric");
    if let Some(metric) = &metric {
        names::METRIC.check(sink, metric);
    }
    let own_namespace = table.take::<String>("namespace");
    if let Some(namespace) = &own_namespace {
        names::NAMESPACE.check(sink, namespace);
    }
    let value = table
        .take::<FilterValue>("value")
        .map(|at| at.map(|value| value.0));
    if let Some(value) = &value {
        limits::filter_value(sink, value);
        selects(sink, &pattern, value);
    }
    let exact = table.take::<bool>("exact").is_some_and(|at| at.value);
    let default_value = table.take::<DefaultValue>("default_value");
    let unit = table.take::<Unit>("unit");
    let dimensions = dimensions(table, &pattern, &allowed);
    if let (Some(default), false) = (&default_value, dimensions.is_empty()) {
        let message = "a filter with dimensions has no default value";
        let problem =
            Problem::new(code::CONTRADICTION, &default.spot, message).label("together with `dimensions`");
        sink.report(problem.help("CloudWatch Logs refuses the two together: take one of them away"));
    }
    let filter = MetricFilter {
        log_group: String::new(),
        name: filter_name,
        pattern: pattern.filter.clone().compared_as_text(exact),
        namespace: own_namespace.map_or_else(|| namespace.into(), |at| at.value),
        metric: metric.map_or_else(|| name.value.clone(), |at| at.value),
        value: value.map_or_else(|| "1".into(), |at| at.value),
        default_value: default_value.map_or(Managed::Leave, |at| Managed::Set(at.value.0)),
        unit: unit.map_or(Unit::None, |at| at.value),
        dimensions,
    };
    FilterShape {
        filter,
        pattern,
        allowed,
        tests,
    }
}

/// Reports a selector that leads to no field of the pattern.
fn selects(sink: &Sink, pattern: &PatternText, selector: &At<String>) {
    let Some(parsed) = pattern
        .parsed
        .as_ref()
        .filter(|_| selector.value.starts_with('$'))
    else {
        return;
    };
    if let Err(wrong) = Extractor::new(parsed.form(), &selector.value) {
        let problem = Problem::new(code::NO_SUCH_FIELD, &selector.spot, wrong.message);
        sink.report(problem.label("not a field of the pattern").help(wrong.help));
    }
}

impl FilterShape {
    /// The shape with another pattern of the same pack.
    pub(crate) fn narrowed(&mut self, text: &str, spot: &Spot) {
        self.pattern = PatternText::of_pack(text, spot);
        self.filter.pattern = self.pattern.filter.clone();
    }

    /// The shape whose pattern is compared letter by letter.
    pub(crate) fn exact(&mut self) {
        self.filter.pattern = self.filter.pattern.clone().compared_as_text(true);
    }

    /// The filter on a log group; its pattern is looked over, and its tests are noted.
    pub(crate) fn on(&self, resolver: &mut Resolver<'_>, log_group: String, origin: &Origin) -> MetricFilter {
        let filter = MetricFilter {
            log_group,
            ..self.filter.clone()
        };
        pattern::lint(resolver, &self.pattern, &self.allowed, &filter);
        if let Some(parsed) = &self.pattern.parsed {
            let tests = self.tests.iter().map(|test| test.of(&origin.path, parsed));
            resolver.wanted.tests.extend(tests);
        }
        filter
    }
}

/// Takes a filter's dimensions out: at most three, and only of patterns that have fields
/// (`MetricTransformation`).
fn dimensions(table: &mut Table<'_>, pattern: &PatternText, allowed: &Allowed) -> BTreeMap<String, String> {
    let Some(At { value: map, spot }) = table.take::<Map>("dimensions") else {
        return BTreeMap::new();
    };
    let (sink, all) = (table.cx.sink, &map.0);
    if all.len() > 3 {
        let message = format!("{} dimensions, CloudWatch Logs takes 3", all.len());
        sink.report(Problem::new(code::TOO_MANY, &spot, message).label("too many"));
    }
    let text = pattern.filter.as_str();
    let fields = text.starts_with(['{', '[']);
    if !(fields || all.is_empty() || text.is_empty()) {
        let message = "a filter on plain text has no dimensions";
        let problem = Problem::new(code::CONTRADICTION, &spot, message).label("the pattern has no fields");
        sink.report(
            problem.help("only a pattern `{ ... }` or `[ ... ]` has fields that dimensions can name"),
        );
    }
    for (name, value) in all {
        limits::name(sink, "dimension's name", name, 255);
        limits::text(sink, "dimension's value", value, 255);
        if !value.value.starts_with('$') {
            let message = format!("the dimension `{}` needs a selector", name.value);
            let problem = Problem::new(code::BAD_TEXT, &value.spot, message).label("does not begin with `$`");
            sink.report(problem.help("write the field that it takes its value from, such as `$.eventName`"));
        } else if fields {
            selects(sink, pattern, value);
            pattern::lint_dimension(table, allowed, value);
        }
    }
    map.into_map()
}

/// What a matching event adds: a number, or a selector.
struct FilterValue(String);

impl Decode for FilterValue {
    fn decode(value: &Value<'_>) -> Option<Self> {
        match value.raw {
            toml::de::DeValue::Integer(_) | toml::de::DeValue::Float(_) => {
                f64::decode(value).map(|number| Self(number.to_string()))
            }
            toml::de::DeValue::String(_) => String::decode(value).map(Self),
            _ => value.wrong_type("a number or a selector such as `\"$.latency\"`", None),
        }
    }
}

/// A number, or `"none"` to take a default value away.
struct DefaultValue(Option<f64>);

impl Decode for DefaultValue {
    fn decode(value: &Value<'_>) -> Option<Self> {
        match value.raw {
            toml::de::DeValue::String(text) if text == "none" => Some(Self(None)),
            toml::de::DeValue::Integer(_) | toml::de::DeValue::Float(_) => {
                f64::decode(value).map(|n| Self(Some(n)))
            }
            _ => value.wrong_type("a number or `\"none\"`", None),
        }
    }
}

/// Adds a plain metric filter.
pub(crate) fn resolve(resolver: &mut Resolver<'_>, entry: &Entry<FilterSection>) {
    let FilterSection {
        shape,
        log_group,
        protect,
    } = &entry.value;
    let path = format!("{}.log_group", entry.origin.path);
    let Some(log_group) = log_group.as_ref().and_then(|group| resolver.group(group, &path)) else {
        return;
    };
    let filter = shape.on(resolver, log_group, &entry.origin);
    add(resolver, filter, *protect, &entry.origin);
}

/// Adds a filter, and notes whether it is protected: it has no tag to say so.
pub(crate) fn add(resolver: &mut Resolver<'_>, filter: MetricFilter, protect: bool, origin: &Origin) {
    let address = Object::from(filter.clone()).address(resolver.scope());
    if resolver.add(filter, origin) && protect {
        resolver.wanted.protect.insert(address);
    }
}

/// Reports filters that nothing marks as the stack's or whose protection nothing would remember, and
/// more filters than a group takes.
///
/// A metric filter has no tags. It is known as the stack's by its namespace or by an alarm of the
/// stack on its metric; one without either would be refused as somebody else's once it is made.
pub(crate) fn check_all(resolver: &Resolver<'_>) {
    let wishes = || resolver.wanted.objects.iter();
    let mut by_group: BTreeMap<&str, usize> = BTreeMap::new();
    let mut with_regex: BTreeMap<&str, usize> = BTreeMap::new();
    for (address, wish) in wishes() {
        let Object::MetricFilter(filter) = &wish.object else {
            continue;
        };
        let spot = Spot {
            file: wish.place.file,
            span: wish.place.span.clone(),
        };
        let count = by_group.entry(&filter.log_group).or_default();
        *count += 1;
        if *count == MetricFilter::MAX_PER_GROUP + 1 {
            let message = format!(
                "more than {} metric filters on the log group `{}`",
                MetricFilter::MAX_PER_GROUP,
                filter.log_group
            );
            let problem = Problem::new(code::TOO_MANY, &spot, message).label("one too many");
            resolver.sink.report(
                problem.help("this limit of CloudWatch Logs is fixed: put several patterns into one"),
            );
        }
        if filter.pattern.has_regex() {
            let count = with_regex.entry(&filter.log_group).or_default();
            *count += 1;
            if *count == MetricFilter::MAX_REGEX_PER_GROUP + 1 {
                let message = format!(
                    "more than {} metric filters with regular expressions on the log group `{}`",
                    MetricFilter::MAX_REGEX_PER_GROUP,
                    filter.log_group
                );
                let problem = Problem::new(code::TOO_MANY, &spot, message).label("one too many");
                resolver.sink.report(
                    problem.help("this limit of CloudWatch Logs is fixed: write wildcards, or several names, where that is enough"),
                );
            }
        }
        let reads = |object: &Object| match object {
            Object::Alarm(alarm) => alarm.reads(&filter.namespace, &filter.metric),
            _ => false,
        };
        let remembered = wishes().any(|(_, wish)| {
            reads(&wish.object) && wish.object.tags().is_some_and(crate::leaf::Tags::is_protected)
        });
        if resolver.wanted.protect.contains(address) && !remembered {
            let message = format!(
                "nothing would remember that the metric filter `{}` is protected",
                filter.name
            );
            let problem =
                Problem::new(code::UNREMEMBERED, &spot, message).label("no protected alarm reads its metric");
            resolver.sink.report(problem.help(
                "metric filters have no tags, so that an alarm on its metric has to say it: write `protect = true` in \
                 one, or take it away here",
            ));
        }
        let ours = filter.namespace == resolver.header.stack.namespace
            || wishes().any(|(_, wish)| reads(&wish.object))
            || resolver.wanted.adopt.contains(address);
        if !ours {
            let message = format!(
                "nothing says that the metric filter `{}` is this stack's",
                filter.name
            );
            let problem = Problem::new(code::UNMARKED_FILTER, &spot, message)
                .label("in another namespace, read by no alarm");
            resolver.sink.report(problem.help(format!(
                "metric filters have no tags: leave `namespace` out, which means `{}`, or write an alarm on its metric",
                resolver.header.stack.namespace
            )));
        }
    }
}
