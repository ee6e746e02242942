use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use trailwarden_spec::visible::visible_line;

use super::{bytes, columns, plural, span, thousands, undated};
use crate::outlook::Outlook;
use crate::report::{ComparedPart, Counted, Day, Exclusion, Report, RulePart, Top};

const BOLD: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const LOUD: Style = AnsiColor::Yellow.on_default();
const GAIN: Style = AnsiColor::Green.on_default();
const LOSS: Style = AnsiColor::Red.on_default();

/// The report for people.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_report(&mut out, report);
    out
}

fn write_report(out: &mut String, report: &Report) -> std::fmt::Result {
    let read = &report.read;
    writeln!(
        out,
        "Stack {BOLD}{}{BOLD:#}: {} of {}, {}",
        visible_line(&report.stack),
        plural(read.records, "record"),
        plural(read.files as u64, "file"),
        bytes(read.bytes)
    )?;
    if read.oversized > 0 {
        writeln!(
            out,
            "{LOUD}!{LOUD:#} {} over 256 KB: CloudTrail sends none of them to a log group, so no rule would have seen {}",
            plural(read.oversized, "record"),
            if read.oversized == 1 { "it" } else { "them" }
        )?;
    }
    let (loud, quiet): (Vec<_>, Vec<_>) = report.rules.iter().partition(|rule| rule.counted.matches > 0);
    for rule in loud {
        writeln!(out)?;
        write_rule(out, rule)?;
    }
    if !quiet.is_empty() {
        let names: Vec<&str> = quiet.iter().map(|rule| rule.name.as_str()).collect();
        writeln!(out, "\nNo record matches: {}", visible_line(&names.join(", ")))?;
    }
    if let Some(compared) = &report.compared {
        write_compared(out, compared)?;
    }
    let (matches, alarms) = report.rules.iter().fold((0, 0), |(matches, alarms), rule| {
        let own = rule.alarm.as_ref().map_or(0, |alarm| alarm.alarms);
        (matches + rule.counted.matches, alarms + own)
    });
    let stopped = if read.stopped {
        ", stopped before the end"
    } else {
        ""
    };
    writeln!(
        out,
        "\nReplay: {} of {}, {} would have gone off{stopped}.",
        plural(matches, "match"),
        plural(report.rules.len() as u64, "rule"),
        plural(alarms as u64, "alarm"),
    )
}

fn write_rule(out: &mut String, rule: &RulePart) -> std::fmt::Result {
    let counted = &rule.counted;
    writeln!(
        out,
        "{BOLD}{}{BOLD:#}  {}",
        visible_line(&rule.name),
        plural(counted.matches, "match")
    )?;
    write_counted(out, counted)?;
    match (&rule.alarm, &rule.no_alarm) {
        (Some(alarm), _) => writeln!(out, "  alarm    {}", in_words(alarm))?,
        (None, Some(why)) => writeln!(
            out,
            "  alarm    {QUIET}nothing can be said: {}{QUIET:#}",
            visible_line(why)
        )?,
        (None, None) => {}
    }
    for exclusion in &rule.exclusions {
        write_exclusion(out, rule, exclusion)?;
    }
    Ok(())
}

fn write_counted(out: &mut String, counted: &Counted) -> std::fmt::Result {
    if let (Some(first), Some(last)) = (&counted.first, &counted.last) {
        match first == last {
            true => writeln!(out, "  when     {first}")?,
            false => writeln!(out, "  when     {first} to {last}")?,
        }
    }
    if let Some(undated) = undated(counted) {
        writeln!(out, "           {QUIET}{undated}{QUIET:#}")?;
    }
    if counted.days.len() > 1 {
        writeln!(out, "  days     {}", chart(&counted.days))?;
    }
    for (word, top) in [
        ("who", &counted.principals),
        ("from", &counted.addresses),
        ("what", &counted.events),
        ("where", &counted.regions),
    ] {
        if !top.top.is_empty() {
            writeln!(out, "  {word:<8} {}", listed(top))?;
        }
    }
    Ok(())
}

fn listed(top: &Top) -> String {
    let named = top.top.iter().map(|named| {
        let name = visible_line(&named.name);
        format!("{name} {QUIET}{}{QUIET:#}", thousands(named.count))
    });
    let mut text = named.collect::<Vec<_>>().join(", ");
    let more = top.names.saturating_sub(top.top.len());
    if more > 0 {
        let about = if top.rough { "more than " } else { "" };
        text += &format!(", {about}{} more", thousands(more as u64));
    }
    text
}

