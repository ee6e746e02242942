//! IAM roles. IAM is one service for all regions and slow to agree with itself, so what follows a
//! create waits for the new role to be seen.

use std::collections::BTreeMap;

use aws_sdk_iam::types::Tag;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_policy::Policy;
use trailwarden_spec::compare::{Compare, Verdict};
use trailwarden_spec::evidence::RoleSeen;
use trailwarden_spec::kinds::Role;
use trailwarden_spec::leaf::{Managed, PolicyText, Tags};
use trailwarden_spec::live::{Attention, Facts, Found};
use trailwarden_spec::{Kind, Object};

use super::known::{Known, built};
use super::{Aws, Page, refusal, retag};
use crate::door::{Absent, Api, Wait};

const CREATE: Api = Api::write("iam", "CreateRole");
const UPDATE_TRUST: Api = Api::write("iam", "UpdateAssumeRolePolicy");
const PUT_POLICY: Api = Api::write("iam", "PutRolePolicy");
const DELETE_POLICY: Api = Api::write("iam", "DeleteRolePolicy");
const PUT_BOUNDARY: Api = Api::write("iam", "PutRolePermissionsBoundary");
const DELETE_BOUNDARY: Api = Api::write("iam", "DeleteRolePermissionsBoundary");
const DELETE: Api = Api::write("iam", "DeleteRole");
const TAG: Api = Api::write("iam", "TagRole");
const UNTAG: Api = Api::write("iam", "UntagRole");

const NEW_ROLE: Wait = Wait::long("IAM to see the new role");
const POLICY_GONE: Wait = Wait::short("IAM to see that the role has no policy any more");

const GONE: &[&str] = &["NoSuchEntity", "NoSuchEntityException"];

fn gone(error: &AccountError) -> bool {
    GONE.iter().any(|code| error.is(code))
}

/// Reads a role. The tag index does not know roles; `GetRole` returns their tags.
pub(crate) async fn read_with(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
    let role = async {
        let answer = aws
            .door
            .call(Api::read("iam", "GetRole"), || {
                aws.iam.get_role().role_name(name).send()
            })
            .await;
        answer.absent(GONE)
    };
    let policy = async {
        let get = || {
            aws.iam
                .get_role_policy()
                .role_name(name)
                .policy_name(Role::POLICY_NAME)
                .send()
        };
        aws.door
            .call(Api::read("iam", "GetRolePolicy"), get)
            .await
            .absent(GONE)
    };
    let (role, policy) = futures::try_join!(role, policy)?;
    let Some(role) = role.and_then(|answer| answer.role) else {
        return Ok(None);
    };
    let mut facts = Facts {
        arn: Some(role.arn),
        ..Facts::default()
    };
    // IAM percent-encodes documents; `Policy::parse` reads both forms.
    let mut read = |what: &str, text: &str| {
        PolicyText(Policy::parse(text).unwrap_or_else(|error| {
            facts
                .inexpressible
                .push(format!("{what} that cannot be read ({error})"));
            Policy::default()
        }))
    };
    let trust = read(
        "a trust policy",
        &role.assume_role_policy_document.unwrap_or_default(),
    );
    let policy = policy.map(|answer| read("an inline policy", &answer.policy_document));
    let boundary = role
        .permissions_boundary
        .and_then(|boundary| boundary.permissions_boundary_arn);
    let tags = role
        .tags
        .unwrap_or_default()
        .into_iter()
        .map(|tag| (tag.key, tag.value))
        .collect();
    let (tags, owner) = Tags::from_wire(tags, &aws.stack);
    let value = Role {
        name: role.role_name,
        path: role.path,
        trust,
        policy,
        permissions_boundary: Managed::Set(boundary),
        tags,
    };
    Ok(Some(Found {
        value: value.into(),
        owner,
        facts,
    }))
}

/// The names of the roles under the path that the stack makes its roles under.
pub(crate) async fn list(aws: &Aws) -> Result<Vec<String>, AccountError> {
    let mut names = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = aws
            .door
            .call(Api::read("iam", "ListRoles"), || {
                aws.iam
                    .list_roles()
                    .path_prefix(&aws.role_path)
                    .set_marker(marker.clone())
                    .send()
            })
            .await?;
        names.extend(page.roles.into_iter().map(|role| role.role_name));
        // A last page may carry a marker all the same.
        match page.marker.filter(|_| page.is_truncated) {
            Some(next) => marker = Some(next),
            None => return Ok(names),
        }
    }
}

