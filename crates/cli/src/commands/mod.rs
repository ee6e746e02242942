//! One module per command; each returns how the command ends.

pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod destroy;
pub(crate) mod drift;
pub(crate) mod init;
pub(crate) mod pattern;
pub(crate) mod permissions;
pub(crate) mod plan;
#[cfg(feature = "sandbox")]
pub(crate) mod sandbox;
pub(crate) mod status;
