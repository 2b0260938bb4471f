//! The layer for HTTP clients.

use std::borrow::Cow;
use std::time::Instant;

use dt_metrics::{record, up_down_counter};
use http::uri::Authority;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version, header};
use http_body::Body;
use tower_layer::Layer;

use crate::attributes::{ErrorType, method, scheme, version};
use crate::body::Read;
use crate::call::{Call, End};
use crate::service::{Measure, MeasuredService};

/// Measures every request of an HTTP client: put it as a layer around the client.
///
/// | metric | unit | dimensions |
/// | --- | --- | --- |
/// | `http.client.request.duration` | `s` | `http.request.method`, `server.address`, `server.port`, `http.response.status_code`, `network.protocol.version`, `error.type` |
/// | `http.client.request.body.size`, `http.client.response.body.size` | `By` | the same |
/// | `http.client.active_requests` | `{request}` | `http.request.method`, `server.address`, `server.port` |
///
/// The names are those of OpenTelemetry's [semantic conventions][semconv] for HTTP.
///
/// - A request is over when the last byte of its response was read, or when the program has dropped
///   the response.
/// - `error.type` is set if the request failed: to the status if that is 400 to 599, to the type of
///   the error that the client or the body returned, to `panic`, or to `cancelled` if the program
///   did not read the whole response.
/// - Each server is a series of its own: a program that calls servers of its users' choice should
///   set a `cardinality_limit`.
///
/// With the feature `reqwest` the layer goes around a `reqwest::Client`. Around the client of
/// `hyper-util` and others that take [`http::Request`] it goes as it is:
///
/// ```
/// use dt_metrics_tower::HttpClientMetrics;
/// use http::{Request, Response};
/// use http_body_util::Empty;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // In a program: `hyper_util::client::legacy::Client`.
/// let client = service_fn(|_: Request<Empty<&[u8]>>| async {
///     Ok::<_, std::convert::Infallible>(Response::new(Empty::<&[u8]>::new()))
/// });
/// let client = ServiceBuilder::new().layer(HttpClientMetrics::new()).service(client);
/// let request = Request::get("https://example.com/").body(Empty::new()).unwrap();
/// let response = client.oneshot(request).await.unwrap();
/// assert_eq!(response.status(), 200);
/// # }
/// ```
///
/// [semconv]: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct HttpClientMetrics {}

impl HttpClientMetrics {
    /// The layer.
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for HttpClientMetrics {
    type Service = MeasuredService<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        MeasuredService::new(inner, *self)
    }
}

impl Measure for HttpClientMetrics {
    type Call = ClientCall;

    fn begin<B: Body + 'static>(&self, request: &mut Request<B>) -> ClientCall {
        let read = Read::of(request.body_mut());
        ClientCall::begin(request.method(), request.uri(), request.headers(), read)
    }
}

/// A request of an HTTP client.
#[derive(Debug)]
pub struct ClientCall {
    began: Instant,
    method: &'static str,
    server: Option<Authority>,
    port: Option<u16>,
    read: Read,
    version: Option<&'static str>,
    status: Option<StatusCode>,
    error_type: Option<Cow<'static, str>>,
}

impl ClientCall {
    pub(crate) fn begin(name: &Method, uri: &Uri, headers: &HeaderMap, read: Read) -> Self {
        let server = uri.authority().cloned().or_else(|| {
            let host = headers.get(header::HOST)?;
            Authority::try_from(host.as_bytes()).ok()
        });
        let port = server.as_ref().and_then(Authority::port_u16);
        let usual = if scheme(uri) == "https" { 443 } else { 80 };
        let call = Self {
            began: Instant::now(),
            method: method(name),
            port: server.as_ref().map(|_| port.unwrap_or(usual)),
            server,
            read,
            version: None,
            status: None,
            error_type: None,
        };
        active(&call, 1);
        call
    }

    pub(crate) fn answered(&mut self, status: StatusCode, protocol: Version) {
        self.status = Some(status);
        self.version = version(protocol);
    }
}

fn active(call: &ClientCall, change: i64) {
    up_down_counter!(
        "http.client.active_requests",
        change,
        unit = "{request}",
        description = "HTTP requests that wait for their response",
        dims(
            http.request.method = call.method,
            server.address = call.server.as_ref().map(Authority::host),
            server.port = call.port,
        )
    );
}

impl Call for ClientCall {
    fn respond<B>(&mut self, response: &Response<B>) {
        let status = response.status();
        self.answered(status, response.version());
        self.error_type = ErrorType::said(response.extensions(), status, 400);
    }

    fn trailers(&mut self, _: &HeaderMap) {}

    fn end(self, end: End, sent: u64) {
        active(&self, -1);
        let server = self.server.as_ref().map(Authority::host);
        let status = self.status.as_ref().map(StatusCode::as_str);
        let ended = end.error_type();
        let error_type = self.error_type.as_deref().or(ended.as_deref());
        record!(
            "http.client.request.duration",
            self.began.elapsed().as_secs_f64(),
            unit = "s",
            description = "Duration of HTTP requests to other services, to the end of the response",
            dims(
                http.request.method = self.method,
                server.address = server,
                server.port = self.port,
                http.response.status_code = status,
                network.protocol.version = self.version,
                error.type = error_type,
            )
        );
        if let Some(size) = self.read.size() {
            record!(
                "http.client.request.body.size",
                size,
                unit = "By",
                description = "Size of the bodies of HTTP requests to other services",
                dims(
                    http.request.method = self.method,
                    server.address = server,
                    server.port = self.port,
                    http.response.status_code = status,
                    network.protocol.version = self.version,
                    error.type = error_type,
                )
            );
        }
        if self.status.is_some() {
            record!(
                "http.client.response.body.size",
                sent,
                unit = "By",
                description = "Size of the bodies of HTTP responses of other services",
                dims(
                    http.request.method = self.method,
                    server.address = server,
                    server.port = self.port,
                    http.response.status_code = status,
                    network.protocol.version = self.version,
                    error.type = error_type,
                )
            );
        }
    }
}
