//! What runs on the proxy's thread.

use std::error::Error;
use std::future::poll_fn;
use std::iter::successors;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::HeaderMap;
use http::request::Parts;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::calls::Record;
use super::decode::Target;
use super::{Kind, REQUEST_ID_PREFIX, Shared};

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

/// The end of a connection in place of an answer.
type Cut = &'static str;
const CUT: Cut = "the connection is to be reset";

#[derive(Clone)]
pub(super) struct Server {
    shared: Arc<Shared>,
    client: Client<HttpConnector, Full<Bytes>>,
    upstream: Uri,
}

impl Server {
    pub(super) fn new(shared: Arc<Shared>, upstream: Uri) -> Server {
        let mut connector = HttpConnector::new();
        // Small requests must not wait for the acknowledgement of earlier ones (40 ms).
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(None)
            .build(connector);
        Server {
            shared,
            client,
            upstream,
        }
    }

    /// Serves until the runtime ends.
    pub(super) async fn run(self, listener: TcpListener) {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a port for tokio");
        loop {
            // A client that gave up before it was accepted is no concern.
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(self.clone().connection(stream));
            }
        }
    }

    async fn connection(self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let service = service_fn(move |request| Box::pin(self.clone().answer(request)));
        let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
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
        let body = body.collect().await.map_err(|_| CUT)?.to_bytes();
        let target = Target::of(&head, &body);
        let kind = self.shared.faults.meet(&target.call);
        let record = self.shared.log.begin(target.call.clone());

        let answer = match kind {
            None => self.forward(&record, head, body).await,
            Some(Kind::Delay(time)) => {
                tokio::time::sleep(time).await;
                self.forward(&record, head, body).await
            }
            Some(Kind::Hold) => {
                // An error would mean that the proxy itself is gone.
                let _ = self.shared.releases.subscribe().changed().await;
                self.forward(&record, head, body).await
            }
            Some(Kind::ResetBefore) => return Err(CUT),
            Some(Kind::ResetAfter) => {
                self.forward(&record, head, body).await;
                return Err(CUT);
            }
            Some(refused) => {
                let number = self.shared.made_up.fetch_add(1, Ordering::Relaxed) + 1;
                target.refusal(&refused, &format!("{REQUEST_ID_PREFIX}{number:012}"))
            }
        };
        record.call().status = Some(answer.status().as_u16());
        Ok(answer)
    }

    /// The upstream's answer; HTTP 502 if it has none.
    async fn forward(&self, record: &Record, mut head: Parts, body: Bytes) -> Response<Full<Bytes>> {
        record.call().forwarded = true;
        let mut target = self.upstream.clone().into_parts();
        target.path_and_query = head.uri.path_and_query().cloned();
        head.uri = Uri::from_parts(target).unwrap_or_else(|_| self.upstream.clone());
        strip(&mut head.headers);
        let request = Request::from_parts(head, Full::new(body));
        let client = self.client.clone();
        // A task of its own: AWS, too, carries out a call whose client has gone.
        let answered = tokio::spawn(async move {
            let (mut head, body) = client.request(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            strip(&mut head.headers);
            Ok(Response::from_parts(head, Full::new(body)))
        });
        let answered: Result<_, Box<dyn Error + Send + Sync>> = answered.await.map_err(Into::into).flatten();
        answered.unwrap_or_else(|error| {
            // With its causes, since hyper keeps what matters in those.
            let causes = successors(Some(&*error as &(dyn Error + 'static)), |error| (*error).source());
            let causes: Vec<_> = causes.map(ToString::to_string).collect();
            let text = format!(
                "the proxy had no answer from {}: {}",
                self.upstream,
                causes.join(": ")
            );
            let mut answer = Response::new(Full::from(text));
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            answer
        })
    }
}

fn strip(headers: &mut HeaderMap) {
    for name in CONNECTION_HEADERS {
        headers.remove(*name);
    }
}
