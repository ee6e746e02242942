//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

mod daily;
mod packs;

pub(crate) use daily::*;
pub(crate) use packs::*;

const AFTER_HELP: &str = "\
Exit codes:
  0    done, or no differences
  1    failed: a call to AWS, a step of apply, a file
  2    differences (drift, plan --detailed-exitcode)
  3    nothing is broken, and a person has something to do first (status)
  4    the answer is no: a link is broken (status), a test fails (check), nothing matches (pattern
       match), patterns differ, nobody would hear (notify), nothing waits (resend), no event has the
       id (events), the alarm has not gone off (explain), the notice does not arrive (drill), a
       standard is not met (coverage)
  5    the plan holds refusals, and nothing is applied unless --skip-refused; or a sealed or
       approved plan does not fit the account any more
  64   the command line is wrong
  65   the spec or a pattern is wrong
  130  interrupted

A spec is a TOML file, or a folder whose *.toml files are one spec. See docs/spec.md.";

/// Keeps the account-activity monitoring of an AWS account as a spec in git says.
///
/// One chain: a CloudTrail trail records every call, delivers to S3 and to a CloudWatch Logs group;
/// metric filters pick out the calls that matter; alarms fire; an SNS topic tells its subscribers.
/// `plan` shows how the account differs from the spec, `apply` makes it equal.
#[derive(Debug, Parser)]
#[command(name = "trailwarden", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, ClapArgs)]
pub(crate) struct Global {
    #[cfg(feature = "sandbox")]
    /// Work on an account in a local file instead of AWS: real requests, no network
    #[arg(
        long, global = true, value_name = "FILE", num_args = 0..=1, require_equals = true,
        default_missing_value = ".trailwarden/sandbox.json", help_heading = "Account"
    )]
    pub(crate) sandbox: Option<PathBuf>,
    /// The profile of the AWS configuration to sign in with
    #[arg(long, global = true, value_name = "NAME", help_heading = "Account")]
    pub(crate) profile: Option<String>,
    /// Send every request to this address, such as an emulator's
    #[arg(long, global = true, value_name = "URL", help_heading = "Account")]
    #[cfg_attr(feature = "sandbox", arg(conflicts_with = "sandbox"))]
    pub(crate) endpoint_url: Option<String>,
    /// Must agree with the spec, which decides; AWS_REGION is ignored
    #[arg(long, global = true, value_name = "REGION", help_heading = "Account")]
    pub(crate) region: Option<String>,
    /// When to colour the output; NO_COLOR is honoured
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub(crate) color: Color,
    /// Show the calls to AWS; twice, the SDK's own traces (TRAILWARDEN_LOG sets a filter)
    #[arg(long, short, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,
}

