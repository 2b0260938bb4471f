//! Statuses of gRPC, in the head and in the trailers, over HTTP/2 by tonic.

use std::convert::Infallible;

use dt_metrics_tower::RpcServerMetrics;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use tonic::body::Body;
use tonic::service::Routes;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{table, values};

const DURATION: &str = "rpc.server.call.duration";

/// Answers with the status that the path ends with.
async fn answer(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    let code = path.rsplit('/').next().unwrap_or_default();
    let code = code.trim_start_matches(|c: char| !c.is_ascii_digit());
    let status = HeaderValue::from_str(code).unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status);
    let message = Full::from("\0\0\0\0\0").with_trailers(async { Some(Ok(trailers)) });
    Ok(Response::new(Body::new(BoxBody::new(message))))
}

#[tokio::test]
async fn calls_are_measured_by_method_and_status() {
    super::installed();
    let service = tower::ServiceBuilder::new()
        .layer(RpcServerMetrics::new())
        .service(service_fn(answer));
    for path in [
        "/shop.Orders/Place0",
        "/shop.Orders/Place0",
        "/shop.Orders/Find5",
        "/shop.Orders/Break13",
        "/shop.Orders/Unknown12",
        "/no/such/path0",
        "/shop%00Orders/Place0",
    ] {
        let request = Request::post(path).body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    // A server of tonic answers what no service takes with a status in the head.
    let mut routes = RpcServerMetrics::new()
        .recognized_methods(["shop.Orders/Place"])
        .layer(Routes::default().prepare());
    for path in ["/shop.Stock/Take", "/shop.Orders/Place"] {
        let request = Request::post(path).body(Body::empty()).unwrap();
        let response = routes.call(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }

    let keys = ["rpc.method", "rpc.response.status_code", "error.type"];
    let found = values(DURATION, "rpc.system.name", "grpc", 9).await;
    let rows = [
        ("_OTHER OK ", 2),
        ("_OTHER UNIMPLEMENTED UNIMPLEMENTED", 3),
        ("shop.Orders/Break13 INTERNAL INTERNAL", 1),
        ("shop.Orders/Find5 NOT_FOUND ", 1),
        ("shop.Orders/Place0 OK ", 2),
    ];
    assert_eq!(
        table(&found, &keys),
        rows.map(|(row, count)| (row.to_owned(), count))
    );
}
