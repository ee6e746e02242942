#!/usr/bin/env python3
"""Checks that `server.py` and the moto behind it are what the tests take them for.

    tests/moto/install && .tests/venv/bin/python tests/moto/check.py

Not part of the test run: it is for after a change to `server.py` or to
`requirements.txt`. Prints a line per check and ends with status 1 if one failed.
"""

import gzip
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import boto3
import cbor2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

HERE = os.path.dirname(os.path.abspath(__file__))
A, B = "100000000001", "100000000002"
REGION = "eu-central-1"


def client(endpoint, service, account=A, region=REGION):
    """A boto3 client of an account: its access key id is the account's number."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="test",
        config=Config(
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            max_pool_connections=30,
        ),
    )


def code_of(call, **arguments):
    """The error code that a call ends with, or None."""
    try:
        call(**arguments)
    except ClientError as refused:
        return refused.response["Error"]["Code"]


def signed(endpoint, method, path, body, headers, account=A, service="monitoring"):
    """Headers of a request with its signature."""
    request = AWSRequest(method, endpoint + path, data=body, headers=dict(headers))
    SigV4Auth(Credentials(account, "test"), service, REGION).add_auth(request)
    return dict(request.headers)


def rpc(endpoint, operation, given, account=A, gzipped=False):
    """(status, answer) of a hand-made rpc-v2-cbor request."""
    path = f"/service/GraniteServiceVersion20100801/operation/{operation}"
    body = cbor2.dumps(given, datetime_as_timestamp=True)
    headers = {
        "Content-Type": "application/cbor",
        "Accept": "application/cbor",
        "smithy-protocol": "rpc-v2-cbor",
        "x-amzn-query-mode": "true",
    }
    if gzipped:
        body = gzip.compress(body)
        headers["Content-Encoding"] = "gzip"
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=20)
    connection.request("POST", path, body, signed(endpoint, "POST", path, body, headers, account))
    answer = connection.getresponse()
    out = answer.read()
    assert answer.headers["smithy-protocol"] == "rpc-v2-cbor", answer.headers.items()
    assert answer.headers["Content-Type"] == "application/cbor", answer.headers.items()
    return answer.status, cbor2.loads(out), out


def sts(endpoint):
    for account in (A, B):
        told = client(endpoint, "sts", account).get_caller_identity()
        assert told["Account"] == account, told


def s3(endpoint):
    a, b = client(endpoint, "s3"), client(endpoint, "s3", B)
    place = {"LocationConstraint": REGION}
    a.create_bucket(Bucket="check-bucket", CreateBucketConfiguration=place)
    a.put_public_access_block(
        Bucket="check-bucket",
        PublicAccessBlockConfiguration={"BlockPublicAcls": True, "BlockPublicPolicy": True},
    )
    assert code_of(a.get_bucket_policy, Bucket="check-bucket") == "NoSuchBucketPolicy"
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    a.put_bucket_policy(Bucket="check-bucket", Policy=policy)
    assert a.get_bucket_policy(Bucket="check-bucket")["Policy"] == policy
    a.put_object(Bucket="check-bucket", Key="k e/ü", Body=bytes(range(256)), Metadata={"a_b": "c"})
    got = a.get_object(Bucket="check-bucket", Key="k e/ü")
    assert got["Body"].read() == bytes(range(256)) and got["Metadata"] == {"a_b": "c"}
    assert a.head_object(Bucket="check-bucket", Key="k e/ü")["ContentLength"] == 256
    a.head_bucket(Bucket="check-bucket")
    # Names are everyone's; lists are the account's.
    taken = code_of(b.create_bucket, Bucket="check-bucket", CreateBucketConfiguration=place)
    assert taken == "BucketAlreadyExists", taken
    assert [x["Name"] for x in a.list_buckets()["Buckets"]] == ["check-bucket"]
    assert b.list_buckets()["Buckets"] == []


def iam(endpoint):
    a, b = client(endpoint, "iam"), client(endpoint, "iam", B)
    a.create_role(
        RoleName="check",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}),
    )
    assert a.get_role(RoleName="check")["Role"]["Arn"] == f"arn:aws:iam::{A}:role/check"
    assert code_of(b.get_role, RoleName="check") == "NoSuchEntity"


def logs(endpoint):
    a, b = client(endpoint, "logs"), client(endpoint, "logs", B)
    a.create_log_group(logGroupName="check", tags={"x": "y"})
    a.put_metric_filter(
        logGroupName="check",
        filterName="f",
        filterPattern='{ $.eventName = "x" }',
        metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
    )
    assert len(a.describe_metric_filters(logGroupName="check")["metricFilters"]) == 1
    assert f":{A}:" in a.describe_log_groups()["logGroups"][0]["arn"]
    assert b.describe_log_groups()["logGroups"] == []


def cloudtrail(endpoint):
    a, b = client(endpoint, "cloudtrail"), client(endpoint, "cloudtrail", B)
    a.create_trail(Name="check", S3BucketName="check-bucket", IsMultiRegionTrail=True)
    a.start_logging(Name="check")
    assert a.get_trail_status(Name="check")["IsLogging"]
    assert f":{A}:" in a.describe_trails()["trailList"][0]["TrailARN"]
    assert b.describe_trails()["trailList"] == []


def sns(endpoint):
    a, b = client(endpoint, "sns"), client(endpoint, "sns", B)
    arn = a.create_topic(Name="check", Tags=[{"Key": "x", "Value": "y"}])["TopicArn"]
    assert f":{A}:" in arn
    a.subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.com")
    assert b.list_topics()["Topics"] == []


def cloudwatch(endpoint):
    a, b = client(endpoint, "cloudwatch"), client(endpoint, "cloudwatch", B)
    a.put_metric_alarm(
        AlarmName="check",
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    assert f":{A}:" in a.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    assert b.describe_alarms()["MetricAlarms"] == []


def tagging(endpoint):
    for account, count in ((A, 1), (B, 0)):
        found = client(endpoint, "resourcegroupstaggingapi", account).get_resources(
            ResourceTypeFilters=["sns"]
        )
        arns = [x["ResourceARN"] for x in found["ResourceTagMappingList"]]
        assert len(arns) == count, arns


def cbor(endpoint):
    status, answer, _ = rpc(
        endpoint,
        "PutMetricAlarm",
        {
            "AlarmName": "cbor",
            "Namespace": "n",
            "MetricName": "m",
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "ActionsEnabled": False,
            "AlarmActions": [f"arn:aws:sns:{REGION}:{A}:check"],
            "Tags": [{"Key": "ü", "Value": ""}],
        },
    )
    assert (status, answer) == (200, {}), (status, answer)
    status, answer, raw = rpc(endpoint, "DescribeAlarms", {"AlarmNames": ["cbor"]}, gzipped=True)
    (alarm,) = answer["MetricAlarms"]
    assert status == 200 and alarm["ActionsEnabled"] is False and type(alarm["Period"]) is int
    assert type(alarm["Threshold"]) is float and b"iThreshold\xfb" in raw
    assert isinstance(alarm["AlarmConfigurationUpdatedTimestamp"], datetime), alarm
    assert b"AlarmConfigurationUpdatedTimestamp\xc1" in raw
    status, answer, _ = rpc(endpoint, "DescribeAlarms", {}, account=B)
    assert (status, answer["MetricAlarms"]) == (200, []), answer
    # A time and doubles in the request.
    now = datetime.now(timezone.utc).replace(microsecond=0)
    datum = {"MetricName": "m", "Timestamp": now, "Values": [1.0, 2.5], "Counts": [1.0, 2.0]}
    assert rpc(endpoint, "PutMetricData", {"Namespace": "n", "MetricData": [datum]})[0] == 200
    asked = {
        "Namespace": "n",
        "MetricName": "m",
        "StartTime": datetime.fromtimestamp(now.timestamp() - 60, timezone.utc),
        "EndTime": datetime.fromtimestamp(now.timestamp() + 60, timezone.utc),
        "Period": 60,
        "Statistics": ["Sum"],
    }
    status, answer, _ = rpc(endpoint, "GetMetricStatistics", asked)
    (point,) = answer["Datapoints"]
    assert point["Sum"] == 6.0 and type(point["Sum"]) is float, answer
    assert isinstance(point["Timestamp"], datetime), answer


def cbor_errors(endpoint):
    status, answer, _ = rpc(
        endpoint, "SetAlarmState", {"AlarmName": "none", "StateValue": "OK", "StateReason": "x"}
    )
    named = answer["__type"].rpartition("#")[2]
    assert status in (400, 404) and named.startswith("ResourceNotFound"), (status, answer)
    assert answer["message"], answer
    status, answer, _ = rpc(endpoint, "DescribeAlarmHistory", {})
    assert status == 400 and answer["__type"] == "UnknownOperationException", (status, answer)
    print(f"         what moto lacks: {status} {answer}")


def connections(endpoint):
    """One connection serves many requests, with whole and chunked bodies, and without stalls."""
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=20)
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    took = []
    sock = None
    for n in range(30):
        known = signed(endpoint, "POST", "/", body, headers, service="sts")
        if n % 3 == 1:
            known["Transfer-Encoding"] = "chunked"
            known.pop("Content-Length", None)
        start = time.monotonic()
        connection.request(
            "POST",
            "/",
            iter([body[:9], body[9:]]) if n % 3 == 1 else body,
            known,
            encode_chunked=n % 3 == 1,
        )
        answer = connection.getresponse()
        out = answer.read()
        took.append(time.monotonic() - start)
        assert answer.status == 200 and A.encode() in out, out
        assert sock in (None, connection.sock), "the connection was not kept"
        sock = connection.sock
    middle = statistics.median(took) * 1000
    print(f"         one call takes {middle:.1f} ms")
    assert middle < 35, f"{middle} ms: it waits for something"

    host, port = endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        )
        raw.settimeout(5)
        assert raw.recv(100).startswith(b"HTTP/1.1 100"), "no 100-continue"


def parallel(endpoint):
    a = client(endpoint, "sns")
    cloud = client(endpoint, "cloudwatch")
    with ThreadPoolExecutor(20) as pool:
        arns = list(pool.map(lambda n: a.create_topic(Name=f"p{n}")["TopicArn"], range(20)))
        mixed = list(pool.map(lambda n: (a.list_topics, cloud.describe_alarms)[n % 2](), range(40)))
    assert len(set(arns)) == 20 and len(mixed) == 40
    assert len(a.list_topics()["Topics"]) == 21


CHECKS = [
    sts,
    s3,
    iam,
    logs,
    cloudtrail,
    sns,
    cloudwatch,
    tagging,
    cbor,
    cbor_errors,
    connections,
    parallel,
]


def main():
    began = time.monotonic()
    server = subprocess.Popen(
        [sys.executable, os.path.join(HERE, "server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    ready = server.stdout.readline().split()
    if len(ready) != 2:
        sys.exit(f"the server did not start:\n{server.stderr.read()}")
    print(f"ready after {time.monotonic() - began:.1f} s")
    failed = 0
    for check in CHECKS:
        try:
            check(ready[1])
            print(f"ok       {check.__name__}")
        except Exception:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print(f"FAILED   {check.__name__}")
    server.stdin.close()
    status = server.wait(10)
    print(f"{'ok       ' if status == 0 else 'FAILED   '}ends with its standard input")
    if failed or status:
        sys.exit(f"standard error of the server:\n{server.stderr.read()}")


if __name__ == "__main__":
    main()
