//! The settings of topics and subscriptions, each from its first apply over somebody's change to the
//! repair.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName;

use crate::support::clients::{Clients, wait};
use crate::support::proxy::{Fault, Kind, Proxy};
use crate::support::world::World;

const SPEC: &str = r#"
format = 1

[stack]
name = "notify"
account = "123456789012"
region = "us-east-1"

[topic.alerts]
"#;

const QUEUE: &str = r#"
[[topic.alerts.subscription]]
protocol = "sqs"
endpoint = "arn:aws:sqs:us-east-1:123456789012:alerts"
"#;

const ROLE: &str = "arn:aws:iam::123456789012:role/feedback";

fn write(world: &World, text: &str) {
    world.write(
        "spec.toml",
        &format!("{SPEC}{text}").replace("123456789012", &world.account),
    );
}

fn stands(world: World, text: &str) -> World {
    write(&world, text);
    world.apply();
    world.expect_no_differences();
    world
}

fn attributes(world: &World) -> HashMap<String, String> {
    let clients = Clients::of(world);
    let get = clients
        .sns
        .get_topic_attributes()
        .topic_arn(clients.topic("alerts"));
    let answer = wait(get.send()).expect("the topic");
    answer.attributes.unwrap_or_default()
}

fn set(world: &World, name: &str, value: &str) {
    let clients = Clients::of(world);
    let set = clients.sns.set_topic_attributes();
    let set = set.topic_arn(clients.topic("alerts"));
    let set = set.attribute_name(name).attribute_value(value);
    wait(set.send()).expect("an attribute");
}

/// The one subscription.
fn subscription(world: &World) -> String {
    let clients = Clients::of(world);
    let list = clients.sns.list_subscriptions_by_topic();
    let listed = wait(list.topic_arn(clients.topic("alerts")).send()).expect("subscriptions");
    let arn = listed.subscriptions()[0].subscription_arn();
    arn.expect("an ARN").to_owned()
}

fn of_subscription(world: &World) -> HashMap<String, String> {
    let clients = Clients::of(world);
    let get = clients.sns.get_subscription_attributes();
    let answer = wait(get.subscription_arn(subscription(world)).send()).expect("the subscription");
    answer.attributes.unwrap_or_default()
}

fn set_of_subscription(world: &World, name: &str, value: &str) {
    let set = Clients::of(world).sns.set_subscription_attributes();
    let set = set.subscription_arn(subscription(world));
    let set = set.attribute_name(name).attribute_value(value);
    wait(set.send()).expect("an attribute");
}

/// Asserts that the plan shows this and that an apply repairs it.
#[track_caller]
fn is_repaired(world: &World, shows: &[&str]) {
    let mut plan = world.run(&["plan", "spec.toml", "--detailed-exitcode"]).exits(2);
    for text in shows {
        plan = plan.prints(text);
    }
    world.apply();
    world.expect_no_differences();
}

#[test]
fn who_may_publish_and_subscribe() {
    let text = "publishers = [\"events.amazonaws.com\", \"999999999999\", \"arn:aws:iam::888888888888:role/ci\"]\n\
                subscribers = [\"999999999999\"]\n";
    let world = stands(World::on_sandbox(), text);
    let policy = &attributes(&world)["Policy"];
    for part in [
        "events.amazonaws.com",
        "aws:SourceAccount",
        "arn:aws:iam::999999999999:root",
        "arn:aws:iam::888888888888:role/ci",
        "sns:Subscribe",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    // Somebody lets another account in; that stays, and ours come back.
    let theirs = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"Theirs","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::777777777777:root"}},"Action":"sns:Publish","Resource":"{}"}}]}}"#,
        Clients::of(&world).topic("alerts")
    );
    set(&world, "Policy", &theirs);
    is_repaired(&world, &["events.amazonaws.com"]);
    assert!(attributes(&world)["Policy"].contains("777777777777"));
    // Whom the spec names no more is put out again.
    write(&world, "publishers = [\"events.amazonaws.com\"]\n");
    is_repaired(&world, &["999999999999"]);
    let policy = &attributes(&world)["Policy"];
    assert!(!policy.contains("999999999999") && policy.contains("777777777777"));
    write(&world, "");
    is_repaired(&world, &["- topic_policy.alerts"]);
    assert!(!attributes(&world)["Policy"].contains("events.amazonaws.com"));
}

