//! What trails record and tell beside management events: each field is set, changed by somebody
//! else, shown, and put back.

use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector, InsightSelector, InsightType,
    ReadWriteType,
};

use crate::support::clients::{Clients, wait};
use crate::support::proxy::Proxy;
use crate::support::world::World;

const SPEC: &str = r#"
format = 1

[stack]
name = "acme"
account = "123456789012"
region = "us-east-1"

[bucket.logs]
name = "acme-${account}-logs"

[topic.files]

[trail.main]
bucket = "logs"
"#;

fn spec(world: &World, more: &str) {
    world.write(
        "spec.toml",
        &format!("{SPEC}{more}").replace("123456789012", &world.account),
    );
}

/// A spec in which the trail has more than the least, and whose plan is empty after apply.
fn stands(world: &World, more: &str) -> Clients {
    spec(world, more);
    drop(world.apply());
    drop(world.expect_no_differences());
    Clients::of(world)
}

/// The plan shows what somebody changed, and the next apply puts it back.
#[track_caller]
fn is_put_back(world: &World, shows: &[&str]) {
    let mut plan = world
        .run(&["plan", "spec.toml", "--detailed-exitcode"])
        .exits(2)
        .prints("~ trail.main");
    for text in shows {
        plan = plan.prints(text);
    }
    drop(world.apply());
    drop(world.expect_no_differences());
}

fn put_basic(clients: &Clients, selector: EventSelector) {
    let put = clients.cloudtrail.put_event_selectors().trail_name("main");
    wait(put.event_selectors(selector).send()).expect("selectors");
}

const DATA: &str = r#"
[[trail.main.data_events]]
type = "AWS::S3::Object"
events = "write"
where."resources.ARN".starts_with = "arn:aws:s3:::invoices/"
"#;

#[test]
fn basic_data_events() {
    let world = World::on_sandbox();
    let clients = stands(&world, DATA);
    let live = wait(clients.cloudtrail.get_event_selectors().trail_name("main").send()).expect("selectors");
    assert_eq!(live.event_selectors().len(), 2, "{live:?}");
    assert!(live.advanced_event_selectors().is_empty());
    let all = EventSelector::builder().read_write_type(ReadWriteType::All);
    put_basic(&clients, all.include_management_events(true).build());
    is_put_back(
        &world,
        &[
            "! blind until applied: these events may go unnoticed",
            "resources.ARN starts with arn:aws:s3:::invoices/",
        ],
    );
    // Silence leaves them, an empty list switches them off with consent.
    spec(&world, "");
    drop(world.expect_no_differences());
    spec(&world, "data_events = []\n");
    drop(
        world
            .run(&["plan", "spec.toml"])
            .exits(5)
            .prints("--allow-blinding trail.main"),
    );
    let apply = ["apply", "spec.toml", "--yes", "--allow-blinding", "trail.main"];
    drop(world.run(&apply).exits(0));
    drop(world.expect_no_differences());
}

#[test]
fn advanced_data_and_network_events() {
    let world = World::on_sandbox();
    let clients = stands(
        &world,
        r#"
excluded_sources = ["kms.amazonaws.com"]
[[trail.main.data_events]]
name = "objects but the logs"
type = "AWS::S3::Object"
where."resources.ARN".not_starts_with = "arn:aws:s3:::acme-${account}-logs/"
[[trail.main.data_events]]
type = "AWS::SNS::Topic"
events = "read"
[[trail.main.network_events]]
source = "ec2.amazonaws.com"
where.errorCode.equals = "VpceAccessDenied"
"#,
    );
    let field = |name: &str, value: &str| {
        AdvancedFieldSelector::builder()
            .field(name)
            .equals(value)
            .build()
            .expect("a field")
    };
    let but_keys = AdvancedFieldSelector::builder()
        .field("eventSource")
        .not_equals("kms.amazonaws.com");
    let management = AdvancedEventSelector::builder()
        .field_selectors(field("eventCategory", "Management"))
        .field_selectors(but_keys.build().expect("a field"))
        .build()
        .expect("a selector");
    let put = clients.cloudtrail.put_event_selectors().trail_name("main");
    wait(put.advanced_event_selectors(management).send()).expect("selectors");
    is_put_back(&world, &["data_events:", "network_events:", "AWS::SNS::Topic"]);
    // Basic selectors take the place of all advanced ones, and the plan says so.
    let basic = EventSelector::builder().data_resources(
        DataResource::builder()
            .r#type("AWS::S3::Object")
            .values("arn:aws:s3:::invoices/")
            .build(),
    );
    let basic = basic
        .include_management_events(true)
        .exclude_management_event_sources("kms.amazonaws.com");
    put_basic(&clients, basic.build());
    is_put_back(&world, &["selectors:", "basic -> advanced"]);
    // Somebody leaves out more.
    let update = EventSelector::builder().exclude_management_event_sources("rdsdata.amazonaws.com");
    put_basic(&clients, update.build());
    world
        .run(&["plan", "spec.toml"])
        .exits(5)
        .prints("excluded_sources: [rdsdata.amazonaws.com] -> [kms.amazonaws.com]")
        .prints("calls to kms.amazonaws.com go unnoticed");
}

