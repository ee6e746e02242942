//! Each way in which a link breaks, and the link that is named with its way out.

use trailwarden_policy::{Policy, Statement};
use trailwarden_prove::{LinkKind, LinkState, Verdict};
use trailwarden_spec::Object;
use trailwarden_spec::evidence::{FailedAction, Seen, Subscriber, SubscriberState};
use trailwarden_spec::kinds::{LogClass, ManagementEvents, Protocol, Suppressor};
use trailwarden_spec::leaf::{Document, Endpoint, FilterPattern, Managed};

use crate::fixture::{NOW, SPEC, Story};

const RULE: &str = "rule.iam-changes";
const DAY: i64 = 86_400;

#[test]
fn an_account_that_works_reaches_its_people() {
    let story = Story::working();
    let proof = story.proof();
    assert_eq!(proof.verdict(), Verdict::Reaches);
    let summary = proof.summary();
    assert_eq!((summary.reaches, summary.quiet), (3, 1));
    assert_eq!((summary.waits, summary.broken, summary.unknown), (0, 0, 0));
    let chain = story.chain(RULE);
    assert_eq!(chain.told.len(), 1);
    assert!(chain.links.iter().all(|link| link.state == LinkState::Holds));
}

/// What is done to a working account, and what is said of the rule.
type Break = (&'static str, fn(&mut Story));

#[test]
fn each_link_is_named_with_its_way_out() {
    let breaks: [Break; 25] = [
        ("the trail is gone", |s| s.evidence.trails.clear()),
        ("the trail is stopped", |s| {
            s.status().logging = false;
            s.status().stopped = Some(NOW - 40 * DAY);
        }),
        ("the trail is stopped in another region", |s| {
            let mut status = s.status().clone();
            status.logging = false;
            s.trail().elsewhere.insert("eu-west-1".into(), Seen::Is(status));
        }),
        ("its status is not read", |s| {
            s.trail().status = Seen::Hidden("AccessDeniedException".into());
        }),
        ("it records nothing of the kind", |s| {
            s.trail().trail.management_events = ManagementEvents::None;
        }),
        ("it leaves out global services", |s| {
            s.trail().trail.global_service_events = false;
        }),
        ("the role is gone", |s| {
            s.evidence
                .roles
                .values_mut()
                .for_each(|role| *role = Seen::Absent);
        }),
        ("nobody may assume the role", |s| {
            s.role().trust = Policy::default()
        }),
        ("the role may write nothing", |s| s.role().inline.clear()),
        ("what is attached to the role is not read", |s| {
            s.role().inline.clear();
            s.role().attached = vec!["arn:aws:iam::aws:policy/Theirs".into()];
        }),
        ("a delivery failed", |s| {
            s.status().events.error = Some("Access denied. Check the policies.".into());
        }),
        ("nothing has arrived since March", |s| {
            s.status().events.last = Some(NOW - 250 * DAY);
        }),
        ("it has just begun", |s| {
            s.status().events.last = None;
            s.status().started = Some(NOW - 60);
        }),
        ("the log group is gone", |s| s.evidence.groups.clear()),
        ("the log group has another class", |s| {
            s.group().group.class = Managed::Set(LogClass::InfrequentAccess);
        }),
        ("the log group's key is disabled", |s| {
            let Some(Seen::Is(key)) = &mut s.group().key else {
                panic!()
            };
            key.state = "Disabled".into();
        }),
        ("the log group's key shuts it out", |s| {
            let Some(Seen::Is(key)) = &mut s.group().key else {
                panic!()
            };
            key.policy = Seen::Is(Policy::default());
        }),
        ("the filter is gone", |s| s.evidence.filters.clear()),
        ("the filter lost a wildcard", |s| {
            s.filter("acme-iam-changes").pattern = FilterPattern::new("{ $.eventSource = \"iam\" }");
        }),
        ("the filter counts elsewhere", |s| {
            s.filter("acme-iam-changes").namespace = "Trailwarden/acne".into();
        }),
        ("the alarm is gone", |s| {
            s.evidence.alarms.insert("acme-iam-changes".into(), Seen::Absent);
        }),
        ("the alarm's actions are off", |s| {
            let Object::Alarm(alarm) = &mut s.alarm("acme-iam-changes").alarm else {
                panic!()
            };
            alarm.actions_enabled = false;
        }),
        ("an action failed", |s| {
            s.alarm("acme-iam-changes").failed_action = Seen::Is(Some(FailedAction {
                at: NOW - 7200,
                summary: "Failed to execute action arn:aws:sns:us-east-1:123456789012:security".into(),
            }));
        }),
        ("the topic's policy shuts CloudWatch out", |s| {
            s.topic().policy = Policy::default()
        }),
        ("nobody is subscribed", |s| {
            s.subscribers().clear();
            s.wanted
                .objects
                .retain(|_, wish| !matches!(wish.object, Object::Subscription(_)));
        }),
    ];
    let mut said = String::new();
    for (what, done) in breaks {
        let mut story = Story::working();
        done(&mut story);
        let chain = story.chain(RULE);
        let worst = chain.links.iter().max_by_key(|link| link.state).expect("a link");
        let first = chain.first_broken().unwrap_or(worst);
        assert_ne!(first.state, LinkState::Holds, "{what}");
        said += &format!(
            "{what}\n  {:?} {} {}: {}\n  -> {}\n",
            first.state,
            first.kind.in_words(),
            first.name,
            first.message,
            first.fix.as_deref().unwrap_or_default()
        );
    }
    insta::assert_snapshot!(said);
}

#[test]
fn of_two_breakages_the_first_is_named() {
    let mut story = Story::working();
    story.subscribers().clear();
    story.status().logging = false;
    assert!(
        story
            .breaks(RULE)
            .starts_with("trail main: it does not record, and never did")
    );
    story.status().logging = true;
    assert!(story.breaks(RULE).starts_with("subscribers security: email"));
}

#[test]
fn a_topic_s_key_and_who_may_not_use_it() {
    let mut story = Story::working();
    let Some(Seen::Is(key)) = &mut story.topic().key else {
        panic!()
    };
    key.of_aws = true;
    assert!(
        story
            .breaks(RULE)
            .contains("a key of AWS's own, which cloudwatch.amazonaws.com may not use")
    );
    let Some(Seen::Is(key)) = &mut story.topic().key else {
        panic!()
    };
    key.of_aws = false;
    key.policy = Seen::Is(Policy::default());
    let said = story.breaks(RULE);
    assert!(
        said.contains("does not let cloudwatch.amazonaws.com call kms:GenerateDataKey"),
        "{said}"
    );
    let Some(Seen::Is(key)) = &mut story.topic().key else {
        panic!()
    };
    key.policy = Seen::Hidden("AccessDeniedException".into());
    assert_eq!(story.breaks(RULE), "nothing");
    assert_eq!(story.proof().summary().unknown, 3);
}

#[test]
fn sns_s_own_statement_lets_alarms_publish_and_a_deny_does_not() {
    let mut story = Story::working();
    let own = r#"{"Version": "2008-10-17", "Statement": [{"Sid": "__default_statement_ID", "Effect": "Allow",
        "Principal": {"AWS": "*"}, "Action": ["sns:Publish", "sns:Subscribe"],
        "Resource": "arn:aws:sns:us-east-1:123456789012:security",
        "Condition": {"StringEquals": {"AWS:SourceOwner": "123456789012"}}}]}"#;
    story.topic().policy = Policy::parse(own).expect("a policy");
    assert_eq!(story.breaks(RULE), "nothing");
    story.topic().policy =
        Policy::parse(&own.replace("\"123456789012\"}}", "\"210987654321\"}}")).expect("a policy");
    assert!(story.breaks(RULE).starts_with("topic security: its policy"));
    let deny = Statement::deny("Theirs")
        .principal_aws("*")
        .action("sns:*")
        .resource("*");
    story.topic().policy = Policy::parse(own).expect("a policy").with(deny);
    assert!(story.breaks(RULE).contains("it is denied by Theirs"));
}

