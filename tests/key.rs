//! KMS keys: the chain is encrypted, services and readers are let in, and what is encrypted is never
//! lost by a slip.

use aws_sdk_kms::types::{KeyState, Tag};

use crate::support::clients::{Clients, wait};
use crate::support::proxy::{Fault, Kind, Proxy};
use crate::support::world::World;

const ALIAS: &str = "alias/acme-prod-activity";
const TRAIL: &str = "account-activity";

/// The example with trail, log group, topic and bucket encrypted with a key of the stack.
fn encrypted(world: &World) {
    world.write_example("account-activity.toml");
    let trail = "[trail.account-activity]\n";
    let group = "[log_group.activity]\n";
    let topic = "[topic.security]\n";
    let bucket = "[bucket.logs]\n";
    change(
        world,
        trail,
        &format!("[key.activity]\n\n{trail}kms_key = \"activity\"\n"),
    );
    change(world, group, &format!("{group}kms_key = \"activity\"\n"));
    change(world, topic, &format!("{topic}kms_key = \"activity\"\n"));
    change(
        world,
        bucket,
        &format!("{bucket}encryption = \"aws:kms\"\nkms_key = \"activity\"\n"),
    );
}

fn change(world: &World, from: &str, to: &str) {
    let path = world.folder().join("spec.toml");
    let text = std::fs::read_to_string(&path).expect("the spec");
    assert!(text.contains(from), "no {from:?} in the spec");
    std::fs::write(path, text.replacen(from, to, 1)).expect("written");
}

/// The ARN of the key behind an alias, and its state.
fn key(clients: &Clients, alias: &str) -> (String, KeyState) {
    let described = wait(clients.kms.describe_key().key_id(alias).send()).expect("a key");
    let metadata = described.key_metadata.expect("its metadata");
    (
        metadata.arn.expect("its ARN"),
        metadata.key_state.expect("its state"),
    )
}

fn policy(clients: &Clients, arn: &str) -> String {
    let policy = wait(clients.kms.get_key_policy().key_id(arn).send());
    policy.expect("a policy").policy.expect("its text")
}

fn tags(clients: &Clients, arn: &str) -> Vec<Tag> {
    let tags = wait(clients.kms.list_resource_tags().key_id(arn).send());
    tags.expect("tags").tags.unwrap_or_default()
}

/// The writes of an apply, as the services name them.
fn writes(proxy: &Proxy) -> Vec<String> {
    let calls = proxy.calls().into_iter().filter(|call| call.write);
    calls.map(|call| call.operation).collect()
}

#[test]
fn a_whole_chain_is_encrypted_with_a_key_of_its_own() {
    let world = World::on_sandbox();
    encrypted(&world);
    let plan = world.run(&["plan", "spec.toml"]).exits(0);
    drop(plan.prints("1 KMS key").prints("alias/acme-prod-activity"));
    let proxy = Proxy::start(&world.endpoint);
    world
        .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .exits(0);
    let made = writes(&proxy);
    let at = |operation: &str| made.iter().position(|write| write == operation);
    assert!(at("CreateKey") < at("CreateAlias"), "{made:?}");
    for user in ["CreateTrail", "CreateLogGroup", "CreateTopic"] {
        assert!(at("PutKeyPolicy") < at(user), "{user} in {made:?}");
    }
    world.expect_no_differences();

    let clients = Clients::of(&world);
    let (arn, _) = key(&clients, ALIAS);
    let trail = wait(clients.cloudtrail.get_trail().name(TRAIL).send()).expect("a trail");
    assert_eq!(trail.trail.expect("it").kms_key_id, Some(arn.clone()));
    let groups = wait(clients.logs.describe_log_groups().send()).expect("groups");
    assert_eq!(groups.log_groups()[0].kms_key_id(), Some(arn.as_str()));
    let topic = clients.topic("security-alerts");
    let topic = wait(clients.sns.get_topic_attributes().topic_arn(topic).send()).expect("a topic");
    assert_eq!(topic.attributes().expect("attributes")["KmsMasterKeyId"], arn);
    let text = policy(&clients, &arn);
    for service in ["cloudtrail.", "logs.us-east-1.", "cloudwatch."] {
        assert!(
            text.contains(&format!("{service}amazonaws.com")),
            "{service} in {text}"
        );
    }
    assert!(text.contains("Enable IAM User Permissions"), "{text}");

    // A plan asks KMS about this key and no other: four calls more than without.
    proxy.reset();
    world.run_at(&proxy.endpoint, &["plan", "spec.toml"]).exits(0);
    let asked: usize = proxy
        .operations()
        .into_iter()
        .filter_map(|(name, count)| name.starts_with("kms:").then_some(count))
        .sum();
    assert_eq!(asked, 4, "{:?}", proxy.operations());
}

