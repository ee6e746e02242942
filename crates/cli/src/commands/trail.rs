//! What is turned on and off by hand.

use std::sync::Arc;

use trailwarden_account::{Mutate, Observe};
use trailwarden_provider::Provider;
use trailwarden_spec::kinds::Trail;
use trailwarden_spec::leaf::Managed;
use trailwarden_spec::{Address, Kind, Object};

use crate::args::{Delivery, Global, Logging, Recording, Switch};
use crate::connect::connect;
use crate::failure::{Exit, Failure};
use crate::load::{Loaded, SecretSource, read};
use crate::named;
use crate::progress::Board;
use crate::terminal::Terminal;

/// A trail of the spec.
struct Wanted<'l> {
    address: Address,
    trail: &'l Trail,
    /// `[trail.main]`.
    section: String,
    /// Where that is.
    line: String,
}

/// `trailwarden logging`: starts or stops the recording of a trail.
pub(crate) async fn logging(global: &Global, args: &Logging, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = read(&args.spec.path, SecretSource::Unread)?;
    let wanted = wanted(&loaded, &args.trail)?;
    let (provider, live) = live(global, &loaded, &wanted, terminal).await?;
    let on = args.what == Recording::Start;
    let name = &wanted.address.name;
    if live.logging == on {
        let is = if on { "records" } else { "does not record" };
        terminal.print(&format!("The trail {name} {is} already; nothing was done.\n"))?;
    } else {
        let question = format!("Stop the trail {name}? Nothing that it records is recorded from then on.");
        if !on && !args.yes && !agreed(&question, terminal).await? {
            return Ok(Exit::Failed);
        }
        let after = Trail {
            logging: on,
            ..live.clone()
        };
        provider.update(&live.into(), &after.into()).await?;
        let does = if on { "records" } else { "does not record any more" };
        terminal.print(&format!("The trail {name} {does}.\n"))?;
    }
    let Wanted { section, line, .. } = &wanted;
    match (wanted.trail.logging, on) {
        (true, false) => terminal.print(&format!(
            "The spec wins: the next apply starts it again. To keep it so, write into {section} ({line}):\n    logging \
             = false\n"
        ))?,
        (false, true) => terminal.print(&format!(
            "The spec wins: the next apply stops it again. To keep it so, write into {section} ({line}):\n    logging \
             = true\n"
        ))?,
        _ => {}
    }
    Ok(Exit::Done)
}

/// `trailwarden delivery`: turns a trail's delivery to its log group on or off.
pub(crate) async fn delivery(global: &Global, args: &Delivery, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = read(&args.spec.path, SecretSource::Unread)?;
    let wanted = wanted(&loaded, &args.trail)?;
    let Wanted { section, line, .. } = &wanted;
    let said = wanted.trail.delivery.get().and_then(Option::as_ref);
    let to = match args.what {
        Switch::Off => None,
        Switch::On => Some(said.ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                format!("{section} ({line}) names no log group to deliver to"),
            )
            .help("write `log_group = \"LABEL\"` there, and apply")
        })?),
    };
    let (provider, live) = live(global, &loaded, &wanted, terminal).await?;
    let name = &wanted.address.name;
    let is = live.delivery.get().and_then(Option::as_ref);
    if is == to {
        let does = match to {
            Some(to) => format!("delivers to {} already", to.log_group.name()),
            None => "delivers to no log group already".to_owned(),
        };
        terminal.print(&format!("The trail {name} {does}; nothing was done.\n"))?;
    } else {
        let question = format!(
            "Turn the delivery of the trail {name} to its log group off? Rules see nothing of it from then on."
        );
        if to.is_none() && !args.yes && !agreed(&question, terminal).await? {
            return Ok(Exit::Failed);
        }
        let does = match to {
            Some(to) => format!("delivers to {}", to.log_group.name()),
            None => "delivers to no log group any more; its bucket still gets everything".to_owned(),
        };
        let after = Trail {
            delivery: Managed::Set(to.cloned()),
            ..live.clone()
        };
        provider.update(&live.into(), &after.into()).await?;
        terminal.print(&format!("The trail {name} {does}.\n"))?;
    }
    if said.is_some() && to.is_none() {
        terminal.print(&format!(
            "The spec wins: the next apply turns it on again. To keep it so, write into {section} ({line}), in place of \
             `log_group`:\n    cloudwatch_logs = false\n"
        ))?;
    }
    Ok(Exit::Done)
}

fn wanted<'l>(loaded: &'l Loaded, text: &str) -> Result<Wanted<'l>, Failure> {
    let named = named::one(&loaded.wanted, &[Kind::Trail], "trail", text)?;
    match named.wish.map(|wish| (wish, &wish.object)) {
        Some((wish, Object::Trail(trail))) => Ok(Wanted {
            address: named.address,
            trail,
            section: format!("`[{}]`", wish.origin),
            line: loaded.line(&wish.place),
        }),
        _ => Err(Failure::new(
            Exit::Usage,
            format!("the trail `{text}` is not the spec's"),
        )),
    }
}

/// The trail as it is; one of somebody else is left alone.
async fn live(
    global: &Global,
    loaded: &Loaded,
    wanted: &Wanted<'_>,
    terminal: &Terminal,
) -> Result<(Provider, Trail), Failure> {
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = connect(global, &loaded.wanted, terminal, &board).await?;
    let name = &wanted.address.name;
    match provider.read(&wanted.address).await? {
        Some(found) if !found.owner.is_ours() => Err(Failure::new(
            Exit::Failed,
            format!("the trail `{name}` in the account is not the stack's; nothing was done"),
        )
        .help("`trailwarden plan` shows whose it is, and how to take it over")),
        Some(found) => match found.value {
            Object::Trail(trail) => Ok((provider, trail)),
            other => Err(Failure::new(
                Exit::Failed,
                format!("`{name}` is a {}, not a trail", other.kind()),
            )),
        },
        None => Err(
            Failure::new(Exit::Failed, format!("there is no trail `{name}` in the account"))
                .help("`trailwarden apply` makes it"),
        ),
    }
}

/// Whether a person agrees; Ctrl-C is a no.
async fn agreed(question: &str, terminal: &Terminal) -> Result<bool, Failure> {
    let question = format!("{question}\nOnly `yes` is a yes: ");
    let answer = terminal
        .ask(&question, "add `--yes` to do it without a question")
        .await?;
    let yes = answer.as_deref() == Some("yes");
    if !yes {
        terminal.say("Nothing was done.\n");
    }
    Ok(yes)
}
