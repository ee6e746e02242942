//! Messages that leave the sandbox: HTTP and HTTPS, to this machine only.
//!
//! A change of the state leaves them in the state's `outgoing`, and they are sent when the change is kept
//! and no lock is held. Each is tried once; AWS tries again for an hour by default.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::state::MessageAttribute;

/// How long SNS waits for an endpoint.
const PATIENCE: Duration = Duration::from_secs(15);

/// One message of SNS to an HTTP endpoint.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outgoing {
    pub(crate) at: i64,
    /// `Notification` or `SubscriptionConfirmation`.
    pub(crate) kind: &'static str,
    pub(crate) message_id: String,
    pub(crate) topic: String,
    pub(crate) subscription: String,
    pub(crate) protocol: String,
    pub(crate) endpoint: String,
    pub(crate) subject: Option<String>,
    pub(crate) raw: bool,
    pub(crate) body: String,
    /// What its dead-letter queue gets besides the body.
    pub(crate) attributes: std::collections::BTreeMap<String, MessageAttribute>,
}

/// An endpoint on this machine.
#[derive(Debug, PartialEq)]
struct Target {
    host: String,
    port: u16,
    path: String,
    user: Option<String>,
    tls: bool,
}

impl Target {
    /// Reads a URL, or says why nothing is sent there.
    fn new(url: &str) -> Result<Target, &'static str> {
        let (tls, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err("it is no URL of HTTP"),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user.to_owned()), place),
            None => (None, authority),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|it| it.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => place
                .split_once(':')
                .map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let here = host.eq_ignore_ascii_case("localhost")
            || host.parse::<Ipv4Addr>().is_ok_and(|it| it.is_loopback())
            || host.parse::<Ipv6Addr>().is_ok_and(|it| it.is_loopback());
        let port = port.map_or(Ok(if tls { 443 } else { 80 }), str::parse);
        match (here, port) {
            (true, Ok(port)) => Ok(Target {
                host: host.to_owned(),
                port,
                path: if path.starts_with('/') {
                    path.to_owned()
                } else {
                    format!("/{path}")
                },
                user,
                tls,
            }),
            _ => Err("the sandbox sends to the loopback only"),
        }
    }
}

/// Why nothing is sent to an endpoint, if nothing is.
pub(crate) fn undeliverable(endpoint: &str) -> Option<&'static str> {
    Target::new(endpoint).err()
}

impl Outgoing {
    /// Sends it; an answer other than 2xx, or none, is an error.
    pub(crate) async fn send(&self) -> Result<(), String> {
        let target = Target::new(&self.endpoint)?;
        match tokio::time::timeout(PATIENCE, self.post(&target)).await {
            Ok(Ok(status)) if status.is_success() => Ok(()),
            Ok(Ok(status)) => Err(format!("the endpoint answered {status}")),
            Ok(Err(problem)) => Err(problem),
            Err(_) => Err("the endpoint did not answer".to_owned()),
        }
    }

    async fn post(&self, target: &Target) -> Result<http::StatusCode, String> {
        let problem = |error: &dyn std::error::Error| error.to_string();
        let place = (target.host.as_str(), target.port);
        let stream = TcpStream::connect(place).await.map_err(|it| problem(&it))?;
        if !target.tls {
            return self.exchange(target, stream).await;
        }
        let name = ServerName::try_from(target.host.clone()).map_err(|it| problem(&it))?;
        let connector = TlsConnector::from(trusting()?);
        let stream = connector.connect(name, stream).await.map_err(|it| problem(&it))?;
        self.exchange(target, stream).await
    }

    async fn exchange<S>(&self, target: &Target, stream: S) -> Result<http::StatusCode, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let problem = |error: &dyn std::error::Error| error.to_string();
        let io = TokioIo::new(stream);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io)
            .await
            .map_err(|it| problem(&it))?;
        let host = match target.host.contains(':') {
            true => format!("[{}]:{}", target.host, target.port),
            false => format!("{}:{}", target.host, target.port),
        };
        let mut request = http::Request::post(&target.path)
            .header(HOST, host)
            .header(CONTENT_TYPE, "text/plain; charset=UTF-8")
            .header("user-agent", "Amazon Simple Notification Service Agent")
            .header("x-amz-sns-message-type", self.kind)
            .header("x-amz-sns-message-id", &self.message_id)
            .header("x-amz-sns-topic-arn", &self.topic);
        if self.kind == "Notification" {
            request = request.header("x-amz-sns-subscription-arn", &self.subscription);
        }
        if self.raw {
            request = request.header("x-amz-sns-rawdelivery", "true");
        }
        if let Some(user) = &target.user {
            let user = crate::protocol::percent_decode(user, false);
            let user = aws_smithy_types::base64::encode(user);
            request = request.header(AUTHORIZATION, format!("Basic {user}"));
        }
        let body = Full::new(Bytes::from(self.body.clone()));
        let request = request.body(body).map_err(|it| problem(&it))?;
        let exchange = async {
            let response = sender.send_request(request).await.map_err(|it| problem(&it))?;
            let status = response.status();
            // Read to the end, so that the endpoint sees a whole exchange.
            let _ = response.into_body().collect().await;
            Ok(status)
        };
        let mut exchange = std::pin::pin!(exchange);
        tokio::select! {
            answer = &mut exchange => answer,
            ended = connection => match ended {
                // The answer may have come with the end of the connection.
                Ok(()) => exchange.await,
                Err(error) => Err(problem(&error)),
            },
        }
    }
}

/// "HTTPS endpoints must have a certificate from a trusted authority": one that this machine trusts, or that of
/// `SSL_CERT_FILE`.
fn trusting() -> Result<Arc<ClientConfig>, String> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    let make = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        Ok(Arc::new(
            config.with_root_certificates(roots).with_no_client_auth(),
        ))
    };
    CONFIG.get_or_init(make).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reached() {
        let target = Target::new("http://me:pw@127.0.0.1:8080/a?b").unwrap();
        assert_eq!(
            (target.host.as_str(), target.port, target.path.as_str()),
            ("127.0.0.1", 8080, "/a?b")
        );
        assert_eq!(target.user.as_deref(), Some("me:pw"));
        let target = Target::new("http://[::1]").unwrap();
        assert_eq!(
            (target.host.as_str(), target.port, target.path.as_str()),
            ("::1", 80, "/")
        );
        assert!(Target::new("http://localhost:1").is_ok());
        let target = Target::new("https://localhost/").unwrap();
        assert!(target.tls && target.port == 443);
        for elsewhere in [
            "https://example.com/",
            "ftp://127.0.0.1/",
            "http://example.com/",
            "http://10.0.0.1/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://localhost:x/",
        ] {
            assert!(Target::new(elsewhere).is_err(), "{elsewhere}");
        }
    }
}
