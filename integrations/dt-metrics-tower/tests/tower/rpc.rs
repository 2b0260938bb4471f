//! Statuses of gRPC, in the head and in the trailers, over HTTP/2 by tonic.

use std::convert::Infallible;

use dt_metrics::Dimensions;
use dt_metrics_tower::RpcServerMetrics;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use tonic::body::Body;
use tonic::service::Routes;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{dimension, series, table, values};

#[derive(Clone, Dimensions)]
struct Tenant {
    tenant: String,
}

const DURATION: &str = "rpc.server.call.duration";

/// Answers with the status that the path ends with.
async fn answer(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    let code = path.rsplit('/').next().unwrap_or_default();
    let code = code.trim_start_matches(|c: char| !c.is_ascii_digit());
    let code = if code.is_empty() { "0" } else { code };
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
    // A server of tonic answers calls of unknown services with a status in the head.
    let mut routes = RpcServerMetrics::new()
        .recognized_methods(["shop.Orders/Place"])
        .layer(Routes::default().prepare());
    for path in ["/shop.Stock/Take", "/shop.Orders/Place"] {
        let request = Request::post(path).body(Body::empty()).unwrap();
        let response = routes.call(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }

    let keys = ["rpc.method", "rpc.response.status_code", "error.type"];
    let mut found = series(DURATION, "rpc.system.name", "grpc").await;
    found.retain(|series| dimension(series, "rpc.method") != "shop.Tenants/Find");
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

#[tokio::test]
async fn a_call_adds_dimensions_of_the_program() {
    super::installed();
    let tenant = |tenant: &str| Tenant {
        tenant: tenant.to_owned(),
    };
    let service = tower::ServiceBuilder::new()
        // In either order.
        .layer(
            RpcServerMetrics::new()
                .dimensions::<Tenant>()
                .recognized_methods(["shop.Tenants/Find"]),
        )
        .service(service_fn(async |request: Request<Body>| {
            let is_renamed = request.headers().contains_key("renamed");
            let mut response = answer(request).await?;
            if is_renamed {
                response.extensions_mut().insert(Tenant {
                    tenant: "renamed".to_owned(),
                });
            }
            Ok::<_, Infallible>(response)
        }));
    for (of_request, is_renamed) in [
        (Some("acme"), false),
        (Some("acme"), false),
        (Some("acme"), true),
        (None, true),
        (None, false),
    ] {
        let mut request = Request::post("/shop.Tenants/Find");
        if let Some(name) = of_request {
            request = request.extension(tenant(name));
        }
        if is_renamed {
            request = request.header("renamed", "yes");
        }
        let request = request.body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    let found = values(DURATION, "rpc.method", "shop.Tenants/Find", 5).await;
    let rows = [("", 1), ("acme", 2), ("renamed", 2)];
    assert_eq!(
        table(&found, &["tenant"]),
        rows.map(|(row, count)| (row.to_owned(), count))
    );
}
