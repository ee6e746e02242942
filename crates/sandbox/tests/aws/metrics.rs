//! Metric data in and out.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, DimensionFilter, Metric, MetricDataQuery, MetricDatum, MetricStat, ScanBy, StandardUnit,
    Statistic, StatisticSet,
};

use crate::world::{HOME, NOW, World, code};

fn at(minute: i64) -> DateTime {
    DateTime::from_secs(i64::try_from(NOW).unwrap() + minute * 60)
}

fn dimension(value: &str) -> Dimension {
    Dimension::builder().name("service").value(value).build()
}

async fn put(world: &World, datum: MetricDatum) {
    let put = world.cloudwatch().put_metric_data().namespace("acme");
    put.metric_data(datum).send().await.unwrap();
}

fn datum(name: &str, minute: i64) -> aws_sdk_cloudwatch::types::builders::MetricDatumBuilder {
    MetricDatum::builder().metric_name(name).timestamp(at(minute))
}

#[tokio::test]
async fn data_comes_back_by_period() {
    let world = World::new();
    let set = StatisticSet::builder()
        .sample_count(2.0)
        .sum(8.0)
        .minimum(1.0)
        .maximum(7.0);
    put(&world, datum("calls", -10).value(2.0).build()).await;
    put(
        &world,
        datum("calls", -10)
            .set_values(Some(vec![4.0, 6.0]))
            .counts(1.0)
            .counts(3.0)
            .build(),
    )
    .await;
    put(&world, datum("calls", -6).statistic_values(set.build()).build()).await;
    put(
        &world,
        datum("calls", -6).value(9.0).dimensions(dimension("a")).build(),
    )
    .await;
    put(
        &world,
        datum("calls", -5).value(5.0).unit(StandardUnit::Count).build(),
    )
    .await;
    let get = || {
        let get = world
            .cloudwatch()
            .get_metric_statistics()
            .namespace("acme")
            .metric_name("calls");
        get.start_time(at(-10)).end_time(at(0)).period(300)
    };
    let all = [
        Statistic::Sum,
        Statistic::SampleCount,
        Statistic::Minimum,
        Statistic::Maximum,
        Statistic::Average,
    ];
    let answer = get().set_statistics(Some(all.to_vec())).send().await.unwrap();
    let points = answer.datapoints();
    assert_eq!(points.len(), 2);
    assert_eq!(
        (points[0].timestamp(), points[1].timestamp()),
        (Some(&at(-10)), Some(&at(-5)))
    );
    assert_eq!(
        (points[0].sum(), points[0].sample_count()),
        (Some(32.0), Some(7.0))
    );
    assert_eq!((points[0].minimum(), points[0].maximum()), (Some(1.0), Some(7.0)));
    assert_eq!(points[1].average(), Some(5.0));
    let of_unit = get()
        .unit(StandardUnit::Count)
        .statistics(Statistic::Sum)
        .send()
        .await
        .unwrap();
    assert_eq!(of_unit.datapoints().len(), 1);
    let of_dimension = get()
        .dimensions(dimension("a"))
        .extended_statistics("p50")
        .send()
        .await
        .unwrap();
    let extended = of_dimension.datapoints()[0].extended_statistics().unwrap();
    assert_eq!(extended["p50"], 9.0);
    assert_eq!(
        code(get().period(45).statistics(Statistic::Sum).send().await),
        "InvalidParameterValue"
    );
    assert_eq!(code(get().send().await), "InvalidParameterCombination");
}

