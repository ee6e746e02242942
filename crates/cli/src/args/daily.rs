//! The command line of what people do every day with a watch that works.

use std::path::PathBuf;

use super::Format;
use clap::{Args, ValueEnum};
use jiff::{Span, SpanRelativeTo, Timestamp, civil::Date, tz::TimeZone};

/// Where the spec is, for commands whose argument is something in it.
#[derive(Debug, Args)]
pub(crate) struct SpecOption {
    /// The spec: a TOML file, or a folder whose *.toml files are one spec
    #[arg(long = "spec", value_name = "SPEC", default_value = ".")]
    pub(crate) path: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Notify {
    /// The topic: its label, `topic.LABEL`, or as the plan shows it
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: String,
    #[command(flatten)]
    pub(crate) spec: SpecOption,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Confirm {
    /// The topic: its label, `topic.LABEL`, or as the plan shows it
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: String,
    /// The token of the request to confirm, or the whole address of its link, in single quotes
    #[arg(value_name = "TOKEN|URL")]
    pub(crate) token: String,
    #[command(flatten)]
    pub(crate) spec: SpecOption,
}

#[derive(Debug, Args)]
pub(crate) struct Resend {
    /// The topic: its label, `topic.LABEL`, or as the plan shows it; all topics of the spec without it
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    #[command(flatten)]
    pub(crate) spec: SpecOption,
}

/// A form of output that is a line for each thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lines {
    /// For people; no interface.
    Text,
    /// For programs: a JSON object in each line; later versions only add to them.
    Json,
}

/// A time as people type it: `24h` ago, or a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// So many seconds ago.
    Ago(i64),
    /// In seconds since 1970.
    At(i64),
}

impl When {
    /// In seconds since 1970, seen from `now`.
    pub(crate) fn seconds(self, now: i64) -> i64 {
        match self {
            Self::Ago(seconds) => now.saturating_sub(seconds),
            Self::At(at) => at,
        }
    }
}

fn when(text: &str) -> Result<When, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(When::At(at.as_second()));
    }
    if let Ok(midnight) = text.parse::<Date>().and_then(|date| date.to_zoned(TimeZone::UTC)) {
        return Ok(When::At(midnight.timestamp().as_second()));
    }
    let span = text.parse::<Span>().and_then(|span| {
        let marker = SpanRelativeTo::days_are_24_hours();
        span.to_duration(marker)
    });
    match span {
        Ok(span) if !span.is_negative() => Ok(When::Ago(span.as_secs())),
        _ => Err(
            "write how long ago, such as `90m`, `24h` or `7d`, or a time, such as 2026-03-01T12:00:00Z"
                .into(),
        ),
    }
}

fn count(text: &str) -> Result<usize, &'static str> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or("write a whole number, at least 1")
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    #[command(flatten)]
    pub(crate) spec: SpecOption,
    /// Only calls of this name, such as CreateUser
    #[arg(long, value_name = "NAME", help_heading = "Which events")]
    pub(crate) name: Option<String>,
    /// Only calls of this user; of an assumed role, the name of the session
    #[arg(long, value_name = "NAME", help_heading = "Which events")]
    pub(crate) user: Option<String>,
    /// Only calls about this resource: its name, or its ARN where the service says that
    #[arg(long, value_name = "NAME", help_heading = "Which events")]
    pub(crate) resource: Option<String>,
    /// Only calls of this service, such as iam or iam.amazonaws.com
    #[arg(long, value_name = "SERVICE", help_heading = "Which events")]
    pub(crate) source: Option<String>,
    /// Not before: how long ago, such as 90m, 24h or 7d, or a time, such as 2026-03-01T12:00:00Z; 90
    /// days are kept
    #[arg(
        long, value_name = "WHEN", default_value = "24h", value_parser = when, help_heading = "Which events"
    )]
    pub(crate) since: When,
    /// Not after
    #[arg(long, value_name = "WHEN", value_parser = when, help_heading = "Which events")]
    pub(crate) until: Option<When>,
    /// How many, of the newest
    #[arg(long, value_name = "N", default_value = "50", value_parser = count, help_heading = "Which events")]
    pub(crate) limit: usize,
    /// Print the whole record of the event with this id, as JSON
    #[arg(
        long, value_name = "EVENT_ID",
        conflicts_with_all = ["name", "user", "resource", "source", "since", "until", "limit", "format"]
    )]
    pub(crate) id: Option<String>,
    /// The form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Lines,
}

#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// The log group: its label, `log_group.LABEL`, or as the plan shows it; not needed where the spec has one
    #[arg(value_name = "GROUP")]
    pub(crate) group: Option<String>,
    #[command(flatten)]
    pub(crate) spec: SpecOption,
    /// Only events that match this pattern, in single quotes; AWS evaluates it
    #[arg(
        long,
        value_name = "PATTERN",
        allow_hyphen_values = true,
        help_heading = "Which events"
    )]
    pub(crate) pattern: Option<String>,
    /// Only events that match this rule's pattern, as the spec says it; of the rule's log group
    #[arg(
        long, value_name = "LABEL", conflicts_with_all = ["group", "pattern"], help_heading = "Which events"
    )]
    pub(crate) rule: Option<String>,
    /// Not before: how long ago, such as 90m, 24h or 7d, or a time, such as 2026-03-01T12:00:00Z
    #[arg(
        long, value_name = "WHEN", default_value = "1h", value_parser = when, help_heading = "Which events"
    )]
    pub(crate) since: When,
    /// Not after
    #[arg(long, value_name = "WHEN", value_parser = when, help_heading = "Which events")]
    pub(crate) until: Option<When>,
    /// How many, of the newest
    #[arg(long, value_name = "N", default_value = "50", value_parser = count, help_heading = "Which events")]
    pub(crate) limit: usize,
    /// Go on with what arrives, until Ctrl-C
    #[arg(long, short, conflicts_with = "until")]
    pub(crate) follow: bool,
    /// List the streams of the group instead, those with the newest events first
    #[arg(long, conflicts_with_all = ["pattern", "rule", "since", "until", "follow"])]
    pub(crate) streams: bool,
    /// The form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Lines,
}

