use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;

use super::*;

const API: Api = Api::write("cloudtrail", "CreateTrail");

fn door() -> Door {
    Door::new(
        "`http://aws.test`".into(),
        SharedAsyncSleep::new(TokioSleep::new()),
        None,
    )
}

fn failed(status: u16, code: &str) -> SdkError<ErrorMetadata, HttpResponse> {
    let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
    SdkError::service_error(
        ErrorMetadata::builder().code(code).message("words").build(),
        response,
    )
}

/// The outcome of a call whose first `failures` tries end so, and how often it was tried.
async fn after(failures: usize, status: u16, code: &str) -> (Result<(), AccountError>, u64) {
    let (door, tries) = (door(), AtomicUsize::new(0));
    let send = || async {
        let this = tries.fetch_add(1, Ordering::SeqCst);
        if this < failures {
            Err(failed(status, code))
        } else {
            Ok(())
        }
    };
    (door.call(API, send).await, door.calls().writes)
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again_and_counted() {
    for (failures, status, code) in [
        (5, 400, "ThrottlingException"),
        (2, 500, "InternalFailure"),
        (2, 503, "Strange"),
        (3, 409, "OperationAborted"),
        (3, 400, "ConcurrentAccess"),
        (3, 400, "StaleTag"),
        (3, 400, "StaleTagException"),
    ] {
        let (outcome, calls) = after(failures, status, code).await;
        assert_eq!((outcome, calls), (Ok(()), failures as u64 + 1), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_stays_is_said_at_once_with_its_kind() {
    for (status, code, kind) in [
        (403, "AccessDenied", ErrorKind::Denied),
        (400, "AccessDeniedException", ErrorKind::Denied),
        (400, "ExpiredTokenException", ErrorKind::Credentials),
        (400, "LimitExceededException", ErrorKind::Limit),
        (400, "ResourceNotFoundException", ErrorKind::NotFound),
        (400, "InvalidParameterException", ErrorKind::Refused),
    ] {
        let (outcome, calls) = after(usize::MAX, status, code).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind, calls), (kind, 1), "{code}");
        assert_eq!(
            error.to_string(),
            format!("cloudtrail:CreateTrail failed: {code}: words")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttle_without_end_is_given_up_after_a_minute() {
    let start = Instant::now();
    let (outcome, _) = after(usize::MAX, 400, "Throttling").await;
    assert_eq!(outcome.unwrap_err().kind, ErrorKind::Throttled);
    assert!(
        (55..90).contains(&start.elapsed().as_secs()),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn another_change_without_end_is_no_throttle() {
    for (status, code) in [(400, "ConflictException"), (409, "OperationAborted")] {
        let start = Instant::now();
        let (outcome, _) = after(usize::MAX, status, code).await;
        assert_eq!(outcome.unwrap_err().kind, ErrorKind::Service, "{code}");
        let waited = start.elapsed();
        assert!((270..330).contains(&waited.as_secs()), "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_wait_ends_within_a_minute() {
    let start = Instant::now();
    let unseen = |error: &AccountError| error.code.as_deref() == Some("NotFound");
    let outcome: Result<(), _> = door()
        .call_until_visible(API, Wait::short("the topic"), unseen, || async {
            Err(failed(404, "NotFound"))
        })
        .await;
    assert_eq!(outcome.unwrap_err().kind, ErrorKind::NotPropagated);
    assert!(
        (30..60).contains(&start.elapsed().as_secs()),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_visible_yet_is_waited_for() {
    let waits = Arc::new(AtomicUsize::new(0));
    let heard = Arc::clone(&waits);
    let door = Door {
        on_wait: Some(Arc::new(move |what| {
            assert_eq!(what, "the role");
            heard.fetch_add(1, Ordering::SeqCst);
        })),
        ..door()
    };
    let start = Instant::now();
    let unseen = |error: &AccountError| error.code.as_deref() == Some("InvalidRole");
    let outcome: Result<(), _> = door
        .call_until_visible(API, Wait::long("the role"), unseen, || async {
            Err(failed(400, "InvalidRole"))
        })
        .await;
    assert_eq!(outcome.unwrap_err().kind, ErrorKind::NotPropagated);
    assert!(
        (120..150).contains(&start.elapsed().as_secs()),
        "{:?}",
        start.elapsed()
    );
    assert!(waits.load(Ordering::SeqCst) > 5);
}

#[tokio::test(start_paused = true)]
async fn what_is_there_is_read_until_it_is_shown() {
    let (door, reads) = (door(), AtomicUsize::new(0));
    let read = |shown: usize| {
        let seen = reads.fetch_add(1, Ordering::SeqCst) >= shown;
        async move { Ok(seen.then_some("the group")) }
    };
    let group = door.read_until_there(Wait::short("the group"), || read(3)).await;
    assert_eq!(group.unwrap(), Some("the group"));
    assert_eq!(reads.load(Ordering::SeqCst), 4);
    let start = Instant::now();
    let never = door
        .read_until_there(Wait::short("the group"), || read(usize::MAX))
        .await;
    assert_eq!(never.unwrap(), None);
    assert!(
        (30..60).contains(&start.elapsed().as_secs()),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn where_nobody_answers_is_said() {
    let broken = || async {
        let refused = ConnectorError::io("connection refused".into());
        Err::<(), _>(SdkError::<ErrorMetadata, HttpResponse>::dispatch_failure(refused))
    };
    let error = door().call(API, broken).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert_eq!(
        error.message,
        "no answer from `http://aws.test`: io error: connection refused"
    );
}
