//! What Prowler looks for in a pattern's text: its checks' regular expressions, taken apart.
//!
//! Prowler 5.46, `prowler/providers/aws/services/cloudwatch/lib/metric_filters.py`: parts in any order, an event's
//! name up to the end of the word, any one character where a quote may be. Two checks have a regular
//! expression of their own, whose parts come in one order.

use trailwarden_spec::packs::Control;

/// The parts that a check looks for.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    parts: Vec<Part>,
    in_order: bool,
}

#[derive(Clone, Debug)]
struct Part {
    field: &'static str,
    operator: &'static str,
    value: String,
    /// The value ends where a word does.
    is_word: bool,
}

impl Look {
    /// The parts of the check of a control.
    pub(crate) fn of(control: &Control) -> Self {
        let part = |field, operator, value: &str| Part {
            field,
            operator,
            value: value.into(),
            is_word: false,
        };
        let name = |name: &str| Part {
            is_word: true,
            ..part("$.eventName", "=", name)
        };
        let (parts, in_order) = match control.slug {
            "unauthorized-calls" => (
                vec![
                    part("$.errorCode", "=", "*UnauthorizedOperation"),
                    part("$.errorCode", "=", "AccessDenied*"),
                ],
                true,
            ),
            "root-use" => (
                vec![
                    part("$.userIdentity.type", "=", "Root"),
                    part("$.userIdentity.invokedBy NOT EXISTS", "", ""),
                    part("$.eventType", "!=", "AwsServiceEvent"),
                ],
                true,
            ),
            "sign-in-without-mfa" => (
                vec![
                    name("ConsoleLogin"),
                    part("$.additionalEventData.MFAUsed", "!=", "Yes"),
                ],
                false,
            ),
            "failed-sign-ins" => (
                vec![
                    name("ConsoleLogin"),
                    part("$.errorMessage", "=", "Failed authentication"),
                ],
                false,
            ),
            slug => {
                // The names of the published text are those that it looks for, and of some the service.
                let text = control.auditor.unwrap_or_default();
                let names = text.split("$.eventName=").skip(1);
                let names = names.filter_map(|part| part.split(')').next());
                // Prowler knows nothing of what version 5.0 adds.
                let names = names.filter(|text| *text != "ModifySecurityGroupRules");
                let mut parts: Vec<Part> = names.map(name).collect();
                let source = match slug {
                    "keys" => Some("kms.amazonaws.com"),
                    "bucket-policies" => Some("s3.amazonaws.com"),
                    "config" => Some("config.amazonaws.com"),
                    "route-tables" => Some("ec2.amazonaws.com"),
                    "organization" => Some("organizations.amazonaws.com"),
                    _ => None,
                };
                parts.extend(source.map(|source| part("$.eventSource", "=", source)));
                (parts, false)
            }
        };
        Self { parts, in_order }
    }

    /// The parts that a text does not have.
    pub(crate) fn missing(&self, text: &str) -> Vec<String> {
        let mut from = 0;
        let mut missing = Vec::new();
        for part in &self.parts {
            match part.find(text.get(from..).unwrap_or_default()) {
                // Between two parts in order there is at least one character.
                Some(end) if self.in_order => from += end + 1,
                Some(_) => {}
                None => missing.push(part.to_string()),
            }
        }
        missing
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.operator {
            "" => f.write_str(self.field),
            operator => write!(f, "{} {operator} {}", self.field, self.value),
        }
    }
}

impl Part {
    /// Where the first place ends that has it.
    fn find(&self, text: &str) -> Option<usize> {
        let places = text.match_indices(self.field);
        places.map(|(at, _)| at + self.field.len()).find_map(|at| {
            let rest = &text[at..];
            if self.operator.is_empty() {
                return Some(at);
            }
            let after = rest.trim_start().strip_prefix(self.operator)?.trim_start();
            // Any one character may stand where a quote would.
            let mut quoted = after.chars();
            quoted.next();
            let value = [after, quoted.as_str()]
                .into_iter()
                .find_map(|text| text.strip_prefix(self.value.as_str()))?;
            let ends = |c: char| !(c.is_alphanumeric() || c == '_');
            let good = !self.is_word || value.chars().next().is_none_or(ends);
            good.then(|| text.len() - value.len())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trailwarden_spec::packs::{Pack, Spelling};

    fn look(slug: &str) -> Look {
        let controls = Pack::find("cis")
            .map(|pack| pack.controls("1.4"))
            .unwrap_or_default();
        let control = controls.iter().find(|control| control.slug == slug);
        Look::of(control.expect("a control"))
    }

    #[test]
    fn published_texts_have_all_parts() {
        for version in ["1.2", "1.4", "3.0", "5.0"] {
            for control in Pack::find("cis").expect("a pack").controls(version) {
                let look = Look::of(&control);
                assert!(look.parts.len() >= 2, "{}", control.id);
                assert_eq!(look.missing(control.pattern(Spelling::Auditor)), [""; 0]);
            }
        }
    }

    #[test]
    fn parts_are_found_as_prowler_finds_them() {
        let keys = look("keys");
        let missing = |text: &str| keys.missing(text).len();
        let good = "{ ($.eventSource = \"kms.amazonaws.com\") && (($.eventName = \"DisableKey\") || ($.eventName=ScheduleKeyDeletion)) }";
        assert_eq!(missing(good), 0);
        // The end of a word, and more than one character where a quote may be.
        assert_eq!(missing(&good.replace("DisableKey", "DisableKeyRotation")), 1);
        assert_eq!(missing(&good.replace("\"DisableKey", "\"\"DisableKey")), 1);
        assert_eq!(missing(&good.replace("eventName = \"D", "eventName != \"D")), 1);
        // A wildcard is no name.
        assert_eq!(missing(&good.replace("DisableKey", "Disable*")), 1);
        let root = look("root-use");
        let text = "{ $.eventType != \"AwsServiceEvent\" && $.userIdentity.type = \"Root\" && $.userIdentity.invokedBy NOT EXISTS }";
        assert_eq!(root.missing(text), ["$.eventType != AwsServiceEvent"]);
    }
}
