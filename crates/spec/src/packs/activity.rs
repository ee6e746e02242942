//! The pack `account-activity`: the three rules of `specs/account-activity.toml`.

use super::{Control, calls};

/// The services by which people and programs prove who they are. STS is not among them: it hands out
/// credentials and has no settings to change.
const AUTHENTICATION: [&str; 7] = [
    "iam.amazonaws.com",
    "sso.amazonaws.com",
    "sso-directory.amazonaws.com",
    "identitystore.amazonaws.com",
    "cognito-idp.amazonaws.com",
    "cognito-identity.amazonaws.com",
    "signin.amazonaws.com",
];

pub(super) fn controls(_version: &str) -> Vec<Control> {
    let changes = [
        "Add*",
        "Attach*",
        "Change*",
        "Create*",
        "Deactivate*",
        "Delete*",
        "Detach*",
        "Disable*",
        "Enable*",
        "Put*",
        "Remove*",
        "Reset*",
        "Resync*",
        "Set*",
        "Tag*",
        "Untag*",
        "Update*",
        "Upload*",
    ];
    let auth = [
        "Attach*",
        "Detach*",
        "Put*",
        "Create*",
        "Update*",
        "Delete*",
        "Upload*",
        "Add*",
        "Remove*",
        "Set*",
        "Enable*",
        "Disable*",
        "Deactivate*",
        "Change*",
        "Password*",
    ];
    let any = |field: &str, values: &[&str]| {
        let each: Vec<String> = values
            .iter()
            .map(|value| format!("($.{field} = \"{value}\")"))
            .collect();
        format!("({})", each.join(" || "))
    };
    vec![
        control(
            "iam-changes",
            "IAM users, groups, roles, policies or credentials changed",
            calls("iam.amazonaws.com", changes),
            "IAM has no event that is called `Create`: the `*` stands for CreateUser, CreateRole and some twenty more",
        ),
        control(
            "iam-calls",
            "IAM was called, be it only to read",
            "{ $.eventSource = \"iam.amazonaws.com\" }".into(),
            "who looks at every user and policy is getting to know the account; where people work with IAM it goes off \
             often, and is the first one to name in `except`",
        ),
        control(
            "auth-changes",
            "Authentication or authorization changed",
            format!(
                "{{ {} && {} }}",
                any("eventSource", &AUTHENTICATION),
                any("eventName", &auth)
            ),
            "IAM, IAM Identity Center, Cognito, and passwords changed at sign-in",
        ),
    ]
}

fn control(id: &'static str, title: &'static str, pattern: String, reason: &'static str) -> Control {
    Control {
        id: id.into(),
        slug: id,
        title,
        corrected: pattern,
        auditor: None,
        asks: None,
        reason,
        security_hub: None,
        prowler: None,
        calls: &[],
        narrow: None,
    }
}
