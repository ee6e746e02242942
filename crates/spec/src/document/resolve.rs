//! From a document to what is wanted: references become names and ARNs, and what follows from the
//! sections is added.

use std::collections::{BTreeMap, BTreeSet};

use crate::arn::Arn;
use crate::kinds::{Alarm, Subscription, TopicPolicy, Trail};
use crate::leaf::Managed;
use crate::problem::{Problem, Problems, code};
use crate::wanted::{Place, Wanted, Wish};
use crate::{Address, Kind, Object, Scope};

use super::alarm::Actions;
use super::decoder::{At, Sink, Spot};
use super::joins::{self, Joint};
use super::names;
use super::references::{GroupRef, Notify, Target};
use super::sections::{Document, Entry, Origin, Section, Sections};
use super::stack::Header;
use super::suggest::among;
use super::{
    adopt, alarm, bucket, composite_alarm, drill, log_group, metric_filter, pack, release, rule, topic,
    trail, waiver,
};

/// The actions of an alarm, for each of its states.
pub(crate) type Told = (BTreeSet<Arn>, Managed<BTreeSet<Arn>>, Managed<BTreeSet<Arn>>);

/// Builds what is wanted.
pub(crate) struct Resolver<'d> {
    pub(crate) sink: &'d Sink,
    pub(crate) header: &'d Header,
    pub(crate) document: &'d Document,
    pub(crate) wanted: Wanted,
    /// Labels of roles, with the names of the groups that trails deliver to with them, and the
    /// organization whose events go there.
    pub(crate) delivers: BTreeMap<String, BTreeSet<(String, Option<String>)>>,
    /// The alarms of sections, with the places of what their metrics are found by.
    pub(crate) joints: Vec<(Address, Joint)>,
}

/// Resolves a document.
pub(crate) fn resolve(sink: &Sink, header: &Header, document: &Document, files: Vec<String>) -> Wanted {
    let wanted = Wanted {
        stack: header.stack.clone(),
        files,
        objects: BTreeMap::new(),
        existing: BTreeMap::new(),
        adopt: BTreeSet::new(),
        exclusive: BTreeSet::new(),
        protect: BTreeSet::new(),
        release: BTreeSet::new(),
        waivers: Vec::new(),
        drill: None,
        tests: Vec::new(),
        warnings: Problems::default(),
    };
    let mut resolver = Resolver {
        sink,
        header,
        document,
        wanted,
        delivers: BTreeMap::new(),
        joints: Vec::new(),
    };
    resolver.all();
    resolver.wanted
}

impl<'d> Resolver<'d> {
    fn all(&mut self) {
        let document = self.document;
        self.keys();
        for entry in document.buckets.values() {
            bucket::resolve(self, entry);
        }
        for entry in document.log_groups.values() {
            let group = entry.value.resolved(self, &entry.origin.path);
            self.add(group, &entry.origin);
        }
        bucket::check_circles(self);
        trail::resolve(self);
        bucket::policies(self);
        for entry in document.topics.values() {
            topic::resolve(self, entry);
        }
        for entry in document.rules.values() {
            rule::resolve(self, entry);
        }
        for entry in document.packs.values() {
            pack::resolve(self, entry);
        }
        for entry in document.filters.values() {
            metric_filter::resolve(self, entry);
        }
        for entry in document.alarms.values() {
            alarm::resolve(self, entry);
        }
        composite_alarm::resolve(self);
        drill::resolve(self);
        log_group::check_classes(self);
        self.topic_policies();
        self.key_policies();
        self.closed_topics();
        self.existing_that_is_defined();
        adopt::resolve(self);
        release::resolve(self);
        waiver::resolve(self);
        metric_filter::check_all(self);
        joins::check(self);
    }

