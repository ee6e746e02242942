use std::sync::Arc;

use trailwarden_account::{ErrorKind, Operate};
use trailwarden_spec::Kind;

use crate::args::{Confirm, Global};
use crate::commands::notify::no_topic;
use crate::connect::connect;
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, load};
use crate::named;
use crate::progress::Board;
use crate::terminal::Terminal;

/// `trailwarden confirm`: confirms a subscription, so that only the account's credentials can end it.
pub(crate) async fn run(global: &Global, args: &Confirm, terminal: &Terminal) -> Result<Exit, Failure> {
    let wanted = load(&args.spec.path, SecretSource::Unread)?;
    let topic = named::one(&wanted, &[Kind::Topic], "topic", &args.topic)?;
    let name = topic.address.name.as_str();
    let arn = wanted.stack.scope.topic_arn(name).to_string();
    let token = token(&args.token, &arn)?;
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = connect(global, &wanted, terminal, &board).await?;
    if provider.subscribers(name).await?.is_none() {
        return Err(no_topic(&topic));
    }
    let confirmed = provider.confirm(name, &token).await;
    let subscription = confirmed.map_err(|error| match error.kind {
        ErrorKind::Refused => Failure::new(Exit::Failed, error.to_string()).help(format!(
            "`trailwarden resend {}` has SNS send another request",
            args.topic
        )),
        _ => error.into(),
    })?;
    terminal.print(&format!(
        "Confirmed: {subscription}\nOnly credentials of account {} can end it from now on; the link to unsubscribe in \
         its messages does not.\n",
        wanted.stack.scope.account
    ))?;
    Ok(Exit::Done)
}

/// The token in what a person typed. Never shown: whoever has it can confirm.
fn token(typed: &str, topic: &str) -> Result<String, Failure> {
    let typed = typed.trim();
    let wrong = |message: &str| {
        Failure::new(Exit::Usage, message).help(
            "copy the address of the link in the message whole, and put it in single quotes: it holds `&`",
        )
    };
    let token = if typed.contains("://") {
        let parameter = |name: &str| {
            let (_, query) = typed.split_once('?')?;
            let pairs = query.split('#').next()?.split('&');
            pairs
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| decoded(value))
        };
        if let Some(other) = parameter("TopicArn").filter(|arn| arn != topic) {
            return Err(Failure::new(
                Exit::Usage,
                format!("the link is for the topic `{other}`, not for `{topic}`"),
            )
            .help("name the topic that the link is for"));
        }
        parameter("Token").ok_or_else(|| wrong("the address holds no `Token`"))?
    } else {
        typed.to_owned()
    };
    let fits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match fits {
        true => Ok(token),
        false => Err(wrong(
            "this is neither a token nor the address of a link to confirm",
        )),
    }
}

/// Text of a query without its percent signs.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:security";

    #[test]
    fn a_token_is_found_in_every_form_of_the_link() {
        let links = [
            "2336412f37",
            " 2336412f37\n",
            "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription\
             &TopicArn=arn:aws:sns:us-east-1:123456789012:security&Token=2336412f37",
            "https://sns.us-east-1.amazonaws.com/confirmation.html?TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A123456789012\
             %3Asecurity&Token=2336412f37&Endpoint=a@example.com",
        ];
        for link in links {
            assert_eq!(token(link, TOPIC).ok().as_deref(), Some("2336412f37"), "{link}");
        }
    }

    #[test]
    fn what_holds_no_token_is_refused_and_not_repeated() {
        let cut = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription";
        let other = "https://sns.us-east-1.amazonaws.com/?TopicArn=arn:aws:sns:us-east-1:123456789012:x&Token=2336412f";
        for (typed, says) in [
            (cut, "holds no `Token`"),
            (other, "is for the topic `arn:aws:sns:us-east-1:123456789012:x`"),
            ("no token", "neither a token"),
        ] {
            let failure = token(typed, TOPIC).expect_err("no token");
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.message.contains(says), "{}", failure.message);
            assert!(!failure.message.contains("2336412f"));
        }
    }
}
