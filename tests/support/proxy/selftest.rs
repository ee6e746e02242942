//! The proxy's own tests, against a server that says what it hears.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use http::Request;

use super::decode::Target;
use super::{Call, Fault, Kind, Matching, Proxy, REQUEST_ID_PREFIX, When, calls};

const PATIENCE: Duration = Duration::from_secs(10);

/// A server that answers each request with the request itself, and HEAD with
/// the length of a body only; it counts them.
struct Echo {
    url: String,
    served: Arc<AtomicUsize>,
}

impl Echo {
    fn start() -> Echo {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&served);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let counter = Arc::clone(&counter);
                thread::spawn(move || {
                    let mut stream = BufReader::new(stream.unwrap());
                    while let Ok(request) = message(&mut stream) {
                        counter.fetch_add(1, Ordering::SeqCst);
                        let answer = match request.starts_with("HEAD ") {
                            true => "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n".to_owned(),
                            false => format!(
                                "HTTP/1.1 201 Created\r\nX-Own: 1\r\nX-Own: 2\r\n\
                                 Content-Length: {}\r\n\r\n{request}",
                                request.len()
                            ),
                        };
                        stream.get_mut().write_all(answer.as_bytes()).unwrap();
                    }
                });
            }
        });
        Echo { url, served }
    }

    fn served(&self) -> usize {
        self.served.load(Ordering::SeqCst)
    }
}

/// A head and its body, in one text. A length of 77 is only said (see [`Echo`]).
fn message(stream: &mut impl BufRead) -> io::Result<String> {
    let (mut text, mut length) = (String::new(), 0);
    while !text.ends_with("\r\n\r\n") {
        let start = text.len();
        if stream.read_line(&mut text)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = text[start..].to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; if length == 77 { 0 } else { length }];
    stream.read_exact(&mut body)?;
    Ok(text + &String::from_utf8_lossy(&body))
}

/// A client with one connection.
struct Caller(BufReader<TcpStream>);

