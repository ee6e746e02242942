#!/usr/bin/env python3
"""Prints what boto3 sees of the account that answers at an endpoint, as JSON.

    .tests/venv/bin/python tests/boto/see.py ENDPOINT ACCOUNT

Run by a story of `tests/status.rs`, which holds it against the spec that was
applied there: another client than the product's, written by other people.
"""

import gzip
import json
import sys

import boto3
from botocore.config import Config

ENDPOINT, ACCOUNT = sys.argv[1:]
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:alerts"
GROUP = "/watch/activity"


def client(service):
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def log_files(s3, bucket):
    """The records of all log files in a bucket."""
    records = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            if item["Key"].endswith(".json.gz"):
                body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                records += json.loads(gzip.decompress(body))["Records"]
    return records


def main():
    cloudtrail, logs = client("cloudtrail"), client("logs")
    cloudwatch, sns = client("cloudwatch"), client("sns")
    trail = cloudtrail.describe_trails()["trailList"][0]
    asked = {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateRole"}]
    }
    events = cloudtrail.get_paginator("lookup_events").paginate(**asked)
    pattern = '{ ($.eventName = "CreateRole") && ($.requestParameters.roleName = "backdoor") }'
    found = logs.filter_log_events(logGroupName=GROUP, filterPattern=pattern)["events"]
    alarms = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    history = cloudwatch.describe_alarm_history(
        AlarmName="watch-roles", HistoryItemType="Action", ScanBy="TimestampDescending"
    )
    topic = sns.get_topic_attributes(TopicArn=TOPIC)["Attributes"]
    sqs = client("sqs")
    queue = sqs.get_queue_url(QueueName="alerts")["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    seen = {
        "account": client("sts").get_caller_identity()["Account"],
        "trail": trail,
        "trail_status": cloudtrail.get_trail_status(Name=trail["TrailARN"]),
        "selectors": cloudtrail.get_event_selectors(TrailName=trail["TrailARN"]),
        "groups": logs.describe_log_groups()["logGroups"],
        "filters": logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"],
        "alarms": alarms["MetricAlarms"],
        "composite_alarms": alarms["CompositeAlarms"],
        "actions": history["AlarmHistoryItems"],
        "topic": topic | {"Policy": json.loads(topic["Policy"])},
        "subscriptions": sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"],
        "roles": [
            json.loads(event["CloudTrailEvent"])["requestParameters"]["roleName"]
            for page in events
            for event in page["Events"]
        ],
        "log_events": [json.loads(event["message"]) for event in found],
        "recorded": [record["eventName"] for record in log_files(client("s3"), trail["S3BucketName"])],
        "messages": [json.loads(json.loads(message["Body"])["Message"]) for message in messages],
    }
    json.dump(seen, sys.stdout, default=str)


main()