/// A column for each day, or for several, and the highest.
fn chart(days: &[Day]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let (each, columns) = columns(days);
    let highest = columns
        .iter()
        .map(|column| column.matches)
        .max()
        .unwrap_or_default();
    let bar = |count: &u64| match *count {
        0 => ' ',
        count => BARS[usize::try_from(count * 7 / highest.max(1)).unwrap_or(7)],
    };
    let bars: String = columns.iter().map(|column| bar(&column.matches)).collect();
    let most = days
        .iter()
        .max_by_key(|day| (day.matches, std::cmp::Reverse(&day.day)));
    let most = most
        .map(|day| format!("most {} on {}", thousands(day.matches), day.day))
        .unwrap_or_default();
    let scale = match each {
        1 => "a day each".to_owned(),
        each => format!("{each} days each"),
    };
    format!("{bars} {QUIET}{scale}, {most}{QUIET:#}")
}

pub(super) fn in_words(alarm: &Outlook) -> String {
    if alarm.alarms == 0 {
        return format!("{} would not have gone off", visible_line(&alarm.alarm));
    }
    let mut text = format!(
        "{} would have gone off {}, for {} in all and {} at the longest; {}",
        visible_line(&alarm.alarm),
        times(alarm.alarms),
        span(alarm.in_alarm_seconds),
        span(alarm.longest_seconds),
        plural(alarm.notices as u64, "notice")
    );
    if alarm.swallowed > 0 {
        text += &format!(
            "; {} came while it was in ALARM already: nobody is told of {}",
            plural(alarm.swallowed, "event"),
            if alarm.swallowed == 1 { "it" } else { "those" }
        );
    }
    text
}

fn times(count: usize) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        _ => format!("{} times", thousands(count as u64)),
    }
}

fn write_exclusion(out: &mut String, rule: &RulePart, exclusion: &Exclusion) -> std::fmt::Result {
    let before = rule.alarm.as_ref().map_or(0, |alarm| alarm.alarms);
    let fewer = exclusion.alarm.as_ref().map(|after| {
        let after = after.alarms;
        format!(
            " and leaves {} of {}",
            thousands(after as u64),
            plural(before as u64, "alarm")
        )
    });
    writeln!(
        out,
        "  {LOUD}without{LOUD:#}  {}: removes {} of {}{}",
        visible_line(&exclusion.principal),
        thousands(exclusion.removes),
        plural(rule.counted.matches, "match"),
        fewer.unwrap_or_default()
    )?;
    writeln!(out, "           hides from then on: {}", listed(&exclusion.hides))?;
    writeln!(
        out,
        "           {QUIET}{{ (...) && {} }}{QUIET:#}",
        visible_line(&exclusion.clause)
    )?;
    if exclusion.pattern.is_none() {
        writeln!(
            out,
            "           {LOUD}with it the pattern is longer than the 1,024 characters that a filter takes{LOUD:#}"
        )?;
    }
    Ok(())
}

fn write_compared(out: &mut String, compared: &[ComparedPart]) -> std::fmt::Result {
    writeln!(out, "\n{BOLD}Compared with the old spec{BOLD:#}")?;
    let mut same = Vec::new();
    for part in compared {
        if part.of == "both" && part.gained.matches + part.lost.matches == 0 {
            same.push(part.name.as_str());
            continue;
        }
        let name = visible_line(&part.name);
        let only = match part.of {
            "new" => ", which the old one does not have",
            "old" => ", which the new one does not have",
            _ => "",
        };
        writeln!(
            out,
            "\n{BOLD}{name}{BOLD:#}{only}: {} before, {} after",
            thousands(part.before),
            thousands(part.after)
        )?;
        for (style, word, counted) in [(GAIN, "gains", &part.gained), (LOSS, "loses", &part.lost)] {
            if counted.matches > 0 {
                writeln!(out, "  {style}{word}{style:#}    {}", thousands(counted.matches))?;
                write_counted(out, counted)?;
            }
        }
    }
    if !same.is_empty() {
        writeln!(out, "\nThe same records: {}", visible_line(&same.join(", ")))?;
    }
    Ok(())
}