impl Global {
    /// Says in a report for programs that it is about an account in a local file.
    #[cfg_attr(
        not(feature = "sandbox"),
        expect(unused_variables, reason = "there are no such accounts")
    )]
    pub(crate) fn mark(&self, json: &mut serde_json::Value) {
        #[cfg(feature = "sandbox")]
        if let Some(file) = &self.sandbox {
            json["sandbox"] = file.display().to_string().into();
            *json = trailwarden_spec::json::sorted(json.take());
        }
    }

    /// True when the account is one in a local file.
    pub(crate) fn is_sandbox(&self) -> bool {
        #[cfg(feature = "sandbox")]
        return self.sandbox.is_some();
        #[cfg(not(feature = "sandbox"))]
        false
    }
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On terminals only.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a spec offline and run the tests of its patterns: no credentials, no network
    ///
    /// Exits with 4 when a test fails, with 65 when the spec is wrong.
    Check(Check),
    /// Show how the account differs from the spec; never writes
    Plan(Plan),
    /// Say what is no longer as the spec says, how bad that is, and who changed it; never writes
    ///
    /// Exits with 2 when something differs for which no `[[waiver]]` of the spec answers, with 0 when nothing
    /// does. Differences come by what they do: those that blind rules first, cosmetic ones last. Who it was
    /// comes from the event history of the last 90 days, which knows management events and takes some
    /// minutes to hear of them.
    Drift(Drift),
    /// Say whether an alert would reach somebody right now, and if not, which link is broken
    ///
    /// Walks the chain of every alarm of the spec in the live account: trail, selectors, delivery, log
    /// group, metric filter, metric, alarm, topic, subscribers. Never writes. Exits with 4 when a link is
    /// broken, with 3 when only a person's step is open, such as a subscription to confirm.
    Status(Status),
    /// Make the account equal to the spec
    Apply(Apply),
    /// Take away all that the stack made; what holds data is released, not deleted
    Destroy(Destroy),
    /// Publish a test message to a topic of the spec, and say who gets it
    ///
    /// Shows the subscribers, endpoints masked, and asks before it publishes. Exits with 4 when no
    /// confirmed subscriber would get the message: nothing is published then.
    Notify(Notify),
    /// Confirm a subscription, so that only the account's own credentials can end it
    ///
    /// A subscription that was confirmed by its link can be ended by the link in any of its messages, without
    /// signing in, and mail scanners follow links. What this command confirms only the account's credentials
    /// can end. It takes the link's address (in single quotes: it holds `&`) or the token in it, which
    /// is valid for two days.
    Confirm(Confirm),
    /// Ask the subscribers again who have not confirmed: SNS sends each another request
    ///
    /// Only those that the spec names and that wait. Exits with 4 when none waits; nothing is sent then.
    Resend(Resend),
    /// Show what CloudTrail's event history has of the account: who called what, from where
    ///
    /// The management events that the spec's region logged, the newest first, up to 90 days back; an event is
    /// there some minutes after the call. Calls of IAM and other global services are in us-east-1. AWS answers
    /// twice a second, with 50 events, and takes one condition: it gets the rarest, and what the others leave
    /// out is left out here. Names are as in the record, capitals too. Exits with 4 when no event has the id.
    Events(Events),
    /// Show the events behind an alarm: who did what, where and when, the last time that it went off
    ///
    /// Takes the time that the alarm looked at from its history (30 days), and reads the events of that time that
    /// its rule's pattern matches from the log group. With `--logs` it reads them from downloaded log files of
    /// CloudTrail, of which it evaluates the pattern itself: also of the 15 minutes before, because an alarm sees
    /// a call when it is delivered. Exits with 4 when the alarm has not gone off.
    Explain(Explain),
    /// List the log files that a trail of the spec delivered into its bucket, and download them
    ///
    /// A row for each day and region: how many files, how many bytes, and when the first and the last was
    /// delivered. Times are those of the delivery, which is some 5 to 15 minutes after the calls. `--to FOLDER`
    /// downloads the files; after an interruption the same command goes on where it was. Never writes to the
    /// account.
    Files(Files),
    /// Show what is in a log group of the spec, or follow it
    ///
    /// The newest events that fit, the oldest of them first. A record of CloudTrail is shown in a line: when
    /// the call was, service, event, who, from where, and the error if it failed; any other event is shown as
    /// it is. `--format json` has the whole of each. With `--follow` the group is asked every five seconds;
    /// Ctrl-C ends it with 130. Exits with 65 for a pattern that AWS refuses.
    Logs(Logs),
    /// Start or stop the recording of a trail of the spec, until the next apply
    ///
    /// The spec wins: the next apply makes it what the spec says. Where that is something else, the command
    /// shows the line to write. Asks before it stops a trail, for nothing is recorded from then on.
    Logging(Logging),
    /// Turn a trail's delivery to its log group on or off, until the next apply
    ///
    /// On is to the log group and with the role that the spec says. The spec wins: the next apply makes it what
    /// the spec says. Where that is something else, the command shows the line to write. Asks before it turns
    /// delivery off, for rules see nothing from then on; the bucket still gets everything.
    Delivery(Delivery),
    /// Hold the rules against CloudTrail's log files: which events would have fired them
    ///
    /// For each rule: how many records match, when, who called, from where, what; what its alarm would have done
    /// (how often it would have gone off, for how long, how many events nobody would have heard of because it was
    /// in ALARM already); and callers with a good part of the matches, with what leaving them out removes and
    /// hides. `--compare` shows what a change of the spec gains and loses. A file or record that cannot be read is
    /// said on standard error with its place and ends nothing. Reads files of any size in bounded memory.
    Replay(Replay),
    /// Make a harmless call and watch each link until its notice arrives, with the time of each
    ///
    /// The spec's `[drill]` declares a canary: a metric filter, an alarm and a topic of its own that notice one call
    /// only, which carries a marker in its user agent. The drill subscribes a queue of its own, makes the call, and
    /// asks log group, metric, alarm and queue until each has seen it; CloudTrail takes about five minutes. Where it
    /// gets stuck it says at which link, why, and what to do, and exits with 4. The queue and its subscription are
    /// taken back whatever happens, after Ctrl-C too; what a killed drill left is taken back by the next one. In an
    /// account in a file its clock is moved on by the time that the drill waits.
    Drill(Drill),
    /// Explain, compare and try out filter patterns, offline
    Pattern(Pattern),
    /// Say which controls of CIS, Security Hub and Prowler a spec satisfies, and why not the others; offline
    ///
    /// It is about what the spec says: `plan` says whether the account is so, and `status` whether an alert would
    /// arrive. Exits with 4 when a standard that `--standard` names is not met; what the spec cannot tell, such as
    /// whether a trail outside of it delivers to its log group, is not taken for met.
    Coverage(Coverage),
    /// Show the packs of rules that a spec can take over with `[pack.NAME]`, offline
    Packs(Packs),
    /// Write the rules of a spec as queries for other tools
    Rules(Rules),
    /// Write a commented spec to start from
    Init(Init),
    /// Print the least IAM policy that a command needs for this spec
    Permissions(Permissions),
    #[cfg(feature = "sandbox")]
    /// Use the account in a local file from other programs
    Sandbox(Sandbox),
    /// Print a shell's completion script
    Completions(Completions),
}