#[test]
fn delivery_status_is_managed_by_protocol() {
    let text = format!(
        "[topic.alerts.delivery_status]\nsqs = {{ success_role = \"{ROLE}\", sample_rate = 50, failure_role = \"{ROLE}\" }}\n\
         http = {{ failure_role = \"{ROLE}\" }}\n"
    );
    let world = stands(World::on_sandbox(), &text);
    let held = attributes(&world);
    assert_eq!(held["SQSSuccessFeedbackSampleRate"], "50");
    assert!(held["SQSFailureFeedbackRoleArn"].ends_with("role/feedback"));
    assert!(!held.contains_key("HTTPSuccessFeedbackRoleArn"));

    set(&world, "SQSSuccessFeedbackSampleRate", "1");
    set(&world, "HTTPFailureFeedbackRoleArn", "");
    // Of another protocol the spec says nothing.
    let role = ROLE.replace("123456789012", &world.account);
    set(&world, "LambdaFailureFeedbackRoleArn", &role);
    is_repaired(&world, &["delivery_status.sqs", "delivery_status.http"]);
    let held = attributes(&world);
    assert_eq!(held["SQSSuccessFeedbackSampleRate"], "50");
    assert_eq!(held["LambdaFailureFeedbackRoleArn"], role);

    write(&world, "[topic.alerts.delivery_status]\nsqs = \"none\"\n");
    is_repaired(&world, &["delivery_status.sqs"]);
    let held = attributes(&world);
    assert!(
        !held.contains_key("SQSSuccessFeedbackRoleArn") && !held.contains_key("SQSFailureFeedbackRoleArn")
    );
    assert!(held.contains_key("HTTPFailureFeedbackRoleArn"));
}

#[test]
fn retries_signatures_and_traces() {
    let text = "delivery_retry = { num_retries = 10, max_delay_target = 60, max_receives_per_second = 5 }\n\
                signature_version = 2\ntracing = \"Active\"\n";
    let world = stands(World::on_sandbox(), text);
    let held = attributes(&world);
    assert_eq!(held["SignatureVersion"], "2");
    assert_eq!(held["TracingConfig"], "Active");
    assert!(held["EffectiveDeliveryPolicy"].contains("\"numRetries\":10"));

    // Another spelling of the same is no difference; what else the policy says is kept.
    set(
        &world,
        "DeliveryPolicy",
        r#"{"http":{"defaultThrottlePolicy":{"maxReceivesPerSecond":5},"defaultHealthyRetryPolicy":{"maxDelayTarget":60,"numRetries":10},"disableSubscriptionOverrides":true}}"#,
    );
    world.expect_no_differences();
    set(
        &world,
        "DeliveryPolicy",
        r#"{"http":{"defaultHealthyRetryPolicy":{"numRetries":0},"disableSubscriptionOverrides":true}}"#,
    );
    set(&world, "SignatureVersion", "1");
    set(&world, "TracingConfig", "PassThrough");
    is_repaired(&world, &["delivery_retry", "signature_version", "tracing"]);
    let policy = &attributes(&world)["DeliveryPolicy"];
    assert!(policy.contains("\"disableSubscriptionOverrides\":true") && policy.contains("\"numRetries\":10"));

    set(
        &world,
        "DeliveryPolicy",
        r#"{"http":{"defaultHealthyRetryPolicy":{"numRetries":1}}}"#,
    );
    write(&world, "delivery_retry = \"none\"\n");
    is_repaired(&world, &["delivery_retry"]);
    let held = attributes(&world);
    assert!(!held.contains_key("DeliveryPolicy"));
    assert_eq!(held["SignatureVersion"], "2");
}

