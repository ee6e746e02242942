//! `[[release]]`: objects to let go. They lose our marks and stay as they are.

use crate::Kind;
use crate::problem::{Problem, code};

use super::decoder::{At, Spot, Table};
use super::resolve::Resolver;

/// One `[[release]]`.
#[derive(Debug)]
pub(crate) struct Release {
    /// `kind.name`, as plans show it: what the spec names no more has no label.
    pub(crate) address: At<String>,
}

impl Release {
    /// Reads it; `None` after a problem.
    pub(crate) fn read(table: &mut Table<'_>) -> Option<Self> {
        let address = table.need("address", "\"log_group./acme/account-activity\"");
        // Why is for those who read the spec.
        table.take::<String>("reason");
        Some(Self { address: address? })
    }
}

/// Finds the objects that are to be let go.
pub(crate) fn resolve(resolver: &mut Resolver<'_>) {
    let document = resolver.document;
    for Release { address: text } in &document.release {
        let address = match resolver.scope().parse(&text.value) {
            Ok(address) => address,
            Err(why) => {
                let problem = Problem::new(code::BAD_ADDRESS, &text.spot, why).label("not an address");
                let help = "write `KIND.NAME` as plans show it: what the spec names no more has no label";
                resolver.sink.report(problem.help(help));
                continue;
            }
        };
        if let Some((whole, help)) = part_of(address.kind) {
            let message = format!(
                "a {} has no tags, so that it is let go with its {whole} only",
                address.kind.in_words()
            );
            let problem =
                Problem::new(code::BAD_ADDRESS, &text.spot, message).label("cannot be released on its own");
            resolver.sink.report(problem.help(help));
            continue;
        }
        if let Some(wish) = resolver.wanted.objects.get(&address) {
            let spot = Spot {
                file: wish.place.file,
                span: wish.place.span.clone(),
            };
            let message = format!("`{}` is released and wanted at once", text.value);
            let problem =
                Problem::new(code::CONTRADICTION, &text.spot, message).label("the spec still wants it");
            resolver.sink.report(
                problem
                    .also(&spot, format!("wanted by `{}`", wish.origin))
                    .help("take that section away, so that the object is let go, or take this one away"),
            );
            continue;
        }
        resolver.wanted.release.insert(address);
    }
}

/// What an object of a kind without tags belongs to, and what to write instead.
fn part_of(kind: Kind) -> Option<(&'static str, &'static str)> {
    match kind {
        Kind::MetricFilter => Some((
            "alarm",
            "write the address of the alarm that reads its metric, `alarm.NAME`: the filter stays with it",
        )),
        Kind::BucketPolicy => Some((
            "bucket",
            "write the address of the bucket or of the trail that delivers to it: our statements stay with it",
        )),
        Kind::KeyPolicy => Some(("key", "write the address of the key: our statements stay with it")),
        Kind::TopicPolicy => Some((
            "topic",
            "write the address of the topic: our statements stay with it",
        )),
        Kind::Subscription => Some((
            "topic",
            "write the address of the topic; subscriptions that the spec does not name are kept unless it is `exclusive`",
        )),
        Kind::Key
        | Kind::Bucket
        | Kind::LogGroup
        | Kind::Role
        | Kind::Trail
        | Kind::Topic
        | Kind::Alarm
        | Kind::CompositeAlarm => None,
    }
}
