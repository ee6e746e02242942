"""The rules of cis.toml over log files with orjson: how many records each of them matches. Two processes share the files.

    with_orjson.py FOLDER
"""

import collections
import glob
import gzip
import json
import multiprocessing
import sys

import orjson

PROCESSES = 2

# Rules that want one of these calls, of this service or of any.
CALLS = [
    (
        "iam-policies",
        None,
        {
            "DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy",
            "PutRolePolicy", "PutUserPolicy", "CreatePolicy", "DeletePolicy", "CreatePolicyVersion",
            "DeletePolicyVersion", "AttachRolePolicy", "DetachRolePolicy", "AttachUserPolicy",
            "DetachUserPolicy", "AttachGroupPolicy", "DetachGroupPolicy",
        },
    ),
    (
        "trails",
        None,
        {
            "CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging",
        },
    ),
    (
        "keys",
        "kms.amazonaws.com",
        {
            "DisableKey", "ScheduleKeyDeletion",
        },
    ),
    (
        "bucket-policies",
        "s3.amazonaws.com",
        {
            "PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle",
            "PutBucketReplication", "DeleteBucketPolicy", "DeleteBucketCors",
            "DeleteBucketLifecycle", "DeleteBucketReplication",
        },
    ),
    (
        "config",
        "config.amazonaws.com",
        {
            "StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel",
            "PutConfigurationRecorder",
        },
    ),
    (
        "security-groups",
        None,
        {
            "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "CreateSecurityGroup",
            "DeleteSecurityGroup",
        },
    ),
    (
        "network-acls",
        None,
        {
            "CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl",
            "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation",
        },
    ),
    (
        "gateways",
        None,
        {
            "CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway",
            "CreateInternetGateway", "DeleteInternetGateway", "DetachInternetGateway",
        },
    ),
    (
        "routes",
        None,
        {
            "CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation",
            "DeleteRouteTable", "DeleteRoute", "DisassociateRouteTable",
        },
    ),
    (
        "vpcs",
        None,
        {
            "CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection",
            "CreateVpcPeeringConnection", "DeleteVpcPeeringConnection",
            "RejectVpcPeeringConnection", "AttachClassicLinkVpc", "DetachClassicLinkVpc",
            "DisableVpcClassicLink", "EnableVpcClassicLink",
        },
    ),
    (
        "organizations",
        "organizations.amazonaws.com",
        {
            "AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit",
            "CreatePolicy", "DeclineHandshake", "DeleteOrganization", "DeleteOrganizationalUnit",
            "DeletePolicy", "DetachPolicy", "DisablePolicyType", "EnablePolicyType",
            "InviteAccountToOrganization", "LeaveOrganization", "MoveAccount",
            "RemoveAccountFromOrganization", "UpdatePolicy", "UpdateOrganizationalUnit",
        },
    ),
]

# By call, so that one look-up tells all of them.
BY_NAME = collections.defaultdict(list)
for rule, source, names in CALLS:
    for name in names:
        BY_NAME[name].append((rule, source))


def field(record, *names):
    """What stands there; None when nothing does."""
    for name in names:
        record = record.get(name) if isinstance(record, dict) else None
    return record


def count(path):
    counts = collections.Counter()
    with gzip.open(path) as file:
        records = orjson.loads(file.read())["Records"]
    for record in records:
        name = record.get("eventName")
        error = record.get("errorCode")
        for rule, source in BY_NAME.get(name, ()):
            if source is None or record.get("eventSource") == source:
                counts[rule] += 1
        if isinstance(error, str) and (error.endswith("UnauthorizedOperation") or error.startswith("AccessDenied")):
            counts["unauthorized-calls"] += 1
        if name == "ConsoleLogin":
            if field(record, "additionalEventData", "MFAUsed") not in (None, "Yes"):
                counts["sign-in-without-mfa"] += 1
            if record.get("errorMessage") == "Failed authentication":
                counts["failed-sign-in"] += 1
        if (
            field(record, "userIdentity", "type") == "Root"
            and "invokedBy" not in record["userIdentity"]
            and record.get("eventType") not in (None, "AwsServiceEvent")
        ):
            counts["root-use"] += 1
    return counts


def main():
    files = glob.glob(sys.argv[1] + "/**/*.json.gz", recursive=True)
    total = collections.Counter()
    with multiprocessing.Pool(PROCESSES) as pool:
        for counts in pool.imap_unordered(count, files):
            total += counts
    print(json.dumps(total))


if __name__ == "__main__":
    main()
