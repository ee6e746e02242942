//! An account in memory, with a log of calls and faults that can be ordered.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard};
use std::task::Poll;

use tokio::sync::watch;
use trailwarden_account::{AccountError, Asked, ErrorKind, Identity, Look, Mutate, Observe};
use trailwarden_apply::{Outcome, Progress, Report, run};
use trailwarden_diff::{Options, Plan, Step, plan};
use trailwarden_spec::evidence::{Changed, Evidence, Seen};
use trailwarden_spec::live::{Found, Live};
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Address, Object};

use crate::drift::Drift;
use crate::published;
use crate::world::{Verdict, World};

/// What goes wrong during a run; writes are counted from 1.
#[derive(Clone, Debug, Default)]
pub(crate) enum Fault {
    #[default]
    None,
    /// The nth write fails, before or after taking effect.
    Fails { nth: usize, after: bool },
    /// No write to this object is allowed.
    Denied(Address),
    /// Somebody changes something just before the nth write.
    Meddles { nth: usize, drift: Drift },
    /// The run is told to stop after this many writes.
    Stops { after: usize },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) verb: &'static str,
    pub(crate) address: Address,
    pub(crate) rejected: Option<String>,
}

struct State {
    world: World,
    fault: Fault,
    writes: usize,
    log: Vec<Call>,
    /// The account after each write.
    history: Vec<World>,
    turns: u64,
}

pub(crate) struct Memory {
    state: Mutex<State>,
    stop: watch::Sender<bool>,
}

/// What a run did.
pub(crate) struct Ran {
    pub(crate) report: Report,
    pub(crate) log: Vec<Call>,
    pub(crate) history: Vec<World>,
    pub(crate) world: World,
}

impl Ran {
    /// Verbs and addresses in the order of the calls.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.log
            .iter()
            .map(|call| format!("{} {}", call.verb, call.address))
            .collect()
    }

    pub(crate) fn rejections(&self) -> Vec<&Call> {
        self.log.iter().filter(|call| call.rejected.is_some()).collect()
    }
}

struct Silent;

impl Progress for Silent {
    fn begins(&self, _: &Step) {}
    fn ended(&self, _: &Step, _: &Outcome) {}
}

/// Executes a plan; `seed` varies which of the concurrent calls are answered first.
pub(crate) fn execute(world: &World, plan: &Plan, fault: Fault, seed: u64) -> Ran {
    let stopped = matches!(fault, Fault::Stops { after: 0 });
    let state = State {
        world: world.clone(),
        fault,
        writes: 0,
        log: Vec::new(),
        history: vec![world.clone()],
        turns: seed,
    };
    let memory = Memory {
        state: Mutex::new(state),
        stop: watch::Sender::new(stopped),
    };
    let report = futures::executor::block_on(run(&memory, plan, &Silent, memory.stop.subscribe()));
    // As long as the run itself takes what is printed of it; a part of many thousands will do.
    if seed.is_multiple_of(4) {
        let printed = trailwarden_apply::json(plan, Some(&report), None, &[]);
        assert_eq!(published::wrong(&printed, "apply.json"), None);
    }
    let State {
        world, log, history, ..
    } = memory.state.into_inner().unwrap();
    Ran {
        report,
        log,
        history,
        world,
    }
}

/// Plans and applies.
pub(crate) fn reconcile(world: &World, wanted: &Wanted, options: &Options, seed: u64) -> (Plan, Ran) {
    let plan = plan(wanted, &world.survey(wanted), options);
    let ran = execute(world, &plan, Fault::None, seed);
    (plan, ran)
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Lets other calls go first, some more, some fewer.
    async fn turn(&self) {
        let mut turns = {
            let mut state = self.state();
            state.turns = state
                .turns
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state.turns >> 33) % 4
        };
        poll_fn(|context| {
            if turns == 0 {
                return Poll::Ready(());
            }
            turns -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    async fn write(
        &self,
        verb: &'static str,
        object: &Object,
        takes_effect: impl FnOnce(&mut World) -> Verdict,
    ) -> Result<(), AccountError> {
        self.turn().await;
        let mut state = self.state();
        let address = object.address(&state.world.stack.scope);
        state.writes += 1;
        let now = state.writes;
        let fault = state.fault.clone();
        let mut call = Call {
            verb,
            address: address.clone(),
            rejected: None,
        };
        match fault {
            Fault::Fails { nth, after: false } if nth == now => {
                return Err(error(ErrorKind::Unreachable, "lost"));
            }
            Fault::Denied(denied) if denied == address => return Err(error(ErrorKind::Denied, "denied")),
            Fault::Meddles { nth, drift } if nth == now => drift.happen(&mut state.world),
            _ => {}
        }
        let verdict = takes_effect(&mut state.world);
        call.rejected = verdict.clone().err();
        state.log.push(call);
        let after = state.world.clone();
        state.history.push(after);
        match state.fault {
            Fault::Fails { nth, after: true } if nth == now => {
                return Err(error(ErrorKind::Unreachable, "lost"));
            }
            Fault::Stops { after } if after == now => {
                self.stop.send_replace(true);
            }
            _ => {}
        }
        verdict.map_err(|why| error(ErrorKind::Refused, &why))
    }
}

fn error(kind: ErrorKind, message: &str) -> AccountError {
    AccountError {
        operation: "memory:Write".into(),
        kind,
        code: None,
        message: message.into(),
        request_id: None,
        hint: None,
    }
}

impl Observe for Memory {
    async fn identity(&self) -> Result<Identity, AccountError> {
        let account = self.state().world.stack.scope.account.clone();
        Ok(Identity {
            arn: format!("arn:aws:iam::{account}:root"),
            account,
        })
    }

    async fn survey(&self, wanted: &Wanted) -> Result<Live, AccountError> {
        Ok(self.state().world.survey(wanted))
    }

    /// No plan asks for it.
    async fn evidence(&self, _: &Wanted, _: &Live, look: Look) -> Result<Evidence, AccountError> {
        Ok(Evidence {
            at: look.at,
            ..Evidence::default()
        })
    }

    /// No plan asks for it.
    async fn changes_of(
        &self,
        _: &[Asked],
        _: i64,
    ) -> Result<BTreeMap<Address, Seen<Vec<Changed>>>, AccountError> {
        Ok(BTreeMap::new())
    }

    async fn read(&self, address: &Address) -> Result<Option<Found>, AccountError> {
        self.turn().await;
        Ok(self.state().world.view(address))
    }
}

impl Mutate for Memory {
    async fn create(&self, object: &Object) -> Result<(), AccountError> {
        self.write("create", object, |world| world.create(object)).await
    }

    async fn update(&self, _before: &Object, after: &Object) -> Result<(), AccountError> {
        self.write("update", after, |world| world.update(after)).await
    }

    async fn delete(&self, object: &Object) -> Result<(), AccountError> {
        self.write("delete", object, |world| world.delete(object)).await
    }

    async fn adopt(&self, object: &Object) -> Result<(), AccountError> {
        self.write("adopt", object, |world| world.adopt(object)).await
    }

    async fn release(&self, object: &Object) -> Result<(), AccountError> {
        self.write("release", object, |world| world.release(object)).await
    }
}
