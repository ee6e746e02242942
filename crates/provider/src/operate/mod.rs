//! What people do by hand: try a topic, confirm, look at what happened.

use trailwarden_account::{AccountError, Operate};
use trailwarden_spec::evidence::Subscriber;
use trailwarden_spec::happened::{
    Happened, LogEvent, LogQuery, LogStream, Lookup, Stored, StoredQuery, Transition,
};
use trailwarden_spec::kinds::Subscription;

use crate::aws::Page;
use crate::provider::Provider;

mod alarms;
mod history;
mod logs;
mod notices;
mod stored;

impl Operate for Provider {
    async fn subscribers(&self, topic: &str) -> Result<Option<Vec<Subscriber>>, AccountError> {
        notices::subscribers(self.aws().await?, topic).await
    }

    async fn publish(&self, topic: &str, subject: &str, body: &str) -> Result<String, AccountError> {
        notices::publish(self.aws().await?, topic, subject, body).await
    }

    async fn confirm(&self, topic: &str, token: &str) -> Result<String, AccountError> {
        notices::confirm(self.aws().await?, topic, token).await
    }

    async fn ask_again(&self, subscription: &Subscription) -> Result<(), AccountError> {
        subscription.create(self.aws().await?).await
    }

    async fn look_up(&self, lookup: &Lookup) -> Result<Vec<Happened>, AccountError> {
        history::look_up(self.aws().await?, lookup).await
    }

    async fn log_streams(&self, group: &str, most: usize) -> Result<Vec<LogStream>, AccountError> {
        logs::streams(self.aws().await?, group, most).await
    }

    async fn log_events(&self, query: &LogQuery) -> Result<Vec<LogEvent>, AccountError> {
        logs::events(self.aws().await?, query).await
    }

    async fn went_off(&self, alarm: &str, most: usize) -> Result<Vec<Transition>, AccountError> {
        alarms::went_off(self.aws().await?, alarm, most).await
    }

    async fn stored(&self, query: &StoredQuery) -> Result<Vec<Stored>, AccountError> {
        stored::objects(self.aws().await?, query).await
    }

    async fn stored_folders(&self, bucket: &str, prefix: &str) -> Result<Vec<String>, AccountError> {
        stored::folders(self.aws().await?, bucket, prefix).await
    }

    async fn stored_bytes(&self, bucket: &str, key: &str) -> Result<Vec<u8>, AccountError> {
        stored::bytes(self.aws().await?, bucket, key).await
    }
}
