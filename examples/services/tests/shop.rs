//! A service as its team would write it: five routes of axum, a database, an HTTP client, a worker,
//! error enums and tenants. Every number that arrives equals the number that was sent.
//!
//! ```sh
//! DT_METRICS_SHOP_REQUESTS=10000 cargo test -p dt-metrics-example-services --test shop
//! ```

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Extension, Router};
use dt_metrics::{DimensionValue, Dimensions, counted, in_flight, measured, timer};
use dt_metrics_local::Server;
use dt_metrics_local::store::Series;
use dt_metrics_tower::{ErrorType, HttpClientMetrics, HttpServerMetrics, MeasuredService};
use rusqlite::{Connection, OptionalExtension};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tower::{Layer, ServiceExt};

/// The tenant of a request, from one of its headers.
#[derive(Clone, Copy, Dimensions)]
struct Tenant {
    tenant: TenantName,
}

#[derive(Clone, Copy, DimensionValue)]
enum TenantName {
    Acme,
    BlueOcean,
    #[dimension(rename = "other")]
    Unknown,
}

impl Tenant {
    fn of(headers: &HeaderMap) -> Self {
        let name = headers.get("x-tenant").map(HeaderValue::as_bytes);
        let tenant = match name {
            Some(b"acme") => TenantName::Acme,
            Some(b"blue") => TenantName::BlueOcean,
            _ => TenantName::Unknown,
        };
        Self { tenant }
    }
}

async fn identify(mut request: Request, next: Next) -> Response {
    let tenant = Tenant::of(request.headers());
    request.extensions_mut().insert(tenant);
    next.run(request).await
}

#[derive(Debug, thiserror::Error, DimensionValue)]
enum ShopError {
    #[error("the article is sold out")]
    SoldOut,
    #[error("there is no order {id}")]
    NotFound { id: u32 },
    #[error("the database failed")]
    Database(#[from] rusqlite::Error),
    #[error("the worker is gone")]
    Worker,
    /// The value of the supplier's error.
    #[error(transparent)]
    #[dimension(transparent)]
    Supplier(#[from] SupplierError),
}

#[derive(Debug, thiserror::Error, DimensionValue)]
enum SupplierError {
    #[error("the supplier did not answer")]
    #[dimension(rename = "supplier_unreachable")]
    Http(#[from] reqwest::Error),
    #[error("the supplier answered {0}")]
    #[dimension(rename = "supplier_failed")]
    Status(reqwest::StatusCode),
    #[error("no request can be made")]
    #[dimension(rename = "invalid_article")]
    Article(#[from] axum::http::Error),
}

impl IntoResponse for ShopError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::SoldOut => StatusCode::CONFLICT,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Database(_) | Self::Worker => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Supplier(_) => StatusCode::BAD_GATEWAY,
        };
        let error_type = ErrorType::of(&self);
        (status, Extension(error_type), self.to_string()).into_response()
    }
}

#[derive(Clone)]
struct Shop {
    db: Arc<Mutex<Connection>>,
    jobs: mpsc::Sender<usize>,
    supplier: Supplier,
}

#[measured(name = "orders.show", dims(..tenant), ret_dims(error.type = ret.as_ref().err()))]
async fn show(
    State(shop): State<Shop>,
    Extension(tenant): Extension<Tenant>,
    Path(id): Path<u32>,
) -> Result<String, ShopError> {
    let db = shop.db.lock().unwrap();
    let _timer = timer!("db.query", dims(table = "orders"));
    let query = "SELECT id FROM orders WHERE id = ?1";
    let found: Option<u32> = db.query_row(query, [id], |row| row.get(0)).optional()?;
    let found = found.ok_or(ShopError::NotFound { id })?;
    Ok(found.to_string())
}

#[measured(name = "orders.place", dims(..tenant), ret_dims(error.type = ret.as_ref().err()))]
async fn place(
    State(shop): State<Shop>,
    Extension(tenant): Extension<Tenant>,
    body: Bytes,
) -> Result<StatusCode, ShopError> {
    if body.starts_with(b"none") {
        return Err(ShopError::SoldOut);
    }
    let sent = shop.jobs.send(body.len()).await;
    sent.map_err(|_| ShopError::Worker)?;
    Ok(StatusCode::CREATED)
}

#[measured(name = "orders.cancel", dims(..tenant), ret_dims(error.type = ret.as_ref().err()))]
async fn cancel(
    State(shop): State<Shop>,
    Extension(tenant): Extension<Tenant>,
    Path(id): Path<u32>,
) -> Result<StatusCode, ShopError> {
    let table = if id == 13 { "missing" } else { "cancelled" };
    let db = shop.db.lock().unwrap();
    db.execute(&format!("INSERT INTO {table} VALUES (?1)"), [id])?;
    Ok(StatusCode::NO_CONTENT)
}

async fn stock(Path(article): Path<String>) -> String {
    article
}

async fn price(
    State(shop): State<Shop>,
    Extension(tenant): Extension<Tenant>,
    Path(article): Path<String>,
) -> Result<String, ShopError> {
    Ok(shop.supplier.price(&article, tenant).await?)
}

#[derive(Clone)]
struct Supplier {
    url: String,
    client: MeasuredService<reqwest::Client, HttpClientMetrics<Tenant>>,
}

#[measured(name = "supplier")]
impl Supplier {
    #[measured(ret_dims(error.type = ret.as_ref().err()))]
    async fn price(&self, article: &str, tenant: Tenant) -> Result<String, SupplierError> {
        let request = axum::http::Request::get(format!("{}/{article}", self.url));
        let request = request.extension(tenant).body("")?;
        let request = reqwest::Request::try_from(request)?;
        let response = self.client.clone().oneshot(request).await?;
        match response.status() {
            reqwest::StatusCode::OK => Ok(response.text().await?),
            other => Err(SupplierError::Status(other)),
        }
    }
}

#[in_flight(name = "worker.running")]
async fn work(mut jobs: mpsc::Receiver<usize>) {
    while let Some(bytes) = jobs.recv().await {
        handle(bytes);
    }
}

#[counted(name = "worker.bytes", by = bytes, unit = "By")]
fn handle(bytes: usize) {}

fn shop(shop: Shop) -> Router {
    Router::new()
        .route("/orders/{id}", get(show))
        .route("/orders", post(place))
        .route("/orders/{id}/cancel", delete(cancel))
        .route("/stock/{article}", get(stock))
        .route("/price/{article}", get(price))
        .layer(HttpServerMetrics::new().dimensions::<Tenant>())
        .layer(from_fn(identify))
        .with_state(shop)
}

/// A server until it is stopped.
struct Running {
    url: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

async fn serve(app: Router) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel();
    let serve = axum::serve(listener, app).with_graceful_shutdown(async { _ = stopped.await });
    let task = tokio::spawn(serve.into_future());
    Running { url, stop, task }
}

impl Running {
    async fn stop(self) {
        drop(self.stop);
        self.task.await.unwrap().unwrap();
    }
}

/// How many, by the values of some dimensions.
type Rows = BTreeMap<Vec<String>, u64>;

/// Adds one of these.
fn add<const N: usize>(rows: &mut Rows, row: [&str; N]) {
    *rows.entry(row.map(str::to_owned).to_vec()).or_default() += 1;
}

/// One request: method, path, route, status, error type, annotated function, body.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    u16,
    &'static str,
    &'static str,
    &'static str,
);