#[test]
fn without_a_key_kms_is_not_asked() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let proxy = Proxy::start(&world.endpoint);
    for _ in 0..2 {
        world
            .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
            .exits(0);
    }
    let asked: Vec<String> = proxy
        .operations()
        .into_keys()
        .filter(|name| name.starts_with("kms:"))
        .collect();
    assert!(asked.is_empty(), "{asked:?}");
}

#[test]
fn statements_of_others_stay_in_the_key_s_policy() {
    let world = World::on_sandbox();
    encrypted(&world);
    world.apply();
    let clients = Clients::of(&world);
    let (arn, _) = key(&clients, ALIAS);
    let theirs = format!(
        r#"{{"Sid":"Backup","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{}:role/backup"}},"Action":"kms:Decrypt","Resource":"*"}}"#,
        world.account
    );
    let text = policy(&clients, &arn).replacen("\"Statement\":[", &format!("\"Statement\":[{theirs},"), 1);
    assert!(text.contains("Backup"), "{text}");
    wait(clients.kms.put_key_policy().key_id(&arn).policy(text).send()).expect("written");
    world.expect_no_differences();
    let reader = format!("arn:aws:iam::{}:role/audit", world.account);
    change(
        &world,
        "[key.activity]\n",
        &format!("[key.activity]\nreaders = [\"{reader}\"]\n"),
    );
    world.apply();
    world.expect_no_differences();
    let text = policy(&clients, &arn);
    assert!(text.contains("Backup") && text.contains("role/audit"), "{text}");
}

#[test]
fn a_key_that_somebody_changed_is_put_right() {
    let world = World::on_sandbox();
    encrypted(&world);
    world.apply();
    let clients = Clients::of(&world);
    let (arn, _) = key(&clients, ALIAS);
    wait(clients.kms.disable_key_rotation().key_id(&arn).send()).expect("switched off");
    let plan = world.run(&["plan", "spec.toml", "--detailed-exitcode"]).exits(2);
    drop(plan.prints("key.acme-prod-activity").prints("rotation"));
    world.apply();
    world.expect_no_differences();
    let rotation = wait(clients.kms.get_key_rotation_status().key_id(&arn).send()).expect("a status");
    assert!(rotation.key_rotation_enabled());

    wait(clients.kms.disable_key().key_id(&arn).send()).expect("disabled");
    let plan = world.run(&["plan", "spec.toml", "--detailed-exitcode"]).exits(2);
    drop(plan.prints("blind until applied: nothing can be encrypted with it or read"));
    world.apply();
    world.expect_no_differences();
    assert_eq!(key(&clients, ALIAS).1, KeyState::Enabled);

    let gone = clients
        .kms
        .schedule_key_deletion()
        .key_id(&arn)
        .pending_window_in_days(7);
    wait(gone.send()).expect("scheduled");
    let plan = world.run(&["plan", "spec.toml"]).exits(5);
    drop(plan.prints("aws kms cancel-key-deletion"));
    wait(clients.kms.cancel_key_deletion().key_id(&arn).send()).expect("kept");
    world.apply();
    world.expect_no_differences();
}

#[test]
fn a_key_that_the_spec_drops_is_released_with_its_policy() {
    let world = World::on_sandbox();
    encrypted(&world);
    world.apply();
    let clients = Clients::of(&world);
    let (arn, _) = key(&clients, ALIAS);
    change(&world, "[key.activity]\n", "");
    let path = world.folder().join("spec.toml");
    let text = std::fs::read_to_string(&path).expect("the spec");
    let bucket = "encryption = \"aws:kms\"\nkms_key = \"activity\"\n";
    let text = text.replace(bucket, "encryption = \"AES256\"\n");
    std::fs::write(
        &path,
        text.replace("kms_key = \"activity\"", "kms_key = \"none\""),
    )
    .expect("written");
    let plan = world.run(&["plan", "spec.toml"]).exits(0);
    drop(
        plan.prints("release")
            .prints("`--delete-data key.acme-prod-activity` schedules its deletion in 30 days"),
    );
    world.apply();
    world.expect_no_differences();
    assert_eq!(key(&clients, ALIAS), (arn.clone(), KeyState::Enabled));
    let marks = tags(&clients, &arn);
    assert!(
        !marks.iter().any(|tag| tag.tag_key().starts_with("trailwarden:")),
        "{marks:?}"
    );
    // What was encrypted with it is read with it.
    assert!(policy(&clients, &arn).contains("logs.us-east-1.amazonaws.com"));
    let trail = wait(clients.cloudtrail.get_trail().name(TRAIL).send()).expect("a trail");
    assert_eq!(trail.trail.expect("it").kms_key_id, None);

    // The same name is not taken for a new key.
    change(
        &world,
        "[trail.account-activity]\n",
        "[key.activity]\n\n[trail.account-activity]\n",
    );
    world
        .run(&["plan", "spec.toml"])
        .exits(5)
        .prints("--adopt key.acme-prod-activity");
    world
        .run(&["apply", "spec.toml", "--yes", "--adopt", "key.activity"])
        .exits(0);
    world.expect_no_differences();
}