impl Caller {
    fn new(proxy: &Proxy) -> Caller {
        let stream = TcpStream::connect(address(proxy)).unwrap();
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

    fn send_json(&mut self, operation: &str) {
        let target = format!("X-Amz-Target: Logs_20140328.{operation}\r\n");
        self.send("logs", "POST /", &target, "{}");
    }

    fn receive(&mut self) -> io::Result<String> {
        message(&mut self.0)
    }

    fn call(&mut self, service: &str, first: &str, headers: &str, body: &str) -> String {
        self.send(service, first, headers, body);
        self.receive().unwrap()
    }

    fn json(&mut self, operation: &str) -> String {
        self.send_json(operation);
        self.receive().unwrap()
    }

    /// Calls and expects a reset in place of the answer.
    fn json_reset(&mut self, operation: &str) {
        self.send_json(operation);
        let error = self.receive().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
}

fn address(proxy: &Proxy) -> &str {
    proxy.endpoint.strip_prefix("http://").unwrap()
}

fn ready() -> (Echo, Proxy, Caller) {
    let echo = Echo::start();
    let proxy = Proxy::start(&echo.url);
    let caller = Caller::new(&proxy);
    (echo, proxy, caller)
}

#[track_caller]
fn has(answer: &str, parts: &[&str]) {
    for part in parts {
        assert!(answer.contains(part), "no {part:?} in {answer}");
    }
}

#[test]
fn passes_on_and_counts() {
    let (_echo, proxy, mut caller) = ready();
    let headers = "X-Amz-A: 1\r\nTE: x\r\n";
    let answer = caller.call("s3", "PUT /b/a%20b?x=%2F&policy", headers, "\u{fc}");
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    has(&answer, &["PUT /b/a%20b?x=%2F&policy HTTP/1.1\r\n"]);
    has(&answer, &["x-amz-a: 1\r\n", "host: aws\r\n"]);
    has(&answer, &["x-own: 1\r\nx-own: 2\r\n"]);
    assert!(!answer.to_lowercase().contains("te: x"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n\u{fc}"), "{answer}");
    let answer = caller.call("s3", "HEAD /b", "", "");
    has(&answer, &["content-length: 77\r\n"]);
    caller.json("DescribeLogGroups");

    let calls = proxy.calls();
    assert_eq!((proxy.reads(), proxy.writes(), proxy.depth()), (2, 1, 3));
    assert_eq!(calls[0].operation, "PutObject");
    assert_eq!((calls[0].status, calls[0].forwarded), (Some(201), true));
    assert_eq!((&*calls[2].service, &*calls[2].region), ("logs", "eu-west-1"));
    assert!(calls[0].start <= calls[0].end && calls[0].end <= calls[1].start);
    let counts: Vec<_> = proxy.operations().into_iter().collect();
    assert_eq!(counts[0], ("logs:DescribeLogGroups".to_owned(), 1));
    proxy.reset();
    assert_eq!((proxy.calls(), proxy.depth()), (vec![], 0));
}

#[test]
fn tells_operations() {
    // Service, method, path and query, perhaps one thing more; what is told.
    let rows = "
        sns POST / form Action=CreateTopic&Name=x => write CreateTopic
        sts POST / form Version=1&Action=GetCallerIdentity => read GetCallerIdentity
        sts GET /?Action=GetCallerIdentity => read GetCallerIdentity
        monitoring POST /service/GraniteServiceVersion20100801/operation/PutMetricAlarm => write PutMetricAlarm
        tagging POST / x-amz-target R_2017.GetResources => read GetResources
        logs POST / x-amz-target L.TestMetricFilter => read TestMetricFilter
        other GET /a/b => read GET /a/b
        other PATCH /a => write PATCH /a
        s3 GET / => read ListBuckets
        s3 GET /?x-id=ListBuckets => read ListBuckets
        s3 PUT /b => write CreateBucket
        s3 PUT /b/ => write CreateBucket
        s3 HEAD /b => read HeadBucket
        s3 DELETE /b => write DeleteBucket
        s3 GET /b?list-type=2 => read ListObjectsV2
        s3 GET /b?versions => read ListObjectVersions
        s3 POST /b?delete => write DeleteObjects
        s3 GET /b?policy => read GetBucketPolicy
        s3 GET /b?policyStatus => read GetBucketPolicyStatus
        s3 PUT /b?publicAccessBlock => write PutPublicAccessBlock
        s3 GET /b?encryption= => read GetBucketEncryption
        s3 GET /b?versioning => read GetBucketVersioning
        s3 GET /b?ownershipControls => read GetBucketOwnershipControls
        s3 DELETE /b?tagging => write DeleteBucketTagging
        s3 GET /b?location => read GetBucketLocation
        s3 GET /b?acl => read GetBucketAcl
        s3 DELETE /b?lifecycle => write DeleteBucketLifecycle
        s3 GET /b/k/l?x-id=GetObject => read GetObject
        s3 PUT /b/k x-amz-copy-source b/l => write CopyObject
        s3 GET /b/k?acl => read GetObjectAcl
    ";
    for row in rows.trim().lines() {
        let (request, expected) = row.split_once(" => ").unwrap();
        let words: Vec<_> = request.split_whitespace().collect();
        let (header, value, body) = match words[3..] {
            [] => ("x-nothing", "", ""),
            ["form", form] => (
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
                form,
            ),
            [header, value] => (header, value, ""),
            _ => panic!("{row}"),
        };
        let scope = format!("AKIA/20260101/us-east-1/{}/aws4_request", words[0]);
        let (head, ()) = Request::builder()
            .method(words[1])
            .uri(words[2])
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, S"))
            .header(header, value)
            .body(())
            .unwrap()
            .into_parts();
        let call = Target::of(&head, body.as_bytes()).call;
        let told = if call.write { "write" } else { "read" };
        assert_eq!(format!("{told} {}", call.operation), expected, "{row}");
    }
}

#[test]
fn refuses_in_each_protocol() {
    let (echo, proxy, mut caller) = ready();
    let mut all = |kind: Kind| {
        proxy.fault(Fault::on(Matching::Any, kind));
        let json = caller.json("PutRetentionPolicy");
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        let query = caller.call("sns", "POST /", form, "Action=CreateTopic");
        let path = "POST /service/Granite/operation/DescribeAlarms";
        let cbor = caller.call("monitoring", path, "X-Amzn-Query-Mode: true\r\n", "");
        let s3 = caller.call("s3", "GET /b?policy", "", "");
        let head = caller.call("s3", "HEAD /b", "", "");
        proxy.clear_faults();
        [json, query, cbor, s3, head]
    };

    let [json, query, cbor, s3, head] = all(Kind::Throttle);
    has(&json, &["HTTP/1.1 400 ", "ThrottlingException"]);
    has(
        &json,
        &[&format!("x-amzn-requestid: {REQUEST_ID_PREFIX}000000000001\r\n")],
    );
    has(&query, &["HTTP/1.1 400 ", "<Code>Throttling</Code>"]);
    has(
        &cbor,
        &["\u{fffd}f__typesThrottlingExceptiongmessagemRate exceeded"],
    );
    has(&cbor, &["x-amzn-query-error: ThrottlingException;Sender\r\n"]);
    has(&s3, &["HTTP/1.1 503 ", "<Code>SlowDown</Code>"]);
    has(&head, &["HTTP/1.1 503 "]);
    assert!(head.ends_with("\r\n\r\n"), "{head}");

    let [json, query, cbor, s3, _] = all(Kind::InternalError);
    has(&json, &["HTTP/1.1 500 ", "InternalFailure"]);
    has(&query, &["HTTP/1.1 500 ", "InternalFailure"]);
    has(&s3, &["HTTP/1.1 500 ", "InternalError"]);
    // A text of more than 23 bytes: its length is in four more.
    has(&cbor, &["\u{fffd}f__typeoInternalFailuregmessagez\0\0\0"]);

    let [json, query, cbor, s3, _] = all(Kind::AccessDenied);
    for (answer, status, code, action) in [
        (json, 400, "AccessDeniedException", "logs:PutRetentionPolicy"),
        (query, 403, "AuthorizationError", "sns:CreateTopic"),
        (cbor, 403, "AccessDenied", "cloudwatch:DescribeAlarms"),
        (s3.clone(), 403, "<Code>AccessDenied</Code>", "s3:GetBucketPolicy"),
    ] {
        let user = "User: arn:aws:iam::100000000009:user/test";
        let message = format!("{user} is not authorized to perform: {action} on resource: ");
        has(&answer, &[&format!("HTTP/1.1 {status} "), code, &message]);
    }
    has(&s3, &["on resource: \"arn:aws:s3:::b\" because"]);

    let [json, _, _, s3, _] = all(Kind::Error {
        code: "Odd".to_owned(),
        message: "a < b".to_owned(),
        status: 418,
    });
    has(&json, &["HTTP/1.1 418 ", "\"message\":\"a < b\""]);
    has(&s3, &["<Message>a &lt; b</Message>"]);
    assert_eq!(echo.served(), 0);
    let answered = |call: &Call| !call.forwarded && call.status.is_some();
    assert!(proxy.calls().iter().all(answered));
}

#[test]
fn chooses_calls() {
    let (_echo, proxy, mut caller) = ready();
    proxy.fault(Fault::on("logs:DescribeLogGroups", Kind::Throttle).first(2));
    proxy.fault(Fault::on(Matching::Writes, Kind::InternalError).nth(2));
    proxy.fault(Fault::on("sns:PutMetricFilter", Kind::Throttle));
    proxy.fault(Fault {
        matching: Matching::Reads,
        when: When::Nth(4),
        kind: Kind::AccessDenied,
    });
    for operation in ["DescribeLogGroups", "PutMetricFilter"].repeat(4) {
        caller.json(operation);
    }
    let statuses: Vec<_> = proxy.calls().iter().filter_map(|call| call.status).collect();
    assert_eq!(statuses, [400, 201, 400, 500, 201, 201, 400, 201]);
    proxy.clear_faults();
    caller.json("DescribeLogGroups");
    assert_eq!(proxy.calls()[8].status, Some(201));
}

#[test]
fn resets_before_and_after() {
    let (echo, proxy, mut caller) = ready();
    proxy.fault(Fault::on("CreateLogGroup", Kind::ResetBefore).nth(2));
    proxy.fault(Fault::on("TagResource", Kind::ResetAfter));
    caller.json("CreateLogGroup");
    // On a connection that has served before, as a pooled one.
    caller.json_reset("CreateLogGroup");
    assert_eq!(echo.served(), 1);
    Caller::new(&proxy).json_reset("TagResource");
    assert_eq!(echo.served(), 2);
    let calls = proxy.calls();
    let seen: Vec<_> = calls.iter().map(|call| (call.forwarded, call.status)).collect();
    assert_eq!(seen, [(true, Some(201)), (false, None), (true, None)]);
}

#[test]
fn holds_and_delays() {
    let (echo, proxy, mut kept) = ready();
    proxy.fault(Fault::on("PutMetricFilter", Kind::Hold));
    kept.send_json("PutMetricFilter");
    proxy.wait_until_held(1, PATIENCE);
    let mut gone = Caller::new(&proxy);
    gone.send_json("PutMetricFilter");
    proxy.wait_until_held(2, PATIENCE);
    assert_eq!((echo.served(), proxy.depth()), (0, 1), "two calls at once");
    // A client that goes away takes its call with it.
    drop(gone);
    let start = Instant::now();
    while proxy.held() > 1 {
        assert!(start.elapsed() < PATIENCE, "still two calls after {PATIENCE:?}");
        thread::sleep(Duration::from_millis(1));
    }
    proxy.release();
    has(&kept.receive().unwrap(), &["HTTP/1.1 201 "]);
    assert_eq!(echo.served(), 1);
    let seen: Vec<_> = proxy.calls().iter().map(|call| call.forwarded).collect();
    assert_eq!(seen, [true, false]);

    // Held until a reset, which also forgets what was under way.
    kept.send_json("PutMetricFilter");
    proxy.wait_until_held(1, PATIENCE);
    proxy.reset();
    has(&kept.receive().unwrap(), &["HTTP/1.1 201 "]);
    assert_eq!(proxy.calls(), []);

    proxy.fault(Fault::on(Matching::Any, Kind::Delay(Duration::from_millis(30))));
    kept.json("DescribeLogGroups");
    let call = &proxy.calls()[0];
    assert!(call.end - call.start >= Duration::from_millis(30), "{call:?}");
}

#[test]
fn depth_counts_what_does_not_overlap() {
    let depth = |spans: &[(u64, u64)]| {
        let call = |(start, end): &(u64, u64)| Call {
            start: Duration::from_millis(*start),
            end: Duration::from_millis(*end),
            ..Call::new("", "", String::new())
        };
        calls::depth(&spans.iter().map(call).collect::<Vec<_>>())
    };
    assert_eq!(depth(&[]), 0);
    assert_eq!(depth(&[(0, 10), (1, 4), (4, 8), (2, 9), (9, 12)]), 3);
    assert_eq!(depth(&[(0, 5), (0, 5), (0, 5)]), 1);
}

#[test]
fn ends_and_says_what_is_missing() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let proxy = Proxy::start(&url);
    let mut caller = Caller::new(&proxy);
    let answer = caller.json("DescribeLogGroups");
    has(&answer, &["HTTP/1.1 502 ", "refused"]);

    proxy.fault(Fault::on(Matching::Any, Kind::Hold));
    caller.send_json("X");
    proxy.wait_until_held(1, PATIENCE);
    let address = address(&proxy).to_owned();
    drop(proxy);
    assert!(caller.receive().is_err(), "an open connection was not closed");
    assert!(TcpStream::connect(address).is_err(), "the port is still open");
}
