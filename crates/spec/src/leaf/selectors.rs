use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Serialize, Serializer};

use crate::compare::{Compare, Shown, Verdict};

/// The field that says which sort of resource an event is about.
pub const RESOURCE_TYPE: &str = "resources.type";
/// The field that says which resource it is.
pub const RESOURCE_ARN: &str = "resources.ARN";
/// The field that tells reads from writes: `true` or `false`.
pub const READ_ONLY: &str = "readOnly";

/// Which events a selector is about (`eventCategory`); management events are a trail's own fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// What is done with the content of resources, such as reading an object.
    Data,
    /// What passes a VPC endpoint.
    NetworkActivity,
}

impl Category {
    /// The value of `eventCategory`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::NetworkActivity => "NetworkActivity",
        }
    }
}

/// What the values of one field are compared with. There are no wildcards. A value passes when it is
/// one of the positive ones (or there are none) and none of the negative ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conditions {
    /// Equal to one of these.
    pub equals: BTreeSet<String>,
    /// Begins with one of these.
    pub starts_with: BTreeSet<String>,
    /// Ends with one of these.
    pub ends_with: BTreeSet<String>,
    /// Equal to none of these.
    pub not_equals: BTreeSet<String>,
    /// Begins with none of these.
    pub not_starts_with: BTreeSet<String>,
    /// Ends with none of these.
    pub not_ends_with: BTreeSet<String>,
}

impl Conditions {
    /// Equal to one value.
    #[must_use]
    pub fn equal_to(value: impl Into<String>) -> Self {
        Self {
            equals: [value.into()].into(),
            ..Self::default()
        }
    }

    /// True for a value that passes.
    #[must_use]
    pub fn pass(&self, value: &str) -> bool {
        let Self {
            equals,
            starts_with,
            ends_with,
            not_equals,
            not_starts_with,
            not_ends_with,
        } = self;
        let starts = |with: &BTreeSet<String>| with.iter().any(|with| value.starts_with(with.as_str()));
        let ends = |with: &BTreeSet<String>| with.iter().any(|with| value.ends_with(with.as_str()));
        let positive = equals.is_empty() && starts_with.is_empty() && ends_with.is_empty();
        (positive || equals.contains(value) || starts(starts_with) || ends(ends_with))
            && !(not_equals.contains(value) || starts(not_starts_with) || ends(not_ends_with))
    }

    /// The operators with their values, as AWS and the spec call them.
    #[must_use]
    pub fn by_operator(&self) -> [(&'static str, &BTreeSet<String>); 6] {
        [
            ("equals", &self.equals),
            ("starts_with", &self.starts_with),
            ("ends_with", &self.ends_with),
            ("not_equals", &self.not_equals),
            ("not_starts_with", &self.not_starts_with),
            ("not_ends_with", &self.not_ends_with),
        ]
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_operator().iter().map(|(_, values)| values.len()).sum()
    }

    /// True where nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True when surely nothing that passes `other` is taken out by the negative conditions.
    fn clear_of(&self, other: &Self) -> bool {
        let negative = Self {
            not_equals: self.not_equals.clone(),
            not_starts_with: self.not_starts_with.clone(),
            not_ends_with: self.not_ends_with.clone(),
            ..Self::default()
        };
        let apart = |beginning: &String| {
            let clear =
                |not: &String| !not.starts_with(beginning.as_str()) && !beginning.starts_with(not.as_str());
            let mut equals = self.not_equals.iter();
            self.not_starts_with.iter().all(clear) && !equals.any(|not| not.starts_with(beginning.as_str()))
        };
        let named = !(other.equals.is_empty() && other.starts_with.is_empty());
        named
            && other.ends_with.is_empty()
            && other.equals.iter().all(|value| negative.pass(value))
            && other.starts_with.iter().all(apart)
            && (other.starts_with.is_empty() || self.not_ends_with.is_subset(&other.not_ends_with))
    }

    /// True when all that passes `other` surely passes these, too.
    fn surely_cover(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        let positive = self.equals.is_empty() && self.starts_with.is_empty() && self.ends_with.is_empty();
        let negative = self.not_equals.is_subset(&other.not_equals)
            && self.not_starts_with.is_subset(&other.not_starts_with)
            && self.not_ends_with.is_subset(&other.not_ends_with);
        let narrower =
            !(other.equals.is_empty() && other.starts_with.is_empty() && other.ends_with.is_empty());
        let begins = |value: &String| {
            self.starts_with
                .iter()
                .any(|with| value.starts_with(with.as_str()))
        };
        let ends = |value: &String| self.ends_with.iter().any(|with| value.ends_with(with.as_str()));
        (negative || self.clear_of(other))
            && (positive
                || narrower
                    && other
                        .equals
                        .iter()
                        .all(|v| self.equals.contains(v) || begins(v) || ends(v))
                    && other.starts_with.iter().all(begins)
                    && other.ends_with.iter().all(ends))
    }
}

/// An event selector for data or network activity events: an event is recorded when each field that
/// is named passes (AWS: "`AdvancedEventSelector`"). Basic selectors are read as such, too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selector {
    /// Which events.
    pub category: Category,
    /// By field, such as `resources.type`, `resources.ARN`, `readOnly`, `eventName`.
    pub conditions: BTreeMap<String, Conditions>,
    /// A name for people; it means nothing.
    pub name: Option<String>,
}

