//! What a story is, and how it is told to an account.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;

use crate::support::clients::Clients;
use crate::support::world::World;

/// The line in a table's spec before which [`adds`] puts its line.
const MORE: &str = "# more\n";

/// The stories of a kind: they begin with one spec and follow each other, each from where the one
/// before it ended.
pub(crate) struct Table {
    /// The kind, as plans call it.
    pub(crate) kind: &'static str,
    /// The object that changes; `*` at its end stands for anything.
    pub(crate) address: &'static str,
    /// What the account holds at first.
    pub(crate) spec: &'static str,
    /// One after the other.
    pub(crate) stories: Vec<Story>,
}

/// One field: what happens, and what the plan makes of it.
pub(crate) struct Story {
    /// What plans call it.
    field: &'static str,
    happens: Happens,
    /// What has to happen before.
    first: Option<fn(&Clients)>,
    steps: Vec<Step>,
    blinds: Option<&'static str>,
    refused: Option<(&'static str, &'static str)>,
    drops: Option<&'static str>,
}

enum Happens {
    /// The spec has another text in one place.
    InSpec { from: String, to: String },
    /// Somebody changes the account.
    InAccount(fn(&Clients)),
}

/// A step of the plan.
struct Step {
    action: &'static str,
    /// The table's where there is none.
    address: Option<&'static str>,
    /// All fields of an update; those of other actions are not looked at.
    fields: Vec<(&'static str, Values)>,
}

enum Values {
    /// The whole values, in one line.
    Are(&'static str, &'static str),
    /// Texts in what only the value before has, and in what only the one after has; nothing has the
    /// empty text.
    Differ(&'static str, &'static str),
    /// Something else than before.
    Some,
}

/// The spec says `to` where it said `from`.
pub(crate) fn changes(field: &'static str, from: &str, to: &str) -> Story {
    Story {
        field,
        happens: Happens::InSpec {
            from: from.to_owned(),
            to: to.to_owned(),
        },
        first: None,
        steps: vec![Step {
            action: "update",
            address: None,
            fields: vec![(field, Values::Some)],
        }],
        blinds: None,
        refused: None,
        drops: None,
    }
}

/// The spec has a line more.
pub(crate) fn adds(field: &'static str, line: &str) -> Story {
    changes(field, MORE, &format!("{line}\n{MORE}"))
}

/// The spec has a line less.
pub(crate) fn loses(field: &'static str, line: &str) -> Story {
    changes(field, &format!("{line}\n"), "")
}

/// Somebody changes what no key of the spec changes.
pub(crate) fn drifts(field: &'static str, how: fn(&Clients)) -> Story {
    Story {
        happens: Happens::InAccount(how),
        ..changes(field, "", "")
    }
}

impl Story {
    /// The values before and after, in one line each: `-` for none, `k = v, ...` for names and values.
    pub(crate) fn shows(mut self, before: &'static str, after: &'static str) -> Self {
        self.steps[0].fields[0].1 = Values::Are(before, after);
        self
    }

    /// What goes and what comes, of values of many lines or members.
    pub(crate) fn differs(mut self, goes: &'static str, comes: &'static str) -> Self {
        self.steps[0].fields[0].1 = Values::Differ(goes, comes);
        self
    }

    /// Another field of the same object changes with it.
    pub(crate) fn and(mut self, field: &'static str, before: &'static str, after: &'static str) -> Self {
        self.steps[0].fields.push((field, Values::Are(before, after)));
        self
    }

    /// Likewise, with a part of the values as in [`Story::differs`].
    pub(crate) fn and_differs(
        mut self,
        field: &'static str,
        goes: &'static str,
        comes: &'static str,
    ) -> Self {
        self.steps[0].fields.push((field, Values::Differ(goes, comes)));
        self
    }

    /// It is another object than the table's.
    pub(crate) fn of(mut self, address: &'static str) -> Self {
        self.steps[0].address = Some(address);
        self
    }

    /// Another object changes with it, in this one field.
    pub(crate) fn also(mut self, address: &'static str, field: &'static str) -> Self {
        self.steps.push(Step {
            action: "update",
            address: Some(address),
            fields: vec![(field, Values::Some)],
        });
        self
    }

    /// Another object is made, deleted or released with it.
    pub(crate) fn with(mut self, action: &'static str, address: &'static str) -> Self {
        self.steps.push(Step {
            action,
            address: Some(address),
            fields: Vec::new(),
        });
        self
    }

