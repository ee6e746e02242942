//! What holds for every pattern and every event.

use std::ops::Range;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use trailwarden_pattern::{
    Condition, Decimal, Field, FieldKind, Form, MatcherSet, Node, NodeKind, Pattern, Scratch, Test,
};

use crate::slow;

fn word(all: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(all).prop_map(str::to_owned)
}

fn blank() -> impl Strategy<Value = String> {
    word(&["", " ", " ", "  ", "\t", "\n", " \r\n"])
}

/// A way to a field of the events below. A pattern may have few wildcards, so most ways have none.
fn selector() -> impl Strategy<Value = String> {
    let step = || {
        prop_oneof![
            6 => word(&[".a", ".b", ".c", ".['a']", ".['b']"]),
            1 => word(&[".a-b", ".['a.b']", ".['']", ".['é']", ".['a b']", ".A", ".0"]),
            2 => word(&["[0]", "[1]", "[00]", "[99999999999999999999]"]),
        ]
    };
    let steps = |most| proptest::collection::vec(step(), 0..=most).prop_map(|steps| steps.concat());
    let wild = (steps(1), word(&["[*]", ".*"]), steps(1)).prop_map(|(a, b, c)| format!("${a}{b}{c}"));
    let far = (step(), steps(2)).prop_map(|(a, b)| format!("${a}{b}"));
    let near = word(&["$.a", "$.a", "$.b", "$.['c']"]);
    prop_oneof![2 => wild, 4 => far, 4 => near]
}

const NUMBERS: &[&str] = &[
    "1",
    "1.0",
    "1e0",
    "+1",
    "10e-1",
    "01",
    "-1",
    "-1.0",
    "0",
    "-0",
    "10",
    "1e1",
    "0.5",
    "5e-1",
    "2",
    "404",
    "9007199254740993",
];

fn number() -> impl Strategy<Value = String> {
    word(NUMBERS)
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => word(&["x", "\"x\"", "1", "*", "*x*"]),
        4 => word(&[
            "x", "\"x\"", "x*", "*x", "*x*", "*", "\"*\"", "**", "***", "x*y", "\"x y\"", "\"*y\"", "\"\"",
        ]),
        1 => word(&[
            "\"\\\"x\\\"\"", "\"a\\\\b\"", "\"\\x\"", "\"é\"", "\"É*\"", "\"\u{fffd}\"", "A", "ERROR", "a.b",
            "-",
        ]),
        3 => number(),
        2 => word(&["\"1\"", "\"1.0\"", "1*", "*1", "*0*", "\"1*\"", "1E1", "4*", "1.", ".5"]),
        1 => word(&["%x%", "%^1%", "%[^x]$%", "%\\x78|y%", "%^$%", "%.%", "%\\d{1,2}%"]),
    ]
}

fn comparison() -> impl Strategy<Value = String> {
    let equality = (word(&["=", "!="]), blank(), value());
    let order = (word(&["<", "<=", ">", ">="]), blank(), number());
    prop_oneof![3 => equality, 1 => order]
        .prop_map(|(operator, blank, value)| format!("{operator}{blank}{value}"))
}

fn test() -> impl Strategy<Value = String> {
    let compare = (blank(), comparison()).prop_map(|(blank, comparison)| format!("{blank}{comparison}"));
    let keyword = word(&[
        " IS NULL",
        " IS TRUE",
        " IS  FALSE",
        " NOT EXISTS",
        "\nNOT\tEXISTS",
    ]);
    (selector(), prop_oneof![3 => compare, 1 => keyword])
        .prop_map(|(selector, rest)| format!("{selector}{rest}"))
}

fn json_pattern() -> impl Strategy<Value = String> {
    let formula = test().prop_recursive(3, 6, 3, |inner| {
        let joined = proptest::collection::vec((inner.clone(), blank(), word(&["&&", "||"]), blank()), 1..3);
        let chain = (joined, inner.clone()).prop_map(|(all, last)| {
            let all = all.into_iter().map(|(a, b, c, d)| format!("{a}{b}{c}{d}"));
            all.collect::<String>() + &last
        });
        let grouped = (inner, blank()).prop_map(|(inner, blank)| format!("({blank}{inner}{blank})"));
        prop_oneof![chain, grouped]
    });
    (blank(), formula, blank()).prop_map(|(a, b, c)| format!("{{{a}{b}{c}}}"))
}

