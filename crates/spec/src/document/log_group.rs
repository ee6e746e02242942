//! `[log_group.LABEL]`.

use crate::Object;
use crate::kinds::{LogClass, LogGroup};
use crate::leaf::{Managed, Retention};
use crate::problem::{Problem, code};
use crate::wanted::Wish;

use super::decoder::{At, Spot, Table};
use super::key::Keyed;
use super::names;
use super::resolve::Resolver;
use super::sections::{Entry, Section};
use super::stack::Header;

impl Section for LogGroup {
    const WORD: &'static str = "log_group";

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        let name = table.name(label, &names::LOG_GROUP).value;
        let retention = table.take::<Retention>("retention_days");
        let class = table.take::<LogClass>("class").map(|at| at.value);
        if let Some(retention) = retention.as_ref().filter(|_| class == Some(LogClass::Delivery)) {
            let message =
                "a log group of the class DELIVERY keeps its events for one day, whatever is written";
            let problem =
                Problem::new(code::CONTRADICTION, &retention.spot, message).label("together with `class`");
            table
                .cx
                .sink
                .report(problem.help("take `retention_days` away, or choose another class"));
        }
        Self {
            name,
            retention: retention.map(|at| at.value).into(),
            class: class.into(),
            deletion_protection: table.take("deletion_protection").map(|at| at.value).into(),
            key: Managed::Leave,
            tags: table.tags(header),
        }
    }
}

/// Reports log groups of a class that has not what the spec asks of them.
pub(crate) fn check_classes(resolver: &Resolver<'_>) {
    for entry in resolver.document.log_groups.values() {
        let Some(class) = entry
            .value
            .class
            .get()
            .filter(|class| **class != LogClass::Standard)
        else {
            continue;
        };
        let name = &entry.value.name;
        let counts =
            |wish: &&Wish| matches!(&wish.object, Object::MetricFilter(filter) if filter.log_group == *name);
        if let Some(filter) = resolver.wanted.objects.values().find(counts) {
            let message =
                format!("the log group `{name}` is of the class {class}, which has no metric filters");
            report(resolver, entry, message, filter, "counts its events");
        }
        let trails = resolver.delivering(name);
        let delivers = |wish: &&Wish| matches!(&wish.object, Object::Trail(trail) if trails.contains(&trail));
        if let Some(trail) = resolver.wanted.objects.values().find(delivers)
            && *class == LogClass::Delivery
        {
            let message =
                format!("the log group `{name}` is of the class {class}, which takes logs of Lambda only");
            report(resolver, entry, message, trail, "delivers to it");
        }
    }
}

fn report(resolver: &Resolver<'_>, entry: &Entry<Keyed<LogGroup>>, message: String, user: &Wish, does: &str) {
    let at = Spot {
        file: user.place.file,
        span: user.place.span.clone(),
    };
    let problem = Problem::new(code::CONTRADICTION, &entry.origin.spot, message)
        .label("not of the class `STANDARD`")
        .also(&at, format!("`{}` {does}", user.origin));
    resolver
        .sink
        .report(problem.help("take `class` away: `STANDARD` is what a log group is without it"));
}
