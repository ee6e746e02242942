//! What holds for every document.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use trailwarden_policy::{Caller, Policy, Request, Statement};

/// A document before it is written down: the same one can be spelt in many ways.
#[derive(Clone, Debug)]
struct Drawn {
    sid: Option<&'static str>,
    effect: &'static str,
    principal: Option<(&'static str, Vec<&'static str>)>,
    action: (&'static str, Vec<&'static str>),
    resource: Option<(&'static str, Vec<&'static str>)>,
    condition: Vec<(&'static str, &'static str, Vec<&'static str>)>,
    note: Option<u8>,
}

fn some_of(all: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(all, 1..=all.len())
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let principal = (
        select(&["Principal", "NotPrincipal"][..]),
        some_of(&["123456789012", "arn:aws:iam::210987654321:role/x", "AROAX"]),
    );
    let action = (
        select(&["Action", "NotAction"][..]),
        some_of(&["s3:PutObject", "SNS:Publish", "logs:*", "kms:GenerateDataKey*"]),
    );
    let resource = (
        select(&["Resource", "NotResource"][..]),
        some_of(&["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}"]),
    );
    let condition = (
        select(&["StringEquals", "ArnLike", "Bool", "Sounds"][..]),
        select(&["aws:SourceArn", "aws:SourceAccount"][..]),
        some_of(&["true", "30", "Text \"quoted\" \u{e9}\n", ""]),
    );
    (
        proptest::option::of(select(&["A", "B", "C"][..])),
        select(&["Allow", "Deny"][..]),
        proptest::option::of(principal),
        action,
        proptest::option::of(resource),
        proptest::collection::vec(condition, 0..3),
        proptest::option::weighted(0.2, any::<u8>()),
    )
        .prop_map(
            |(sid, effect, principal, action, resource, condition, note)| Drawn {
                sid,
                effect,
                principal,
                action,
                resource,
                condition,
                note,
            },
        )
}

fn document() -> impl Strategy<Value = Vec<Drawn>> {
    proptest::collection::vec(drawn(), 0..5)
}

/// Makes the choices that a speller is free to make, from a drawn list of numbers.
struct Choices<'a>(&'a [Index], usize);