fn entry() -> impl Strategy<Value = String> {
    let name = || word(&["w", "status", "w-1", "1"]);
    let asked = (
        name(),
        blank(),
        proptest::collection::vec((comparison(), blank(), word(&["&&", "||"])), 1..3),
    )
        .prop_map(|(name, blank, all)| {
            let last = all.len() - 1;
            let all = all
                .into_iter()
                .enumerate()
                .map(|(at, (comparison, space, sign))| {
                    let sign = if at == last {
                        String::new()
                    } else {
                        format!("{space}{sign}{blank}")
                    };
                    format!("{name}{blank}{comparison}{sign}")
                });
            all.collect::<String>()
        });
    prop_oneof![2 => asked, 2 => name(), 1 => blank()]
}

fn delimited_pattern() -> impl Strategy<Value = String> {
    let entries = (
        proptest::collection::vec((blank(), entry(), blank()), 0..4),
        any::<Index>(),
        any::<bool>(),
    );
    entries.prop_map(|(entries, at, ellipsis)| {
        let mut texts: Vec<String> = entries
            .into_iter()
            .map(|(a, b, c)| format!("{a}{b}{c}"))
            .collect();
        if ellipsis {
            texts.insert(at.index(texts.len() + 1), "...".to_owned());
        }
        format!("[{}]", texts.join(","))
    })
}

fn terms_pattern() -> impl Strategy<Value = String> {
    let text = word(&[
        "x", "ERROR", "1", "WARN", "\"x\"", "\"a b\"", "\" \"", "\"\"", "\"\\\"\"", "\"é\"", "%[xy]%",
        "%^ERR%", "\"\\\\\"",
    ]);
    let term = (
        word(&["", "", "", "-", "?", "?"]),
        text,
        word(&[" ", "  ", "\t", "\n"]),
    );
    proptest::collection::vec(term, 0..4)
        .prop_map(|all| all.into_iter().map(|(a, b, c)| format!("{a}{b}{c}")).collect())
}

/// Parts of patterns in any order: mostly what is refused.
fn soup() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        word(&[
            "{", "}", "[", "]", "(", ")", "$", ".", ",", "\"", "'", "%", "\\", "*", "...", "&&", "||", "&",
            "|", "!"
        ]),
        word(&[
            "=", "==", "<>", "=~", "!==", ">=", "?", "-", " ", "\n", "\u{a0}", "é", "😀", "IS", "is null",
            "NOT", "EXISTS"
        ]),
        word(&[
            "$.a", "$.['é']", "$['a']", "a", ".a", "['", "']", "[*]", "[0]", "x{2", "(x)", "\\x2", "\\é",
            "[é-a]"
        ]),
        selector(),
        test(),
        value(),
        entry(),
    ];
    let inner = proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat());
    (
        inner,
        select(
            &[
                ("", ""),
                ("{", "}"),
                ("[", "]"),
                (" {", "} "),
                ("{", ""),
                ("[", ""),
                ("%", "%"),
            ][..],
        ),
    )
        .prop_map(|(inner, (open, close))| format!("{open}{inner}{close}"))
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => word(&["\"x\"", "1"]),
        6 => word(&[
            "\"x\"", "\"x y\"", "\"\"", "\"A\"", "\"1\"", "\"1.0\"", "\"ERROR\"", "\"10\"", "\"a.b\"",
            "\"*\"", "\"x*y\"",
        ]),
        2 => word(&[
            "\"\\u0078\"", "\"\\u00e9\"", "\"é\"", "\"\\ud800\"", "\"\\ud83d\\ude00y\"",
            "\"\\udc00\\ud800x\"", "\"\\\"x\\\"\"", "\"a\\\\b\"", "\"\\/\\n\"",
        ]),
        5 => word(&[
            "1", "1.0", "1e0", "10E-1", "-1", "0", "-0", "10", "0.5", "404", "2", "1e+1", "9007199254740992",
            "9007199254740993",
        ]),
        3 => word(&["null", "true", "false"]),
    ]
}

