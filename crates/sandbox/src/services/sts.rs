//! STS: who am I.

use winterbaume_core::MockResponse;
use winterbaume_sts::wire;

use crate::protocol::Failure;
use crate::record::{USER, USER_ID};
use crate::route::Call;

pub(crate) fn handle(call: &Call) -> Result<MockResponse, Failure> {
    match call.operation.as_str() {
        "GetCallerIdentity" => Ok(wire::serialize_get_caller_identity_response(
            &wire::GetCallerIdentityResponse {
                account: Some(call.account.clone()),
                arn: Some(format!(
                    "arn:{}:iam::{}:user/{USER}",
                    call.partition(),
                    call.account
                )),
                user_id: Some(USER_ID.to_owned()),
            },
        )),
        _ => Err(Failure::not_implemented(call)),
    }
}
