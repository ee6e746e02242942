//! A reverse proxy between a program and the AWS it believes in: it counts the
//! calls, tells reads from writes, and makes chosen calls fail in the ways in
//! which AWS and networks do.
//!
//! Nothing that passes is changed, except for headers that only concern one
//! connection. Every [`Proxy`] has a thread and a port of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Beginnings of the names of operations that change nothing.
const READS: &[&str] = &[
    "AssumeRole",
    "BatchGet",
    "Describe",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Search",
    "Simulate",
    "Test",
];

/// Headers about one connection, which a proxy must not pass on (RFC 9110, 7.6.1).
const CONNECTION_HEADERS: &[&str] = &[
    "connection",
    "expect",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The request ids of all answers that the proxy makes up begin so; their
/// number, counted from 1 over the life of the proxy, follows in 12 digits.
pub(crate) const REQUEST_ID_PREFIX: &str = "fa170000-0000-4000-8000-";

/// A running proxy. Dropping it closes its port and all connections.
pub(crate) struct Proxy {
    /// Where it listens, as `http://127.0.0.1:PORT`.
    pub(crate) endpoint: String,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// One call that reached the proxy. A retry by the client is a call of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The service's name in signatures: `logs`, `cloudtrail`, `s3`, `sns`,
    /// `iam`, `sts`, but `monitoring` for CloudWatch and `tagging` for the
    /// Resource Groups Tagging API; `?` if the request is not signed.
    pub(crate) service: String,
    /// The API's name of the operation, such as `PutMetricFilter` or
    /// `GetBucketPolicy`; method and path for what cannot be told.
    pub(crate) operation: String,
    /// The region in the signature, or `?`.
    pub(crate) region: String,
    /// Whether the operation changes something, by its name.
    pub(crate) write: bool,
    /// Whether it was passed on: what then happened to the answer is another matter.
    pub(crate) forwarded: bool,
    /// What the client was answered; none if the connection was cut, or so far.
    pub(crate) status: Option<u16>,
    /// When it had arrived whole, counted from the start of the proxy.
    pub(crate) start: Duration,
    /// When the answer was complete; for a call still under way, the time of asking.
    pub(crate) end: Duration,
}

/// Something to go wrong: which calls, which of them in turn, and how.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// Which calls it is about.
    pub(crate) matching: Matching,
    /// Which of those, in the order of their arrival since the fault was set.
    pub(crate) when: When,
    /// What happens to them.
    pub(crate) kind: Kind,
}

/// Which calls a fault is about.
#[derive(Clone, Debug)]
pub(crate) enum Matching {
    /// An operation, as `PutMetricFilter`, or as `logs:TagResource` where
    /// several services have one of that name (see [`Call::service`]).
    Operation(String),
    /// All that change nothing.
    Reads,
    /// All that change something.
    Writes,
    /// All.
    Any,
}

/// Which of the matching calls, in the order of their arrival, from 1.
///
/// The client's retries are calls too.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// Each of them.
    Always,
    /// So many, then none.
    First(usize),
    /// Just this one.
    Nth(usize),
}

/// What happens to a call. Answers have the form of the call's own protocol.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Refused for now: "Rate exceeded", or S3's `SlowDown`. Not forwarded.
    Throttle,
    /// HTTP 500 with AWS's code for it. Not forwarded.
    InternalError,
    /// Refused for want of a permission, named in the message. Not forwarded.
    AccessDenied,
    /// Any other error. Not forwarded.
    Error {
        /// AWS's code, such as `InsufficientS3BucketPolicyException`.
        code: String,
        /// The message for people.
        message: String,
        /// The HTTP status.
        status: u16,
    },
    /// The connection is reset, the call never arrives.
    ResetBefore,
    /// The call arrives and has its effect; the connection is reset in place
    /// of the answer.
    ResetAfter,
    /// The call is forwarded after this time.
    Delay(Duration),
    /// The call waits for [`Proxy::release`] and is forwarded then; if its
    /// client goes away meanwhile, it never arrives.
    Hold,
}

impl Fault {
    /// A fault of every matching call.
    pub(crate) fn on(matching: impl Into<Matching>, kind: Kind) -> Fault {
        Fault {
            matching: matching.into(),
            when: When::Always,
            kind,
        }
    }

    /// The same, of the first `count` calls only.
    pub(crate) fn first(self, count: usize) -> Fault {
        Fault {
            when: When::First(count),
            ..self
        }
    }

    /// The same, of the call with this number only, counted from 1.
    pub(crate) fn nth(self, number: usize) -> Fault {
        Fault {
            when: When::Nth(number),
            ..self
        }
    }
}

impl From<&str> for Matching {
    fn from(operation: &str) -> Matching {
        Matching::Operation(operation.to_owned())
    }
}

impl Matching {
    fn matches(&self, call: &Call) -> bool {
        match self {
            Matching::Operation(name) => match name.split_once(':') {
                Some((service, operation)) => call.service == service && call.operation == operation,
                None => call.operation == *name,
            },
            Matching::Reads => !call.write,
            Matching::Writes => call.write,
            Matching::Any => true,
        }
    }
}

impl When {
    fn is_now(self, number: usize) -> bool {
        match self {
            When::Always => true,
            When::First(count) => number <= count,
            When::Nth(nth) => number == nth,
        }
    }
}

