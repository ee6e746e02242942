//! The rules of composite alarms ("Composite alarms", `PutCompositeAlarm`: `AlarmRule`).

mod read;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use crate::state::State;

/// What a composite alarm makes of the states of other alarms.
#[derive(Clone, Debug)]
pub struct AlarmRule {
    root: Node,
    mixed: Option<Range<usize>>,
}

/// A part of a rule.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Node {
    /// `ALARM(...)`, `OK(...)`, `INSUFFICIENT_DATA(...)`: whether an alarm has a state.
    Has(State, Child),
    /// `TRUE`, `FALSE`.
    Constant(bool),
    /// `NOT`. Of another `NOT` nothing is left.
    Not(Box<Self>),
    /// Joined by `AND`, two or more.
    And(Vec<Self>),
    /// Joined by `OR`, two or more.
    Or(Vec<Self>),
    /// `AT_LEAST(M, STATE_CONDITION, (...))`.
    AtLeast {
        /// How many.
        least: Least,
        /// The state that is asked for.
        state: State,
        /// `NOT` before the state: any other one is asked for.
        negated: bool,
        /// Of which alarms, at least one.
        children: Vec<Child>,
    },
}

/// The first argument of `AT_LEAST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    /// So many alarms.
    Number(u32),
    /// So many of a hundred. Of 3 alarms, 50% are 2: one would be less.
    Percent(u32),
}

/// An alarm that a rule asks for its state.
#[derive(Clone, Debug)]
pub struct Child {
    /// As it is written: a name or an ARN.
    pub name: String,
    /// In quotes.
    pub quoted: bool,
    /// Where in the text, in bytes, quotes included.
    pub span: Range<usize>,
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    /// Where in the text, in bytes.
    pub span: Range<usize>,
    /// What is wrong, a lowercase fragment.
    pub message: String,
    /// What to write under the marked text.
    pub label: &'static str,
    /// The way out.
    pub help: String,
}

/// A rule asks an alarm whose state nobody knows. AWS lets no rule ask an alarm that does not exist, and
/// deletes none that a rule asks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rule asks the alarm `{0}`, whose state is not known")]
pub struct UnknownChild(pub String);

impl AlarmRule {
    /// The longest rule that `CloudWatch` takes, in characters.
    pub const MAX_CHARACTERS: usize = 10_240;
    /// The most alarms that one rule asks.
    pub const MAX_ALARMS: usize = 100;
    /// The most elements of one rule: see [`elements`](Self::elements).
    pub const MAX_ELEMENTS: usize = 500;

    /// Reads a rule.
    ///
    /// AWS does not say whether `AND` or `OR` binds stronger. Here `AND` does, as nearly everywhere;
    /// [`mixed`](Self::mixed) tells whether it mattered. The limits are not checked.
    ///
    /// # Errors
    /// The first place where it cannot be read.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        read::rule(text)
    }

    /// The tree.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Where `AND` and `OR` stand side by side without parentheses: the first operator that is not like
    /// the one before it.
    #[must_use]
    pub fn mixed(&self) -> Option<Range<usize>> {
        self.mixed.clone()
    }

    /// The alarms that it asks, in the order of the text, as often as it does.
    #[must_use]
    pub fn children(&self) -> Vec<&Child> {
        let mut all = Vec::new();
        self.root.each(&mut |child| all.push(child));
        all
    }

    /// The names of the alarms that it asks; an ARN counts as its name.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&str> {
        self.children().into_iter().map(Child::plain).collect()
    }

    /// The same rule with every alarm called by another name, in quotes.
    #[must_use]
    pub fn named(mut self, name: &mut dyn FnMut(&Child) -> String) -> Self {
        self.root.each_mut(&mut |child| {
            child.name = name(child);
            child.quoted = true;
        });
        self
    }

    /// Alarms, `TRUE`, `FALSE` and pairs of parentheses, of which AWS takes at most
    /// [`MAX_ELEMENTS`](Self::MAX_ELEMENTS). Parentheses that change nothing are not in the tree, and
    /// not counted.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.root.elements()
    }

    /// The state of a composite alarm with this rule: `ALARM` if it is true, else `OK`.
    ///
    /// `states` knows alarms by their names, never by ARNs. A composite alarm may ask another one; that
    /// nobody asks himself in a circle is the caller's to see.
    ///
    /// # Errors
    /// An alarm that `states` does not know, even if the others would decide.
    pub fn state(&self, states: &dyn Fn(&str) -> Option<State>) -> Result<State, UnknownChild> {
        let holds = self.root.holds(states)?;
        Ok(if holds { State::Alarm } else { State::Ok })
    }
}

/// Two rules are equal if they have the same tree: blanks, quotes, ARNs and parentheses that change
/// nothing do not count.
impl PartialEq for AlarmRule {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root
    }
}