/// A JSON value as text.
fn json() -> impl Strategy<Value = String> {
    scalar().prop_recursive(3, 12, 4, |inner| {
        let element = (blank(), inner.clone(), blank()).prop_map(|(a, b, c)| format!("{a}{b}{c}"));
        let array = proptest::collection::vec(element, 0..3).prop_map(|all| format!("[{}]", all.join(",")));
        prop_oneof![1 => array, 2 => object(inner, 0..4)]
    })
}

/// An object; keys may stand there twice, and in two spellings.
fn object(
    value: impl Strategy<Value = String> + 'static,
    members: Range<usize>,
) -> impl Strategy<Value = String> {
    let key = prop_oneof![
        8 => word(&["\"a\"", "\"b\"", "\"c\"", "\"\\u0061\""]),
        1 => word(&["\"a-b\"", "\"a.b\"", "\"\"", "\"é\"", "\"\\u00E9\"", "\"A\"", "\"0\"", "\"a b\""]),
    ];
    let member =
        (key, blank(), value, blank()).prop_map(|(key, a, value, b)| format!("{a}{key}{b}:{a}{value}{b}"));
    proptest::collection::vec(member, members).prop_map(|all| format!("{{{}}}", all.join(",")))
}

fn json_event() -> impl Strategy<Value = Vec<u8>> {
    let root = object(prop_oneof![scalar(), json()], 1..7);
    let whole = prop_oneof![8 => root, 1 => json()];
    let damage = proptest::option::weighted(0.1, (any::<Index>(), 0..4_u8, any::<u8>()));
    (blank(), whole, blank(), damage).prop_map(|(before, text, after, damage)| {
        let mut bytes = format!("{before}{text}{after}").into_bytes();
        if let Some((at, sort, byte)) = damage {
            let at = at.index(bytes.len());
            match sort {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, byte),
                2 => bytes.insert(at, b','),
                _ => bytes[at] = byte,
            }
        }
        bytes
    })
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let part = word(&[
        "x",
        "ERROR",
        "WARN",
        "1",
        "1.0",
        "404",
        "4e2",
        "[a b]",
        "\"a b\"",
        "[a",
        "\"",
        "b]",
        "[a]b",
        "[]",
        "\"\"",
        "é",
        "x.html",
        "[x",
        "y]",
        "{\"a\":1}",
        "+1",
        "\u{b}",
        "\\",
    ]);
    let blanks = word(&[" ", " ", "  ", "\t", "\n", "\u{c}", "\u{a0}"]);
    let words = proptest::collection::vec((part, blanks), 0..6).prop_map(|all| {
        all.into_iter()
            .map(|(a, b)| format!("{a}{b}"))
            .collect::<String>()
    });
    let cut = (words, any::<bool>()).prop_map(|(words, trim)| match trim {
        true => words.trim_end().as_bytes().to_vec(),
        false => words.into_bytes(),
    });
    prop_oneof![8 => cut, 1 => proptest::collection::vec(any::<u8>(), 0..30)]
}

/// A pattern that is meant well, and an event that it may match.
fn pair() -> impl Strategy<Value = (String, Vec<u8>)> {
    prop_oneof![
        6 => (json_pattern(), json_event()),
        3 => (delimited_pattern(), line()),
        2 => (terms_pattern(), line()),
        1 => (prop_oneof![delimited_pattern(), terms_pattern()], json_event()),
        1 => (json_pattern(), line()),
    ]
}

fn any_pattern() -> impl Strategy<Value = String> {
    let meant_well = || prop_oneof![json_pattern(), delimited_pattern(), terms_pattern()];
    let damaged = (meant_well(), any::<Index>(), any::<Option<char>>()).prop_map(|(text, at, c)| {
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len() + 1);
        match c {
            Some(c) => chars.insert(at, c),
            None if at < chars.len() => drop(chars.remove(at)),
            None => {}
        }
        chars.into_iter().collect()
    });
    prop_oneof![meant_well(), damaged, soup(), any::<String>()]
}

