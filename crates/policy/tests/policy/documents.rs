//! Reading and writing.

use trailwarden_policy::{Effect, Element, Policy, Statement};

fn parse(text: &str) -> Policy {
    Policy::parse(text).unwrap()
}

fn refused(text: &str) -> String {
    Policy::parse(text).unwrap_err().to_string()
}

#[test]
fn the_normal_form_has_one_order_and_one_spelling() {
    let policy = parse(
        r#"{"Statement": {"Condition": {"Bool": {"aws:SecureTransport": [false]},
                "NumericLessThan": {"aws:MultiFactorAuthAge": 3600}},
            "Resource": ["b", "a", "b"], "Action": ["s3:Get*"], "Effect": "Deny",
            "Principal": {"Service": ["y", "x"], "AWS": ["*"]}, "Sid": "Tls"},
         "Id": "mine", "Version": "2012-10-17"}"#,
    );
    assert_eq!(
        policy.to_json(),
        concat!(
            r#"{"Version":"2012-10-17","Id":"mine","Statement":[{"Sid":"Tls","Effect":"Deny","#,
            r#""Principal":{"AWS":"*","Service":["x","y"]},"Action":"s3:Get*","#,
            r#""Resource":["a","b"],"Condition":{"Bool":{"aws:SecureTransport":"false"},"#,
            r#""NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}}]}"#
        )
    );
    assert_eq!(serde_json::to_string(&policy).unwrap(), policy.to_json());
    let read: Policy = serde_json::from_str(&policy.to_json()).unwrap();
    assert_eq!(read, policy);
}

#[test]
fn people_read_two_spaces() {
    let policy = Policy::new(vec![
        Statement::allow("AWSCloudTrailAclCheck20150319")
            .service("cloudtrail.amazonaws.com")
            .action("s3:GetBucketAcl")
            .resource("arn:aws:s3:::logs")
            .condition("StringEquals", "aws:SourceArn", "one")
            .condition("StringEquals", "aws:SourceArn", "two"),
    ]);
    let expected = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "AWSCloudTrailAclCheck20150319",
      "Effect": "Allow",
      "Principal": {
        "Service": "cloudtrail.amazonaws.com"
      },
      "Action": "s3:GetBucketAcl",
      "Resource": "arn:aws:s3:::logs",
      "Condition": {
        "StringEquals": {
          "aws:SourceArn": [
            "one",
            "two"
          ]
        }
      }
    }
  ]
}"#;
    assert_eq!(policy.to_json_pretty(), expected);
    assert_eq!(parse(expected), policy);
    assert_eq!(
        Policy::default().to_json_pretty(),
        "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": []\n}"
    );
}

