//! From the trail to the log group: it records, it lets the events through, it delivers.

use trailwarden_pattern::{Code, ManagementEvents as Recorded, Pattern, Recording};
use trailwarden_policy::{Caller, Decision, Request};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::evidence::{Delivered, GroupSeen, RoleSeen, Seen, TrailSeen, TrailStatus};
use trailwarden_spec::kinds::{Delivery, ManagementEvents, MetricFilter, Trail};
use trailwarden_spec::{Kind, Object};

use super::{APPLY, OWNER, ago};
use crate::chain::{Link, LinkKind, LinkState};
use crate::permits::{Hindrance, closed, hindrance, service, together, way_out};
use crate::walk::Walk;

/// CloudTrail delivers about five minutes after a call; nobody is told that something is the matter
/// before.
const SOON: i64 = 15 * 60;
/// A trail that records all management events of an account in use is never silent that long: what
/// looks at it is recorded, too.
const TOO_LONG: i64 = 24 * 3600;

/// The trails that deliver to a log group, and the group. Of several trails the one of which most
/// holds counts: any of them makes the filter see events.
pub(crate) fn of_group(walk: &Walk<'_>, group: &str, filter: Option<&MetricFilter>) -> Vec<Link> {
    let arn = walk.scope().log_group_arn(group);
    let delivering = walk
        .evidence
        .trails
        .values()
        .filter_map(|seen| Some((seen, seen.trail.delivery.get()?.as_ref()?)))
        .filter(|(_, delivery)| delivery.log_group == arn);
    let receives = of_the_group(walk, group);
    let of_trails = delivering.map(|(seen, delivery)| of_trail(walk, seen, delivery, filter, &receives));
    let badness = |links: &Vec<Link>| {
        let mut states: Vec<LinkState> = links.iter().map(|link| link.state).collect();
        states.sort_by(|a, b| b.cmp(a));
        states
    };
    let mut links = of_trails
        .min_by_key(badness)
        .unwrap_or_else(|| vec![no_trail(walk, group, &arn)]);
    links.push(receives);
    links
}

fn no_trail(walk: &Walk<'_>, group: &str, arn: &Arn) -> Link {
    let wanted = walk.wanted.objects.values().find_map(|wish| match &wish.object {
        Object::Trail(trail) => {
            let to = trail.delivery.get()?.as_ref()?;
            (to.log_group == *arn).then_some(trail)
        }
        _ => None,
    });
    match wanted {
        Some(trail) => {
            let address = walk.scope().address(Kind::Trail, trail.name.as_str());
            let cause = match walk.live.objects.contains_key(&address) {
                true => format!("it does not deliver to the log group `{group}`"),
                false => "it is not there".into(),
            };
            Link::broken(LinkKind::Trail, &trail.name, cause, APPLY)
        }
        None => Link::broken(
            LinkKind::Trail,
            group,
            "no trail that this region shows delivers to the log group",
            "let a `[trail.LABEL]` deliver to it by `log_group`, or ask the owner of the organization's trail",
        ),
    }
}

fn of_trail(
    walk: &Walk<'_>,
    seen: &TrailSeen,
    delivery: &Delivery,
    filter: Option<&MetricFilter>,
    group: &Link,
) -> Vec<Link> {
    let mut links = vec![records(walk, seen)];
    if let Some(filter) = filter {
        links.push(lets_through(walk, seen, filter));
    }
    links.push(delivers(walk, seen, delivery, group));
    links
}

