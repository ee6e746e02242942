//! What happens to log events and notices once they have arrived.

use crate::state::State;

/// Takes log events, as time in milliseconds and message, that have just entered a group: here its
/// metric filters count.
pub(crate) fn events_arrive(
    _state: &mut State,
    _account: &str,
    _region: &str,
    _group: &str,
    _events: &[(i64, String)],
    _now: i64,
) {
}

/// Publishes what CloudTrail says about a delivered file to the topic `arn`.
pub(crate) fn publish_notice(state: &mut State, arn: &str, _message: &str, _now: i64) {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    if let [_, _, "sns", region, account, name] = parts.as_slice()
        && let Some(topic) = state.region(account, region).topics.get_mut(*name)
    {
        topic.published += 1;
    }
}
