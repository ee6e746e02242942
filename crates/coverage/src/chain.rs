//! From what a control is about to somebody who hears of it: filter, trail, alarm, topic, subscriber.

use serde_json::json;
use trailwarden_pattern::Pattern;
use trailwarden_pattern::decide::{Answer, Facts, implies, never};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{Alarm, Bucket, LogGroup, MetricFilter, Trail};
use trailwarden_spec::packs::Control;
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Kind, Object, Scope};

use crate::prowler::Look;
use crate::{Code, Found, Reason, Verdict, trail};

/// An object of the spec, and what people call it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'w, T> {
    pub(crate) origin: &'w str,
    pub(crate) object: &'w T,
}

/// What a spec wants, by kind.
pub(crate) struct Spec<'w> {
    wanted: &'w Wanted,
    filters: Vec<(Named<'w, MetricFilter>, Option<Pattern>)>,
    pub(crate) alarms: Vec<Named<'w, Alarm>>,
    pub(crate) trails: Vec<Named<'w, Trail>>,
    pub(crate) buckets: Vec<Named<'w, Bucket>>,
    pub(crate) groups: Vec<Named<'w, LogGroup>>,
}

/// How a standard tells whether a filter is the one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask<'a> {
    /// By its text, to the letter.
    Text(&'a str),
    /// By what it matches.
    Meaning,
    /// By parts of its text.
    Parts(&'a Look),
}

/// What a control on a filter asks.
pub(crate) struct Question<'a> {
    pub(crate) ask: Ask<'a>,
    /// The control of the pack `cis`, which says what it is about.
    pub(crate) control: &'a Control,
}

impl<'w> Spec<'w> {
    pub(crate) fn new(wanted: &'w Wanted) -> Self {
        let mut spec = Self {
            wanted,
            filters: Vec::new(),
            alarms: Vec::new(),
            trails: Vec::new(),
            buckets: Vec::new(),
            groups: Vec::new(),
        };
        for wish in wanted.objects.values() {
            let origin = wish.origin.as_str();
            match &wish.object {
                Object::MetricFilter(object) => {
                    let pattern = Pattern::parse(object.pattern.as_str()).ok();
                    spec.filters.push((Named { origin, object }, pattern));
                }
                Object::Alarm(object) => spec.alarms.push(Named { origin, object }),
                Object::Trail(object) => spec.trails.push(Named { origin, object }),
                Object::Bucket(object) => spec.buckets.push(Named { origin, object }),
                Object::LogGroup(object) => spec.groups.push(Named { origin, object }),
                _ => {}
            }
        }
        spec
    }

