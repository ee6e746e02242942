//! `[role.LABEL]`: name, path and boundary of a delivery role, whose statements are derived.

use crate::kinds::Role;
use crate::leaf::{Managed, Tags};

use super::decoder::{At, Table};
use super::sections::Section;
use super::stack::Header;
use super::{limits, names};

/// A role as typed.
#[derive(Debug)]
pub(crate) struct RoleSection {
    pub(crate) name: String,
    pub(crate) path: String,
    permissions_boundary: Managed<Option<String>>,
    tags: Tags,
}

impl Section for RoleSection {
    const WORD: &'static str = "role";

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        let name = table.name(label, &names::ROLE).value;
        let path = table.take::<String>("path");
        if let Some(path) = &path {
            names::ROLE_PATH.check(table.cx.sink, path);
        }
        let boundary = table
            .take::<String>("permissions_boundary")
            .map(|text| match text.value.as_str() {
                "none" => None,
                _ => {
                    limits::arn(table.cx.sink, &text, "iam", "policy/", "an IAM policy");
                    Some(text.value)
                }
            });
        Self {
            name,
            path: path.map_or_else(|| header.stack.role_path(), |path| path.value),
            permissions_boundary: boundary.into(),
            tags: table.tags(header),
        }
    }
}

impl RoleSection {
    /// The role that lets `CloudTrail` deliver to these log groups; of an organization where one is
    /// given.
    pub(crate) fn delivering_to(&self, header: &Header, log_groups: &[(&str, Option<&str>)]) -> Role {
        Role {
            permissions_boundary: self.permissions_boundary.clone(),
            tags: self.tags.clone(),
            ..Role::for_deliveries(&header.stack.scope, &self.path, &self.name, log_groups)
        }
    }
}
