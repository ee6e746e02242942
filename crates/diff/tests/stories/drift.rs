//! What somebody changed, how bad that is, and who answers for it.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use trailwarden_diff::{Drift, History, Severity, WaiverState, What, drift, render};
use trailwarden_spec::evidence::Changed;
use trailwarden_spec::kinds::CompositeAlarm;
use trailwarden_spec::leaf::{AlarmRule, FilterPattern, Managed, Owner, Retention};
use trailwarden_spec::wanted::{Date, Place, Waiver};
use trailwarden_spec::{Address, Kind, Object};

use crate::fixture::{Story, address, scope, subscription, tags};
use crate::published;

const TODAY: Date = Date {
    year: 2026,
    month: 11,
    day: 26,
};
const TRAIL: &str = "trail.account-activity";
const FILTER: &str = "metric_filter./acme/account-activity:acme-prod-iam-changes";
const ALARM: &str = "alarm.acme-prod-iam-changes";
const TOPIC_POLICY: &str = "topic_policy.security-alerts";
const GROUP: &str = "log_group./acme/account-activity";

/// An account of three rules that is as the spec says.
fn applied() -> Story {
    let mut story = Story::new();
    story.rule("root-use", "{ $.userIdentity.type = \"Root\" }");
    story.rule(
        "trail-changes",
        "{ $.eventSource = \"cloudtrail.amazonaws.com\" }",
    );
    story.apply();
    story
}

fn look(story: &Story) -> Drift {
    let drift = drift(&story.wanted, &story.live, TODAY);
    assert_eq!(published::wrong(&render::drift_json(&drift), "drift.json"), None);
    drift
}

fn text(drift: &Drift) -> String {
    let text = anstream::adapter::strip_str(&render::drift_text(drift)).to_string();
    for line in text.lines() {
        assert_eq!(line, line.trim_end(), "no trailing blanks");
    }
    text
}

/// Gives an object of the account other fields.
macro_rules! found {
    ($story:expr, $address:expr, $kind:ident) => {
        match &mut $story.found($address).value {
            Object::$kind(object) => object,
            other => panic!("{other:?}"),
        }
    };
}

