use aws_sdk_kms::types::{KeyState, Tag};
use aws_sdk_resourcegroupstagging::types::TagFilter;
use serde_json::json;

use crate::cloudtrail::{BUCKET, make_bucket};
use crate::world::{ACCOUNT, HOME, NOW, OTHER, World, code, message};

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder()
        .tag_key(key)
        .tag_value(value)
        .build()
        .expect("a tag")
}

/// Makes a key with an alias; its ARN.
pub(crate) async fn make_key(world: &World, alias: &str) -> String {
    let kms = world.kms();
    let made = kms.create_key().tags(tag("stack", "acme")).send().await;
    let arn = made
        .expect("a key")
        .key_metadata()
        .and_then(|key| key.arn())
        .expect("its ARN")
        .to_owned();
    let alias = kms.create_alias().alias_name(alias).target_key_id(&arn);
    alias.send().await.expect("an alias");
    arn
}

/// A key's policy with a statement for a service beside the one for the account.
pub(crate) async fn let_in(
    world: &World,
    key: &str,
    service: &str,
    actions: &[&str],
    condition: serde_json::Value,
) {
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Root", "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
          "Action": "kms:*", "Resource": "*" },
        { "Sid": "Service", "Effect": "Allow", "Principal": { "Service": service }, "Action": actions,
          "Resource": "*", "Condition": condition }
    ] });
    let put = world
        .kms()
        .put_key_policy()
        .key_id(key)
        .policy(policy.to_string());
    put.send().await.expect("a policy");
}

#[tokio::test]
async fn a_key_is_made_described_rotated_and_deleted_after_days() {
    let world = World::new();
    let kms = world.kms();
    let arn = make_key(&world, "alias/acme").await;
    let described = kms.describe_key().key_id("alias/acme").send().await.unwrap();
    let metadata = described.key_metadata().unwrap();
    assert_eq!(metadata.arn(), Some(arn.as_str()));
    assert_eq!(metadata.key_state(), Some(&KeyState::Enabled));
    assert_eq!(
        metadata.creation_date().unwrap().secs(),
        i64::try_from(NOW).unwrap()
    );
    let by_alias = kms.get_key_policy().key_id("alias/acme").send().await;
    assert_eq!(code(by_alias), "NotFoundException");

    let policy = kms.get_key_policy().key_id(&arn).send().await.unwrap();
    assert!(policy.policy().unwrap().contains("Enable IAM User Permissions"));
    let locked_out = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Principal": { "Service": "sns.amazonaws.com" }, "Action": "kms:Decrypt", "Resource": "*" }] });
    let put = || kms.put_key_policy().key_id(&arn).policy(locked_out.to_string());
    assert_eq!(code(put().send().await), "MalformedPolicyDocumentException");
    put()
        .bypass_policy_lockout_safety_check(true)
        .send()
        .await
        .unwrap();

    let rotation = || kms.get_key_rotation_status().key_id(&arn).send();
    assert!(!rotation().await.unwrap().key_rotation_enabled());
    let rotate = |days| {
        kms.enable_key_rotation()
            .key_id(&arn)
            .rotation_period_in_days(days)
    };
    assert_eq!(code(rotate(30).send().await), "ValidationException");
    rotate(180).send().await.unwrap();
    assert_eq!(rotation().await.unwrap().rotation_period_in_days(), Some(180));
    kms.disable_key().key_id(&arn).send().await.unwrap();
    assert_eq!(
        code(kms.disable_key_rotation().key_id(&arn).send().await),
        "DisabledException"
    );
    kms.enable_key().key_id(&arn).send().await.unwrap();
    kms.disable_key_rotation().key_id(&arn).send().await.unwrap();
    kms.update_key_description()
        .key_id(&arn)
        .description("logs")
        .send()
        .await
        .unwrap();

    let gone = kms
        .schedule_key_deletion()
        .key_id(&arn)
        .pending_window_in_days(7)
        .send();
    let date = gone.await.unwrap().deletion_date().unwrap().secs();
    assert_eq!(date, i64::try_from(NOW).unwrap() + 7 * 86_400);
    assert_eq!(
        code(kms.enable_key().key_id(&arn).send().await),
        "KMSInvalidStateException"
    );
    assert_eq!(
        code(kms.schedule_key_deletion().key_id(&arn).send().await),
        "KMSInvalidStateException"
    );
    kms.cancel_key_deletion().key_id(&arn).send().await.unwrap();
    let described = kms.describe_key().key_id(&arn).send().await.unwrap();
    let metadata = described.key_metadata().unwrap();
    assert_eq!(metadata.key_state(), Some(&KeyState::Disabled));
    assert_eq!(metadata.description(), Some("logs"));
}

