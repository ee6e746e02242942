//! The pack `cis`: the monitoring controls of the CIS AWS Foundations Benchmark.
//!
//! Sources: the audit texts of the benchmark's versions as Prowler's compliance files quote them, the
//! page "Security Hub CSPM controls for Amazon CloudWatch" of the Security Hub user guide for the
//! exact texts of CloudWatch.1 to CloudWatch.14, and Prowler's checks for what they look for.

use super::{Control, calls};

/// The versions of the benchmark whose controls are known.
pub(super) const VERSIONS: &[&str] = &["1.2", "1.4", "3.0", "5.0"];

/// The text that Security Hub's control `CloudWatch.N` prescribes; `None` where it has no such
/// control.
#[must_use]
pub fn hub_text(number: u8) -> Option<&'static str> {
    let found = BENCHMARK.iter().find(|one| one.hub() == Some(number))?;
    Some(found.auditor)
}

pub(super) fn controls(version: &str) -> Vec<Control> {
    let section = if version == "1.2" { 3 } else { 4 };
    let there = BENCHMARK
        .iter()
        .filter(|one| version != "1.2" || one.number != 15);
    there.map(|one| one.control(section, version)).collect()
}

/// What a control of the benchmark asks for, and what is asked for beyond it.
enum Asked {
    /// Calls of a service.
    Calls {
        source: &'static str,
        names: &'static [&'static str],
        more: &'static [&'static str],
    },
    /// A pattern, and the least that an event of the control is.
    Text {
        corrected: &'static str,
        least: &'static str,
    },
}

struct Benchmark {
    /// Its number within the section of the benchmark.
    number: u8,
    slug: &'static str,
    title: &'static str,
    prowler: &'static str,
    auditor: &'static str,
    asked: Asked,
    reason: &'static str,
}

impl Benchmark {
    /// Security Hub counts them from the root user on, and has none for the organization.
    fn hub(&self) -> Option<u8> {
        match self.number {
            3 => Some(1),
            1 => Some(2),
            2 => Some(3),
            15 => None,
            number => Some(number),
        }
    }

    fn control(&self, section: u8, version: &str) -> Control {
        let (corrected, asks) = match &self.asked {
            Asked::Calls { source, names, more } => (
                calls(source, names.iter().chain(*more).copied()),
                calls(source, names.iter().copied()),
            ),
            Asked::Text { corrected, least } => ((*corrected).to_owned(), (*least).to_owned()),
        };
        let control = Control {
            id: format!("{section}.{}", self.number),
            slug: self.slug,
            title: self.title,
            corrected,
            auditor: Some(self.auditor),
            asks: Some(asks),
            reason: self.reason,
            security_hub: self.hub(),
            prowler: Some(self.prowler),
            calls: &[],
            narrow: None,
        };
        match (version, self.number) {
            ("1.2", 1) => Control {
                corrected: WITHOUT_EXCEPTIONS.into(),
                asks: Some(WITHOUT_EXCEPTIONS.into()),
                ..control
            },
            ("5.0", 10) => Control {
                asks: Some(control.corrected.clone()),
                auditor: Some(SECURITY_GROUPS_5),
                security_hub: None,
                ..control
            },
            _ => control,
        }
    }
}

/// Control 3.1 of version 1.2, which makes no exceptions.
const WITHOUT_EXCEPTIONS: &str =
    r#"{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }"#;

/// The text of 4.10 in version 5.0: one call more than Security Hub takes.
const SECURITY_GROUPS_5: &str = "{($.eventName=AuthorizeSecurityGroupIngress) || ($.eventName=AuthorizeSecurityGroupEgress) || \
     ($.eventName=RevokeSecurityGroupIngress) || ($.eventName=RevokeSecurityGroupEgress) || \
     ($.eventName=CreateSecurityGroup) || ($.eventName=DeleteSecurityGroup) || \
     ($.eventName=ModifySecurityGroupRules)}";