/// A selector in the words of the basic form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicSelector {
    /// True for reads, false for writes, absent for both.
    pub read_only: Option<bool>,
    /// One of [`BASIC_TYPES`].
    pub resource_type: String,
    /// The resources: beginnings of ARNs for S3, else ARNs; all when there are none.
    pub values: BTreeSet<String>,
}

/// The resource types of basic event selectors, each with the service in the ARN that stands for
/// all of them.
pub const BASIC_TYPES: [(&str, &str); 3] = [
    ("AWS::S3::Object", "s3"),
    ("AWS::Lambda::Function", "lambda"),
    ("AWS::DynamoDB::Table", "dynamodb"),
];

impl Selector {
    /// True when an event with these values surely is recorded; a field that is not given is not
    /// known.
    #[must_use]
    pub fn records(&self, values: &[(&str, &str)]) -> bool {
        self.conditions.iter().all(|(field, conditions)| {
            values
                .iter()
                .any(|(name, value)| name == field && conditions.pass(value))
        })
    }

    /// The selector in the basic form, where that has words for it.
    #[must_use]
    pub fn basic(&self) -> Option<BasicSelector> {
        if self.category != Category::Data || self.name.is_some() {
            return None;
        }
        let one = |conditions: &Conditions| {
            let mut values = conditions.equals.iter();
            let value = values
                .next()
                .filter(|_| conditions.len() == 1 && values.next().is_none())?;
            Some(value.clone())
        };
        let mut basic = BasicSelector {
            read_only: None,
            resource_type: one(self.conditions.get(RESOURCE_TYPE)?)?,
            values: BTreeSet::new(),
        };
        BASIC_TYPES
            .iter()
            .find(|(known, _)| *known == basic.resource_type)?;
        for (field, conditions) in &self.conditions {
            match field.as_str() {
                RESOURCE_TYPE => {}
                READ_ONLY => basic.read_only = Some(one(conditions)?.parse().ok()?),
                RESOURCE_ARN => {
                    let beginnings = basic.resource_type == "AWS::S3::Object";
                    let values = if beginnings {
                        &conditions.starts_with
                    } else {
                        &conditions.equals
                    };
                    if values.len() != conditions.len() {
                        return None;
                    }
                    basic.values.clone_from(values);
                }
                _ => return None,
            }
        }
        Some(basic)
    }

    /// True when all that `other` records surely is recorded by this one, too.
    fn surely_covers(&self, other: &Self) -> bool {
        self.category == other.category
            && self.conditions.iter().all(|(field, conditions)| {
                let narrower = other.conditions.get(field);
                narrower.is_some_and(|narrower| conditions.surely_cover(narrower))
            })
    }

    fn meaning(&self) -> (&Category, &BTreeMap<String, Conditions>) {
        (&self.category, &self.conditions)
    }
}