/// Where the spec is.
#[derive(Debug, ClapArgs)]
pub(crate) struct Spec {
    /// The spec: a TOML file, or a folder whose *.toml files are one spec
    #[arg(value_name = "SPEC", default_value = ".")]
    pub(crate) path: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) spec: Spec,
    /// Write the results of the patterns' tests to this file, as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Look for parts of the patterns that no test would miss: conditions dropped, turned or widened
    #[arg(long)]
    pub(crate) mutants: bool,
    /// Exit with 65 when there are warnings
    #[arg(long)]
    pub(crate) deny_warnings: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Pattern {
    #[command(subcommand)]
    pub(crate) command: PatternCommand,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Rules {
    #[command(subcommand)]
    pub(crate) command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Print the rules as SQL over CloudTrail's records: for each a query for what its pattern matches
    ///
    /// Queries find what the patterns match and nothing else; what the dialect cannot say so is refused, with its place,
    /// and the other rules are printed all the same. Exits with 4 when a rule was refused, with 65 when the spec is
    /// wrong.
    Export(Export),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) spec: Spec,
    /// Whose SQL
    #[arg(long, value_name = "DIALECT")]
    pub(crate) to: Dialect,
    /// Only this rule or metric filter (repeatable)
    #[arg(long = "rule", value_name = "LABEL")]
    pub(crate) rules: Vec<String>,
    /// The table; cloudtrail_logs for athena and cloudtrail for duckdb if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
}

