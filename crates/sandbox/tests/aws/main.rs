//! Drives every operation of the sandbox through the clients of the Rust SDK.

mod cloudtrail;
mod cloudwatch;
mod configurations;
mod delivery;
mod files;
mod history;
mod iam;
mod kms;
mod lag;
mod life;
mod logs;
mod metrics;
mod notices;
mod s3;
mod serve;
mod sns;
mod sqs;
mod tagging;
mod wire;
mod world;