impl From<BasicSelector> for Selector {
    fn from(basic: BasicSelector) -> Self {
        let beginnings = basic.resource_type == "AWS::S3::Object";
        let mut conditions = BTreeMap::new();
        if let Some(read_only) = basic.read_only {
            conditions.insert(READ_ONLY.into(), Conditions::equal_to(read_only.to_string()));
        }
        if !basic.values.is_empty() {
            let mut which = Conditions::default();
            *if beginnings {
                &mut which.starts_with
            } else {
                &mut which.equals
            } = basic.values;
            conditions.insert(RESOURCE_ARN.into(), which);
        }
        conditions.insert(RESOURCE_TYPE.into(), Conditions::equal_to(basic.resource_type));
        Self {
            category: Category::Data,
            conditions,
            name: None,
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{name}: ")?;
        }
        let mut first = true;
        for (field, conditions) in &self.conditions {
            for (operator, values) in conditions.by_operator() {
                if values.is_empty() {
                    continue;
                }
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                let and = if first { "" } else { "; " };
                write!(
                    f,
                    "{and}{field} {} {}",
                    operator.replace('_', " "),
                    values.join(" | ")
                )?;
                first = false;
            }
        }
        if first {
            write!(f, "everything")?;
        }
        Ok(())
    }
}

/// The selectors of one category. Their order means nothing; those that differ only in which ARNs
/// they name are one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selectors(Vec<Selector>);

impl Selectors {
    /// Brings selectors into their normal form.
    #[must_use]
    pub fn new(selectors: Vec<Selector>) -> Self {
        let mut all: Vec<Selector> = Vec::new();
        for selector in selectors {
            let twin = all
                .iter_mut()
                .find_map(|other| together(other, &selector).map(|both| (other, both)));
            match twin {
                Some((other, both)) => *other = both,
                None => all.push(selector),
            }
        }
        all.sort();
        all.dedup();
        Self(all)
    }

    /// The selectors.
    #[must_use]
    pub fn as_slice(&self) -> &[Selector] {
        &self.0
    }

    /// True when no such event is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many values the conditions have; AWS takes 500 in all advanced selectors of a trail.
    #[must_use]
    pub fn values(&self) -> usize {
        let conditions = self.0.iter().flat_map(|selector| selector.conditions.values());
        conditions.map(Conditions::len).sum()
    }

    /// True when the basic form has words for all of them.
    #[must_use]
    pub fn are_basic(&self) -> bool {
        self.0.iter().all(|selector| selector.basic().is_some())
    }

    /// What may not be recorded any more with these in the place of `before`.
    #[must_use]
    pub fn lost(&self, before: &Self) -> Vec<String> {
        let kept = |selector: &&Selector| self.0.iter().any(|after| after.surely_covers(selector));
        let lost = before.0.iter().filter(|selector| !kept(selector));
        lost.map(ToString::to_string).collect()
    }
}

/// Two selectors as one, where that records just what both do.
fn together(one: &Selector, other: &Selector) -> Option<Selector> {
    let without = |selector: &Selector| {
        let mut selector = selector.clone();
        let arns = selector.conditions.remove(RESOURCE_ARN);
        (selector, arns)
    };
    let ((rest, a), (other_rest, b)) = (without(one), without(other));
    let (a, b) = (a?, b?);
    if rest != other_rest {
        return None;
    }
    let only = |of: fn(&Conditions) -> &BTreeSet<String>| of(&a).len() == a.len() && of(&b).len() == b.len();
    let mut arns = a.clone();
    if only(|c| &c.starts_with) {
        arns.starts_with.extend(b.starts_with);
    } else if only(|c| &c.equals) {
        arns.equals.extend(b.equals);
    } else {
        return None;
    }
    let mut both = rest;
    both.conditions.insert(RESOURCE_ARN.into(), arns);
    Some(both)
}

impl Compare for Selectors {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            return Verdict::Same;
        }
        // Names mean nothing, but one that the spec writes is wanted.
        let same = |(desired, live): (&Selector, &Selector)| {
            desired.meaning() == live.meaning() && desired.name.is_none()
        };
        if self.0.len() == live.0.len() && self.0.iter().zip(&live.0).all(same) {
            Verdict::SameMeaning
        } else {
            Verdict::Differs
        }
    }

    fn shown(&self) -> Shown {
        if self.0.is_empty() {
            Shown::Absent
        } else {
            Shown::List(self.0.iter().map(ToString::to_string).collect())
        }
    }
}

