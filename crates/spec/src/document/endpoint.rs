//! The forms of endpoints, by protocol. Messages never repeat an endpoint: it may be secret.

use crate::arn::Arn;
use crate::kinds::Protocol;

/// Why SNS would refuse an endpoint.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) why: &'static str,
    pub(crate) help: String,
}

/// Holds an endpoint against its protocol's form (SNS: `Subscribe`).
pub(crate) fn check(protocol: Protocol, text: &str) -> Result<(), Wrong> {
    let (form, why, help) = match protocol {
        Protocol::Email | Protocol::EmailJson => (
            "an e-mail address",
            email(text),
            match text.contains("://") {
                true => "for a URL write `protocol = \"https\"`",
                false => "write an address such as `secops@example.com`",
            },
        ),
        Protocol::Http => (
            "a URL beginning with `http://`",
            url(text, "http://"),
            "or write `protocol = \"https\"`",
        ),
        Protocol::Https => (
            "a URL beginning with `https://`",
            url(text, "https://"),
            "or write `protocol = \"http\"`",
        ),
        Protocol::Sms => (
            "a phone number in E.164 form",
            phone(text),
            "write it as `+15551234567`, without blanks",
        ),
        Protocol::Sqs => (
            "the ARN of an SQS queue",
            arn(text, "sqs", ""),
            "a queue's URL is not its ARN",
        ),
        Protocol::Lambda => (
            "the ARN of a Lambda function",
            arn(text, "lambda", "function:"),
            "`arn:aws:lambda:REGION:ACCOUNT:function:NAME`",
        ),
        Protocol::Firehose => (
            "the ARN of a Firehose stream",
            arn(text, "firehose", "deliverystream/"),
            "`arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME`",
        ),
    };
    match why {
        None => Ok(()),
        Some(why) => Err(Wrong {
            message: format!("the endpoint of `{protocol}` must be {form}"),
            why,
            help: help.into(),
        }),
    }
}

fn email(text: &str) -> Option<&'static str> {
    match text.split_once('@') {
        None => Some("without `@`"),
        Some((user, domain)) if user.is_empty() || domain.is_empty() || domain.contains('@') => {
            Some("not an address")
        }
        _ if text.contains(|c: char| c.is_whitespace() || c == ',' || c == ';') => {
            Some("more than one address; write a subscription for each")
        }
        _ => None,
    }
}

fn url(text: &str, scheme: &str) -> Option<&'static str> {
    match text.strip_prefix(scheme) {
        None if text.contains("://") => Some("of another scheme"),
        None => Some("not such a URL"),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => Some("without a host"),
        Some(rest) if rest.contains(char::is_whitespace) => Some("with a blank"),
        Some(_) => None,
    }
}

fn phone(text: &str) -> Option<&'static str> {
    let number = text.strip_prefix('+');
    let good = number.is_some_and(|n| {
        (7..=15).contains(&n.len()) && !n.starts_with('0') && n.chars().all(|c| c.is_ascii_digit())
    });
    (!good).then_some("not `+` and 7 to 15 digits")
}

fn arn(text: &str, service: &str, resource: &str) -> Option<&'static str> {
    match Arn::parse(text) {
        None => Some("not an ARN"),
        Some(arn) if arn.service != service => Some("the ARN of another service"),
        Some(arn) if !arn.resource.starts_with(resource) => Some("the ARN of something else"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_fit_their_protocols() {
        let cases: &[(Protocol, &[&str], &[&str])] = &[
            (
                Protocol::Email,
                &["a@b.example"],
                &["a", "@b", "a@", "a@b@c", "a@b.example, c@d.example"],
            ),
            (Protocol::Http, &["http://h/x"], &["https://h/x", "http://", "h"]),
            (
                Protocol::Https,
                &["https://u:p@h"],
                &["http://h", "https:///x", "https://h/ x"],
            ),
            (
                Protocol::Sms,
                &["+15551234567"],
                &["15551234567", "+1 555 1234567", "+0123456789", "+1"],
            ),
            (
                Protocol::Sqs,
                &["arn:aws:sqs:us-east-1:123456789012:q"],
                &["https://sqs/q", "arn:aws:sns:us-east-1:1:q"],
            ),
            (
                Protocol::Lambda,
                &["arn:aws:lambda:us-east-1:123456789012:function:f"],
                &["arn:aws:lambda:us-east-1:123456789012:layer:f"],
            ),
            (
                Protocol::Firehose,
                &["arn:aws:firehose:us-east-1:123456789012:deliverystream/s"],
                &["arn:aws:firehose:us-east-1:123456789012:s"],
            ),
        ];
        for (protocol, good, bad) in cases {
            for text in *good {
                assert_eq!(check(*protocol, text), Ok(()), "{text}");
            }
            for text in *bad {
                assert!(check(*protocol, text).is_err(), "{text}");
            }
        }
    }
    #[test]
    fn messages_do_not_repeat_what_may_be_secret() {
        for protocol in Protocol::ALL {
            let wrong = check(*protocol, "hunter2").expect_err("no endpoint");
            assert!(!format!("{wrong:?}").contains("hunter2"));
        }
    }
}
