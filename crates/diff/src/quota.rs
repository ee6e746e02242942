//! Whether what a plan makes has room in the account, before anything is written.
//!
//! What others made counts, too. Nothing is taken away before what replaces it is in place, so what
//! counts is the highest point while a plan runs and not its end: a rename needs a free place.

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_spec::kinds::MetricFilter;
use trailwarden_spec::live::{Live, SeenTrail};
use trailwarden_spec::{Address, Kind, Object, Scope};

use crate::plan::{Action, Note, Plan, RefusalCode, Step};
use crate::settle::refuse_as;

/// Trails of a region, a fixed limit ("Quotas in AWS `CloudTrail`"). "A trail that applies to all AWS
/// Regions counts as one trail in every Region" ("`CloudTrail` concepts"), so shadows count. AWS does
/// not say whether an organization's trail counts in its members; it is shown there like any other
/// and counted here.
const TRAILS: usize = 5;

/// The share of a quota from which on a plan tells how much is used, in percent.
const NEARLY: usize = 80;

/// What takes one place of a quota: a name, and for a trail from elsewhere where it is managed.
type Place = (String, Option<Scope>);

/// Something of which AWS takes few.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Quota {
    /// Metric filters of this log group.
    Filters(String),
    /// Those with regular expressions. AWS counts subscription filters with them, which no plan reads:
    /// where there are some, the write itself is refused.
    Regexes(String),
    /// Trails of the region.
    Trails,
}

/// How much of a quota is taken.
struct Count {
    /// Places taken now.
    now: BTreeSet<Place>,
    /// Of these, how many by what is not the stack's.
    others: usize,
    /// Places taken at the highest point.
    peak: usize,
    /// Places taken when all is done.
    end: usize,
}

impl Quota {
    fn limit(&self) -> usize {
        match self {
            Self::Filters(_) => MetricFilter::MAX_PER_GROUP,
            Self::Regexes(_) => MetricFilter::MAX_REGEX_PER_GROUP,
            Self::Trails => TRAILS,
        }
    }

    /// What is counted, in words.
    fn what(&self) -> String {
        match self {
            Self::Filters(group) => format!("metric filters of the log group `{group}`"),
            Self::Regexes(group) => {
                format!("metric filters with regular expressions of the log group `{group}`")
            }
            Self::Trails => "trails of the region".into(),
        }
    }

    /// True when an object takes a place.
    fn counts(&self, object: &Object) -> bool {
        match (self, object) {
            (Self::Filters(group), Object::MetricFilter(filter)) => filter.log_group == *group,
            (Self::Regexes(group), Object::MetricFilter(filter)) => {
                filter.log_group == *group && filter.pattern.has_regex()
            }
            (Self::Trails, Object::Trail(_)) => true,
            _ => false,
        }
    }

    /// True when a step takes a place that was free.
    fn is_taken_by(&self, step: &Step) -> bool {
        let counts = |object: &Option<Object>| object.as_ref().is_some_and(|object| self.counts(object));
        !matches!(step.action, Action::Delete | Action::Release)
            && counts(&step.after)
            && !counts(&step.before)
    }

    /// True when a step gives a place back.
    fn is_freed_by(&self, step: &Step) -> bool {
        let counts = |object: &Option<Object>| object.as_ref().is_some_and(|object| self.counts(object));
        step.action != Action::Release && counts(&step.before) && !counts(&step.after)
    }

    /// What takes a place now, whoever it belongs to.
    fn taken(&self, live: &Live) -> BTreeSet<Place> {
        match self {
            Self::Filters(group) | Self::Regexes(group) => {
                let all = matches!(self, Self::Filters(_));
                let filters = live.usage.filters.get(group).into_iter().flatten();
                let filters = filters.filter(|(_, has_regex)| all || **has_regex);
                filters.map(|(name, _)| (name.clone(), None)).collect()
            }
            Self::Trails => {
                let place = |trail: &SeenTrail| (trail.name.clone(), trail.elsewhere.clone());
                live.usage.trails.iter().map(place).collect()
            }
        }
    }

    fn count(&self, live: &Live, steps: &[Step]) -> Count {
        let now = self.taken(live);
        let ours: BTreeSet<String> = live
            .objects
            .values()
            .filter(|found| found.owner.is_ours() && self.counts(&found.value))
            .map(|found| own_name(&found.value))
            .collect();
        let is_ours = |(name, elsewhere): &&Place| elsewhere.is_none() && ours.contains(name);
        let taken = steps.iter().filter(|step| self.is_taken_by(step)).count();
        let freed = steps.iter().filter(|step| self.is_freed_by(step)).count();
        let peak = now.len() + taken;
        Count {
            others: now.len() - now.iter().filter(is_ours).count(),
            now,
            peak,
            end: peak.saturating_sub(freed),
        }
    }

