//! What editors do to a file: a byte order mark, CRLF line ends.

use trailwarden_spec::{Problems, Wanted};

use crate::cases::STACK;
use crate::problems::{parse, rendered};

const BOM: &str = "\u{feff}";

const SPEC: &str = r#"
tags = { team = "säkerhet" }
[log_group.a]
[rule.r]
description = """
two
lines"""
log_group = "a"
notify = []
pattern = '''
{ ($.a = "b") &&
  ($.c = "d") }
'''
"#;

const WRONG: &str = r#"
[log_group.a]
retention_days = 300
pattern = "ä"
[rule.r]
notify = ["ö", "nobody"]
[topic.u
"#;

fn good(text: &str) -> Wanted {
    parse(text).unwrap_or_else(|problems| panic!("{}", rendered(&[text], &problems)))
}

/// Where each problem is, as the marked text and its line and column.
fn places(text: &str, problems: &Problems) -> Vec<(&'static str, String, usize, usize)> {
    let place = |problem: &trailwarden_spec::Problem| {
        let before = &text[..problem.span.start];
        let line = before.matches('\n').count() + 1;
        let of_line = before.rsplit('\n').next().unwrap_or_default();
        let column = of_line.trim_start_matches(BOM).chars().count() + 1;
        let marked = text[problem.span.clone()].to_owned();
        (problem.code, marked, line, column)
    };
    problems.iter().map(place).collect()
}

/// The text with each of the two, and with both.
fn saved(text: &str) -> [String; 3] {
    let crlf = text.replace('\n', "\r\n");
    [format!("{BOM}{text}"), crlf.clone(), format!("{BOM}{crlf}")]
}

#[test]
fn a_spec_wants_the_same_however_its_file_is_saved() {
    let text = format!("{STACK}{}", &SPEC[1..]);
    let objects = |text: &str| {
        let objects = good(text).objects.into_values().map(|wish| wish.object);
        objects.collect::<Vec<_>>()
    };
    let as_written = objects(&text);
    for saved in saved(&text) {
        assert_eq!(objects(&saved), as_written, "{saved:?}");
    }
}

#[test]
fn problems_have_their_places_however_the_file_is_saved() {
    for text in [
        format!("{STACK}{WRONG}"),
        "format = 2\n".to_owned(),
        "fromat = 1\n".to_owned(),
        "[trial.x]\n".to_owned(),
        "format = x\n".to_owned(),
    ] {
        let as_written = places(&text, &parse(&text).expect_err("problems"));
        for saved in saved(&text) {
            let found = places(&saved, &parse(&saved).expect_err("problems"));
            assert_eq!(found, as_written, "{saved:?}");
        }
    }
}

#[test]
fn a_problem_in_the_first_line_of_a_marked_file_is_marked_exactly() {
    let text = format!("{BOM}format = 2\r\n");
    let problems = parse(&text).expect_err("problems");
    assert_eq!(
        places(&text, &problems),
        [("unknown-format", "2".to_owned(), 1, 10)]
    );
}
