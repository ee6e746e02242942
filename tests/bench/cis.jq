# The rules of cis.toml over log files, one pass for all: how many records each of them matches.
# jq -n -f cis.jq

def rules:
  (if .errorCode | type == "string" and (endswith("UnauthorizedOperation") or startswith("AccessDenied"))
    then "unauthorized-calls" else empty end),
  (if .eventName == "ConsoleLogin" and (.additionalEventData.MFAUsed? | . != null and . != "Yes")
    then "sign-in-without-mfa" else empty end),
  (if .eventType != null and .eventType != "AwsServiceEvent" and (.userIdentity | .type == "Root" and (has("invokedBy") | not))
    then "root-use" else empty end),
  (if (.eventName | IN("DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy", "PutRolePolicy",
      "PutUserPolicy", "CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion",
      "AttachRolePolicy", "DetachRolePolicy", "AttachUserPolicy", "DetachUserPolicy", "AttachGroupPolicy",
      "DetachGroupPolicy"))
    then "iam-policies" else empty end),
  (if (.eventName | IN("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"))
    then "trails" else empty end),
  (if .eventName == "ConsoleLogin" and .errorMessage == "Failed authentication"
    then "failed-sign-in" else empty end),
  (if .eventSource == "kms.amazonaws.com" and
      (.eventName | IN("DisableKey", "ScheduleKeyDeletion"))
    then "keys" else empty end),
  (if .eventSource == "s3.amazonaws.com" and
      (.eventName | IN("PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication",
      "DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication"))
    then "bucket-policies" else empty end),
  (if .eventSource == "config.amazonaws.com" and
      (.eventName | IN("StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder"))
    then "config" else empty end),
  (if (.eventName | IN("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress",
      "RevokeSecurityGroupEgress", "CreateSecurityGroup", "DeleteSecurityGroup"))
    then "security-groups" else empty end),
  (if (.eventName | IN("CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry",
      "ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation"))
    then "network-acls" else empty end),
  (if (.eventName | IN("CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway",
      "DeleteInternetGateway", "DetachInternetGateway"))
    then "gateways" else empty end),
  (if (.eventName | IN("CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable",
      "DeleteRoute", "DisassociateRouteTable"))
    then "routes" else empty end),
  (if (.eventName | IN("CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection",
      "DeleteVpcPeeringConnection", "RejectVpcPeeringConnection", "AttachClassicLinkVpc",
      "DetachClassicLinkVpc", "DisableVpcClassicLink", "EnableVpcClassicLink"))
    then "vpcs" else empty end),
  (if .eventSource == "organizations.amazonaws.com" and
      (.eventName | IN("AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy",
      "DeclineHandshake", "DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy", "DetachPolicy",
      "DisablePolicyType", "EnablePolicyType", "InviteAccountToOrganization", "LeaveOrganization",
      "MoveAccount", "RemoveAccountFromOrganization", "UpdatePolicy", "UpdateOrganizationalUnit"))
    then "organizations" else empty end);

reduce (inputs.Records[] | rules) as $rule ({}; .[$rule] += 1)
