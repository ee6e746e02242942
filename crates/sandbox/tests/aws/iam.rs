use aws_sdk_iam::types::Tag;
use serde_json::json;

use crate::world::{ACCOUNT, OTHER, World, code};

fn trust() -> String {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Principal": { "Service": "cloudtrail.amazonaws.com" }, "Action": "sts:AssumeRole" }] })
    .to_string()
}

fn permissions() -> String {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Action": "logs:PutLogEvents", "Resource": "arn:aws:logs:*:*:log-group:a & b" }] })
    .to_string()
}

fn tag(key: &str) -> Tag {
    Tag::builder().key(key).value("a+b").build().expect("a tag")
}

/// Undoes the percent-encoding of policy documents.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair: String = rest.by_ref().take(2).map(char::from).collect();
            bytes.push(u8::from_str_radix(&pair, 16).expect("two digits"));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("text")
}

#[tokio::test]
async fn roles() {
    let world = World::new();
    let iam = world.iam();
    let boundary = "arn:aws:iam::aws:policy/PowerUserAccess";
    let create = || {
        iam.create_role()
            .role_name("delivery")
            .assume_role_policy_document(trust())
    };
    create()
        .path("/trails/")
        .description("delivers <logs>")
        .permissions_boundary(boundary)
        .tags(tag("team"))
        .send()
        .await
        .unwrap();
    assert_eq!(code(create().send().await), "EntityAlreadyExists");
    let malformed = iam.create_role().role_name("b").assume_role_policy_document("{}");
    assert_eq!(code(malformed.send().await), "MalformedPolicyDocument");
    let wrong = iam
        .create_role()
        .role_name("b")
        .assume_role_policy_document(permissions());
    assert_eq!(code(wrong.send().await), "MalformedPolicyDocument");

    let get = || iam.get_role().role_name("delivery").send();
    let role = get().await.unwrap().role().unwrap().clone();
    assert_eq!(role.arn(), format!("arn:aws:iam::{ACCOUNT}:role/trails/delivery"));
    assert_eq!(role.path(), "/trails/");
    assert_eq!(role.description(), Some("delivers <logs>"));
    assert_eq!(role.max_session_duration(), Some(3600));
    let document = role.assume_role_policy_document().unwrap();
    assert!(document.starts_with("%7B%22"));
    assert_eq!(decoded(document), trust());
    assert_eq!(role.tags(), [tag("team")]);
    assert_eq!(
        role.permissions_boundary().unwrap().permissions_boundary_arn(),
        Some(boundary)
    );
    assert_eq!(
        code(
            world
                .account(OTHER)
                .iam()
                .get_role()
                .role_name("delivery")
                .send()
                .await
        ),
        "NoSuchEntity"
    );

    create().role_name("plain").send().await.unwrap();
    let listed = iam.list_roles().path_prefix("/trails/").send().await.unwrap();
    assert_eq!(listed.roles().len(), 1);
    assert!(listed.roles()[0].tags().is_empty());
    let page = iam.list_roles().max_items(1).send().await.unwrap();
    assert!(page.is_truncated());
    let next = iam
        .list_roles()
        .set_marker(page.marker().map(str::to_owned))
        .send()
        .await
        .unwrap();
    assert_eq!(next.roles()[0].role_name(), "plain");

    iam.delete_role_permissions_boundary()
        .role_name("delivery")
        .send()
        .await
        .unwrap();
    let again = iam
        .delete_role_permissions_boundary()
        .role_name("delivery")
        .send()
        .await;
    assert_eq!(code(again), "NoSuchEntity");
    let put = iam.put_role_permissions_boundary().role_name("delivery");
    put.permissions_boundary(boundary).send().await.unwrap();
    let other = trust().replace("cloudtrail", "config");
    let update = |document: &str| {
        let update = iam.update_assume_role_policy().role_name("delivery");
        update.policy_document(document).send()
    };
    update(&other).await.unwrap();
    assert_eq!(code(update("x").await), "MalformedPolicyDocument");
    iam.update_role()
        .role_name("delivery")
        .description("new")
        .send()
        .await
        .unwrap();
    let role = get().await.unwrap().role().unwrap().clone();
    assert_eq!(decoded(role.assume_role_policy_document().unwrap()), other);
    assert_eq!(role.description(), Some("new"));

    iam.tag_role()
        .role_name("delivery")
        .tags(tag("two"))
        .send()
        .await
        .unwrap();
    iam.untag_role()
        .role_name("delivery")
        .tag_keys("team")
        .send()
        .await
        .unwrap();
    let tags = iam.list_role_tags().role_name("delivery").send().await.unwrap();
    assert_eq!(tags.tags(), [tag("two")]);
}

#[tokio::test]
async fn policies_keep_a_role_alive() {
    let world = World::new();
    let iam = world.iam();
    let put = |document: &str| {
        let put = iam.put_role_policy().role_name("delivery").policy_name("logs");
        put.policy_document(document).send()
    };
    assert_eq!(code(put(&permissions()).await), "NoSuchEntity");
    let create = iam
        .create_role()
        .role_name("delivery")
        .assume_role_policy_document(trust());
    create.send().await.unwrap();
    assert_eq!(code(put(&trust()).await), "MalformedPolicyDocument");
    put(&permissions()).await.unwrap();
    let get = || {
        iam.get_role_policy()
            .role_name("delivery")
            .policy_name("logs")
            .send()
    };
    assert_eq!(decoded(get().await.unwrap().policy_document()), permissions());
    let names = iam
        .list_role_policies()
        .role_name("delivery")
        .send()
        .await
        .unwrap();
    assert_eq!(names.policy_names(), ["logs"]);
    let delete = || iam.delete_role().role_name("delivery").send();
    assert_eq!(code(delete().await), "DeleteConflict");
    let drop_policy = || {
        iam.delete_role_policy()
            .role_name("delivery")
            .policy_name("logs")
            .send()
    };
    drop_policy().await.unwrap();
    assert_eq!(code(drop_policy().await), "NoSuchEntity");
    assert_eq!(code(get().await), "NoSuchEntity");

    let managed = "arn:aws:iam::aws:policy/AdministratorAccess";
    let attach = |arn: &str| {
        iam.attach_role_policy()
            .role_name("delivery")
            .policy_arn(arn)
            .send()
    };
    attach(managed).await.unwrap();
    let own = format!("arn:aws:iam::{ACCOUNT}:policy/none");
    assert_eq!(code(attach(&own).await), "NoSuchEntity");
    let attached = iam
        .list_attached_role_policies()
        .role_name("delivery")
        .send()
        .await
        .unwrap();
    assert_eq!(
        attached.attached_policies()[0].policy_name(),
        Some("AdministratorAccess")
    );
    assert_eq!(code(delete().await), "DeleteConflict");
    iam.detach_role_policy()
        .role_name("delivery")
        .policy_arn(managed)
        .send()
        .await
        .unwrap();
    delete().await.unwrap();
    assert_eq!(code(delete().await), "NoSuchEntity");
}
