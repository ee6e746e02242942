//! One module per command; each returns how the command ends.

pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod confirm;
pub(crate) mod coverage;
pub(crate) mod destroy;
pub(crate) mod drift;
pub(crate) mod drill;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod files;
pub(crate) mod init;
pub(crate) mod logs;
pub(crate) mod notify;
pub(crate) mod packs;
pub(crate) mod pattern;
pub(crate) mod permissions;
pub(crate) mod plan;
pub(crate) mod replay;
pub(crate) mod resend;
pub(crate) mod rules;
#[cfg(feature = "sandbox")]
pub(crate) mod sandbox;
pub(crate) mod status;
pub(crate) mod trail;
