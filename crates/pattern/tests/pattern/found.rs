//! What the laws and the rows have found wrong.

use trailwarden_pattern::{Extractor, FieldKind, Form, Pattern};

fn read(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|problems| panic!("{problems}: {text}"))
}

/// A condition on a word has its own place, also where blanks stand before the operator.
#[test]
fn the_place_of_a_condition_on_a_word_begins_at_the_name() {
    let text = "[status = 4*]";
    let pattern = read(text);
    let Form::Delimited(fields) = pattern.form() else {
        panic!("{text}");
    };
    let FieldKind::Word {
        condition: Some(node),
        ..
    } = &fields[0].kind
    else {
        panic!("{text}");
    };
    assert_eq!(&text[node.span.clone()], "status = 4*");
}

/// `\xhh` has two hexadecimal digits (1.4); a sign is none.
#[test]
fn a_sign_is_no_hexadecimal_digit() {
    let problems = Pattern::parse(r"%\x+1%").expect_err("no two digits");
    assert_eq!(problems.as_slice()[0].code.as_str(), "bad-regex");
}

/// The canonical spelling of a canonical spelling is itself, at the end of all numbers, too.
#[test]
fn the_canonical_spelling_of_the_smallest_numbers_is_one() {
    let pattern = read("{ $.a > 0.001e-9999999999999 }");
    let canonical = pattern.canonical();
    assert_eq!(read(&canonical).canonical(), canonical);
}

/// The last word takes all that is left as it stands, brackets included.
#[test]
fn the_rest_of_a_line_keeps_the_sign_that_its_first_word_begins_with() {
    let pattern = read("[level, rest]");
    let rest = Extractor::new(pattern.form(), "$rest").expect("a field");
    let text = rest.text(br#"ERROR [main] "it broke" again"#).expect("a text");
    assert_eq!(String::from_utf8_lossy(&text), r#"[main] "it broke" again"#);
}

/// A number with a capital `E` is none in a pattern (1.2). What is offered for it has to be one.
#[test]
fn what_is_offered_for_a_number_with_a_capital_e_is_a_number() {
    for text in ["{ $.a >= 11E1 }", "{ $.a >= \"11E1\" }"] {
        let problems = Pattern::parse(text).expect_err(text);
        let problem = &problems.as_slice()[0];
        assert_eq!(problem.code.as_str(), "not-a-number");
        if let Some(suggestion) = &problem.suggestion {
            let mut mended = text.to_owned();
            mended.replace_range(suggestion.span.clone(), &suggestion.text);
            assert!(Pattern::parse(&mended).is_ok(), "{mended}: {problem}");
        }
    }
}

/// What is offered for a field without its `$` has to be a field.
#[test]
fn what_is_offered_for_a_field_with_two_dots_is_a_field() {
    let text = "{ ..a = 1 }";
    let problems = Pattern::parse(text).expect_err(text);
    for suggestion in problems
        .as_slice()
        .iter()
        .filter_map(|problem| problem.suggestion.as_ref())
    {
        let mut mended = text.to_owned();
        mended.replace_range(suggestion.span.clone(), &suggestion.text);
        assert!(Pattern::parse(&mended).is_ok(), "{mended}");
    }
}
