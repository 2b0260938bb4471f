//! The layer for gRPC servers.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Instant;

use dt_metrics::{Dimensions, record};
use http::{HeaderMap, Request, Response};
use http_body::Body;
use tower_layer::Layer;

use crate::call::{Call, End};
use crate::service::{Measure, MeasuredService};

/// A layer that measures every call of a gRPC server. Add the layer to tonic's server.
///
/// | metric | unit | dimensions |
/// | --- | --- | --- |
/// | `rpc.server.call.duration` | `s` | `rpc.system.name` (`grpc`), `rpc.method`, `rpc.response.status_code`, `error.type` |
///
/// The names follow OpenTelemetry's [semantic conventions][semconv] for RPC.
///
/// - A call is over when its status was sent, which follows the last message of a stream, or when the
///   client has disconnected.
/// - `rpc.method` is `package.Service/Method`, and `_OTHER` for a method that the server does not
///   have: it answers `UNIMPLEMENTED`. If your server may reject a call with another status before
///   it resolves the method, such as `UNAUTHENTICATED`, list its methods with
///   [`recognized_methods`](Self::recognized_methods): otherwise clients can create any number of
///   series.
/// - `error.type` is the status if that is an error of the server (`UNKNOWN`, `DEADLINE_EXCEEDED`,
///   `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`), the type of the error that the
///   service or the body returned, `panic`, or `cancelled` if the client did not wait.
///
/// ```no_run
/// use dt_metrics_tower::RpcServerMetrics;
///
/// # async fn serve(orders: tonic::service::Routes) -> Result<(), tonic::transport::Error> {
/// tonic::transport::Server::builder()
///     .layer(RpcServerMetrics::new())
///     .add_routes(orders)
///     .serve("127.0.0.1:50051".parse().unwrap())
///     .await
/// # }
/// ```
///
/// [semconv]: https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/
pub struct RpcServerMetrics<D = ()> {
    methods: Option<Arc<[Box<str>]>>,
    dimensions: PhantomData<fn() -> D>,
}

impl RpcServerMetrics {
    /// Creates the layer.
    #[must_use]
    pub fn new() -> Self {
        Self {
            methods: None,
            dimensions: PhantomData,
        }
    }

    /// Adds dimensions of your own, such as a tenant: a struct that derives [`Dimensions`]. Insert
    /// a value of this struct into the extensions of the request, in a layer or an interceptor outside of this
    /// one, or into the extensions of the response, which takes precedence. Without a value, a call does not
    /// have these dimensions.
    ///
    /// ```
    /// use dt_metrics::Dimensions;
    /// use dt_metrics_tower::RpcServerMetrics;
    /// use tonic::{Response, Status};
    ///
    /// #[derive(Clone, Dimensions)]
    /// struct Tenant {
    ///     tenant: String,
    /// }
    ///
    /// async fn find() -> Result<Response<()>, Status> {
    ///     let mut response = Response::new(());
    ///     response.extensions_mut().insert(Tenant { tenant: "acme".into() });
    ///     Ok(response)
    /// }
    ///
    /// let layer = RpcServerMetrics::new().dimensions::<Tenant>();
    /// ```
    #[must_use]
    pub fn dimensions<D: Dimensions + Clone + Send + Sync + 'static>(self) -> RpcServerMetrics<D> {
        RpcServerMetrics {
            methods: self.methods,
            dimensions: PhantomData,
        }
    }
}

impl<D> RpcServerMetrics<D> {
    /// Limits the values of `rpc.method` to these methods, such as `orders.v1.Orders/Place`. Every other method
    /// is recorded as `_OTHER`. By default, the number of methods is not limited.
    ///
    /// ```
    /// let layer = dt_metrics_tower::RpcServerMetrics::new()
    ///     .recognized_methods(["orders.v1.Orders/Place", "orders.v1.Orders/Cancel"]);
    /// ```
    #[must_use]
    pub fn recognized_methods<M: Into<Box<str>>>(
        mut self,
        methods: impl IntoIterator<Item = M>,
    ) -> Self {
        let mut methods: Vec<Box<str>> = methods.into_iter().map(Into::into).collect();
        methods.sort_unstable();
        self.methods = Some(methods.into());
        self
    }

    /// The method that the path names, if it may be named.
    fn method(&self, path: &str) -> Option<Box<str>> {
        let method = path.strip_prefix('/')?;
        let (service, name) = method.split_once('/')?;
        let is_name = |text: &str| {
            let in_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
            !text.is_empty() && text.bytes().all(in_name)
        };
        let recognized = match &self.methods {
            None => is_name(service) && is_name(name),
            Some(methods) => methods
                .binary_search_by(|known| (**known).cmp(method))
                .is_ok(),
        };
        recognized.then(|| method.into())
    }
}

