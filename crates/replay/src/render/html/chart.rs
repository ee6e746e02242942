//! Pictures of numbers. What is written stands beside them in HTML and not in them, so that it keeps its size when
//! they are drawn wider or narrower.

use std::fmt::{Result, Write};

use super::Escaped;
use crate::render::{columns, plural, thousands};
use crate::report::{Counted, Day};

/// The width of the picture, in units of its own: it is as wide as the page has room.
const WIDTH: f64 = 1000.0;

/// Its height.
const HEIGHT: f64 = 100.0;

/// The widest bar: few days are no walls.
const WIDEST: f64 = 40.0;

/// The lowest bar of what is there at all.
const LOWEST: f64 = 1.5;

/// Matches by day, or by several days; nothing for a single day, which says it in the text.
pub(super) fn days(out: &mut impl Write, counted: &Counted) -> Result {
    let (each, columns) = columns(&counted.days);
    let (Some(first), Some(last)) = (columns.first(), columns.last()) else {
        return Ok(());
    };
    if columns.len() < 2 {
        return Ok(());
    }
    let highest = columns.iter().map(|column| column.matches).max().unwrap_or(1);
    let top = round(highest);
    let scale = match each {
        1 => "Matches by day (UTC)".to_owned(),
        each => format!("Matches by {each} days (UTC)"),
    };
    let busiest = busiest(&counted.days);
    writeln!(
        out,
        "<figure>\n<figcaption>{scale}{}</figcaption>",
        Escaped(&busiest)
    )?;
    writeln!(
        out,
        "<div class=\"chart\">\n<div class=\"up\" aria-hidden=\"true\">"
    )?;
    // Half of one match is nothing.
    let half = if top > 1 {
        thousands(top / 2)
    } else {
        String::new()
    };
    writeln!(
        out,
        "<span>{}</span><span>{half}</span><span>0</span></div>",
        thousands(top)
    )?;
    writeln!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{scale} from {} to {}{}\">",
        Escaped(&first.from),
        Escaped(&last.to),
        Escaped(&busiest)
    )?;
    for at in [0.0, HEIGHT / 2.0, HEIGHT] {
        writeln!(out, "<line x1=\"0\" x2=\"{WIDTH}\" y1=\"{at}\" y2=\"{at}\"/>")?;
    }
    let slot = WIDTH / real(columns.len() as u64);
    let width = (slot * 0.8).min(WIDEST);
    for (at, column) in columns.iter().enumerate() {
        let left = slot * real(at as u64);
        let height = match column.matches {
            0 => 0.0,
            some => (real(some) / real(top) * HEIGHT).max(LOWEST),
        };
        let when = match column.from == column.to {
            true => column.from.clone(),
            false => format!("{} to {}", column.from, column.to),
        };
        writeln!(
            out,
            "<g><title>{}: {}</title><rect class=\"slot\" x=\"{left:.2}\" y=\"0\" width=\"{slot:.2}\" height=\"{HEIGHT}\"/>\
             <rect x=\"{:.2}\" y=\"{:.2}\" width=\"{width:.2}\" height=\"{height:.2}\"/></g>",
            Escaped(&when),
            plural(column.matches, "match"),
            left + (slot - width) / 2.0,
            HEIGHT - height,
        )?;
    }
    writeln!(out, "</svg>\n<div class=\"along\" aria-hidden=\"true\">")?;
    let middle = columns.get(columns.len() / 2).filter(|_| columns.len() > 2);
    for label in [
        Some(&first.from),
        middle.map(|column| &column.from),
        Some(&last.to),
    ]
    .into_iter()
    .flatten()
    {
        write!(out, "<span>{}</span>", Escaped(label))?;
    }
    writeln!(out, "</div>\n</div>\n</figure>")
}

/// A bar as long as a number is large, for a cell of a table in which the number stands, too.
pub(super) fn bar(out: &mut impl Write, count: u64, most: u64, class: &str) -> Result {
    let length = match count {
        0 => 0.0,
        some => (real(some) / real(most.max(1)) * 100.0).max(LOWEST),
    };
    write!(
        out,
        "<td class=\"bar\" aria-hidden=\"true\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\">\
         <rect class=\"{class}\" width=\"{length:.1}\" height=\"10\"/></svg></td>"
    )
}

/// The day with the most matches, the first of several: `, most 15 on 2023-07-10`.
fn busiest(days: &[Day]) -> String {
    let most = days
        .iter()
        .max_by_key(|day| (day.matches, std::cmp::Reverse(&day.day)));
    most.map(|day| format!(", most {} on {}", thousands(day.matches), day.day))
        .unwrap_or_default()
}

/// A number that is easy to read, the next from this one on, and easy to halve, but for 1.
fn round(count: u64) -> u64 {
    if count <= 1 {
        return 1;
    }
    let mut unit = 1_u64;
    loop {
        let found = [2, 4, 6, 8, 10]
            .into_iter()
            .map(|times| unit.saturating_mul(times))
            .find(|round| *round >= count);
        if let Some(found) = found {
            return found;
        }
        unit = unit.saturating_mul(10);
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of bars")]
fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_easy_to_read_and_no_bar_leaves_it() {
        let rounds = [0, 1, 2, 3, 7, 10, 11, 61, 99, 101, 12_345].map(round);
        assert_eq!(rounds, [1, 1, 2, 4, 8, 10, 20, 80, 100, 200, 20_000]);
        assert_eq!(round(u64::MAX), u64::MAX);
        assert!((1..5000).all(|count| round(count) >= count && round(count) < 2 * count.max(2) + 10));
    }
}
