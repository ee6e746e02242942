mod chart;
#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Formatter, Write};

use trailwarden_spec::visible::visible_line;

use super::{bytes, plural, span, thousands, undated};
use crate::outlook::Outlook;
use crate::render::text::in_words;
use crate::report::{ComparedPart, Counted, Exclusion, Report, RulePart, Top};

const STYLE: &str = include_str!("style.css");

/// The most problems that are shown: standard error and the JSON have all of them.
const MOST_PROBLEMS: usize = 200;

/// The report as one page that needs nothing else: no script, no font, no picture from elsewhere. The same report
/// gives the same page.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = page(&mut out, report);
    out
}

/// Text from log files and specs, as text of a page and as a value of an attribute: nothing of it is markup, and
/// nothing moves or hides what stands around it.
struct Escaped<'t>(&'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for c in visible_line(self.0).chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A name, which is best broken after a `/` where there is no room for it.
fn name(out: &mut String, text: &str) -> fmt::Result {
    for (number, part) in text.split_inclusive('/').enumerate() {
        let room = if number > 0 { "<wbr>" } else { "" };
        write!(out, "{room}{}", Escaped(part))?;
    }
    Ok(())
}

fn page(out: &mut String, report: &Report) -> fmt::Result {
    let stack = Escaped(&report.stack);
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
    )?;
    // Whatever gets past the escaping still runs and fetches nothing.
    writeln!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )?;
    writeln!(
        out,
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    )?;
    writeln!(out, "<title>Replay of {stack}</title>\n<style>\n{STYLE}</style>")?;
    writeln!(out, "</head>\n<body>\n<main>")?;
    head(out, report)?;
    overview(out, report)?;
    // Whoever compares has asked for that.
    if let Some(parts) = &report.compared {
        compared(out, parts)?;
    }
    for (number, rule) in loud(report) {
        one_rule(out, number, rule)?;
    }
    let quiet: Vec<&RulePart> = report
        .rules
        .iter()
        .filter(|rule| rule.counted.matches == 0)
        .collect();
    if !quiet.is_empty() {
        no_matches(out, &quiet)?;
    }
    if !report.problems.is_empty() {
        problems(out, &report.problems)?;
    }
    foot(out)?;
    writeln!(out, "</main>\n</body>\n</html>")
}

/// The rules that match something, with their numbers.
fn loud(report: &Report) -> impl Iterator<Item = (usize, &RulePart)> {
    let numbered = report.rules.iter().enumerate();
    numbered.filter(|(_, rule)| rule.counted.matches > 0)
}

fn head(out: &mut String, report: &Report) -> fmt::Result {
    let read = &report.read;
    let matches = report.rules.iter().map(|rule| rule.counted.matches).sum();
    let alarms = report.rules.iter().filter_map(|rule| rule.alarm.as_ref());
    let alarms: usize = alarms.map(|alarm| alarm.alarms).sum();
    writeln!(out, "<header>\n<p class=\"kind\">trailwarden replay</p>")?;
    writeln!(out, "<h1>{}</h1>", Escaped(&report.stack))?;
    writeln!(
        out,
        "<p class=\"lead\">{} of {}; {} would have gone off.</p>",
        plural(matches, "match"),
        plural(report.rules.len() as u64, "rule"),
        plural(alarms as u64, "alarm")
    )?;
    writeln!(out, "<dl class=\"facts\">")?;
    let span = report.rules.iter().filter_map(|rule| {
        let counted = &rule.counted;
        counted.first.as_deref().zip(counted.last.as_deref())
    });
    let span = span.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
    let mut facts = vec![
        ("Files", thousands(read.files as u64)),
        ("Records", thousands(read.records)),
        ("JSON", bytes(read.bytes)),
    ];
    if let Some((first, last)) = span {
        facts.push(("First match", first.to_owned()));
        facts.push(("Last match", last.to_owned()));
    }
    for (what, value) in facts {
        writeln!(out, "<div><dt>{what}</dt><dd>{}</dd></div>", Escaped(&value))?;
    }
    writeln!(out, "</dl>")?;
    if read.stopped {
        writeln!(
            out,
            "<p class=\"note\">It was stopped before the end: not all files are in these numbers.</p>"
        )?;
    }
    if read.oversized > 0 {
        writeln!(
            out,
            "<p class=\"note\">{} over 256 KB: CloudTrail sends none of them to a log group, so no rule would have seen {}.</p>",
            plural(read.oversized, "record"),
            if read.oversized == 1 { "it" } else { "them" }
        )?;
    }
    if !report.problems.is_empty() {
        writeln!(
            out,
            "<p class=\"note\"><a href=\"#problems\">{} with reading</a>: what could not be read is not in these numbers.</p>",
            plural(report.problems.len() as u64, "problem")
        )?;
    }
    if let Some(parts) = &report.compared {
        let changed = parts.iter().filter(|part| differs(part)).count();
        writeln!(
            out,
            "<p class=\"note\"><a href=\"#compared\">Compared with the old spec</a>: {}.</p>",
            match changed {
                0 => "every rule matches the same records".to_owned(),
                _ => format!(
                    "{} other records",
                    match changed {
                        1 => "1 rule matches".to_owned(),
                        many => format!("{} match", plural(many as u64, "rule")),
                    }
                ),
            }
        )?;
    }
    writeln!(out, "</header>")
}

