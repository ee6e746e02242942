//! What of a plan a person agreed to: the steps with all that they write and all that they expect
//! to find. A plan made later either does exactly that, or says what has changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trailwarden_spec::leaf::digest;
use trailwarden_spec::{Address, Object};

use crate::plan::{Plan, Step};
use crate::select::only;

/// How many hexadecimal digits an approval has: enough that nobody finds another plan with the
/// same ones by chance, few enough to be compared by eye.
const DIGITS: usize = 12;

/// The content of a plan, apart from what is said only for people: two plans with equal seals do
/// the same to the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    stack: String,
    account: String,
    region: String,
    steps: Vec<SealedStep>,
    refusals: BTreeSet<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SealedStep {
    address: String,
    action: String,
    phase: String,
    /// Every field of the object as it was found, and as it is to be.
    before: Option<Fields>,
    after: Option<Fields>,
    blinds: bool,
    needs: BTreeSet<String>,
}

type Fields = BTreeMap<String, Value>;

/// Something for which a sealed plan does not fit the account any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Misfit {
    /// The object.
    pub address: String,
    /// What has changed.
    pub message: String,
}

/// The approval hash of a plan: 12 hexadecimal digits that stand for its stack, steps and refusals,
/// for what the steps write and what they expect to find. Attention items, notes and prices do not
/// count. A plan without steps has none: there is nothing to approve.
#[must_use]
pub fn approval(plan: &Plan) -> Option<String> {
    if plan.steps.is_empty() {
        return None;
    }
    // Fields are declared in a fixed order and maps are sorted, so equal seals are equal bytes.
    let text = serde_json::to_string(&Seal::of(plan)).unwrap_or_default();
    Some(digest(&text, DIGITS))
}

impl Seal {
    /// Seals a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let steps = plan.steps.iter().map(|step| SealedStep {
            address: step.address.to_string(),
            action: word(&step.action),
            phase: word(&step.phase),
            before: step.before.as_ref().map(fields),
            after: step.after.as_ref().map(fields),
            blinds: step.blinds.is_some(),
            needs: needs(step, plan),
        });
        let refusals = plan
            .refusals
            .iter()
            .map(|refusal| (refusal.address.to_string(), word(&refusal.code)));
        Self {
            stack: plan.stack.clone(),
            account: plan.scope.account.clone(),
            region: plan.scope.region.clone(),
            steps: steps.collect(),
            refusals: refusals.collect(),
        }
    }

    /// Holds a plan that was made anew against this one. What fits is the sealed plan again, ready
    /// to be executed: steps that have come since are left out of it and counted.
    ///
    /// # Errors
    /// All that is different now, when any of the sealed steps is not to be done just as it was
    /// sealed.
    pub fn fit(&self, mut plan: Plan) -> Result<Plan, Vec<Misfit>> {
        let now = Self::of(&plan);
        let mut misfits = Vec::new();
        for step in &self.steps {
            match now.steps.iter().find(|other| step.same_step(other)) {
                Some(other) => step.hold_against(other, self, &mut misfits),
                None => misfits.push(Misfit {
                    address: step.address.clone(),
                    message: gone(step, &plan),
                }),
            }
        }
        misfits.dedup();
        if !misfits.is_empty() {
            return Err(misfits);
        }
        let stays: Vec<bool> = now
            .steps
            .iter()
            .map(|step| self.steps.iter().any(|sealed| sealed.same_step(step)))
            .collect();
        let all = plan.steps.len() + plan.refusals.len();
        plan.steps = only(plan.steps, &stays);
        plan.refusals.retain(|refusal| {
            self.refusals
                .contains(&(refusal.address.to_string(), word(&refusal.code)))
        });
        plan.left_out += all - plan.steps.len() - plan.refusals.len();
        Ok(plan)
    }
}

impl SealedStep {
    fn same_step(&self, other: &Self) -> bool {
        (&self.address, &self.phase) == (&other.address, &other.phase)
    }