#[test]
fn iam_returns_documents_percent_encoded() {
    let plain =
        parse(r#"{"Version":"2012-10-17","Statement":{"Sid":"a+b é","Effect":"Allow","Action":"logs:*"}}"#);
    for text in [
        "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Sid%22%3A%22a%2Bb%20%C3%A9%22%2C%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22logs%3A%2A%22%7D%7D",
        "%7b%22Version%22%3a%222012-10-17%22%2c%22Statement%22%3a%7b%22Sid%22%3a%22a+b%20%c3%a9%22%2c%22Effect%22%3a%22Allow%22%2c%22Action%22%3a%22logs%3a*%22%7d%7d",
        "\n{%22Version%22:%222012-10-17%22,%22Statement%22:{%22Sid%22:%22a+b%20%C3%A9%22,%22Effect%22:%22Allow%22,%22Action%22:%22logs:*%22}}",
    ] {
        assert_eq!(parse(text), plain, "{text}");
    }
    let untouched = parse(r#"{"Statement":{"Sid":"%41","Effect":"Allow","Action":"a:b"}}"#);
    assert_eq!(untouched.statements()[0].sid(), Some("%41"));
    assert!(refused("%7B%2").contains("two hex digits"));
    assert!(refused("%7B%FF").contains("UTF-8"));
}

#[test]
fn unknown_keys_and_an_empty_sid() {
    let text = r#"{"Statement":[{"Effect":"Allow","Action":"a:b","A":{"z":1,"y":[null]}}],"Note":"x"}"#;
    let policy = parse(text);
    assert_eq!(
        policy.to_json(),
        r#"{"Statement":[{"Effect":"Allow","Action":"a:b","A":{"y":[null],"z":1}}],"Note":"x"}"#
    );
    assert_eq!(policy.statements()[0].not_understood(), ["A"]);
    let unnamed = parse(r#"{"Statement":[{"Sid":"","Effect":"Allow","Action":"a:b"}]}"#);
    assert_eq!(unnamed.statements()[0].sid(), None);
    assert_eq!(
        unnamed
            .with(Statement::allow("").action("c:d"))
            .statements()
            .len(),
        2
    );
}

#[test]
fn negated_elements() {
    let text =
        r#"{"Statement":[{"Effect":"Deny","NotPrincipal":"*","NotAction":"a:b","NotResource":["x","y"]}]}"#;
    let policy = parse(text);
    assert_eq!(policy.to_json(), text);
    assert!(matches!(&policy.statements()[0].action, Element::Not(names) if names.contains("a:b")));
    let grown = policy.statements()[0].clone().action("c:d").principal_aws("1");
    assert_eq!(
        grown.to_json(),
        r#"{"Effect":"Deny","NotPrincipal":{"AWS":["*","1"]},"NotAction":["a:b","c:d"],"NotResource":["x","y"]}"#
    );
}

#[test]
fn statements_by_sid() {
    let policy = Policy::new(vec![
        Statement::allow("a").action("x:a"),
        Statement::deny("b").action("x:b"),
        Statement::allow("c").action("x:c"),
        Statement::allow("b").action("x:d"),
    ]);
    let sids = |policy: &Policy| {
        let sids = policy.statements().iter().filter_map(Statement::sid);
        sids.collect::<Vec<_>>().join("")
    };
    assert_eq!(policy.get("b").unwrap().effect, Effect::Deny);
    assert_eq!(policy.get("d"), None);
    let new = Statement::allow("b").action("x:new");
    let with = policy.with(new.clone());
    assert_eq!(sids(&with), "abc");
    assert_eq!(with.get("b"), Some(&new));
    assert_eq!(sids(&policy.with(Statement::allow("d").action("x:d"))), "abcbd");
    assert_eq!(sids(&policy.without("b")), "ac");
    assert_eq!(policy.without("d"), policy);
    let renamed = Statement::allow("other").action("X:C");
    assert_eq!(policy.find(&renamed).and_then(Statement::sid), Some("c"));
}

#[test]
fn refusals_say_where_and_what_to_do() {
    let statement = |text: &str| refused(&format!(r#"{{"Statement": [{{{text}}}]}}"#));
    let found = [
        refused(""),
        refused("{\n  \"Version\": 1,\n"),
        refused("[]"),
        refused("{}"),
        refused(r#"{"Version": "2012", "Statement": []}"#),
        refused(r#"{"Statement": [], "Statement": []}"#),
        statement(""),
        statement(r#""Effect": "allow", "Action": "a:b""#),
        statement(r#""Effect": "Allow""#),
        statement(r#""Effect": "Allow", "Action": ["a:b", 1]"#),
        statement(r#""Effect": "Allow", "Action": "a:b", "NotAction": "a:b""#),
        statement(r#""Effect": "Allow", "Action": "a:b", "Principal": "123456789012""#),
        statement(r#""Effect": "Allow", "Action": "a:b", "Condition": {"Bool": {"k": [null]}}"#),
        statement(r#""Effect": "Allow", "Action": "a:b", "Condition": {"Bool": "k"}"#),
    ];
    let expected = [
        "write a policy document: the text is empty",
        "fix the JSON: EOF while parsing a value, at line 3 column 0",
        "write an object instead of a list",
        "add `Statement`: a policy document has a list of statements",
        "`2012` is no version of the policy language, write `2012-10-17`, at `Version`",
        "fix the JSON: key `Statement` is given twice, keep one, at line 1 column 29",
        "add `Effect`: a statement says `Allow` or `Deny`, at `Statement[0]`",
        "`allow` is no effect, write `Allow` or `Deny`, at `Statement[0].Effect`",
        "add `Action`: a statement names the actions it is about, at `Statement[0]`",
        "write a string instead of a number, at `Statement[0].Action[1]`",
        "keep one of `Action` and `NotAction`: a statement cannot have both, at `Statement[0].NotAction`",
        "`123456789012` says no kind of principal, write {\"AWS\": ...} or {\"Service\": ...}, at `Statement[0].Principal`",
        "write a string, a number or a boolean instead of null, at `Statement[0].Condition.Bool.k[0]`",
        "write an object instead of a string, at `Statement[0].Condition.Bool`",
    ];
    assert_eq!(found.join("\n"), expected.join("\n"));
    let error = Policy::parse("{\n  \"Version\": 1,\n").unwrap_err();
    assert_eq!(
        (error.line(), error.column(), error.path()),
        (Some(3), Some(0), None)
    );
    let error = Policy::parse(r#"{"Version": "1"}"#).unwrap_err();
    assert_eq!((error.line(), error.path()), (None, Some("Version")));
}
