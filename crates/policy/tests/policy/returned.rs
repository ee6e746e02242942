//! Whole documents, as they were written and as AWS gives them back. `meaning` has the rules one by
//! one; here is what people complained of.

use trailwarden_policy::Policy;

/// What people complained of, the document as it was written, as it came back, and whether that is
/// the same.
type Row = (&'static str, &'static str, &'static str, bool);

const TOPIC: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "A", "Effect": "Allow", "Principal": {"AWS": ["210987654321", "123456789012"]},
     "Action": ["sns:Publish", "sns:Subscribe"], "Resource": "arn:aws:sns:us-east-1:123456789012:t",
     "Condition": {"StringEquals": {"aws:SourceAccount": ["123456789012"]}}},
    {"Sid": "B", "Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": "*",
     "Condition": {"Bool": {"aws:SecureTransport": false}}}]}"#;

const ROWS: &[Row] = &[
    (
        "Policy flips at each apply: AWS reorders lists (terraform-provider-aws#42019, #20781)",
        TOPIC,
        r#"{"Version": "2012-10-17", "Statement": [
            {"Sid": "A", "Effect": "Allow", "Principal": {"AWS": ["123456789012", "210987654321"]},
             "Action": ["sns:Subscribe", "sns:Publish"], "Resource": "arn:aws:sns:us-east-1:123456789012:t",
             "Condition": {"StringEquals": {"aws:SourceAccount": ["123456789012"]}}},
            {"Sid": "B", "Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": "*",
             "Condition": {"Bool": {"aws:SecureTransport": false}}}]}"#,
        true,
    ),
    (
        "Policy flips at each apply: statements in another order (terraform-provider-aws#22314)",
        TOPIC,
        r#"{"Version": "2012-10-17", "Statement": [
            {"Sid": "B", "Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": "*",
             "Condition": {"Bool": {"aws:SecureTransport": false}}},
            {"Sid": "A", "Effect": "Allow", "Principal": {"AWS": ["210987654321", "123456789012"]},
             "Action": ["sns:Publish", "sns:Subscribe"], "Resource": "arn:aws:sns:us-east-1:123456789012:t",
             "Condition": {"StringEquals": {"aws:SourceAccount": ["123456789012"]}}}]}"#,
        true,
    ),
    (
        "Policy flips at each apply: root ARNs, one for a list of one, text for booleans, another case, \
         members twice (terraform-provider-aws#13813, #11801; terraform#6089)",
        TOPIC,
        r#"{"Id": "x", "Version": "2012-10-17", "Statement": [
            {"Sid": "A", "Effect": "Allow", "Principal": {"AWS":
                ["arn:aws:iam::123456789012:root", "arn:aws:iam::210987654321:root", "210987654321"]},
             "Action": ["SNS:Publish", "SNS:Subscribe", "sns:publish"],
             "Resource": ["arn:aws:sns:us-east-1:123456789012:t", "arn:aws:sns:us-east-1:123456789012:t"],
             "Condition": {"stringEquals": {"AWS:SourceAccount": 123456789012}}},
            {"Sid": "B", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["SNS:*"], "Resource": ["*"],
             "Condition": {"bool": {"AWS:SecureTransport": ["False"]}}}]}"#,
        true,
    ),
    (
        "Policy flips at each apply: a principal was deleted and its id stands there (azul#5651)",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*",
            "Principal": {"AWS": "arn:aws:iam::123456789012:role/publisher"}}]}"#,
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*",
            "Principal": {"AWS": "AROAEXAMPLEID"}}]}"#,
        false,
    ),
    (
        "IAM returns documents percent-encoded (GetRolePolicy)",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["logs:PutLogEvents"],
            "Resource": "arn:aws:logs:us-east-1:123456789012:log-group:/a b:*"}]}"#,
        "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A\
         %22logs%3APutLogEvents%22%2C%22Resource%22%3A%22arn%3Aaws%3Alogs%3Aus-east-1%3A123456789012%3Alog-group\
         %3A%2Fa%20b%3A%2A%22%7D%7D",
        true,
    ),
    (
        "Role policy grants nothing without `:log-stream:` (cloudposse/terraform-aws-cloudwatch-logs#37)",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents",
            "Resource": "arn:aws:logs:us-east-1:123456789012:log-group:a:log-stream:*"}]}"#,
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents",
            "Resource": "arn:aws:logs:us-east-1:123456789012:log-group:a:*"}]}"#,
        false,
    ),
    (
        "Changing the S3 prefix breaks delivery",
        r#"{"Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/p/AWSLogs/123456789012/*"}]}"#,
        r#"{"Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/P/AWSLogs/123456789012/*"}]}"#,
        false,
    ),
];

#[test]
fn what_aws_gives_back_is_what_was_written() {
    for (complaint, written, returned, same) in ROWS {
        let (written, returned) = (Policy::parse(written).unwrap(), Policy::parse(returned).unwrap());
        assert_eq!(written.same_meaning(&returned), *same, "{complaint}");
        assert_eq!(returned.same_meaning(&written), *same, "{complaint}");
    }
}