#[tokio::test]
async fn queries_and_their_math() {
    let world = World::new();
    put(&world, datum("calls", -3).value(10.0).build()).await;
    put(&world, datum("calls", -1).value(20.0).build()).await;
    put(&world, datum("errors", -1).value(5.0).build()).await;
    let stat = |id: &str, name: &str| {
        let metric = Metric::builder().namespace("acme").metric_name(name).build();
        let stat = MetricStat::builder()
            .metric(metric)
            .period(60)
            .stat("Sum")
            .build();
        MetricDataQuery::builder().id(id).metric_stat(stat)
    };
    let math = |text: &str| {
        MetricDataQuery::builder()
            .id("e")
            .expression(text)
            .label("rate")
            .build()
    };
    let get = |queries: Vec<MetricDataQuery>| {
        let get = world
            .cloudwatch()
            .get_metric_data()
            .set_metric_data_queries(Some(queries));
        get.start_time(at(-4))
            .end_time(at(0))
            .scan_by(ScanBy::TimestampAscending)
            .send()
    };
    let errors = || stat("m2", "errors").return_data(false).build();
    let answer = get(vec![
        stat("m1", "calls").build(),
        errors(),
        math("100 * FILL(m2, 0) / m1"),
    ]);
    let answer = answer.await.unwrap();
    let [calls, rate] = answer.metric_data_results() else {
        panic!("{answer:?}")
    };
    assert_eq!(
        (calls.label(), calls.values()),
        (Some("calls"), &[10.0, 20.0][..])
    );
    assert_eq!(calls.timestamps(), [at(-3), at(-1)]);
    assert_eq!((rate.label(), rate.values()), (Some("rate"), &[0.0, 25.0][..]));
    let unknown = get(vec![stat("m1", "calls").build(), math("RATE(m1)")]).await;
    assert_eq!(code(unknown), "ValidationError");
}

#[tokio::test]
async fn metrics_are_listed_by_what_they_have() {
    let world = World::new();
    put(
        &world,
        datum("calls", -1).value(1.0).dimensions(dimension("a")).build(),
    )
    .await;
    put(
        &world,
        datum("calls", -1).value(1.0).dimensions(dimension("b")).build(),
    )
    .await;
    put(&world, datum("errors", -1).value(1.0).build()).await;
    let list = || world.cloudwatch().list_metrics().namespace("acme");
    assert_eq!(list().send().await.unwrap().metrics().len(), 3);
    let filter = |value: Option<&str>| {
        let filter = DimensionFilter::builder().name("service");
        filter.set_value(value.map(str::to_owned)).build()
    };
    assert_eq!(
        list()
            .dimensions(filter(None))
            .send()
            .await
            .unwrap()
            .metrics()
            .len(),
        2
    );
    let one = list().dimensions(filter(Some("b"))).send().await.unwrap();
    assert_eq!(one.metrics()[0].dimensions(), [dimension("b")]);
    assert_eq!(
        list().metric_name("errors").send().await.unwrap().metrics().len(),
        1
    );
    assert!(
        world
            .region("eu-west-1")
            .cloudwatch()
            .list_metrics()
            .send()
            .await
            .unwrap()
            .metrics()
            .is_empty()
    );
    assert_ne!(HOME, "eu-west-1");
}

#[tokio::test]
async fn data_that_is_refused() {
    let world = World::new();
    let put = |namespace: &str, datum: MetricDatum| {
        let put = world.cloudwatch().put_metric_data().namespace(namespace);
        put.metric_data(datum).send()
    };
    let good = || datum("calls", 0).value(1.0).build();
    assert_eq!(code(put("AWS/Logs", good()).await), "InvalidParameterValue");
    let old = datum("calls", -15 * 24 * 60).value(1.0).build();
    assert_eq!(code(put("acme", old).await), "InvalidParameterValue");
    let early = datum("calls", 121).value(1.0).build();
    assert_eq!(code(put("acme", early).await), "InvalidParameterValue");
    let huge = datum("calls", 0).value(f64::MAX).build();
    assert_eq!(code(put("acme", huge).await), "InvalidParameterValue");
    assert_eq!(
        code(put("acme", datum("calls", 0).build()).await),
        "MissingParameter"
    );
    let both = datum("calls", 0).value(1.0).values(2.0).build();
    assert_eq!(code(put("acme", both).await), "InvalidParameterCombination");
}
