use std::collections::BTreeSet;
use std::sync::Arc;

use trailwarden_account::Operate;
use trailwarden_spec::evidence::SubscriberState;
use trailwarden_spec::kinds::Subscription;
use trailwarden_spec::{Kind, Object};

use crate::args::{Global, Resend};
use crate::commands::notify::no_topic;
use crate::connect::connect;
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, read};
use crate::named;
use crate::progress::Board;
use crate::terminal::Terminal;

/// `trailwarden resend`: has the subscribers asked again who have not confirmed.
pub(crate) async fn run(global: &Global, args: &Resend, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = read(&args.spec.path, SecretSource::Real)?;
    let wanted = &loaded.wanted;
    let topics = match &args.topic {
        Some(text) => vec![named::one(wanted, &[Kind::Topic], "topic", text)?],
        None => named::all(wanted, &[Kind::Topic])
            .into_iter()
            .filter(|topic| topic.wish.is_some())
            .collect(),
    };
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = connect(global, wanted, terminal, &board).await?;
    let mut asked = 0;
    for topic in &topics {
        let name = topic.address.name.as_str();
        let Some(subscribers) = provider.subscribers(name).await? else {
            return Err(no_topic(topic));
        };
        let waiting: BTreeSet<_> = subscribers
            .iter()
            .filter(|it| it.state == SubscriberState::Pending)
            .map(|it| (it.protocol, it.endpoint.digest()))
            .collect();
        let ours = wanted.objects.values().filter_map(|wish| match &wish.object {
            Object::Subscription(subscription) if subscription.topic == name => Some(subscription),
            _ => None,
        });
        let waits = |it: &&Subscription| waiting.contains(&(Some(it.protocol), it.endpoint.digest()));
        for subscription in ours.filter(waits) {
            provider.ask_again(subscription).await?;
            let Subscription {
                protocol, endpoint, ..
            } = subscription;
            terminal.print(&format!(
                "asked again: {protocol} {endpoint}, for {}\n",
                topic.shown()
            ))?;
            asked += 1;
        }
    }
    if asked == 0 {
        terminal.print("No subscriber of the spec waits to be confirmed; nothing was sent.\n")?;
        return Ok(Exit::No);
    }
    terminal.say(
        "The newest request is the one to confirm, within two days: `trailwarden confirm` takes its link.\n",
    );
    Ok(Exit::Done)
}