impl Proxy {
    /// Starts a proxy to `upstream`, a URL as `http://127.0.0.1:PORT`.
    ///
    /// # Panics
    ///
    /// When `upstream` is no such URL, or the system gives no port or thread.
    pub(crate) fn start(upstream: &str) -> Proxy {
        let upstream: Uri = upstream
            .parse()
            .ok()
            .filter(|uri: &Uri| uri.scheme_str() == Some("http") && uri.authority().is_some())
            .unwrap_or_else(|| panic!("`{upstream}` is no upstream: give a URL as `http://127.0.0.1:4566`"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .unwrap_or_else(|error| panic!("no port on 127.0.0.1 for a proxy: {error}"));
        let endpoint = listener
            .local_addr()
            .map(|address| format!("http://{address}"))
            .unwrap_or_else(|error| panic!("the proxy's port has no address: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap_or_else(|error| panic!("no tokio runtime for a proxy: {error}"));

        let shared = Arc::new(Shared {
            began: Instant::now(),
            state: Mutex::new(State::default()),
            held: Condvar::new(),
            releases: watch::Sender::new(0),
        });
        let (stop, stopped) = watch::channel(false);
        let server = Server {
            shared: Arc::clone(&shared),
            client: client(),
            upstream,
        };
        // Its own thread: a test may block on the program that calls the proxy.
        let thread = thread::Builder::new()
            .name("proxy".to_owned())
            // Leaving `block_on` drops the runtime, and with it every connection.
            .spawn(move || runtime.block_on(server.run(listener, stopped)))
            .unwrap_or_else(|error| panic!("no thread for a proxy: {error}"));
        Proxy {
            endpoint,
            shared,
            stop,
            thread: Some(thread),
        }
    }

    /// All calls since the start or the last [`Proxy::reset`], in the order of their arrival.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let now = self.shared.began.elapsed();
        let state = self.shared.state();
        let open = |entry: &Entry| match entry.done {
            true => entry.call.clone(),
            false => Call {
                end: now,
                ..entry.call.clone()
            },
        };
        state.calls.iter().map(open).collect()
    }

    /// How often each operation was called, as `logs:PutMetricFilter`.
    pub(crate) fn operations(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.calls() {
            *counts
                .entry(format!("{}:{}", call.service, call.operation))
                .or_default() += 1;
        }
        counts
    }

    /// The number of calls that change nothing.
    pub(crate) fn reads(&self) -> usize {
        self.calls().iter().filter(|call| !call.write).count()
    }

    /// The number of calls that change something.
    pub(crate) fn writes(&self) -> usize {
        self.calls().iter().filter(|call| call.write).count()
    }

    /// The length of the longest chain of calls of which none overlaps another:
    /// how many latencies a user waits for. A strictly sequential program has a
    /// depth as great as its number of calls.
    pub(crate) fn depth(&self) -> usize {
        depth(&self.calls())
    }

    /// Adds a fault. Where several match a call, all of them count it, and the
    /// first whose turn it is has its way.
    pub(crate) fn fault(&self, fault: Fault) {
        self.shared.state().faults.push((fault, 0));
    }

    /// Removes all faults and releases what is held.
    pub(crate) fn clear_faults(&self) {
        self.shared.state().faults.clear();
        self.release();
    }

    /// Forgets all calls, removes all faults and releases what is held. The
    /// clock of [`Call::start`] and the numbers of request ids run on.
    pub(crate) fn reset(&self) {
        {
            let mut state = self.shared.state();
            state.calls.clear();
            state.generation += 1;
        }
        self.clear_faults();
    }

    /// Lets all calls go on that [`Kind::Hold`] holds now. Later ones are held
    /// again, as far as their fault says so.
    pub(crate) fn release(&self) {
        self.shared.releases.send_modify(|number| *number += 1);
    }

    /// Waits until [`Kind::Hold`] holds `count` calls or more.
    ///
    /// # Panics
    ///
    /// When that many have not come after `patience`; the message lists what has.
    pub(crate) fn wait_until_held(&self, count: usize, patience: Duration) {
        let (state, waited) = self
            .shared
            .held
            .wait_timeout_while(self.shared.state(), patience, |state| state.holding < count)
            .unwrap_or_else(PoisonError::into_inner);
        let holding = state.holding;
        drop(state);
        assert!(
            !waited.timed_out(),
            "{holding} of {count} calls held after {patience:?}; is the fault's operation spelt as \
             in these calls? {:#?}",
            self.operations()
        );
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed; another one here would abort.
            let _ = thread.join();
        }
    }
}

/// What the proxy and its thread share.
struct Shared {
    began: Instant,
    state: Mutex<State>,
    /// Notified when `State::holding` changes.
    held: Condvar,
    /// Counts the releases; held calls wait for the next.
    releases: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    calls: Vec<Entry>,
    /// The number of resets: a call that began before one is not to be found after it.
    generation: u64,
    /// Each with the number of calls that it has matched.
    faults: Vec<(Fault, usize)>,
    holding: usize,
    /// The number of answers made up.
    made_up: u64,
}

struct Entry {
    call: Call,
    done: bool,
}

impl Shared {
    /// The state; a panic of another thread does not spoil it, that panic is the one to read.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call and decides what happens to it.
    fn begin(self: &Arc<Shared>, mut call: Call) -> (Record, Option<Kind>) {
        let mut state = self.state();
        // Under the lock, so that the list is in the order of these.
        call.start = self.began.elapsed();
        let mut kind = None;
        for (fault, count) in &mut state.faults {
            if fault.matching.matches(&call) {
                *count += 1;
                if kind.is_none() && fault.when.is_now(*count) {
                    kind = Some(fault.kind.clone());
                }
            }
        }
        let record = Record {
            shared: Arc::clone(self),
            generation: state.generation,
            index: state.calls.len(),
        };
        state.calls.push(Entry { call, done: false });
        (record, kind)
    }
}

/// A call under way. Dropped, also when its client went away, the call is over.
struct Record {
    shared: Arc<Shared>,
    generation: u64,
    index: usize,
}

impl Record {
    fn update(&self, change: impl FnOnce(&mut Entry)) {
        let mut state = self.shared.state();
        if state.generation == self.generation
            && let Some(entry) = state.calls.get_mut(self.index)
        {
            change(entry);
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let now = self.shared.began.elapsed();
        self.update(|entry| {
            entry.call.end = now;
            entry.done = true;
        });
    }
}

/// One held call, for as long as it lives.
struct Held(Arc<Shared>);

impl Held {
    fn new(shared: &Arc<Shared>) -> Held {
        shared.state().holding += 1;
        shared.held.notify_all();
        Held(Arc::clone(shared))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.state().holding -= 1;
        self.0.held.notify_all();
    }
}

/// The end of a connection in place of an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is to be reset")
    }
}

impl std::error::Error for Cut {}

type Upstream = Client<HttpConnector, Full<Bytes>>;

fn client() -> Upstream {
    let mut connector = HttpConnector::new();
    // Small requests must not wait for the acknowledgement of earlier ones (40 ms).
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(None)
        .build(connector)
}

/// What runs on the proxy's thread.
#[derive(Clone)]
struct Server {
    shared: Arc<Shared>,
    client: Upstream,
    upstream: Uri,
}

impl Server {
    async fn run(self, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
        let listener = tokio::net::TcpListener::from_std(listener)
            .unwrap_or_else(|error| panic!("the proxy cannot listen: {error}"));
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    // A client that gave up before it was accepted is no concern.
                    if let Ok((stream, _)) = accepted {
                        tokio::spawn(self.clone().connection(stream));
                    }
                }
                // An error: the proxy itself is gone.
                _ = stopped.wait_for(|stop| *stop) => return,
            }
        }
    }

    async fn connection(self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let service = service_fn(move |request| {
            let server = self.clone();
            Box::pin(async move { server.answer(request).await })
        });
        let mut connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        let ended = poll_fn(|context| connection.poll_without_shutdown(context)).await;
        let stream = connection.into_parts().io.into_inner();
        if ended.is_err_and(|error| error.is_user()) {
            // The service asked for the cut. Without lingering, closing sends a
            // reset, which no client takes for an orderly end.
            let _ = stream.set_zero_linger();
        }
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
        let (head, body) = request.into_parts();
        // A client that went away in the middle of its own request.
        let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
        let target = Target::of(&head, &body);
        let (record, kind) = self.shared.begin(target.call());

        let answer = match kind {
            None => self.forward(&record, head, body).await,
            Some(Kind::Delay(time)) => {
                tokio::time::sleep(time).await;
                self.forward(&record, head, body).await
            }
            Some(Kind::Hold) => {
                let mut releases = self.shared.releases.subscribe();
                let held = Held::new(&self.shared);
                // An error: the proxy itself is gone.
                let _ = releases.changed().await;
                drop(held);
                self.forward(&record, head, body).await
            }
            Some(Kind::ResetBefore) => return Err(Cut),
            Some(Kind::ResetAfter) => {
                self.forward(&record, head, body).await;
                return Err(Cut);
            }
            Some(Kind::Throttle) => self.refuse(&target, target.throttle()),
            Some(Kind::InternalError) => self.refuse(&target, target.internal_error()),
            Some(Kind::AccessDenied) => self.refuse(&target, target.access_denied()),
            Some(Kind::Error {
                code,
                message,
                status,
            }) => {
                let status = StatusCode::from_u16(status)
                    .unwrap_or_else(|_| panic!("{status} in a fault is no HTTP status"));
                self.refuse(&target, (status, code, message))
            }
        };
        record.update(|entry| entry.call.status = Some(answer.status().as_u16()));
        Ok(answer)
    }

    /// The upstream's answer; HTTP 502 if it has none.
    async fn forward(
        &self,
        record: &Record,
        mut head: http::request::Parts,
        body: Bytes,
    ) -> Response<Full<Bytes>> {
        record.update(|entry| entry.call.forwarded = true);
        let mut target = self.upstream.clone().into_parts();
        target.path_and_query = head.uri.path_and_query().cloned();
        head.uri = Uri::from_parts(target).unwrap_or_else(|_| self.upstream.clone());
        strip(&mut head.headers);
        let request = Request::from_parts(head, Full::new(body));
        let client = self.client.clone();
        // A task of its own: AWS, too, carries out a call whose client has gone.
        let answered = tokio::spawn(async move {
            let (mut head, body) = client.request(request).await.map_err(told)?.into_parts();
            let body = body.collect().await.map_err(told)?.to_bytes();
            strip(&mut head.headers);
            Ok(Response::from_parts(head, Full::new(body)))
        });
        let failed = match answered.await {
            Ok(Ok(answer)) => return answer,
            Ok(Err(error)) => error,
            Err(error) => told(error),
        };
        response(
            StatusCode::BAD_GATEWAY,
            Bytes::from(format!(
                "the proxy had no answer from {}: {failed}",
                self.upstream
            )),
        )
    }

    /// An error in the form of the call's protocol.
    fn refuse(
        &self,
        target: &Target,
        (status, code, message): (StatusCode, String, String),
    ) -> Response<Full<Bytes>> {
        let number = {
            let mut state = self.shared.state();
            state.made_up += 1;
            state.made_up
        };
        let id = format!("{REQUEST_ID_PREFIX}{number:012}");
        target.error(status, &code, &message, &id)
    }
}