    /// Account and region.
    pub(crate) fn scope(&self) -> &'d Scope {
        &self.header.stack.scope
    }

    /// Adds an object; two of one address are a problem, and the second is not added.
    pub(crate) fn add(&mut self, object: impl Into<Object>, origin: &Origin) -> bool {
        let object = object.into();
        let address = object.address(self.scope());
        let Origin { path, spot } = origin;
        if let Some(first) = self.wanted.objects.get(&address) {
            let (message, help) = match &object {
                Object::Subscription(Subscription {
                    topic,
                    protocol,
                    endpoint,
                    ..
                }) => (
                    format!("topic `{topic}` has the `{protocol}` subscription of `{endpoint}` twice"),
                    "take one of them away",
                ),
                _ => (
                    format!(
                        "two sections make the {} `{}`",
                        address.kind.in_words(),
                        address.name
                    ),
                    "give one of them another `name`, or take it away",
                ),
            };
            let at = Spot {
                file: first.place.file,
                span: first.place.span.clone(),
            };
            let problem = Problem::new(code::DUPLICATE_OBJECT, spot, message).label("the second");
            self.sink.report(
                problem
                    .also(&at, format!("the first, `{}`", first.origin))
                    .help(help),
            );
            return false;
        }
        let place = Place {
            file: spot.file,
            path: path.clone(),
            span: spot.span.clone(),
        };
        self.wanted.objects.insert(
            address,
            Wish {
                object,
                origin: path.clone(),
                place,
            },
        );
        true
    }

    /// True when a key of `[defaults]` is mistyped, or `[defaults]` is.
    pub(crate) fn mistyped_default(&self, key: &str) -> bool {
        let Document {
            defaults, mistyped, ..
        } = self.document;
        defaults.mistyped.contains(&key) || mistyped.contains("defaults")
    }

    /// True when the object is there, and this section has made it.
    pub(crate) fn made_by(&self, kind: Kind, name: &str, origin: &Origin) -> bool {
        let made = self.wanted.objects.get(&self.scope().address(kind, name));
        made.is_some_and(|wish| wish.origin == origin.path)
    }

    /// Notes an object that must be there and is not this spec's.
    pub(crate) fn existing(&mut self, kind: Kind, name: &str, path: &str, spot: &Spot) {
        let place = Place {
            file: spot.file,
            path: path.into(),
            span: spot.span.clone(),
        };
        self.wanted
            .existing
            .entry(self.scope().address(kind, name))
            .or_insert(place);
    }

    /// The section of a label, or a problem that names its neighbour and all that there are.
    pub(crate) fn find<'s, T: Section>(
        &self,
        sections: &'s Sections<T>,
        label: &str,
        spot: &Spot,
    ) -> Option<&'s Entry<T>> {
        if let Some(found) = sections.get(label) {
            return Some(found);
        }
        let word = T::WORD;
        if self.document.mistyped.contains(word) {
            return None;
        }
        let labels = || sections.keys().map(String::as_str);
        let help =
            among(label, labels()).unwrap_or_else(|| format!("the spec has no `[{word}.LABEL]` at all"));
        let problem = Problem::new(
            code::UNKNOWN_REFERENCE,
            spot,
            format!("there is no `[{word}.{label}]`"),
        );
        self.sink.report(problem.label("refers to nothing").help(help));
        None
    }

    /// The name of the log group that is referred to.
    pub(crate) fn group(&mut self, group: &At<GroupRef>, path: &str) -> Option<String> {
        match &group.value {
            GroupRef::Label(label) => {
                let found = self.find(&self.document.log_groups, label, &group.spot)?;
                Some(found.value.name.clone())
            }
            GroupRef::Existing(name) => {
                names::LOG_GROUP.check(self.sink, name);
                self.existing(Kind::LogGroup, &name.value, path, &group.spot);
                Some(name.value.clone())
            }
        }
    }

    /// The trails of the spec that deliver to a log group, as far as they have been added.
    pub(crate) fn delivering(&self, group: &str) -> Vec<&Trail> {
        let arn = self.scope().log_group_arn(group);
        let trails = self
            .wanted
            .objects
            .values()
            .filter_map(|wish| match &wish.object {
                Object::Trail(trail) => Some(trail),
                _ => None,
            });
        let delivers = |trail: &&Trail| match &trail.delivery {
            Managed::Set(Some(delivery)) => delivery.log_group == arn,
            _ => false,
        };
        trails.filter(delivers).collect()
    }

    /// The trails of the spec that tell a topic of their log files, as far as they have been added.
    pub(crate) fn telling(&self, topic: Arn) -> impl Iterator<Item = &str> {
        let wishes = self.wanted.objects.values();
        wishes.filter_map(move |wish| match &wish.object {
            Object::Trail(trail) if trail.sns_topic == Managed::Set(Some(topic.clone())) => {
                Some(trail.name.as_str())
            }
            _ => None,
        })
    }

    /// An alarm with its actions resolved.
    pub(crate) fn with_actions(&mut self, alarm: Alarm, actions: &Actions, path: &str) -> Alarm {
        let (alarm_actions, ok_actions, insufficient_data_actions) = self.actions(actions, path);
        Alarm {
            alarm_actions,
            ok_actions,
            insufficient_data_actions,
            ..alarm
        }
    }

    /// Who is told of `ALARM`, of `OK` and of `INSUFFICIENT_DATA`.
    pub(crate) fn actions(&mut self, actions: &Actions, path: &str) -> Told {
        let Actions {
            notify,
            ok,
            insufficient_data,
        } = actions;
        let mut set = |whom: &Option<Notify>, key: &str| {
            whom.as_ref()
                .map(|whom| self.targets(whom, &format!("{path}.{key}")))
        };
        (
            set(notify, "notify").unwrap_or_default(),
            set(ok, "notify_ok").into(),
            set(insufficient_data, "notify_insufficient_data").into(),
        )
    }

    fn targets(&mut self, notify: &Notify, path: &str) -> BTreeSet<Arn> {
        let mut arns = BTreeSet::new();
        for target in &notify.value {
            arns.extend(self.target(target, path));
        }
        if arns.len() > 5 {
            let message = format!(
                "{} actions, CloudWatch takes 5 for each state of an alarm",
                arns.len()
            );
            let problem = Problem::new(code::TOO_MANY, &notify.spot, message).label("too many");
            self.sink
                .report(problem.help("let one topic have several subscriptions"));
        }
        arns
    }

    fn target(&mut self, target: &At<Target>, path: &str) -> Option<Arn> {
        // CloudWatch: "Using Amazon CloudWatch alarms", the services that actions can call.
        const SERVICES: [&str; 8] = [
            "sns",
            "lambda",
            "autoscaling",
            "automate",
            "ssm",
            "ssm-incidents",
            "swf",
            "aiops",
        ];
        match &target.value {
            Target::Label(label) => {
                let found = self.find(&self.document.topics, label, &target.spot)?;
                Some(self.scope().topic_arn(&found.value.topic.name))
            }
            Target::Arn(text) => {
                let problem = |code, message: String| Problem::new(code, &text.spot, message);
                let Some(arn) = Arn::parse(&text.value) else {
                    let bad =
                        problem(code::BAD_ARN, format!("`{}` is no ARN", text.value)).label("not an ARN");
                    self.sink
                        .report(bad.help("a topic's has the form `arn:aws:sns:REGION:ACCOUNT:NAME`"));
                    return None;
                };
                if !SERVICES.contains(&arn.service.as_str()) {
                    let bad = problem(code::BAD_ARN, format!("an alarm cannot call `{}`", arn.service));
                    self.sink
                        .report(bad.label("not an action").help("write the ARN of an SNS topic"));
                    return None;
                }
                let region = &self.scope().region;
                if !arn.region.is_empty() && arn.region != *region {
                    let far = problem(
                        code::OUT_OF_REACH,
                        format!("an alarm in {region} cannot call one in {}", arn.region),
                    );
                    self.sink.report(far.label("another region").help(format!(
                        "alarms act within their region only: name a topic in {region}"
                    )));
                    return None;
                }
                if arn.service == "sns" && self.scope().holds(&arn) {
                    self.existing(Kind::Topic, arn.name(), path, &target.spot);
                }
                Some(arn)
            }
        }
    }

    /// Adds a policy for each topic of the spec that an alarm or a trail of the spec notifies, or that
    /// lets somebody in.
    fn topic_policies(&mut self) {
        let document = self.document;
        for entry in document.topics.values() {
            let name = &entry.value.topic.name;
            if !self.made_by(Kind::Topic, name, &entry.origin) {
                continue;
            }
            let arn = self.scope().topic_arn(name);
            let notifiers: Vec<&str> = self
                .wanted
                .objects
                .values()
                .filter_map(|wish| match &wish.object {
                    Object::Alarm(alarm) if notifies(alarm, &arn) => Some(alarm.name.as_str()),
                    Object::CompositeAlarm(alarm) if alarm.actions().any(|action| *action == arn) => {
                        Some(alarm.name.as_str())
                    }
                    _ => None,
                })
                .collect();
            let trails: Vec<&str> = self.telling(arn).collect();
            if !notifiers.is_empty() {
                topic::check_filters(self, entry);
            }
            let stack = &self.header.stack;
            let policy = match notifiers.as_slice() {
                [] if trails.is_empty() && !entry.value.lets_somebody_in() => continue,
                [] => TopicPolicy::for_nobody(name),
                names if names.iter().all(|name| name.is_ascii()) => {
                    TopicPolicy::for_alarms(&stack.name, &stack.scope, name)
                }
                _ => TopicPolicy::for_alarms_of_any_name(&stack.name, &stack.scope, name),
            };
            let policy = policy.and_trails(&stack.name, &stack.scope, trails);
            let policy = entry.value.let_in(policy, &stack.name, &stack.scope);
            self.add(policy, &entry.origin);
        }
    }

    /// What exists elsewhere is not what the spec makes itself.
    fn existing_that_is_defined(&mut self) {
        let defined = |address: &Address| self.wanted.objects.get(address);
        for (address, place) in &self.wanted.existing {
            if let Some(wish) = defined(address) {
                let spot = Spot {
                    file: place.file,
                    span: place.span.clone(),
                };
                let first = Spot {
                    file: wish.place.file,
                    span: wish.place.span.clone(),
                };
                let kind = address.kind.in_words();
                let message = format!("the {kind} `{}` is defined by the spec itself", address.name);
                let problem =
                    Problem::new(code::CONTRADICTION, &spot, message).label("said to exist elsewhere");
                self.sink.report(
                    problem
                        .also(&first, "defined here")
                        .help("refer to it by its label"),
                );
            }
        }
    }
}

/// True when an alarm notifies a topic, in whatever state.
pub(crate) fn notifies(alarm: &Alarm, topic: &Arn) -> bool {
    let others = [&alarm.ok_actions, &alarm.insufficient_data_actions];
    alarm.alarm_actions.contains(topic)
        || others
            .into_iter()
            .filter_map(Managed::get)
            .any(|actions| actions.contains(topic))
}
