//! The drill itself.

use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use trailwarden_account::{AccountError, ErrorKind, Look, Rehearse, Temporary};
use trailwarden_prove::{Chain, Link, LinkKind, LinkState, rehearsal};
use trailwarden_spec::drill::{Drill, DrillCall};
use trailwarden_spec::happened::LogQuery;
use trailwarden_spec::live::Live;
use trailwarden_spec::wanted::{Date, Wanted};
use trailwarden_spec::{Address, Kind};

use crate::report::{Outcome, Passed, Report, Stage};
use crate::watch::{Clock, Watch};

/// The clocks of this machine and of AWS may differ by this: SigV4 refuses requests that are further off.
const SKEW: i64 = 5 * 60;

/// An alarm stays in `ALARM` until the data point is out of its sight: its period and the two before ("evaluation
/// range"), and what `CloudWatch` takes.
const QUIET: i64 = 20 * 60;

/// What a person chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Eight hexadecimal digits that no other drill has.
    pub run: String,
    /// A synthetic record into the test log group in place of a call.
    pub inject: bool,
    /// For how many seconds to wait for `CloudTrail`; each later link gets a third of it.
    pub timeout: i64,
}

/// Takes back what earlier drills of the stack left behind.
///
/// # Errors
/// When a call fails.
pub async fn clear<A: Rehearse, W: Watch>(account: &A, drill: &Drill, watch: &W) -> Result<(), AccountError> {
    let mut left = account.temporaries(drill).await?;
    // A queue without its subscription is no trouble to anybody, the other way round is.
    left.sort();
    for made in left {
        account.take_back(&made).await?;
        watch.cleared(&made.in_words());
    }
    Ok(())
}

/// Makes the call, watches it on its way, and takes back what was made for it.
///
/// A `stop` is heard between two calls to AWS; then it takes back what it made, too.
///
/// # Errors
/// When a call fails. What was made is taken back then as well, or named in the error's hint.
pub async fn run<A: Rehearse, C: Clock, W: Watch>(
    account: &A,
    wanted: &Wanted,
    drill: &Drill,
    options: &Options,
    clock: &C,
    watch: &W,
    stop: Receiver<bool>,
) -> Result<Report, AccountError> {
    let mut rehearsal = Rehearsal {
        account,
        wanted,
        drill,
        options,
        clock,
        watch,
        stop,
        made: Vec::new(),
        at: None,
        passed: Vec::new(),
    };
    let outcome = rehearsal.through().await;
    let left = rehearsal.take_all_back().await;
    let outcome = outcome.map_err(|mut error| {
        if !left.is_empty() {
            error.hint = Some(format!(
                "what the next drill takes back is left: {}",
                left.join("; ")
            ));
        }
        error
    })?;
    let (source, name) = drill.call.event();
    Ok(Report {
        stack: wanted.stack.name.clone(),
        scope: wanted.stack.scope.clone(),
        run: options.run.clone(),
        call: format!("{source} {name}"),
        injected: options.inject,
        at: rehearsal.at,
        passed: rehearsal.passed,
        outcome,
        left,
    })
}

struct Rehearsal<'a, A, C, W> {
    account: &'a A,
    wanted: &'a Wanted,
    drill: &'a Drill,
    options: &'a Options,
    clock: &'a C,
    watch: &'a W,
    stop: Receiver<bool>,
    /// What has to be taken back, the last first.
    made: Vec<Temporary>,
    at: Option<i64>,
    passed: Vec<Passed>,
}

/// What a wait ended with.
enum Waited {
    Seen,
    InVain(i64),
    Stopped,
}