/// An error with its causes, since hyper keeps what matters in those.
fn told(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

fn strip(headers: &mut HeaderMap) {
    for name in CONNECTION_HEADERS {
        headers.remove(*name);
    }
}

fn response(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
}

fn depth(calls: &[Call]) -> usize {
    let mut spans: Vec<_> = calls.iter().map(|call| (call.end, call.start)).collect();
    spans.sort_unstable();
    let (mut depth, mut free) = (0, Duration::ZERO);
    for (end, start) in spans {
        if start >= free {
            depth += 1;
            free = end;
        }
    }
    depth
}

/// The forms in which AWS's services take calls and give errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// awsJson1.0 and 1.1.
    Json,
    /// rpc-v2-cbor.
    Cbor,
    /// awsQuery.
    Query,
    /// S3's restXml, and what else there is.
    Rest,
}

/// What a request says about itself.
struct Target {
    service: String,
    region: String,
    /// Of the access key's owner: the key itself, where it is 12 digits.
    account: String,
    operation: String,
    protocol: Protocol,
    method: Method,
    path: String,
    /// Whether the client of a formerly query-only service wants the codes of that time, too.
    query_mode: bool,
}

impl Target {
    fn of(head: &http::request::Parts, body: &[u8]) -> Target {
        let header = |name| {
            head.headers
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
                .unwrap_or_default()
        };
        // Credential=KEY/DATE/REGION/SERVICE/aws4_request
        let scope: Vec<&str> = header("authorization")
            .split_once("Credential=")
            .map(|(_, rest)| rest.split([',', ' ']).next().unwrap_or_default())
            .unwrap_or_default()
            .split('/')
            .collect();
        let (key, region, service) = match scope[..] {
            [key, _, region, service, "aws4_request"] => (key, region, service),
            _ => ("", "?", "?"),
        };

        let path = head.uri.path();
        let query: Vec<(&str, &str)> = pairs(head.uri.query().unwrap_or_default());
        let form = header("content-type").starts_with("application/x-www-form-urlencoded");
        let form = if form { body } else { b"" };
        let form = String::from_utf8_lossy(form);
        let action = |pairs: &[(&str, &str)]| {
            let found = pairs.iter().find(|(name, _)| *name == "Action");
            found.map(|(_, value)| (*value).to_owned())
        };
        let rpc: Vec<&str> = path.split('/').collect();

        let (operation, protocol) = if let Some((_, name)) = header("x-amz-target").rsplit_once('.') {
            (name.to_owned(), Protocol::Json)
        } else if let ["", "service", _, "operation", name] = rpc[..] {
            (name.to_owned(), Protocol::Cbor)
        } else if let Some(name) = action(&pairs(&form)).or_else(|| action(&query)) {
            (name, Protocol::Query)
        } else if service == "s3" {
            let copy = head.headers.contains_key("x-amz-copy-source");
            (s3_operation(&head.method, path, &query, copy), Protocol::Rest)
        } else {
            (format!("{} {path}", head.method), Protocol::Rest)
        };

        let numbered = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
        Target {
            service: service.to_owned(),
            region: region.to_owned(),
            account: (if numbered { key } else { "123456789012" }).to_owned(),
            operation,
            protocol,
            method: head.method.clone(),
            path: path.to_owned(),
            query_mode: head.headers.contains_key("x-amzn-query-mode"),
        }
    }

