//! Whether a policy lets a call through (IAM user guide, "Policy evaluation logic").

use std::collections::BTreeSet;
use std::ops::Not;

use crate::document::{Policy, Version};
use crate::glob::{Glob, Wildcards};
use crate::request::Request;
use crate::statement::{Effect, Element, Statement};
use crate::{condition, principal};

/// What one policy says about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// A statement allows the call and none denies it.
    Allowed {
        /// The place of the first such statement in [`Policy::statements`].
        by: usize,
    },
    /// A statement denies the call, or may do so.
    Denied {
        /// The place of the statement: the first that surely denies, or else the first that may.
        by: usize,
    },
    /// No statement allows the call.
    NotAllowed,
}

/// Whether a part of a statement fits a request. The order is that of certainty, so that "all of"
/// is the minimum and "one of" the maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    No,
    Unsure,
    Yes,
}

impl Fit {
    pub(crate) fn of(fits: bool) -> Fit {
        if fits { Fit::Yes } else { Fit::No }
    }
}

impl Not for Fit {
    type Output = Fit;

    fn not(self) -> Fit {
        match self {
            Fit::No => Fit::Yes,
            Fit::Unsure => Fit::Unsure,
            Fit::Yes => Fit::No,
        }
    }
}

impl Policy {
    /// Says what this document alone decides about a call: an explicit `Deny` wins, without an
    /// `Allow` nothing is allowed. Other documents that take part (the caller's own policies, an
    /// organization's, a permissions boundary) are not known here; in particular, an account as
    /// principal is taken to cover its users, who still need a policy of their own.
    ///
    /// Doubt is settled on the side of caution: an `Allow` counts only if all of it surely fits, a
    /// `Deny` already if all of it may fit. So `Allowed` is reliable, while `Denied` can be too
    /// strict. In doubt are condition operators and statement keys that are not understood
    /// ([`Statement::not_understood`]), values that are no number, date or address where the
    /// operator needs one, policy variables without a value, several values where the operator
    /// expects one, canonical users, and callers that `NotPrincipal` names only in part.
    ///
    /// Policy variables are replaced from the context if the version is `2012-10-17`.
    pub fn evaluate(&self, request: &Request) -> Decision {
        let variables = (self.language() == Version::V2012).then_some(request);
        let fits: Vec<(Effect, Fit)> = self
            .statements
            .iter()
            .map(|statement| (statement.effect, statement.fit(request, variables)))
            .collect();
        let first = |wanted| fits.iter().position(|found| *found == wanted);
        let denied = first((Effect::Deny, Fit::Yes)).or_else(|| first((Effect::Deny, Fit::Unsure)));
        match (denied, first((Effect::Allow, Fit::Yes))) {
            (Some(by), _) => Decision::Denied { by },
            (None, Some(by)) => Decision::Allowed { by },
            (None, None) => Decision::NotAllowed,
        }
    }
}

impl Statement {
    fn fit(&self, request: &Request, variables: Option<&Request>) -> Fit {
        let known = if self.other.is_empty() {
            Fit::Yes
        } else {
            Fit::Unsure
        };
        let principal = match &self.principal {
            Some(principal) => principal::fit(principal, &request.principal),
            None => Fit::Yes,
        };
        let action = element(&self.action, |names| {
            let action = request.action.to_lowercase();
            any(names, |name| {
                let glob = Glob::new(name, Wildcards::Anywhere, None)?;
                Some(glob.lowered().fits(&action))
            })
        });
        let resource = match &self.resource {
            Some(names) => element(names, |names| {
                any(names, |name| {
                    let glob = Glob::new(name, Wildcards::Segments, variables)?;
                    Some(glob.fits(&request.resource))
                })
            }),
            None => Fit::Yes,
        };
        let conditions = self.condition.iter().flat_map(|(operator, keys)| {
            keys.iter()
                .map(move |(key, values)| condition::fit(operator, key, values, request, variables))
        });
        [known, principal, action, resource]
            .into_iter()
            .chain(conditions)
            .min()
            .unwrap_or(Fit::Yes)
    }
}

fn element(names: &Element<BTreeSet<String>>, fit: impl Fn(&BTreeSet<String>) -> Fit) -> Fit {
    match names {
        Element::Is(names) => fit(names),
        Element::Not(names) => !fit(names),
    }
}

/// The best fit among names; one that cannot be read leaves doubt.
pub(crate) fn any<'a>(names: impl IntoIterator<Item = &'a String>, fit: impl Fn(&str) -> Option<Fit>) -> Fit {
    names
        .into_iter()
        .map(|name| fit(name).unwrap_or(Fit::Unsure))
        .max()
        .unwrap_or(Fit::No)
}
