//! What is counted of the records that a rule matches.

use std::collections::{BTreeMap, HashMap};

use crate::facts::{Facts, Principal};

/// The most names of one sort that are kept. More are rare, and memory is not.
const MOST: usize = 2000;

/// The most principals of a rule whose minutes are kept.
const MOST_MINUTES: usize = 64;

/// Counts by name. When there are too many names the rarest are dropped, and what they had is counted together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    by_name: HashMap<String, u64>,
    /// What was counted of names that were dropped.
    others: u64,
}

impl Counts {
    fn add(&mut self, name: &str, count: u64) {
        if name.is_empty() {
            return;
        }
        match self.by_name.get_mut(name) {
            Some(had) => *had += count,
            None => {
                if self.by_name.len() >= MOST {
                    self.prune();
                }
                self.by_name.insert(name.to_owned(), count);
            }
        }
    }

    fn prune(&mut self) {
        let mut counts: Vec<u64> = self.by_name.values().copied().collect();
        let middle = counts.len() / 2;
        let (_, limit, _) = counts.select_nth_unstable(middle);
        let limit = *limit;
        let others = &mut self.others;
        self.by_name.retain(|_, count| {
            let stays = *count > limit;
            if !stays {
                *others += *count;
            }
            stays
        });
    }

    fn merge(&mut self, other: Self) {
        self.others += other.others;
        // In an order of their own, so that what is dropped does not depend on that of a hash.
        for (name, count) in other.by_name.into_iter().collect::<BTreeMap<_, _>>() {
            self.add(&name, count);
        }
    }

    /// The names with the highest counts, the highest first; of equal ones the first in the alphabet.
    #[must_use]
    pub fn top(&self, most: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<(&str, u64)> = self
            .by_name
            .iter()
            .map(|(name, count)| (name.as_str(), *count))
            .collect();
        all.sort_by(|(a, x), (b, y)| y.cmp(x).then(a.cmp(b)));
        all.truncate(most);
        all
    }

    /// How many names there are, as far as they were kept.
    #[must_use]
    pub fn names(&self) -> usize {
        self.by_name.len()
    }

    /// True when names were dropped, so that counts may be a little too low.
    #[must_use]
    pub fn is_rough(&self) -> bool {
        self.others > 0
    }
}

/// Counts by minute, in minutes since 1970.
pub type Minutes = BTreeMap<i64, u32>;

/// What one principal did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deeds {
    /// How often.
    pub count: u64,
    /// Which calls.
    pub events: Counts,
    /// When; none of principals beyond the first that were kept.
    pub minutes: Option<Minutes>,
}

/// What is counted of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records that it matches.
    pub matches: u64,
    /// The earliest and the latest of them, in seconds since 1970.
    pub span: Option<(i64, i64)>,
    /// By minute.
    pub minutes: Minutes,
    /// By caller.
    pub principals: BTreeMap<Principal, Deeds>,
    /// What callers beyond those did.
    pub other_principals: u64,
    /// By source address.
    pub addresses: Counts,
    /// By call, `service event`.
    pub events: Counts,
    /// By region.
    pub regions: Counts,
}

impl Tally {
    /// Counts a record.
    pub fn add(&mut self, facts: &Facts) {
        self.matches += 1;
        if let Some(time) = facts.time {
            let (first, last) = self.span.unwrap_or((time, time));
            self.span = Some((first.min(time), last.max(time)));
            *self.minutes.entry(time.div_euclid(60)).or_default() += 1;
        }
        self.addresses.add(&facts.address, 1);
        self.regions.add(&facts.region, 1);
        let service = facts
            .source
            .strip_suffix(".amazonaws.com")
            .unwrap_or(&facts.source);
        let event = format!("{service} {}", facts.event);
        self.events.add(event.trim(), 1);
        if facts.who.name.is_empty() {
            return;
        }
        let with_minutes = self.principals.len() < MOST_MINUTES;
        if self.principals.len() >= MOST && !self.principals.contains_key(&facts.who) {
            self.other_principals += 1;
            return;
        }
        let deeds = self.principals.entry(facts.who.clone()).or_insert_with(|| Deeds {
            minutes: with_minutes.then(Minutes::new),
            ..Deeds::default()
        });
        deeds.count += 1;
        deeds.events.add(event.trim(), 1);
        if let (Some(minutes), Some(time)) = (&mut deeds.minutes, facts.time) {
            *minutes.entry(time.div_euclid(60)).or_default() += 1;
        }
    }