    fn call(&self) -> Call {
        let read = READS.iter().any(|start| self.operation.starts_with(start))
            || self.operation.starts_with("GET ")
            || self.operation.starts_with("HEAD ");
        Call {
            service: self.service.clone(),
            operation: self.operation.clone(),
            region: self.region.clone(),
            write: !read,
            forwarded: false,
            status: None,
            start: Duration::ZERO,
            end: Duration::ZERO,
        }
    }

    fn throttle(&self) -> (StatusCode, String, String) {
        let (status, code, message) = match self.protocol {
            Protocol::Rest => (
                StatusCode::SERVICE_UNAVAILABLE,
                "SlowDown",
                "Please reduce your request rate.",
            ),
            Protocol::Query => (StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded"),
            Protocol::Json | Protocol::Cbor => {
                (StatusCode::BAD_REQUEST, "ThrottlingException", "Rate exceeded")
            }
        };
        (status, code.to_owned(), message.to_owned())
    }

    fn internal_error(&self) -> (StatusCode, String, String) {
        let (code, message) = match self.protocol {
            Protocol::Rest => (
                "InternalError",
                "We encountered an internal error. Please try again.",
            ),
            _ => (
                "InternalFailure",
                "The request processing has failed because of an unknown error, exception or failure.",
            ),
        };
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            code.to_owned(),
            message.to_owned(),
        )
    }

    fn access_denied(&self) -> (StatusCode, String, String) {
        let (status, code) = match (self.protocol, self.service.as_str()) {
            (Protocol::Json, _) => (StatusCode::BAD_REQUEST, "AccessDeniedException"),
            // The only one of these services with a word of its own.
            (_, "sns") => (StatusCode::FORBIDDEN, "AuthorizationError"),
            _ => (StatusCode::FORBIDDEN, "AccessDenied"),
        };
        let action = self.action();
        let message = format!(
            "User: arn:aws:iam::{}:user/test is not authorized to perform: {action} on resource: {} \
             because no identity-based policy allows the {action} action",
            self.account,
            self.resource(),
        );
        (status, code.to_owned(), message)
    }

    /// The service's name in IAM policies.
    fn prefix(&self) -> &str {
        match self.service.as_str() {
            "monitoring" => "cloudwatch",
            "tagging" => "tag",
            other => other,
        }
    }

    /// The IAM action that the operation needs.
    fn action(&self) -> String {
        let name = if self.service != "s3" {
            self.operation.as_str()
        } else {
            match self.operation.as_str() {
                "ListBuckets" => "ListAllMyBuckets",
                "HeadBucket" | "ListObjects" | "ListObjectsV2" => "ListBucket",
                "HeadObject" => "GetObject",
                "CopyObject" => "PutObject",
                "GetPublicAccessBlock" => "GetBucketPublicAccessBlock",
                "PutPublicAccessBlock" | "DeletePublicAccessBlock" => "PutBucketPublicAccessBlock",
                "GetBucketEncryption" => "GetEncryptionConfiguration",
                "PutBucketEncryption" | "DeleteBucketEncryption" => "PutEncryptionConfiguration",
                "GetBucketLifecycleConfiguration" => "GetLifecycleConfiguration",
                "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => "PutLifecycleConfiguration",
                "DeleteBucketTagging" => "PutBucketTagging",
                "DeleteBucketOwnershipControls" => "PutBucketOwnershipControls",
                other => other,
            }
        };
        format!("{}:{name}", self.prefix())
    }

    /// The resource as AWS would name it: exact for S3, service-wide for the others.
    fn resource(&self) -> String {
        let region = match self.service.as_str() {
            "s3" => {
                let name = self.path.trim_matches('/');
                let name = if name.is_empty() { "*" } else { name };
                return format!("\"arn:aws:s3:::{name}\"");
            }
            "iam" | "sts" => "",
            _ => &self.region,
        };
        format!("arn:aws:{}:{region}:{}:*", self.prefix(), self.account)
    }

