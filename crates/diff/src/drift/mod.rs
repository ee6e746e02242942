//! What somebody changed in the account: the plan, read the other way round.
//!
//! A plan says what would be done; a [`Drift`] says what is no longer as the spec says, how bad that is
//! ([`Severity`]), who answers for it ([`WaiverState`]) and, where somebody looked, who did it
//! ([`History`]). Whether an object differs is decided by [`crate::plan()`] alone.

mod effect;
mod leans;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use trailwarden_spec::compare::{Change, Verdict};
use trailwarden_spec::evidence::Changed;
use trailwarden_spec::live::{Attention, Live};
use trailwarden_spec::wanted::{Date, Waiver, Wanted};
use trailwarden_spec::{Address, Kind, Object, Scope};

pub use effect::Severity;

use crate::blind;
use crate::plan::{Action, Consent, Note, Options, Phase, RefusalCode};
use leans::Leans;

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It is there and differs.
    Changed,
    /// It is not there.
    Missing,
    /// The stack has it and the spec names it no more.
    Surplus,
    /// It is there, and a plan refuses to make it as the spec says: it is somebody else's, or holds what
    /// this version cannot express.
    Refused,
}

/// Whether somebody answers for a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaiverState {
    /// Nobody does.
    None,
    /// Somebody does; with the waivers by which.
    Waived(Vec<Waiver>),
    /// Waivers are about it and do not cover it: their day is over.
    Expired(Vec<Waiver>),
}

/// What is known of who changed an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum History {
    /// Nobody asked.
    #[default]
    NotAsked,
    /// Nobody asked for this one: there were too many.
    NotLookedUp,
    /// The event history was asked and does not say: why.
    Unknown(String),
    /// The calls that the event history holds, the newest first; none, when it holds none.
    Known(Vec<Changed>),
}

/// One object that is not as the spec says.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The object.
    pub address: Address,
    /// What of the spec asked for it.
    pub origin: Option<String>,
    /// What became of it.
    pub what: What,
    /// How bad that is.
    pub severity: Severity,
    /// What it does, in words.
    pub effect: String,
    /// The alarms of the spec that lean on the object; empty where the difference is cosmetic.
    pub concerns: BTreeSet<Address>,
    /// Why a plan does not make it as the spec says, if it does not.
    pub refusal: Option<(RefusalCode, String)>,
    /// The fields that differ; `before` is what the account holds and `after` what the spec says. Empty
    /// for what is missing or surplus.
    pub changes: Vec<Change>,
    /// Who answers for it.
    pub waiver: WaiverState,
    /// Waivers that hold for some of its fields only, while others differ, too.
    pub partly: Vec<Waiver>,
    /// Who changed it.
    pub history: History,
}

/// All that is not as a spec says.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// The stack's name.
    pub stack: String,
    /// Account and region.
    pub scope: Scope,
    /// The day of the look, by which waivers hold or not.
    pub today: Date,
    /// What differs: what nobody answers for first, then by severity, then by address.
    pub items: Vec<Item>,
    /// Waivers for which there is no difference.
    pub idle: Vec<Waiver>,
    /// What a person has to look at.
    pub attention: Vec<Attention>,
    /// What is worth knowing and is no difference.
    pub notes: Vec<Note>,
    /// How many objects are as the spec says.
    pub unchanged: usize,
    /// The alarms of the spec whose origin is a rule: what people call them.
    rules: BTreeSet<Address>,
}

/// How many of which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DriftSummary {
    /// Objects that differ and for which nobody answers.
    pub differences: usize,
    /// Those of them that blind the watch.
    pub blinds: usize,
    /// The alarms of the spec that are blinded by these.
    pub blinded_alarms: usize,
    /// Those that weaken it.
    pub weakens: usize,
    /// The others.
    pub cosmetic: usize,
    /// Objects that differ and for which somebody answers.
    pub waived: usize,
    /// Differences whose waivers have expired; they are among the others.
    pub expired: usize,
    /// Objects that are as the spec says.
    pub unchanged: usize,
}

