use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use trailwarden_account::{AccountError, ErrorKind};

use super::Api;
use super::retry::{self, Verdict};

/// Says in the words of `account` what the SDK says. `place` is where the call went.
pub(super) fn account_error<E>(api: Api, error: &SdkError<E, HttpResponse>, place: &str) -> AccountError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let verdict = retry::verdict(error);
    let (code, kind, message) = match error {
        SdkError::ServiceError(service) => {
            let meta = service.err().meta();
            let status = service.raw().status().as_u16();
            let code = meta.code().map(str::to_owned);
            let kind = code
                .as_deref()
                .and_then(kind_of_code)
                .unwrap_or_else(|| kind_of(verdict, status));
            let message = match meta.message().map(str::trim).filter(|text| !text.is_empty()) {
                Some(text) => text.to_owned(),
                None => format!("HTTP status {status} from {place}, without a message"),
            };
            (code, kind, message)
        }
        SdkError::ResponseError(response) => {
            let status = response.raw().status().as_u16();
            let said = format!(
                "an answer from {place} that is none of AWS's (HTTP status {status}): {}",
                chain(error)
            );
            (None, kind_of(verdict, status), said)
        }
        _ => match (about_credentials(error), error) {
            (Some(said), _) => (None, ErrorKind::Credentials, said),
            (None, SdkError::DispatchFailure(_) | SdkError::TimeoutError(_)) => (
                None,
                ErrorKind::Unreachable,
                format!("no answer from {place}: {}", chain(error)),
            ),
            (None, _) => (None, ErrorKind::Refused, chain(error)),
        },
    };
    AccountError {
        operation: api.to_string(),
        kind,
        code,
        message,
        request_id: error.request_id().map(str::to_owned),
        hint: None,
    }
}

fn kind_of(verdict: Verdict, status: u16) -> ErrorKind {
    match (verdict, status) {
        (Verdict::Pace, _) => ErrorKind::Throttled,
        (Verdict::Broken | Verdict::Silent, _) => ErrorKind::Unreachable,
        (Verdict::Busy, _) => ErrorKind::Service,
        (_, 401 | 403) => ErrorKind::Denied,
        (_, 404) => ErrorKind::NotFound,
        (Verdict::Moment, _) | (_, 500..) => ErrorKind::Service,
        _ => ErrorKind::Refused,
    }
}

/// The kinds of codes whose way out is not the HTTP status's.
fn kind_of_code(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "AuthorizationError"
        | "AuthorizationErrorException"
        | "AllAccessDisabled" => ErrorKind::Denied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "TokenRefreshRequired"
        | "InvalidToken"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "UnrecognizedClientException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "AuthFailure"
        | "OptInRequired"
        | "NotAuthorizedException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "InvalidSignatureException" => ErrorKind::Credentials,
        // IAM, Logs and CloudWatch each call a used-up quota so; none of them means a rate by it.
        "LimitExceeded"
        | "LimitExceededException"
        | "LimitExceededFault"
        | "ServiceQuotaExceededException"
        | "TooManyBuckets"
        | "TopicLimitExceeded"
        | "SubscriptionLimitExceeded"
        | "TagLimitExceeded"
        | "TagsLimitExceededException"
        | "MaximumNumberOfTrailsExceededException" => ErrorKind::Limit,
        "NotFound"
        | "NotFoundException"
        | "NoSuchEntity"
        | "NoSuchEntityException"
        | "ResourceNotFound"
        | "ResourceNotFoundException"
        | "TrailNotFoundException"
        | "NoSuchBucket" => ErrorKind::NotFound,
        _ => return None,
    })
}

/// The SDK reports credentials that it cannot find or refresh as a failure to send.
fn about_credentials(error: &(dyn Error + 'static)) -> Option<String> {
    let mut causes = std::iter::successors(Some(error), |error| (**error).source());
    let cause = causes.find(|error| error.is::<CredentialsError>())?;
    Some(format!("no usable credentials: {}", chain(cause)))
}

/// An error and what caused it, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    // The outermost says only "dispatch failure".
    for error in std::iter::successors(error.source(), |error| (**error).source()) {
        let text = error.to_string();
        if !words.iter().any(|said| said.contains(&text)) {
            words.push(text);
        }
    }
    match words.is_empty() {
        true => error.to_string(),
        false => words.join(": "),
    }
}