#[test]
fn data_protection_is_read_only_where_it_is_written() {
    let table = "[topic.alerts.data_protection]\nName = \"cards\"\nVersion = \"2021-06-01\"\n\
                 Statement = [{ Sid = \"x\", DataDirection = \"Inbound\", Principal = [\"*\"], DataIdentifier = \
                 [\"arn:aws:dataprotection::aws:data-identifier/CreditCardNumber\"], Operation = { Deny = {} } }]\n";
    let world = stands(World::on_sandbox(), table);
    let clients = Clients::of(&world);
    let arn = clients.topic("alerts");
    let read = || {
        let get = clients.sns.get_data_protection_policy().resource_arn(&arn);
        let answer = wait(get.send()).expect("an answer");
        answer.data_protection_policy.unwrap_or_default()
    };
    assert!(read().contains("CreditCardNumber"));
    let other = r#"{ "Version": "2021-06-01", "Statement": [], "Name": "cards" }"#;
    let put = clients.sns.put_data_protection_policy().resource_arn(&arn);
    wait(put.data_protection_policy(other).send()).expect("a policy");
    is_repaired(&world, &["data_protection"]);
    // As a text, it is the same document.
    write(&world, &format!("data_protection = '{other}'\n"));
    is_repaired(&world, &["data_protection"]);
    write(
        &world,
        "data_protection = '{\"Name\":\"cards\",\"Statement\":[],\"Version\":\"2021-06-01\"}'\n",
    );
    world.expect_no_differences();
    write(&world, "data_protection = \"none\"\n");
    is_repaired(&world, &["data_protection"]);
    assert_eq!(read(), "");

    write(&world, "");
    let proxy = Proxy::start(&world.endpoint);
    world
        .run_at(&proxy.endpoint, &["plan", "spec.toml", "--detailed-exitcode"])
        .exits(0);
    let asked = proxy.operations();
    assert!(
        !asked.iter().any(|(call, ..)| call.contains("DataProtection")),
        "{asked:?}"
    );
}

#[test]
fn settings_of_a_subscription() {
    let text = format!(
        "{QUEUE}raw_delivery = true\nfilter_policy = {{ NewStateValue = [\"ALARM\"], Trigger = {{ Namespace = [\"a\"] }} }}\n\
         filter_scope = \"MessageBody\"\ndead_letter = \"arn:aws:sqs:us-east-1:123456789012:dead\"\n"
    );
    let world = World::on_sandbox();
    write(&world, &text);
    world.apply();
    world.expect_no_differences();
    let held = of_subscription(&world);
    assert_eq!(held["RawMessageDelivery"], "true");
    assert_eq!(held["FilterPolicyScope"], "MessageBody");
    assert!(held["RedrivePolicy"].contains(":dead"));

    set_of_subscription(&world, "RawMessageDelivery", "false");
    set_of_subscription(&world, "RedrivePolicy", "");
    set_of_subscription(&world, "FilterPolicy", "{}");
    is_repaired(&world, &["raw_delivery", "filter_policy", "dead_letter"]);
    assert_eq!(of_subscription(&world)["FilterPolicyScope"], "MessageBody");

    // From a nested policy to one of attributes and back.
    let flat = "filter_policy = '{\"team\":[\"red\",{\"exists\":false}]}'\n";
    write(&world, &format!("{QUEUE}{flat}"));
    is_repaired(&world, &["filter_policy", "filter_scope"]);
    assert_eq!(of_subscription(&world)["FilterPolicyScope"], "MessageAttributes");
    write(&world, &text);
    is_repaired(&world, &["filter_policy", "filter_scope"]);

    // A filter that no alarm passes is asked about.
    write(
        &world,
        &format!("{QUEUE}filter_policy = {{ team = [\"red\"] }}\n"),
    );
    world
        .run(&["plan", "spec.toml"])
        .exits(5)
        .prints("alarms publish no attributes");

    let none = "raw_delivery = false\nfilter_policy = \"none\"\ndead_letter = \"none\"\n";
    write(&world, &format!("{QUEUE}{none}"));
    is_repaired(&world, &["raw_delivery", "filter_policy", "dead_letter"]);
    let held = of_subscription(&world);
    assert!(!held.contains_key("FilterPolicy") && !held.contains_key("RedrivePolicy"));

    // Without a word of them nobody asks.
    write(&world, QUEUE);
    let proxy = Proxy::start(&world.endpoint);
    world
        .run_at(&proxy.endpoint, &["plan", "spec.toml", "--detailed-exitcode"])
        .exits(0);
    let asked = proxy.operations();
    let of_one = |call: &String| call.contains("GetSubscriptionAttributes");
    assert!(!asked.keys().any(of_one), "{asked:?}");
}