    pub(crate) fn scope(&self) -> &'w Scope {
        &self.wanted.stack.scope
    }

    /// Looks for a filter that is the one, with all that makes it heard.
    pub(crate) fn filter(&self, question: &Question<'_>) -> Found {
        let Some(asks) = question
            .control
            .asks
            .as_deref()
            .and_then(|text| Pattern::parse(text).ok())
        else {
            return Found::default();
        };
        let samples = samples(&asks, question.control);
        let mut found = Found::default();
        let mut ways: Vec<Vec<Reason>> = Vec::new();
        let mut near: Vec<(usize, Reason)> = Vec::new();
        for (filter, pattern) in &self.filters {
            let Some(pattern) = pattern else { continue };
            match question.hits(&asks, &samples, filter, pattern) {
                Hit::Yes => match self.way(filter, question) {
                    reasons if reasons.is_empty() => found.by.push(filter.origin.to_owned()),
                    reasons => ways.push(reasons),
                },
                Hit::Near(by, reason) => near.push((by, reason)),
                Hit::No => {}
            }
        }
        if !found.by.is_empty() {
            return found;
        }
        let worst = |reasons: &Vec<Reason>| reasons.iter().map(|reason| reason.code.verdict()).max();
        ways.sort_by_key(|reasons| (worst(reasons), reasons.len()));
        if let Some(least) = ways.into_iter().next() {
            found.reasons = least;
            return found;
        }
        near.sort_by(|a, b| b.cmp(a));
        let nearest = near.into_iter().next().map(|(_, reason)| reason);
        found.reasons.push(nearest.unwrap_or_else(|| {
            let Control { id, .. } = question.control;
            let message = format!("no filter of the spec is about it; `[pack.cis]` has one, as `{id}`");
            Reason::new(Code::NoFilter, None, message)
        }));
        found
    }

    /// What is in the way from the trail to somebody who hears of what a filter counts.
    fn way(&self, filter: &Named<'_, MetricFilter>, question: &Question<'_>) -> Vec<Reason> {
        let mut reasons = self.source(filter, question);
        reasons.extend(self.sink(filter, question));
        reasons
    }

    /// What is in the way of events that a filter should see.
    fn source(&self, filter: &Named<'_, MetricFilter>, question: &Question<'_>) -> Vec<Reason> {
        let group = &filter.object.log_group;
        let arn = self.scope().log_group_arn(group);
        let delivers = |trail: &&Named<'_, Trail>| match trail.object.delivery.get() {
            Some(Some(delivery)) => delivery.log_group == arn,
            _ => false,
        };
        let ways = self.trails.iter().filter(delivers).map(|trail| {
            if matches!(question.ask, Ask::Parts(_)) {
                return Vec::new();
            }
            let mut reasons = trail::all_events_of_all_regions(trail);
            reasons.extend(trail::leaves_out(trail, source_of(question.control)));
            reasons
        });
        ways.min_by_key(Vec::len).unwrap_or_else(|| {
            let message = format!(
                "no trail of the spec delivers to `{group}`: whether another one does is not the spec's to say, and \
                 `trailwarden status` looks"
            );
            vec![Reason::new(Code::TrailElsewhere, Some(filter.origin), message)]
        })
    }

    /// What is in the way from a filter's metric to a subscriber.
    fn sink(&self, filter: &Named<'_, MetricFilter>, question: &Question<'_>) -> Vec<Reason> {
        let MetricFilter {
            namespace,
            metric,
            dimensions,
            ..
        } = filter.object;
        // Tools look at the metric of an alarm, and not into its queries.
        let directly = !matches!(question.ask, Ask::Meaning);
        let reads = |alarm: &&Named<'_, Alarm>| {
            (alarm.object.queries.is_empty() || !directly)
                && alarm.object.sources().any(|source| {
                    source.namespace == namespace
                        && source.metric == metric
                        && source.dimensions.keys().eq(dimensions.keys())
                })
        };
        let ways = self.alarms.iter().filter(reads).map(|alarm| match question.ask {
            Ask::Parts(_) => Vec::new(),
            _ => self.told(alarm),
        });
        ways.min_by_key(Vec::len).unwrap_or_else(|| {
            let message =
                format!("no alarm of the spec reads its metric `{metric}`: write an `[alarm.LABEL]` on it");
            vec![Reason::new(Code::NoAlarm, Some(filter.origin), message)]
        })
    }

    /// What is in the way from an alarm to a subscriber.
    fn told(&self, alarm: &Named<'_, Alarm>) -> Vec<Reason> {
        let because = |code, message: String| Reason::new(code, Some(alarm.origin), message);
        let mut reasons = Vec::new();
        if !alarm.object.actions_enabled {
            let message = "its actions are off: take `actions_enabled = false` away".into();
            reasons.push(because(Code::ActionsOff, message));
        }
        let topics = alarm
            .object
            .alarm_actions
            .iter()
            .filter(|arn| arn.service == "sns");
        let ways = topics.map(|topic| self.subscribed(topic, alarm.origin));
        let none = || {
            let message = "its alarm notifies no topic: write `notify = [\"TOPIC\"]`".into();
            Some(because(Code::NoTopic, message))
        };
        reasons.extend(ways.min().unwrap_or_else(none));
        reasons
    }

    /// What is in the way from a topic to a subscriber.
    fn subscribed(&self, topic: &Arn, origin: &str) -> Option<Reason> {
        let name = topic.name();
        let address = self.scope().address(Kind::Topic, name);
        if !self.scope().holds(topic) || !self.wanted.objects.contains_key(&address) {
            let message = format!(
                "the topic `{name}` is not the spec's: who is subscribed to it is not the spec's to say"
            );
            return Some(Reason::new(Code::TopicElsewhere, Some(origin), message));
        }
        let mut objects = self.wanted.objects.values();
        let is_there = objects.any(|wish| match &wish.object {
            Object::Subscription(subscription) => subscription.topic == name,
            _ => false,
        });
        (!is_there).then(|| {
            let message = format!("nobody is subscribed to the topic `{name}`: write a `subscription` of it");
            Reason::new(Code::NoSubscriber, Some(origin), message)
        })
    }
}

/// Whether a filter is the one that a control asks for.
enum Hit {
    Yes,
    /// It is about it, by so many of its events, and is not the one.
    Near(usize, Reason),
    No,
}

