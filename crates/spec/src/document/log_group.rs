//! `[log_group.LABEL]`.

use crate::kinds::LogGroup;
use crate::leaf::Managed;

use super::decoder::{At, Table};
use super::names;
use super::sections::Section;
use super::stack::Header;

impl Section for LogGroup {
    const WORD: &'static str = "log_group";

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        Self {
            name: table.name(label, &names::LOG_GROUP).value,
            retention: table.take("retention_days").map(|at| at.value).into(),
            // A class cannot be changed, and only that of a new group is ours to choose.
            class: Managed::Leave,
            key: Managed::Leave,
            tags: table.tags(header),
        }
    }
}