/// Holds what a spec wants against what an account holds, on a day.
///
/// The result depends on nothing else. What happens to waivers is a matter of `today`, in UTC.
#[must_use]
pub fn drift(wanted: &Wanted, live: &Live, today: Date) -> Drift {
    // Nothing is done about it, so that everything may be planned: what would need consent differs, too.
    let options = Options {
        allow_blinding: Consent {
            all: true,
            addresses: BTreeSet::new(),
        },
        ..Options::default()
    };
    let plan = crate::plan(wanted, live, &options);
    let look = Look {
        wanted,
        live,
        today,
        leans: Leans::of(wanted),
    };
    let mut items: BTreeMap<Address, Item> = BTreeMap::new();
    for step in &plan.steps {
        let is_second = step.phase == Phase::Narrow && items.contains_key(&step.address);
        if is_second {
            continue;
        }
        let (what, changes) = match (step.action, &step.after) {
            (Action::Create, _) => (What::Missing, Vec::new()),
            (Action::Delete | Action::Release, _) => (What::Surplus, Vec::new()),
            (Action::Adopt | Action::Update, _) => {
                // A step that only widens ends between the two.
                (What::Changed, look.changes(&step.address))
            }
        };
        let item = look.item(
            &step.address,
            step.origin.clone(),
            what,
            step.restores.clone(),
            changes,
            None,
        );
        items.insert(step.address.clone(), item);
    }
    for refusal in &plan.refusals {
        let address = &refusal.address;
        let named = wanted.objects.contains_key(address) || wanted.existing.contains_key(address);
        let what = match live.objects.contains_key(address) {
            false => What::Missing,
            true if !named => What::Surplus,
            true => What::Refused,
        };
        let changes = match what {
            What::Refused => look.changes(address),
            _ => Vec::new(),
        };
        let why = Some((refusal.code, refusal.message.clone()));
        let item = look.item(address, refusal.origin.clone(), what, None, changes, why);
        items.insert(address.clone(), item);
    }
    let differs = |waiver: &&Waiver| waiver.addresses.iter().any(|address| items.contains_key(address));
    let idle = wanted
        .waivers
        .iter()
        .filter(|waiver| !differs(waiver) || look.is_of_equal_fields(waiver, &items))
        .cloned()
        .collect();
    let mut items: Vec<Item> = items.into_values().collect();
    items.sort_by(|a, b| {
        (a.is_waived(), a.severity, &a.address).cmp(&(b.is_waived(), b.severity, &b.address))
    });
    let of_rule = |origin: &str| origin.starts_with("rule.") || origin.starts_with("pack.");
    let rules = wanted.objects.iter().filter(|(_, wish)| of_rule(&wish.origin));
    Drift {
        stack: plan.stack,
        scope: plan.scope,
        today,
        items,
        idle,
        attention: plan.attention,
        notes: plan.notes,
        unchanged: plan.unchanged,
        rules: rules.map(|(address, _)| address.clone()).collect(),
    }
}

struct Look<'a> {
    wanted: &'a Wanted,
    live: &'a Live,
    today: Date,
    leans: Leans,
}