    /// Why there is no room, and the way out.
    fn message(&self, count: &Count) -> String {
        let limit = self.limit();
        let used = count.now.len();
        let more = count.peak - used;
        let whose = match self {
            Self::Trails if used > 0 => format!(" ({})", in_words(&count.now)),
            _ => format!(
                " ({} by this stack, {} by others)",
                used - count.others,
                count.others
            ),
        };
        let head = format!(
            "{used} of {limit} {} are used{whose} and the plan needs room for {more} more",
            self.what()
        );
        if count.end <= limit {
            // What goes is freed last, lest nobody watch in between.
            return format!(
                "{head}: {} would remain when all is done, but what is new is made before what it replaces goes; keep \
                 the old name, or take the old one out in an apply of its own first",
                count.end
            );
        }
        let way_out = match self {
            Self::Filters(_) => {
                "AWS never raises this limit: use another log group, put several patterns into one with `||`, or \
                 write wildcards for several names"
            }
            Self::Regexes(_) => {
                "AWS never raises this limit: write wildcards or several names with `||` instead of a regular \
                 expression, or use another log group"
            }
            Self::Trails => {
                "AWS never raises this limit, and trails of other regions that record all regions count: delete one \
                 that nobody needs"
            }
        };
        format!("{head}; {way_out}")
    }
}

/// Refuses all steps for which the account has no room: which of them would be the one too many is
/// nobody's choice but a person's. Returns what there is too little of.
pub(crate) fn refuse(plan: &mut Plan, live: &Live) -> BTreeSet<Quota> {
    let quotas: BTreeSet<Quota> = plan
        .steps
        .iter()
        .filter_map(|step| step.after.as_ref())
        .flat_map(quotas)
        .collect();
    let short: BTreeMap<Quota, String> = quotas
        .into_iter()
        .filter_map(|quota| {
            let count = quota.count(live, &plan.steps);
            // What is over the limit already and grows no more is AWS's business.
            let grows = count.peak > count.now.len();
            (grows && count.peak > quota.limit()).then(|| {
                let message = quota.message(&count);
                (quota, message)
            })
        })
        .collect();
    refuse_as(plan, |step| {
        let mut over = short.iter().filter(|(quota, _)| quota.is_taken_by(step));
        let (_, message) = over.next()?;
        Some((RefusalCode::Quota, message.clone()))
    });
    short.into_keys().collect()
}

/// Tells how much is used of what is nearly used up by what the spec wants; what is refused for want
/// of room says so itself.
pub(crate) fn note<'a>(
    plan: &mut Plan,
    wanted: impl Iterator<Item = &'a Object>,
    live: &Live,
    refused: &BTreeSet<Quota>,
) {
    let scope = plan.scope.clone();
    let mut about: BTreeMap<Quota, Address> = BTreeMap::new();
    for object in wanted {
        let address = match object {
            Object::MetricFilter(MetricFilter { log_group, .. }) => {
                scope.address(Kind::LogGroup, log_group.as_str())
            }
            other => other.address(&scope),
        };
        for quota in quotas(object) {
            about.entry(quota).or_insert_with(|| address.clone());
        }
    }
    about.retain(|quota, _| !refused.contains(quota));
    for (quota, address) in about {
        let count = quota.count(live, &plan.steps);
        let limit = quota.limit();
        if count.end * 100 < limit * NEARLY {
            continue;
        }
        let changes = count.peak > count.now.len() || count.end < count.peak;
        let verb = if changes { "will be used" } else { "are used" };
        let message = format!(
            "{} of {limit} {} {verb}, {} by others",
            count.end,
            quota.what(),
            count.others
        );
        plan.notes.push(Note { address, message });
    }
}

/// The quotas in which an object takes a place.
fn quotas(object: &Object) -> Vec<Quota> {
    match object {
        Object::MetricFilter(filter) => {
            let group = &filter.log_group;
            let of_regex = filter.pattern.has_regex().then(|| Quota::Regexes(group.clone()));
            std::iter::once(Quota::Filters(group.clone()))
                .chain(of_regex)
                .collect()
        }
        Object::Trail(_) => vec![Quota::Trails],
        _ => Vec::new(),
    }
}

/// A filter's name within its group, anything else's own.
fn own_name(object: &Object) -> String {
    match object {
        Object::MetricFilter(filter) => filter.name.clone(),
        other => other.name(),
    }
}

fn in_words(trails: &BTreeSet<Place>) -> String {
    let trails = trails.iter().map(|(name, elsewhere)| match elsewhere {
        None => format!("`{name}`"),
        Some(home) => format!("`{name}` of {}, account {}", home.region, home.account),
    });
    trails.collect::<Vec<_>>().join(", ")
}