/// A dialect of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// Athena's, over the table that AWS's guides make
    Athena,
    /// DuckDB's, over a table of records as JSON
    Duckdb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PatternCommand {
    /// Show what AWS reads in a pattern: its conditions, their grouping, and what is probably wrong
    ///
    /// Exits with 65 for a pattern that AWS refuses.
    Explain {
        /// The pattern, in single quotes; after `--` where it could be an option, such as `-v`
        #[arg(value_name = "PATTERN", allow_hyphen_values = true)]
        pattern: String,
        /// The form of the output
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
    /// Print the events that a pattern matches
    ///
    /// Every line is an event. Of a CloudTrail log file (`{"Records": [...]}`) every record is one,
    /// of an array every object, and of JSON over several lines every value; each is printed in a
    /// line of its own. Files may be compressed with gzip. Exits with 4 when nothing matches, with
    /// 65 for a pattern that AWS refuses.
    Match {
        /// The pattern, in single quotes; after `--` where it could be an option, such as `-v`
        #[arg(value_name = "PATTERN", allow_hyphen_values = true)]
        pattern: String,
        /// The events; standard input without one, or for `-`
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Print how many match instead
        #[arg(long, short)]
        count: bool,
    },
    /// Decide rows of pattern and event from standard input
    ///
    /// Each row is an object with `pattern` and `message`. It comes out again with `match`, true or
    /// false, or with `error` for a pattern that AWS refuses.
    Eval {
        /// One JSON object in each line, in and out
        #[arg(long, required = true)]
        jsonl: bool,
    },
    /// Compare what two patterns match
    ///
    /// Exits with 0 when they match the same events, with 4 when they do not or that cannot be told,
    /// with 65 for a pattern that AWS refuses.
    Diff {
        /// A pattern, in single quotes; after `--` where one could be an option, such as `-v`
        #[arg(value_name = "A", allow_hyphen_values = true)]
        a: String,
        /// Another
        #[arg(value_name = "B", allow_hyphen_values = true)]
        b: String,
        /// The form of the output
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
}

/// What a person agrees to.
#[derive(Clone, Debug, Default, PartialEq, Eq, ClapArgs, Serialize, Deserialize)]
pub(crate) struct Consents {
    /// Take over an object that exists and that nobody owns, as the plan shows it (repeatable)
    #[arg(long, value_name = "ADDRESS", help_heading = "Consent")]
    pub(crate) adopt: Vec<String>,
    /// Let this object's watch be blinded, or ALL (repeatable); --yes does not imply it
    #[arg(long, value_name = "ADDRESS", help_heading = "Consent")]
    pub(crate) allow_blinding: Vec<String>,
    /// Delete this object with its data instead of releasing it (repeatable)
    #[arg(long, value_name = "ADDRESS", help_heading = "Consent")]
    pub(crate) delete_data: Vec<String>,
    /// Plan for this object only, with what it needs (repeatable)
    #[arg(long, value_name = "ADDRESS", help_heading = "A part of the plan")]
    pub(crate) target: Vec<String>,
    /// Leave this object as it is, and what would have to wait for it (repeatable)
    #[arg(long, value_name = "ADDRESS", help_heading = "A part of the plan")]
    pub(crate) exclude: Vec<String>,
}

/// A form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people; no interface.
    Text,
    /// For programs; versioned, later versions only add to it.
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) spec: Spec,
    #[command(flatten)]
    pub(crate) consents: Consents,
    /// The form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
    /// Exit with 2 when there are differences
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Seal the plan in this file: `apply FILE` does exactly that, or says what has changed
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// A form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    /// For people; no interface.
    Text,
    /// For comments and wikis.
    Markdown,
    /// For programs; versioned, later versions only add to it.
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) spec: Spec,
    /// The form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Report,
    /// Show every link, not only those that do not hold
    #[arg(long)]
    pub(crate) links: bool,
    /// Ask all regions that accounts have from the beginning whether multi-region trails record there
    #[arg(long)]
    pub(crate) all_regions: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Drill {
    #[command(flatten)]
    pub(crate) spec: Spec,
    /// Write a synthetic record into the drill's `test_log_group` in place of a call: what is behind the log
    /// group, in a minute or two
    #[arg(long)]
    pub(crate) inject: bool,
    /// How long to wait for CloudTrail; each later link gets a third of it
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = duration)]
    pub(crate) timeout: std::time::Duration,
    /// Only take back what a drill that was killed left behind
    #[arg(long, conflicts_with_all = ["inject", "timeout"])]
    pub(crate) clear: bool,
    /// The form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Drift {
    #[command(flatten)]
    pub(crate) spec: Spec,
    /// The form of the output; Markdown fits into a comment of 65,536 characters
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Report,
    /// Do not ask the event history who changed what (cloudtrail:LookupEvents)
    #[arg(long)]
    pub(crate) no_history: bool,
    /// Ask it about all that differs, not only about the 20 worst: it answers twice a second
    #[arg(long, conflicts_with = "no_history")]
    pub(crate) all: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Apply {
    /// The spec, a TOML file or a folder whose *.toml files are one spec; or a plan sealed by
    /// `plan --out`, which is applied without a question
    #[arg(value_name = "SPEC|PLAN", default_value = ".")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) consents: Consents,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Do not ask if the plan comes out as it was approved, and apply nothing else: the last line
    /// of `plan` shows the hash
    #[arg(long, value_name = "HASH", value_parser = approval, conflicts_with = "yes")]
    pub(crate) approved: Option<String>,
    /// Apply the rest of a plan that holds refusals
    #[arg(long)]
    pub(crate) skip_refused: bool,
    /// The form of the report; json needs --yes, --approved or a sealed plan
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

fn approval(text: &str) -> Result<String, &'static str> {
    let valid = text.len() == 12 && text.bytes().all(|b| b.is_ascii_hexdigit());
    valid
        .then(|| text.to_ascii_lowercase())
        .ok_or("an approval has 12 hexadecimal digits; the last line of `plan` shows it")
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Destroy {
    #[command(flatten)]
    pub(crate) spec: Spec,
    /// Do not ask; taking the watch away needs --allow-blinding ALL as well
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Let this object's watch be taken away, or ALL (repeatable)
    #[arg(long, value_name = "ADDRESS", help_heading = "Consent")]
    pub(crate) allow_blinding: Vec<String>,
    /// Delete this object with its data instead of releasing it (repeatable)
    #[arg(long, value_name = "ADDRESS", help_heading = "Consent")]
    pub(crate) delete_data: Vec<String>,
    /// Destroy the rest of a plan that holds refusals
    #[arg(long)]
    pub(crate) skip_refused: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Init {
    /// The file to write, `-` for standard output; an existing one is never overwritten
    #[arg(value_name = "FILE", default_value = "trailwarden.toml")]
    pub(crate) file: PathBuf,
}

/// A command that permissions are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Purpose {
    /// Reading only.
    Plan,
    /// Reading, and what the links of the watch do.
    Status,
    /// Reading, and the event history.
    Drift,
    /// Reading and writing.
    Apply,
    /// What status reads, and what a drill makes for itself.
    Drill,
    /// The everyday commands, such as notify.
    Daily,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Permissions {
    #[command(flatten)]
    pub(crate) spec: Spec,
    /// The command that is to be allowed
    #[arg(long = "for", value_name = "COMMAND", default_value = "apply")]
    pub(crate) purpose: Purpose,
}

#[cfg(feature = "sandbox")]
#[derive(Debug, ClapArgs)]
pub(crate) struct Sandbox {
    #[command(subcommand)]
    pub(crate) command: SandboxCommand,
}

#[cfg(feature = "sandbox")]
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Offer the account on a port of this machine to any AWS client
    Serve {
        /// The port on 127.0.0.1; 0 lets the system choose
        #[arg(long, value_name = "N", default_value_t = 4599)]
        port: u16,
        /// The account of credentials whose access key id is not an account id
        #[arg(long, value_name = "ID", default_value = "123456789012", value_parser = account_id)]
        account: String,
    },
    /// Send the records of CloudTrail log files through the account's trails, as CloudTrail would
    Play {
        /// Log files, packed with gzip or not: {"Records": [...]}, an array of records, or records
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// The account whose trails deliver them
        #[arg(long, value_name = "ID", default_value = "123456789012", value_parser = account_id)]
        account: String,
    },
    /// Show the account's clock, set it or move it on
    ///
    /// What happens by itself until then has happened when the command ends: trails deliver, alarms change
    /// their state, topics tell their subscribers. The clock is kept in the file.
    Clock {
        /// Move it on by this much, such as `10m` or `2h 30m`; a clock that goes keeps going
        #[arg(long, value_name = "DURATION", value_parser = duration, group = "clock")]
        advance: Option<std::time::Duration>,
        /// Set it to this time, such as 2026-03-01T12:00:00Z, where it stands still
        #[arg(long, value_name = "TIME", value_parser = time, group = "clock")]
        set: Option<std::time::SystemTime>,
        /// Give it the time of this machine again
        #[arg(long, group = "clock")]
        real: bool,
    },
    /// Show how far reads are behind writes, or let them fall behind
    ///
    /// AWS answers reads of configuration for seconds with what was there before a write. The lag goes by
    /// the account's clock and is kept in the file; an account begins without one.
    Lag {
        /// Let reads see what was written after this much, such as `10s`
        #[arg(long, value_name = "DURATION", value_parser = duration, group = "lag")]
        set: Option<std::time::Duration>,
        /// Let reads see at once what was written
        #[arg(long, group = "lag")]
        off: bool,
    },
}

fn duration(text: &str) -> Result<std::time::Duration, String> {
    let duration: jiff::SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    duration
        .try_into()
        .map_err(|_| "time does not go back".to_owned())
}

#[cfg(feature = "sandbox")]
fn time(text: &str) -> Result<std::time::SystemTime, String> {
    let time: jiff::Timestamp = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Ok(time.into())
}

#[cfg(feature = "sandbox")]
fn account_id(text: &str) -> Result<String, &'static str> {
    let valid = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    valid
        .then(|| text.to_owned())
        .ok_or("an account id has 12 digits")
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}