impl Look<'_> {
    /// The fields in which an object differs.
    fn changes(&self, address: &Address) -> Vec<Change> {
        let (Some(wish), Some(found)) = (self.wanted.objects.get(address), self.live.objects.get(address))
        else {
            return Vec::new();
        };
        let after = wish.object.clone().complete(Some((&found.value, &found.facts)));
        let mut changes = after.changes(Some(&found.value));
        changes.retain(|change| change.verdict == Verdict::Differs);
        changes
    }

    fn item(
        &self,
        address: &Address,
        origin: Option<String>,
        what: What,
        restores: Option<String>,
        changes: Vec<Change>,
        refusal: Option<(RefusalCode, String)>,
    ) -> Item {
        let waiver = self.waiver(address, what, &changes);
        let waived = self.waived_fields(address);
        // What is waived is not held against the object, unless nothing else is left.
        let counts =
            |change: &&Change| matches!(waiver, WaiverState::Waived(_)) || !waived.contains(change.field);
        let effects = changes
            .iter()
            .filter(counts)
            .map(|change| effect::of(address.kind, change));
        let worst = effects.min_by_key(|(severity, _)| *severity);
        let (severity, effect) = match what {
            What::Missing => self.of_missing(address, restores, refusal.as_ref()),
            What::Surplus => (Severity::Cosmetic, surplus(address.kind).to_owned()),
            What::Changed | What::Refused => match (self.unnoticed(address, restores), worst) {
                (_, Some((Severity::Cosmetic, why))) => (Severity::Cosmetic, why.to_owned()),
                (Some(why), _) if self.matters(address) => (Severity::Blinds, why),
                (Some(why), _) => (Severity::Weakens, why),
                (None, Some((severity, why))) => (severity, why.to_owned()),
                (None, None) => self.of_equal(address, refusal.as_ref()),
            },
        };
        let concerns = match severity {
            Severity::Cosmetic => BTreeSet::new(),
            _ => self.leans.on(address),
        };
        Item {
            address: address.clone(),
            origin,
            what,
            severity,
            effect,
            concerns,
            refusal,
            partly: match waiver {
                WaiverState::Waived(_) => Vec::new(),
                _ => self.partly(address, &changes),
            },
            changes,
            waiver,
            history: History::NotAsked,
        }
    }

    /// True when an alarm leans on the object, or a trail records with it.
    fn matters(&self, address: &Address) -> bool {
        !self.leans.on(address).is_empty() || self.leans.records(address)
    }

    /// What goes unnoticed while the account holds what it does.
    fn unnoticed(&self, address: &Address, restores: Option<String>) -> Option<String> {
        restores.or_else(|| {
            let wish = self.wanted.objects.get(address)?;
            let found = self.live.objects.get(address)?;
            let wish = wish.object.clone().complete(Some((&found.value, &found.facts)));
            let why = blind::unnoticed(&wish, &found.value, self.live)?;
            // What is as bad one way as the other is a move.
            (found.value.silences(Some(&wish)).as_ref() != Some(&why)).then_some(why)
        })
    }

    fn of_missing(
        &self,
        address: &Address,
        restores: Option<String>,
        refusal: Option<&(RefusalCode, String)>,
    ) -> (Severity, String) {
        let wish = self.wanted.objects.get(address).map(|wish| &wish.object);
        let why = restores.or_else(|| wish.and_then(|wish| wish.silences(None)));
        let others_hear = match wish {
            Some(Object::Subscription(missing)) => self.live.objects.values().any(
                |found| matches!(&found.value, Object::Subscription(other) if other.topic == missing.topic),
            ),
            _ => false,
        };
        let why = why.unwrap_or_else(|| match (wish, refusal) {
            (None, Some((_, message))) => message.clone(),
            _ => "what leans on it does not work".into(),
        });
        if self.matters(address) && !others_hear {
            (Severity::Blinds, why)
        } else {
            (Severity::Weakens, why)
        }
    }

    /// An object that is as wanted, or takes no part in what is compared, and is refused all the same.
    fn of_equal(&self, address: &Address, refusal: Option<&(RefusalCode, String)>) -> (Severity, String) {
        match refusal {
            Some((RefusalCode::NotOwned | RefusalCode::OwnedByOther, _)) => (
                Severity::Cosmetic,
                "it works as the spec says, and is not this stack's".into(),
            ),
            Some((RefusalCode::Impossible, message)) if self.wanted.existing.contains_key(address) => {
                (Severity::Blinds, message.clone())
            }
            Some(_) => (Severity::Weakens, "a plan cannot make it as the spec says".into()),
            None => (
                Severity::Cosmetic,
                "it works as the spec says, and is still to be taken over".into(),
            ),
        }
    }

    fn about<'w>(&'w self, address: &'w Address) -> impl Iterator<Item = &'w Waiver> {
        let waivers = self.wanted.waivers.iter();
        waivers.filter(move |waiver| waiver.addresses.contains(address))
    }

    fn holds(&self, waiver: &Waiver) -> bool {
        self.today <= waiver.expires
    }

    /// The fields of an object that are waived today.
    fn waived_fields(&self, address: &Address) -> BTreeSet<String> {
        let held = self.about(address).filter(|waiver| self.holds(waiver));
        held.flat_map(|waiver| waiver.fields.iter().cloned()).collect()
    }

    /// The waivers that hold for a field that differs.
    fn partly(&self, address: &Address, changes: &[Change]) -> Vec<Waiver> {
        let differs = |waiver: &&Waiver| {
            let mut changes = changes.iter();
            changes.any(|change| waiver.fields.contains(change.field))
        };
        let held = self.about(address).filter(|waiver| self.holds(waiver));
        held.filter(differs).cloned().collect()
    }

    fn waiver(&self, address: &Address, what: What, changes: &[Change]) -> WaiverState {
        let is_about = |waiver: &&Waiver| {
            waiver.fields.is_empty()
                || (what == What::Changed
                    && changes.iter().any(|change| waiver.fields.contains(change.field)))
        };
        let (held, expired): (Vec<&Waiver>, Vec<&Waiver>) = self
            .about(address)
            .filter(is_about)
            .partition(|waiver| self.holds(waiver));
        let covers = |waivers: &[&Waiver]| {
            let all = waivers.iter().any(|waiver| waiver.fields.is_empty());
            let each = |change: &Change| waivers.iter().any(|waiver| waiver.fields.contains(change.field));
            all || (!changes.is_empty() && changes.iter().all(each))
        };
        let owned = |waivers: Vec<&Waiver>| waivers.into_iter().cloned().collect();
        if covers(&held) {
            WaiverState::Waived(owned(held))
        } else if expired.is_empty() {
            WaiverState::None
        } else {
            WaiverState::Expired(owned(expired))
        }
    }

    /// True for a waiver of fields in which none of its objects differs.
    fn is_of_equal_fields(&self, waiver: &Waiver, items: &BTreeMap<Address, Item>) -> bool {
        let mut differing = waiver.addresses.iter().filter_map(|address| items.get(address));
        !waiver.fields.is_empty()
            && !differing.any(|item| {
                item.changes
                    .iter()
                    .any(|change| waiver.fields.contains(change.field))
            })
    }
}

