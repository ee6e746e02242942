//! An HTTP client between the provider and an account: it answers single operations itself first
//! and hands everything else on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;

/// What an operation is answered with, in AWS's order: status, code, message.
pub(crate) type Refusal = (u16, &'static str, &'static str);

#[derive(Clone, Debug)]
enum Answer {
    Refusal(Refusal),
    Body(String),
}

/// See the module. Clones share their answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// By operation and a part of its body.
    planned: BTreeMap<(String, String), VecDeque<Answer>>,
    /// Operations and request bodies, in the order in which they came.
    seen: Vec<(String, String)>,
}

impl Faults {
    /// The client of the provider; `account` answers what is not refused here.
    pub(crate) fn before(&self, account: SharedHttpClient) -> SharedHttpClient {
        let faults = self.clone();
        http_client_fn(move |settings, components| {
            SharedHttpConnector::new(Connector {
                faults: faults.clone(),
                account: account.http_connector(settings, components),
            })
        })
    }

    /// Refuses the next `times` calls of an operation.
    pub(crate) fn refuse(&self, operation: &str, times: usize, refusal: Refusal) {
        self.plan(operation, "", (0..times).map(|_| Answer::Refusal(refusal)));
    }

    /// Answers the next call of an operation with a body.
    pub(crate) fn answer(&self, operation: &str, body: impl Into<String>) {
        self.plan(operation, "", [Answer::Body(body.into())]);
    }

    /// Refuses the next `times` calls of an operation that say `about` in their bodies.
    pub(crate) fn refuse_about(&self, operation: &str, about: &str, times: usize, refusal: Refusal) {
        self.plan(operation, about, (0..times).map(|_| Answer::Refusal(refusal)));
    }

    /// The operations called since the last question.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .map(|(operation, _)| operation)
            .collect()
    }

    /// The operations called since the last question, with what was sent.
    pub(crate) fn requests(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.state.lock().unwrap().seen)
    }

    fn plan(&self, operation: &str, about: &str, answers: impl IntoIterator<Item = Answer>) {
        let mut state = self.state.lock().unwrap();
        let of = (operation.to_owned(), about.to_owned());
        state.planned.entry(of).or_default().extend(answers);
    }

    /// Notes a call and gives the answer that is planned for it.
    fn next(&self, operation: &str, body: String) -> Option<Answer> {
        let mut state = self.state.lock().unwrap();
        let fits = |of: &(String, String)| of.0 == operation && body.contains(&of.1);
        let mut planned = state.planned.iter_mut().filter(|(of, _)| fits(of));
        let answer = planned.find_map(|(_, answers)| answers.pop_front());
        state.seen.push((operation.to_owned(), body));
        answer
    }
}

#[derive(Debug)]
struct Connector {
    faults: Faults,
    account: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (operation, dialect) = operation(&request);
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let answer = match self.faults.next(&operation, body) {
            None => self.account.call(request),
            Some(Answer::Body(body)) => {
                HttpConnectorFuture::ready(Ok(dialect.response(200, body.into_bytes())))
            }
            Some(Answer::Refusal(refusal)) => HttpConnectorFuture::ready(Ok(dialect.refusal(refusal))),
        };
        HttpConnectorFuture::new(async move {
            // An answer takes time, in which others ask.
            tokio::task::yield_now().await;
            answer.await
        })
    }
}

/// How a service writes its answers.
#[derive(Clone, Copy, Debug)]
enum Dialect {
    Json,
    Cbor,
    Query,
    S3,
}

impl Dialect {
    fn response(self, status: u16, body: Vec<u8>) -> HttpResponse {
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        if matches!(self, Self::Cbor) {
            response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
        }
        response
    }

    fn refusal(self, (status, code, message): Refusal) -> HttpResponse {
        let error = format!("<Code>{code}</Code><Message>{message}</Message>");
        let body = match self {
            Self::Json => format!(r#"{{"__type":"{code}","message":"{message}"}}"#).into_bytes(),
            Self::Cbor => [
                &[0xa2],
                &*text("__type"),
                &*text(code),
                &*text("message"),
                &*text(message),
            ]
            .concat(),
            Self::Query => format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>").into_bytes(),
            Self::S3 => format!("<Error>{error}</Error>").into_bytes(),
        };
        self.response(status, body)
    }
}

/// A text of CBOR.
fn text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    [&[0x78, length], text.as_bytes()].concat()
}

/// The operation of a request and the dialect of its service.
fn operation(request: &HttpRequest) -> (String, Dialect) {
    if let Some((_, operation)) = request
        .headers()
        .get("x-amz-target")
        .and_then(|it| it.rsplit_once('.'))
    {
        return (operation.to_owned(), Dialect::Json);
    }
    let uri = request.uri();
    if let Some((_, operation)) = uri.split_once("/operation/") {
        return (operation.to_owned(), Dialect::Cbor);
    }
    let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
    if let Some(action) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        return (action.to_owned(), Dialect::Query);
    }
    let query = uri.split_once('?').map_or("", |(_, query)| query);
    let part = query
        .split('&')
        .map(|pair| pair.split('=').next().unwrap_or_default());
    let part = part.filter(|name| *name != "x-id").collect::<Vec<_>>().join("+");
    (
        format!("{} {part}", request.method()).trim_end().to_owned(),
        Dialect::S3,
    )
}
