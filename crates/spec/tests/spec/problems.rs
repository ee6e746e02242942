use std::collections::BTreeSet;

use trailwarden_spec::{Problem, Problems, SecretRef, Secrets, Source, Wanted};

use crate::cases::{CASES, STACK, WHOLE};
use crate::joins;

/// Secrets as an offline check has them: variables named `BAD*` fail, others are not looked up.
pub(crate) struct NoSecrets;

impl Secrets for NoSecrets {
    fn look_up(&self, from: &SecretRef) -> Result<Option<String>, String> {
        match from {
            SecretRef::Env(name) if name.starts_with("BAD") => {
                Err(format!("the variable `{name}` is not set"))
            }
            SecretRef::Env(name) if name.starts_with("EMPTY") => Ok(Some(" \n".into())),
            SecretRef::Env(name) if name.starts_with("MAIL") => Ok(Some("Pager@Example.com\n".into())),
            _ => Ok(None),
        }
    }
}

pub(crate) fn parse_all(texts: &[&str]) -> Result<Wanted, Problems> {
    let source = |(at, text): (usize, &&str)| Source {
        name: format!("{at}.toml"),
        text: (*text).into(),
    };
    let sources: Vec<Source> = texts.iter().enumerate().map(source).collect();
    trailwarden_spec::parse(&sources, &NoSecrets)
}

pub(crate) fn parse(text: &str) -> Result<Wanted, Problems> {
    parse_all(&[text])
}

/// Problems as a person sees them, without the drawing.
pub(crate) fn rendered(texts: &[&str], problems: &Problems) -> String {
    let place = |file: usize, start: usize| {
        let before = &texts.get(file).copied().unwrap_or_default()[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{file}:{line}:{column}")
    };
    let mut out = String::new();
    for Problem {
        code,
        file,
        span,
        message,
        label,
        help,
        also,
        severity: _,
    } in problems
    {
        let marked = texts
            .get(*file)
            .map_or("", |text| &text[span.clone()])
            .lines()
            .next()
            .unwrap_or_default();
        out += &format!(
            "{}: {code}: {message}\n    `{marked}`: {label}\n",
            place(*file, span.start)
        );
        for (file, span, label) in also {
            out += &format!("    {}: {label}\n", place(*file, span.start));
        }
        if let Some(help) = help {
            out += &format!("    help: {help}\n");
        }
    }
    out
}

#[test]
fn problems_say_what_is_wrong_where_and_the_way_out() {
    let (mut out, mut wrong) = (String::new(), String::new());
    for (text, codes) in CASES {
        let text = format!("{STACK}{text}");
        let problems = parse(&text).expect_err(&text);
        let found: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
        if found != *codes {
            wrong += &format!(
                "{found:?} for {codes:?}\n{text}\n{}\n",
                rendered(&[&text], &problems)
            );
        }
        out += &rendered(&[&text], &problems);
        out += "\n";
    }
    assert!(wrong.is_empty(), "{wrong}");
    insta::assert_snapshot!(out);
}

#[test]
fn problems_of_whole_specs() {
    let (mut out, mut wrong) = (String::new(), String::new());
    for (texts, codes) in WHOLE {
        let problems = parse_all(texts).expect_err("problems");
        let found: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
        if found != *codes {
            wrong += &format!("{found:?} for {codes:?}\n{}\n", rendered(texts, &problems));
        }
        out += &rendered(texts, &problems);
        out += "\n";
    }
    assert!(wrong.is_empty(), "{wrong}");
    insta::assert_snapshot!(out);
}

#[test]
fn what_is_too_long_or_too_many() {
    let long = "x".repeat(1025);
    let tags: String = (0..48).map(|n| format!("t{n} = \"\"\n")).collect();
    let keys: String = (0..8)
        .map(|n| format!("k{n}{} = \"\"\n", "k".repeat(40)))
        .collect();
    let filters: String = (0..101)
        .map(|n| format!("[metric_filter.f{n}]\nlog_group = \"a\"\npattern = \"\"\n"))
        .collect();
    let filters_with_regex: String = (0..6)
        .map(|n| format!("[metric_filter.f{n}]\nlog_group = \"a\"\npattern = \"%{n}%\"\n"))
        .collect();
    let dimensions: String = (0..31).map(|n| format!("d{n} = \"v\"\n")).collect();
    let rule = "[rule.r]\nlog_group = \"a\"\nnotify = []\n";
    let cases = [
        (format!("[log_group.a]\n{rule}pattern = \"{long}\"\n"), "too-long"),
        (
            format!("[log_group.a]\n{rule}pattern = \"\"\ndescription = \"{long}\"\n"),
            "bad-text",
        ),
        (
            format!("[topic.t]\ndisplay_name = \"{}\"\n", "x".repeat(101)),
            "bad-text",
        ),
        (format!("[topic.t]\nname = \"{}\"\n", "x".repeat(257)), "bad-name"),
        (format!("[topic.t]\n[topic.t.tags]\n{tags}"), "too-many"),
        (format!("[topic.t]\n[topic.t.tags]\n{keys}"), "too-many"),
        (format!("[log_group.a]\n{filters}"), "too-many"),
        (format!("[log_group.a]\n{}", filters_with_regex), "too-many"),
        (
            format!(
                "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = []\n[alarm.a.dimensions]\n{dimensions}"
            ),
            "too-many",
        ),
    ];
    let mut out = String::new();
    for (text, code) in cases {
        let text = format!("{STACK}{text}");
        let problems = parse(&text).expect_err("problems");
        assert_eq!(
            problems.iter().map(|problem| problem.code).collect::<Vec<_>>(),
            [code]
        );
        for problem in &problems {
            out += &format!(
                "{code}: {}: {}\n",
                problem.message.replace(&"x".repeat(100), "..."),
                problem.label
            );
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn every_code_is_known_and_has_a_case() {
    let cases = CASES
        .iter()
        .map(|(_, codes)| codes)
        .chain(WHOLE.iter().map(|(_, codes)| codes))
        .chain(joins::CASES.iter().map(|(_, codes)| codes));
    // Those of the two tests above beside the tables, and the warning of `topics.rs`.
    let mut tested: BTreeSet<&str> = cases
        .flat_map(|codes| codes.iter().copied())
        .filter(|code| trailwarden_pattern::Code::from_name(code).is_none())
        .collect();
    tested.insert("filtered-alarms");
    let all: BTreeSet<&str> = Problem::CODES.iter().map(|(code, _)| *code).collect();
    assert_eq!(tested, all);
    let listed: String = Problem::CODES
        .iter()
        .map(|(code, words)| format!("{code}: {words}\n"))
        .collect();
    insta::assert_snapshot!(listed);
}

#[test]
fn the_manual_lists_every_code() {
    let manual = include_str!("../../../../docs/spec.md");
    for (code, words) in Problem::CODES {
        let row = format!("| `{code}` | {words} |");
        assert!(manual.contains(&row), "{row}");
    }
}
