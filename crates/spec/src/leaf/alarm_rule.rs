use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use trailwarden_alarm::{Child, RuleError};

use crate::compare::{Compare, Shown, Verdict};

/// What a composite alarm makes of the states of other alarms (`PutCompositeAlarm`: `AlarmRule`).
///
/// Two rules that differ in blanks, quotes, in a name written as an ARN or in parentheses that change
/// nothing mean the same.
#[derive(Clone, Debug)]
pub struct AlarmRule {
    text: String,
    /// None for what this version cannot read, which is compared as text.
    read: Option<trailwarden_alarm::AlarmRule>,
}

impl AlarmRule {
    /// The longest rule that `CloudWatch` takes, in characters.
    pub const MAX_CHARACTERS: usize = trailwarden_alarm::AlarmRule::MAX_CHARACTERS;
    /// The most alarms that one rule asks ("`CloudWatch` service quotas": children of a composite alarm).
    pub const MAX_ALARMS: usize = trailwarden_alarm::AlarmRule::MAX_ALARMS;

    /// Reads a rule. `AND` and `OR` side by side need parentheses: AWS does not say which of the two
    /// binds stronger. In a spec, names without quotes are those of sections.
    ///
    /// # Errors
    /// The first place where it cannot be read.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let read = trailwarden_alarm::AlarmRule::parse(text).map_err(|wrong| RuleError {
            help: match wrong.help.contains("\"NAME\"") {
                true => format!(
                    "{}; without quotes it is a section, such as `rule.iam-changes`",
                    wrong.help
                ),
                false => wrong.help,
            },
            ..wrong
        })?;
        if let Some(span) = read.mixed() {
            return Err(RuleError {
                span,
                message: "`AND` and `OR` stand side by side".into(),
                label: "which of them comes first?",
                help: "write parentheses: AWS does not say which binds stronger".into(),
            });
        }
        Ok(Self {
            text: text.trim().to_owned(),
            read: Some(read),
        })
    }

    /// A rule as an account holds it, which may say what this version cannot read.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self {
            text: text.trim().to_owned(),
            read: trailwarden_alarm::AlarmRule::parse(text).ok(),
        }
    }

    /// The rule with every alarm called by its name, in one spelling.
    #[must_use]
    pub fn named(self, name: &mut dyn FnMut(&Child) -> String) -> Self {
        let read = self.read.map(|read| read.named(name));
        Self {
            text: read.as_ref().map_or(self.text, ToString::to_string),
            read,
        }
    }

    /// What is sent, or was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of the alarms that it asks; none where it cannot be read.
    #[must_use]
    pub fn alarms(&self) -> BTreeSet<String> {
        let names = self.read.iter().flat_map(trailwarden_alarm::AlarmRule::names);
        names.map(str::to_owned).collect()
    }
}

impl PartialEq for AlarmRule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Serialize for AlarmRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl Compare for AlarmRule {
    fn verdict(&self, live: &Self) -> Verdict {
        if self.text == live.text {
            Verdict::Same
        } else if self.read.is_some() && self.read == live.read {
            Verdict::SameMeaning
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        Shown::Plain(self.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn and_and_or_side_by_side_need_parentheses() {
        let wrong = AlarmRule::parse("ALARM(a) OR OK(b) AND TRUE").expect_err("it is not clear");
        assert_eq!(wrong.span, 18..21);
        assert!(AlarmRule::parse("ALARM(a) OR (OK(b) AND TRUE)").is_ok());
        let missing = AlarmRule::parse("ALARM()").expect_err("an alarm is missing");
        assert!(
            missing.help.contains("such as `rule.iam-changes`"),
            "{}",
            missing.help
        );
    }

    #[test]
    fn an_account_may_hold_what_a_spec_may_not_say() {
        let live = AlarmRule::read("ALARM(a) OR OK(b) AND TRUE");
        assert_eq!(live.alarms(), ["a".to_owned(), "b".to_owned()].into());
        assert!(AlarmRule::read("SOMETHING(new)").alarms().is_empty());
    }

    #[test]
    fn rules_are_compared_by_meaning() {
        let verdict = |a: &str, b: &str| AlarmRule::read(a).verdict(&AlarmRule::read(b));
        assert_eq!(verdict("ALARM(a)", "ALARM(a)"), Verdict::Same);
        assert_eq!(verdict("ALARM(\"a\")", "(ALARM(a))"), Verdict::SameMeaning);
        assert_eq!(verdict("ALARM(a)", "OK(a)"), Verdict::Differs);
        let two = "AT_LEAST(2, ALARM, (a, b))";
        assert_eq!(
            verdict(two, "AT_LEAST(2,ALARM,(\"a\",\"b\"))"),
            Verdict::SameMeaning
        );
        assert_eq!(verdict("ALARM(a)", two), Verdict::Differs);
        let strange = "SOMETHING(new)";
        assert_eq!(verdict(strange, strange), Verdict::Same);
        assert_eq!(verdict(strange, "SOMETHING( new )"), Verdict::Differs);
    }
}
