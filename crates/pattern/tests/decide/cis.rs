//! The patterns of the CIS AWS Foundations Benchmark, as published.

use trailwarden_pattern::Pattern;
use trailwarden_pattern::decide::{Answer, Facts, always, equal, implies, never, redundant};

use crate::{pattern, shown};

/// The text of each control.
const PUBLISHED: &[(&str, &str)] = &[
    (
        "4.1-securityhub",
        r#"{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}"#,
    ),
    (
        "4.1-v1.4",
        r#"{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") || ($.sourceIPAddress!="delivery.logs.amazonaws.com") || ($.eventName!="HeadBucket") }"#,
    ),
    (
        "4.1-v3.0",
        r#"{ ($.errorCode ="*UnauthorizedOperation") || ($.errorCode ="AccessDenied*") && ($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket") }"#,
    ),
    (
        "4.2-v1.2",
        r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }"#,
    ),
    (
        "4.2",
        r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }"#,
    ),
    (
        "4.3",
        r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#,
    ),
    (
        "4.4-v1.2",
        r#"{($.eventName=DeleteGroupPolicy)||($.eventName=DeleteRolePolicy)||($.eventName=DeleteUserPolicy)||($.eventName=PutGroupPolicy)||($.eventName=PutRolePolicy)||($.eventName=PutUserPolicy)||($.eventName=CreatePolicy)||($.eventName=DeletePolicy)||($.eventName=CreatePolicyVersion)||($.eventName=DeletePolicyVersion)||($.eventName=AttachRolePolicy)||($.eventName=DetachRolePolicy)||($.eventName=AttachUserPolicy)||($.eventName=DetachUserPolicy)||($.eventName=AttachGroupPolicy)||($.eventName=DetachGroupPolicy)}"#,
    ),
    (
        "4.4",
        r#"{($.eventSource=iam.amazonaws.com) && (($.eventName=DeleteGroupPolicy)||($.eventName=DeleteRolePolicy)||($.eventName=DeleteUserPolicy)||($.eventName=PutGroupPolicy)||($.eventName=PutRolePolicy)||($.eventName=PutUserPolicy)||($.eventName=CreatePolicy)||($.eventName=DeletePolicy)||($.eventName=CreatePolicyVersion)||($.eventName=DeletePolicyVersion)||($.eventName=AttachRolePolicy)||($.eventName=DetachRolePolicy)||($.eventName=AttachUserPolicy)||($.eventName=DetachUserPolicy)||($.eventName=AttachGroupPolicy)||($.eventName=DetachGroupPolicy))}"#,
    ),
    (
        "4.5",
        r#"{ ($.eventName = CreateTrail)||($.eventName = UpdateTrail)||($.eventName = DeleteTrail)||($.eventName = StartLogging)||($.eventName = StopLogging) }"#,
    ),
    (
        "4.6",
        r#"{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }"#,
    ),
    (
        "4.7",
        r#"{($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }"#,
    ),
    (
        "4.8",
        r#"{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl)||($.eventName = PutBucketPolicy)||($.eventName = PutBucketCors)||($.eventName = PutBucketLifecycle)||($.eventName = PutBucketReplication)||($.eventName = DeleteBucketPolicy)||($.eventName = DeleteBucketCors)||($.eventName = DeleteBucketLifecycle)||($.eventName = DeleteBucketReplication)) }"#,
    ),
    (
        "4.9",
        r#"{ ($.eventSource = config.amazonaws.com) && (($.eventName=StopConfigurationRecorder)||($.eventName=DeleteDeliveryChannel)||($.eventName=PutDeliveryChannel)||($.eventName=PutConfigurationRecorder)) }"#,
    ),
    (
        "4.10",
        r#"{ ($.eventName = AuthorizeSecurityGroupIngress)||($.eventName = AuthorizeSecurityGroupEgress)||($.eventName = RevokeSecurityGroupIngress)||($.eventName = RevokeSecurityGroupEgress)||($.eventName = CreateSecurityGroup)||($.eventName = DeleteSecurityGroup) }"#,
    ),
    (
        "4.11",
        r#"{ ($.eventName = CreateNetworkAcl)||($.eventName = CreateNetworkAclEntry)||($.eventName = DeleteNetworkAcl)||($.eventName = DeleteNetworkAclEntry)||($.eventName = ReplaceNetworkAclEntry)||($.eventName = ReplaceNetworkAclAssociation) }"#,
    ),
    (
        "4.12",
        r#"{ ($.eventName = CreateCustomerGateway)||($.eventName = DeleteCustomerGateway)||($.eventName = AttachInternetGateway)||($.eventName = CreateInternetGateway)||($.eventName = DeleteInternetGateway)||($.eventName = DetachInternetGateway) }"#,
    ),
    (
        "4.13-v1.4",
        r#"{ ($.eventName = CreateRoute)||($.eventName = CreateRouteTable)||($.eventName = ReplaceRoute)||($.eventName = ReplaceRouteTableAssociation)||($.eventName = DeleteRouteTable)||($.eventName = DeleteRoute)||($.eventName = DisassociateRouteTable) }"#,
    ),
    (
        "4.13",
        r#"{($.eventSource = ec2.amazonaws.com) && (($.eventName = CreateRoute)||($.eventName = CreateRouteTable)||($.eventName = ReplaceRoute)||($.eventName = ReplaceRouteTableAssociation)||($.eventName = DeleteRouteTable)||($.eventName = DeleteRoute)||($.eventName = DisassociateRouteTable)) }"#,
    ),
    (
        "4.14",
        r#"{ ($.eventName = CreateVpc)||($.eventName = DeleteVpc)||($.eventName = ModifyVpcAttribute)||($.eventName = AcceptVpcPeeringConnection)||($.eventName = CreateVpcPeeringConnection)||($.eventName = DeleteVpcPeeringConnection)||($.eventName = RejectVpcPeeringConnection)||($.eventName = AttachClassicLinkVpc)||($.eventName = DetachClassicLinkVpc)||($.eventName = DisableVpcClassicLink)||($.eventName = EnableVpcClassicLink) }"#,
    ),
    (
        "4.15",
        r#"{ ($.eventSource = organizations.amazonaws.com) && (($.eventName = "AcceptHandshake")||($.eventName = "AttachPolicy")||($.eventName = "CreateAccount")||($.eventName = "CreateOrganizationalUnit")||($.eventName = "CreatePolicy")||($.eventName = "DeclineHandshake")||($.eventName = "DeleteOrganization")||($.eventName = "DeleteOrganizationalUnit")||($.eventName = "DeletePolicy")||($.eventName = "DetachPolicy")||($.eventName = "DisablePolicyType")||($.eventName = "EnablePolicyType")||($.eventName = "InviteAccountToOrganization")||($.eventName = "LeaveOrganization")||($.eventName = "MoveAccount")||($.eventName = "RemoveAccountFromOrganization")||($.eventName = "UpdatePolicy")||($.eventName = "UpdateOrganizationalUnit")) }"#,
    ),
];

