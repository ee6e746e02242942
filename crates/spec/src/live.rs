//! What an account holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use trailwarden_policy::Statement;

use crate::leaf::{Owner, Tags};
use crate::{Address, Object, Scope};

/// What was found of an account.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// The objects: those that the spec names, those of the stack that it names no more, and the
    /// existing ones that it refers to.
    pub objects: BTreeMap<Address, Found>,
    /// Things that no write can repair.
    pub attention: Vec<Attention>,
    /// What counts against quotas, whoever it belongs to.
    pub usage: Usage,
    /// The ARNs of the queues of subscriptions that were looked at: what their policies lack is an
    /// attention item. Nobody looks into other accounts and regions, or where the caller may not.
    pub queues: BTreeSet<String>,
    /// Of these queues those that are encrypted with a key whose policy could not be read, with what they
    /// call the key.
    pub queue_keys: BTreeMap<String, String>,
}

/// What a region holds of that of which it takes few, the stack's own and everybody else's. Names
/// tell the change of an object that is there from one object more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// By log group and filter: whether the metric filter's pattern has a regular expression.
    pub filters: BTreeMap<String, BTreeMap<String, bool>>,
    /// The trails that the region shows, shadows of other regions' and of an organization's included.
    pub trails: BTreeSet<SeenTrail>,
}

impl Usage {
    /// Counts an object of the region; what no quota counts is left out.
    pub fn add(&mut self, object: &Object) {
        match object {
            Object::MetricFilter(filter) => {
                let group = self.filters.entry(filter.log_group.clone()).or_default();
                group.insert(filter.name.clone(), filter.pattern.has_regex());
            }
            Object::Trail(trail) => {
                self.trails.insert(SeenTrail {
                    name: trail.name.clone(),
                    elsewhere: None,
                });
            }
            _ => {}
        }
    }
}

/// A trail that a region shows. A shadow may have the name of a trail that is at home there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeenTrail {
    /// Its name.
    pub name: String,
    /// Where it is managed from, if that is another account or region.
    pub elsewhere: Option<Scope>,
}

/// One object of an account.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its configuration; every managed field is set.
    pub value: Object,
    /// Whose it is.
    pub owner: Owner,
    /// What is known beside its configuration; never compared.
    pub facts: Facts,
}

/// What is known of an object beside its configuration. Nothing of it is ever a difference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// What this version cannot express and an update would lose, in words for people
    /// ("advanced event selectors for S3 objects"). Such an object is refused, never overwritten.
    pub inexpressible: Vec<String>,
    /// Statements of a shared policy that are not this stack's, in document order.
    pub foreign_statements: Vec<Statement>,
    /// True when deleting it would destroy data: a bucket with objects, a log group with events.
    pub holds_data: bool,
    /// A subscription's state; `None` for every other kind.
    pub confirmed: Option<bool>,
    /// The composite alarms, whoever's, without which AWS does not let this alarm be deleted. Looked up for
    /// alarms of the stack that the spec names no more; empty for all others.
    pub asked_by: BTreeSet<String>,
    /// The alarms, whoever's, on the metric of a metric filter. Looked up for filters of the stack that the
    /// spec names no more and that write no dimensions (`DescribeAlarmsForMetric`, which knows nothing of
    /// alarms on metric math); empty for all others.
    pub read_by: BTreeSet<String>,
    /// The ARN or id that AWS gave it, where the name does not decide it.
    pub arn: Option<String>,
}

/// Something that a person has to look at and that no write can repair.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Attention {
    /// The object that it is about, where there is one.
    pub address: Option<Address>,
    /// A stable code, such as `subscription-pending`.
    pub code: &'static str,
    /// What is the matter, and the way out.
    pub message: String,
}

impl Found {
    /// The tags of the object.
    #[must_use]
    pub fn tags(&self) -> Option<&Tags> {
        self.value.tags()
    }
}