fn wire_tags(api: Api, tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, AccountError> {
    tags.iter()
        .map(|(key, value)| built(api, Tag::builder().key(key).value(value).build()))
        .collect()
}

async fn put_policy(role: &Role, policy: &PolicyText, fresh: bool, aws: &Aws) -> Result<(), AccountError> {
    let text = policy.0.to_json();
    let unseen = |error: &AccountError| fresh && gone(error);
    let put = aws.door.call_until_visible(PUT_POLICY, NEW_ROLE, unseen, || {
        let put = aws.iam.put_role_policy().role_name(&role.name);
        put.policy_name(Role::POLICY_NAME).policy_document(&text).send()
    });
    put.await.map(drop)
}

async fn delete_policy(name: &str, aws: &Aws) -> Result<(), AccountError> {
    let delete = || {
        aws.iam
            .delete_role_policy()
            .role_name(name)
            .policy_name(Role::POLICY_NAME)
            .send()
    };
    aws.door.call(DELETE_POLICY, delete).await.absent(GONE).map(drop)
}

/// A delivery role, with all that is known of what it may do; `None` when it is not there.
pub(crate) async fn seen(aws: &Aws, name: &str) -> Result<Option<RoleSeen>, AccountError> {
    let (found, attached, names) = futures::try_join!(
        read_with(aws, name),
        attached_policies(name, aws),
        inline_policies(name, aws)
    )?;
    let Some(Object::Role(role)) = found.map(|found| found.value) else {
        return Ok(None);
    };
    let others = names.iter().filter(|name| *name != Role::POLICY_NAME);
    let others = others.map(|policy| async move {
        let get = || {
            aws.iam
                .get_role_policy()
                .role_name(name)
                .policy_name(policy)
                .send()
        };
        let answer = aws.door.call(Api::read("iam", "GetRolePolicy"), get).await;
        Ok::<_, AccountError>(
            answer
                .absent(GONE)?
                .and_then(|answer| Policy::parse(&answer.policy_document).ok()),
        )
    });
    let others = futures::future::try_join_all(others).await?;
    let ours = role.policy.map(|policy| policy.0);
    Ok(Some(RoleSeen {
        trust: role.trust.0,
        inline: ours.into_iter().chain(others.into_iter().flatten()).collect(),
        attached,
        boundary: role.permissions_boundary.get().cloned().flatten(),
    }))
}

/// Says what others let the role do beyond what the spec derives: whoever can make `CloudTrail`
/// assume it can do that, too.
pub(crate) async fn attention(aws: &Aws, name: &str) -> Result<Option<Attention>, AccountError> {
    let foreign = foreign_policies(name, aws).await?;
    Ok((!foreign.is_empty()).then(|| Attention {
        address: Some(aws.scope.address(Kind::Role, name)),
        code: "foreign-policy",
        message: format!(
            "it also has the policies {}; delivery needs none of them, detach them if nobody knows why",
            foreign.join(", ")
        ),
    }))
}

/// What others put on the role, and what would go with it or keep it from going.
async fn foreign_policies(name: &str, aws: &Aws) -> Result<Vec<String>, AccountError> {
    let (attached, inline) = futures::try_join!(attached_policies(name, aws), inline_policies(name, aws))?;
    let inline = inline.into_iter().filter(|policy| policy != Role::POLICY_NAME);
    Ok(attached.into_iter().chain(inline).collect())
}

/// The ARNs of the managed policies of a role.
async fn attached_policies(name: &str, aws: &Aws) -> Result<Vec<String>, AccountError> {
    let mut arns = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let list = || {
            let list = aws.iam.list_attached_role_policies().role_name(name);
            list.set_marker(marker.clone()).send()
        };
        let page = aws
            .door
            .call(Api::read("iam", "ListAttachedRolePolicies"), list)
            .await
            .absent(GONE)?;
        let Some(page) = page else { return Ok(arns) };
        let policies = page.attached_policies.unwrap_or_default();
        arns.extend(policies.into_iter().filter_map(|policy| policy.policy_arn));
        match page.marker.filter(|_| page.is_truncated) {
            Some(next) => marker = Some(next),
            None => return Ok(arns),
        }
    }
}

/// The names of the inline policies of a role.
async fn inline_policies(name: &str, aws: &Aws) -> Result<Vec<String>, AccountError> {
    let mut names = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let list = || {
            let list = aws.iam.list_role_policies().role_name(name);
            list.set_marker(marker.clone()).send()
        };
        let page = aws
            .door
            .call(Api::read("iam", "ListRolePolicies"), list)
            .await
            .absent(GONE)?;
        let Some(page) = page else { return Ok(names) };
        names.extend(page.policy_names);
        match page.marker.filter(|_| page.is_truncated) {
            Some(next) => marker = Some(next),
            None => return Ok(names),
        }
    }
}

fn boundary(role: &Role) -> Option<&str> {
    role.permissions_boundary
        .get()
        .and_then(|boundary| boundary.as_deref())
}