    /// The field is of an object's identity: no object is updated, others are made and go.
    pub(crate) fn another(mut self, steps: &[(&'static str, &'static str)]) -> Self {
        self.steps.clear();
        steps
            .iter()
            .fold(self, |story, (action, address)| story.with(action, address))
    }

    /// Something has to happen in the account before.
    pub(crate) fn when(mut self, first: fn(&Clients)) -> Self {
        self.first = Some(first);
        self
    }

    /// The step blinds, so that plan and apply need a consent.
    pub(crate) fn blinds(mut self, why: &'static str) -> Self {
        self.blinds = Some(why);
        self
    }

    /// AWS lets nobody change it, and the plan says so.
    pub(crate) fn refused(mut self, code: &'static str, why: &'static str) -> Self {
        self.refused = Some((code, why));
        self
    }

    /// moto does not keep it, as a row of docs/emulators.md says.
    pub(crate) fn moto_drops(mut self, row: &'static str) -> Self {
        self.drops = Some(row);
        self
    }

    /// The fields of the kind itself that it is about.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &'static str> {
        let main = self.steps.first().filter(|step| step.action == "update");
        let more = main.into_iter().flat_map(|step| &step.fields);
        std::iter::once(self.field).chain(more.map(|(field, _)| *field))
    }

    /// The row of docs/emulators.md for which it is not told to moto.
    pub(crate) fn row(&self) -> Option<&'static str> {
        self.drops
    }
}

/// Where stories are told.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum On {
    Sandbox,
    Moto,
}

impl Table {
    /// With the stories of all that has tags; its object has the line `tags = { team = "security" }`.
    pub(crate) fn and_tags(mut self) -> Self {
        let stories = [
            changes(
                "tags",
                "team = \"security\"",
                "team = \"audit\", stage = \"prod\"",
            )
            .shows("team = security", "stage = prod, team = audit"),
            changes("tags", ", stage = \"prod\"", "").shows("stage = prod, team = audit", "team = audit"),
            adds("protect", "protect = true").shows("false", "true"),
            loses("protect", "protect = true").shows("true", "false"),
        ];
        self.stories.splice(0..0, stories);
        self
    }

    /// The keys of the spec that its stories change, those of inline tables, too.
    pub(crate) fn changed_keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        let mut spec = self.spec.to_owned();
        for story in &self.stories {
            if let Happens::InSpec { from, to } = &story.happens {
                let changed = spec.replace(from, to);
                let (before, after) = (assignments(&spec), assignments(&changed));
                let differ = before.symmetric_difference(&after);
                keys.extend(differ.flat_map(|(_, key, _)| key.split('.').map(str::to_owned)));
                if story.refused.is_none() {
                    spec = changed;
                }
            }
        }
        keys
    }

    /// None of them is told to moto.
    pub(crate) fn moto_lacks(mut self, row: &'static str) -> Self {
        for story in &mut self.stories {
            story.drops = Some(row);
        }
        self
    }

    /// Tells all stories, one after the other; `known` are the fields that plans may show.
    pub(crate) fn tell(&self, on: On, known: &BTreeSet<(String, String)>) {
        if on == On::Moto && self.stories.iter().all(|story| story.drops.is_some()) {
            return;
        }
        let world = match on {
            On::Sandbox => World::on_sandbox(),
            On::Moto => World::on_moto(),
        };
        let place = match on {
            On::Sandbox => "the sandbox",
            On::Moto => "moto",
        };
        let here = |text: &str| text.replace("123456789012", &world.account);
        let mut spec = self.spec.to_owned();
        let write = |text: &str| drop(world.write("spec.toml", &here(text)));
        write(&spec);
        drop(world.apply());
        drop(world.expect_no_differences());
        // One that fails does not hide the others.
        let mut failed = Vec::new();
        for story in &self.stories {
            if on == On::Moto && story.drops.is_some() {
                continue;
            }
            let name = format!("{}.{} on {place}", self.kind, story.field);
            let before = spec.clone();
            let name = match &story.happens {
                Happens::InSpec { from, to } => {
                    assert_eq!(spec.matches(from).count(), 1, "{name}: {from:?} in\n{spec}");
                    spec = spec.replace(from, to);
                    format!("{name} ({from:?} becomes {to:?})")
                }
                Happens::InAccount(change) => {
                    change(&Clients::of(&world));
                    name
                }
            };
            if let Some(first) = story.first {
                first(&Clients::of(&world));
            }
            write(&spec);
            let told = catch_unwind(AssertUnwindSafe(|| {
                story.tell(&name, self.address, &world, known);
            }));
            if told.is_err() {
                failed.push(name);
                drop(world.run(&["apply", "spec.toml", "--yes", "--allow-blinding", "ALL"]));
            }
            if story.refused.is_some() {
                spec = before;
                write(&spec);
            }
        }
        assert!(
            failed.is_empty(),
            "{} stories failed:\n{}",
            failed.len(),
            failed.join("\n")
        );
    }
}