#[test]
fn silence_about_a_key_of_the_spec_is_refused() {
    let world = World::on_sandbox();
    encrypted(&world);
    world.apply();
    change(
        &world,
        "[trail.account-activity]\nkms_key = \"activity\"\n",
        "[trail.account-activity]\n",
    );
    let plan = world.run(&["plan", "spec.toml"]).exits(5);
    drop(plan.prints("it encrypts with `key.acme-prod-activity` and the spec does not say so"));
}

#[test]
fn a_key_of_somebody_else_is_used_and_left_alone() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let theirs = "[trail.account-activity]\nkms_key = { existing = \"alias/central\" }\n";
    change(&world, "[trail.account-activity]\n", theirs);
    let plan = world.run(&["plan", "spec.toml"]).exits(5);
    drop(plan.prints("the spec takes the KMS key `central` from elsewhere and it is not there"));
    let clients = Clients::of(&world);
    let open = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Open","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}"#;
    let made = wait(clients.kms.create_key().policy(open).send()).expect("a key");
    let arn = made.key_metadata.and_then(|key| key.arn).expect("its ARN");
    let alias = clients
        .kms
        .create_alias()
        .alias_name("alias/central")
        .target_key_id(&arn);
    wait(alias.send()).expect("an alias");
    world.apply();
    world.expect_no_differences();
    let trail = wait(clients.cloudtrail.get_trail().name(TRAIL).send()).expect("a trail");
    assert_eq!(trail.trail.expect("it").kms_key_id, Some(arn.clone()));
    assert_eq!(policy(&clients, &arn), open);
    assert_eq!(tags(&clients, &arn), []);
    wait(clients.kms.disable_key().key_id(&arn).send()).expect("disabled");
    world.expect_no_differences().prints("is disabled");
}

#[test]
fn destroy_takes_the_chain_and_leaves_the_key() {
    let world = World::on_sandbox();
    encrypted(&world);
    world.apply();
    let destroy = ["destroy", "spec.toml", "--yes", "--allow-blinding", "ALL"];
    world.run(&destroy).exits(0).prints("release");
    world.run(&destroy).exits(0).prints("No differences.");
    let clients = Clients::of(&world);
    let (arn, state) = key(&clients, ALIAS);
    assert_eq!(state, KeyState::Enabled);
    assert!(policy(&clients, &arn).contains("logs.us-east-1.amazonaws.com"));
}

#[test]
fn a_topic_s_key_that_keeps_alarms_out_is_told_of() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let clients = Clients::of(&world);
    let arn = central(&clients);
    let theirs = "[topic.security]\nkms_key = { existing = \"alias/central\" }\n";
    change(&world, "[topic.security]\n", theirs);
    world.apply();
    let told = "whose policy does not let CloudWatch use it";
    world.expect_no_differences().prints(told);
    let open = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Open","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}"#;
    wait(clients.kms.put_key_policy().key_id(&arn).policy(open).send()).expect("written");
    let plan = world.expect_no_differences();
    assert!(!plan.stdout.contains(told), "{}", plan.stdout);
}

/// Makes a key of somebody else with the alias `alias/central`; returns its ARN.
fn central(clients: &Clients) -> String {
    let made = wait(clients.kms.create_key().send()).expect("a key");
    let arn = made.key_metadata.and_then(|key| key.arn).expect("its ARN");
    let alias = clients.kms.create_alias().alias_name("alias/central");
    wait(alias.target_key_id(&arn).send()).expect("an alias");
    arn
}

/// What is written below `[topic.security]` for those who publish there beside the alarms.
const PUBLISHERS: &str =
    "publishers = [\"210987654321\", \"budgets.amazonaws.com\", \"events.amazonaws.com\"]\n";