    fn error(&self, status: StatusCode, code: &str, message: &str, id: &str) -> Response<Full<Bytes>> {
        let blame = match status.is_server_error() {
            true => "Receiver",
            false => "Sender",
        };
        let (media, body) = match self.protocol {
            Protocol::Json => (
                "application/x-amz-json-1.1",
                serde_json::json!({"__type": code, "message": message})
                    .to_string()
                    .into_bytes(),
            ),
            Protocol::Cbor => (
                "application/cbor",
                cbor(&[("__type", code), ("message", message)]),
            ),
            Protocol::Query => (
                "text/xml",
                format!(
                    "<ErrorResponse><Error><Type>{blame}</Type><Code>{}</Code><Message>{}</Message></Error>\
                     <RequestId>{id}</RequestId></ErrorResponse>",
                    escaped(code),
                    escaped(message),
                )
                .into_bytes(),
            ),
            Protocol::Rest => (
                "application/xml",
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                     <Error><Code>{}</Code><Message>{}</Message><RequestId>{id}</RequestId>\
                     <HostId>proxy</HostId></Error>",
                    escaped(code),
                    escaped(message),
                )
                .into_bytes(),
            ),
        };
        // A HEAD has no body to tell the code with; all of it that S3's clients get is the status.
        let bodiless = self.method == Method::HEAD;
        let body = if bodiless { Vec::new() } else { body };
        let mut response = response(status, Bytes::from(body));
        let mut set = |name: &'static str, value: &str| {
            // A code or message may hold what a header cannot.
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        };
        set("content-type", media);
        match self.protocol {
            Protocol::Rest => set("x-amz-request-id", id),
            _ => set("x-amzn-requestid", id),
        }
        if self.protocol == Protocol::Cbor {
            set("smithy-protocol", "rpc-v2-cbor");
        }
        if self.query_mode {
            set("x-amzn-query-error", &format!("{code};{blame}"));
        }
        response
    }
}

/// The parts of a query or a form, as they are: names of operations need no decoding.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .collect()
}

/// S3 has no names on the wire, but verbs, paths and sub-resources.
fn s3_operation(method: &Method, path: &str, query: &[(&str, &str)], copy: bool) -> String {
    // Newer SDKs tell the name for their own statistics.
    if let Some((_, name)) = query.iter().find(|(name, _)| *name == "x-id") {
        return (*name).to_owned();
    }
    let has = |name: &str| query.iter().any(|(found, _)| *found == name);
    let (bucket, key) = path
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or((path.trim_start_matches('/'), ""));
    let verb = match method.as_str() {
        "GET" => "Get",
        "PUT" => "Put",
        "POST" => "Post",
        "DELETE" => "Delete",
        "HEAD" => "Head",
        other => other,
    };
    if bucket.is_empty() {
        return format!("{}Buckets", if verb == "Get" { "List" } else { verb });
    }
    if !key.is_empty() {
        return match (verb, has("uploadId"), has("uploads")) {
            ("Post", _, true) => "CreateMultipartUpload".to_owned(),
            ("Post", true, _) => "CompleteMultipartUpload".to_owned(),
            ("Put", true, _) => "UploadPart".to_owned(),
            ("Get", true, _) => "ListParts".to_owned(),
            ("Delete", true, _) => "AbortMultipartUpload".to_owned(),
            _ if has("tagging") => format!("{verb}ObjectTagging"),
            _ if has("acl") => format!("{verb}ObjectAcl"),
            _ if has("retention") => format!("{verb}ObjectRetention"),
            _ if has("legal-hold") => format!("{verb}ObjectLegalHold"),
            ("Put", ..) if copy => "CopyObject".to_owned(),
            _ => format!("{verb}Object"),
        };
    }
    const BUCKET: &[(&str, &str)] = &[
        ("accelerate", "BucketAccelerateConfiguration"),
        ("acl", "BucketAcl"),
        ("cors", "BucketCors"),
        ("encryption", "BucketEncryption"),
        ("lifecycle", "BucketLifecycleConfiguration"),
        ("location", "BucketLocation"),
        ("logging", "BucketLogging"),
        ("notification", "BucketNotificationConfiguration"),
        ("object-lock", "ObjectLockConfiguration"),
        ("ownershipControls", "BucketOwnershipControls"),
        ("policy", "BucketPolicy"),
        ("policyStatus", "BucketPolicyStatus"),
        ("publicAccessBlock", "PublicAccessBlock"),
        ("replication", "BucketReplication"),
        ("requestPayment", "BucketRequestPayment"),
        ("tagging", "BucketTagging"),
        ("versioning", "BucketVersioning"),
        ("website", "BucketWebsite"),
    ];
    if let Some((name, resource)) = BUCKET.iter().find(|(name, _)| has(name)) {
        // The one that does not follow the pattern.
        if (verb, *name) == ("Delete", "lifecycle") {
            return "DeleteBucketLifecycle".to_owned();
        }
        return format!("{verb}{resource}");
    }
    match verb {
        "Get" if has("versions") => "ListObjectVersions".to_owned(),
        "Get" if has("uploads") => "ListMultipartUploads".to_owned(),
        "Get" if has("list-type") => "ListObjectsV2".to_owned(),
        "Get" => "ListObjects".to_owned(),
        "Put" => "CreateBucket".to_owned(),
        "Post" if has("delete") => "DeleteObjects".to_owned(),
        _ => format!("{verb}Bucket"),
    }
}

/// A CBOR map of strings (RFC 8949, 3.1: major types 5 and 3).
fn cbor(entries: &[(&str, &str)]) -> Vec<u8> {
    fn head(out: &mut Vec<u8>, major: u8, length: usize) {
        let major = major << 5;
        match u32::try_from(length).expect("an error message of less than 4 GiB") {
            short @ 0..24 => out.push(major | short as u8),
            long => {
                out.push(major | 26);
                out.extend(long.to_be_bytes());
            }
        }
    }
    let mut out = Vec::new();
    head(&mut out, 5, entries.len());
    for text in entries.iter().flat_map(|(name, value)| [name, value]) {
        head(&mut out, 3, text.len());
        out.extend(text.as_bytes());
    }
    out
}

