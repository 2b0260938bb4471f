//! Services of axum behind hyper.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use dt_metrics::{DimensionValue, Dimensions};
use dt_metrics_tower::{ErrorType, HttpServerMetrics, Route};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::StreamExt;
use tower::{ServiceBuilder, ServiceExt, service_fn};

use super::{series, table, values};

const DURATION: &str = "http.server.request.duration";
const SENT: &str = "http.server.response.body.size";
const READ: &str = "http.server.request.body.size";

async fn serve_as_it_is(app: Router) -> SocketAddr {
    super::installed();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn serve(app: Router) -> SocketAddr {
    serve_as_it_is(app.layer(HttpServerMetrics::new())).await
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A body in chunks; the length is not known.
fn stream(chunks: Vec<Result<Bytes, io::Error>>) -> Body {
    Body::new(StreamBody::new(
        tokio_stream::iter(chunks).map(|chunk| chunk.map(Frame::data)),
    ))
}

#[tokio::test]
async fn every_request_is_measured_by_method_route_and_status() {
    struct SoldOut;
    impl IntoResponse for SoldOut {
        fn into_response(self) -> Response {
            let mut response = StatusCode::CONFLICT.into_response();
            let error_type = ErrorType::new("sold_out");
            response.extensions_mut().insert(error_type);
            response
        }
    }
    async fn show(Path(id): Path<u32>) -> Result<String, StatusCode> {
        match id {
            1..=9 => Ok(format!("order {id}")),
            10 => Err(StatusCode::INTERNAL_SERVER_ERROR),
            _ => Err(StatusCode::NOT_FOUND),
        }
    }
    let app = Router::new()
        .route("/each/{id}", get(show))
        .route("/each", post(|| async { Err::<(), _>(SoldOut) }));
    let (address, client) = (serve(app).await, client());

    for id in [1, 2, 3, 10, 404, 405] {
        let url = format!("http://{address}/each/{id}");
        client.get(url).send().await.unwrap();
    }
    for body in ["a book", "a pen"] {
        let url = format!("http://{address}/each");
        client.post(url).body(body).send().await.unwrap();
    }
    let brew = Method::from_bytes(b"BREW").unwrap();
    let url = format!("http://{address}/each/1");
    client.request(brew, url).send().await.unwrap();

    let keys = [
        "http.request.method",
        "http.response.status_code",
        "error.type",
    ];
    let found = values(DURATION, "http.route", "/each/{id}", 7).await;
    let row = |text: &str, count| (text.to_owned(), count);
    assert_eq!(
        table(&found, &keys),
        [
            row("GET 200 ", 3),
            row("GET 404 ", 2),
            row("GET 500 500", 1),
            row("_OTHER 405 ", 1),
        ]
    );
    let found = values(DURATION, "http.route", "/each", 2).await;
    assert_eq!(table(&found, &keys), [row("POST 409 sold_out", 2)]);
    let keys = ["url.scheme", "network.protocol.version"];
    assert_eq!(table(&found, &keys), [row("http 1.1", 2)]);
    let sizes = series(READ, "http.route", "/each").await;
    assert_eq!((sizes[0].values, sizes[0].total), (2, 11.0));
}

#[derive(Clone, Dimensions)]
struct Tenant {
    tenant: String,
    #[dimension(rename = "tenant.tier")]
    tier: Option<&'static str>,
}

#[derive(DimensionValue)]
enum Refused {
    SoldOut,
    CardDeclined { code: u16 },
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let error_type = ErrorType::of(&self);
        let text = match self {
            Self::SoldOut => "sold out".to_owned(),
            Self::CardDeclined { code } => format!("declined: {code}"),
        };
        (StatusCode::CONFLICT, Extension(error_type), text).into_response()
    }
}

#[tokio::test]
async fn a_handler_adds_dimensions_of_the_program_and_the_type_of_its_error() {
    async fn buy(Path(id): Path<u32>) -> Response {
        let tenant = Tenant {
            tenant: if id % 2 == 0 { "even" } else { "odd" }.to_owned(),
            tier: (id > 4).then_some("gold"),
        };
        let result = match id {
            1..=5 => Ok("bought"),
            6 => Err(Refused::SoldOut),
            _ => Err(Refused::CardDeclined { code: 7 }),
        };
        (Extension(tenant), result).into_response()
    }
    let app = Router::new()
        .route("/tenants/none", get(|| async { "nobody's" }))
        .route("/tenants/{id}", get(buy))
        .layer(HttpServerMetrics::new().dimensions::<Tenant>());
    let (address, client) = (serve_as_it_is(app).await, client());
    for id in ["1", "2", "3", "4", "5", "6", "7", "none"] {
        let url = format!("http://{address}/tenants/{id}");
        client.get(url).send().await.unwrap();
    }
    let keys = ["tenant", "tenant.tier", "error.type"];
    let row = |text: &str, count| (text.to_owned(), count);
    let found = values(DURATION, "http.route", "/tenants/{id}", 7).await;
    assert_eq!(
        table(&found, &keys),
        [
            row("even  ", 2),
            row("even gold sold_out", 1),
            row("odd  ", 2),
            row("odd gold ", 1),
            row("odd gold card_declined", 1),
        ]
    );
    let found = values(DURATION, "http.route", "/tenants/none", 1).await;
    assert_eq!(table(&found, &keys), [row("  ", 1)]);
}

#[tokio::test]
async fn requests_without_a_route_are_one_series() {
    let (address, client) = (serve(Router::new()).await, client());
    for place in 0..20 {
        let url = format!("http://{address}/wp-admin/{place}");
        client.get(url).send().await.unwrap();
    }
    let found = values(DURATION, "http.response.status_code", "404", 20).await;
    let without = found
        .iter()
        .filter(|series| super::dimension(series, "http.route").is_empty());
    assert_eq!(
        without.map(|series| series.values).collect::<Vec<_>>(),
        [20]
    );
}

#[tokio::test]
async fn streamed_bodies_are_measured_to_their_end() {
    async fn echo(body: Body) -> Body {
        let read = body.collect().await.unwrap().to_bytes();
        stream(vec![Ok(read.clone()), Ok(read.clone()), Ok(read)])
    }
    let address = serve(Router::new().route("/streamed", post(echo))).await;
    let chunks = (0..4).map(|_| Ok::<_, io::Error>(Bytes::from_static(&[b'x'; 1000])));
    let body = reqwest::Body::wrap_stream(tokio_stream::iter(chunks));
    let request = client()
        .post(format!("http://{address}/streamed"))
        .body(body);
    let answer = request.send().await.unwrap().bytes().await.unwrap();
    assert_eq!(answer.len(), 12_000);

    let sent = values(SENT, "http.route", "/streamed", 1).await;
    assert_eq!((sent[0].values, sent[0].total), (1, 12_000.0));
    let read = values(READ, "http.route", "/streamed", 1).await;
    assert_eq!((read[0].values, read[0].total), (1, 4_000.0));
    let ended = series(DURATION, "http.route", "/streamed").await;
    assert_eq!(table(&ended, &["error.type"]), [(String::new(), 1)]);
}

#[tokio::test]
async fn bodies_that_are_not_read_to_their_end_are_complete() {
    let length = || async {
        // hyper polls no more bytes than the header announces.
        (
            [("content-length", "3")],
            stream(vec![Ok(Bytes::from_static(b"abc"))]),
        )
    };
    let app = Router::new()
        .route("/whole/head", get(|| async { "not sent" }))
        .route("/whole/none", get(|| async { StatusCode::NO_CONTENT }))
        .route("/whole/text", get(|| async { "text" }))
        .route("/whole/length", get(length));
    let (address, client) = (serve(app).await, client());
    client
        .head(format!("http://{address}/whole/head"))
        .send()
        .await
        .unwrap();
    for path in ["none", "text", "length"] {
        let url = format!("http://{address}/whole/{path}");
        client.get(url).send().await.unwrap().bytes().await.unwrap();
    }
    for (path, size) in [("head", 0.0), ("none", 0.0), ("text", 4.0), ("length", 3.0)] {
        let route = format!("/whole/{path}");
        let ended = values(DURATION, "http.route", &route, 1).await;
        assert_eq!(
            table(&ended, &["error.type"]),
            [(String::new(), 1)],
            "{path}"
        );
        let sent = series(SENT, "http.route", &route).await;
        assert_eq!((sent[0].values, sent[0].total), (1, size), "{path}");
    }
}

#[tokio::test]
async fn a_request_that_breaks_off_reports_the_reason() {
    async fn bug() -> StatusCode {
        panic!("a bug")
    }
    let breaks = || async {
        stream(vec![
            Ok(Bytes::from_static(b"abc")),
            Err(io::Error::other("disk")),
        ])
    };
    let endless = || async {
        let first = tokio_stream::once(Ok::<_, io::Error>(Bytes::from_static(b"abc")));
        Body::new(StreamBody::new(
            first
                .chain(tokio_stream::pending())
                .map(|chunk| chunk.map(Frame::data)),
        ))
    };
    let app = Router::new()
        .route("/broken/body", get(breaks))
        .route("/broken/endless", get(endless))
        .route("/broken/waiting", get(|| async { pending::<()>().await }))
        .route("/broken/panic", get(bug));
    let (address, client) = (serve(app).await, client());

    let url = |path| format!("http://{address}/broken/{path}");
    for path in ["body", "panic"] {
        let answer = async { client.get(url(path)).send().await?.bytes().await };
        answer.await.unwrap_err();
    }
    for path in ["endless", "waiting"] {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let head = format!("GET /broken/{path} HTTP/1.1\r\nhost: a\r\n\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        if path == "endless" {
            let mut some = [0; 16];
            connection.read_exact(&mut some).await.unwrap();
        } else {
            let until = async {
                while series("http.server.active_requests", "url.scheme", "http")
                    .await
                    .iter()
                    .all(|series| series.total < 1.0)
                {}
            };
            until.await;
        }
        drop(connection);
    }
    for (path, status, error_type) in [
        ("body", "200", "axum_core::error::Error"),
        ("panic", "", "panic"),
        ("endless", "200", "cancelled"),
        ("waiting", "", "cancelled"),
    ] {
        let route = format!("/broken/{path}");
        let ended = values(DURATION, "http.route", &route, 1).await;
        let keys = ["http.response.status_code", "error.type"];
        let row = format!("{status} {error_type}");
        assert_eq!(table(&ended, &keys), [(row, 1)], "{path}");
    }
}

#[tokio::test]
async fn any_tower_service_can_name_its_route() {
    super::installed();
    let service = service_fn(|_: http::Request<String>| async {
        let mut response = http::Response::new(String::from("done"));
        response
            .extensions_mut()
            .insert(Route::new("/plain/{name}"));
        Ok::<_, Infallible>(response)
    });
    let service = ServiceBuilder::new()
        .layer(HttpServerMetrics::new())
        .service(service);
    let request = http::Request::put("/plain/anna")
        .body("12345".to_owned())
        .unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "done"
    );
    let ended = values(DURATION, "http.route", "/plain/{name}", 1).await;
    assert_eq!(
        table(&ended, &["http.request.method"]),
        [("PUT".to_owned(), 1)]
    );
}