#[test]
fn who_publishes_to_an_encrypted_topic_may_use_its_key() {
    let world = World::on_sandbox();
    encrypted(&world);
    let topic = "[topic.security]\n";
    change(&world, topic, &format!("{topic}{PUBLISHERS}"));
    let trail = "[trail.account-activity]\n";
    change(&world, trail, &format!("{trail}sns_topic = \"security\"\n"));
    let proxy = Proxy::start(&world.endpoint);
    world
        .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .exits(0);
    let made = writes(&proxy);
    let at = |operation: &str| made.iter().position(|write| write == operation);
    assert!(
        at("PutKeyPolicy") < at("SetTopicAttributes") && at("SetTopicAttributes") < at("CreateTrail"),
        "{made:?}"
    );
    world.expect_no_differences();

    let clients = Clients::of(&world);
    let (arn, _) = key(&clients, ALIAS);
    let text = policy(&clients, &arn);
    let statements: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let statement = |kind: &str, who: &str, action: &str| {
        let all = statements["Statement"].as_array().expect("statements").iter();
        all.filter(|statement| statement["Principal"][kind] == who)
            .find(|statement| {
                statement["Action"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|a| a == action))
            })
            .unwrap_or_else(|| panic!("no statement for {who} in {text}"))
            .clone()
    };
    let topic = clients.topic("security-alerts");
    let context = "kms:EncryptionContext:aws:sns:topicArn";
    let condition = |kind: &str, who: &str| {
        let statement = statement(kind, who, "kms:GenerateDataKey*");
        assert_eq!(
            statement["Action"],
            serde_json::json!(["kms:Decrypt", "kms:GenerateDataKey*"])
        );
        statement["Condition"]["StringEquals"].clone()
    };
    let theirs = condition("AWS", "arn:aws:iam::210987654321:root");
    assert_eq!(theirs[context], topic);
    assert_eq!(theirs["kms:ViaService"], "sns.us-east-1.amazonaws.com");
    let budgets = condition("Service", "budgets.amazonaws.com");
    assert_eq!(budgets[context], topic);
    assert_eq!(budgets["aws:SourceAccount"], world.account);
    let events = condition("Service", "events.amazonaws.com");
    assert_eq!(events, serde_json::json!({ context: topic }));
    let notices = statement("Service", "cloudtrail.amazonaws.com", "kms:Decrypt");
    let source = &notices["Condition"]["StringEquals"]["aws:SourceArn"];
    assert!(
        source
            .as_str()
            .is_some_and(|arn| arn.ends_with(":trail/account-activity")),
        "{notices}"
    );

    // Who comes later is let in, who leaves is shut out, and neither blinds anything.
    change(&world, "\"210987654321\", ", "\"310987654321\", ");
    proxy.reset();
    world
        .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .exits(0);
    let mut made = writes(&proxy);
    made.sort();
    assert_eq!(made, ["PutKeyPolicy", "SetTopicAttributes"]);
    world.expect_no_differences();
    let text = policy(&clients, &arn);
    assert!(
        text.contains("310987654321") && !text.contains("210987654321"),
        "{text}"
    );
}

#[test]
fn a_topic_s_key_that_keeps_publishers_out_is_told_of() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let clients = Clients::of(&world);
    let arn = central(&clients);
    let topic = "[topic.security]\n";
    // A role of the account itself is let in by the account's own policies.
    let own = format!("\"arn:aws:iam::{}:role/deploy\", ", world.account);
    let theirs = PUBLISHERS.replacen('[', &format!("[{own}"), 1);
    let existing = "kms_key = { existing = \"alias/central\" }\n";
    change(&world, topic, &format!("{topic}{existing}{theirs}"));
    let trail = "[trail.account-activity]\n";
    change(&world, trail, &format!("{trail}sns_topic = \"security\"\n"));
    world.apply();
    let plan = world
        .expect_no_differences()
        .prints("does not let CloudWatch use it")
        .prints("does not let CloudTrail use it")
        .prints(
            "does not let budgets.amazonaws.com and events.amazonaws.com and arn:aws:iam::210987654321:root use it",
        );
    assert!(!plan.stdout.contains("role/deploy"), "{}", plan.stdout);

    // What the plan prints is all that is needed.
    let mut statements: Vec<String> = plan
        .stdout
        .match_indices("needs [{")
        .map(|(at, found)| {
            let rest = &plan.stdout[at + found.len() - 1..];
            rest[..rest.find("}], or").expect("its end") + 1].to_owned()
        })
        .collect();
    assert_eq!(statements.len(), 2, "{}", plan.stdout);
    let open = |statements: &[String]| {
        let text = policy(&clients, &arn);
        let all = format!("\"Statement\":[{},", statements.join(","));
        let text = text.replacen("\"Statement\":[", &all, 1);
        wait(clients.kms.put_key_policy().key_id(&arn).policy(text).send()).expect("written");
    };
    open(&statements);
    let plan = world
        .expect_no_differences()
        .prints("does not let CloudWatch use it");
    assert!(
        !plan.stdout.contains("what is published is lost"),
        "{}",
        plan.stdout
    );
    statements.clear();
    statements.push(
        r#"{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"}"#
            .to_owned(),
    );
    open(&statements);
    let plan = world.expect_no_differences();
    assert!(!plan.stdout.contains("use it"), "{}", plan.stdout);
}

