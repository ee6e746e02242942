//! The links, a page for each part of the chain.

pub(crate) mod alarm;
pub(crate) mod filter;
pub(crate) mod source;
pub(crate) mod topic;

/// What repairs a difference from the spec.
pub(crate) const APPLY: &str = "`trailwarden plan` shows the difference, `trailwarden apply` repairs it";

/// The way out where the spec does not make what is broken.
pub(crate) const OWNER: &str = "the spec does not make it: its owner has to repair it";

/// A length of time as people say it.
pub(crate) fn ago(seconds: i64) -> String {
    let (number, unit) = match seconds.max(0) {
        s if s < 120 => (s, "second"),
        s if s < 2 * 3600 => (s / 60, "minute"),
        s if s < 2 * 86_400 => (s / 3600, "hour"),
        s => (s / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::ago;

    #[test]
    fn times_are_said_as_people_do() {
        let said = [0, 1, 119, 120, 7199, 7200, 172_799, 172_800].map(ago);
        assert_eq!(
            said,
            [
                "0 seconds",
                "1 second",
                "119 seconds",
                "2 minutes",
                "119 minutes",
                "2 hours",
                "47 hours",
                "2 days"
            ]
        );
    }
}