impl<A: Rehearse, C: Clock, W: Watch> Rehearsal<'_, A, C, W> {
    async fn through(&mut self) -> Result<Outcome, AccountError> {
        clear(self.account, self.drill, self.watch).await?;
        let (live, chain) = self.look().await?;
        if let Some(missing) = self.missing(&live, &chain) {
            return Ok(stuck(None, missing, 0));
        }
        if let Some(doubt) = chain.first_broken() {
            self.watch.doubts(doubt);
        }
        if let Some(loud) = self.until_quiet().await? {
            return Ok(loud);
        }
        let account = self.account;
        let before = account.went_off(&self.drill.name, 1).await?;
        let before = before.first().map(|change| change.at);
        self.call().await?;
        for stage in Stage::ALL {
            if self.passed.iter().any(|passed| passed.stage == stage) {
                continue;
            }
            match self.until(stage, before).await? {
                Waited::Seen => {}
                Waited::Stopped => return Ok(Outcome::Stopped),
                Waited::InVain(waited) => {
                    let (_, chain) = self.look().await?;
                    return Ok(stuck(Some(stage), self.culprit(stage, &chain, waited), waited));
                }
            }
        }
        Ok(Outcome::Arrived)
    }

    /// What `status` says of the canary's chain.
    async fn look(&self) -> Result<(Live, Chain), AccountError> {
        let look = Look {
            at: self.clock.now() / 1000,
            all_regions: false,
        };
        let live = self.account.survey(self.wanted).await?;
        let evidence = self.account.evidence(self.wanted, &live, look).await?;
        let chain = rehearsal(self.wanted, &live, &evidence, self.options.inject);
        let chain = chain.unwrap_or_else(|| Chain {
            origin: trailwarden_spec::drill::ORIGIN.into(),
            alarm: self.address(Kind::Alarm, &self.drill.name),
            state: None,
            links: Vec::new(),
            told: Vec::new(),
            quiet: false,
        });
        Ok((live, chain))
    }

    fn address(&self, kind: Kind, name: &str) -> Address {
        self.wanted.stack.scope.address(kind, name)
    }

    /// The log group of this drill.
    fn group(&self) -> &str {
        let test = self.drill.test_log_group.as_deref();
        test.filter(|_| self.options.inject)
            .unwrap_or(&self.drill.log_group)
    }

    /// A part of the canary that is not there: without it nothing can be watched.
    fn missing(&self, live: &Live, chain: &Chain) -> Option<Link> {
        let name = self.drill.name.as_str();
        let parts = [
            (Kind::LogGroup, LinkKind::LogGroup, self.group().to_owned()),
            (
                Kind::MetricFilter,
                LinkKind::Filter,
                format!("{}:{name}", self.group()),
            ),
            (Kind::Alarm, LinkKind::Alarm, name.to_owned()),
            (Kind::Topic, LinkKind::Topic, name.to_owned()),
        ];
        let of_others = |address: &Address| self.wanted.existing.contains_key(address);
        let (_, link, name) = parts.into_iter().find(|(kind, _, name)| {
            let address = self.address(*kind, name);
            !live.objects.contains_key(&address) && !of_others(&address)
        })?;
        let known = chain
            .links
            .iter()
            .find(|known| known.kind == link && known.state == LinkState::Broken);
        Some(known.cloned().unwrap_or(Link {
            kind: link,
            name,
            state: LinkState::Broken,
            message: "it is not there".into(),
            fix: Some("`trailwarden apply` makes it".into()),
        }))
    }

    /// An alarm that is in `ALARM` already changes nothing when it is breached again, and tells nobody.
    async fn until_quiet(&mut self) -> Result<Option<Outcome>, AccountError> {
        let begin = self.clock.now();
        loop {
            let state = self.account.canary(self.drill).await?;
            let Some((state, since)) = state else {
                return Ok(None);
            };
            if state != "ALARM" {
                return Ok(None);
            }
            let waited = (self.clock.now() - begin) / 1000;
            if waited > QUIET {
                let cause = format!(
                    "it has been in ALARM for {} minutes",
                    (self.clock.now() / 1000 - since) / 60
                );
                let fix = "see with `trailwarden explain drill` what keeps it there: nobody but drills should match its pattern";
                return Ok(Some(stuck(
                    None,
                    broken(LinkKind::Alarm, &self.drill.name, cause, fix),
                    waited,
                )));
            }
            self.watch.waits(None, waited);
            if self.pause().await {
                return Ok(Some(Outcome::Stopped));
            }
        }
    }

    /// Lets time pass; true when somebody wants to stop.
    async fn pause(&mut self) -> bool {
        let (clock, stop) = (self.clock, &mut self.stop);
        tokio::select! {
            biased;
            stopped = stop.wait_for(|stopped| *stopped) => stopped.is_ok(),
            () = clock.pass(clock.step()) => false,
        }
    }

    async fn call(&mut self) -> Result<(), AccountError> {
        let (account, drill, run) = (self.account, self.drill, self.options.run.as_str());
        let marked = !self.options.inject && drill.call == DrillCall::CreateQueue;
        // It is named before it is made, so that a lost answer leaves nothing behind.
        let name = format!("{}{run}", Drill::queue_prefix(&self.wanted.stack));
        self.made.push(Temporary::Queue { name: name.clone() });
        let at = self.clock.now();
        account.make_queue(drill, run, marked).await?;
        self.made.push(account.subscribe_queue(drill, run).await?);
        if self.options.inject {
            let group = self.group().to_owned();
            self.made.push(Temporary::Stream {
                group: group.clone(),
                name,
            });
            let at = self.clock.now();
            account.inject(&group, run, at, &self.record(at)).await?;
            self.at = Some(at);
        } else if marked {
            self.at = Some(at);
        } else {
            self.at = Some(self.clock.now());
            account.call_marked(drill, run).await?;
        }
        Ok(())
    }

    /// What `CloudTrail` would have made of the call ("`CloudTrail` record contents"), and says that it is none.
    fn record(&self, at: i64) -> String {
        let scope = &self.wanted.stack.scope;
        let (source, name) = self.drill.call.event();
        let seconds = at.div_euclid(1000);
        let of_day = seconds.rem_euclid(86_400);
        let time = format!(
            "{}T{:02}:{:02}:{:02}Z",
            Date::of(seconds),
            of_day / 3600,
            of_day / 60 % 60,
            of_day % 60
        );
        json!({
            "eventVersion": "1.11",
            "userIdentity": { "type": "AWSAccount", "accountId": scope.account },
            "eventTime": time,
            "eventSource": source,
            "eventName": name,
            "awsRegion": scope.region,
            "sourceIPAddress": "trailwarden",
            "userAgent": format!("app/{}", Drill::marker(&self.wanted.stack, &self.options.run)),
            "requestParameters": null,
            "responseElements": null,
            "additionalEventData": { "synthetic": true },
            "eventID": format!("{}-0000-0000-0000-000000000000", self.options.run),
            "readOnly": self.drill.call == DrillCall::GetCallerIdentity,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": scope.account,
            "eventCategory": "Management",
        })
        .to_string()
    }

    /// Asks a stage until it has seen the event.
    async fn until(&mut self, stage: Stage, before: Option<i64>) -> Result<Waited, AccountError> {
        let begin = self.clock.now();
        let patience = match stage {
            Stage::LogGroup if !self.options.inject => self.options.timeout,
            _ => self.options.timeout / 3,
        };
        loop {
            if self.sees(stage, before).await? {
                self.pass(stage);
                return Ok(Waited::Seen);
            }
            // What could not be seen on the way was passed all the same.
            if stage != Stage::Notice && self.sees(Stage::Notice, before).await? {
                for passed in Stage::ALL.into_iter().filter(|it| *it >= stage) {
                    self.pass(passed);
                }
                return Ok(Waited::Seen);
            }
            let waited = (self.clock.now() - begin) / 1000;
            if waited >= patience {
                return Ok(Waited::InVain(waited));
            }
            self.watch.waits(Some(stage), waited);
            if self.pause().await {
                return Ok(Waited::Stopped);
            }
        }
    }

    fn pass(&mut self, stage: Stage) {
        let name = match stage {
            Stage::LogGroup => self.group().to_owned(),
            Stage::Metric => format!("{}/{}", self.wanted.stack.namespace, self.drill.name),
            Stage::Alarm => self.drill.name.clone(),
            Stage::Notice => format!("topic {}", self.drill.name),
        };
        let passed = Passed {
            stage,
            name,
            after: self.clock.now() - self.at.unwrap_or_default(),
        };
        self.watch.passed(&passed);
        self.passed.push(passed);
    }

    async fn sees(&self, stage: Stage, before: Option<i64>) -> Result<bool, AccountError> {
        let Self { account, drill, .. } = self;
        let run = &self.options.run;
        let at = self.at.unwrap_or_default();
        Ok(match stage {
            Stage::LogGroup => {
                let query = LogQuery {
                    group: self.group().to_owned(),
                    pattern: Some(Drill::pattern_of_run(&self.wanted.stack, run)),
                    from: at - SKEW * 1000,
                    to: None,
                    most: 1,
                };
                match account.log_events(&query).await {
                    Ok(events) => !events.is_empty(),
                    // A group that has gone, or whose key keeps everybody out, has seen nothing as far as anybody can
                    // tell; the notice may come all the same.
                    Err(error) if is_of_the_group(&error) => {
                        tracing::debug!(%error, "the log group cannot be read");
                        false
                    }
                    Err(error) => return Err(error),
                }
            }
            Stage::Metric => {
                let from = (at / 1000 - SKEW).div_euclid(60) * 60;
                let to = self.clock.now() / 1000 + SKEW;
                account.counted(drill, from, to).await? >= 1.0
            }
            Stage::Alarm => {
                let last = account.went_off(&drill.name, 1).await?;
                last.first().map(|change| change.at) > before
            }
            Stage::Notice => {
                let heard = account.heard(run).await?;
                heard.iter().any(|body| is_notice(body, &drill.name))
            }
        })
    }

    /// The link between the last stage that saw the event and the one that did not.
    fn culprit(&self, stage: Stage, chain: &Chain, waited: i64) -> Link {
        let links = stage.links();
        let known = chain
            .links
            .iter()
            .find(|link| link.state == LinkState::Broken && links.contains(&link.kind));
        if let Some(known) = known {
            return known.clone();
        }
        let minutes = waited / 60;
        let name = &self.drill.name;
        match stage {
            Stage::LogGroup if self.options.inject => broken(
                LinkKind::LogGroup,
                self.group(),
                format!("the record was taken and is not among its events after {minutes} minutes"),
                "ask AWS whether CloudWatch Logs is well, and drill again",
            ),
            Stage::LogGroup => broken(
                LinkKind::Delivery,
                self.group(),
                format!(
                    "the call has not come to it within {minutes} minutes, and nothing that can be seen keeps it out"
                ),
                "CloudTrail usually delivers within five minutes: look with `trailwarden events` whether it recorded the \
                 call, and whether a policy of the organization denies the delivery role, or wait longer with `--timeout`",
            ),
            Stage::Metric => broken(
                LinkKind::Filter,
                name,
                format!(
                    "the call is in the log group, and the metric has not counted it within {minutes} minutes"
                ),
                "hold the filter against the event: `trailwarden logs --filter` shows it, `trailwarden plan` the filter",
            ),
            Stage::Alarm => broken(
                LinkKind::Alarm,
                name,
                format!(
                    "the metric has counted the call, and the alarm has not gone off within {minutes} minutes"
                ),
                "look at the alarm's graph in the console, and drill again",
            ),
            Stage::Notice => broken(
                LinkKind::Topic,
                name,
                format!("the alarm has gone off, and no notice has come within {minutes} minutes"),
                "the alarm's history in the console says what became of its action",
            ),
        }
    }

    /// Takes back what was made, the last first, and says what was left.
    async fn take_all_back(&mut self) -> Vec<String> {
        let mut left = Vec::new();
        while let Some(made) = self.made.pop() {
            if let Err(error) = self.account.take_back(&made).await {
                tracing::debug!(%error, "not taken back");
                left.push(format!("{}: {error}", made.in_words()));
            }
        }
        left
    }
}

fn stuck(stage: Option<Stage>, link: Link, waited: i64) -> Outcome {
    Outcome::Stuck { stage, link, waited }
}

fn broken(kind: LinkKind, name: &str, message: impl Into<String>, fix: &str) -> Link {
    Link {
        kind,
        name: name.into(),
        state: LinkState::Broken,
        message: message.into(),
        fix: Some(fix.into()),
    }
}

fn is_of_the_group(error: &AccountError) -> bool {
    matches!(
        error.kind,
        ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::Refused
    )
}

/// Whether a message is the notice that the canary's alarm went off, as SNS delivers it raw.
fn is_notice(body: &str, alarm: &str) -> bool {
    let notice: Value = serde_json::from_str(body).unwrap_or_default();
    notice["AlarmName"] == alarm && notice["NewStateValue"] == "ALARM"
}
