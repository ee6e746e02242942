use aws_sdk_cloudwatch::types::{ComparisonOperator, Statistic};
use aws_sdk_s3::primitives::ByteStream;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::cloudtrail::{BUCKET, make_bucket};
use crate::world::{World, code};

#[tokio::test]
async fn a_port_offers_the_same_account() {
    let mut world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    world.endpoint = Some(format!("http://{}", listener.local_addr().unwrap()));
    let (stop, stopped) = oneshot::channel::<()>();
    let sandbox = world.sandbox.clone();
    let server = tokio::spawn(async move {
        let shutdown = async {
            let _ = stopped.await;
        };
        sandbox.serve(listener, shutdown).await
    });

    world.sts().get_caller_identity().send().await.unwrap();
    make_bucket(&world).await;
    world.s3().head_bucket().bucket(BUCKET).send().await.unwrap();
    let put = world.s3().put_object().bucket(BUCKET).key("a/b c");
    put.body(ByteStream::from_static(b"hello")).send().await.unwrap();
    let listed = world.s3().list_objects_v2().bucket(BUCKET).send().await.unwrap();
    assert_eq!(
        (listed.contents()[0].key(), listed.contents()[0].size()),
        (Some("a/b c"), Some(5))
    );
    assert_eq!(
        code(world.s3().delete_bucket().bucket(BUCKET).send().await),
        "BucketNotEmpty"
    );
    let none = world.s3().head_bucket().bucket("acme-none").send().await;
    assert!(none.unwrap_err().into_service_error().is_not_found());
    let create = world
        .cloudtrail()
        .create_trail()
        .name("activity")
        .s3_bucket_name(BUCKET);
    create.send().await.unwrap();
    world
        .cloudwatch()
        .put_metric_alarm()
        .alarm_name("root")
        .metric_name("root")
        .namespace("acme")
        .statistic(Statistic::Sum)
        .period(60)
        .evaluation_periods(1)
        .threshold(1.0)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .send()
        .await
        .unwrap();
    world.sns().create_topic().name("t").send().await.unwrap();
    world
        .logs()
        .create_log_group()
        .log_group_name("g")
        .send()
        .await
        .unwrap();

    world.endpoint = None;
    let alarms = world.cloudwatch().describe_alarms().send().await.unwrap();
    assert_eq!(alarms.metric_alarms()[0].threshold(), Some(1.0));

    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}
