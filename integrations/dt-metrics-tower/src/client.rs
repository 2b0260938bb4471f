//! The layer for HTTP clients.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Instant;

use dt_metrics::{Dimensions, record, up_down_counter};
use http::uri::Authority;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version, header};
use http_body::Body;
use tower_layer::Layer;

use crate::attributes::{ErrorType, MethodName, SchemeName, version};
use crate::body::Read;
use crate::call::{Call, End};
use crate::service::{Measure, MeasuredService};

/// A layer that measures every request of an HTTP client. Put the layer around the client.
///
/// | metric | unit | dimensions |
/// | --- | --- | --- |
/// | `http.client.request.duration` | `s` | `http.request.method`, `server.address`, `server.port`, `http.response.status_code`, `network.protocol.version`, `error.type` |
/// | `http.client.request.body.size`, `http.client.response.body.size` | `By` | the same dimensions |
/// | `http.client.active_requests` | `{request}` | `http.request.method`, `server.address`, `server.port` |
///
/// The names follow OpenTelemetry's [semantic conventions][semconv] for HTTP.
///
/// - A request is over when the last byte of its response was read, or when the program has dropped
///   the response.
/// - `error.type` is set if the request failed: to the status if that is 400 to 599, to the type of
///   the error that the client or the body returned, to `panic`, or to `cancelled` if the program
///   did not read the whole response.
/// - Each server is a separate series. If the users of your program choose the servers, set a
///   `cardinality_limit`.
///
/// With the feature `reqwest`, you can put the layer around a `reqwest::Client`. Without this feature, you can
/// put the layer around the client of `hyper-util`, and other clients that accept [`http::Request`]:
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
pub struct HttpClientMetrics<D = ()> {
    dimensions: PhantomData<fn() -> D>,
}

impl HttpClientMetrics {
    /// Creates the layer.
    #[must_use]
    pub fn new() -> Self {
        Self {
            dimensions: PhantomData,
        }
    }

    /// Adds dimensions of your own, such as the name of an operation, to durations and sizes: a struct
    /// that derives [`Dimensions`]. Insert a value of this struct into the extensions of the request. A layer
    /// inside of this one can insert another value into the extensions of the response, which takes
    /// precedence. Without a value, a request does not have these dimensions.
    ///
    /// A `reqwest::Request` has the extensions of the [`http::Request`] from which you convert it:
    ///
    /// ```
    /// use dt_metrics::Dimensions;
    /// use dt_metrics_tower::HttpClientMetrics;
    /// use http::Request;
    /// use tower::ServiceBuilder;
    ///
    /// #[derive(Clone, Dimensions)]
    /// struct Operation {
    ///     operation: &'static str,
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let layer = HttpClientMetrics::new().dimensions::<Operation>();
    /// let client = ServiceBuilder::new().layer(layer).service(reqwest::Client::new());
    /// let request = Request::get("https://example.com/prices/pen")
    ///     .extension(Operation { operation: "price" })
    ///     .body("")?;
    /// let request = reqwest::Request::try_from(request)?;
    /// // In an async function: `client.oneshot(request).await?`.
    /// # drop((client, request));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn dimensions<D: Dimensions + Clone + Send + Sync + 'static>(self) -> HttpClientMetrics<D> {
        HttpClientMetrics {
            dimensions: PhantomData,
        }
    }
}

impl Default for HttpClientMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl<D> Clone for HttpClientMetrics<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for HttpClientMetrics<D> {}

impl<D> fmt::Debug for HttpClientMetrics<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientMetrics").finish_non_exhaustive()
    }
}

impl<S, D> Layer<S> for HttpClientMetrics<D> {
    type Service = MeasuredService<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        MeasuredService::new(inner, *self)
    }
}

impl<D: Dimensions + Clone + Send + Sync + 'static> Measure for HttpClientMetrics<D> {
    type Call = ClientCall<D>;

    fn begin<B: Body + 'static>(&self, request: &mut Request<B>) -> ClientCall<D> {
        let read = Read::of(request.body_mut());
        let dimensions = request.extensions().get().cloned();
        let (method, uri) = (request.method(), request.uri());
        ClientCall::begin(method, uri, request.headers(), read, dimensions)
    }
}

/// The state of a request of an HTTP client while it is measured.
#[derive(Debug)]
pub struct ClientCall<D> {
    dimensions: Option<D>,
    began: Instant,
    method: MethodName,
    server: Option<Authority>,
    port: Option<u16>,
    read: Read,
    version: Option<&'static str>,
    status: Option<StatusCode>,
    error_type: Option<Cow<'static, str>>,
}

impl<D> ClientCall<D> {
    pub(crate) fn begin(
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        read: Read,
        dimensions: Option<D>,
    ) -> Self {
        let server = uri.authority().cloned().or_else(|| {
            let host = headers.get(header::HOST)?;
            Authority::try_from(host.as_bytes()).ok()
        });
        let port = server.as_ref().and_then(Authority::port_u16);
        let usual = match SchemeName::of(uri) {
            SchemeName::Https => 443,
            SchemeName::Http => 80,
        };
        let call = Self {
            dimensions,
            began: Instant::now(),
            method: MethodName::of(method),
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

fn active<D>(call: &ClientCall<D>, change: i64) {
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

impl<D: Dimensions + Clone + Send + Sync + 'static> Call for ClientCall<D> {
    fn respond<B>(&mut self, response: &Response<B>) {
        let status = response.status();
        self.answered(status, response.version());
        self.error_type = ErrorType::said(response.extensions(), status, 400);
        if let Some(dimensions) = response.extensions().get::<D>() {
            self.dimensions = Some(dimensions.clone());
        }
    }

    fn trailers(&mut self, _: &HeaderMap) {}

    fn end(self, end: End, sent: u64) {
        active(&self, -1);
        let server = self.server.as_ref().map(Authority::host);
        let status = self.status.as_ref().map(StatusCode::as_str);
        let ended = end.error_type();
        let error_type = self.error_type.as_deref().or(ended.as_deref());
        macro_rules! record_ended {
            ($name:literal, $value:expr, $unit:literal, $description:literal) => {
                record!(
                    $name,
                    $value,
                    unit = $unit,
                    description = $description,
                    dims(
                        http.request.method = self.method,
                        server.address = server,
                        server.port = self.port,
                        http.response.status_code = status,
                        network.protocol.version = self.version,
                        error.type = error_type,
                        ..self.dimensions,
                    )
                )
            };
        }
        record_ended!(
            "http.client.request.duration",
            self.began.elapsed().as_secs_f64(),
            "s",
            "Duration of HTTP requests to other services, to the end of the response"
        );
        if let Some(size) = self.read.size() {
            record_ended!(
                "http.client.request.body.size",
                size,
                "By",
                "Size of the bodies of HTTP requests to other services"
            );
        }
        if self.status.is_some() {
            record_ended!(
                "http.client.response.body.size",
                sent,
                "By",
                "Size of the bodies of HTTP responses of other services"
            );
        }
    }
}