fn published(control: &str) -> Pattern {
    let found = PUBLISHED.iter().find(|(other, _)| *other == control);
    pattern(found.unwrap_or_else(|| panic!("{control}")).1)
}

/// One control's text for all of another's.
#[track_caller]
fn implied(a: &str, b: &str, facts: &Facts) -> Answer {
    implies(&published(a), &published(b), facts)
}

#[test]
fn none_is_never_or_always_true_or_has_a_clause_for_nothing() {
    for facts in [Facts::none(), Facts::cloudtrail()] {
        for (control, text) in PUBLISHED {
            let pattern = pattern(text);
            shown(&never(&pattern, &facts), &[text], &[]);
            shown(&always(&pattern, &facts), &[], &[text]);
            assert_eq!(redundant(&pattern, &facts), [], "{control}");
        }
    }
}

#[test]
fn a_guard_on_the_source_asks_for_more() {
    let facts = Facts::cloudtrail();
    assert_eq!(implied("4.4", "4.4-v1.2", &facts), Answer::Yes);
    assert_eq!(implied("4.13", "4.13-v1.4", &facts), Answer::Yes);
    assert_eq!(implied("4.2", "4.2-v1.2", &facts), Answer::Yes);
    let event = shown(&implied("4.4-v1.2", "4.4", &facts), &[], &[]);
    assert!(event.contains("Policy"), "{event}");
    shown(&implied("4.13-v1.4", "4.13", &facts), &[], &[]);
    shown(&implied("4.2-v1.2", "4.2", &facts), &[], &[]);
}

#[test]
fn the_texts_of_4_1() {
    let facts = Facts::cloudtrail();
    assert_eq!(implied("4.1-v3.0", "4.1-securityhub", &facts), Answer::Yes);
    assert_eq!(implied("4.1-securityhub", "4.1-v1.4", &facts), Answer::Yes);
    let event = shown(&implied("4.1-securityhub", "4.1-v3.0", &facts), &[], &[]);
    assert!(event.contains("AccessDenied"), "{event}");
    // As it was meant: the two exceptions are for both codes.
    let meant = pattern(
        r#"{ (($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")) && ($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket") }"#,
    );
    assert_eq!(implies(&meant, &published("4.1-v3.0"), &facts), Answer::Yes);
    let event = shown(&implies(&published("4.1-v3.0"), &meant, &facts), &[], &[]);
    assert!(event.contains("UnauthorizedOperation"), "{event}");
}

#[test]
fn each_is_equal_to_itself_distributed_and_different_from_all_others() {
    let facts = Facts::cloudtrail();
    for (control, text) in PUBLISHED {
        for (other, other_text) in PUBLISHED {
            let answer = equal(&pattern(text), &pattern(other_text), &facts);
            match control == other {
                true => assert_eq!(answer, Answer::Yes, "{control}"),
                false => assert!(answer.witness().is_some(), "{control} {other}"),
            }
        }
    }
    let distributed = "{ $.eventSource = kms.amazonaws.com && $.eventName = ScheduleKeyDeletion || $.eventName = \"DisableKey\" && \
                       $.eventSource = kms.amazonaws.com }";
    assert_eq!(
        equal(&published("4.7"), &pattern(distributed), &facts),
        Answer::Yes
    );
    let guarded = published("4.4");
    let names = published("4.4-v1.2");
    let texts: Vec<String> = names
        .text()
        .trim_matches(['{', '}'])
        .split("||")
        .map(|test| format!("$.eventSource = \"iam.amazonaws.com\" && {test}"))
        .collect();
    let (front, back) = texts.split_at(8);
    for part in [front, back] {
        let part = pattern(&format!("{{ {} }}", part.join(" || ")));
        assert_eq!(implies(&part, &guarded, &facts), Answer::Yes);
        shown(&implies(&guarded, &part, &facts), &[], &[]);
    }
}