impl Serialize for Selectors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(read_only: Option<bool>, beginnings: &[&str]) -> Selector {
        Selector::from(BasicSelector {
            read_only,
            resource_type: "AWS::S3::Object".into(),
            values: beginnings.iter().map(|text| (*text).to_owned()).collect(),
        })
    }

    fn but(mut selector: Selector, beginning: &str) -> Selector {
        let arns = selector.conditions.entry(RESOURCE_ARN.into()).or_default();
        arns.not_starts_with.insert(beginning.into());
        selector
    }

    #[test]
    fn the_basic_form_comes_back() {
        for selector in [
            objects(None, &[]),
            objects(Some(true), &["arn:aws:s3:::a/"]),
            objects(Some(false), &["arn:aws:s3:::a/", "arn:aws:s3:::b/x"]),
        ] {
            let basic = selector.basic().unwrap();
            assert_eq!(Selector::from(basic), selector);
        }
        assert_eq!(but(objects(None, &[]), "arn:aws:s3:::logs/").basic(), None);
    }

    #[test]
    fn selectors_that_differ_in_their_resources_are_one() {
        let two = vec![
            objects(None, &["arn:aws:s3:::b/"]),
            objects(None, &["arn:aws:s3:::a/"]),
        ];
        let one = objects(None, &["arn:aws:s3:::a/", "arn:aws:s3:::b/"]);
        assert_eq!(Selectors::new(two), Selectors::new(vec![one]));
        let reads = vec![
            objects(Some(true), &["arn:aws:s3:::b/"]),
            objects(None, &["arn:aws:s3:::a/"]),
        ];
        assert_eq!(Selectors::new(reads).as_slice().len(), 2);
    }

    #[test]
    fn an_event_passes_every_field() {
        let of = |arn: &'static str, read_only: &'static str| {
            [
                (RESOURCE_TYPE, "AWS::S3::Object"),
                (RESOURCE_ARN, arn),
                (READ_ONLY, read_only),
            ]
        };
        let writes = objects(Some(false), &["arn:aws:s3:::a/"]);
        assert!(writes.records(&of("arn:aws:s3:::a/x", "false")));
        assert!(!writes.records(&of("arn:aws:s3:::a/x", "true")));
        assert!(!writes.records(&of("arn:aws:s3:::b/x", "false")));
        let all_but = but(objects(None, &[]), "arn:aws:s3:::logs/");
        assert!(all_but.records(&of("arn:aws:s3:::a/x", "true")));
        assert!(!all_but.records(&of("arn:aws:s3:::logs/x", "false")));
        let mut named = objects(None, &[]);
        named
            .conditions
            .insert("eventName".into(), Conditions::equal_to("GetObject"));
        assert!(
            !named.records(&of("arn:aws:s3:::a/x", "true")),
            "what is not known is not sure"
        );
    }

    #[test]
    fn what_may_be_lost_is_named() {
        let set = |selector: Selector| Selectors::new(vec![selector]);
        let (all, some) = (set(objects(None, &[])), set(objects(None, &["arn:aws:s3:::a/"])));
        assert_eq!(all.lost(&some), Vec::<String>::new());
        assert_eq!(some.lost(&all), ["resources.type equals AWS::S3::Object"]);
        let wider = set(objects(None, &["arn:aws:s3:::a"]));
        assert_eq!(wider.lost(&some), Vec::<String>::new());
        assert_eq!(some.lost(&wider).len(), 1);
        let less = set(but(objects(None, &[]), "arn:aws:s3:::logs/"));
        assert_eq!(less.lost(&all).len(), 1);
        assert_eq!(all.lost(&less), Vec::<String>::new());
        assert_eq!(
            less.lost(&some),
            Vec::<String>::new(),
            "what is left out is elsewhere"
        );
        assert_eq!(less.lost(&wider), Vec::<String>::new());
        let among = set(objects(None, &["arn:aws:s3:::logs"]));
        assert_eq!(less.lost(&among).len(), 1);
        assert_eq!(Selectors::default().lost(&some).len(), 1);
    }

    #[test]
    fn a_name_is_wanted_only_where_it_is_written() {
        let plain = Selectors::new(vec![objects(None, &[])]);
        let named = Selectors::new(vec![Selector {
            name: Some("objects".into()),
            ..objects(None, &[])
        }]);
        assert_eq!(plain.verdict(&named), Verdict::SameMeaning);
        assert_eq!(named.verdict(&plain), Verdict::Differs);
        assert_eq!(plain.verdict(&plain), Verdict::Same);
    }
}
