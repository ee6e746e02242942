//! A plan, and a drift, as people and programs read them.
//!
//! [`text`] carries ANSI styles; whoever prints strips them where they do not belong. The text is
//! no interface. [`json`] is one: it has a format number, and later versions only add to it.

mod drift;
mod json;
mod lines;
mod text;
mod visible;

pub use drift::{drift_json, drift_markdown, drift_text};
pub use json::json;
pub use text::text;
pub use trailwarden_spec::visible::{visible, visible_line};