/// Checks that every place in a formula is a text, and lies within the place around it.
fn formula_nests<T>(text: &str, outer: &Range<usize>, node: &Node<T>, test: &dyn Fn(&Range<usize>, &T)) {
    inside(text, outer, &node.span);
    match &node.kind {
        NodeKind::Test(one) => test(&node.span, one),
        NodeKind::All(nodes) | NodeKind::Any(nodes) => {
            assert!(nodes.len() >= 2, "{text:?}");
            nodes
                .iter()
                .for_each(|inner| formula_nests(text, &node.span, inner, test));
            let apart = nodes.windows(2).all(|two| two[0].span.end <= two[1].span.start);
            assert!(apart, "{text:?}: {node_span:?}", node_span = node.span);
        }
    }
}

fn inside(text: &str, outer: &Range<usize>, inner: &Range<usize>) {
    assert!(text.get(inner.clone()).is_some(), "{text:?}: {inner:?}");
    assert!(
        outer.start <= inner.start && inner.end <= outer.end,
        "{text:?}: {inner:?} in {outer:?}"
    );
}

fn places_nest(text: &str, form: &Form) {
    let all = 0..text.len();
    match form {
        Form::Json(node) => formula_nests(text, &all, node, &|span, test: &Test| {
            inside(text, span, &test.selector.span);
            assert!(text[test.selector.span.clone()].starts_with('$'), "{text:?}");
            if let Condition::Compare(compare) = &test.condition {
                inside(text, span, &compare.operator_span);
                inside(text, span, &compare.value_span);
                assert_eq!(
                    &text[compare.operator_span.clone()],
                    compare.operator.sign(),
                    "{text:?}"
                );
            }
        }),
        Form::Delimited(fields) => {
            assert!(
                fields.windows(2).all(|two| two[0].span.end < two[1].span.start),
                "{text:?}"
            );
            for Field { span, kind } in fields {
                inside(text, &all, span);
                assert_eq!(text[span.clone()].trim(), &text[span.clone()], "{text:?}");
                if let FieldKind::Word {
                    condition: Some(node),
                    ..
                } = kind
                {
                    formula_nests(text, span, node, &|span, compare| {
                        inside(text, span, &compare.operator_span);
                        inside(text, span, &compare.value_span);
                        assert_eq!(
                            &text[compare.operator_span.clone()],
                            compare.operator.sign(),
                            "{text:?}"
                        );
                    });
                }
            }
        }
        Form::Terms(terms) => {
            assert!(
                terms.windows(2).all(|two| two[0].span.end < two[1].span.start),
                "{text:?}"
            );
            for term in terms {
                inside(text, &all, &term.span);
            }
        }
    }
}

/// Every node of a formula, the whole first.
fn nodes(node: &Node<Test>) -> Vec<&Node<Test>> {
    let inner = match &node.kind {
        NodeKind::All(inner) | NodeKind::Any(inner) => inner.as_slice(),
        NodeKind::Test(_) => &[],
    };
    [node].into_iter().chain(inner.iter().flat_map(nodes)).collect()
}

fn tests(form: &Form) -> Vec<&Test> {
    match form {
        Form::Json(node) => node.tests(),
        Form::Delimited(_) | Form::Terms(_) => Vec::new(),
    }
}

fn read_again(text: &str) -> Result<Pattern, TestCaseError> {
    Pattern::parse(text).map_err(|problems| TestCaseError::fail(format!("{text}: {problems}")))
}

