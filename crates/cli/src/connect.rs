//! From a spec to its account.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use trailwarden_account::Observe;
use trailwarden_diff::{Consent, Options, Plan};
use trailwarden_provider::{Provider, Settings};
use trailwarden_spec::Address;
use trailwarden_spec::live::Live;
use trailwarden_spec::wanted::Wanted;

use crate::args::{Consents, Global};
use crate::failure::{Exit, Failure};
use crate::progress::Board;
use crate::terminal::Terminal;

/// Opens the account that a spec is about and makes sure that it is that one.
///
/// # Errors
/// When there is no such account to be reached, or the credentials are another's.
pub(crate) async fn connect(
    global: &Global,
    wanted: &Wanted,
    terminal: &Terminal,
    board: &Arc<Board>,
) -> Result<Provider, Failure> {
    let scope = &wanted.stack.scope;
    if let Some(region) = global.region.as_ref().filter(|region| **region != scope.region) {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "`--region {region}` does not agree with the spec, whose `region` is `{}`",
                scope.region
            ),
        )
        .help("leave `--region` out, or correct the spec"));
    }
    let is_url = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if let Some(url) = global.endpoint_url.as_ref().filter(|url| !is_url(url)) {
        return Err(
            Failure::new(Exit::Usage, format!("`--endpoint-url {url}` is no URL"))
                .help("begin it with `http://` or `https://`"),
        );
    }
    let settings = settings(global, wanted, terminal)?;
    let waits = Arc::clone(board);
    let on_wait: trailwarden_provider::OnWait = Arc::new(move |what: &str| waits.wait(what));
    let provider = Provider::connect(
        Settings {
            on_wait: Some(on_wait),
            ..settings
        },
        &wanted.stack,
    )
    .await?;
    let identity = provider.identity().await?;
    if identity.account != scope.account {
        return Err(Failure::new(
            Exit::Failed,
            format!(
                "the credentials are those of account {} ({}), the spec is about account {}; nothing was read or written",
                identity.account, identity.arn, scope.account
            ),
        )
        .help("choose other credentials (`--profile`, AWS_PROFILE), or correct `account` in the spec"));
    }
    Ok(provider)
}

#[cfg_attr(
    not(feature = "sandbox"),
    expect(
        unused_variables,
        reason = "only an account in a file has something to say here"
    )
)]
fn settings(global: &Global, wanted: &Wanted, terminal: &Terminal) -> Result<Settings, Failure> {
    let scope = &wanted.stack.scope;
    #[cfg(feature = "sandbox")]
    if let Some(file) = &global.sandbox {
        let sandbox = crate::commands::sandbox::open(file, &scope.account, terminal)?;
        return Ok(Settings::over(
            &scope.region,
            &scope.account,
            sandbox.http_client(),
        ));
    }
    Ok(Settings {
        profile: global.profile.clone(),
        endpoint_url: global.endpoint_url.clone(),
        ..Settings::new(&scope.region)
    })
}

/// The time in the account that commands work on, in seconds since 1970.
///
/// # Errors
/// When the file of the account cannot be read.
#[cfg_attr(
    not(feature = "sandbox"),
    expect(
        unused_variables,
        clippy::unnecessary_wraps,
        reason = "only an account in a file has a clock of its own"
    )
)]
pub(crate) fn now(global: &Global, wanted: &Wanted) -> Result<i64, Failure> {
    #[cfg(feature = "sandbox")]
    let time = match &global.sandbox {
        Some(file) => crate::commands::sandbox::time(file, &wanted.stack.scope.account)?,
        None => SystemTime::now(),
    };
    #[cfg(not(feature = "sandbox"))]
    let time = SystemTime::now();
    let since = time.duration_since(UNIX_EPOCH);
    Ok(since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX)))
}

/// Reads the account and makes the plan.
///
/// # Errors
/// When a read fails, or an address that a person gave is none.
pub(crate) async fn survey_and_plan(
    provider: &Provider,
    wanted: &Wanted,
    consents: &Consents,
    board: &Board,
) -> Result<(Live, Plan), Failure> {
    board.begin("reading the account");
    let live = provider.survey(wanted).await;
    board.end();
    let live = live?;
    let options = options(wanted, &live, consents)?;
    let plan = trailwarden_diff::plan(wanted, &live, &options);
    Ok((live, plan))
}

fn options(wanted: &Wanted, live: &Live, consents: &Consents) -> Result<Options, Failure> {
    let blinding = &consents.allow_blinding;
    let all = blinding.iter().any(|word| word == "ALL");
    let named: Vec<String> = blinding.iter().filter(|word| *word != "ALL").cloned().collect();
    Ok(Options {
        adopt: addresses(wanted, live, &consents.adopt)?,
        allow_blinding: Consent {
            all,
            addresses: addresses(wanted, live, &named)?,
        },
        delete_data: addresses(wanted, live, &consents.delete_data)?,
        target: addresses(wanted, live, &consents.target)?,
        exclude: addresses(wanted, live, &consents.exclude)?,
    })
}

/// Addresses as people type them: as the plan shows them, or the spec's own name for them
/// (`rule.iam-changes` stands for the rule's filter and alarm). What the plan shows comes first, or
/// consent for one object could become consent for another.
fn addresses<C: FromIterator<Address>>(wanted: &Wanted, live: &Live, typed: &[String]) -> Result<C, Failure> {
    let mut all = Vec::new();
    for text in typed {
        let exact = wanted.stack.scope.parse(text);
        let known =
            |address: &Address| wanted.objects.contains_key(address) || live.objects.contains_key(address);
        if let Some(address) = exact.as_ref().ok().filter(|address| known(address)) {
            all.push(address.clone());
            continue;
        }
        let before = all.len();
        let by_origin = wanted.objects.iter().filter(|(_, wish)| wish.is_called(text));
        all.extend(by_origin.map(|(address, _)| address.clone()));
        if all.len() == before {
            return Err(no_address(text, exact.err()));
        }
    }
    Ok(all.into_iter().collect())
}

fn no_address(text: &str, reason: Option<String>) -> Failure {
    if text.eq_ignore_ascii_case("all") {
        return Failure::new(Exit::Usage, format!("`{text}` is no address"))
            .help("name an object; only `--allow-blinding` takes `ALL`, in capitals");
    }
    if text.starts_with("pack.") {
        return Failure::new(Exit::Usage, format!("the spec makes no `{text}`"))
            .help("write `pack.LABEL`, or `pack.LABEL.CONTROL` as the plan shows it");
    }
    if let Some(label) = text.strip_prefix("rule.") {
        return Failure::new(Exit::Usage, format!("there is no `[rule.{label}]` in the spec"))
            .help("what the spec has dropped is named as the plan shows it");
    }
    let message = reason.unwrap_or_else(|| {
        format!("`{text}` is neither in the spec nor among what the stack has in the account")
    });
    Failure::new(Exit::Usage, message).help("write it as the plan shows it, or as the spec names it")
}