#[test]
fn retries_of_an_endpoint_that_has_to_confirm() {
    let hook = "[[topic.alerts.subscription]]\nprotocol = \"https\"\nendpoint = \"https://hooks.example.com/secret\"\n";
    let text = format!(
        "{hook}delivery_retry = {{ num_retries = 20, max_delay_target = 30 }}\nraw_delivery = true\n"
    );
    let world = World::on_sandbox();
    write(&world, &text);
    world.apply();
    // They went along with the request; nobody can ask for them yet, and that is no difference.
    world
        .run(&["plan", "spec.toml", "--detailed-exitcode"])
        .exits(0)
        .prints("they are compared then");
    write(&world, &format!("{hook}delivery_retry = \"none\"\n"));
    world.run(&["plan", "spec.toml", "--detailed-exitcode"]).exits(0);
    write(&world, &text);
    let clients = Clients::of(&world);
    let confirm = clients
        .sns
        .confirm_subscription()
        .topic_arn(clients.topic("alerts"));
    wait(confirm.token("12345678").send()).expect("a confirmation");
    world.expect_no_differences();
    assert!(of_subscription(&world)["DeliveryPolicy"].contains("\"numRetries\":20"));

    set_of_subscription(
        &world,
        "DeliveryPolicy",
        r#"{"healthyRetryPolicy":{"numRetries":1},"requestPolicy":{"headerContentType":"application/json"}}"#,
    );
    is_repaired(&world, &["delivery_retry"]);
    write(&world, &format!("{hook}delivery_retry = \"none\"\n"));
    is_repaired(&world, &["delivery_retry"]);
    // What else the policy says is somebody's.
    assert!(of_subscription(&world)["DeliveryPolicy"].contains("application/json"));
}

#[test]
fn an_alarm_that_nobody_gets_is_warned_of() {
    let world = World::on_sandbox();
    let alarm = "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = [\"alerts\"]\n";
    write(
        &world,
        &format!("{QUEUE}filter_policy = {{ team = [\"red\"] }}\n{alarm}"),
    );
    world
        .run(&["check", "spec.toml", "--deny-warnings"])
        .exits(65)
        .says("filtered-alarms");
    write(
        &world,
        &format!(
            "{QUEUE}filter_policy = {{ NewStateValue = [\"ALARM\"] }}\nfilter_scope = \"MessageBody\"\n{alarm}"
        ),
    );
    drop(world.run(&["check", "spec.toml", "--deny-warnings"]).exits(0));
}

/// Makes a queue; returns its URL.
fn make_queue(clients: &Clients, name: &str) -> String {
    let made = wait(clients.sqs.create_queue().queue_name(name).send()).expect("a queue");
    made.queue_url.expect("its URL")
}

/// Writes a queue's policy.
fn set_policy(clients: &Clients, url: &str, policy: String) {
    let set = clients.sqs.set_queue_attributes().queue_url(url);
    let set = set.attributes(QueueAttributeName::Policy, policy);
    wait(set.send()).expect("a policy");
}

/// The policy that holds the statement that a plan printed for a queue.
fn policy_of_plan(plan: &str, queue: &str) -> String {
    let statements = plan
        .match_indices("{\"Sid\":\"SnsMayDeliver\"")
        .map(|(at, _)| &plan[at..]);
    let mut lines = statements.map(|rest| rest.lines().next().unwrap_or_default());
    let of_queue = format!("\"Resource\":\"{queue}\"");
    let line = lines.find(|line| line.contains(&of_queue)).expect("a statement");
    let end = line.find("}}}").expect("its end") + 3;
    format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{}]}}", &line[..end])
}

