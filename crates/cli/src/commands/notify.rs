use std::sync::Arc;

use trailwarden_account::{Observe, Operate};
use trailwarden_spec::Kind;
use trailwarden_spec::evidence::{Subscriber, SubscriberState};
use trailwarden_spec::visible::visible_line;

use crate::args::{Global, Notify};
use crate::connect::connect;
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, load};
use crate::named;
use crate::progress::Board;
use crate::terminal::Terminal;

const SUBJECT: &str = "trailwarden: test message";

/// `trailwarden notify`: publishes a test message and says who gets it.
pub(crate) async fn run(global: &Global, args: &Notify, terminal: &Terminal) -> Result<Exit, Failure> {
    let wanted = load(&args.spec.path, SecretSource::Unread)?;
    let topic = named::one(&wanted, &[Kind::Topic], "topic", &args.topic)?;
    let name = topic.address.name.as_str();
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = connect(global, &wanted, terminal, &board).await?;
    let Some(subscribers) = provider.subscribers(name).await? else {
        return Err(no_topic(&topic));
    };
    terminal.print(&visible_lines(&listed(name, &subscribers)))?;
    let getting = count(&subscribers, |state| *state == SubscriberState::Confirmed);
    if getting == 0 {
        terminal.print("Nobody would get a message; nothing was published.\n")?;
        let waits = count(&subscribers, |state| *state == SubscriberState::Pending);
        if waits > 0 {
            terminal.say(&format!(
                "Who waits has to confirm: `trailwarden resend {}` asks again, `trailwarden confirm` takes the link.\n",
                args.topic
            ));
        }
        return Ok(Exit::No);
    }
    if !args.yes {
        let question = "\nPublish a test message to them? Only `yes` is a yes: ";
        let instead = "add `--yes` to publish without a question";
        let Some(answer) = terminal.ask(question, instead).await? else {
            return Ok(Exit::Interrupted);
        };
        if answer != "yes" {
            terminal.say("Nothing was published.\n");
            return Ok(Exit::Failed);
        }
    }
    let caller = provider.identity().await?.arn;
    let body = format!(
        "This is a test message. Nothing has happened, and nothing is to be done.\n\n\
         {caller} sent it with `trailwarden notify`, to see who is told by the topic {name} of the stack {stack} in \
         account {account}, {region}.\n",
        stack = wanted.stack.name,
        account = wanted.stack.scope.account,
        region = wanted.stack.scope.region,
    );
    let id = provider.publish(name, SUBJECT, &body).await?;
    let who = match getting {
        1 => "1 confirmed subscriber gets it".to_owned(),
        more => format!("{more} confirmed subscribers get it"),
    };
    terminal.print(&format!("Published as {id}: {who}.\n"))?;
    Ok(Exit::Done)
}

/// Says that a topic of the spec is not in the account.
pub(crate) fn no_topic(topic: &named::Named<'_>) -> Failure {
    let message = format!("there is no topic `{}` in the account", topic.address.name);
    let help = match topic.wish {
        Some(_) => "`trailwarden apply` makes it",
        None => "the spec refers to it and does not make it: make it, or correct the spec",
    };
    Failure::new(Exit::Failed, message).help(help)
}

fn count(subscribers: &[Subscriber], which: impl Fn(&SubscriberState) -> bool) -> usize {
    subscribers.iter().filter(|it| which(&it.state)).count()
}

fn listed(topic: &str, subscribers: &[Subscriber]) -> Vec<String> {
    let mut lines = vec![match subscribers.len() {
        0 => format!("The topic {topic} has no subscribers."),
        1 => format!("The topic {topic} has 1 subscriber:"),
        more => format!("The topic {topic} has {more} subscribers:"),
    }];
    lines.extend(subscribers.iter().map(|one| {
        let protocol = one.protocol.map_or("other", |protocol| protocol.as_str());
        let state = match &one.state {
            SubscriberState::Confirmed => "confirmed".to_owned(),
            SubscriberState::Pending => "not confirmed, so it gets nothing".to_owned(),
            SubscriberState::Deleted => "removed".to_owned(),
            SubscriberState::Shut { cause, fix } => format!("confirmed, but {cause}: {fix}"),
        };
        format!("  {protocol:10} {}  {state}", one.endpoint)
    }));
    lines
}

fn visible_lines(lines: &[String]) -> String {
    lines
        .iter()
        .map(|line| format!("{}\n", visible_line(line)))
        .collect()
}
