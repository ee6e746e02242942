//! Packs: rules that are published, or that every account needs, as data.
//!
//! `[pack.NAME]` in a spec is expanded to rules like those that people write. What is here knows no
//! spec: names, texts, and why they are as they are. `docs/packs.md` shows all of it; a test holds
//! the two together.

mod activity;
mod cis;
mod self_watch;

use std::fmt::Write as _;

pub use cis::hub_text;

/// Which text of a control a pack takes, where a pack has both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spelling {
    /// The text that tools compare: Security Hub's own where it has the control, else one that
    /// Prowler accepts.
    #[default]
    Auditor,
    /// The same intent without the gaps of the published text, and without a warning of ours.
    Corrected,
}

impl Spelling {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Auditor, Self::Corrected];

    /// The word for it in specs and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Corrected => "corrected",
        }
    }

    /// The spelling of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.as_str() == word)
    }
}

/// Objects of the spec to which a control is narrowed: calls of its sort are everyday calls
/// elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Narrow {
    /// The log group that the control watches.
    LogGroup,
    /// The buckets of the spec's trails.
    Buckets,
    /// The delivery roles of the spec's trails.
    Roles,
}

impl Narrow {
    /// The field of a record that names such an object.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::LogGroup => "$.requestParameters.logGroupName",
            Self::Buckets => "$.requestParameters.bucketName",
            Self::Roles => "$.requestParameters.roleName",
        }
    }

    /// What people call the objects.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::LogGroup => "the log group that it watches",
            Self::Buckets => "the buckets that the spec's trails write to",
            Self::Roles => "the roles that the spec's trails deliver with",
        }
    }
}

/// A call that a control watches, and what it does to the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The name of its events.
    pub name: &'static str,
    /// Why it is watched, as a lowercase fragment.
    pub why: &'static str,
}

/// One rule of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// What the spec and the benchmark call it: `4.3`, or a name in packs without numbers.
    pub id: String,
    /// What the names of its AWS objects end with. It is the same in all versions, so that another
    /// version of a benchmark, which numbers anew, keeps the objects.
    pub slug: &'static str,
    /// What it is about, as a sentence without its end.
    pub title: &'static str,
    /// The pattern without the published text's gaps; that of a pack with one spelling.
    pub corrected: String,
    /// The text that tools compare; none in packs with one spelling.
    pub auditor: Option<&'static str>,
    /// What an event must be for the control to be about it: a filter that matches all of these
    /// meets the control in substance. None where there is no benchmark.
    pub asks: Option<String>,
    /// Why the two spellings differ, or why the pattern is as it is.
    pub reason: &'static str,
    /// The number of Security Hub's control `CloudWatch.N` of the same intent.
    pub security_hub: Option<u8>,
    /// Prowler's check of the same intent.
    pub prowler: Option<&'static str>,
    /// The calls, each with its reason; empty where `reason` says it all.
    pub calls: &'static [Call],
    /// The objects that the pattern is narrowed to where the spec names them.
    pub narrow: Option<Narrow>,
}

impl Control {
    /// The pattern in a spelling.
    #[must_use]
    pub fn pattern(&self, spelling: Spelling) -> &str {
        match (spelling, self.auditor) {
            (Spelling::Auditor, Some(text)) => text,
            _ => &self.corrected,
        }
    }

    /// The pattern narrowed to objects of these names; as it is where there are none, or where it
    /// would be longer than a pattern may be.
    #[must_use]
    pub fn narrowed<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> String {
        let text = &self.corrected;
        let (Some(narrow), Some(body)) = (
            self.narrow,
            text.strip_prefix("{ ").and_then(|text| text.strip_suffix(" }")),
        ) else {
            return text.clone();
        };
        let field = narrow.field();
        let one = |name: &str| format!("({field} = \"{name}\")");
        let names: Vec<String> = names.into_iter().map(one).collect();
        let narrowed = match names.as_slice() {
            [] => return text.clone(),
            [only] => format!("{{ {body} && {only} }}"),
            several => format!("{{ {body} && ({}) }}", several.join(" || ")),
        };
        match narrowed.chars().count() <= trailwarden_pattern::Pattern::MOST_CHARS {
            true => narrowed,
            false => text.clone(),
        }
    }
}

/// A pack.
#[derive(Clone, Copy, Debug)]
pub struct Pack {
    /// What specs call it.
    pub name: &'static str,
    /// What it is, as a sentence without its end.
    pub title: &'static str,
    /// The versions that there are, the oldest first; empty for a pack without any.
    pub versions: &'static [&'static str],
    /// Whether it has both spellings.
    pub has_spellings: bool,
    controls: fn(&str) -> Vec<Control>,
}

impl Pack {
    /// Every pack, by name.
    pub const ALL: [Self; 3] = [
        Self {
            name: "account-activity",
            title: "The first rules of an account: who changes, calls and gets into it",
            versions: &[],
            has_spellings: false,
            controls: activity::controls,
        },
        Self {
            name: "cis",
            title: "The monitoring controls of the CIS AWS Foundations Benchmark",
            versions: cis::VERSIONS,
            has_spellings: true,
            controls: cis::controls,
        },
        Self {
            name: "self-watch",
            title: "Every call that can blind this chain",
            versions: &[],
            has_spellings: false,
            controls: self_watch::controls,
        },
    ];

    /// The pack of a name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pack| pack.name == name)
    }

    /// Its version of this name; the name of the pack's newest where nothing is asked for. `None`
    /// for a version that it does not have.
    #[must_use]
    pub fn version(&self, asked: Option<&str>) -> Option<&'static str> {
        match asked {
            None => Some(self.versions.last().copied().unwrap_or_default()),
            Some(text) => self.versions.iter().copied().find(|version| *version == text),
        }
    }

    /// Its controls in a version, in the order of their numbers. A pack without versions has the
    /// same ones whatever is asked for.
    #[must_use]
    pub fn controls(&self, version: &str) -> Vec<Control> {
        (self.controls)(version)
    }
}

/// The pattern of some calls of one service. A name may end with `*`.
fn calls<'n>(source: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let mut text = format!("{{ ($.eventSource = \"{source}\") && (");
    for (at, name) in names.into_iter().enumerate() {
        let or = if at == 0 { "" } else { " || " };
        // Writing to a string does not fail.
        let _ = write!(text, "{or}($.eventName = \"{name}\")");
    }
    text.push_str(") }");
    text
}
