//! The sandbox as the HTTP client of the Rust SDK.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt as _;
use winterbaume_core::MockRequest;

use crate::Sandbox;

pub(crate) fn client(sandbox: Sandbox) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector { sandbox });
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct Connector {
    sandbox: Sandbox,
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let sandbox = self.sandbox.clone();
        HttpConnectorFuture::new(async move {
            let body = request.take_body().collect().await;
            let body = body.map_err(ConnectorError::user)?.to_bytes();
            let mut headers = HeaderMap::new();
            for (name, value) in request.headers() {
                if let (Ok(name), Ok(value)) = (
                    HeaderName::from_bytes(name.as_bytes()),
                    HeaderValue::from_str(value),
                ) {
                    headers.append(name, value);
                }
            }
            let response = sandbox.answer(MockRequest {
                method: request.method().to_owned(),
                uri: request.uri().to_owned(),
                headers,
                body,
            });
            let response = response.await;
            let mut answer = http::Response::new(SdkBody::from(response.body));
            *answer.status_mut() = http::StatusCode::from_u16(response.status)
                .map_err(|error| ConnectorError::other(error.into(), None))?;
            *answer.headers_mut() = response.headers;
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