/// What it does that something of the stack is left over.
fn surplus(kind: Kind) -> &'static str {
    match kind {
        Kind::Subscription => "somebody is told whom the spec does not name",
        Kind::Trail => "it records beside what the spec says, at a price",
        Kind::Alarm | Kind::CompositeAlarm => "it fires beside what the spec says",
        _ => "it is left over",
    }
}

impl Item {
    /// True when somebody answers for the difference.
    #[must_use]
    pub fn is_waived(&self) -> bool {
        matches!(self.waiver, WaiverState::Waived(_))
    }
}

impl Drift {
    /// True when there is no difference but such as somebody answers for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.iter().all(Item::is_waived)
    }

    /// Counts the differences.
    #[must_use]
    pub fn summary(&self) -> DriftSummary {
        let open = || self.items.iter().filter(|item| !item.is_waived());
        let of = |severity| open().filter(move |item| item.severity == severity);
        let expired = |item: &&Item| matches!(item.waiver, WaiverState::Expired(_));
        DriftSummary {
            differences: open().count(),
            blinds: of(Severity::Blinds).count(),
            blinded_alarms: self.blinded().len(),
            weakens: of(Severity::Weakens).count(),
            cosmetic: of(Severity::Cosmetic).count(),
            waived: self.items.iter().filter(|item| item.is_waived()).count(),
            expired: open().filter(expired).count(),
            unchanged: self.unchanged,
        }
    }

    /// The alarms that are blinded by what nobody answers for.
    fn blinded(&self) -> BTreeSet<Address> {
        let open = self.items.iter().filter(|item| !item.is_waived());
        let blind = open.filter(|item| item.severity == Severity::Blinds);
        blind.flat_map(|item| item.concerns.iter().cloned()).collect()
    }

    /// Alarms as people count them: "4 rules and 1 other alarm"; `None` when there are none.
    pub(crate) fn in_words(&self, alarms: &BTreeSet<Address>) -> Option<String> {
        let rules = alarms.iter().filter(|alarm| self.rules.contains(*alarm)).count();
        let others = alarms.len() - rules;
        let counted = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            _ => format!("{count} {what}s"),
        };
        match (rules, others) {
            (0, 0) => None,
            (rules, 0) => Some(counted(rules, "rule")),
            (0, others) => Some(counted(others, "alarm")),
            _ => Some(format!(
                "{} and {}",
                counted(rules, "rule"),
                counted(others, "other alarm")
            )),
        }
    }

    /// The drift in one line: "3 differences: 1 blinds 4 rules, 1 weakens, 1 cosmetic; 1 waived".
    #[must_use]
    pub fn in_a_line(&self) -> String {
        let sum = self.summary();
        let mut line = match sum.differences {
            0 => "no differences".to_owned(),
            1 => "1 difference".to_owned(),
            many => format!("{many} differences"),
        };
        let verb = |count: usize, one: &str, many: &str| {
            (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
        };
        let blinds = verb(sum.blinds, "blinds", "blind").map(|blinds| match self.in_words(&self.blinded()) {
            Some(whom) => format!("{blinds} {whom}"),
            None => blinds,
        });
        let parts: Vec<String> = [
            blinds,
            verb(sum.weakens, "weakens", "weaken"),
            verb(sum.cosmetic, "cosmetic", "cosmetic"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !parts.is_empty() {
            line += &format!(": {}", parts.join(", "));
        }
        if sum.expired > 0 {
            line += &format!("; of {} the waiver has expired", sum.expired);
        }
        if sum.waived > 0 {
            line += &format!("; {} waived", sum.waived);
        }
        line
    }
}
