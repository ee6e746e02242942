//! IAM policy documents, understood rather than compared as text.
//!
//! **In** goes the text of a policy document: an identity policy, the trust policy of a role, the
//! policy of a bucket, of a topic or of a key, as a person typed it or as AWS returns it
//! (percent-encoded by IAM, with lists reordered by SNS). Statements of our own are built with
//! [`Statement::allow`].
//!
//! **Out** come a [`Policy`] in normal form, the answer to "do these two say the same"
//! ([`Policy::same_meaning`]), the same document with one statement put in or taken out by its Sid
//! ([`Policy::with`], [`Policy::without`]), and the answer to "would this call be let through"
//! ([`Policy::evaluate`]).
//!
//! It **never** loses or reorders a statement that somebody else wrote, keys that it does not know
//! included; never says `Allowed` where it is not sure; never asks an account, a clock or the
//! environment: what a condition needs comes in with the [`Request`].
//!
//! Three ideas carry the crate:
//!
//! * **Normal form** is made when a document is read: one string and a list of one are the same
//!   set, sets are sorted, numbers and booleans among condition values become their text. `==`
//!   compares that form. See [`Policy`].
//! * **Meaning** is coarser: order of statements, Sids, the `Id`, letter case where AWS ignores it
//!   and two spellings of one principal do not count. See [`Policy::same_meaning`].
//! * **Doubt** is a value. Each part of a statement fits a request, does not, or may: an `Allow`
//!   counts only if it fits, a `Deny` already if it may. See [`Policy::evaluate`].
//!
//! ```
//! use trailwarden_policy::{Caller, Decision, Policy, Request, Statement};
//!
//! let foreign = r#"{"Version": "2012-10-17", "Statement": {
//!     "Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
//!     "Resource": "arn:aws:s3:::logs/*", "Condition": {"Bool": {"aws:SecureTransport": false}}}}"#;
//! let ours = Statement::allow("AclCheck")
//!     .service("cloudtrail.amazonaws.com")
//!     .action("s3:GetBucketAcl")
//!     .resource("arn:aws:s3:::logs");
//! let policy = Policy::parse(foreign)?.with(ours);
//!
//! let caller = Caller::Service("cloudtrail.amazonaws.com".into());
//! let request = Request::new(caller, "s3:GetBucketAcl", "arn:aws:s3:::logs");
//! assert_eq!(policy.evaluate(&request), Decision::Allowed { by: 1 });
//! assert!(policy.without("AclCheck").same_meaning(&Policy::parse(foreign)?));
//! # Ok::<(), trailwarden_policy::PolicyError>(())
//! ```

mod condition;
mod document;
mod error;
mod evaluate;
mod glob;
mod json;
mod meaning;
mod operand;
mod principal;
mod read;
mod request;
mod statement;

pub use document::Policy;
pub use error::PolicyError;
pub use evaluate::Decision;
pub use request::{Caller, Request};
pub use statement::{Conditions, Effect, Element, Names, Principal, Statement, Who};
