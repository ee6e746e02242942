//! A drill for people.

use anstyle::{AnsiColor, Style};
use trailwarden_spec::visible::visible_line;

use crate::report::{Outcome, Passed, Report};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default();
const QUIET: Style = Style::new().dimmed();

/// A time span as people read it: `45s`, `6m 05s`; of less than a minute in tenths.
#[must_use]
pub fn span(milliseconds: i64) -> String {
    let seconds = milliseconds / 1000;
    match seconds / 60 {
        0 => format!("{seconds}.{}s", milliseconds % 1000 / 100),
        minutes => format!("{minutes}m {:02}s", seconds % 60),
    }
}

/// A link that saw the event, on a line.
#[must_use]
pub fn passed(passed: &Passed) -> String {
    let Passed { stage, name, after } = passed;
    let name = visible_line(name);
    format!(
        "  {GOOD}✓{GOOD:#} {:<9} {:>8}  {QUIET}{name}{QUIET:#}\n",
        stage.in_words(),
        span(*after)
    )
}

/// How it ended: where it got stuck and what to do, what was left, and the result on the last line.
#[must_use]
pub fn closing(report: &Report) -> String {
    let mut text = String::new();
    if let Outcome::Stuck { link, .. } = &report.outcome {
        let about = format!("{} {}: {}", link.kind.in_words(), link.name, link.message);
        text += &format!("  {BAD}✗{BAD:#} {}\n", visible_line(&about));
        if let Some(fix) = &link.fix {
            text += &format!("    {}\n", visible_line(fix));
        }
    }
    for left in &report.left {
        text += &format!("  {OPEN}!{OPEN:#} not taken back: {}\n", visible_line(left));
    }
    if !report.left.is_empty() {
        text += "    The next drill takes it back, or `trailwarden drill --clear`.\n";
    }
    let after = report.passed.last().map_or(0, |passed| passed.after);
    text += &match &report.outcome {
        Outcome::Arrived => format!(
            "{GOOD}Drill:{GOOD:#} the notice arrived {} after the {}.\n",
            span(after),
            match report.injected {
                true => "record was written",
                false => "call",
            }
        ),
        Outcome::Stuck { stage: None, .. } => {
            format!("{BAD}Drill:{BAD:#} it could not begin, and no call was made.\n")
        }
        Outcome::Stuck {
            stage: Some(stage),
            waited,
            ..
        } => format!(
            "{BAD}Drill:{BAD:#} stuck before the {}; nothing came in {}.\n",
            stage.in_words(),
            span(waited * 1000)
        ),
        Outcome::Stopped => format!("{OPEN}Drill:{OPEN:#} stopped; what was made for it is taken back.\n"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_are_short() {
        assert_eq!(span(0), "0.0s");
        assert_eq!(span(45_250), "45.2s");
        assert_eq!(span(60_000), "1m 00s");
        assert_eq!(span(365_900), "6m 05s");
    }
}
