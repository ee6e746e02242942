//! What counts as the same and what does not, rule by rule.

use trailwarden_policy::{Policy, Statement};

fn statement(text: &str) -> Statement {
    let text = format!(r#"{{"Statement": {{"Effect": "Allow", {text}}}}}"#);
    Policy::parse(&text).unwrap().statements()[0].clone()
}

fn same(a: &str, b: &str) {
    assert!(statement(a).same_meaning(&statement(b)), "{a} {b}");
    assert!(statement(b).same_meaning(&statement(a)), "{b} {a}");
}

fn different(a: &str, b: &str) {
    assert!(!statement(a).same_meaning(&statement(b)), "{a} {b}");
    assert!(!statement(b).same_meaning(&statement(a)), "{b} {a}");
}

#[test]
fn lists_are_sets_and_actions_ignore_case() {
    same(r#""Action": "SNS:Publish""#, r#""Action": ["sns:publish"]"#);
    same(
        r#""Action": ["a:b", "a:c"]"#,
        r#""Action": ["a:c", "A:B", "a:b"]"#,
    );
    same(r#""Sid": "x", "Action": "a:b""#, r#""Sid": "y", "Action": "a:b""#);
    different(r#""Action": "a:b""#, r#""NotAction": "a:b""#);
    different(r#""Action": "a:b""#, r#""Action": "a:b", "Resource": "*""#);
    different(
        r#""Action": "a:b", "Resource": "x""#,
        r#""Action": "a:b", "Resource": "X""#,
    );
    different(
        r#""Action": "a:b", "Resource": "x""#,
        r#""Action": "a:b", "NotResource": "x""#,
    );
    different(r#""Action": "a:b""#, r#""Action": "a:b", "Extra": 1"#);
}

#[test]
fn principals() {
    let of = |principal: &str| format!(r#""Action": "a:b", "Principal": {principal}"#);
    let root = |partition| of(&format!(r#"{{"AWS": "arn:{partition}:iam::123456789012:root"}}"#));
    let id = of(r#"{"AWS": "123456789012"}"#);
    same(&id, &root("aws"));
    same(&id, &root("aws-cn"));
    same(
        &id,
        &of(r#"{"AWS": ["arn:aws:iam::123456789012:root", "123456789012"]}"#),
    );
    same(&of(r#""*""#), &of(r#"{"AWS": "*"}"#));
    same(&of(r#""*""#), &of(r#"{"AWS": ["*", "123456789012"]}"#));
    different(&of(r#""*""#), &of(r#"{"Service": "*"}"#));
    different(&of(r#""*""#), r#""Action": "a:b""#);
    different(&of(r#""*""#), r#""Action": "a:b", "NotPrincipal": "*""#);
    different(&id, &of(r#"{"AWS": "210987654321"}"#));
    different(&id, &of(r#"{"Service": "123456789012"}"#));
    different(&id, &of(r#"{"AWS": "arn:aws:iam::123456789012:user/root"}"#));
    // What AWS writes in the place of a principal that was deleted.
    different(
        &of(r#"{"AWS": "arn:aws:iam::123456789012:role/x"}"#),
        &of(r#"{"AWS": "AROAEXAMPLE"}"#),
    );
}

#[test]
fn conditions() {
    let of = |block: &str| format!(r#""Action": "a:b", "Condition": {block}"#);
    let tls = of(r#"{"Bool": {"aws:SecureTransport": false}}"#);
    same(&tls, &of(r#"{"bool": {"AWS:SecureTransport": ["false"]}}"#));
    different(&tls, &of(r#"{"Bool": {"aws:SecureTransport": true}}"#));
    same(&tls, &of(r#"{"Bool": {"aws:SecureTransport": "False"}}"#));
    same(
        &of(r#"{"Null": {"k": true}}"#),
        &of(r#"{"null": {"k": ["TRUE"]}}"#),
    );
    same(
        &of(r#"{"ForAnyValue:BoolIfExists": {"k": true}}"#),
        &of(r#"{"ForAnyValue:BoolIfExists": {"k": "True"}}"#),
    );
    different(
        &of(r#"{"StringEquals": {"k": "true"}}"#),
        &of(r#"{"StringEquals": {"k": "True"}}"#),
    );
    different(&tls, r#""Action": "a:b""#);
    same(&of("{}"), r#""Action": "a:b""#);
    same(&of(r#"{"Bool": {}}"#), r#""Action": "a:b""#);
    same(
        &of(r#"{"NumericEquals": {"k": [1, "2"]}}"#),
        &of(r#"{"NumericEquals": {"k": ["2", "1", 1]}}"#),
    );
    same(
        &of(r#"{"ArnLike": {"k": "v"}}"#),
        &of(r#"{"ArnEquals": {"k": "v"}}"#),
    );
    same(
        &of(r#"{"ForAnyValue:ArnNotLikeIfExists": {"k": "v"}}"#),
        &of(r#"{"ForAnyValue:ArnNotEqualsIfExists": {"k": "v"}}"#),
    );
    different(
        &of(r#"{"ArnLike": {"k": "v"}}"#),
        &of(r#"{"ArnNotLike": {"k": "v"}}"#),
    );
    different(
        &of(r#"{"StringEquals": {"k": "v"}}"#),
        &of(r#"{"StringEquals": {"k": "V"}}"#),
    );
    different(
        &of(r#"{"StringEquals": {"k": "v"}}"#),
        &of(r#"{"StringLike": {"k": "v"}}"#),
    );
    different(
        &of(r#"{"StringEquals": {"k": "v"}}"#),
        &of(r#"{"StringEqualsIfExists": {"k": "v"}}"#),
    );
    // Both must hold, which one list of two values would not demand.
    different(
        &of(r#"{"StringLike": {"k": "a*"}, "stringlike": {"k": "*b"}}"#),
        &of(r#"{"StringLike": {"k": ["a*", "*b"]}}"#),
    );
}

#[test]
fn documents() {
    let parse = |text: &str| Policy::parse(text).unwrap();
    let plain = r#"{"Effect": "Allow", "Action": "a:b", "Resource": "x"}"#;
    let variable = r#"{"Effect": "Allow", "Action": "a:b", "Resource": "x/${aws:username}"}"#;
    let document =
        |version: &str, statement: &str| parse(&format!(r#"{{{version} "Statement": {statement}}}"#));
    let (new, old, none) = (r#""Version": "2012-10-17","#, r#""Version": "2008-10-17","#, "");
    assert!(document(new, plain).same_meaning(&document(old, plain)));
    assert!(document(new, plain).same_meaning(&document(none, plain)));
    assert!(document(old, variable).same_meaning(&document(none, variable)));
    assert!(!document(new, variable).same_meaning(&document(none, variable)));
    assert!(!document(new, variable).same_meaning(&document(old, variable)));

    let twice = format!("[{plain}, {plain}]");
    assert!(document(new, plain).same_meaning(&document(new, &twice)));
    assert_ne!(document(new, plain), document(new, &twice));
    assert!(document(r#""Id": "a","#, plain).same_meaning(&document(r#""Id": "b","#, plain)));
    assert!(!document(r#""Note": "a","#, plain).same_meaning(&document("", plain)));
    assert!(!document(new, plain).same_meaning(&Policy::default()));
}