/// A text as XML has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, BufRead, BufReader, Write};

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A server that answers each request with its request line, header names
    /// and body, and the number of requests that it got.
    struct Echo {
        url: String,
        served: Arc<Mutex<usize>>,
    }

    impl Echo {
        fn start() -> Echo {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let served = Arc::new(Mutex::new(0));
            let counter = Arc::clone(&served);
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let counter = Arc::clone(&counter);
                    thread::spawn(move || {
                        let mut stream = BufReader::new(stream.unwrap());
                        while let Ok(request) = message(&mut stream) {
                            *counter.lock().unwrap() += 1;
                            let head = match request.starts_with("HEAD ") {
                                true => "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n".to_owned(),
                                false => format!(
                                    "HTTP/1.1 201 Created\r\nX-Own: 1\r\nX-Own: 2\r\n\
                                     Content-Length: {}\r\n\r\n{request}",
                                    request.len()
                                ),
                            };
                            stream.get_mut().write_all(head.as_bytes()).unwrap();
                        }
                    });
                }
            });
            Echo { url, served }
        }

        fn served(&self) -> usize {
            *self.served.lock().unwrap()
        }
    }

    /// A head and its body, in one text.
    fn message(stream: &mut impl BufRead) -> io::Result<String> {
        let (mut text, mut length) = (String::new(), 0);
        loop {
            let start = text.len();
            if stream.read_line(&mut text)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = text[start..].trim().to_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        if !text.contains("Content-Length: 77\r\n") && !text.contains("content-length: 77\r\n") {
            let mut body = vec![0; length];
            stream.read_exact(&mut body)?;
            text += &String::from_utf8_lossy(&body);
        }
        Ok(text)
    }

    struct Caller(BufReader<std::net::TcpStream>);

    impl Caller {
        fn new(proxy: &Proxy) -> Caller {
            let address = proxy.endpoint.strip_prefix("http://").unwrap();
            let stream = std::net::TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            Caller(BufReader::new(stream))
        }

        fn send(&mut self, service: &str, first: &str, headers: &str, body: &str) {
            let request = format!(
                "{first} HTTP/1.1\r\nHost: aws\r\nAuthorization: AWS4-HMAC-SHA256 \
                 Credential=100000000009/20260101/eu-west-1/{service}/aws4_request, \
                 SignedHeaders=host, Signature=00\r\n{headers}Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            self.0.get_mut().write_all(request.as_bytes()).unwrap();
        }

        fn call(&mut self, service: &str, first: &str, headers: &str, body: &str) -> io::Result<String> {
            self.send(service, first, headers, body);
            message(&mut self.0)
        }

        fn json(&mut self, operation: &str) -> io::Result<String> {
            let target = format!("X-Amz-Target: Logs_20140328.{operation}\r\n");
            self.call("logs", "POST /", &target, "{}")
        }
    }

    /// Waits for what another thread is about to do.
    fn until(what: &str, condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn assert_reset(answer: io::Result<String>) {
        assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn passes_on_and_counts() {
        let echo = Echo::start();
        let proxy = Proxy::start(&echo.url);
        let mut caller = Caller::new(&proxy);
        let answer = caller
            .call(
                "s3",
                "PUT /b/a%20b?x=%2F&policy",
                "X-Amz-A: 1\r\nTE: x\r\n",
                "\u{fc}",
            )
            .unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
        assert!(
            answer.contains("PUT /b/a%20b?x=%2F&policy HTTP/1.1\r\n"),
            "{answer}"
        );
        assert!(
            answer.contains("x-amz-a: 1\r\n") && answer.contains("host: aws\r\n"),
            "{answer}"
        );
        assert!(answer.contains("x-own: 1\r\nx-own: 2\r\n"), "{answer}");
        assert!(!answer.to_lowercase().contains("te: x"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n\u{fc}"), "{answer}");
        let answer = caller.call("s3", "HEAD /b", "", "").unwrap();
        assert!(answer.contains("content-length: 77\r\n"), "{answer}");
        caller.json("DescribeLogGroups").unwrap();

        let calls = proxy.calls();
        assert_eq!((proxy.reads(), proxy.writes(), proxy.depth()), (2, 1, 3));
        assert_eq!(calls[0].operation, "PutObject");
        assert_eq!((calls[0].status, calls[0].forwarded), (Some(201), true));
        assert_eq!(
            (calls[2].service.as_str(), calls[2].region.as_str()),
            ("logs", "eu-west-1")
        );
        assert!(calls[0].start <= calls[0].end && calls[0].end <= calls[1].start);
        let counts: Vec<_> = proxy.operations().into_iter().collect();
        assert_eq!(counts[0], ("logs:DescribeLogGroups".to_owned(), 1));
        proxy.reset();
        assert_eq!((proxy.calls(), proxy.depth()), (vec![], 0));
    }

    #[test]
    fn tells_operations() {
        let told = |service: &str, method: &str, uri: &str, headers: &[(&str, &str)], body: &str| {
            let authorization =
                format!("AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/{service}/aws4_request, S");
            let mut request = Request::builder()
                .method(method)
                .uri(uri)
                .header("authorization", authorization);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let call = Target::of(&request.body(()).unwrap().into_parts().0, body.as_bytes()).call();
            format!("{} {}", if call.write { "write" } else { "read" }, call.operation)
        };
        let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let rows = [
            (
                "sns",
                "POST",
                "/",
                &form[..],
                "Action=CreateTopic&Name=x",
                "write CreateTopic",
            ),
            (
                "sts",
                "POST",
                "/",
                &form[..],
                "Version=1&Action=GetCallerIdentity",
                "read GetCallerIdentity",
            ),
            (
                "sts",
                "GET",
                "/?Action=GetCallerIdentity",
                &[],
                "",
                "read GetCallerIdentity",
            ),
            (
                "monitoring",
                "POST",
                "/service/GraniteServiceVersion20100801/operation/PutMetricAlarm",
                &[],
                "",
                "write PutMetricAlarm",
            ),
            (
                "tagging",
                "POST",
                "/",
                &[("x-amz-target", "R_2017.GetResources")],
                "",
                "read GetResources",
            ),
            (
                "logs",
                "POST",
                "/",
                &[("x-amz-target", "L.TestMetricFilter")],
                "",
                "read TestMetricFilter",
            ),
            ("other", "GET", "/a/b", &[], "", "read GET /a/b"),
            ("other", "PATCH", "/a", &[], "", "write PATCH /a"),
            ("s3", "GET", "/", &[], "", "read ListBuckets"),
            ("s3", "GET", "/?x-id=ListBuckets", &[], "", "read ListBuckets"),
            ("s3", "PUT", "/b", &[], "", "write CreateBucket"),
            ("s3", "PUT", "/b/", &[], "", "write CreateBucket"),
            ("s3", "HEAD", "/b", &[], "", "read HeadBucket"),
            ("s3", "DELETE", "/b", &[], "", "write DeleteBucket"),
            ("s3", "GET", "/b?list-type=2", &[], "", "read ListObjectsV2"),
            ("s3", "GET", "/b?versions", &[], "", "read ListObjectVersions"),
            ("s3", "POST", "/b?delete", &[], "", "write DeleteObjects"),
            ("s3", "GET", "/b?policy", &[], "", "read GetBucketPolicy"),
            (
                "s3",
                "GET",
                "/b?policyStatus",
                &[],
                "",
                "read GetBucketPolicyStatus",
            ),
            (
                "s3",
                "PUT",
                "/b?publicAccessBlock",
                &[],
                "",
                "write PutPublicAccessBlock",
            ),
            ("s3", "GET", "/b?encryption=", &[], "", "read GetBucketEncryption"),
            ("s3", "GET", "/b?versioning", &[], "", "read GetBucketVersioning"),
            (
                "s3",
                "GET",
                "/b?ownershipControls",
                &[],
                "",
                "read GetBucketOwnershipControls",
            ),
            ("s3", "DELETE", "/b?tagging", &[], "", "write DeleteBucketTagging"),
            ("s3", "GET", "/b?location", &[], "", "read GetBucketLocation"),
            ("s3", "GET", "/b?acl", &[], "", "read GetBucketAcl"),
            (
                "s3",
                "DELETE",
                "/b?lifecycle",
                &[],
                "",
                "write DeleteBucketLifecycle",
            ),
            ("s3", "GET", "/b/k/l?x-id=GetObject", &[], "", "read GetObject"),
            (
                "s3",
                "PUT",
                "/b/k",
                &[("x-amz-copy-source", "b/l")],
                "",
                "write CopyObject",
            ),
            ("s3", "GET", "/b/k?acl", &[], "", "read GetObjectAcl"),
        ];
        for (service, method, uri, headers, body, expected) in rows {
            assert_eq!(
                told(service, method, uri, headers, body),
                expected,
                "{method} {uri}"
            );
        }
    }

    #[test]
    fn refuses_in_each_protocol() {
        let echo = Echo::start();
        let proxy = Proxy::start(&echo.url);
        let mut caller = Caller::new(&proxy);
        let mut all = |kind: Kind| {
            proxy.fault(Fault::on(Matching::Any, kind));
            let json = caller.json("PutRetentionPolicy").unwrap();
            let form = "Content-Type: application/x-www-form-urlencoded\r\n";
            let query = caller.call("sns", "POST /", form, "Action=CreateTopic").unwrap();
            let path = "POST /service/Granite/operation/DescribeAlarms";
            let cbor = caller
                .call("monitoring", path, "X-Amzn-Query-Mode: true\r\n", "")
                .unwrap();
            let s3 = caller.call("s3", "GET /b?policy", "", "").unwrap();
            let head = caller.call("s3", "HEAD /b", "", "").unwrap();
            proxy.clear_faults();
            [json, query, cbor, s3, head]
        };

        let [json, query, cbor, s3, head] = all(Kind::Throttle);
        assert!(
            json.starts_with("HTTP/1.1 400 ") && json.contains("ThrottlingException"),
            "{json}"
        );
        assert!(
            query.starts_with("HTTP/1.1 400 ") && query.contains("<Code>Throttling</Code>"),
            "{query}"
        );
        assert!(
            cbor.contains("\u{fffd}f__typesThrottlingExceptiongmessagemRate exceeded"),
            "{cbor}"
        );
        assert!(
            cbor.contains("x-amzn-query-error: ThrottlingException;Sender\r\n"),
            "{cbor}"
        );
        assert!(
            s3.starts_with("HTTP/1.1 503 ") && s3.contains("<Code>SlowDown</Code>"),
            "{s3}"
        );
        assert!(
            head.starts_with("HTTP/1.1 503 ") && head.ends_with("\r\n\r\n"),
            "{head}"
        );
        assert!(json.contains(&format!("x-amzn-requestid: {REQUEST_ID_PREFIX}000000000001\r\n")));

        let [json, query, cbor, s3, _] = all(Kind::InternalError);
        for (answer, code) in [
            (json, "InternalFailure"),
            (query, "InternalFailure"),
            (s3, "InternalError"),
        ] {
            assert!(
                answer.starts_with("HTTP/1.1 500 ") && answer.contains(code),
                "{answer}"
            );
        }
        // A text of more than 23 bytes: its length is in four more.
        assert!(
            cbor.contains("\u{fffd}f__typeoInternalFailuregmessagez\0\0\0"),
            "{cbor}"
        );

        let [json, query, cbor, s3, _] = all(Kind::AccessDenied);
        for (answer, status, code, action) in [
            (&json, 400, "AccessDeniedException", "logs:PutRetentionPolicy"),
            (&query, 403, "AuthorizationError", "sns:CreateTopic"),
            (&cbor, 403, "AccessDenied", "cloudwatch:DescribeAlarms"),
            (&s3, 403, "<Code>AccessDenied</Code>", "s3:GetBucketPolicy"),
        ] {
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
            assert!(answer.contains(code), "{answer}");
            assert!(
                answer.contains(&format!(
                    "User: arn:aws:iam::100000000009:user/test is not authorized to perform: {action} on resource: "
                )),
                "{answer}"
            );
        }
        assert!(s3.contains("on resource: \"arn:aws:s3:::b\" because"), "{s3}");

        let [json, _, _, s3, _] = all(Kind::Error {
            code: "Odd".to_owned(),
            message: "a < b".to_owned(),
            status: 418,
        });
        assert!(
            json.starts_with("HTTP/1.1 418 ") && json.contains("\"message\":\"a < b\""),
            "{json}"
        );
        assert!(s3.contains("<Message>a &lt; b</Message>"), "{s3}");
        assert_eq!(echo.served(), 0);
        assert!(
            proxy
                .calls()
                .iter()
                .all(|call| !call.forwarded && call.status.is_some())
        );
    }

    #[test]
    fn chooses_calls() {
        let echo = Echo::start();
        let proxy = Proxy::start(&echo.url);
        let mut caller = Caller::new(&proxy);
        proxy.fault(Fault::on("logs:DescribeLogGroups", Kind::Throttle).first(2));
        proxy.fault(Fault::on(Matching::Writes, Kind::InternalError).nth(2));
        proxy.fault(Fault::on("sns:PutMetricFilter", Kind::Throttle));
        proxy.fault(Fault::on(Matching::Reads, Kind::AccessDenied).nth(4));
        for operation in ["DescribeLogGroups", "PutMetricFilter"].repeat(4) {
            caller.json(operation).unwrap();
        }
        let statuses: Vec<_> = proxy.calls().iter().filter_map(|call| call.status).collect();
        assert_eq!(statuses, [400, 201, 400, 500, 201, 201, 400, 201]);
        proxy.clear_faults();
        caller.json("DescribeLogGroups").unwrap();
        assert_eq!(proxy.calls()[8].status, Some(201));
    }

    #[test]
    fn resets_before_and_after() {
        let echo = Echo::start();
        let proxy = Proxy::start(&echo.url);
        proxy.fault(Fault::on("CreateLogGroup", Kind::ResetBefore).nth(2));
        proxy.fault(Fault::on("TagResource", Kind::ResetAfter));
        let mut caller = Caller::new(&proxy);
        caller.json("CreateLogGroup").unwrap();
        // On a connection that has served before, as a pooled one.
        assert_reset(caller.json("CreateLogGroup"));
        assert_eq!(echo.served(), 1);
        assert_reset(Caller::new(&proxy).json("TagResource"));
        assert_eq!(echo.served(), 2);
        let seen: Vec<_> = proxy
            .calls()
            .iter()
            .map(|call| (call.forwarded, call.status))
            .collect();
        assert_eq!(seen, [(true, Some(201)), (false, None), (true, None)]);
    }

    #[test]
    fn holds_and_delays() {
        let echo = Echo::start();
        let proxy = Proxy::start(&echo.url);
        proxy.fault(Fault::on("PutMetricFilter", Kind::Hold));
        let mut kept = Caller::new(&proxy);
        kept.send("logs", "POST /", "X-Amz-Target: L.PutMetricFilter\r\n", "");
        proxy.wait_until_held(1, PATIENCE);
        let mut gone = Caller::new(&proxy);
        gone.send("logs", "POST /", "X-Amz-Target: L.PutMetricFilter\r\n", "");
        proxy.wait_until_held(2, PATIENCE);
        assert_eq!((echo.served(), proxy.depth()), (0, 1), "two calls at once");
        // A client that goes away takes its call with it.
        drop(gone);
        until("one call less", || proxy.shared.state().holding == 1);
        proxy.release();
        assert!(message(&mut kept.0).unwrap().starts_with("HTTP/1.1 201 "));
        assert_eq!(echo.served(), 1);
        let seen: Vec<_> = proxy.calls().iter().map(|call| call.forwarded).collect();
        assert_eq!(seen, [true, false]);

        // Held until a reset, which also forgets what was under way.
        kept.send("logs", "POST /", "X-Amz-Target: L.PutMetricFilter\r\n", "");
        proxy.wait_until_held(1, PATIENCE);
        proxy.reset();
        assert!(message(&mut kept.0).unwrap().starts_with("HTTP/1.1 201 "));
        assert_eq!(proxy.calls(), []);

        proxy.fault(Fault::on(Matching::Any, Kind::Delay(Duration::from_millis(30))));
        kept.json("DescribeLogGroups").unwrap();
        let call = &proxy.calls()[0];
        assert!(call.end - call.start >= Duration::from_millis(30), "{call:?}");
    }

    #[test]
    fn depth_counts_what_does_not_overlap() {
        let spans = |spans: &[(u64, u64)]| {
            let echo: Vec<_> = spans
                .iter()
                .map(|(start, end)| Call {
                    service: String::new(),
                    operation: String::new(),
                    region: String::new(),
                    write: false,
                    forwarded: true,
                    status: None,
                    start: Duration::from_millis(*start),
                    end: Duration::from_millis(*end),
                })
                .collect();
            depth(&echo)
        };
        assert_eq!(spans(&[]), 0);
        assert_eq!(spans(&[(0, 10), (1, 4), (4, 8), (2, 9), (9, 12)]), 3);
        assert_eq!(spans(&[(0, 5), (0, 5), (0, 5)]), 1);
    }

    #[test]
    fn ends_and_says_what_is_missing() {
        let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", nobody.local_addr().unwrap());
        drop(nobody);
        let proxy = Proxy::start(&url);
        let mut caller = Caller::new(&proxy);
        let answer = caller.json("DescribeLogGroups").unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 502 ") && answer.contains("refused"),
            "{answer}"
        );

        proxy.fault(Fault::on(Matching::Any, Kind::Hold));
        caller.send("logs", "POST /", "X-Amz-Target: L.X\r\n", "");
        proxy.wait_until_held(1, PATIENCE);
        let address = proxy.endpoint.strip_prefix("http://").unwrap().to_owned();
        drop(proxy);
        assert!(
            message(&mut caller.0).is_err(),
            "an open connection was not closed"
        );
        assert!(
            std::net::TcpStream::connect(address).is_err(),
            "the port is still open"
        );
    }
}
