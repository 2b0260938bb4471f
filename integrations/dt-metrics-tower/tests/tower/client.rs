//! A `reqwest::Client` in the layer for clients.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use dt_metrics::Dimensions;
use dt_metrics_tower::HttpClientMetrics;
use tokio::net::TcpListener;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use super::{series, table, values};

const DURATION: &str = "http.client.request.duration";

#[tokio::test]
async fn requests_of_reqwest_are_measured_by_server_and_status() {
    super::installed();
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/", post(|| async { StatusCode::SERVICE_UNAVAILABLE }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let port = address.port().to_string();

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut measured = ServiceBuilder::new()
        .layer(HttpClientMetrics::new())
        .service(client.clone());
    let url = format!("http://{address}/");
    for _ in 0..2 {
        let request = client.get(&url).build().unwrap();
        let response = measured.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(response.url().as_str(), url);
        assert_eq!(response.text().await.unwrap(), "hello");
    }
    let request = client.post(&url).body("order").build().unwrap();
    let response = measured.ready().await.unwrap().call(request).await.unwrap();
    assert_eq!(response.status(), 503);
    drop(response);

    let keys = [
        "http.request.method",
        "server.address",
        "http.response.status_code",
        "network.protocol.version",
        "error.type",
    ];
    let found = values(DURATION, "server.port", &port, 3).await;
    let rows = [
        ("GET 127.0.0.1 200 1.1 ", 2),
        ("POST 127.0.0.1 503 1.1 503", 1),
    ];
    assert_eq!(
        table(&found, &keys),
        rows.map(|(row, count)| (row.to_owned(), count))
    );
    let read = series("http.client.response.body.size", "server.port", &port).await;
    assert_eq!(read.iter().map(|series| series.total).sum::<f64>(), 10.0);
    let sent = series("http.client.request.body.size", "server.port", &port).await;
    assert_eq!(sent.iter().map(|series| series.total).sum::<f64>(), 5.0);
    let active = series("http.client.active_requests", "server.port", &port).await;
    assert!(
        active.iter().all(|series| series.total == 0.0),
        "{active:?}"
    );
}

#[tokio::test]
async fn a_server_that_does_not_listen_is_an_error_by_its_type() {
    super::installed();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(format!("http://{address}/")).build().unwrap();
    let measured = ServiceBuilder::new()
        .layer(HttpClientMetrics::new())
        .service(client);
    measured.oneshot(request).await.unwrap_err();
    let port = address.port().to_string();
    let found = values(DURATION, "server.port", &port, 1).await;
    let keys = ["http.response.status_code", "error.type"];
    assert_eq!(
        table(&found, &keys),
        [(" reqwest::error::Error".to_owned(), 1)]
    );
}

#[derive(Clone, Dimensions)]
struct Operation {
    operation: &'static str,
    #[dimension(rename = "operation.retry")]
    retry: Option<u8>,
}

#[tokio::test]
async fn a_request_adds_dimensions_of_the_program() {
    super::installed();
    let app = Router::new().route("/", post(|body: String| async move { body }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let request = |operation: Option<Operation>| {
        let mut request = http::Request::post(format!("http://{address}/"));
        if let Some(operation) = operation {
            request = request.extension(operation);
        }
        request.body("a pen").unwrap()
    };
    let (operation, retry) = ("price", Some(2));
    let operations = || {
        [
            Some(Operation { operation, retry }),
            Some(Operation {
                operation,
                retry: None,
            }),
            None,
        ]
    };

    let client = ServiceBuilder::new()
        .layer(HttpClientMetrics::new().dimensions::<Operation>())
        .service(reqwest::Client::builder().no_proxy().build().unwrap());
    for operation in operations() {
        let request = reqwest::Request::try_from(request(operation)).unwrap();
        let response = client.clone().oneshot(request).await.unwrap();
        assert_eq!(response.text().await.unwrap(), "a pen");
    }
    // A client of `http` types: a layer inside can add them as well.
    let inner = service_fn(|_: http::Request<String>| async {
        let mut response = http::Response::new(String::new());
        response.extensions_mut().insert(Operation {
            operation: "cached",
            retry: None,
        });
        Ok::<_, std::convert::Infallible>(response)
    });
    let client = ServiceBuilder::new()
        .layer(HttpClientMetrics::new().dimensions::<Operation>())
        .service(inner);
    for operation in operations() {
        let request = request(operation).map(str::to_owned);
        client.clone().oneshot(request).await.unwrap();
    }

    let port = address.port().to_string();
    let keys = ["operation", "operation.retry"];
    let rows = [("cached ", 3), (" ", 1), ("price ", 1), ("price 2", 1)];
    let mut rows = rows.map(|(row, count)| (row.to_owned(), count));
    rows.sort();
    let found = values(DURATION, "server.port", &port, 6).await;
    assert_eq!(table(&found, &keys), rows);
    for metric in [
        "http.client.request.body.size",
        "http.client.response.body.size",
    ] {
        let found = series(metric, "server.port", &port).await;
        assert_eq!(table(&found, &keys), rows, "{metric}");
    }
}
