//! What the SDK hides: other protocols of CloudWatch, request ids, unknown services.

use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use crate::world::{ACCOUNT, World};

struct Answer {
    status: u16,
    id: Option<String>,
    code: Option<String>,
    body: String,
}

async fn send(world: &World, uri: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    use aws_smithy_runtime_api::client::http::{HttpClient as _, HttpConnector as _};
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST").expect("a method");
    request.set_uri(uri.to_owned()).expect("a uri");
    for (name, value) in headers {
        request
            .headers_mut()
            .insert((*name).to_owned(), (*value).to_owned());
    }
    let components = RuntimeComponentsBuilder::for_tests().build().expect("components");
    let settings = HttpConnectorSettings::builder().build();
    let connector = world.sandbox.http_client().http_connector(&settings, &components);
    let response = connector.call(request).await.expect("an answer");
    Answer {
        status: response.status().as_u16(),
        id: response.headers().get("x-amzn-requestid").map(str::to_owned),
        code: response.headers().get("x-amzn-query-error").map(str::to_owned),
        body: response
            .body()
            .bytes()
            .map(|it| String::from_utf8_lossy(it).into_owned())
            .unwrap_or_default(),
    }
}

fn signed(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/us-east-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=0"
    )
}

#[tokio::test]
async fn cloudwatch_speaks_json() {
    let world = World::new();
    let scope = signed("monitoring");
    let call = async |operation: &str, input: Value| {
        let target = format!("GraniteServiceVersion20100801.{operation}");
        let headers = [
            ("authorization", scope.as_str()),
            ("x-amz-target", target.as_str()),
            ("content-type", "application/x-amz-json-1.0"),
        ];
        send(&world, "http://127.0.0.1/", &headers, &input.to_string()).await
    };
    let put = call(
        "PutMetricAlarm",
        json!({ "AlarmName": "a", "MetricName": "m", "Namespace": "n", "Statistic": "Sum",
            "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold" }),
    )
    .await;
    assert_eq!(put.status, 200, "{}", put.body);
    let shown = call("DescribeAlarms", json!({})).await;
    let shown: Value = serde_json::from_str(&shown.body).unwrap();
    assert_eq!(shown["MetricAlarms"][0]["Threshold"], json!(1.0));
    assert!(shown["MetricAlarms"][0]["StateUpdatedTimestamp"].is_number());
    let gone = call("DeleteAlarms", json!({ "AlarmNames": ["x"] })).await;
    assert_eq!(gone.status, 404);
    assert_eq!(gone.code.as_deref(), Some("ResourceNotFound;Sender"));
    assert_eq!(shown["MetricAlarms"][0]["AlarmName"], "a");
}

#[tokio::test]
async fn cloudwatch_speaks_query() {
    let world = World::new();
    let scope = signed("monitoring");
    let headers = [("authorization", scope.as_str())];
    let call = async |body: &str| send(&world, "http://127.0.0.1/", &headers, body).await;
    let put = "Action=PutMetricAlarm&AlarmName=a%20%26+b&MetricName=m&Namespace=n&Statistic=Sum\
        &Period=60&EvaluationPeriods=1&Threshold=1.5&ComparisonOperator=GreaterThanThreshold\
        &OKActions.member.1=arn%3Aaws%3Asns%3Aus-east-1%3A123456789012%3At\
        &Dimensions.member.1.Name=d&Dimensions.member.1.Value=v";
    let answer = call(put).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let shown = call("Action=DescribeAlarms").await.body;
    for part in [
        "<DescribeAlarmsResult>",
        "<AlarmName>a &amp; b</AlarmName>",
        "<Threshold>1.5</Threshold>",
        "<StateUpdatedTimestamp>2026-01-01T00:00:00.000Z</StateUpdatedTimestamp>",
        "<OKActions><member>arn:aws:sns:us-east-1:123456789012:t</member></OKActions>",
        "<Dimensions><member><Name>d</Name><Value>v</Value></member></Dimensions>",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let gone = call("Action=DeleteAlarms&AlarmNames.member.1=x").await;
    assert_eq!(gone.status, 404);
    assert!(gone.body.contains("<Code>ResourceNotFound</Code>"));
}

#[tokio::test]
async fn what_is_not_known_is_named() {
    let world = World::new();
    let scope = signed("cloudtrail");
    let headers = [
        ("authorization", scope.as_str()),
        ("x-amz-target", "CloudTrail_20131101.StartQuery"),
        ("content-type", "application/x-amz-json-1.1"),
    ];
    let answer = send(&world, "http://127.0.0.1/", &headers, "{}").await;
    assert_eq!(answer.status, 501);
    assert!(answer.body.contains("StartQuery"), "{}", answer.body);
    assert!(answer.id.is_some());
    let scope = signed("ec2");
    let headers = [("authorization", scope.as_str())];
    let answer = send(&world, "http://127.0.0.1/", &headers, "Action=RunInstances").await;
    assert_eq!(answer.status, 501);
    assert!(answer.body.contains("RunInstances"), "{}", answer.body);
}

#[tokio::test]
async fn query_answers_carry_their_request_id() {
    let world = World::new();
    let scope = signed("sts");
    let headers = [("authorization", scope.as_str())];
    let answer = send(&world, "http://127.0.0.1/", &headers, "Action=GetCallerIdentity").await;
    let id = answer.id.unwrap();
    assert!(
        answer.body.contains(&format!("<RequestId>{id}</RequestId>")),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn without_a_signature_the_host_names_the_service() {
    let world = World::new();
    let answer = send(
        &world,
        "https://sns.us-east-1.amazonaws.com/",
        &[],
        "Action=ListTopics",
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}
