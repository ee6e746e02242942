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

/// What a field's value is, where it is not a text that differs from record to record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Boolean,
    Object,
    Array,
    /// A string, also where it says `true` or `Yes`.
    Text,
}

const SORTS: [(&str, Sort); 17] = [
    ("readOnly", Sort::Boolean),
    ("managementEvent", Sort::Boolean),
    ("userIdentity", Sort::Object),
    ("userIdentity.sessionContext", Sort::Object),
    ("userIdentity.sessionContext.attributes", Sort::Object),
    ("userIdentity.sessionContext.sessionIssuer", Sort::Object),
    ("requestParameters", Sort::Object),
    ("responseElements", Sort::Object),
    ("additionalEventData", Sort::Object),
    ("serviceEventDetails", Sort::Object),
    ("tlsDetails", Sort::Object),
    ("resources", Sort::Array),
    (
        "userIdentity.sessionContext.attributes.mfaAuthenticated",
        Sort::Text,
    ),
    ("additionalEventData.MFAUsed", Sort::Text),
    ("responseElements.ConsoleLogin", Sort::Text),
    ("errorCode", Sort::Text),
    ("sessionCredentialFromConsole", Sort::Text),
];

/// What a field's value is, where that is known.
pub(crate) fn sort(selector: &Selector) -> Option<Sort> {
    let path = path(selector)?;
    let found = SORTS.iter().find(|(field, _)| *field == path);
    found.map(|(_, sort)| *sort)
}

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

/// A step of a selector that leads to no field of records.
pub(crate) struct Misspelt {
    /// Which step.
    pub(crate) step: usize,
    /// The field that was probably meant.
    pub(crate) meant: Option<&'static str>,
}

/// Where a selector leaves the fields that records have.
pub(crate) fn misspelt(selector: &Selector) -> Option<Misspelt> {
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
            let part = || {
                let part = |field: &&&str| name.len() >= 6 && field.starts_with(name.as_str());
                fields.iter().find(part)
            };
            let meant = same.or_else(near).or_else(part).copied();
            // New fields are added within objects more often than beside them.
            return (at == 0 || meant.is_some()).then_some(Misspelt { step: at, meant });
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
