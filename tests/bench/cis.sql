-- The rules of cis.toml over log files, one pass for all: how many records each of them matches.
-- $files is what read_json takes for the files. Only the fields that the rules ask for are read.
SELECT
    count(*) FILTER (r.errorCode LIKE '%UnauthorizedOperation' OR r.errorCode LIKE 'AccessDenied%') AS "unauthorized-calls",
    count(*) FILTER (r.eventName = 'ConsoleLogin' AND r.additionalEventData ->> 'MFAUsed' <> 'Yes') AS "sign-in-without-mfa",
    count(*) FILTER (r.userIdentity.type = 'Root' AND r.userIdentity.invokedBy IS NULL AND r.eventType <> 'AwsServiceEvent') AS "root-use",
    count(*) FILTER (r.eventName IN (
            'DeleteGroupPolicy', 'DeleteRolePolicy', 'DeleteUserPolicy', 'PutGroupPolicy', 'PutRolePolicy',
            'PutUserPolicy', 'CreatePolicy', 'DeletePolicy', 'CreatePolicyVersion',
            'DeletePolicyVersion', 'AttachRolePolicy', 'DetachRolePolicy', 'AttachUserPolicy',
            'DetachUserPolicy', 'AttachGroupPolicy', 'DetachGroupPolicy')) AS "iam-policies",
    count(*) FILTER (r.eventName IN (
            'CreateTrail', 'UpdateTrail', 'DeleteTrail', 'StartLogging', 'StopLogging')) AS "trails",
    count(*) FILTER (r.eventName = 'ConsoleLogin' AND r.errorMessage = 'Failed authentication') AS "failed-sign-in",
    count(*) FILTER (r.eventSource = 'kms.amazonaws.com' AND r.eventName IN (
            'DisableKey', 'ScheduleKeyDeletion')) AS "keys",
    count(*) FILTER (r.eventSource = 's3.amazonaws.com' AND r.eventName IN (
            'PutBucketAcl', 'PutBucketPolicy', 'PutBucketCors', 'PutBucketLifecycle', 'PutBucketReplication',
            'DeleteBucketPolicy', 'DeleteBucketCors', 'DeleteBucketLifecycle', 'DeleteBucketReplication')) AS "bucket-policies",
    count(*) FILTER (r.eventSource = 'config.amazonaws.com' AND r.eventName IN (
            'StopConfigurationRecorder', 'DeleteDeliveryChannel', 'PutDeliveryChannel', 'PutConfigurationRecorder')) AS "config",
    count(*) FILTER (r.eventName IN (
            'AuthorizeSecurityGroupIngress', 'AuthorizeSecurityGroupEgress', 'RevokeSecurityGroupIngress',
            'RevokeSecurityGroupEgress', 'CreateSecurityGroup', 'DeleteSecurityGroup')) AS "security-groups",
    count(*) FILTER (r.eventName IN (
            'CreateNetworkAcl', 'CreateNetworkAclEntry', 'DeleteNetworkAcl', 'DeleteNetworkAclEntry',
            'ReplaceNetworkAclEntry', 'ReplaceNetworkAclAssociation')) AS "network-acls",
    count(*) FILTER (r.eventName IN (
            'CreateCustomerGateway', 'DeleteCustomerGateway', 'AttachInternetGateway', 'CreateInternetGateway',
            'DeleteInternetGateway', 'DetachInternetGateway')) AS "gateways",
    count(*) FILTER (r.eventName IN (
            'CreateRoute', 'CreateRouteTable', 'ReplaceRoute', 'ReplaceRouteTableAssociation', 'DeleteRouteTable',
            'DeleteRoute', 'DisassociateRouteTable')) AS "routes",
    count(*) FILTER (r.eventName IN (
            'CreateVpc', 'DeleteVpc', 'ModifyVpcAttribute', 'AcceptVpcPeeringConnection',
            'CreateVpcPeeringConnection', 'DeleteVpcPeeringConnection', 'RejectVpcPeeringConnection',
            'AttachClassicLinkVpc', 'DetachClassicLinkVpc', 'DisableVpcClassicLink',
            'EnableVpcClassicLink')) AS "vpcs",
    count(*) FILTER (r.eventSource = 'organizations.amazonaws.com' AND r.eventName IN (
            'AcceptHandshake', 'AttachPolicy', 'CreateAccount', 'CreateOrganizationalUnit', 'CreatePolicy',
            'DeclineHandshake', 'DeleteOrganization', 'DeleteOrganizationalUnit', 'DeletePolicy',
            'DetachPolicy', 'DisablePolicyType', 'EnablePolicyType', 'InviteAccountToOrganization',
            'LeaveOrganization', 'MoveAccount', 'RemoveAccountFromOrganization', 'UpdatePolicy',
            'UpdateOrganizationalUnit')) AS "organizations"
FROM (
    SELECT unnest(Records) AS r
    FROM read_json(
        $files,
        format = 'unstructured',
        maximum_object_size = 134217728,
        columns = {
            Records: 'STRUCT(
                eventName VARCHAR, eventSource VARCHAR, eventType VARCHAR, errorCode VARCHAR, errorMessage VARCHAR,
                userIdentity STRUCT("type" VARCHAR, invokedBy VARCHAR), additionalEventData JSON)[]'
        }
    )
);