/// Encrypts a queue with a key.
fn encrypt(clients: &Clients, url: &str, key: &str) {
    let set = clients.sqs.set_queue_attributes().queue_url(url);
    let set = set.attributes(QueueAttributeName::KmsMasterKeyId, key);
    wait(set.send()).expect("a key");
}

/// What a plan says a key's policy needs, within the policy that KMS gives to a new key.
fn key_policy_of_plan(clients: &Clients, plan: &str, key: &str) -> String {
    let at = plan.find("{\"Sid\":\"SnsMayEncrypt\"").expect("a statement");
    let end = plan[at..].find("}}}").expect("its end") + 3;
    let policy = wait(clients.kms.get_key_policy().key_id(key).send()).expect("a policy");
    let all = format!("\"Statement\":[{},", &plan[at..at + end]);
    policy
        .policy
        .expect("its text")
        .replacen("\"Statement\":[", &all, 1)
}

#[test]
fn keys_of_queues_have_to_let_sns_in() {
    let world = World::on_sandbox();
    let clients = Clients::of(&world);
    let arn_of = |name: &str| format!("arn:aws:sqs:us-east-1:{}:{name}", world.account);
    let [alerts, dead] = ["alerts", "dead"].map(|name| {
        let url = make_queue(&clients, name);
        let statement = r#"{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"QUEUE"}"#;
        let policy = format!("{{\"Statement\":[{}]}}", statement.replace("QUEUE", &arn_of(name)));
        set_policy(&clients, &url, policy);
        url
    });
    let dead_letter = format!("dead_letter = \"{}\"\n", arn_of("dead"));
    write(&world, &format!("{QUEUE}{dead_letter}"));
    world.apply();
    let quiet = |ran: &str| assert!(!ran.contains("is encrypted with"), "{ran}");
    quiet(&world.expect_no_differences().stdout);

    // Nobody can write the policy of AWS's own key.
    encrypt(&clients, &alerts, "alias/aws/sqs");
    let ran = world.expect_no_differences();
    drop(ran.prints("the queue `alerts` is encrypted with `alias/aws/sqs`, a key of AWS's own"));

    // By its alias, and by its id.
    let made = wait(clients.kms.create_key().send()).expect("a key");
    let id = made.key_metadata.expect("a key").key_id;
    let alias = clients.kms.create_alias().alias_name("alias/queues");
    wait(alias.target_key_id(&id).send()).expect("an alias");
    encrypt(&clients, &alerts, "alias/queues");
    encrypt(&clients, &dead, &id);
    let ran = world
        .expect_no_differences()
        .prints("the queue `alerts` is encrypted with `alias/queues`, whose policy does not let SNS in")
        .prints(&format!(
            "the dead-letter queue `dead` is encrypted with `{id}`, whose policy does not let SNS in"
        ));
    let policy = key_policy_of_plan(&clients, &ran.stdout, &id);
    let put = |policy: String| {
        wait(clients.kms.put_key_policy().key_id(&id).policy(policy).send()).expect("written");
    };
    put(policy.clone());
    quiet(&world.expect_no_differences().stdout);
    // Another topic's leave is none for this one.
    put(policy.replace(&clients.topic("alerts"), &clients.topic("other")));
    drop(
        world
            .expect_no_differences()
            .prints("whose policy does not let SNS in"),
    );

    // Who may not read the key's policy is told what it needs when the queue comes.
    let proxy = Proxy::start(&world.endpoint);
    proxy.fault(Fault::on("GetKeyPolicy", Kind::AccessDenied));
    write(&world, QUEUE);
    let ran = world.run_at(&proxy.endpoint, &["plan", "spec.toml"]).exits(0);
    quiet(&ran.stdout);
    write(&world, &QUEUE.replace(":alerts", ":dead"));
    world
        .run_at(&proxy.endpoint, &["plan", "spec.toml"])
        .exits(0)
        .prints(&format!(
            "the queue is encrypted with the key `{id}`, which must let SNS in"
        ))
        .prints("SnsMayEncrypt");
}