impl Default for RpcServerMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl<D> Clone for RpcServerMetrics<D> {
    fn clone(&self) -> Self {
        Self {
            methods: self.methods.clone(),
            dimensions: PhantomData,
        }
    }
}

impl<D> fmt::Debug for RpcServerMetrics<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcServerMetrics")
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}

impl<S, D> Layer<S> for RpcServerMetrics<D> {
    type Service = MeasuredService<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        MeasuredService::new(inner, self.clone())
    }
}

impl<D: Dimensions + Clone + Send + Sync + 'static> Measure for RpcServerMetrics<D> {
    type Call = RpcCall<D>;

    fn begin<B: Body + 'static>(&self, request: &mut Request<B>) -> RpcCall<D> {
        RpcCall {
            dimensions: request.extensions().get().cloned(),
            began: Instant::now(),
            method: self.method(request.uri().path()),
            status: None,
        }
    }
}

/// The state of a call of a gRPC server while it is measured.
#[derive(Debug)]
pub struct RpcCall<D> {
    dimensions: Option<D>,
    began: Instant,
    method: Option<Box<str>>,
    status: Option<&'static Status>,
}

/// A status of gRPC.
#[derive(Debug, Eq, PartialEq)]
struct Status {
    code: &'static str,
    name: &'static str,
    /// Whether it is an error of the server, and not of its client.
    is_error: bool,
}

const fn status(code: &'static str, name: &'static str, is_error: bool) -> Status {
    Status {
        code,
        name,
        is_error,
    }
}

/// All of them: <https://grpc.github.io/grpc/core/md_doc_statuscodes.html>.
static STATUSES: [Status; 17] = [
    status("0", "OK", false),
    status("1", "CANCELLED", false),
    status("2", "UNKNOWN", true),
    status("3", "INVALID_ARGUMENT", false),
    status("4", "DEADLINE_EXCEEDED", true),
    status("5", "NOT_FOUND", false),
    status("6", "ALREADY_EXISTS", false),
    status("7", "PERMISSION_DENIED", false),
    status("8", "RESOURCE_EXHAUSTED", false),
    status("9", "FAILED_PRECONDITION", false),
    status("10", "ABORTED", false),
    status("11", "OUT_OF_RANGE", false),
    UNIMPLEMENTED,
    status("13", "INTERNAL", true),
    status("14", "UNAVAILABLE", true),
    status("15", "DATA_LOSS", true),
    status("16", "UNAUTHENTICATED", false),
];

const UNIMPLEMENTED: Status = status("12", "UNIMPLEMENTED", true);

impl<D> RpcCall<D> {
    /// The status may stand in the head of a response without messages, else in the trailers.
    fn look_for_status(&mut self, headers: &HeaderMap) {
        let code = headers
            .get("grpc-status")
            .and_then(|code| code.to_str().ok());
        let found = code.and_then(|code| STATUSES.iter().find(|status| status.code == code));
        self.status = found.or(self.status);
    }
}

impl<D: Dimensions + Clone + Send + Sync + 'static> Call for RpcCall<D> {
    fn respond<B>(&mut self, response: &Response<B>) {
        self.look_for_status(response.headers());
        if let Some(dimensions) = response.extensions().get::<D>() {
            self.dimensions = Some(dimensions.clone());
        }
    }

    fn trailers(&mut self, trailers: &HeaderMap) {
        self.look_for_status(trailers);
    }

    fn end(self, end: End, _: u64) {
        let method = match &self.method {
            Some(method) if self.status != Some(&UNIMPLEMENTED) => method,
            _ => "_OTHER",
        };
        let failed = self.status.filter(|status| status.is_error);
        let ended: Option<Cow<'static, str>> = match (end, self.status) {
            // The status was sent: whether the client waits for the end is its own affair.
            (End::Cancelled, Some(_)) => None,
            _ => end.error_type(),
        };
        let error_type = failed.map(|status| status.name).or(ended.as_deref());
        record!(
            "rpc.server.call.duration",
            self.began.elapsed().as_secs_f64(),
            unit = "s",
            description = "Duration of gRPC calls, to their status",
            dims(
                rpc.system.name = "grpc",
                rpc.method = method,
                rpc.response.status_code = self.status.map(|status| status.name),
                error.type = error_type,
                ..self.dimensions,
            )
        );
    }
}