fn records(walk: &Walk<'_>, seen: &TrailSeen) -> Link {
    let name = &seen.trail.name;
    let status = match &seen.status {
        Seen::Is(status) => status,
        Seen::Absent => return Link::broken(LinkKind::Trail, name, "it is not there", APPLY),
        Seen::Hidden(why) => {
            return Link::unknown(
                LinkKind::Trail,
                name,
                format!("whether it records may not be read: {why}"),
                format!(
                    "ask in the account {} and region {}, where it is at home",
                    seen.home.account, seen.home.region
                ),
            );
        }
    };
    if !status.logging {
        let cause = match status.stopped {
            Some(at) => format!("it has not recorded for {}", ago(walk.evidence.at - at)),
            None => "it does not record, and never did".into(),
        };
        return Link::broken(
            LinkKind::Trail,
            name,
            cause,
            match wish(walk, seen) {
                Some(_) => format!(
                    "`trailwarden apply`, or `aws cloudtrail start-logging --name {name}`; then find out who stopped it"
                ),
                None => OWNER.into(),
            },
        );
    }
    let stopped: Vec<&str> = seen
        .elsewhere
        .iter()
        .filter(|(_, status)| status.get().is_some_and(|status| !status.logging))
        .map(|(region, _)| region.as_str())
        .collect();
    if !stopped.is_empty() {
        return Link::broken(
            LinkKind::Trail,
            name,
            format!("it does not record in {}", stopped.join(", ")),
            format!("stop and start it in its home region {}", seen.home.region),
        );
    }
    let wide = match (seen.trail.multi_region, seen.elsewhere.len()) {
        (true, 0) => "in all regions".to_owned(),
        (true, asked) => format!("in all regions ({asked} others asked)"),
        (false, _) => format!("in {} alone", seen.home.region),
    };
    let since = status
        .started
        .map(|at| format!(" for {}", ago(walk.evidence.at - at)));
    Link::holds(
        LinkKind::Trail,
        name,
        format!("recording {wide}{}", since.unwrap_or_default()),
    )
}

/// Whether the trail records what a pattern asks for, as far as its selectors are understood.
fn lets_through(walk: &Walk<'_>, seen: &TrailSeen, filter: &MetricFilter) -> Link {
    let name = &seen.trail.name;
    if let Some(odd) = seen.inexpressible.first() {
        return Link::unknown(
            LinkKind::Selectors,
            name,
            format!("what it records is not understood: {odd}"),
            "see `aws cloudtrail get-event-selectors`",
        );
    }
    let Ok(pattern) = Pattern::parse(filter.pattern.as_str()) else {
        return Link::unknown(
            LinkKind::Selectors,
            name,
            "the filter's pattern is none, so that nobody knows what it looks for",
            APPLY,
        );
    };
    let cause = match missed(&pattern, &seen.trail, &seen.home.region) {
        Some(message) => message,
        None if seen.trail.management_events == ManagementEvents::None => {
            "it records no management events".into()
        }
        None => return Link::holds(LinkKind::Selectors, name, in_words(&seen.trail)),
    };
    let fix = match wish(walk, seen) {
        Some(wish)
            if missed(&pattern, wish, &seen.home.region).is_none()
                && wish.management_events != ManagementEvents::None =>
        {
            APPLY
        }
        Some(_) => {
            "let the spec's trail record them (`management_events`, `excluded_sources`, `data_events`, \
             `multi_region`), then apply"
        }
        None => "the spec does not make the trail: its owner has to let it record them",
    };
    Link::broken(LinkKind::Selectors, name, cause, fix)
}

/// What the spec says of a trail, if it makes it.
fn wish<'a>(walk: &Walk<'a>, seen: &TrailSeen) -> Option<&'a Trail> {
    let address = walk.scope().address(Kind::Trail, seen.trail.name.as_str());
    match walk.wanted.objects.get(&address).map(|wish| &wish.object) {
        Some(Object::Trail(wish)) if *walk.scope() == seen.home => Some(wish),
        _ => None,
    }
}

/// Why a trail does not record what a pattern looks for; none if it does.
fn missed(pattern: &Pattern, trail: &Trail, home: &str) -> Option<String> {
    let lints = pattern.lints_for(&recording(trail, home)).into_iter();
    let mut missed = lints.filter(|problem| problem.code == Code::NotRecorded);
    missed.next().map(|problem| problem.message)
}

fn in_words(trail: &Trail) -> String {
    let mut said = match trail.management_events {
        ManagementEvents::All => "all management events".to_owned(),
        ManagementEvents::Read => "management events that read".to_owned(),
        ManagementEvents::Write => "management events that write".to_owned(),
        ManagementEvents::None => "no management events".to_owned(),
    };
    if !trail.excluded_sources.is_empty() {
        let sources: Vec<&str> = trail.excluded_sources.iter().map(String::as_str).collect();
        said.push_str(&format!(" but those of {}", sources.join(", ")));
    }
    if trail.data_events.get().is_some_and(|events| !events.is_empty()) {
        said.push_str(", and data events");
    }
    said
}