impl Story {
    /// The plan is taken from the apply that executes it, which spares a run.
    fn tell(&self, name: &str, address: &str, world: &World, known: &BTreeSet<(String, String)>) {
        let run = |arguments: &[&str], code: i32| {
            let ran = world.run(arguments);
            let answer = serde_json::from_str(&ran.stdout).unwrap_or(Value::Null);
            let said = match &answer {
                Value::Null => ran.stdout,
                answer => in_brief(answer),
            };
            assert_eq!(ran.code, code, "{name}: {arguments:?}\n{said}\n{}", ran.stderr);
            answer
        };
        if self.refused.is_some() {
            let plan = run(&["plan", "spec.toml", "--format", "json"], 5);
            self.expects(name, address, &world.account, &plan, known);
            return;
        }
        // What blinds is the object that changes, or that makes room for another.
        let main = self.steps.iter().find(|step| step.action != "create");
        let blinds = main.and_then(|step| step.address).unwrap_or(address);
        let consent = match blinds.ends_with('*') {
            true => "ALL".to_owned(),
            false => blinds.replace("123456789012", &world.account),
        };
        let mut apply = vec!["apply", "spec.toml", "--yes", "--format", "json"];
        if self.blinds.is_some() {
            apply.extend(["--allow-blinding", &consent]);
        }
        let report = run(&apply, 0);
        self.expects(name, address, &world.account, &report["plan"], known);
        run(&["plan", "spec.toml", "--detailed-exitcode"], 0);
    }

    /// Holds a plan against the steps of the story.
    fn expects(
        &self,
        name: &str,
        address: &str,
        account: &str,
        plan: &Value,
        known: &BTreeSet<(String, String)>,
    ) {
        let list = if self.refused.is_some() {
            "refusals"
        } else {
            "steps"
        };
        let shown = format!("{name}\n{}", in_brief(plan));
        let mut found = gather(&plan[list]);
        for each in &found {
            let kind = each.address.split('.').next().unwrap_or_default();
            for field in each.fields.keys() {
                let known = known.contains(&(kind.to_owned(), field.clone()));
                assert!(known, "{kind}.{field} is known: {shown}");
            }
        }
        for step in &self.steps {
            let address = step.address.unwrap_or(address).replace("123456789012", account);
            let fits = |each: &Found| {
                let action = self.refused.is_some() || each.action == step.action;
                action && is_called(&each.address, &address)
            };
            let at = found.iter().position(fits);
            let at = at.unwrap_or_else(|| panic!("no {} of {address}: {shown}", step.action));
            let each = found.remove(at);
            if step.action != "update" {
                continue;
            }
            let fields: BTreeSet<&str> = each.fields.keys().map(String::as_str).collect();
            let wanted: BTreeSet<&str> = step.fields.iter().map(|(field, _)| *field).collect();
            assert_eq!(fields, wanted, "fields of {address}: {shown}");
            for (field, values) in &step.fields {
                let (before, after) = &each.fields[*field];
                values.hold(before, after, account, &format!("{field} of {address}: {shown}"));
            }
        }
        assert!(found.is_empty(), "and nothing else: {shown}");
        let blinds: Vec<&str> = elements(&plan["steps"])
            .filter_map(|step| step["blinds"].as_str())
            .collect();
        match self.blinds {
            Some(why) => assert!(blinds.iter().any(|blinds| blinds.contains(why)), "{shown}"),
            None => assert!(blinds.is_empty(), "{shown}"),
        }
        if let Some((code, why)) = self.refused {
            let mut refusals = elements(&plan["refusals"]);
            let fits = |refusal: &Value| {
                refusal["code"] == code && refusal["message"].as_str().is_some_and(|said| said.contains(why))
            };
            assert!(refusals.any(fits), "{shown}");
        }
    }
}

