use aws_sdk_resourcegroupstagging::types::TagFilter;

use crate::world::{ACCOUNT, HOME, World, code};

fn stack(value: &str) -> TagFilter {
    TagFilter::builder().key("stack").values(value).build()
}

#[tokio::test]
async fn tagged_things_are_found_in_their_region() {
    let world = World::new();
    let sns = aws_sdk_sns::types::Tag::builder()
        .key("stack")
        .value("acme")
        .build()
        .unwrap();
    world
        .sns()
        .create_topic()
        .name("t")
        .tags(sns.clone())
        .send()
        .await
        .unwrap();
    world.sns().create_topic().name("untagged").send().await.unwrap();
    world
        .region("eu-west-1")
        .sns()
        .create_topic()
        .name("far")
        .tags(sns)
        .send()
        .await
        .unwrap();
    let logs = world.logs();
    logs.create_log_group()
        .log_group_name("/g")
        .tags("stack", "acme")
        .send()
        .await
        .unwrap();
    logs.create_log_group()
        .log_group_name("/h")
        .tags("stack", "other")
        .send()
        .await
        .unwrap();
    let tag = aws_sdk_s3::types::Tag::builder()
        .key("stack")
        .value("acme")
        .build()
        .unwrap();
    let tagged = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .tags(tag)
        .build();
    let create = world.s3().create_bucket().bucket("acme-logs");
    create.create_bucket_configuration(tagged).send().await.unwrap();

    let tagging = world.tagging();
    let all = tagging
        .get_resources()
        .tag_filters(stack("acme"))
        .send()
        .await
        .unwrap();
    let arns: Vec<&str> = all
        .resource_tag_mapping_list()
        .iter()
        .filter_map(|it| it.resource_arn())
        .collect();
    assert_eq!(
        arns,
        [
            format!("arn:aws:logs:{HOME}:{ACCOUNT}:log-group:/g"),
            "arn:aws:s3:::acme-logs".to_owned(),
            format!("arn:aws:sns:{HOME}:{ACCOUNT}:t"),
        ]
    );
    assert_eq!(all.resource_tag_mapping_list()[0].tags()[0].value(), "acme");
    assert_eq!(all.pagination_token(), Some(""));
    let topics = tagging
        .get_resources()
        .resource_type_filters("sns")
        .send()
        .await
        .unwrap();
    assert_eq!(topics.resource_tag_mapping_list().len(), 1);
    let groups = tagging.get_resources().resource_type_filters("logs:log-group");
    assert_eq!(groups.send().await.unwrap().resource_tag_mapping_list().len(), 2);

    let first = tagging
        .get_resources()
        .resources_per_page(2)
        .send()
        .await
        .unwrap();
    assert_eq!(first.resource_tag_mapping_list().len(), 2);
    let next = tagging
        .get_resources()
        .set_pagination_token(first.pagination_token().map(str::to_owned));
    assert_eq!(next.send().await.unwrap().resource_tag_mapping_list().len(), 2);
    let zero = tagging.get_resources().resources_per_page(0).send().await;
    assert_eq!(code(zero), "InvalidParameterException");
}