    /// Adds what another thread has counted.
    pub fn merge(&mut self, other: Self) {
        self.matches += other.matches;
        self.span = match (self.span, other.span) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (own, others) => own.or(others),
        };
        merge_minutes(&mut self.minutes, other.minutes);
        self.addresses.merge(other.addresses);
        self.events.merge(other.events);
        self.regions.merge(other.regions);
        self.other_principals += other.other_principals;
        for (who, deeds) in other.principals {
            let full = self.principals.len() >= MOST;
            match self.principals.get_mut(&who) {
                Some(own) => {
                    own.count += deeds.count;
                    own.events.merge(deeds.events);
                    // One of them has not seen all.
                    own.minutes = match (own.minutes.take(), deeds.minutes) {
                        (Some(mut own), Some(others)) => {
                            merge_minutes(&mut own, others);
                            Some(own)
                        }
                        _ => None,
                    };
                }
                None if full => self.other_principals += deeds.count,
                None => {
                    self.principals.insert(who, deeds);
                }
            }
        }
    }

    /// Callers with the highest counts, the highest first.
    #[must_use]
    pub fn top_principals(&self, most: usize) -> Vec<(&Principal, &Deeds)> {
        let mut all: Vec<(&Principal, &Deeds)> = self.principals.iter().collect();
        all.sort_by(|(a, x), (b, y)| y.count.cmp(&x.count).then(a.cmp(b)));
        all.truncate(most);
        all
    }

    /// Matches by day, in days since 1970, from the first to the last, those without any, too.
    #[must_use]
    pub fn days(&self) -> Vec<(i64, u64)> {
        let mut days: BTreeMap<i64, u64> = BTreeMap::new();
        for (minute, count) in &self.minutes {
            *days.entry(minute.div_euclid(1440)).or_default() += u64::from(*count);
        }
        let (Some(first), Some(last)) = (days.keys().next().copied(), days.keys().last().copied()) else {
            return Vec::new();
        };
        (first..=last)
            .map(|day| (day, days.get(&day).copied().unwrap_or_default()))
            .collect()
    }
}

fn merge_minutes(own: &mut Minutes, others: Minutes) {
    for (minute, count) in others {
        *own.entry(minute).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_names_cost_the_rarest_and_no_count() {
        let mut counts = Counts::default();
        for number in 0..10_000 {
            counts.add(&format!("rare-{number}"), 1);
            if number % 10 == 0 {
                counts.add("often", 1);
            }
        }
        assert!(counts.names() <= MOST && counts.is_rough());
        assert_eq!(counts.top(1), [("often", 1000)]);
        let all: u64 = counts.by_name.values().sum::<u64>() + counts.others;
        assert_eq!(all, 11_000);
    }

    #[test]
    fn threads_count_what_one_would() {
        let facts = |number: i64| Facts {
            time: Some(1_772_359_200 + number * 17),
            event: ["CreateUser", "DeleteUser"][number as usize % 2].into(),
            source: "iam.amazonaws.com".into(),
            region: "us-east-1".into(),
            address: format!("198.51.100.{}", number % 7),
            who: Principal {
                name: format!("arn:{}", number % 5),
                selector: Some("$.userIdentity.arn"),
            },
        };
        let mut all = Tally::default();
        let mut halves = [Tally::default(), Tally::default()];
        for number in 0..1000 {
            all.add(&facts(number));
            halves[(number % 3 == 0) as usize].add(&facts(number));
        }
        let [mut first, second] = halves;
        first.merge(second);
        assert_eq!(first, all);
        assert_eq!(all.matches, 1000);
        assert_eq!(all.days().iter().map(|(_, count)| count).sum::<u64>(), 1000);
        assert_eq!(all.top_principals(1)[0].1.count, 200);
        assert_eq!(
            all.events.top(2),
            [("iam CreateUser", 500), ("iam DeleteUser", 500)]
        );
    }
}