const BENCHMARK: &[Benchmark] = &[
    Benchmark {
        number: 1,
        slug: "unauthorized-calls",
        title: "Calls that were not authorized",
        prowler: "cloudwatch_log_metric_filter_unauthorized_api_calls",
        auditor: "{($.errorCode=\"*UnauthorizedOperation\") || ($.errorCode=\"AccessDenied*\")}",
        asked: Asked::Text {
            corrected: "{ (($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\")) && \
             ($.sourceIPAddress != \"delivery.logs.amazonaws.com\") && ($.eventName != \
             \"HeadBucket\") }",
            least: "{ (($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\")) && \
             ($.sourceIPAddress != \"delivery.logs.amazonaws.com\") && ($.eventName != \
             \"HeadBucket\") }",
        },
        reason: "versions 1.4 and 3.0 of the benchmark join their two exceptions with `||`, which matches \
         nearly every event; 5.0 joins them with `&&` to the last clause alone. Corrected, both \
         exceptions hold for both clauses; version 1.2 has none",
    },
    Benchmark {
        number: 2,
        slug: "sign-in-without-mfa",
        title: "Console sign-ins without MFA",
        prowler: "cloudwatch_log_metric_filter_sign_in_without_mfa",
        auditor: "{ ($.eventName = \"ConsoleLogin\") && ($.additionalEventData.MFAUsed != \"Yes\") && \
         ($.userIdentity.type = \"IAMUser\") && ($.responseElements.ConsoleLogin = \"Success\") }",
        asked: Asked::Text {
            corrected: "{ ($.eventSource = \"signin.amazonaws.com\") && ($.eventName = \"ConsoleLogin\") && \
             ($.responseElements.ConsoleLogin = \"Success\") && (($.userIdentity.type = \"IAMUser\") \
             || ($.userIdentity.type = \"Root\")) && (($.additionalEventData.MFAUsed NOT EXISTS) || \
             ($.additionalEventData.MFAUsed != \"Yes\")) }",
            least: "{ ($.eventSource = \"signin.amazonaws.com\") && ($.eventName = \"ConsoleLogin\") && \
             ($.additionalEventData.MFAUsed != \"Yes\") && ($.userIdentity.type = \"IAMUser\") && \
             ($.responseElements.ConsoleLogin = \"Success\") }",
        },
        reason: "the published text leaves the root user out, and a sign-in whose record does not say whether \
         MFA was used: `!=` on a field that is missing does not match",
    },
    Benchmark {
        number: 3,
        slug: "root-use",
        title: "Use of the root user",
        prowler: "cloudwatch_log_metric_filter_root_usage",
        auditor: "{$.userIdentity.type=\"Root\" && $.userIdentity.invokedBy NOT EXISTS && $.eventType \
         !=\"AwsServiceEvent\"}",
        asked: Asked::Text {
            corrected: "{ ($.userIdentity.type = \"Root\") && ($.userIdentity.invokedBy NOT EXISTS) && \
             ($.eventType != \"AwsServiceEvent\") }",
            least: "{ ($.userIdentity.type = \"Root\") && ($.userIdentity.invokedBy NOT EXISTS) && \
             ($.eventType != \"AwsServiceEvent\") }",
        },
        reason: "they match the same events and differ in spelling only",
    },
    Benchmark {
        number: 4,
        slug: "iam-policies",
        title: "Changes of IAM policies",
        prowler: "cloudwatch_log_metric_filter_policy_changes",
        auditor: "{($.eventSource=iam.amazonaws.com) && (($.eventName=DeleteGroupPolicy) || \
         ($.eventName=DeleteRolePolicy) || ($.eventName=DeleteUserPolicy) || \
         ($.eventName=PutGroupPolicy) || ($.eventName=PutRolePolicy) || ($.eventName=PutUserPolicy) \
         || ($.eventName=CreatePolicy) || ($.eventName=DeletePolicy) || \
         ($.eventName=CreatePolicyVersion) || ($.eventName=DeletePolicyVersion) || \
         ($.eventName=AttachRolePolicy) || ($.eventName=DetachRolePolicy) || \
         ($.eventName=AttachUserPolicy) || ($.eventName=DetachUserPolicy) || \
         ($.eventName=AttachGroupPolicy) || ($.eventName=DetachGroupPolicy))}",
        asked: Asked::Calls {
            source: "iam.amazonaws.com",
            names: &[
                "DeleteGroupPolicy",
                "DeleteRolePolicy",
                "DeleteUserPolicy",
                "PutGroupPolicy",
                "PutRolePolicy",
                "PutUserPolicy",
                "CreatePolicy",
                "DeletePolicy",
                "CreatePolicyVersion",
                "DeletePolicyVersion",
                "AttachRolePolicy",
                "DetachRolePolicy",
                "AttachUserPolicy",
                "DetachUserPolicy",
                "AttachGroupPolicy",
                "DetachGroupPolicy",
            ],
            more: &[
                "SetDefaultPolicyVersion",
                "UpdateAssumeRolePolicy",
                "PutRolePermissionsBoundary",
                "DeleteRolePermissionsBoundary",
                "PutUserPermissionsBoundary",
                "DeleteUserPermissionsBoundary",
            ],
        },
        reason: "the published text misses which version of a policy holds, who may assume a role, and \
         permissions boundaries",
    },
    Benchmark {
        number: 5,
        slug: "trail-configuration",
        title: "Changes of CloudTrail's configuration",
        prowler: "cloudwatch_log_metric_filter_and_alarm_for_cloudtrail_configuration_changes_enabled",
        auditor: "{($.eventName=CreateTrail) || ($.eventName=UpdateTrail) || ($.eventName=DeleteTrail) || \
         ($.eventName=StartLogging) || ($.eventName=StopLogging)}",
        asked: Asked::Calls {
            source: "cloudtrail.amazonaws.com",
            names: &[
                "CreateTrail",
                "UpdateTrail",
                "DeleteTrail",
                "StartLogging",
                "StopLogging",
            ],
            more: &["PutEventSelectors", "PutInsightSelectors"],
        },
        reason: "the published text misses what the trail records, which is another way to blind it, and \
         names no service. What else can blind the chain is in the pack `self-watch`",
    },
    Benchmark {
        number: 6,
        slug: "failed-sign-ins",
        title: "Failed console sign-ins",
        prowler: "cloudwatch_log_metric_filter_authentication_failures",
        auditor: "{($.eventName=ConsoleLogin) && ($.errorMessage=\"Failed authentication\")}",
        asked: Asked::Text {
            corrected: "{ ($.eventSource = \"signin.amazonaws.com\") && ($.eventName = \"ConsoleLogin\") && \
             (($.errorMessage = \"Failed authentication\") || ($.responseElements.ConsoleLogin = \
             \"Failure\")) }",
            least: "{ ($.eventSource = \"signin.amazonaws.com\") && ($.eventName = \"ConsoleLogin\") && \
             ($.errorMessage = \"Failed authentication\") }",
        },
        reason: "the published text misses sign-ins that fail with another message, such as those with a user \
         name that does not exist",
    },
    Benchmark {
        number: 7,
        slug: "keys",
        title: "Customer managed keys disabled or deleted",
        prowler: "cloudwatch_log_metric_filter_disable_or_scheduled_deletion_of_kms_cmk",
        auditor: "{($.eventSource=kms.amazonaws.com) && (($.eventName=DisableKey) || \
         ($.eventName=ScheduleKeyDeletion))}",
        asked: Asked::Calls {
            source: "kms.amazonaws.com",
            names: &["DisableKey", "ScheduleKeyDeletion"],
            more: &["DeleteImportedKeyMaterial"],
        },
        reason: "a key without its imported material cannot be used either. Both see nothing on a trail that \
         leaves `kms.amazonaws.com` out",
    },
    Benchmark {
        number: 8,
        slug: "bucket-policies",
        title: "Changes of S3 bucket policies",
        prowler: "cloudwatch_log_metric_filter_for_s3_bucket_policy_changes",
        auditor: "{($.eventSource=s3.amazonaws.com) && (($.eventName=PutBucketAcl) || \
         ($.eventName=PutBucketPolicy) || ($.eventName=PutBucketCors) || \
         ($.eventName=PutBucketLifecycle) || ($.eventName=PutBucketReplication) || \
         ($.eventName=DeleteBucketPolicy) || ($.eventName=DeleteBucketCors) || \
         ($.eventName=DeleteBucketLifecycle) || ($.eventName=DeleteBucketReplication))}",
        asked: Asked::Calls {
            source: "s3.amazonaws.com",
            names: &[
                "PutBucketAcl",
                "PutBucketPolicy",
                "PutBucketCors",
                "PutBucketLifecycle",
                "PutBucketReplication",
                "DeleteBucketPolicy",
                "DeleteBucketCors",
                "DeleteBucketLifecycle",
                "DeleteBucketReplication",
            ],
            more: &[
                "PutBucketPublicAccessBlock",
                "DeleteBucketPublicAccessBlock",
                "PutBucketOwnershipControls",
                "DeleteBucketOwnershipControls",
            ],
        },
        reason: "the published text is older than the public access block and ownership controls, either of \
         which can open a bucket",
    },
    Benchmark {
        number: 9,
        slug: "config",
        title: "Changes of AWS Config's configuration",
        prowler: "cloudwatch_log_metric_filter_and_alarm_for_aws_config_configuration_changes_enabled",
        auditor: "{($.eventSource=config.amazonaws.com) && (($.eventName=StopConfigurationRecorder) || \
         ($.eventName=DeleteDeliveryChannel) || ($.eventName=PutDeliveryChannel) || \
         ($.eventName=PutConfigurationRecorder))}",
        asked: Asked::Calls {
            source: "config.amazonaws.com",
            names: &[
                "StopConfigurationRecorder",
                "DeleteDeliveryChannel",
                "PutDeliveryChannel",
                "PutConfigurationRecorder",
            ],
            more: &["DeleteConfigurationRecorder"],
        },
        reason: "the published text has the recorder stopped and changed, and not deleted",
    },
    Benchmark {
        number: 10,
        slug: "security-groups",
        title: "Changes of security groups",
        prowler: "cloudwatch_log_metric_filter_security_group_changes",
        auditor: "{($.eventName=AuthorizeSecurityGroupIngress) || ($.eventName=AuthorizeSecurityGroupEgress) \
         || ($.eventName=RevokeSecurityGroupIngress) || ($.eventName=RevokeSecurityGroupEgress) || \
         ($.eventName=CreateSecurityGroup) || ($.eventName=DeleteSecurityGroup)}",
        asked: Asked::Calls {
            source: "ec2.amazonaws.com",
            names: &[
                "AuthorizeSecurityGroupIngress",
                "AuthorizeSecurityGroupEgress",
                "RevokeSecurityGroupIngress",
                "RevokeSecurityGroupEgress",
                "CreateSecurityGroup",
                "DeleteSecurityGroup",
            ],
            more: &["ModifySecurityGroupRules"],
        },
        reason: "the published text misses rules that are changed in place, up to version 5.0 of the \
         benchmark, and names no service. With version 5.0 the auditor's text is the benchmark's, \
         which Security Hub's CloudWatch.10 does not take",
    },
    Benchmark {
        number: 11,
        slug: "network-acls",
        title: "Changes of network ACLs",
        prowler: "cloudwatch_changes_to_network_acls_alarm_configured",
        auditor: "{($.eventName=CreateNetworkAcl) || ($.eventName=CreateNetworkAclEntry) || \
         ($.eventName=DeleteNetworkAcl) || ($.eventName=DeleteNetworkAclEntry) || \
         ($.eventName=ReplaceNetworkAclEntry) || ($.eventName=ReplaceNetworkAclAssociation)}",
        asked: Asked::Calls {
            source: "ec2.amazonaws.com",
            names: &[
                "CreateNetworkAcl",
                "CreateNetworkAclEntry",
                "DeleteNetworkAcl",
                "DeleteNetworkAclEntry",
                "ReplaceNetworkAclEntry",
                "ReplaceNetworkAclAssociation",
            ],
            more: &[],
        },
        reason: "they mean the same; the published text names no service",
    },
    Benchmark {
        number: 12,
        slug: "gateways",
        title: "Changes of network gateways",
        prowler: "cloudwatch_changes_to_network_gateways_alarm_configured",
        auditor: "{($.eventName=CreateCustomerGateway) || ($.eventName=DeleteCustomerGateway) || \
         ($.eventName=AttachInternetGateway) || ($.eventName=CreateInternetGateway) || \
         ($.eventName=DeleteInternetGateway) || ($.eventName=DetachInternetGateway)}",
        asked: Asked::Calls {
            source: "ec2.amazonaws.com",
            names: &[
                "CreateCustomerGateway",
                "DeleteCustomerGateway",
                "AttachInternetGateway",
                "CreateInternetGateway",
                "DeleteInternetGateway",
                "DetachInternetGateway",
            ],
            more: &[
                "CreateEgressOnlyInternetGateway",
                "DeleteEgressOnlyInternetGateway",
                "CreateNatGateway",
                "DeleteNatGateway",
                "CreateTransitGateway",
                "DeleteTransitGateway",
                "AttachVpnGateway",
                "DetachVpnGateway",
            ],
        },
        reason: "the published text misses NAT, egress-only, transit and VPN gateways, and names no service",
    },
    Benchmark {
        number: 13,
        slug: "route-tables",
        title: "Changes of route tables",
        prowler: "cloudwatch_changes_to_network_route_tables_alarm_configured",
        auditor: "{($.eventSource=ec2.amazonaws.com) && (($.eventName=CreateRoute) || \
         ($.eventName=CreateRouteTable) || ($.eventName=ReplaceRoute) || \
         ($.eventName=ReplaceRouteTableAssociation) || ($.eventName=DeleteRouteTable) || \
         ($.eventName=DeleteRoute) || ($.eventName=DisassociateRouteTable))}",
        asked: Asked::Calls {
            source: "ec2.amazonaws.com",
            names: &[
                "CreateRoute",
                "CreateRouteTable",
                "ReplaceRoute",
                "ReplaceRouteTableAssociation",
                "DeleteRouteTable",
                "DeleteRoute",
                "DisassociateRouteTable",
            ],
            more: &[
                "AssociateRouteTable",
                "EnableVgwRoutePropagation",
                "DisableVgwRoutePropagation",
            ],
        },
        reason: "the published text misses a subnet that gets another table, and routes that a VPN gateway \
         propagates. The benchmark's own text has, from 3.0 on, a form whose service holds for the \
         first name alone",
    },
    Benchmark {
        number: 14,
        slug: "vpcs",
        title: "Changes of VPCs",
        prowler: "cloudwatch_changes_to_vpcs_alarm_configured",
        auditor: "{($.eventName=CreateVpc) || ($.eventName=DeleteVpc) || ($.eventName=ModifyVpcAttribute) || \
         ($.eventName=AcceptVpcPeeringConnection) || ($.eventName=CreateVpcPeeringConnection) || \
         ($.eventName=DeleteVpcPeeringConnection) || ($.eventName=RejectVpcPeeringConnection) || \
         ($.eventName=AttachClassicLinkVpc) || ($.eventName=DetachClassicLinkVpc) || \
         ($.eventName=DisableVpcClassicLink) || ($.eventName=EnableVpcClassicLink)}",
        asked: Asked::Calls {
            source: "ec2.amazonaws.com",
            names: &[
                "CreateVpc",
                "DeleteVpc",
                "ModifyVpcAttribute",
                "AcceptVpcPeeringConnection",
                "CreateVpcPeeringConnection",
                "DeleteVpcPeeringConnection",
                "RejectVpcPeeringConnection",
            ],
            more: &[
                "ModifyVpcPeeringConnectionOptions",
                "AssociateVpcCidrBlock",
                "DisassociateVpcCidrBlock",
            ],
        },
        reason: "the published text names no service and has four calls of ClassicLink, which AWS has \
         retired; it misses address ranges and the options of peerings",
    },
    Benchmark {
        number: 15,
        slug: "organization",
        title: "Changes of the organization",
        prowler: "cloudwatch_log_metric_filter_aws_organizations_changes",
        auditor: "{($.eventSource=organizations.amazonaws.com) && (($.eventName=AcceptHandshake) || \
         ($.eventName=AttachPolicy) || ($.eventName=CancelHandshake) || ($.eventName=CreateAccount) \
         || ($.eventName=CreateOrganization) || ($.eventName=CreateOrganizationalUnit) || \
         ($.eventName=CreatePolicy) || ($.eventName=DeclineHandshake) || \
         ($.eventName=DeleteOrganization) || ($.eventName=DeleteOrganizationalUnit) || \
         ($.eventName=DeletePolicy) || ($.eventName=DetachPolicy) || ($.eventName=DisablePolicyType) \
         || ($.eventName=EnableAllFeatures) || ($.eventName=EnablePolicyType) || \
         ($.eventName=InviteAccountToOrganization) || ($.eventName=LeaveOrganization) || \
         ($.eventName=MoveAccount) || ($.eventName=RemoveAccountFromOrganization) || \
         ($.eventName=UpdateOrganizationalUnit) || ($.eventName=UpdatePolicy))}",
        asked: Asked::Calls {
            source: "organizations.amazonaws.com",
            names: &[
                "AcceptHandshake",
                "AttachPolicy",
                "CreateAccount",
                "CreateOrganizationalUnit",
                "CreatePolicy",
                "DeclineHandshake",
                "DeleteOrganization",
                "DeleteOrganizationalUnit",
                "DeletePolicy",
                "DetachPolicy",
                "DisablePolicyType",
                "EnablePolicyType",
                "InviteAccountToOrganization",
                "LeaveOrganization",
                "MoveAccount",
                "RemoveAccountFromOrganization",
                "UpdatePolicy",
                "UpdateOrganizationalUnit",
            ],
            more: &[
                "CancelHandshake",
                "CreateOrganization",
                "EnableAllFeatures",
                "CloseAccount",
                "DisableAWSServiceAccess",
                "DeregisterDelegatedAdministrator",
            ],
        },
        reason: "Security Hub has no such control. The auditor's text has the 21 calls that Prowler looks \
         for, three more than the benchmark; corrected, an account closed, a service shut out and an \
         administrator taken away are in it, too",
    },
];