#[test]
fn whoever_has_not_confirmed_is_waited_for() {
    let mut story = Story::working();
    story.subscribers()[0].state = SubscriberState::Pending;
    assert_eq!(story.chain(RULE).verdict(), Verdict::Waits);
    assert!(story.chain(RULE).told.is_empty());
    story.subscribers().push(Subscriber {
        protocol: Some(Protocol::Sms),
        endpoint: Endpoint::new("sms", "+15550100"),
        state: SubscriberState::Confirmed,
        filter: None,
    });
    assert_eq!(story.chain(RULE).verdict(), Verdict::Waits);
    assert_eq!(story.chain(RULE).told.len(), 1);
    // One whom a mail scanner unsubscribed.
    story.subscribers().remove(0);
    let said = story.breaks(RULE);
    assert!(said.contains("is not subscribed any more"), "{said}");
    story.subscribers()[0].state = SubscriberState::Shut {
        cause: "the queue `q` is not there".into(),
        fix: "make it".into(),
    };
    assert!(story.breaks(RULE).contains("hears nothing: the queue `q`"));
}

#[test]
fn a_filter_policy_on_the_message_is_about_some_alarms() {
    let mut story = Story::working();
    let filter = |text| Some(Document::parse(text).expect("an object"));
    story.subscribers()[0].filter = filter(r#"{"AlarmName":["acme-main-heartbeat"]}"#);
    let said = story.breaks(RULE);
    assert!(said.contains("hears nothing of `acme-iam-changes`"), "{said}");
    assert!(story.chain(RULE).told.is_empty());
    assert_eq!(story.breaks("trail.main"), "nothing");
    assert_eq!(story.chain("trail.main").told.len(), 1);
    story.subscribers()[0].filter = filter(r#"{"NewStateReason":["x"]}"#);
    assert_eq!(story.breaks(RULE), "nothing");
    assert_eq!(story.proof().summary().broken, 0);
    assert!(story.proof().summary().unknown > 0);
}

#[test]
fn another_region_says_what_it_cannot_deliver() {
    let mut story = Story::working();
    let mut status = story.status().clone();
    status.files.error = Some("AccessDenied".into());
    story
        .trail()
        .elsewhere
        .insert("eu-west-1".into(), Seen::Is(status.clone()));
    assert_eq!(story.breaks(RULE), "nothing");
    let proof = story.proof();
    let said: Vec<&str> = proof.attention.iter().map(|it| it.message.as_str()).collect();
    assert!(
        said[0].contains("the log files of eu-west-1 (AccessDenied)"),
        "{said:?}"
    );
    // An alert needs the events.
    status.events.error = Some("Access denied.".into());
    story
        .trail()
        .elsewhere
        .insert("eu-west-1".into(), Seen::Is(status));
    let said = story.breaks(RULE);
    assert!(
        said.contains("the last delivery of eu-west-1 to the log group failed: Access denied."),
        "{said}"
    );
}

#[test]
fn of_two_trails_the_one_that_works_counts() {
    let mut story = Story::working();
    let mut other = story.trail().clone();
    other.trail.name = "theirs".into();
    story.status().logging = false;
    story.evidence.trails.insert(
        "arn:aws:cloudtrail:us-east-1:210987654321:trail/theirs".into(),
        other,
    );
    assert_eq!(story.breaks(RULE), "nothing");
}

#[test]
fn a_composite_alarm_is_as_good_as_what_it_asks() {
    let both = "composite_alarm.both";
    let mut story = Story::working();
    assert_eq!(story.breaks(both), "nothing");
    // The actions of what it asks do not matter.
    let Object::Alarm(alarm) = &mut story.alarm("acme-iam-changes").alarm else {
        panic!()
    };
    alarm.actions_enabled = false;
    assert_eq!(story.breaks(both), "nothing");
    story.filter("acme-key-use").metric = "astray".into();
    assert!(
        story
            .breaks(both)
            .starts_with("metric Trailwarden/acme/acme-key-use"),
        "{}",
        story.breaks(both)
    );

    let mut story = Story::working();
    let Object::CompositeAlarm(alarm) = &mut story.alarm("both").alarm else {
        panic!()
    };
    alarm.suppressor = Managed::Set(Some(Suppressor {
        alarm: "acme-key-use".into(),
        wait_period: 60,
        extension_period: 60,
    }));
    // The spec leaves that alone: it matters while the suppressor is in ALARM.
    assert_eq!(story.breaks(both), "nothing");
    story.alarm("acme-key-use").state = "ALARM".into();
    assert!(
        story
            .breaks(both)
            .contains("its suppressor `acme-key-use` is in ALARM")
    );
}

#[test]
fn a_heartbeat_leans_on_trail_and_group_alone() {
    let mut story = Story::working();
    let chain = story.chain("trail.main");
    assert!(chain.links.iter().any(|link| link.kind == LinkKind::Metric));
    assert!(chain.links.iter().all(|link| link.kind != LinkKind::Filter));
    story.status().logging = false;
    assert!(story.breaks("trail.main").starts_with("trail main"));
}

#[test]
fn rules_alone_need_somebody_s_trail() {
    let from = SPEC.find("[trail.main]").expect("it");
    let to = SPEC.find("[key.main]").expect("it");
    let rest = SPEC[to..].replace("log_group = \"activity\"", "");
    let spec = format!(
        "{}{rest}",
        SPEC[..from].replace("\"activity\"", "{ existing = \"/theirs\" }")
    );
    let mut story = Story::of(&spec);
    assert!(
        story.breaks(RULE).starts_with("trail /theirs: no trail"),
        "{}",
        story.breaks(RULE)
    );
    // The organization's trail shows, its status does not.
    let mut theirs = Story::working();
    let mut trail = theirs.trail().clone();
    let Managed::Set(Some(delivery)) = &mut trail.trail.delivery else {
        panic!()
    };
    delivery.log_group = story.wanted.stack.scope.log_group_arn("/theirs");
    trail.status = Seen::Hidden("AccessDeniedException".into());
    trail.home.account = "210987654321".into();
    story.evidence.trails.insert("theirs".into(), trail);
    let chain = story.chain(RULE);
    let state = |kind: LinkKind| {
        chain
            .links
            .iter()
            .find(|link| link.kind == kind)
            .map(|link| link.state)
    };
    assert_eq!(state(LinkKind::Trail), Some(LinkState::Unknown));
}

/// The way out of the first broken link of a rule.
fn way_out(story: &Story) -> String {
    let chain = story.chain(RULE);
    let first = chain.first_broken().expect("a broken link");
    first.fix.clone().expect("a way out")
}

#[test]
fn what_the_spec_does_not_make_is_its_owner_s_to_repair() {
    let owner = "the spec does not make it: its owner has to repair it";
    let is_trail = |wish: &Object| matches!(wish, Object::Trail(_) | Object::Role(_));
    let mut theirs = Story::working();
    theirs.wanted.objects.retain(|_, wish| !is_trail(&wish.object));
    let mut story = theirs.clone();
    story.status().logging = false;
    assert_eq!(way_out(&story), owner);
    let mut story = theirs.clone();
    story.role().inline.clear();
    assert_eq!(way_out(&story), owner);
    let mut story = theirs.clone();
    story.trail().trail.management_events = ManagementEvents::None;
    assert!(way_out(&story).starts_with("the spec does not make the trail"));
    let mut story = theirs;
    story
        .wanted
        .objects
        .retain(|_, wish| !matches!(wish.object, Object::LogGroup(_)));
    story.evidence.groups.clear();
    assert_eq!(way_out(&story), owner);
}

#[test]
fn what_the_spec_leaves_out_is_the_spec_s_to_change() {
    let mut story = Story::working();
    story.trail().trail.management_events = ManagementEvents::None;
    assert!(way_out(&story).ends_with("`trailwarden apply` repairs it"));
    for wish in story.wanted.objects.values_mut() {
        if let Object::Trail(trail) = &mut wish.object {
            trail.management_events = ManagementEvents::None;
        }
    }
    assert!(way_out(&story).starts_with("let the spec's trail record them"));
}

#[test]
fn who_is_denied_needs_the_statement_gone() {
    let deny = || Statement::deny("Theirs").action("*").resource("*");
    let mut story = Story::working();
    let role = story.role();
    role.attached = vec!["arn:aws:iam::aws:policy/Theirs".into()];
    role.inline.push(Policy::new(vec![deny()]));
    assert!(
        way_out(&story).starts_with("take that statement out"),
        "{}",
        way_out(&story)
    );
    let mut story = Story::working();
    let Some(Seen::Is(key)) = &mut story.topic().key else {
        panic!()
    };
    let Seen::Is(policy) = &key.policy else { panic!() };
    key.policy = Seen::Is(policy.clone().with(deny().principal_aws("*")));
    assert!(story.breaks(RULE).contains("it is denied by Theirs"));
    assert!(way_out(&story).starts_with("take that statement out"));
}

#[test]
fn a_consequence_is_not_called_the_cause() {
    let state = |story: &Story, kind: LinkKind| {
        let links = story.chain(RULE).links.into_iter();
        links
            .filter(|link| link.kind == kind)
            .map(|link| link.state)
            .max()
    };
    let mut story = Story::working();
    story.evidence.groups.clear();
    story.status().events.error = Some("the log group does not exist".into());
    assert_eq!(state(&story, LinkKind::Delivery), Some(LinkState::Unknown));
    assert!(story.breaks(RULE).starts_with("log group "));

    let mut story = Story::working();
    story.alarm("acme-iam-changes").failed_action = Seen::Is(Some(FailedAction {
        at: NOW - 60,
        summary: "Failed to execute action".into(),
    }));
    assert_eq!(state(&story, LinkKind::Alarm), Some(LinkState::Broken));
    story.topic().policy = Policy::default();
    assert_eq!(state(&story, LinkKind::Alarm), Some(LinkState::Unknown));
    assert!(story.breaks(RULE).starts_with("topic "));
}
