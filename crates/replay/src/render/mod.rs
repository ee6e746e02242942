//! A report for people and programs.

mod html;
mod json;
mod text;

pub use html::html;
pub use json::json;
pub use text::text;

use crate::report::{Counted, Day};

/// The most columns of a chart: longer times have several days in each.
const COLUMNS: usize = 62;

/// One or several days in a row.
struct Column {
    from: String,
    to: String,
    matches: u64,
}

/// Days as columns of a chart, and how many days each of them has; the last one may have fewer.
fn columns(days: &[Day]) -> (usize, Vec<Column>) {
    let each = days.len().div_ceil(COLUMNS).max(1);
    let column = |days: &[Day]| {
        let (first, last) = days.first().zip(days.last())?;
        Some(Column {
            from: first.day.clone(),
            to: last.day.clone(),
            matches: days.iter().map(|day| day.matches).sum(),
        })
    };
    (each, days.chunks(each).filter_map(column).collect())
}

/// A count with its thousands apart: `1,234`.
#[must_use]
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What is to be said of matches without a time, where there are any.
fn undated(counted: &Counted) -> Option<String> {
    let say = match counted.undated {
        0 => return None,
        1 => "says",
        _ => "say",
    };
    let many = plural(counted.undated, "record");
    Some(format!(
        "{many} {say} no time: counted here, and in no day and no alarm"
    ))
}

/// A length of time: `3d 4h`, `2h 05m`, `7m`, `40s`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m"),
        (0, ..) => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

/// Bytes: `1.2 GB`, `34 MB`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "for people")]
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{} kB", count / 1_000),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.2} GB", count as f64 / 1e9),
    }
}

fn plural(count: u64, what: &str) -> String {
    let ending = match (count, what.ends_with('h')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{} {what}{ending}", thousands(count))
}
