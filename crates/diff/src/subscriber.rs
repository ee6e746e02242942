//! What SNS needs from the owners of endpoints: the policies of queues and functions are not ours to
//! write, and without a statement there SNS tries in vain and says nothing.

use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{Protocol, Subscription};
use trailwarden_spec::leaf::Managed;
use trailwarden_spec::{Object, Scope};

use crate::plan::{Note, Plan};

/// Notes, for each subscription that delivers to a queue or a function from this plan on, what the
/// owner has to write there.
pub(crate) fn note(plan: &mut Plan, scope: &Scope) {
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
        match after.protocol {
            Protocol::Sqs if before.is_none() => say(of_queue(&topic, endpoint, "the queue")),
            Protocol::Lambda if before.is_none() => say(of_function(&topic, endpoint)),
            _ => {}
        }
        let queue = |subscription: &Subscription| match &subscription.settings.dead_letter {
            Managed::Set(queue) => queue.clone(),
            Managed::Leave => None,
        };
        if let Some(new) = queue(after)
            && before.and_then(queue).as_ref() != Some(&new)
        {
            say(of_queue(&topic, &new.to_string(), "the dead-letter queue"));
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