    fn hold_against(&self, now: &Self, seal: &Seal, misfits: &mut Vec<Misfit>) {
        let mut say = |message: String| {
            misfits.push(Misfit {
                address: self.address.clone(),
                message,
            });
        };
        match (&self.before, &now.before) {
            (Some(_), None) => return say("was there, is not there now".into()),
            (None, Some(_)) => return say("was not there, is there now".into()),
            _ => {}
        }
        let mut found_otherwise = BTreeSet::new();
        for (field, before, after) in differing(self.before.as_ref(), now.before.as_ref()) {
            say(format!("`{field}` was {}, is {}", brief(before), brief(after)));
            found_otherwise.insert(field.clone());
        }
        for (field, before, after) in differing(self.after.as_ref(), now.after.as_ref()) {
            // What the spec leaves alone follows what was found.
            if !found_otherwise.contains(field) {
                say(format!(
                    "`{field}` was to become {}, is to become {} now",
                    brief(before),
                    brief(after)
                ));
            }
        }
        if self.action != now.action {
            say(format!("was to {}, is to {} now", self.action, now.action));
        }
        if now.blinds && !self.blinds {
            say("blinds the watch now".into());
        }
        for need in now.needs.difference(&self.needs) {
            let sealed = seal.steps.iter().any(|step| step.address == *need);
            say(if sealed {
                format!("waits for `{need}` now")
            } else {
                format!("needs `{need}` now, which is not part of the sealed plan")
            });
        }
    }
}

/// What became of a step that is not in the new plan.
fn gone(step: &SealedStep, plan: &Plan) -> String {
    let address = step.address.as_str();
    let refusal = plan
        .refusals
        .iter()
        .find(|refusal| refusal.address.to_string() == address);
    let otherwise = || plan.steps.iter().any(|step| step.address.to_string() == address);
    match refusal {
        Some(refusal) => format!("is refused now: {}", refusal.message),
        None if otherwise() => "is to be changed in another way now".into(),
        None => match step.action.as_str() {
            "create" => "is there already, as the spec says".into(),
            "update" | "adopt" => "is as the spec says already".into(),
            _ => "is gone already, or is not this stack's any more".into(),
        },
    }
}

/// The fields that are not the same on both sides; a side that is not there has none.
fn differing<'a>(
    sealed: Option<&'a Fields>,
    now: Option<&'a Fields>,
) -> Vec<(&'a String, &'a Value, &'a Value)> {
    let get = |fields: Option<&'a Fields>, field: &String| {
        fields
            .and_then(|fields| fields.get(field))
            .unwrap_or(&Value::Null)
    };
    let names: BTreeSet<&String> = sealed.into_iter().chain(now).flat_map(Fields::keys).collect();
    names
        .into_iter()
        .map(|field| (field, get(sealed, field), get(now, field)))
        .filter(|(_, sealed, now)| sealed != now)
        .collect()
}

/// A shown value in a few words; long ones are only called so.
fn brief(value: &Value) -> String {
    const LONG: usize = 60;
    let inner = match value {
        Value::Object(shown) => shown.get("value").unwrap_or(&Value::Null),
        other => other,
    };
    let text = match inner {
        Value::Null => return "(none)".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() > LONG || text.contains('\n') {
        return format!("a text of {} bytes ({})", text.len(), digest(&text, 8));
    }
    text
}

fn fields(object: &Object) -> Fields {
    object
        .changes(None)
        .into_iter()
        .map(|change| {
            let value = serde_json::to_value(&change.after).unwrap_or_default();
            (change.field.to_owned(), value)
        })
        .collect()
}

fn needs(step: &Step, plan: &Plan) -> BTreeSet<String> {
    let addresses = step.needs.iter().map(|at| &plan.steps[*at].address);
    addresses.map(Address::to_string).collect()
}

/// The word that stands for a value in JSON.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
