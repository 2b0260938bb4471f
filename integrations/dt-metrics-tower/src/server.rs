//! The layer for HTTP servers.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Instant;

use dt_metrics::{Dimensions, record, up_down_counter};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use tower_layer::Layer;

use crate::attributes::{ErrorType, MethodName, SchemeName, version};
use crate::body::Read;
use crate::call::{Call, End};
use crate::route::Route;
use crate::service::{Measure, MeasuredService};

/// A layer that measures every request of an HTTP server. Put the layer around the routes.
///
/// | metric | unit | dimensions |
/// | --- | --- | --- |
/// | `http.server.request.duration` | `s` | `http.request.method`, `url.scheme`, `http.route`, `http.response.status_code`, `network.protocol.version`, `error.type` |
/// | `http.server.request.body.size`, `http.server.response.body.size` | `By` | the same dimensions |
/// | `http.server.active_requests` | `{request}` | `http.request.method`, `url.scheme` |
///
/// The names follow OpenTelemetry's [semantic conventions][semconv] for HTTP.
///
/// - A request is over when the last byte of its response was sent, or when the client has disconnected.
/// - `http.route` is the pattern of the route, such as `/orders/{id}`, from axum (feature `axum`) or
///   from a [`Route`] among the extensions of request or response. Requests without a route share
///   one series, which has no `http.route`.
/// - `http.request.method` is `_OTHER` if neither RFC 9110 nor RFC 5789 defines the method.
/// - `error.type` is set if the request failed: to the handler's [`ErrorType`], else to the status
///   if the status is 500 to 599, to the type of the error that the service or the body returned, to
///   `panic`, or to `cancelled` if the client did not wait for the whole response.
/// - The size of a request's body is its `Content-Length`. Without `Content-Length`, the layer counts the
///   bytes of axum's bodies (feature `axum`) while they are read, and does not record a size of other bodies.
///
/// In axum, use [`Router::layer`](https://docs.rs/axum/0.8/axum/struct.Router.html#method.layer)
/// after the routes were added: a layer around the whole router does not see the routes.
///
/// ```
/// use axum::{Router, routing::get};
/// use dt_metrics_tower::HttpServerMetrics;
///
/// let app: Router = Router::new()
///     .route("/orders/{id}", get(|| async { "an order" }))
///     .layer(HttpServerMetrics::new());
/// ```
///
/// [semconv]: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
pub struct HttpServerMetrics<D = ()> {
    dimensions: PhantomData<fn() -> D>,
}

impl HttpServerMetrics {
    /// Creates the layer.
    #[must_use]
    pub fn new() -> Self {
        Self {
            dimensions: PhantomData,
        }
    }

    /// Adds dimensions of your own, such as a tenant, to durations and sizes: a struct that derives
    /// [`Dimensions`]. Insert a value of this struct into the extensions of the request, in a layer outside of
    /// this one, or into the extensions of the response, which takes precedence. Without a value, a request
    /// does not have these dimensions.
    ///
    /// ```
    /// use axum::{Extension, Router, routing::get};
    /// use dt_metrics::Dimensions;
    /// use dt_metrics_tower::HttpServerMetrics;
    ///
    /// #[derive(Clone, Dimensions)]
    /// struct Tenant {
    ///     tenant: String,
    /// }
    ///
    /// async fn order() -> (Extension<Tenant>, &'static str) {
    ///     (Extension(Tenant { tenant: "acme".into() }), "an order")
    /// }
    ///
    /// let app: Router = Router::new()
    ///     .route("/orders/{id}", get(order))
    ///     .layer(HttpServerMetrics::new().dimensions::<Tenant>());
    /// ```
    #[must_use]
    pub fn dimensions<D: Dimensions + Clone + Send + Sync + 'static>(self) -> HttpServerMetrics<D> {
        HttpServerMetrics {
            dimensions: PhantomData,
        }
    }
}

impl Default for HttpServerMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl<D> Clone for HttpServerMetrics<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for HttpServerMetrics<D> {}

impl<D> fmt::Debug for HttpServerMetrics<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpServerMetrics").finish_non_exhaustive()
    }
}

impl<S, D> Layer<S> for HttpServerMetrics<D> {
    type Service = MeasuredService<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        MeasuredService::new(inner, *self)
    }
}

impl<D: Dimensions + Clone + Send + Sync + 'static> Measure for HttpServerMetrics<D> {
    type Call = ServerCall<D>;

    fn begin<B: Body + 'static>(&self, request: &mut Request<B>) -> ServerCall<D> {
        let call = ServerCall {
            dimensions: request.extensions().get().cloned(),
            began: Instant::now(),
            method: MethodName::of(request.method()),
            scheme: SchemeName::of(request.uri()),
            version: version(request.version()),
            route: Route::of(request.extensions()),
            read: Read::of(request.body_mut()),
            status: None,
            error_type: None,
        };
        active(&call, 1);
        call
    }
}

/// The state of a request to an HTTP server while it is measured.
#[derive(Debug)]
pub struct ServerCall<D> {
    dimensions: Option<D>,
    began: Instant,
    method: MethodName,
    scheme: SchemeName,
    version: Option<&'static str>,
    route: Option<Route>,
    read: Read,
    status: Option<StatusCode>,
    error_type: Option<Cow<'static, str>>,
}

fn active<D>(call: &ServerCall<D>, change: i64) {
    up_down_counter!(
        "http.server.active_requests",
        change,
        unit = "{request}",
        description = "HTTP requests that are being answered",
        dims(http.request.method = call.method, url.scheme = call.scheme)
    );
}

impl<D: Dimensions + Clone + Send + Sync + 'static> Call for ServerCall<D> {
    fn respond<B>(&mut self, response: &Response<B>) {
        let status = response.status();
        self.status = Some(status);
        self.error_type = ErrorType::said(response.extensions(), status, 500);
        if let Some(dimensions) = response.extensions().get::<D>() {
            self.dimensions = Some(dimensions.clone());
        }
        if let Some(route) = response.extensions().get::<Route>() {
            self.route = Some(route.clone());
        }
    }

    fn trailers(&mut self, _: &HeaderMap) {}

    fn end(self, end: End, sent: u64) {
        active(&self, -1);
        let route = self.route.as_ref().map(Route::as_str);
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
                        url.scheme = self.scheme,
                        http.route = route,
                        http.response.status_code = status,
                        network.protocol.version = self.version,
                        error.type = error_type,
                        ..self.dimensions,
                    )
                )
            };
        }
        record_ended!(
            "http.server.request.duration",
            self.began.elapsed().as_secs_f64(),
            "s",
            "Duration of HTTP requests, to the end of the response"
        );
        if let Some(size) = self.read.size() {
            record_ended!(
                "http.server.request.body.size",
                size,
                "By",
                "Size of the bodies of HTTP requests"
            );
        }
        if self.status.is_some() {
            record_ended!(
                "http.server.response.body.size",
                sent,
                "By",
                "Size of the bodies of HTTP responses"
            );
        }
    }
}