fn waive(story: &mut Story, addresses: &[&str], fields: &[&str], expires: (u16, u8, u8)) {
    let (year, month, day) = expires;
    story.wanted.waivers.push(Waiver {
        written: addresses[0].into(),
        addresses: addresses.iter().map(|text| address(text)).collect(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        owner: "platform team".into(),
        reason: "a trial".into(),
        expires: Date { year, month, day },
        place: Place {
            file: 0,
            path: "waiver".into(),
            span: 0..0,
        },
    });
}

fn remove(story: &mut Story, text: &str) {
    story.live.objects.remove(&address(text)).unwrap();
}

fn only(drift: &Drift) -> &trailwarden_diff::Item {
    match drift.items.as_slice() {
        [one] => one,
        items => panic!("{items:?}"),
    }
}

fn names(addresses: &BTreeSet<Address>) -> Vec<&str> {
    addresses.iter().map(|address| address.name.as_str()).collect()
}

#[test]
fn nothing_differs() {
    let drift = look(&applied());
    assert!(drift.is_empty());
    assert_snapshot!(text(&drift), @"
    Drift of acme-prod in account 123456789012, us-east-1

    No differences. 14 objects are as the spec says.
    ");
}

/// A busy night: all severities, all states of waivers, all that can be known of who it was.
fn busy() -> Drift {
    let mut story = applied();
    found!(story, TRAIL, Trail).logging = false;
    found!(story, FILTER, MetricFilter).pattern = FilterPattern::new("{ $.eventSource = \"*\" }");
    found!(story, "alarm.acme-prod-root-use", Alarm).threshold = 5.0;
    found!(story, "topic.security-alerts", Topic).tags = tags(&[("team", "nobody")]);
    remove(&mut story, "alarm.acme-prod-trail-changes");
    found!(story, GROUP, LogGroup).retention = Managed::Set(Retention::Days(30));
    waive(&mut story, &[GROUP], &["retention_days"], (2026, 11, 26));
    waive(&mut story, &[FILTER, ALARM], &["pattern"], (2026, 11, 25));
    waive(&mut story, &["role.acme-prod-delivery"], &[], (2027, 1, 1));
    let call = |event: &str, by: &str| Changed {
        at: 1_795_687_929,
        by: by.into(),
        event: event.into(),
        source_ip: Some("198.51.100.7".into()),
        event_id: "8a1c".into(),
    };
    let mut drift = look(&story);
    for item in &mut drift.items {
        item.history = match item.address.kind {
            Kind::Trail => History::Known(vec![
                call("StopLogging", "arn:aws:iam::123456789012:user/eve"),
                call("CreateTrail", "cloudformation.amazonaws.com"),
            ]),
            Kind::Alarm if item.what == What::Missing => History::Known(Vec::new()),
            Kind::MetricFilter => History::Unknown("it may not be asked".into()),
            Kind::Topic => History::NotLookedUp,
            _ => History::NotAsked,
        };
    }
    assert_eq!(published::wrong(&render::drift_json(&drift), "drift.json"), None);
    drift
}

#[test]
fn a_busy_night() {
    let drift = busy();
    assert!(!drift.is_empty());
    assert_snapshot!(text(&drift));
}

#[test]
fn a_busy_night_in_markdown() {
    assert_snapshot!(render::drift_markdown(&busy(), 65_536));
}

#[test]
fn a_busy_night_as_json() {
    let json = render::drift_json(&busy());
    assert_snapshot!(serde_json::to_string_pretty(&json).unwrap());
}

#[test]
fn markdown_keeps_to_its_room() {
    let drift = busy();
    let whole = render::drift_markdown(&drift, usize::MAX);
    for room in (400..whole.len() + 300).step_by(37) {
        let page = render::drift_markdown(&drift, room);
        assert!(page.len() <= room, "{} in {room}", page.len());
        assert!(page.contains("**5 differences"), "the summary comes first");
        assert_eq!(page.contains("left out"), page != whole, "{room}");
        let opened = page.matches("<details>").count();
        assert_eq!(opened, page.matches("</details>").count());
    }
}

#[test]
fn what_others_wrote_does_nothing_to_a_page() {
    let mut story = applied();
    found!(story, ALARM, Alarm).description =
        Managed::Set("````\n</details> | <script> \u{1b}[2K \u{202e}".into());
    let drift = look(&story);
    let page = render::drift_markdown(&drift, 65_536);
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
    assert!(page.contains("`````diff"), "{page}");
    assert!(!text(&drift).contains('\u{202e}'));
}

/// Who leans on what: the alarms that an object concerns.
#[test]
fn the_chain_says_whom_it_concerns() {
    let rules = [
        "acme-prod-iam-changes",
        "acme-prod-root-use",
        "acme-prod-trail-changes",
    ];
    let bucket = "bucket.acme-123456789012-account-activity";
    for (gone, severity, concerned) in [
        (TRAIL, Severity::Blinds, &rules[..]),
        (bucket, Severity::Blinds, &rules[..]),
        ("role.acme-prod-delivery", Severity::Blinds, &rules[..]),
        (GROUP, Severity::Blinds, &rules[..]),
        (FILTER, Severity::Blinds, &rules[..1]),
        (ALARM, Severity::Blinds, &rules[..1]),
        ("topic.security-alerts", Severity::Blinds, &rules[..]),
        (TOPIC_POLICY, Severity::Blinds, &rules[..]),
    ] {
        let mut story = applied();
        remove(&mut story, gone);
        let drift = look(&story);
        let item = drift.items.iter().find(|item| item.address == address(gone));
        let item = item.unwrap_or_else(|| panic!("{gone}: {drift:?}"));
        assert_eq!((item.what, item.severity), (What::Missing, severity), "{gone}");
        assert_eq!(names(&item.concerns), concerned, "{gone}");
    }
}

/// A composite alarm leans on what feeds the alarms that it asks, and not on whom these tell.
#[test]
fn a_composite_alarm_leans_on_its_children() {
    let mut story = Story::new();
    story.rule("root-use", "{ $.userIdentity.type = \"Root\" }");
    let both = "ALARM(\"acme-prod-iam-changes\") AND ALARM(\"acme-prod-root-use\")";
    let other = scope().topic_arn("others");
    story.wants(
        "composite_alarm.both",
        CompositeAlarm {
            alarm_actions: [other].into(),
            ..CompositeAlarm::new("both", AlarmRule::read(both))
        },
    );
    story.apply();
    found!(story, FILTER, MetricFilter).value = "0".into();
    let blind = look(&story);
    assert_eq!(names(&only(&blind).concerns), ["acme-prod-iam-changes", "both"]);
    assert_eq!(
        blind.in_a_line(),
        "1 difference: 1 blinds 1 rule and 1 other alarm"
    );
    let mut story = Story { ..story };
    found!(story, FILTER, MetricFilter).value = "1".into();
    remove(&mut story, TOPIC_POLICY);
    let drift = look(&story);
    assert_eq!(
        names(&only(&drift).concerns),
        ["acme-prod-iam-changes", "acme-prod-root-use"]
    );
}

#[test]
fn a_subscriber_of_several_weakens() {
    let mut story = Story::new();
    story.wants("topic.security", subscription("second@example.com"));
    story.apply();
    let all: Vec<Address> = story.live.objects.keys().cloned().collect();
    let subscribers: Vec<Address> = all
        .into_iter()
        .filter(|address| address.kind == Kind::Subscription)
        .collect();
    story.live.objects.remove(&subscribers[0]).unwrap();
    assert_eq!(only(&look(&story)).severity, Severity::Weakens);
    story.live.objects.remove(&subscribers[1]).unwrap();
    let drift = look(&story);
    assert_eq!(
        drift.items.iter().map(|item| item.severity).collect::<Vec<_>>(),
        [Severity::Blinds, Severity::Blinds]
    );
}

/// What needs consent differs, too; what the stack has and the spec names no more is surplus.
#[test]
fn what_would_blind_is_seen_and_what_is_left_over() {
    let mut story = applied();
    for gone in [
        FILTER,
        ALARM,
        "metric_filter./acme/account-activity:acme-prod-root-use",
        "alarm.acme-prod-root-use",
    ] {
        story.drops(gone);
    }
    let drift = look(&story);
    assert_eq!(drift.items.len(), 4);
    for item in &drift.items {
        assert_eq!(
            (item.what, item.severity),
            (What::Surplus, Severity::Cosmetic),
            "{item:?}"
        );
        assert_eq!(item.refusal, None);
    }
}

#[test]
fn somebody_else_s_object_is_refused() {
    let mut story = applied();
    story.found(ALARM).owner = Owner::Foreign;
    let same = look(&story);
    let item = only(&same);
    assert_eq!((item.what, item.severity), (What::Refused, Severity::Cosmetic));
    found!(story, ALARM, Alarm).actions_enabled = false;
    let off = look(&story);
    let item = only(&off);
    assert_eq!((item.what, item.severity), (What::Refused, Severity::Blinds));
    assert_snapshot!(text(&off));
}

#[test]
fn what_exists_elsewhere_and_is_gone_blinds() {
    let mut story = applied();
    let place = Place {
        file: 0,
        path: "rule".into(),
        span: 0..0,
    };
    story.drops(GROUP);
    remove(&mut story, GROUP);
    story.wanted.existing.insert(address(GROUP), place);
    let drift = look(&story);
    let item = drift
        .items
        .iter()
        .find(|item| item.address == address(GROUP))
        .unwrap();
    assert_eq!((item.what, item.severity), (What::Missing, Severity::Blinds));
    assert_eq!(item.concerns.len(), 3);
}

#[test]
fn a_waiver_holds_to_the_end_of_its_day() {
    for (expires, holds) in [
        ((2026, 11, 26), true),
        ((2026, 11, 25), false),
        ((2027, 1, 1), true),
    ] {
        let mut story = applied();
        found!(story, ALARM, Alarm).threshold = 7.0;
        waive(&mut story, &[ALARM], &[], expires);
        let drift = look(&story);
        assert_eq!(drift.is_empty(), holds, "{expires:?}");
        let state = &only(&drift).waiver;
        match holds {
            true => assert!(matches!(state, WaiverState::Waived(_)), "{state:?}"),
            false => assert!(matches!(state, WaiverState::Expired(_)), "{state:?}"),
        }
        assert!(drift.idle.is_empty());
    }
}

#[test]
fn a_waiver_of_fields_holds_for_no_other() {
    let mut story = applied();
    found!(story, ALARM, Alarm).threshold = 7.0;
    waive(&mut story, &[ALARM], &["threshold"], (2026, 12, 31));
    assert!(look(&story).is_empty());
    // Another field differs, too: it alone decides how bad it is.
    found!(story, ALARM, Alarm).tags = tags(&[("team", "nobody")]);
    let drift = look(&story);
    assert_eq!(only(&drift).waiver, WaiverState::None);
    assert_eq!(only(&drift).severity, Severity::Cosmetic);
    assert_eq!(only(&drift).partly, story.wanted.waivers);
    let said = "      `threshold` waived by platform team until 2026-12-31: a trial\n";
    assert!(text(&drift).contains(said), "{}", text(&drift));
    found!(story, ALARM, Alarm).actions_enabled = false;
    assert_eq!(only(&look(&story)).severity, Severity::Blinds);
    // That it is gone was not waived.
    remove(&mut story, ALARM);
    let gone = look(&story);
    assert_eq!(only(&gone).waiver, WaiverState::None);
    waive(&mut story, &[ALARM], &[], (2026, 12, 31));
    assert!(look(&story).is_empty());
}

#[test]
fn a_waiver_without_a_difference_is_said() {
    let mut story = applied();
    waive(&mut story, &[ALARM], &["threshold"], (2026, 12, 31));
    waive(&mut story, &[TRAIL], &[], (2025, 12, 31));
    found!(story, ALARM, Alarm).tags = tags(&[("team", "nobody")]);
    let drift = look(&story);
    assert_eq!(drift.idle.len(), 2);
    assert_snapshot!(text(&drift));
}

/// The drift is the plan, read the other way round: it has an item for all that a plan would do or
/// refuse with every consent, and no other.
#[test]
fn all_that_a_plan_would_do_is_drift() {
    let mut stories = vec![Story::new(), applied()];
    let all: Vec<Address> = applied().live.objects.keys().cloned().collect();
    for address in all {
        let mut gone = applied();
        gone.live.objects.remove(&address);
        stories.push(gone);
        let mut dropped = applied();
        dropped.wanted.objects.remove(&address);
        stories.push(dropped);
        let mut foreign = applied();
        foreign.live.objects.get_mut(&address).unwrap().owner = Owner::Stack("other".into());
        stories.push(foreign);
    }
    for mut story in stories {
        let drift = look(&story);
        story.options.allow_blinding.all = true;
        let plan = story.plan();
        let planned: BTreeSet<&Address> = plan
            .steps
            .iter()
            .map(|step| &step.address)
            .chain(plan.refusals.iter().map(|refusal| &refusal.address))
            .collect();
        let seen: Vec<&Address> = drift.items.iter().map(|item| &item.address).collect();
        assert_eq!(seen.iter().copied().collect::<BTreeSet<_>>(), planned);
        assert_eq!(seen.len(), planned.len(), "each once");
        let order: Vec<_> = drift
            .items
            .iter()
            .map(|item| (item.is_waived(), item.severity, &item.address))
            .collect();
        assert!(order.is_sorted());
        let sum = drift.summary();
        assert_eq!(sum.differences, sum.blinds + sum.weakens + sum.cosmetic);
        assert_eq!(sum.differences + sum.waived, drift.items.len());
    }
}