fn recording(trail: &Trail, home: &str) -> Recording {
    Recording {
        management: match trail.management_events {
            ManagementEvents::All => Recorded::All,
            ManagementEvents::Read => Recorded::Read,
            ManagementEvents::Write => Recorded::Write,
            ManagementEvents::None => Recorded::None,
        },
        excluded: trail.excluded_sources.clone(),
        data: trail.data_events.get().is_some_and(|events| !events.is_empty()),
        global: trail.global_service_events && (trail.multi_region || home == "us-east-1"),
    }
}

/// The role lets the trail write, and it does.
fn delivers(walk: &Walk<'_>, seen: &TrailSeen, delivery: &Delivery, group: &Link) -> Link {
    let role = delivery.role.name();
    if let Err(why) = role_permits(walk, seen, delivery) {
        let make = if why.unknown { Link::unknown } else { Link::broken };
        return make(LinkKind::Delivery, role, why.cause, why.fix);
    }
    let Seen::Is(status) = &seen.status else {
        return Link::unknown(
            LinkKind::Delivery,
            role,
            "whether events arrive may not be read",
            "see the last event of the log group",
        );
    };
    if group.state == LinkState::Broken {
        // Whatever failed, or did not arrive, failed there.
        return Link::unknown(
            LinkKind::Delivery,
            role,
            format!("the log group takes nothing{}", last(walk, &status.events)),
            "mend the log group first",
        );
    }
    let elsewhere = seen.elsewhere.iter().find_map(|(region, status)| {
        let error = status.get()?.events.error.as_ref()?;
        Some((region, error))
    });
    if let (None, Some((region, error))) = (&status.events.error, elsewhere) {
        return Link::broken(
            LinkKind::Delivery,
            role,
            format!("the last delivery of {region} to the log group failed: {error}"),
            "what its own policies allow, an organization's policy or a permissions boundary may deny for a region; \
             look again when the next events of that region have come",
        );
    }
    match (&status.events.error, arrives(walk, seen, status)) {
        (Some(error), _) => Link::broken(
            LinkKind::Delivery,
            role,
            format!(
                "the last delivery to the log group failed: {error}{}",
                last(walk, &status.events)
            ),
            "if it was mended since then, look again when the next events have come, after some minutes; otherwise \
             look for an organization's policy or a permissions boundary that denies it, as its own policies allow it",
        ),
        (None, Err(link)) => *link,
        (None, Ok(said)) => Link::holds(LinkKind::Delivery, role, said),
    }
}

fn last(walk: &Walk<'_>, events: &Delivered) -> String {
    match events.last {
        Some(at) => format!(
            "; the last one that arrived was {} ago",
            ago(walk.evidence.at - at)
        ),
        None => "; none ever arrived".into(),
    }
}

fn arrives(walk: &Walk<'_>, seen: &TrailSeen, status: &TrailStatus) -> Result<String, Box<Link>> {
    let now = walk.evidence.at;
    let role = seen.trail.delivery.get().and_then(Option::as_ref);
    let role = role.map(|delivery| delivery.role.name()).unwrap_or_default();
    let records_all = seen.trail.management_events == ManagementEvents::All;
    let running = status.started.map_or(i64::MAX, |at| now - at);
    match status.events.last {
        Some(at) if now - at < TOO_LONG => Ok(format!("the last events arrived {} ago", ago(now - at))),
        last if running < SOON => Err(Box::new(Link::unknown(
            LinkKind::Delivery,
            role,
            format!(
                "nothing has arrived {}; it has been recording for {}",
                match last {
                    Some(at) => format!("for {}", ago(now - at)),
                    None => "yet".into(),
                },
                ago(running)
            ),
            "the first events come after about five minutes: look again then",
        ))),
        _ if records_all => Err(Box::new(Link::broken(
            LinkKind::Delivery,
            role,
            match status.events.last {
                Some(at) => format!("nothing has arrived for {}", ago(now - at)),
                None => "nothing ever arrived".to_owned(),
            },
            "its own policies allow it: look for an organization's policy or a permissions boundary that denies it",
        ))),
        _ => Err(Box::new(Link::unknown(
            LinkKind::Delivery,
            role,
            "nothing has arrived for a day or more, and it does not record everything",
            "do something that it records, and look again after some minutes",
        ))),
    }
}