impl Page for Role {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        read_with(aws, name).await
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        let trust = self.trust.0.to_json();
        let tags = wire_tags(CREATE, &self.tags.to_wire(&aws.stack, false))?;
        let made = aws
            .door
            .call(CREATE, || {
                let create = aws.iam.create_role().role_name(&self.name).path(&self.path);
                let create = create
                    .assume_role_policy_document(&trust)
                    .set_tags(Some(tags.clone()));
                create
                    .set_permissions_boundary(boundary(self).map(str::to_owned))
                    .send()
            })
            .await;
        match (made, &self.policy) {
            (Ok(_), Some(policy)) => put_policy(self, policy, true, aws).await,
            (Ok(_), None) => Ok(()),
            (Err(error), _) if error.is("EntityAlreadyExists") => {
                // An earlier create of ours got this far, or somebody else was quicker.
                let read = || read_with(aws, &self.name);
                match aws.door.read_until_there(NEW_ROLE, read).await? {
                    Some(Found { value: Object::Role(live), owner, .. }) if owner.is_ours() => {
                        self.update(&live, aws).await
                    }
                    None => Err(error.known(
                        ErrorKind::NotPropagated,
                        "IAM knows that the role is there and does not show it yet",
                    )),
                    _ => Err(error.known(
                        ErrorKind::Refused,
                        "the role is there and does not carry this stack's mark: plan again to see whose it is",
                    )),
                }
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn update(&self, before: &Self, aws: &Aws) -> Result<(), AccountError> {
        if self.path != before.path {
            let message = format!(
                "the path of a role cannot be changed from `{}` to `{}`",
                before.path, self.path
            );
            return Err(refusal(UPDATE_TRUST, message));
        }
        if self.trust.verdict(&before.trust) == Verdict::Differs {
            let trust = self.trust.0.to_json();
            let update = || {
                aws.iam
                    .update_assume_role_policy()
                    .role_name(&self.name)
                    .policy_document(&trust)
                    .send()
            };
            aws.door.call(UPDATE_TRUST, update).await?;
        }
        // A boundary may take away what the new policy gives and the other way round: whichever
        // order, the role is briefly weaker than both, and CloudTrail tries again.
        match (boundary(self), boundary(before)) {
            (Some(wanted), held) if held != Some(wanted) => {
                let put = aws
                    .iam
                    .put_role_permissions_boundary()
                    .role_name(&self.name)
                    .permissions_boundary(wanted);
                aws.door.call(PUT_BOUNDARY, || put.clone().send()).await?;
            }
            (None, Some(_)) => {
                let delete = || {
                    aws.iam
                        .delete_role_permissions_boundary()
                        .role_name(&self.name)
                        .send()
                };
                aws.door.call(DELETE_BOUNDARY, delete).await.absent(GONE)?;
            }
            _ => {}
        }
        match &self.policy {
            Some(policy) if self.policy.verdict(&before.policy) == Verdict::Differs => {
                put_policy(self, policy, false, aws).await?;
            }
            None if before.policy.is_some() => delete_policy(&self.name, aws).await?,
            _ => {}
        }
        retag(self, &before.tags, &self.tags, aws).await
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        // Asked first: a role that cannot go must not lose its policy.
        let foreign = foreign_policies(&self.name, aws).await?;
        if !foreign.is_empty() {
            let message = format!(
                "the role `{}` has policies that are not this stack's ({}); take them off it if nobody needs them, \
                 or leave the role out of the plan",
                self.name,
                foreign.join(", ")
            );
            return Err(refusal(DELETE, message));
        }
        delete_policy(&self.name, aws).await?;
        let deleted = aws
            .door
            .call_until_visible(
                DELETE,
                POLICY_GONE,
                |error| error.is("DeleteConflict"),
                || aws.iam.delete_role().role_name(&self.name).send(),
            )
            .await
            .absent(GONE);
        match deleted {
            Err(error) if error.is("DeleteConflict") => Err(error.known(
                ErrorKind::Refused,
                "something else is attached to the role, such as an instance profile: take it off and apply again",
            )),
            outcome => outcome.map(drop),
        }
    }

    async fn tag(
        &self,
        aws: &Aws,
        put: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Result<(), AccountError> {
        if !put.is_empty() {
            let tags = wire_tags(TAG, put)?;
            let tag = || {
                aws.iam
                    .tag_role()
                    .role_name(&self.name)
                    .set_tags(Some(tags.clone()))
                    .send()
            };
            aws.door.call(TAG, tag).await?;
        }
        if !remove.is_empty() {
            let untag = || {
                aws.iam
                    .untag_role()
                    .role_name(&self.name)
                    .set_tag_keys(Some(remove.to_vec()))
                    .send()
            };
            aws.door.call(UNTAG, untag).await?;
        }
        Ok(())
    }
}
