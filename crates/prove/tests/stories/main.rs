//! An account in which an alert reaches a human, one thing broken at a time, and the link that is named.

mod broken;
mod fixture;
mod rendered;