impl Choices<'_> {
    fn below(&mut self, n: usize) -> usize {
        self.1 += 1;
        self.0[self.1 % self.0.len()].index(n)
    }

    fn shuffled<T: Clone>(&mut self, items: &[T]) -> Vec<T> {
        let mut rest = items.to_vec();
        let mut out = Vec::new();
        while !rest.is_empty() {
            out.push(rest.remove(self.below(rest.len())));
        }
        out
    }

    fn values(&mut self, values: &[&str], spell: impl Fn(&mut Self, &str) -> String) -> String {
        let mut texts: Vec<String> = self
            .shuffled(values)
            .into_iter()
            .map(|v| spell(self, v))
            .collect();
        if self.below(3) == 0 {
            texts.push(texts[0].clone());
        }
        match texts.as_slice() {
            [one] if self.below(2) == 0 => one.clone(),
            _ => format!("[{}]", texts.join(", ")),
        }
    }

    fn case(&mut self, text: &str) -> String {
        match self.below(3) {
            0 => text.to_lowercase(),
            1 => text.to_uppercase(),
            _ => text.to_owned(),
        }
    }

    fn statement(&mut self, drawn: &Drawn) -> String {
        let mut keys = vec![format!(r#""Effect": "{}""#, drawn.effect)];
        if let Some(sid) = drawn.sid
            && self.below(2) == 0
        {
            keys.push(format!(r#""Sid": "{sid}""#));
        }
        if let Some((key, values)) = &drawn.principal {
            let values = self.values(values, |choices, value| match value {
                "123456789012" if choices.below(2) == 0 => json("arn:aws:iam::123456789012:root"),
                other => json(other),
            });
            keys.push(format!(r#""{key}": {{"AWS": {values}}}"#));
        }
        let (key, values) = &drawn.action;
        let values = self.values(values, |choices, value| json(&choices.case(value)));
        keys.push(format!(r#""{key}": {values}"#));
        if let Some((key, values)) = &drawn.resource {
            let values = self.values(values, |_, value| json(value));
            keys.push(format!(r#""{key}": {values}"#));
        }
        // One operator may stand only once in a block.
        let mut operators: Vec<(String, String)> = Vec::new();
        for (operator, key, values) in self.shuffled(&first_of_each(&drawn.condition)) {
            let values = self.values(&values, |choices, value| match value {
                "true" if operator == "Bool" && choices.below(2) == 0 => json(&choices.case(value)),
                "true" | "30" if choices.below(2) == 0 => value.to_owned(),
                other => json(other),
            });
            let key = self.case(key);
            operators.push((self.case(operator), format!(r#"{{"{key}": {values}}}"#)));
        }
        let block: Vec<String> = operators.iter().map(|(o, k)| format!(r#""{o}": {k}"#)).collect();
        if !block.is_empty() || self.below(3) == 0 {
            keys.push(format!(r#""Condition": {{{}}}"#, block.join(", ")));
        }
        if let Some(note) = drawn.note {
            keys.push(format!(r#""Note": {{"n": {note}, "m": []}}"#));
        }
        format!("{{{}}}", self.shuffled(&keys).join(",\n "))
    }

    fn document(&mut self, drawn: &[Drawn]) -> Policy {
        let order: Vec<Drawn> = self.shuffled(drawn);
        let mut statements: Vec<String> = order.iter().map(|d| self.statement(d)).collect();
        if let Some(first) = order.first()
            && self.below(3) == 0
        {
            statements.push(self.statement(first));
        }
        let list = match statements.as_slice() {
            [one] if self.below(2) == 0 => one.clone(),
            _ => format!("[{}]", statements.join(",\n")),
        };
        let id = ["", r#", "Id": "x""#][self.below(2)];
        parse(&format!(
            r#"{{"Statement": {list}, "Version": "2012-10-17"{id}}}"#
        ))
    }
}

type Block = Vec<(&'static str, &'static str, Vec<&'static str>)>;

fn first_of_each(conditions: &Block) -> Block {
    let mut out = Block::new();
    for condition in conditions {
        if out.iter().all(|known| known.0 != condition.0) {
            out.push(condition.clone());
        }
    }
    out
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn parse(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// As written, without any freedom taken.
fn plain(drawn: &[Drawn]) -> Policy {
    let statements = drawn.iter().map(|d| match d.note {
        Some(note) => with_note(&statement_as_is(d), note),
        None => statement_as_is(d),
    });
    Policy::new(statements.collect())
}

fn statement_as_is(drawn: &Drawn) -> Statement {
    let mut keys = vec![
        format!(r#""Effect": "{}""#, drawn.effect),
        format!(r#""{}": {}"#, drawn.action.0, list(&drawn.action.1)),
    ];
    keys.extend(drawn.sid.map(|sid| format!(r#""Sid": "{sid}""#)));
    keys.extend(
        drawn
            .principal
            .iter()
            .map(|(k, v)| format!(r#""{k}": {{"AWS": {}}}"#, list(v))),
    );
    keys.extend(
        drawn
            .resource
            .iter()
            .map(|(k, v)| format!(r#""{k}": {}"#, list(v))),
    );
    let text = format!("{{{}}}", keys.join(", "));
    let mut statement: Statement = serde_json::from_str(&text).unwrap();
    for (operator, key, values) in first_of_each(&drawn.condition) {
        for value in values {
            statement = statement.condition(operator, key, value);
        }
    }
    statement
}

fn with_note(statement: &Statement, note: u8) -> Statement {
    let text = statement.to_json();
    let text = format!(r#"{},"Note":{{"m":[],"n":{note}}}}}"#, &text[..text.len() - 1]);
    serde_json::from_str(&text).unwrap()
}

fn list(values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|v| json(v)).collect();
    format!("[{}]", values.join(","))
}

fn freedom() -> impl Strategy<Value = Vec<Index>> {
    proptest::collection::vec(any::<Index>(), 1..60)
}

proptest! {
    #[test]
    fn reading_what_was_written_gives_the_same(drawn in document()) {
        let policy = plain(&drawn);
        prop_assert_eq!(&parse(&policy.to_json()), &policy);
        prop_assert_eq!(&parse(&policy.to_json_pretty()), &policy);
        let encoded: String = policy.to_json().bytes().map(|b| format!("%{b:02X}")).collect();
        prop_assert_eq!(&parse(&encoded), &policy);
        prop_assert_eq!(policy.to_json(), parse(&policy.to_json()).to_json());
    }

    #[test]
    fn spelling_does_not_change_meaning(drawn in document(), a in freedom(), b in freedom()) {
        let policy = plain(&drawn);
        let one = Choices(&a, 0).document(&drawn);
        let other = Choices(&b, 0).document(&drawn);
        prop_assert!(policy.same_meaning(&policy));
        prop_assert!(policy.same_meaning(&one), "{}\n{}", policy.to_json(), one.to_json());
        prop_assert!(one.same_meaning(&policy));
        prop_assert!(one.same_meaning(&other));
    }

    #[test]
    fn sameness_is_symmetric(a in document(), b in document()) {
        let (a, b) = (plain(&a), plain(&b));
        prop_assert_eq!(a.same_meaning(&b), b.same_meaning(&a));
        prop_assert!(a != b || a.same_meaning(&b));
    }

    #[test]
    fn what_means_the_same_decides_the_same(drawn in document(), a in freedom()) {
        let policy = plain(&drawn);
        let spelt = Choices(&a, 0).document(&drawn);
        let callers = [
            Caller::Service("x".into()),
            Caller::Account("123456789012".into()),
            Caller::Arn("arn:aws:sts::210987654321:assumed-role/x/y".into()),
            Caller::Anonymous,
        ];
        for caller in callers {
            for action in ["s3:putobject", "logs:PutLogEvents"] {
                let request = Request::new(caller.clone(), action, "arn:aws:s3:::b/ann")
                    .context("aws:username", "ann")
                    .context("AWS:SourceAccount", "true");
                let (found, expected) = (spelt.evaluate(&request), policy.evaluate(&request));
                prop_assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(&expected));
            }
        }
    }

    #[test]
    fn with_and_without_leave_the_others_alone(
        drawn in document(),
        new in drawn(),
        sid in select(&["A", "B", "C", "D"][..]),
    ) {
        let policy = plain(&drawn);
        let others = |policy: &Policy| -> Vec<Statement> {
            policy.statements().iter().filter(|s| s.sid() != Some(sid)).cloned().collect()
        };
        let mut new = statement_as_is(&new);
        new.sid = Some(sid.to_owned());

        let with = policy.with(new.clone());
        prop_assert_eq!(others(&with), others(&policy));
        prop_assert_eq!(with.get(sid), Some(&new));
        prop_assert_eq!(&with.with(new), &with);
        if let Some(place) = policy.statements().iter().position(|s| s.sid() == Some(sid)) {
            prop_assert_eq!(with.statements()[place].sid(), Some(sid));
        }

        let without = policy.without(sid);
        prop_assert_eq!(without.get(sid), None);
        prop_assert_eq!(others(&without), others(&policy));
        prop_assert_eq!(&with.without(sid), &without);
        prop_assert_eq!(&parse(&without.to_json()), &without);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}", percent in "[%0-9A-F{}\" ]{0,20}") {
        let _ = Policy::parse(&text);
        let _ = Policy::parse(&percent);
    }
}