const CASES: [Case; 11] = [
    (
        "GET",
        "/orders/1",
        "/orders/{id}",
        200,
        "",
        "orders.show",
        "",
    ),
    (
        "GET",
        "/orders/99",
        "/orders/{id}",
        404,
        "not_found",
        "orders.show",
        "",
    ),
    (
        "POST",
        "/orders",
        "/orders",
        201,
        "",
        "orders.place",
        "a book",
    ),
    (
        "POST",
        "/orders",
        "/orders",
        409,
        "sold_out",
        "orders.place",
        "none",
    ),
    (
        "DELETE",
        "/orders/5/cancel",
        "/orders/{id}/cancel",
        204,
        "",
        "orders.cancel",
        "",
    ),
    (
        "DELETE",
        "/orders/13/cancel",
        "/orders/{id}/cancel",
        500,
        "database",
        "orders.cancel",
        "",
    ),
    ("GET", "/stock/pen", "/stock/{article}", 200, "", "", ""),
    ("GET", "/price/pen", "/price/{article}", 200, "", "", ""),
    (
        "GET",
        "/price/bad",
        "/price/{article}",
        502,
        "supplier_failed",
        "",
        "",
    ),
    ("GET", "/nowhere/7", "", 404, "", "", ""),
    ("PUT", "/orders", "/orders", 405, "", "", "x"),
];

/// The header of a request, and the value of the dimension.
const TENANTS: [(&str, &str); 3] = [("acme", "acme"), ("blue", "blue_ocean"), ("zzz", "other")];

/// The numbers that should arrive.
#[derive(Default)]
struct Expected {
    requests: Rows,
    calls: Rows,
    of_client: Rows,
    bytes: f64,
}

async fn send(url: &str, requests: usize) -> Expected {
    let mut expected = Expected::default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..requests {
        let (header, tenant) = TENANTS[number % TENANTS.len()];
        let (method, path, route, status, error, function, body) = CASES[number % CASES.len()];
        let row = [method, route, &status.to_string(), error, tenant];
        add(&mut expected.requests, row);
        if !function.is_empty() {
            add(&mut expected.calls, [function, error, tenant]);
        }
        if route.starts_with("/price") {
            let (status, error) = if error.is_empty() {
                ("200", "")
            } else {
                ("503", "503")
            };
            add(&mut expected.of_client, [status, error, tenant]);
        }
        if status == 201 {
            expected.bytes += 6.0;
        }
        let request = client.request(method.parse().unwrap(), format!("{url}{path}"));
        let request = request.header("x-tenant", header).body(body);
        tasks.spawn(async move {
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), status, "{method} {path}");
            response.bytes().await.unwrap();
        });
        if tasks.len() >= 50 {
            tasks.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    expected
}

