//! An HTTPS endpoint on this machine hears what a topic of the sandbox publishes.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::clients::wait;
use crate::support::world::World;

const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tls/cert.pem");

/// Answers HTTPS on a port of its own: the port, and the bodies that come.
fn endpoint() -> (u16, Receiver<Value>) {
    let certificate = CertificateDer::from_pem_file(CERTIFICATE).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(Path::new(CERTIFICATE).with_file_name("key.pem")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (port, ports) = channel();
    let (heard, bodies) = channel();
    std::thread::spawn(move || {
        wait(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                .await
                .expect("a port");
            port.send(listener.local_addr().expect("an address").port())
                .expect("heard");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut text = Vec::new();
                let body = loop {
                    let mut some = [0; 4096];
                    let count = stream.read(&mut some).await.unwrap_or_default();
                    text.extend(&some[..count]);
                    let all = String::from_utf8_lossy(&text);
                    let body = all.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
                    match body.and_then(|body| serde_json::from_str(&body).ok()) {
                        Some(body) => break body,
                        None if count == 0 => break Value::Null,
                        None => {}
                    }
                };
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                drop(stream.write_all(answer.as_bytes()).await);
                drop(stream.shutdown().await);
                if heard.send(body).is_err() {
                    return;
                }
            }
        });
    });
    (ports.recv().expect("a port"), bodies)
}

#[test]
fn an_https_endpoint_is_told_if_its_certificate_is_trusted() {
    let world = World::in_file();
    let (port, bodies) = endpoint();
    world.write(
        "spec.toml",
        &format!(
            "format = 1\n[stack]\nname = \"hook\"\naccount = \"{}\"\nregion = \"us-east-1\"\n[topic.alerts]\n\
             [[topic.alerts.subscription]]\nprotocol = \"https\"\nendpoint = \"https://localhost:{port}/hook\"\n",
            world.account
        ),
    );
    let trusting = |arguments: &[&str]| {
        let mut command = world.command(&world.endpoint, arguments);
        let output = command
            .env("SSL_CERT_FILE", Path::new(CERTIFICATE).with_file_name("ca.pem"))
            .output()
            .expect("the binary starts");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}");
    };
    trusting(&["apply", "spec.toml", "--yes"]);
    let next = || {
        let body = bodies.recv_timeout(Duration::from_secs(60));
        body.unwrap_or_else(|_| panic!("nothing came: {:?}", world.sandbox().inbox()))
    };
    let asked = next();
    assert_eq!(asked["Type"], "SubscriptionConfirmation");
    let token = asked["Token"].as_str().expect("a token");
    trusting(&["confirm", "alerts", token, "--spec", "spec.toml"]);
    trusting(&["notify", "alerts", "--spec", "spec.toml", "--yes"]);
    let told = next();
    assert_eq!(told["Type"], "Notification");
    assert_eq!(told["Subject"], "trailwarden: test message");

    // Somebody who does not trust the certificate sends nothing.
    world
        .run(&["notify", "alerts", "--spec", "spec.toml", "--yes"])
        .exits(0);
    let inbox = world.sandbox().inbox().expect("an inbox");
    let problem = inbox
        .last()
        .and_then(|notice| notice.problem.clone())
        .expect("a problem");
    assert!(problem.contains("certificate"), "{problem}");
    assert!(bodies.try_recv().is_err());
}
