//! What people do with a watch that works: try it, confirm, look at what happened.

use std::future::Future;

use trailwarden_spec::evidence::Subscriber;
use trailwarden_spec::happened::{
    Happened, LogEvent, LogQuery, LogStream, Lookup, Stored, StoredQuery, Transition,
};
use trailwarden_spec::kinds::Subscription;

use crate::{AccountError, Observe};

/// Works an account by hand. Nothing here is part of a plan, and nothing changes what a plan compares.
pub trait Operate: Observe {
    /// The subscribers of a topic of the stack's account and region; `None` when there is no such topic.
    /// Removed ones, which SNS lists for up to three days, are left out.
    fn subscribers(
        &self,
        topic: &str,
    ) -> impl Future<Output = Result<Option<Vec<Subscriber>>, AccountError>> + Send;

    /// Publishes a message (`Publish`) and returns its id. `subject` has up to 100 characters of ASCII. A
    /// repeated call sends another message.
    ///
    /// # Errors
    /// When the topic is not there, or its policy or key does not let the caller publish.
    fn publish(
        &self,
        topic: &str,
        subject: &str,
        body: &str,
    ) -> impl Future<Output = Result<String, AccountError>> + Send;

    /// Confirms a subscription with the token that its endpoint was sent (`ConfirmSubscription`), so that
    /// only the account's own credentials can end it (`AuthenticateOnUnsubscribe`). Returns its ARN.
    ///
    /// # Errors
    /// When the token is none of the topic's, or is older than two days.
    fn confirm(&self, topic: &str, token: &str) -> impl Future<Output = Result<String, AccountError>> + Send;

    /// Subscribes an endpoint again that has not confirmed (`Subscribe`), for which SNS sends it another
    /// request to confirm. One that has confirmed is told nothing.
    ///
    /// # Errors
    /// When the topic is not there, or SNS does not take the endpoint.
    fn ask_again(&self, subscription: &Subscription)
    -> impl Future<Output = Result<(), AccountError>> + Send;

    /// Looks into the event history (`LookupEvents`): the management events of the last 90 days that the
    /// stack's region logged, the newest first. AWS answers twice a second, with 50 events.
    ///
    /// # Errors
    /// When a call fails, or the times are no span.
    fn look_up(&self, lookup: &Lookup) -> impl Future<Output = Result<Vec<Happened>, AccountError>> + Send;

    /// Lists the streams of a log group (`DescribeLogStreams`), those with the newest events first, as far as
    /// `CloudWatch` Logs knows by now.
    ///
    /// # Errors
    /// When the group is not there.
    fn log_streams(
        &self,
        group: &str,
        most: usize,
    ) -> impl Future<Output = Result<Vec<LogStream>, AccountError>> + Send;

    /// Reads events of a log group (`FilterLogEvents`): the newest that fit, the oldest of them first. AWS
    /// reads from the oldest on, so that a long time takes many calls.
    ///
    /// # Errors
    /// When the group is not there, or AWS does not take the pattern.
    fn log_events(
        &self,
        query: &LogQuery,
    ) -> impl Future<Output = Result<Vec<LogEvent>, AccountError>> + Send;

    /// The last changes of an alarm's state to `ALARM`, the newest first, of the 30 days that `CloudWatch` keeps
    /// (`DescribeAlarmHistory`). None of an alarm that is not there.
    fn went_off(
        &self,
        alarm: &str,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Transition>, AccountError>> + Send;

    /// Lists the objects of a bucket (`ListObjectsV2`) that begin with a prefix, in the order of their keys, 1000
    /// with a call.
    ///
    /// # Errors
    /// When the bucket is not there, or is another account's.
    fn stored(&self, query: &StoredQuery) -> impl Future<Output = Result<Vec<Stored>, AccountError>> + Send;

    /// Lists what comes after a prefix of a bucket's keys, up to the next `/` (`ListObjectsV2` with a delimiter):
    /// the names of the folders there.
    ///
    /// # Errors
    /// As [`Operate::stored`].
    fn stored_folders(
        &self,
        bucket: &str,
        prefix: &str,
    ) -> impl Future<Output = Result<Vec<String>, AccountError>> + Send;

    /// Reads an object of a bucket (`GetObject`), as it is stored: packed, where it is.
    ///
    /// # Errors
    /// When it is not there, is archived, or the caller may not read it, for which a KMS key may be the reason.
    fn stored_bytes(
        &self,
        bucket: &str,
        key: &str,
    ) -> impl Future<Output = Result<Vec<u8>, AccountError>> + Send;
}
