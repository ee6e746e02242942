use std::collections::BTreeSet;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;
use trailwarden_account::{AccountError, Mutate};
use trailwarden_diff::{Action, Plan, Step};
use trailwarden_spec::Object;
use trailwarden_spec::compare::{Change, Verdict};
use trailwarden_spec::leaf::Owner;
use trailwarden_spec::live::Found;

use crate::report::{Outcome, Report};

/// Hears of steps as they begin and end.
pub trait Progress: Sync {
    /// A step begins.
    fn begins(&self, step: &Step);
    /// A step has ended.
    fn ended(&self, step: &Step, outcome: &Outcome);
}

/// Steps that run at once. The provider keeps to each API's rate; this bounds memory and sockets.
const AT_ONCE: usize = 16;

/// Executes a plan's steps in the plan's order until all have ended or `stop` turns true.
pub async fn run<A: Mutate>(
    account: &A,
    plan: &Plan,
    progress: &dyn Progress,
    stop: watch::Receiver<bool>,
) -> Report {
    let mut outcomes: Vec<Option<Outcome>> = vec![None; plan.steps.len()];
    let mut waiting: BTreeSet<usize> = (0..plan.steps.len()).collect();
    let mut running = FuturesUnordered::new();
    loop {
        let stopped = *stop.borrow();
        let mut began_or_ended = false;
        for at in waiting.clone() {
            let step = &plan.steps[at];
            let outcome = if let Some(failed) = failed_need(step, &outcomes) {
                let because_of = match &outcomes[failed] {
                    Some(Outcome::Skipped { because_of }) => because_of.clone(),
                    _ => plan.steps[failed].address.clone(),
                };
                Outcome::Skipped { because_of }
            } else if stopped {
                Outcome::Stopped
            } else {
                if is_ready(step, &outcomes) && running.len() < AT_ONCE {
                    waiting.remove(&at);
                    progress.begins(step);
                    let earlier = written_before(plan, at, &outcomes);
                    running.push(async move { (at, perform(account, step, earlier).await) });
                }
                continue;
            };
            waiting.remove(&at);
            progress.ended(step, &outcome);
            outcomes[at] = Some(outcome);
            began_or_ended = true;
        }
        if began_or_ended {
            // A step that was skipped may let others be skipped.
            continue;
        }
        match running.next().await {
            Some((at, outcome)) => {
                tracing::debug!(step = %plan.steps[at].address, ?outcome, "ended");
                progress.ended(&plan.steps[at], &outcome);
                outcomes[at] = Some(outcome);
            }
            None => break,
        }
    }
    // A step still waiting now waits in a circle; a plan has none, and saying so beats a panic.
    Report {
        outcomes: outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or(Outcome::Stopped))
            .collect(),
    }
}

fn is_ready(step: &Step, outcomes: &[Option<Outcome>]) -> bool {
    step.needs
        .iter()
        .chain(&step.after_steps)
        .all(|at| outcomes[*at].is_some())
}

fn failed_need(step: &Step, outcomes: &[Option<Outcome>]) -> Option<usize> {
    let failed = |at: &usize| {
        outcomes[*at]
            .as_ref()
            .is_some_and(|outcome| !outcome.is_success() && *outcome != Outcome::Stopped)
    };
    step.needs.iter().copied().find(failed)
}

/// The step that wrote the same object in this run already, as a policy that is widened and then narrowed.
fn written_before<'p>(plan: &'p Plan, at: usize, outcomes: &[Option<Outcome>]) -> Option<&'p Step> {
    let same = |other: &(&Step, &Option<Outcome>)| {
        other.0.address == plan.steps[at].address && *other.1 == Some(Outcome::Done)
    };
    plan.steps.iter().zip(outcomes).find(same).map(|(step, _)| step)
}

async fn perform<A: Mutate>(account: &A, step: &Step, earlier: Option<&Step>) -> Outcome {
    match attempt(account, step, earlier).await {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Failed { error },
    }
}

async fn attempt<A: Mutate>(
    account: &A,
    step: &Step,
    earlier: Option<&Step>,
) -> Result<Outcome, AccountError> {
    let now = account
        .read(&step.address)
        .await?
        .filter(|found| !is_nothing(&found.value));
    if let Some(outcome) = settled(step, now.as_ref(), earlier) {
        return Ok(outcome);
    }
    match (step.action, &step.before, &step.after) {
        (Action::Create, _, Some(after)) => account.create(after).await?,
        (Action::Update, Some(before), Some(after)) => account.update(before, after).await?,
        (Action::Adopt, Some(before), Some(after)) => {
            account.adopt(after).await?;
            account.update(before, after).await?;
        }
        (Action::Release, Some(before), _) => account.release(before).await?,
        (Action::Delete, Some(before), _) => account.delete(before).await?,
        _ => {}
    }
    Ok(Outcome::Done)
}

/// A shared document without statements of ours counts as none.
fn is_nothing(object: &Object) -> bool {
    match object {
        Object::KeyPolicy(policy) => policy.statements.is_empty(),
        Object::BucketPolicy(policy) => policy.statements.is_empty(),
        Object::TopicPolicy(policy) => policy.statements.is_empty(),
        _ => false,
    }
}

/// What becomes of a step without a write: it is reached already, or what is there is not what the
/// plan saw.
fn settled(step: &Step, now: Option<&Found>, earlier: Option<&Step>) -> Option<Outcome> {
    let before = step.before.as_ref().filter(|before| !is_nothing(before));
    let after = step.after.as_ref().filter(|after| !is_nothing(after));
    let stale = |changes: Vec<Change>, message: &str| {
        Some(Outcome::Stale {
            changes,
            message: message.into(),
        })
    };
    // Kinds without tags carry no mark; whose they are is said by what they belong to.
    let marked = now.filter(|now| now.tags().is_some());
    let ours = marked.is_none_or(|now| now.owner.is_ours());
    match (before, now) {
        (_, None) if after.is_none() => Some(Outcome::Already),
        (None, None) => None,
        (Some(_), None) => stale(Vec::new(), "it is gone since the plan"),
        // A step whose answer was lost is done. One that somebody else took is not ours.
        (_, Some(now)) if ours && after.is_some_and(|after| !differs(&after.changes(Some(&now.value)))) => {
            Some(Outcome::Already)
        }
        (None, Some(_)) => stale(Vec::new(), "it was made by somebody else since the plan"),
        (Some(_), Some(_)) if step.action == Action::Release && !ours => Some(Outcome::Already),
        (Some(_), Some(now))
            if step.action == Action::Adopt && !matches!(now.owner, Owner::Foreign) && !ours =>
        {
            stale(Vec::new(), "somebody else took it over since the plan")
        }
        (Some(_), Some(_)) if step.action != Action::Adopt && !ours => {
            stale(Vec::new(), "it is not this stack's any more")
        }
        (Some(before), Some(now)) => {
            let from = |before: &Object| now.value.clone().seen_by(before).changes(Some(before));
            let changes = from(before);
            // AWS's reads may be behind writes: what is still as before our own last write was not
            // changed by anybody since.
            let unseen = earlier
                .and_then(|earlier| earlier.before.as_ref())
                .is_some_and(|before| !differs(&from(before)));
            (differs(&changes) && !unseen)
                .then(|| stale(changes, "it was changed since the plan"))
                .flatten()
        }
    }
}

fn differs(changes: &[Change]) -> bool {
    changes.iter().any(|change| change.verdict == Verdict::Differs)
}