#[test]
fn the_same_events_in_the_other_form_are_no_difference() {
    let world = World::on_sandbox();
    let clients = stands(&world, DATA);
    let field = |name: &str| AdvancedFieldSelector::builder().field(name);
    let of = |fields: Vec<AdvancedFieldSelector>| {
        AdvancedEventSelector::builder()
            .set_field_selectors(Some(fields))
            .build()
            .expect("a selector")
    };
    let management = vec![
        field("eventCategory")
            .equals("Management")
            .build()
            .expect("a field"),
    ];
    let data = [
        field("eventCategory").equals("Data"),
        field("resources.type").equals("AWS::S3::Object"),
        field("readOnly").equals("false"),
        field("resources.ARN").starts_with("arn:aws:s3:::invoices/"),
    ];
    let data = data
        .into_iter()
        .map(|field| field.build().expect("a field"))
        .collect();
    let put = clients.cloudtrail.put_event_selectors().trail_name("main");
    let put = put
        .advanced_event_selectors(of(management))
        .advanced_event_selectors(of(data));
    wait(put.send()).expect("selectors");
    drop(world.expect_no_differences());
    spec(&world, &format!("selectors = \"basic\"\n{DATA}"));
    is_put_back(&world, &["advanced -> basic"]);
}

#[test]
fn insights() {
    let world = World::on_sandbox();
    let clients = stands(&world, "insights = [\"api_call_rate\", \"api_error_rate\"]\n");
    let only = InsightSelector::builder()
        .insight_type(InsightType::ApiErrorRateInsight)
        .build();
    let put = clients.cloudtrail.put_insight_selectors().trail_name("main");
    wait(put.insight_selectors(only).send()).expect("insights");
    is_put_back(
        &world,
        &["insights: [api_error_rate] -> [api_call_rate, api_error_rate]"],
    );
    spec(&world, "");
    drop(world.expect_no_differences());
    spec(&world, "insights = []\n");
    is_put_back(&world, &["insights: [api_call_rate, api_error_rate] -> []"]);
}

#[test]
fn notices_of_log_files_go_to_a_topic_that_lets_the_trail_publish() {
    let world = World::on_sandbox();
    let clients = stands(&world, "sns_topic = \"files\"\n");
    let trail = wait(clients.cloudtrail.get_trail().name("main").send()).expect("a trail");
    let arn = trail.trail().and_then(|trail| trail.sns_topic_arn.clone());
    assert_eq!(arn, Some(clients.topic("files")));
    let update = clients.cloudtrail.update_trail().name("main").sns_topic_name("");
    wait(update.send()).expect("an update");
    is_put_back(&world, &["sns_topic:"]);

    // Another topic is in place, with its policy, before the trail goes there; the old policy goes
    // last.
    let more = "sns_topic = \"others\"\n[topic.others]\n";
    spec(&world, more);
    let proxy = Proxy::start(&world.endpoint);
    drop(
        world
            .run_at(
                &proxy.endpoint,
                &["apply", "spec.toml", "--yes", "--allow-blinding", "ALL"],
            )
            .exits(0),
    );
    let writes: Vec<String> = proxy
        .calls()
        .into_iter()
        .filter(|call| call.write)
        .map(|call| call.operation)
        .collect();
    let at = |operation: &str| {
        writes
            .iter()
            .position(|write| write == operation)
            .unwrap_or_else(|| panic!("{operation} in {writes:?}"))
    };
    let last = writes.iter().rposition(|write| write == "SetTopicAttributes");
    assert!(at("CreateTopic") < at("SetTopicAttributes"), "{writes:?}");
    assert!(at("SetTopicAttributes") < at("UpdateTrail"), "{writes:?}");
    assert!(Some(at("UpdateTrail")) < last, "{writes:?}");
    drop(world.expect_no_differences());
    spec(&world, "sns_topic = \"none\"\n[topic.others]\n");
    drop(
        world
            .run(&["apply", "spec.toml", "--yes", "--allow-blinding", "ALL"])
            .exits(0),
    );
    drop(world.expect_no_differences());
}

#[test]
fn a_topic_of_another_region_is_its_owner_s() {
    let world = World::on_sandbox();
    spec(
        &world,
        "sns_topic = { arn = \"arn:aws:sns:eu-west-1:${account}:far\" }\n",
    );
    drop(
        world
            .run(&["plan", "spec.toml"])
            .exits(0)
            .prints("arn:aws:sns:eu-west-1"),
    );
    // There is no such topic, and CloudTrail says so.
    world
        .run(&["apply", "spec.toml", "--yes"])
        .exits(1)
        .says("InsufficientSnsTopicPolicyException");
}

#[test]
fn an_organization_s_trail() {
    let world = World::on_sandbox();
    let clients = stands(
        &world,
        "organization = \"o-exampleorgid\"\nlog_group = \"activity\"\nheartbeat = false\n[log_group.activity]\n",
    );
    let policy = wait(
        clients
            .s3
            .get_bucket_policy()
            .bucket(format!("acme-{}-logs", world.account))
            .send(),
    );
    let policy = policy.expect("a policy").policy.unwrap_or_default();
    assert!(policy.contains("/AWSLogs/o-exampleorgid/*"), "{policy}");
    let update = clients
        .cloudtrail
        .update_trail()
        .name("main")
        .is_organization_trail(false);
    wait(update.send()).expect("an update");
    is_put_back(
        &world,
        &[
            "! blind until applied: events of the organization's other accounts go unnoticed",
            "organization:",
        ],
    );
}

#[test]
fn on_moto() {
    let world = World::on_moto();
    let clients = stands(&world, DATA);
    let all = EventSelector::builder().read_write_type(ReadWriteType::All);
    put_basic(&clients, all.include_management_events(true).build());
    is_put_back(&world, &["data_events:"]);
}
