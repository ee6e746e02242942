use aws_sdk_sqs::types::QueueAttributeName;

use crate::world::{ACCOUNT, HOME, OTHER, World, code};

const POLICY: &str = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}]}"#;

const MISSING: &str = "AWS.SimpleQueueService.NonExistentQueue";

#[tokio::test]
async fn queues_come_and_go() {
    let world = World::new();
    let sqs = world.sqs();
    let find = || sqs.get_queue_url().queue_name("alerts");
    assert_eq!(code(find().send().await), MISSING);
    let create = || sqs.create_queue().queue_name("alerts");
    let made = create().send().await.unwrap();
    let url = made.queue_url().unwrap();
    assert_eq!(url, format!("https://sqs.{HOME}.amazonaws.com/{ACCOUNT}/alerts"));
    assert_eq!(find().send().await.unwrap().queue_url(), Some(url));
    create().send().await.unwrap();
    let with_policy = create().attributes(QueueAttributeName::Policy, POLICY);
    assert_eq!(code(with_policy.send().await), "QueueAlreadyExists");
    assert_eq!(
        code(sqs.create_queue().queue_name("a b").send().await),
        "InvalidParameterValue"
    );

    // Another account and another region have none.
    for elsewhere in [world.account(OTHER), world.region("eu-west-1")] {
        let find = elsewhere.sqs().get_queue_url().queue_name("alerts");
        assert_eq!(code(find.send().await), MISSING);
    }
    sqs.delete_queue().queue_url(url).send().await.unwrap();
    assert_eq!(code(find().send().await), MISSING);
    assert_eq!(
        code(sqs.get_queue_attributes().queue_url(url).send().await),
        MISSING
    );
}

#[tokio::test]
async fn a_policy_is_kept_and_taken_away() {
    let world = World::new();
    let sqs = world.sqs();
    let made = sqs.create_queue().queue_name("alerts").send().await.unwrap();
    let url = made.queue_url().unwrap();
    let policy = || async {
        let get = sqs.get_queue_attributes().queue_url(url);
        let answer = get.attribute_names(QueueAttributeName::Policy).send().await;
        let attributes = answer.unwrap().attributes.unwrap_or_default();
        attributes.get(&QueueAttributeName::Policy).cloned()
    };
    let set = |value: &str| {
        let set = sqs.set_queue_attributes().queue_url(url);
        set.attributes(QueueAttributeName::Policy, value).send()
    };
    assert_eq!(policy().await, None);
    assert_eq!(code(set("{").await), "InvalidAttributeValue");
    set(POLICY).await.unwrap();
    assert_eq!(policy().await.as_deref(), Some(POLICY));
    set("").await.unwrap();
    assert_eq!(policy().await, None);
}