fn overview(out: &mut String, report: &Report) -> fmt::Result {
    let most = |of: fn(&RulePart) -> u64| report.rules.iter().map(of).max().unwrap_or_default();
    let (matches, alarms) = (most(|rule| rule.counted.matches), most(alarms_of));
    writeln!(out, "<section aria-labelledby=\"overview\">")?;
    writeln!(
        out,
        "<h2 id=\"overview\">Rules</h2>\n<div class=\"scroll\">\n<table class=\"overview\">"
    )?;
    writeln!(
        out,
        "<thead><tr><th scope=\"col\">Rule</th><th scope=\"col\" class=\"number\">Matches</th><td class=\"bar\"></td>\
         <th scope=\"col\" class=\"number\">Alarms</th><td class=\"bar\"></td>\
         <th scope=\"col\" class=\"number\">In ALARM</th><th scope=\"col\" class=\"number\">Never told</th></tr></thead>\n<tbody>"
    )?;
    for (number, rule) in report.rules.iter().enumerate() {
        let name = Escaped(&rule.name);
        match rule.counted.matches {
            0 => write!(out, "<tr><th scope=\"row\">{name}</th>")?,
            _ => write!(
                out,
                "<tr><th scope=\"row\"><a href=\"#rule-{number}\">{name}</a></th>"
            )?,
        }
        number_cell(out, &thousands(rule.counted.matches))?;
        chart::bar(out, rule.counted.matches, matches, "matches")?;
        match &rule.alarm {
            Some(alarm) => {
                number_cell(out, &thousands(alarm.alarms as u64))?;
                chart::bar(out, alarm.alarms as u64, alarms, "alarms")?;
                number_cell(out, &span(alarm.in_alarm_seconds))?;
                number_cell(out, &thousands(alarm.swallowed))?;
            }
            None => {
                number_cell(out, "-")?;
                chart::bar(out, 0, alarms, "alarms")?;
                number_cell(out, "-")?;
                number_cell(out, "-")?;
            }
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody>\n</table>\n</div>")?;
    writeln!(
        out,
        "<p class=\"quiet\">Never told: events that came while the alarm was in ALARM already.</p>\n</section>"
    )
}

fn alarms_of(rule: &RulePart) -> u64 {
    rule.alarm.as_ref().map_or(0, |alarm| alarm.alarms as u64)
}

fn number_cell(out: &mut String, text: &str) -> fmt::Result {
    write!(out, "<td class=\"number\">{}</td>", Escaped(text))
}

fn one_rule(out: &mut String, number: usize, rule: &RulePart) -> fmt::Result {
    writeln!(out, "<section aria-labelledby=\"rule-{number}\">")?;
    writeln!(out, "<h2 id=\"rule-{number}\">{}</h2>", Escaped(&rule.name))?;
    let counted = &rule.counted;
    writeln!(
        out,
        "<p>{} in <code>{}</code>{}.</p>",
        plural(counted.matches, "match"),
        Escaped(&rule.log_group),
        Escaped(&when(counted))
    )?;
    match (&rule.alarm, &rule.no_alarm) {
        (Some(alarm), _) => writeln!(out, "<p>{}.</p>", Escaped(&in_words(alarm)))?,
        (None, Some(why)) => writeln!(
            out,
            "<p class=\"quiet\">Nothing can be said of an alarm: {}.</p>",
            Escaped(why)
        )?,
        (None, None) => {}
    }
    chart::days(out, counted)?;
    tops(out, counted)?;
    if !rule.exclusions.is_empty() {
        writeln!(out, "<h3>What could be left out</h3>")?;
        for exclusion in &rule.exclusions {
            one_exclusion(out, rule, exclusion)?;
        }
    }
    writeln!(
        out,
        "<details><summary>The pattern</summary>\n<pre><code>{}</code></pre></details>\n</section>",
        Escaped(&rule.pattern)
    )
}

fn when(counted: &Counted) -> String {
    match (&counted.first, &counted.last) {
        (Some(first), Some(last)) if first == last => format!(", at {first}"),
        (Some(first), Some(last)) => format!(", from {first} to {last}"),
        _ => String::new(),
    }
}

fn tops(out: &mut String, counted: &Counted) -> fmt::Result {
    if let Some(undated) = undated(counted) {
        writeln!(out, "<p class=\"quiet\">{undated}.</p>")?;
    }
    writeln!(out, "<div class=\"tops\">")?;
    for (caption, column, top) in [
        ("Who called", "Caller", &counted.principals),
        ("What was called", "Call", &counted.events),
        ("From where", "Address", &counted.addresses),
        ("In which region", "Region", &counted.regions),
    ] {
        one_top(out, caption, column, top, counted.matches)?;
    }
    writeln!(out, "</div>")
}

/// Names with bars: a full one is all matches.
fn one_top(out: &mut String, caption: &str, column: &str, top: &Top, all: u64) -> fmt::Result {
    if top.top.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<div><table><caption>{caption}</caption>\n<thead><tr><th scope=\"col\">{column}</th>\
         <th scope=\"col\" class=\"number\">Matches</th><td class=\"bar\"></td></tr></thead>\n<tbody>"
    )?;
    for named in &top.top {
        write!(out, "<tr><th scope=\"row\">")?;
        name(out, &named.name)?;
        write!(out, "</th>")?;
        number_cell(out, &thousands(named.count))?;
        chart::bar(out, named.count, all, "matches")?;
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody></table>")?;
    let more = top.names.saturating_sub(top.top.len());
    if more > 0 {
        let about = if top.rough { "more than " } else { "" };
        writeln!(
            out,
            "<p class=\"quiet\">and {about}{} more</p>",
            thousands(more as u64)
        )?;
    }
    writeln!(out, "</div>")
}

fn one_exclusion(out: &mut String, rule: &RulePart, exclusion: &Exclusion) -> fmt::Result {
    writeln!(
        out,
        "<div class=\"card\">\n<h4>Without {}</h4>",
        Escaped(&exclusion.principal)
    )?;
    let fewer = |after: &Outlook| {
        let before = rule.alarm.as_ref().map_or(0, |alarm| alarm.alarms);
        let before = plural(before as u64, "alarm");
        format!(" and leaves {} of {before}", thousands(after.alarms as u64))
    };
    writeln!(
        out,
        "<p>Removes {} of {}{}.</p>",
        thousands(exclusion.removes),
        plural(rule.counted.matches, "match"),
        exclusion.alarm.as_ref().map(fewer).unwrap_or_default()
    )?;
    writeln!(out, "<p>Put the rest of the pattern in parentheses and add:</p>")?;
    writeln!(
        out,
        "<pre><code>&amp;&amp; {}</code></pre>",
        Escaped(&exclusion.clause)
    )?;
    match &exclusion.pattern {
        Some(pattern) => writeln!(
            out,
            "<details><summary>The whole pattern with it</summary>\n<pre><code>{}</code></pre></details>",
            Escaped(pattern)
        )?,
        None => writeln!(
            out,
            "<p class=\"loud\">The whole pattern would be longer than the 1,024 characters that a filter takes.</p>"
        )?,
    }
    one_top(
        out,
        "Hidden from then on",
        "Call",
        &exclusion.hides,
        exclusion.removes,
    )?;
    writeln!(out, "</div>")
}

fn no_matches(out: &mut String, rules: &[&RulePart]) -> fmt::Result {
    writeln!(
        out,
        "<section aria-labelledby=\"no-match\">\n<h2 id=\"no-match\">No record matches</h2>"
    )?;
    writeln!(
        out,
        "<p class=\"quiet\">Nothing of the kind has happened in this time, or the pattern cannot match: \
         <code>trailwarden check</code> and tests of the rule tell which.</p>"
    )?;
    for rule in rules {
        writeln!(
            out,
            "<details><summary>{}</summary>\n<pre><code>{}</code></pre></details>",
            Escaped(&rule.name),
            Escaped(&rule.pattern)
        )?;
    }
    writeln!(out, "</section>")
}

fn differs(part: &ComparedPart) -> bool {
    part.of != "both" || part.gained.matches + part.lost.matches > 0
}

fn compared(out: &mut String, parts: &[ComparedPart]) -> fmt::Result {
    writeln!(
        out,
        "<section aria-labelledby=\"compared\">\n<h2 id=\"compared\">Compared with the old spec</h2>"
    )?;
    let most = parts
        .iter()
        .map(|part| part.gained.matches.max(part.lost.matches))
        .max()
        .unwrap_or_default();
    writeln!(
        out,
        "<div class=\"scroll\">\n<table class=\"overview\">\n<thead><tr><th scope=\"col\">Rule</th>\
         <th scope=\"col\" class=\"number\">Before</th><th scope=\"col\" class=\"number\">After</th>\
         <th scope=\"col\" class=\"number\">Gained</th><td class=\"bar\"></td>\
         <th scope=\"col\" class=\"number\">Lost</th><td class=\"bar\"></td></tr></thead>\n<tbody>"
    )?;
    for part in parts {
        let only = match part.of {
            "new" => " <span class=\"quiet\">(only in the new spec)</span>",
            "old" => " <span class=\"quiet\">(only in the old spec)</span>",
            _ => "",
        };
        write!(out, "<tr><th scope=\"row\">{}{only}</th>", Escaped(&part.name))?;
        number_cell(out, &thousands(part.before))?;
        number_cell(out, &thousands(part.after))?;
        for (class, counted) in [("gained", &part.gained), ("lost", &part.lost)] {
            number_cell(out, &thousands(counted.matches))?;
            chart::bar(out, counted.matches, most, class)?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody>\n</table>\n</div>")?;
    for part in parts {
        for (class, word, counted) in [("gain", "gains", &part.gained), ("loss", "loses", &part.lost)] {
            if counted.matches == 0 {
                continue;
            }
            let bars = if class == "gain" { "gained" } else { "lost" };
            writeln!(
                out,
                "<div class=\"{bars}\">\n<h3>{} <span class=\"{class}\">{word} {}</span></h3>",
                Escaped(&part.name),
                plural(counted.matches, "match")
            )?;
            let when = when(counted);
            let when = when.trim_start_matches(", ");
            if !when.is_empty() {
                writeln!(out, "<p class=\"quiet\">{}</p>", Escaped(when))?;
            }
            chart::days(out, counted)?;
            tops(out, counted)?;
            writeln!(out, "</div>")?;
        }
    }
    writeln!(out, "</section>")
}

fn problems(out: &mut String, problems: &[String]) -> fmt::Result {
    writeln!(
        out,
        "<section aria-labelledby=\"problems\">\n<h2 id=\"problems\">What could not be read</h2>\n<ul>"
    )?;
    for problem in problems.iter().take(MOST_PROBLEMS) {
        writeln!(out, "<li><code>{}</code></li>", Escaped(problem))?;
    }
    writeln!(out, "</ul>")?;
    let more = problems.len().saturating_sub(MOST_PROBLEMS);
    if more > 0 {
        writeln!(out, "<p class=\"quiet\">and {} more</p>", thousands(more as u64))?;
    }
    writeln!(out, "</section>")
}

fn foot(out: &mut String) -> fmt::Result {
    writeln!(
        out,
        "<footer>\n<p>Alarms are computed as if each event were counted in the minute of its call. CloudTrail delivers some \
         minutes later and in batches, which can make one alarm of two. Sessions of a role count as the role. Times and \
         days are UTC.</p>\n</footer>"
    )
}