proptest! {
    #![proptest_config(Config::with_cases(2000))]

    #[test]
    fn the_matcher_and_the_slow_evaluator_agree((text, message) in pair()) {
        if let Ok(pattern) = Pattern::parse(&text) {
            let slow = slow::matches(pattern.form(), &message).expect("no deep nesting is drawn");
            prop_assert_eq!(pattern.matcher().is_match(&message), slow);
        }
    }

    #[test]
    fn a_set_decides_what_each_of_its_patterns_does(
        texts in proptest::collection::vec(prop_oneof![6 => json_pattern(), 1 => terms_pattern()], 0..6),
        message in prop_oneof![8 => json_event(), 1 => line()],
    ) {
        let patterns: Vec<Pattern> = texts.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
        let fields = [&["a"][..], &["b", "a"], &["c", "a", "b"]];
        let set = MatcherSet::new(&patterns.iter().collect::<Vec<_>>(), &fields);
        let mut scratch = Scratch::default();
        // Another event that went before leaves nothing behind.
        set.look(br#"{"a":"x","b":{"a":"x"},"c":{"a":{"b":1}}}"#, &mut scratch);
        let look = set.look(&message, &mut scratch);
        for (at, pattern) in patterns.iter().enumerate() {
            prop_assert_eq!(look.is_match(at), pattern.matcher().is_match(&message), "{}", pattern);
        }
        for (at, names) in fields.iter().enumerate() {
            let value = serde_json::from_slice::<serde_json::Value>(&message);
            // It refuses halves of surrogate pairs, and numbers beyond a double.
            if let Ok(value) = value {
                let text = value.pointer(&format!("/{}", names.join("/"))).and_then(|value| value.as_str());
                let found = look.text(at);
                prop_assert_eq!(found.as_deref(), text);
            }
        }
    }

    #[test]
    fn the_canonical_spelling_is_a_pattern_that_matches_the_same((text, message) in pair()) {
        if let Ok(pattern) = Pattern::parse(&text) {
            let canonical = pattern.canonical();
            let again = read_again(&canonical)?;
            prop_assert_eq!(again.canonical(), canonical);
            prop_assert!(again.same_spelt(&pattern) && pattern.same_spelt(&again));
            prop_assert_eq!(again.matcher().is_match(&message), pattern.matcher().is_match(&message));
        }
    }

    #[test]
    fn any_text_is_read_or_refused_and_all_places_lie_within_it(text in any_pattern()) {
        match Pattern::parse(&text) {
            Ok(pattern) => {
                prop_assert_eq!(pattern.text(), &text);
                places_nest(&text, pattern.form());
                prop_assert!(!pattern.explain().is_empty());
                for problem in pattern.lints() {
                    let suggested = problem.suggestion.iter().map(|suggestion| &suggestion.span);
                    for span in suggested.chain([&problem.span]) {
                        prop_assert!(text.get(span.clone()).is_some(), "{:?}", problem);
                    }
                }
            }
            Err(problems) => {
                prop_assert!(!problems.as_slice().is_empty());
                let mut before = 0;
                for problem in &problems {
                    let suggested = problem.suggestion.iter().map(|suggestion| &suggestion.span);
                    for span in suggested.chain([&problem.span]) {
                        prop_assert!(text.get(span.clone()).is_some(), "{:?}", problem);
                    }
                    prop_assert!(before <= problem.span.start, "{:?}", problems);
                    before = problem.span.start;
                }
            }
        }
    }

    #[test]
    fn what_stands_at_the_place_of_a_node_is_that_node(text in json_pattern()) {
        let Ok(pattern) = Pattern::parse(&text) else { return Ok(()) };
        let Form::Json(root) = pattern.form() else { return Ok(()) };
        for node in nodes(root) {
            // As many blanks before it as in the pattern, so that its place is the same.
            let alone = format!("{{{}{}}}", " ".repeat(node.span.start - 1), &text[node.span.clone()]);
            let again = read_again(&alone)?;
            prop_assert!(matches!(again.form(), Form::Json(read) if read == node), "{}", alone);
        }
    }

    #[test]
    fn no_bytes_make_a_matcher_panic(
        text in any_pattern(),
        message in prop_oneof![json_event(), line(), proptest::collection::vec(any::<u8>(), 0..60)],
    ) {
        if let Ok(pattern) = Pattern::parse(&text) {
            let slow = slow::matches(pattern.form(), &message).expect("no deep nesting is drawn");
            prop_assert_eq!(pattern.matcher().is_match(&message), slow);
        }
    }

    #[test]
    fn a_selector_reads_back_as_it_is_shown(text in json_pattern()) {
        if let Ok(pattern) = Pattern::parse(&text) {
            for test in tests(pattern.form()) {
                let shown = format!("{{{} NOT EXISTS}}", test.selector);
                let again = read_again(&shown)?;
                prop_assert_eq!(&tests(again.form())[0].selector.steps, &test.selector.steps);
            }
        }
    }

    #[test]
    fn small_numbers_are_ordered_as_the_integers_that_they_are_a_power_of_ten_away_from(
        a in (-9999_i64..=9999, -6_i32..=6),
        b in (-9999_i64..=9999, -6_i32..=6),
        tens in (0_u32..4, 0_u32..4),
    ) {
        let scaled = |(digits, power): (i64, i32)| {
            i128::from(digits) * 10_i128.pow(u32::try_from(power + 6).expect("not below zero"))
        };
        let spelt = |(digits, power): (i64, i32), tens: u32| {
            let text = format!("{}e{}", digits * 10_i64.pow(tens), power - i32::try_from(tens).expect("small"));
            Decimal::parse(text.as_bytes()).expect("a number")
        };
        let (x, y) = (spelt(a, tens.0), spelt(b, tens.1));
        prop_assert_eq!(x.cmp(&y), scaled(a).cmp(&scaled(b)));
        prop_assert_eq!(x == y, scaled(a) == scaled(b));
        prop_assert_eq!(Decimal::parse(x.to_text().as_bytes()), Some(x));
    }
}

/// The laws above say nothing if nothing is read or nothing matches.
#[test]
fn a_fair_share_of_what_is_drawn_is_read_and_matches() {
    let mut runner = TestRunner::deterministic();
    let (mut drawn, mut read, mut matched) = ([0_u32; 3], [0_u32; 3], [0_u32; 3]);
    for _ in 0..3000 {
        let (text, message) = pair().new_tree(&mut runner).expect("drawn").current();
        let form = match text.chars().next() {
            Some('{') => 0,
            Some('[') => 1,
            _ => 2,
        };
        drawn[form] += 1;
        if let Ok(pattern) = Pattern::parse(&text) {
            read[form] += 1;
            matched[form] += u32::from(pattern.matcher().is_match(&message));
        }
    }
    for form in 0..3 {
        let counts = format!(
            "form {form}: {} drawn, {} read, {} match",
            drawn[form], read[form], matched[form]
        );
        assert!(read[form] * 10 > drawn[form] * 6, "{counts}");
        assert!(matched[form] * 10 > read[form], "{counts}");
        assert!(matched[form] * 10 < read[form] * 9, "{counts}");
    }
}

proptest! {
    #![proptest_config(Config { cases: 1_000, failure_persistence: None, ..Config::default() })]

    /// Warnings know names and words; values that are none of them must not confuse their places.
    #[test]
    fn any_value_of_a_known_field_is_looked_over(
        field in proptest::sample::select(vec![
            "eventName", "eventSource", "errorCode", "userIdentity.type", "readOnly", "awsRegion", "resources[*].type",
        ]),
        operator in proptest::sample::select(vec!["=", "!="]),
        value in "([A-Z][a-z]{0,6}|[*]|ä|\u{200b}|[a-z.]{1,8}|€){0,4}",
        source in proptest::sample::select(vec!["iam.amazonaws.com", "s3.amazonaws.com", "lambda.amazonaws.com", "x"]),
    ) {
        let text = format!("{{ $.eventSource = \"{source}\" && ($.{field} {operator} \"{value}\" || $.eventName = \"Creat\") }}");
        let pattern = Pattern::parse(&text).expect("quoted values are values");
        for lint in pattern.lints() {
            prop_assert!(text.get(lint.span.clone()).is_some(), "{lint:?}");
            if let Some(suggestion) = &lint.suggestion {
                let mut corrected = text.clone();
                prop_assert!(corrected.get(suggestion.span.clone()).is_some(), "{lint:?}");
                corrected.replace_range(suggestion.span.clone(), &suggestion.text);
                prop_assert!(Pattern::parse(&corrected).is_ok(), "{lint:?}: {corrected}");
            }
        }
    }
}