#[derive(Debug, Args)]
pub(crate) struct Files {
    /// The trail: its label, `trail.LABEL`, or as the plan shows it; not needed where the spec has one
    #[arg(value_name = "TRAIL")]
    pub(crate) trail: Option<String>,
    #[command(flatten)]
    pub(crate) spec: SpecOption,
    /// Not delivered before: how long ago, such as 24h or 7d, or a time, such as 2026-03-01
    #[arg(
        long, value_name = "WHEN", default_value = "7d", value_parser = when, help_heading = "Which files"
    )]
    pub(crate) since: When,
    /// Not delivered after
    #[arg(long, value_name = "WHEN", value_parser = when, help_heading = "Which files")]
    pub(crate) until: Option<When>,
    /// Only files of this region (repeatable); all regions that the bucket has without it
    #[arg(long = "only-region", value_name = "REGION", help_heading = "Which files")]
    pub(crate) regions: Vec<String>,
    /// Show each file, not a row for each day and region
    #[arg(long)]
    pub(crate) list: bool,
    /// Download them into this folder, where they keep their names from `AWSLogs/` on; what is there already
    /// with the same size is left as it is
    #[arg(long, value_name = "FOLDER")]
    pub(crate) to: Option<PathBuf>,
    /// The form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Lines,
}

/// What becomes of a trail's logging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Recording {
    /// It records.
    Start,
    /// It does not.
    Stop,
}

/// What becomes of a trail's delivery to its log group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// It delivers.
    On,
    /// It does not.
    Off,
}

#[derive(Debug, Args)]
pub(crate) struct Logging {
    /// What to do
    #[arg(value_name = "start|stop", hide_possible_values = true)]
    pub(crate) what: Recording,
    /// The trail: its label, `trail.LABEL`, or as the plan shows it
    #[arg(value_name = "TRAIL")]
    pub(crate) trail: String,
    #[command(flatten)]
    pub(crate) spec: SpecOption,
    /// Do not ask before a trail is stopped
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Delivery {
    /// What to do
    #[arg(value_name = "on|off", hide_possible_values = true)]
    pub(crate) what: Switch,
    /// The trail: its label, `trail.LABEL`, or as the plan shows it
    #[arg(value_name = "TRAIL")]
    pub(crate) trail: String,
    #[command(flatten)]
    pub(crate) spec: SpecOption,
    /// Do not ask before delivery is turned off
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The alarm: a label, such as that of a rule, `rule.LABEL`, or as the plan shows it
    #[arg(value_name = "ALARM")]
    pub(crate) alarm: String,
    #[command(flatten)]
    pub(crate) spec: SpecOption,
    /// Look for the events in these log files of CloudTrail instead of the log group: files, folders with all
    /// below them, `-` for standard input
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(crate) logs: Vec<PathBuf>,
    /// How many times that it went off, of the last
    #[arg(long, value_name = "N", default_value = "1", value_parser = count)]
    pub(crate) last: usize,
    /// How many events of each, of the newest
    #[arg(long, value_name = "N", default_value = "20", value_parser = count)]
    pub(crate) limit: usize,
    /// The form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    pub(crate) spec: super::Spec,
    /// Log files of CloudTrail: files, packed or not, folders with all below them, `-` for standard input
    #[arg(
        long, value_name = "PATH", num_args = 1.., required_unless_present = "bucket", conflicts_with = "bucket",
        help_heading = "Which records"
    )]
    pub(crate) logs: Vec<PathBuf>,
    /// What a trail of the spec has delivered to its bucket; the trail need not be named where the spec has one
    #[arg(
        long, value_name = "TRAIL", num_args = 0..=1, require_equals = true, help_heading = "Which records"
    )]
    #[expect(clippy::option_option, reason = "the option may be given without a name")]
    pub(crate) bucket: Option<Option<String>>,
    /// Only calls since: how long ago, such as 24h or 30d, or a time, such as 2026-03-01
    #[arg(long, value_name = "WHEN", value_parser = when, help_heading = "Which records")]
    pub(crate) since: Option<When>,
    /// Only calls until
    #[arg(long, value_name = "WHEN", value_parser = when, help_heading = "Which records")]
    pub(crate) until: Option<When>,
    /// Only records of this region (repeatable)
    #[arg(long = "only-region", value_name = "REGION", help_heading = "Which records")]
    pub(crate) regions: Vec<String>,
    /// What the rules of another spec match that these do not, and the other way round
    #[arg(long, value_name = "OLD_SPEC")]
    pub(crate) compare: Option<PathBuf>,
    /// Write the report as one web page into this file, too
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// The form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_typed_in_more_ways_than_one() {
        for (text, seconds) in [
            ("24h", 1_000_000 - 86_400),
            ("7d", 1_000_000 - 7 * 86_400),
            ("1h 30m", 1_000_000 - 5_400),
            ("1970-01-02T00:00:01Z", 86_401),
            ("1970-01-02T01:00:01+01:00", 86_401),
            ("1970-01-02", 86_400),
        ] {
            assert_eq!(
                when(text).map(|when| when.seconds(1_000_000)),
                Ok(seconds),
                "{text}"
            );
        }
        for text in ["", "yesterday", "-5m", "12"] {
            assert!(when(text).is_err(), "{text}");
        }
    }
}