fn role_permits(walk: &Walk<'_>, seen: &TrailSeen, delivery: &Delivery) -> Result<(), Hindrance> {
    let mends = match walk.wants(Kind::Role, &delivery.role) {
        true => APPLY,
        false => OWNER,
    };
    let role = match walk.evidence.roles.get(&delivery.role.to_string()) {
        Some(Seen::Is(role)) => role,
        Some(Seen::Absent) => return Err(Hindrance::broken("the delivery role is not there", mends)),
        Some(Seen::Hidden(why)) => {
            return Err(Hindrance::unknown(
                format!("the delivery role may not be read: {why}"),
                "let the caller call iam:GetRole and iam:GetRolePolicy",
            ));
        }
        None => {
            return Err(Hindrance::unknown(
                format!("the delivery role `{}` is in another account", delivery.role),
                "ask its owner",
            ));
        }
    };
    let assumes = Request::new(
        Caller::Service("cloudtrail.amazonaws.com".into()),
        "sts:AssumeRole",
        delivery.role.to_string(),
    )
    .context("aws:SourceAccount", seen.home.account.as_str())
    .context("aws:SourceArn", seen.home.trail_arn(&seen.trail.name).to_string());
    if let Some(why) = hindrance(&role.trust, &assumes) {
        return Err(Hindrance::broken(
            format!("the delivery role does not let CloudTrail assume it: {why}"),
            mends,
        ));
    }
    writes(walk, role, delivery, mends)
}

fn writes(walk: &Walk<'_>, role: &RoleSeen, delivery: &Delivery, mends: &str) -> Result<(), Hindrance> {
    let scope = walk.scope();
    let policy = together(&role.inline);
    let stream = format!(
        "{}:log-stream:{}_CloudTrail_{}",
        delivery.log_group, scope.account, scope.region
    );
    for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
        let request = Request::new(Caller::Arn(delivery.role.to_string()), action, stream.as_str());
        let Some(why) = hindrance(&policy, &request) else {
            continue;
        };
        let denied = matches!(policy.evaluate(&request), Decision::Denied { .. });
        if denied || role.attached.is_empty() {
            return Err(Hindrance::broken(
                format!(
                    "the delivery role's policies do not let it call {action} on the log group's streams: {why}"
                ),
                way_out(&policy, &request, mends),
            ));
        }
        return Err(Hindrance::unknown(
            format!(
                "whether the delivery role may call {action} depends on the policies attached to it, which are not \
                 read: {}",
                role.attached.join(", ")
            ),
            "look at them, or let the spec make the role",
        ));
    }
    Ok(())
}

/// It is there, takes filters, and its key lets CloudWatch Logs in.
pub(crate) fn of_the_group(walk: &Walk<'_>, name: &str) -> Link {
    let seen = match walk.evidence.groups.get(name) {
        Some(Seen::Is(seen)) => seen,
        Some(Seen::Hidden(why)) => {
            return Link::unknown(
                LinkKind::LogGroup,
                name,
                format!("it may not be read: {why}"),
                "let the caller call logs:DescribeLogGroups",
            );
        }
        Some(Seen::Absent) | None => {
            let fix = match walk.wants(Kind::LogGroup, &walk.scope().log_group_arn(name)) {
                true => APPLY,
                false => OWNER,
            };
            return Link::broken(LinkKind::LogGroup, name, "it is not there", fix);
        }
    };
    if let Some(why) = seen.group.takes_no_filters() {
        return Link::broken(
            LinkKind::LogGroup,
            name,
            why,
            "let the trail deliver to a group of the class STANDARD",
        );
    }
    if let Some(key) = &seen.key {
        let arn = walk.scope().log_group_arn(name).to_string();
        let logs = format!("logs.{}.amazonaws.com", walk.scope().region);
        let requests = |key: &str| {
            ["kms:Encrypt", "kms:GenerateDataKey", "kms:Decrypt"]
                .map(|action| {
                    service(&logs, action, key, &walk.scope().account, &arn)
                        .context("kms:EncryptionContext:aws:logs:arn", arn.as_str())
                })
                .into()
        };
        if let Err(why) = closed(key, &logs, requests) {
            let make = if why.unknown { Link::unknown } else { Link::broken };
            return make(LinkKind::LogGroup, name, why.cause, why.fix);
        }
    }
    Link::holds(LinkKind::LogGroup, name, newest(walk, seen))
}

fn newest(walk: &Walk<'_>, seen: &GroupSeen) -> String {
    match seen.last_event {
        Some(at) => format!("its newest event is {} old", ago(walk.evidence.at - at)),
        None => "no event of CloudTrail is in it yet".into(),
    }
}