impl Question<'_> {
    fn hits(
        &self,
        asks: &Pattern,
        samples: &[(String, String)],
        filter: &Named<'_, MetricFilter>,
        pattern: &Pattern,
    ) -> Hit {
        let text = filter.object.pattern.as_str();
        let matcher = pattern.matcher();
        let (seen, missed): (Vec<_>, Vec<_>) = samples
            .iter()
            .partition(|(_, event)| matcher.is_match(event.as_bytes()));
        let is_about = || mark(self.control).is_some_and(|mark| text.contains(mark)) && meet(asks, pattern);
        let near = |code, message: String| match seen.len() {
            0 if !is_about() => Hit::No,
            count => Hit::Near(count, Reason::new(code, Some(filter.origin), message)),
        };
        let some = || "it does not match all of its events: `trailwarden pattern diff` shows one".to_owned();
        match self.ask {
            Ask::Text(exact) if text == exact => Hit::Yes,
            Ask::Text(_) => near(
                Code::OtherText,
                "its text is not to the letter the one that Security Hub compares; `[pack.cis]` has that with \
                 `spelling = \"auditor\"`"
                    .into(),
            ),
            Ask::Parts(look) => match look.missing(text) {
                missing if missing.is_empty() => Hit::Yes,
                missing => near(
                    Code::OtherText,
                    format!("Prowler does not find in its text {}", listed(&missing)),
                ),
            },
            Ask::Meaning if !missed.is_empty() => {
                let missed: Vec<String> = missed.iter().map(|(name, _)| name.clone()).collect();
                let message = match mark(self.control) {
                    Some(_) => some(),
                    None => format!("it misses {}", listed(&missed)),
                };
                near(Code::MissesEvents, message)
            }
            Ask::Meaning => match implies(asks, pattern, &Facts::fitting(&[asks, pattern])) {
                Answer::Yes => Hit::Yes,
                Answer::No(_) => near(Code::MissesEvents, some()),
                Answer::Unknown => near(
                    Code::Undecided,
                    "whether it matches all of its events could not be decided".into(),
                ),
            },
        }
    }
}

/// What the text of a pattern has that is about a control, where that is more than the names of calls.
fn mark(control: &Control) -> Option<&'static str> {
    match control.slug {
        "unauthorized-calls" => Some("$.errorCode"),
        "root-use" => Some("$.userIdentity.type"),
        "sign-in-without-mfa" | "failed-sign-ins" => Some("ConsoleLogin"),
        _ => None,
    }
}

/// True when an event is known that both patterns match. Two that are too long to be one pattern have
/// none that is known.
fn meet(a: &Pattern, b: &Pattern) -> bool {
    let body = |pattern: &Pattern| {
        let text = pattern.text().trim();
        let body = text.strip_prefix('{')?.strip_suffix('}')?;
        Some(body.trim().to_owned())
    };
    let both = body(a).zip(body(b)).map(|(a, b)| format!("{{ ({a}) && ({b}) }}"));
    let Some(both) = both.and_then(|text| Pattern::parse(&text).ok()) else {
        return false;
    };
    matches!(never(&both, &Facts::fitting(&[&both])), Answer::No(_))
}

/// Words as people list them; of many only some.
fn listed(words: &[String]) -> String {
    const MOST: usize = 4;
    let mut all: Vec<String> = words.iter().take(MOST).map(|word| format!("`{word}`")).collect();
    match words.len().checked_sub(MOST).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more", all.join(", ")),
        None => match all.pop() {
            Some(last) if !all.is_empty() => format!("{} and {last}", all.join(", ")),
            Some(only) => only,
            None => String::new(),
        },
    }
}

/// The service whose calls a control is about, where it names one.
fn source_of(control: &Control) -> Option<&str> {
    let asks = control.asks.as_deref()?;
    asks.split("$.eventSource = \"").nth(1)?.split('"').next()
}

/// Events that a control is about: one of each call, or any that its pattern matches.
fn samples(asks: &Pattern, control: &Control) -> Vec<(String, String)> {
    let text = control.asks.as_deref().unwrap_or_default();
    let names = text.split("$.eventName = \"").skip(1);
    let event = |name: &str| {
        let source = source_of(control).unwrap_or_default();
        json!({ "eventSource": source, "eventName": name }).to_string()
    };
    let calls = names
        .filter_map(|part| part.split('"').next())
        .map(|name| (name.to_owned(), event(name)))
        .filter(|(_, event)| asks.matcher().is_match(event.as_bytes()));
    let calls: Vec<_> = calls.collect();
    if !calls.is_empty() {
        return calls;
    }
    match never(asks, &Facts::fitting(&[asks])) {
        Answer::No(witness) => vec![(witness.to_string(), witness.to_string())],
        _ => Vec::new(),
    }
}

/// The verdict of reasons together.
pub(crate) fn worst(reasons: &[Reason]) -> Verdict {
    let all = reasons.iter().map(|reason| reason.code.verdict());
    all.max().unwrap_or(Verdict::Met)
}