/// One spelling for all rules that are equal: names in quotes, parentheses where they are needed.
impl fmt::Display for AlarmRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl Child {
    /// The name; what an ARN names, since a rule asks only alarms of its own account and region.
    #[must_use]
    pub fn plain(&self) -> &str {
        plain(&self.name)
    }
}

impl PartialEq for Child {
    fn eq(&self, other: &Self) -> bool {
        self.plain() == other.plain()
    }
}

impl fmt::Display for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.plain().replace('"', "\\\""))
    }
}

/// The name of an alarm that is called by its name or its ARN.
#[must_use]
pub fn plain(name: &str) -> &str {
    let parts: Vec<&str> = name.splitn(7, ':').collect();
    match parts.as_slice() {
        ["arn", _, "cloudwatch", _, _, "alarm", name] => name,
        _ => name,
    }
}

impl Least {
    /// How many of so many.
    #[must_use]
    pub fn of(self, all: usize) -> usize {
        match self {
            Self::Number(number) => usize::try_from(number).unwrap_or(usize::MAX),
            Self::Percent(percent) => {
                let percent = usize::try_from(percent).unwrap_or(usize::MAX);
                all.saturating_mul(percent).div_ceil(100)
            }
        }
    }
}

impl fmt::Display for Least {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Node {
    fn each<'n>(&'n self, see: &mut dyn FnMut(&'n Child)) {
        match self {
            Self::Has(_, child) => see(child),
            Self::Constant(_) => {}
            Self::Not(inner) => inner.each(see),
            Self::And(all) | Self::Or(all) => all.iter().for_each(|node| node.each(see)),
            Self::AtLeast { children, .. } => children.iter().for_each(see),
        }
    }

    fn each_mut(&mut self, change: &mut dyn FnMut(&mut Child)) {
        match self {
            Self::Has(_, child) => change(child),
            Self::Constant(_) => {}
            Self::Not(inner) => inner.each_mut(change),
            Self::And(all) | Self::Or(all) => all.iter_mut().for_each(|node| node.each_mut(change)),
            Self::AtLeast { children, .. } => children.iter_mut().for_each(change),
        }
    }

    fn elements(&self) -> usize {
        match self {
            Self::Has(..) | Self::Constant(_) => 1,
            Self::Not(inner) => inner.elements() + usize::from(inner.is_joined()),
            Self::And(all) | Self::Or(all) => all
                .iter()
                .map(|node| node.elements() + usize::from(node.is_joined()))
                .sum(),
            Self::AtLeast { children, .. } => children.len() + 1,
        }
    }

    fn is_joined(&self) -> bool {
        matches!(self, Self::And(_) | Self::Or(_))
    }

    fn holds(&self, states: &dyn Fn(&str) -> Option<State>) -> Result<bool, UnknownChild> {
        let has = |child: &Child, state: State| match states(child.plain()) {
            Some(found) => Ok(found == state),
            None => Err(UnknownChild(child.plain().to_owned())),
        };
        let all = |nodes: &[Self]| -> Result<Vec<bool>, UnknownChild> {
            nodes.iter().map(|node| node.holds(states)).collect()
        };
        Ok(match self {
            Self::Has(state, child) => has(child, *state)?,
            Self::Constant(value) => *value,
            Self::Not(inner) => !inner.holds(states)?,
            Self::And(nodes) => all(nodes)?.into_iter().all(|holds| holds),
            Self::Or(nodes) => all(nodes)?.into_iter().any(|holds| holds),
            Self::AtLeast {
                least,
                state,
                negated,
                children,
            } => {
                let mut found = 0;
                for child in children {
                    found += usize::from(has(child, *state)? != *negated);
                }
                found >= least.of(children.len())
            }
        })
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (nodes, operator) = match self {
            Self::Has(state, child) => return write!(f, "{state}({child})"),
            Self::Constant(true) => return f.write_str("TRUE"),
            Self::Constant(false) => return f.write_str("FALSE"),
            Self::Not(inner) if inner.is_joined() => return write!(f, "NOT ({inner})"),
            Self::Not(inner) => return write!(f, "NOT {inner}"),
            Self::AtLeast {
                least,
                state,
                negated,
                children,
            } => {
                let not = if *negated { "NOT " } else { "" };
                let children: Vec<String> = children.iter().map(Child::to_string).collect();
                return write!(f, "AT_LEAST({least}, {not}{state}, ({}))", children.join(", "));
            }
            Self::And(nodes) => (nodes, " AND "),
            Self::Or(nodes) => (nodes, " OR "),
        };
        for (at, node) in nodes.iter().enumerate() {
            if at > 0 {
                f.write_str(operator)?;
            }
            if node.is_joined() {
                write!(f, "({node})")?;
            } else {
                node.fmt(f)?;
            }
        }
        Ok(())
    }
}