/// How many of this metric arrived, by the values of these dimensions; an empty one for none.
fn arrived(series: &[Series], metric: &str, keys: &[&str], of: fn(&Series) -> u64) -> Rows {
    let mut rows = Rows::new();
    for series in series.iter().filter(|series| series.metric == metric) {
        let value = |key: &&str| {
            let found = series.dimensions.iter().find(|(other, _)| other == key);
            found.map_or(String::new(), |(_, value)| value.clone())
        };
        *rows.entry(keys.iter().map(value).collect()).or_default() += of(series);
    }
    rows
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "totals are counts"
)]
fn total(series: &Series) -> u64 {
    series.total as u64
}

fn values(series: &Series) -> u64 {
    series.values
}

#[tokio::test(flavor = "multi_thread")]
async fn received_totals_equal_sent_totals() {
    let endpoint = Server::builder().start().unwrap();
    let metrics = dt_metrics::builder()
        .endpoint(endpoint.url())
        .prefix("shop")
        .push_interval(Duration::from_millis(500))
        .install()
        .unwrap();
    let supplier = serve(Router::new().route(
        "/{article}",
        get(async |article: Path<String>| match article.as_str() {
            "bad" => Err(StatusCode::SERVICE_UNAVAILABLE),
            _ => Ok("12.50"),
        }),
    ))
    .await;
    let db = Connection::open_in_memory().unwrap();
    let tables = "CREATE TABLE orders (id INTEGER); CREATE TABLE cancelled (id INTEGER);
        INSERT INTO orders VALUES (1), (2), (3)";
    db.execute_batch(tables).unwrap();
    let (jobs, queue) = mpsc::channel(100);
    let worker = tokio::spawn(work(queue));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let service = serve(shop(Shop {
        db: Arc::new(Mutex::new(db)),
        jobs,
        supplier: Supplier {
            url: supplier.url.clone(),
            client: HttpClientMetrics::new().dimensions().layer(client),
        },
    }))
    .await;

    let requests = std::env::var("DT_METRICS_SHOP_REQUESTS");
    let requests = requests.map_or(1_000, |number| number.parse().unwrap());
    let expected = send(&service.url, requests).await;
    service.stop().await;
    worker.await.unwrap();
    supplier.stop().await;
    let health = metrics.health();
    metrics
        .shutdown_async(Duration::from_secs(60))
        .await
        .unwrap();

    assert_eq!(endpoint.rejected(), []);
    assert_eq!(health.points_dropped, 0);
    let bytes = endpoint.counter_total("shop.worker.bytes", &[]);
    assert_eq!(bytes.to_string(), expected.bytes.to_string());
    compare(&endpoint.series(), &expected);
}

fn compare(series: &[Series], expected: &Expected) {
    let keys = [
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "error.type",
        "tenant",
    ];
    for metric in [
        "request.duration",
        "request.body.size",
        "response.body.size",
    ] {
        let metric = format!("shop.http.server.{metric}");
        assert_eq!(
            arrived(series, &metric, &keys, values),
            expected.requests,
            "{metric}"
        );
    }
    for (ending, of) in [("calls", total as fn(&Series) -> u64), ("duration", values)] {
        let mut found = Rows::new();
        for function in ["orders.show", "orders.place", "orders.cancel"] {
            let metric = format!("shop.{function}.{ending}");
            for (mut row, count) in arrived(series, &metric, &["error.type", "tenant"], of) {
                row.insert(0, function.to_owned());
                found.insert(row, count);
            }
        }
        assert_eq!(found, expected.calls, "{ending}");
    }
    let keys = ["http.response.status_code", "error.type", "tenant"];
    let found = arrived(series, "shop.http.client.request.duration", &keys, values);
    assert_eq!(found, expected.of_client);
    let mut by_error = Rows::new();
    for (row, count) in &expected.of_client {
        let error = if row[1].is_empty() {
            ""
        } else {
            "supplier_failed"
        };
        *by_error.entry(vec![error.to_owned()]).or_default() += count;
    }
    let found = arrived(series, "shop.supplier.price.calls", &["error.type"], total);
    assert_eq!(found, by_error);
    let queries = arrived(series, "shop.db.query", &["table"], values);
    let shown = expected
        .calls
        .iter()
        .filter(|(row, _)| row[0] == "orders.show");
    assert_eq!(
        queries[&vec!["orders".to_owned()]],
        shown.map(|(_, count)| count).sum::<u64>()
    );
    for level in [
        "shop.http.server.active_requests",
        "shop.http.client.active_requests",
        "shop.worker.running",
        "shop.orders.show.in_flight",
    ] {
        // Without a line, it was zero at each push.
        let mut found = series.iter().filter(|series| series.metric == level);
        assert!(found.all(|series| total(series) == 0), "{level}");
    }
}