/// The keys of a spec with where they stand and the beginnings of their values.
fn assignments(spec: &str) -> BTreeSet<(String, String, String)> {
    let spec = spec.replace("${account}", "123456789012");
    let mut place = String::new();
    let mut all = BTreeSet::new();
    for piece in spec.split(['{', '}', ',', '\n']).map(str::trim) {
        // Array tables are told apart by the ids of queries.
        if piece.starts_with('[') || piece.starts_with("id = ") {
            place = piece.to_owned();
        }
        if let Some((key, value)) = piece.split_once(" = ") {
            all.insert((place.clone(), key.to_owned(), value.to_owned()));
        }
    }
    all
}

/// What a plan does with an object.
struct Found {
    address: String,
    action: String,
    /// The values before and after.
    fields: BTreeMap<String, (Value, Value)>,
}

/// The steps of a plan; the two halves of an update that others lean on are one.
fn gather(steps: &Value) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    for step in elements(steps) {
        let changes = elements(&step["changes"]).map(|change| {
            let field = change["field"].as_str().expect("a field").to_owned();
            (field, (change["before"].clone(), change["after"].clone()))
        });
        let found = Found {
            address: step["address"].as_str().expect("an address").to_owned(),
            action: step["action"].as_str().unwrap_or_default().to_owned(),
            fields: changes.collect(),
        };
        let other = all
            .iter_mut()
            .find(|other| (&other.address, &other.action) == (&found.address, &found.action));
        match (other, step["phase"].as_str()) {
            (Some(widen), Some("narrow")) => {
                for (field, (before, after)) in found.fields {
                    widen.fields.entry(field).or_insert((before, Value::Null)).1 = after;
                }
            }
            _ => all.push(found),
        }
    }
    all
}

/// A plan, or the report of an apply, for the messages of tests that fail.
fn in_brief(plan: &Value) -> String {
    if plan["plan"].is_object() {
        let results = elements(&plan["steps"]).map(|step| format!("{}: {}", step["address"], step["result"]));
        let results: Vec<String> = results.collect();
        return format!("{}\n{}", in_brief(&plan["plan"]), results.join("\n"));
    }
    let short = |value: &Value| -> String { parts(value).join("; ").chars().take(250).collect() };
    let each = elements(&plan["steps"]).chain(elements(&plan["refusals"]));
    let lines = each.map(|each| {
        let words = ["action", "phase", "blinds", "code", "message"].map(|key| each[key].as_str());
        let words: Vec<&str> = words.into_iter().flatten().collect();
        let mut lines = vec![format!("{}: {}", each["address"], words.join(", "))];
        for change in elements(&each["changes"]) {
            let (before, after) = (short(&change["before"]), short(&change["after"]));
            lines.push(format!("    {}: {before} -> {after}", change["field"]));
        }
        lines.join("\n")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn is_called(address: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => address.starts_with(beginning),
        None => address == pattern,
    }
}

impl Values {
    fn hold(&self, before: &Value, after: &Value, account: &str, shown: &str) {
        let here = |text: &str| text.replace("123456789012", account);
        let one_line = |value: &Value| parts(value).join(", ");
        match self {
            Self::Are(wanted_before, wanted_after) => assert_eq!(
                (one_line(before), one_line(after)),
                (here(wanted_before), here(wanted_after)),
                "{shown}"
            ),
            Self::Differ(goes, comes) => {
                for (one, other, text) in [(before, after, goes), (after, before, comes)] {
                    let other = parts(other);
                    let mut only = parts(one);
                    only.retain(|part| part != "-" && !other.contains(part));
                    let said = match text.is_empty() {
                        true => only.is_empty(),
                        false => only.iter().any(|part| part.contains(&here(text))),
                    };
                    assert!(said, "{text:?} in {only:?}: {shown}");
                }
            }
            Self::Some => assert_ne!(before, after, "{shown}"),
        }
    }
}

/// A shown value: its lines, its members, or all of it.
fn parts(shown: &Value) -> Vec<String> {
    let value = &shown["value"];
    match (shown["as"].as_str(), value) {
        (Some("absent"), _) => vec!["-".to_owned()],
        (Some("lines"), Value::String(text)) => text.lines().map(str::to_owned).collect(),
        (_, Value::Array(members)) => members
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        (_, Value::Object(map)) => map
            .iter()
            .map(|(key, value)| format!("{key} = {}", value.as_str().unwrap_or_default()))
            .collect(),
        (_, Value::String(text)) => vec![text.clone()],
        _ => panic!("no value: {shown}"),
    }
}
