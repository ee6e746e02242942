//! What is counted of the records that a rule matches.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use crate::facts::{Facts, Principal};
use crate::report::TOP;

/// The most names of one sort that are kept. More are rare, and memory is not.
const MOST: usize = 2000;

/// The most minutes that are kept of all principals of a rule together, but for those that are shown.
const MOST_MINUTES: usize = 200_000;

/// Counts by name. When there are too many names the rarest are dropped, and what they had is counted together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    by_name: HashMap<String, u64, RandomState>,
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
        let limit = middle(self.by_name.values().copied());
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

/// The count that half of them do not exceed.
fn middle(counts: impl Iterator<Item = u64>) -> u64 {
    let mut counts: Vec<u64> = counts.collect();
    let middle = counts.len() / 2;
    match counts.is_empty() {
        true => 0,
        false => *counts.select_nth_unstable(middle).1,
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
    /// When; none of rare principals where there are too many minutes.
    pub minutes: Option<Minutes>,
}

impl Deeds {
    /// Counts a record; returns how many minutes are new.
    fn add(&mut self, facts: &Facts<'_>) -> usize {
        self.count += 1;
        self.events.add(&facts.call, 1);
        let (Some(minutes), Some(time)) = (&mut self.minutes, facts.time) else {
            return 0;
        };
        let count = minutes.entry(time.div_euclid(60)).or_default();
        *count += 1;
        usize::from(*count == 1)
    }
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
    pub principals: HashMap<Principal, Deeds, RandomState>,
    /// What callers did that were dropped, the rarest.
    pub other_principals: u64,
    /// How many minutes are kept of all principals together.
    own_minutes: usize,
    /// How many may be, where those that are shown have many themselves.
    room: usize,
    /// By source address.
    pub addresses: Counts,
    /// By call, `service event`.
    pub events: Counts,
    /// By region.
    pub regions: Counts,
}

impl Tally {
    /// Counts a record.
    pub fn add(&mut self, facts: &Facts<'_>) {
        self.matches += 1;
        if let Some(time) = facts.time {
            let (first, last) = self.span.unwrap_or((time, time));
            self.span = Some((first.min(time), last.max(time)));
            *self.minutes.entry(time.div_euclid(60)).or_default() += 1;
        }
        self.addresses.add(&facts.address, 1);
        self.regions.add(&facts.region, 1);
        self.events.add(&facts.call, 1);
        if facts.who.name.is_empty() {
            return;
        }
        // Most callers are known, and a copy of a name is not for nothing.
        self.own_minutes += match self.principals.get_mut(&facts.who) {
            Some(deeds) => deeds.add(facts),
            None => {
                if self.principals.len() >= MOST {
                    self.drop_rare();
                }
                let mut deeds = Deeds {
                    minutes: Some(Minutes::new()),
                    ..Deeds::default()
                };
                let minutes = deeds.add(facts);
                self.principals.insert(facts.who.clone(), deeds);
                minutes
            }
        };
        self.keep_room();
    }

    /// Drops the rarer half of the principals.
    fn drop_rare(&mut self) {
        let limit = middle(self.principals.values().map(|deeds| deeds.count));
        let others = &mut self.other_principals;
        self.principals.retain(|_, deeds| {
            let stays = deeds.count > limit;
            if !stays {
                *others += deeds.count;
            }
            stays
        });
        self.count_minutes();
    }

    fn count_minutes(&mut self) {
        let minutes = self
            .principals
            .values()
            .filter_map(|deeds| deeds.minutes.as_ref());
        self.own_minutes = minutes.map(BTreeMap::len).sum();
    }

    /// Drops the minutes of the rarest principals when there are too many. Whoever does much keeps them, in whatever
    /// order callers come.
    fn keep_room(&mut self) {
        if self.own_minutes <= self.room.max(MOST_MINUTES) {
            return;
        }
        let mut all: Vec<&mut Deeds> = self.principals.values_mut().collect();
        all.sort_by_key(|deeds| std::cmp::Reverse(deeds.count));
        let mut kept = 0;
        for (rank, deeds) in all.into_iter().enumerate() {
            let own = deeds.minutes.as_ref().map_or(0, BTreeMap::len);
            match rank < TOP || kept + own <= MOST_MINUTES / 2 {
                true => kept += own,
                false => deeds.minutes = None,
            }
        }
        self.own_minutes = kept;
        // Or else the next minute would begin this again.
        self.room = kept * 2;
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
        // In an order of their own, as above.
        for (who, deeds) in other.principals.into_iter().collect::<BTreeMap<_, _>>() {
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
                None => {
                    if self.principals.len() >= MOST {
                        self.drop_rare();
                    }
                    self.principals.insert(who, deeds);
                }
            }
        }
        self.count_minutes();
        self.keep_room();
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
    fn whoever_does_much_is_known_however_late_they_come() {
        let facts = |name: String, minute: i64| Facts {
            time: Some(1_772_359_200 + minute * 60),
            call: "iam CreateUser".into(),
            who: Principal {
                name,
                selector: Some("$.userIdentity.arn"),
            },
            ..Facts::default()
        };
        let mut tallies = [Tally::default(), Tally::default()];
        for (thread, tally) in (0..).zip(&mut tallies) {
            // As many callers as are dropped, with as many minutes.
            for number in 0..210_000 {
                tally.add(&facts(format!("rare-{thread}-{}", number % 2500), number));
            }
            for number in 0..60_000 {
                tally.add(&facts("late".into(), number));
            }
        }
        let [mut all, second] = tallies;
        all.merge(second);
        assert_eq!(all.matches, 540_000);
        let (who, deeds) = all.top_principals(1)[0];
        assert_eq!((who.name.as_str(), deeds.count), ("late", 120_000));
        let minutes = deeds.minutes.as_ref().expect("its minutes");
        assert_eq!((minutes.len(), minutes.values().sum::<u32>()), (60_000, 120_000));
        let known: u64 = all.principals.values().map(|deeds| deeds.count).sum();
        assert_eq!(known + all.other_principals, 540_000);
        assert!(all.other_principals > 0 && all.principals.len() <= MOST);
        assert!(all.own_minutes <= 2 * MOST_MINUTES);
    }

    #[test]
    fn threads_count_what_one_would() {
        let facts = |number: i64| Facts {
            time: Some(1_772_359_200 + number * 17),
            call: ["iam CreateUser", "iam DeleteUser"][number as usize % 2].into(),
            region: "us-east-1".into(),
            address: format!("198.51.100.{}", number % 7).into(),
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
