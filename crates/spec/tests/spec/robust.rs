use proptest::prelude::*;
use trailwarden_spec::Problem;

use crate::problems::{parse, rendered};

const SPEC: &str = include_str!("../../../../specs/account-activity.toml");

/// Every problem has a known code and a place that can be shown.
fn check(text: &str) {
    let problems = match parse(text) {
        Ok(wanted) => wanted.warnings,
        Err(problems) => {
            assert!(problems.iter().next().is_some());
            problems
        }
    };
    for Problem { code, file, span, .. } in &problems {
        let known = Problem::CODES.iter().any(|(known, _)| known == code);
        assert!(
            known || trailwarden_pattern::Code::from_name(code).is_some(),
            "{code}"
        );
        assert_eq!(*file, 0);
        assert!(text.get(span.clone()).is_some(), "{span:?} of {text:?}");
    }
    rendered(&[text], &problems);
}

/// The nearest place at or before `at` where a text can be cut.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_read_or_refused(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn arbitrary_toml_is_read_or_refused(
        lines in prop::collection::vec(
            prop_oneof![
                Just("format = 1".to_owned()),
                "\\[\\[?(stack|trail|rule|topic|adopt|release|moved|bucket|x)(\\.[a-c]{1,2}){0,2}\\]{0,2}",
                "(name|bucket|notify|pattern|log_group|tags|alarm|period|heartbeat|protect|address|from|to)(\\.[a-c])? ?= ?\
                 (\"[a-c$.{}:]*\"|\"(rule|topic)\\.[a-c]\"|[0-9]{1,20}|-1|1e9|nan|true|\\[\\]|\\{ (arn|existing|notify) = \"x\" \\}|\\[\"a\", 1\\])",
            ],
            0..20,
        )
    ) {
        check(&lines.join("\n"));
    }

    #[test]
    fn a_mutated_spec_is_read_or_refused(
        from in 0..SPEC.len(),
        length in 0usize..60,
        with in prop_oneof![Just(String::new()), any::<String>(), "[\\[\\]{}\"'=.,\\n a-z0-9$]{0,12}"],
    ) {
        let (start, end) = (boundary(SPEC, from), boundary(SPEC, from + length));
        check(&format!("{}{with}{}", &SPEC[..start], &SPEC[end..]));
    }
}
