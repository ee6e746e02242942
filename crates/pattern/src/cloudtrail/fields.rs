//! The fields of a record ("`CloudTrail` record contents", "`CloudTrail` userIdentity element").

use crate::tree::{Selector, Step};

/// Fields whose names are fixed, by the object that they are in.
const FIELDS: [(&str, &[&str]); 5] = [
    (
        "",
        &[
            "eventVersion",
            "userIdentity",
            "eventTime",
            "eventSource",
            "eventName",
            "awsRegion",
            "sourceIPAddress",
            "userAgent",
            "errorCode",
            "errorMessage",
            "requestParameters",
            "responseElements",
            "additionalEventData",
            "requestID",
            "eventID",
            "eventType",
            "apiVersion",
            "managementEvent",
            "readOnly",
            "resources",
            "recipientAccountId",
            "serviceEventDetails",
            "sharedEventID",
            "vpcEndpointId",
            "vpcEndpointAccountId",
            "eventCategory",
            "addendum",
            "sessionCredentialFromConsole",
            "eventContext",
            "edgeDeviceDetails",
            "tlsDetails",
            "insightDetails",
        ],
    ),
    (
        "userIdentity",
        &[
            "type",
            "userName",
            "principalId",
            "arn",
            "accountId",
            "accessKeyId",
            "sessionContext",
            "invokedBy",
            "identityProvider",
            "credentialId",
            "onBehalfOf",
            "inScopeOf",
        ],
    ),
    (
        "userIdentity.sessionContext",
        &[
            "sessionIssuer",
            "webIdFederationData",
            "attributes",
            "sourceIdentity",
            "ec2RoleDelivery",
            "assumedRoot",
        ],
    ),
    (
        "userIdentity.sessionContext.sessionIssuer",
        &["type", "principalId", "arn", "accountId", "userName"],
    ),
    (
        "userIdentity.sessionContext.attributes",
        &["creationDate", "mfaAuthenticated"],
    ),
];

/// Values that are fixed words, by field.
const VALUES: [(&str, &[&str]); 6] = [
    (
        "userIdentity.type",
        &[
            "Root",
            "IAMUser",
            "AssumedRole",
            "Role",
            "FederatedUser",
            "Directory",
            "AWSAccount",
            "AWSService",
            "IdentityCenterUser",
            "SAMLUser",
            "WebIdentityUser",
            "Unknown",
        ],
    ),
    (
        "eventType",
        &[
            "AwsApiCall",
            "AwsServiceEvent",
            "AwsConsoleAction",
            "AwsConsoleSignIn",
            "AwsCloudTrailInsight",
            "AwsVpceEvent",
        ],
    ),
    (
        "eventCategory",
        &["Management", "Data", "NetworkActivity", "Insight"],
    ),
    ("additionalEventData.MFAUsed", &["Yes", "No"]),
    ("responseElements.ConsoleLogin", &["Success", "Failure"]),
    (
        "userIdentity.sessionContext.attributes.mfaAuthenticated",
        &["true", "false"],
    ),
];

/// The names of a selector that has nothing but names, joined by periods.
fn path(selector: &Selector) -> Option<String> {
    let names: Option<Vec<&str>> = selector
        .steps
        .iter()
        .map(|step| match step {
            Step::Key(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    names.map(|names| names.join("."))
}

/// How a field of a record is spelt whose name was mistyped: the step, and its right name.
pub(crate) fn spelling(selector: &Selector) -> Option<(usize, &'static str)> {
    let mut within = String::new();
    for (at, step) in selector.steps.iter().enumerate() {
        let Step::Key(name) = step else { return None };
        let (_, fields) = FIELDS.iter().find(|(object, _)| *object == within)?;
        if !fields.contains(&name.as_str()) {
            let same = fields.iter().find(|field| field.eq_ignore_ascii_case(name));
            let near = || {
                let slip = |field: &&&str| name.len() >= 5 && strsim::osa_distance(field, name) <= 2;
                fields.iter().find(slip)
            };
            return same.or_else(near).map(|field| (at, *field));
        }
        if at > 0 {
            within.push('.');
        }
        within.push_str(name);
    }
    None
}

/// The words that a field's value is one of, where they are fixed.
pub(crate) fn known_values(selector: &Selector) -> &'static [&'static str] {
    let path = path(selector).unwrap_or_default();
    let found = VALUES.iter().find(|(field, _)| *field == path);
    found.map_or(&[], |(_, values)| values)
}

/// True for a field that only records of `CloudTrail` are likely to have.
pub(crate) fn looks_like_a_record(selector: &Selector) -> bool {
    let Some(Step::Key(name)) = selector.steps.first() else {
        return false;
    };
    let (_, fields) = FIELDS[0];
    fields.contains(&name.as_str())
}
