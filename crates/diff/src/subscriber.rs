//! What SNS needs from the owners of endpoints: the policies of queues and functions are not ours to
//! write, and without a statement there SNS tries in vain and says nothing.

use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{Protocol, Subscription};
use trailwarden_spec::live::Live;
use trailwarden_spec::{Object, Scope};

use crate::plan::{Note, Plan};

/// Notes, for each subscription that delivers to a queue or a function from this plan on, what the
/// owner has to write there.
pub(crate) fn note(plan: &mut Plan, scope: &Scope, live: &Live) {
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
            if !live.queues.contains(&queue) {
                say(of_queue(&topic, &queue, what));
            } else if let Some(key) = live.queue_keys.get(&queue) {
                say(of_queue_key(&topic, key, what));
            }
        }
    }
    plan.notes.extend(notes);
}

fn of_queue(topic: &Arn, queue: &str, what: &str) -> String {
    format!(
        "{what} must let SNS in, or nothing arrives and nobody is told; its policy is not read here and needs: {}; if \
         it is encrypted with a KMS key, that cannot be `alias/aws/sqs`, and its policy needs: {}",
        Subscription::statement_for_queue(topic, queue).to_json(),
        Subscription::statement_for_queue_key(topic).to_json()
    )
}

fn of_queue_key(topic: &Arn, key: &str, what: &str) -> String {
    format!(
        "{what} is encrypted with the key `{key}`, which must let SNS in, or nothing arrives and nobody is told; its \
         policy is not read here and needs: {}",
        Subscription::statement_for_queue_key(topic).to_json()
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