#[tokio::test]
async fn aliases_and_tags_find_keys_of_their_account_and_region() {
    let world = World::new();
    let kms = world.kms();
    let arn = make_key(&world, "alias/acme").await;
    let second = kms.create_key().send().await.unwrap();
    let second = second.key_metadata().unwrap().key_id().to_owned();
    let again = kms.create_alias().alias_name("alias/acme").target_key_id(&second);
    assert_eq!(code(again.send().await), "AlreadyExistsException");
    let of = |id: &str| kms.list_aliases().key_id(id.to_owned()).send();
    assert!(of(&second).await.unwrap().aliases().is_empty());
    kms.update_alias()
        .alias_name("alias/acme")
        .target_key_id(&second)
        .send()
        .await
        .unwrap();
    assert_eq!(of(&second).await.unwrap().aliases().len(), 1);
    kms.delete_alias().alias_name("alias/acme").send().await.unwrap();
    assert_eq!(
        code(kms.describe_key().key_id("alias/acme").send().await),
        "NotFoundException"
    );
    for elsewhere in [world.account(OTHER), world.region("eu-west-1")] {
        assert!(
            elsewhere
                .kms()
                .list_keys()
                .send()
                .await
                .unwrap()
                .keys()
                .is_empty()
        );
    }

    kms.tag_resource()
        .key_id(&arn)
        .tags(tag("team", "security"))
        .send()
        .await
        .unwrap();
    let listed = kms.list_resource_tags().key_id(&arn).send().await.unwrap();
    assert_eq!(listed.tags(), [tag("stack", "acme"), tag("team", "security")]);
    let filter = TagFilter::builder().key("stack").values("acme").build();
    let found = world
        .tagging()
        .get_resources()
        .tag_filters(filter)
        .send()
        .await
        .unwrap();
    let arns: Vec<_> = found
        .resource_tag_mapping_list()
        .iter()
        .filter_map(|it| it.resource_arn())
        .collect();
    assert_eq!(arns, [arn.as_str()]);
    kms.untag_resource()
        .key_id(&arn)
        .tag_keys("team")
        .send()
        .await
        .unwrap();
    let listed = kms.list_resource_tags().key_id(&arn).send().await.unwrap();
    assert_eq!(listed.tags().len(), 1);
}

#[tokio::test]
async fn a_trail_s_key_must_let_cloudtrail_encrypt_for_it() {
    let world = World::new();
    make_bucket(&world).await;
    let create = || {
        let create = world.cloudtrail().create_trail().name("activity");
        create.s3_bucket_name(BUCKET).kms_key_id("alias/acme")
    };
    assert_eq!(code(create().send().await), "KmsKeyNotFoundException");
    let arn = make_key(&world, "alias/acme").await;
    assert_eq!(
        code(create().send().await),
        "InsufficientEncryptionPolicyException"
    );
    let trail = format!("arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail");
    let source = |name: &str| json!({ "StringEquals": { "aws:SourceArn": format!("{trail}/{name}") } });
    let actions = ["kms:GenerateDataKey*", "kms:DescribeKey"];
    let_in(
        &world,
        &arn,
        "cloudtrail.amazonaws.com",
        &actions,
        source("other"),
    )
    .await;
    assert_eq!(
        code(create().send().await),
        "InsufficientEncryptionPolicyException"
    );
    let_in(
        &world,
        &arn,
        "cloudtrail.amazonaws.com",
        &actions,
        source("activity"),
    )
    .await;
    let made = create().send().await.unwrap();
    assert_eq!(made.kms_key_id(), Some(arn.as_str()));
    world.kms().disable_key().key_id(&arn).send().await.unwrap();
    let update = || world.cloudtrail().update_trail().name("activity");
    assert_eq!(
        code(update().enable_log_file_validation(true).send().await),
        "KmsException"
    );
    let without = update().kms_key_id("").send().await.unwrap();
    assert_eq!(without.kms_key_id(), None);
}

#[tokio::test]
async fn a_log_group_s_key_must_let_its_region_s_logs_in() {
    let world = World::new();
    let logs = world.logs();
    let arn = make_key(&world, "alias/acme").await;
    let create = |key: &str| logs.create_log_group().log_group_name("/g").kms_key_id(key);
    assert_eq!(
        code(create("alias/acme").send().await),
        "InvalidParameterException"
    );
    let denied = create(&arn).send().await;
    assert!(message(denied).contains("is not allowed to be used with Arn"));
    let group = format!("arn:aws:logs:{HOME}:{ACCOUNT}:log-group:/g");
    let condition = json!({ "ArnEquals": { "kms:EncryptionContext:aws:logs:arn": group } });
    let actions = [
        "kms:Encrypt*",
        "kms:Decrypt*",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:Describe*",
    ];
    let_in(
        &world,
        &arn,
        &format!("logs.{HOME}.amazonaws.com"),
        &actions,
        condition,
    )
    .await;
    create(&arn).send().await.unwrap();
    let key = || async {
        let groups = logs.describe_log_groups().send().await.unwrap();
        groups.log_groups()[0].kms_key_id().map(str::to_owned)
    };
    assert_eq!(key().await, Some(arn.clone()));
    logs.disassociate_kms_key()
        .log_group_name("/g")
        .send()
        .await
        .unwrap();
    assert_eq!(key().await, None);
    logs.associate_kms_key()
        .log_group_name("/g")
        .kms_key_id(&arn)
        .send()
        .await
        .unwrap();
    assert_eq!(key().await, Some(arn));
}