/// From queues that are not there to queues that let SNS in, by what the plans say.
fn queues_let_sns_in(world: &World) {
    let dead = "dead_letter = \"arn:aws:sqs:us-east-1:123456789012:dead\"\n";
    write(world, &format!("{QUEUE}{dead}"));
    let plan = || world.run(&["plan", "spec.toml"]).exits(0);
    plan()
        .prints("the queue `alerts` is not there")
        .prints("the dead-letter queue `dead` is not there");
    world.apply();
    // What is wrong with a queue is no difference, and is said in every plan.
    let nothing_to_do = world.expect_no_differences();
    let said = nothing_to_do.prints("the queue `alerts` is not there").stdout;

    let clients = Clients::of(world);
    let [alerts, dead] = ["alerts", "dead"].map(|name| make_queue(&clients, name));
    let [of_alerts, of_dead] = ["alerts", "dead"]
        .map(|name| policy_of_plan(&said, &format!("arn:aws:sqs:us-east-1:{}:{name}", world.account)));
    plan()
        .prints("the queue `alerts` does not let SNS in")
        .prints("the dead-letter queue `dead` does not let SNS in");
    set_policy(&clients, &alerts, of_alerts.clone());
    let ran = plan().prints("the dead-letter queue `dead` does not let SNS in");
    assert!(!ran.stdout.contains("`alerts` does not"), "{}", ran.stdout);
    set_policy(&clients, &dead, of_dead);
    let ran = world.expect_no_differences();
    assert!(!ran.stdout.contains("SNS"), "{}", ran.stdout);

    // Another topic's leave is none for this one.
    let other = of_alerts.replace(&clients.topic("alerts"), &clients.topic("other"));
    assert_ne!(other, of_alerts);
    set_policy(&clients, &alerts, other);
    plan().prints("does not allow sqs:SendMessage");
}

#[test]
fn queues_have_to_let_sns_in() {
    let world = World::on_sandbox();
    queues_let_sns_in(&world);

    // Who may not look is told what the policy needs, as with a queue of another account or region.
    let proxy = Proxy::start(&world.endpoint);
    proxy.fault(Fault::on("GetQueueUrl", Kind::AccessDenied));
    write(&world, &QUEUE.replace(":alerts", ":others"));
    let ran = world.run_at(&proxy.endpoint, &["plan", "spec.toml"]).exits(0);
    let ran = ran.prints("its policy is not read here and needs: {\"Sid\"");
    assert!(!ran.stdout.contains("is not there"), "{}", ran.stdout);
    write(&world, &QUEUE.replace("us-east-1", "eu-west-1"));
    let proxy = Proxy::start(&world.endpoint);
    let ran = world.run_at(&proxy.endpoint, &["plan", "spec.toml"]).exits(0);
    drop(ran.prints("its policy is not read here and needs"));
    // Nobody asks for queues that are elsewhere.
    let asked = proxy.operations();
    assert!(!asked.keys().any(|call| call.contains("Queue")), "{asked:?}");
}

#[test]
fn queues_on_moto() {
    queues_let_sns_in(&World::on_moto());
}

#[test]
fn on_moto() {
    let text = "publishers = [\"events.amazonaws.com\", \"999999999999\"]\nsubscribers = [\"999999999999\"]\n\
                delivery_retry = { num_retries = 10 }\n";
    let of_queue = "raw_delivery = true\nfilter_policy = { NewStateValue = [\"ALARM\"] }\nfilter_scope = \"MessageBody\"\n\
                    dead_letter = \"arn:aws:sqs:us-east-1:123456789012:dead\"\n";
    let world = stands(World::on_moto(), &format!("{text}{QUEUE}{of_queue}"));
    set(
        &world,
        "DeliveryPolicy",
        r#"{"http":{"defaultHealthyRetryPolicy":{"numRetries":1}}}"#,
    );
    set_of_subscription(&world, "RawMessageDelivery", "false");
    set_of_subscription(&world, "FilterPolicy", r#"{"NewStateValue":["OK"]}"#);
    is_repaired(&world, &["delivery_retry", "raw_delivery", "filter_policy"]);
    assert_eq!(of_subscription(&world)["RawMessageDelivery"], "true");
}