#[test]
fn a_key_is_deleted_only_if_that_is_said_twice_and_nothing_uses_it() {
    let world = World::on_sandbox();
    encrypted(&world);
    world.apply();
    let clients = Clients::of(&world);
    let (arn, _) = key(&clients, ALIAS);
    let path = world.folder().join("spec.toml");
    let text = std::fs::read_to_string(&path)
        .expect("the spec")
        .replace("[key.activity]\n", "");
    let bucket = "encryption = \"aws:kms\"\nkms_key = \"activity\"\n";
    let silent = text.replace(bucket, "").replace("kms_key = \"activity\"\n", "");
    std::fs::write(&path, &silent).expect("written");
    let delete = [
        "apply",
        "spec.toml",
        "--yes",
        "--delete-data",
        "key.acme-prod-activity",
        "--allow-blinding",
        "ALL",
    ];
    world.run(&delete).exits(5).prints("still encrypts with it");
    assert_eq!(key(&clients, ALIAS).1, KeyState::Enabled);

    let without = text
        .replace(bucket, "encryption = \"AES256\"\n")
        .replace("kms_key = \"activity\"", "kms_key = \"none\"");
    std::fs::write(&path, &without).expect("written");
    world
        .run(&delete[..5])
        .exits(5)
        .prints("what is encrypted with it is lost");
    world.run(&delete).exits(0);
    let described = wait(clients.kms.describe_key().key_id(&arn).send()).expect("a key");
    let metadata = described.key_metadata.expect("its metadata");
    assert_eq!(metadata.key_state, Some(KeyState::PendingDeletion));
    let window =
        metadata.deletion_date.expect("a date").secs() - metadata.creation_date.expect("a date").secs();
    assert!(window / 86_400 >= 29, "{window}");
    world.expect_no_differences();
}

#[test]
fn a_trail_goes_to_its_new_key_before_the_old_one_is_closed() {
    let world = World::on_sandbox();
    encrypted(&world);
    world.apply();
    let clients = Clients::of(&world);
    let (old, _) = key(&clients, ALIAS);
    change(
        &world,
        "[key.activity]\n",
        "[key.activity]\n[key.files]\nname = \"files\"\n",
    );
    change(
        &world,
        "[trail.account-activity]\nkms_key = \"activity\"\n",
        "[trail.account-activity]\nkms_key = \"files\"\n",
    );
    let proxy = Proxy::start(&world.endpoint);
    world
        .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .exits(0);
    let made: Vec<String> = writes(&proxy);
    assert_eq!(
        made,
        [
            "CreateKey",
            "CreateAlias",
            "EnableKeyRotation",
            "PutKeyPolicy",
            "UpdateTrail",
            "PutKeyPolicy"
        ]
    );
    world.expect_no_differences();
    let (new, _) = key(&clients, "alias/files");
    assert!(policy(&clients, &new).contains("GenerateDataKey"));
    let trail = wait(clients.cloudtrail.get_trail().name(TRAIL).send()).expect("a trail");
    assert_eq!(trail.trail.expect("it").kms_key_id, Some(new));
    let text = policy(&clients, &old);
    assert!(!text.contains("aws:cloudtrail:arn"), "{text}");
}

#[test]
fn a_key_that_was_begun_is_finished() {
    let world = World::on_sandbox();
    encrypted(&world);
    let proxy = Proxy::start(&world.endpoint);
    proxy.fault(Fault::on("CreateAlias", Kind::AccessDenied));
    world
        .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .exits(1);
    proxy.clear_faults();
    let plan = world.run(&["plan", "spec.toml"]).exits(0);
    drop(plan.prints("does not lead to it"));
    world.apply();
    world.expect_no_differences();
    let keys = wait(Clients::of(&world).kms.list_keys().send()).expect("keys");
    assert_eq!(keys.keys().len(), 1);
}

#[test]
fn keys_on_moto() {
    let world = World::on_moto();
    encrypted(&world);
    world.apply();
    world.expect_no_differences();
}
