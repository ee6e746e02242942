use serde_json::json;
use trailwarden_diff::render::visible;
use trailwarden_pattern::Pattern;
use trailwarden_pattern::decide::{Answer, Facts, implies};

use super::parse;
use crate::args::Format;
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

/// How what two patterns match is related.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    SameSpelling,
    Equal,
    AImpliesB,
    BImpliesA,
    Different,
    Unknown,
}

/// `trailwarden pattern diff`: compares what two patterns match.
pub(crate) fn run(a: &str, b: &str, format: Format, terminal: &Terminal) -> Result<Exit, Failure> {
    let (a, b) = (parse(a)?, parse(b)?);
    let facts = Facts::fitting(&[&a, &b]);
    let (forth, back) = (implies(&a, &b, &facts), implies(&b, &a, &facts));
    let relation = relation(&a, &b, &forth, &back);
    match format {
        Format::Text => terminal.print(&text(relation, &forth, &back, &facts))?,
        Format::Json => {
            let json = json!({
                "format": 1,
                "relation": relation.word(),
                "only_a": forth.witness().map(ToString::to_string),
                "only_b": back.witness().map(ToString::to_string),
            });
            terminal.print(&format!("{json:#}\n"))?;
        }
    }
    Ok(match relation {
        Relation::SameSpelling | Relation::Equal => Exit::Done,
        _ => Exit::No,
    })
}

fn relation(a: &Pattern, b: &Pattern, forth: &Answer, back: &Answer) -> Relation {
    match (forth, back) {
        _ if a.same_spelt(b) => Relation::SameSpelling,
        (Answer::Yes, Answer::Yes) => Relation::Equal,
        (Answer::Yes, Answer::No(_)) => Relation::AImpliesB,
        (Answer::No(_), Answer::Yes) => Relation::BImpliesA,
        (Answer::No(_), _) | (_, Answer::No(_)) => Relation::Different,
        _ => Relation::Unknown,
    }
}

impl Relation {
    fn word(self) -> &'static str {
        match self {
            Self::SameSpelling => "same-spelling",
            Self::Equal => "equal",
            Self::AImpliesB => "a-implies-b",
            Self::BImpliesA => "b-implies-a",
            Self::Different => "different",
            Self::Unknown => "unknown",
        }
    }
}

fn text(relation: Relation, forth: &Answer, back: &Answer, facts: &Facts) -> String {
    let mut out = String::from(match relation {
        Relation::SameSpelling => "They differ in nothing but spelling.\n",
        Relation::Equal => "They are spelt differently and match the same events.\n",
        Relation::AImpliesB => "B matches all that A matches, and more.\n",
        Relation::BImpliesA => "A matches all that B matches, and more.\n",
        Relation::Different => "They match different events.\n",
        Relation::Unknown => "Whether they match the same events cannot be told.\n",
    });
    for (name, answer) in [("A", forth), ("B", back)] {
        match answer {
            Answer::No(event) => {
                out.push_str(&format!(
                    "\nOnly {name} matches, for instance:\n  {}\n",
                    visible(event.as_str())
                ));
            }
            Answer::Unknown if relation != Relation::Unknown => {
                out.push_str(&format!(
                    "\nWhether {name} matches events that the other does not cannot be told.\n"
                ));
            }
            _ => {}
        }
    }
    if relation != Relation::SameSpelling && !facts.is_none() {
        out.push_str("\nEvents are taken to be CloudTrail records, with the fields that each of them has.\n");
    }
    out
}
