//! What SNS needs from the owners of endpoints: the policies of queues and functions are not ours to
//! write, and without a statement there SNS tries in vain and says nothing.

use std::collections::BTreeSet;

use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{Protocol, Subscription};
use trailwarden_spec::{Object, Scope};

use crate::plan::{Note, Plan};

/// Notes, for each subscription that delivers to a queue or a function from this plan on, what the
/// owner has to write there.
/// `read` are the queues whose policies the survey has read.
pub(crate) fn note(plan: &mut Plan, scope: &Scope, read: &BTreeSet<String>) {
    let mut notes = Vec::new();
    for step in &plan.steps {
        let Some(Object::Subscription(after)) = &step.after else {
            continue;
        };
        let before = match &step.before {
            Some(Object::Subscription(before)) => Some(before),
            _ => None,
        };
        let topic = scope.topic_arn(&after.topic);
        let endpoint = after.endpoint.reveal();
        let mut say = |message| {
            notes.push(Note {
                address: step.address.clone(),
                message,
            });
        };
        if after.protocol == Protocol::Lambda && before.is_none() {
            say(of_function(&topic, endpoint));
        }
        let told: Vec<_> = before.into_iter().flat_map(Subscription::queues).collect();
        let new = after.queues().filter(|queue| !told.contains(queue));
        for (queue, what) in new {
            let queue = queue.to_string();
            // What its policy lacks is an attention item.
            if !read.contains(&queue) {
                say(of_queue(&topic, &queue, what));
            }
        }
    }
    plan.notes.extend(notes);
}

fn of_queue(topic: &Arn, queue: &str, what: &str) -> String {
    format!(
        "{what} must let SNS in, or nothing arrives and nobody is told; its policy is not read here and needs: {}; a \
         queue that is encrypted needs a key of its own, whose policy lets sns.amazonaws.com call kms:GenerateDataKey \
         and kms:Decrypt",
        Subscription::statement_for_queue(topic, queue).to_json()
    )
}

/// AWS: "Fanout Amazon SNS notifications to Lambda functions".
fn of_function(topic: &Arn, function: &str) -> String {
    format!(
        "the function must let SNS in, or nothing arrives and nobody is told; its policy is not read here: `aws lambda \
         add-permission --function-name {function} --statement-id sns-{} --action lambda:InvokeFunction --principal \
         sns.amazonaws.com --source-arn {topic}`",
        topic.name()
    )
}
