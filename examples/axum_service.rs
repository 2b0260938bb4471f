//! A service on axum: one layer measures all routes, by method, route and status; an attribute
//! counts the work of a handler. The program sends itself a few requests and stops gracefully.
//!
//! Endpoint and token come from the environment, as in `getting_started`.

use std::time::Duration;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use dt_metrics::measured;
use dt_metrics_tower::HttpServerMetrics;
use tokio::{net::TcpListener, sync::oneshot};

async fn show(Path(id): Path<u32>) -> Result<String, StatusCode> {
    let found = (id < 100).then(|| format!("order {id}"));
    found.ok_or(StatusCode::NOT_FOUND)
}

/// Places an order.
#[measured(name = "orders.place")]
async fn place(order: String) -> Result<StatusCode, StatusCode> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    let in_stock = order.contains("book").then_some(StatusCode::CREATED);
    in_stock.ok_or(StatusCode::CONFLICT) // outcome=err
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let metrics = dt_metrics::builder().prefix("shop").install()?;
    dt_metrics_system::install()?; // the process, the tokio runtime, the build
    let app = axum::Router::new()
        .route("/orders", post(place))
        .route("/orders/{id}", get(show))
        .layer(HttpServerMetrics::new());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/orders", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>(); // in a service: a signal
    let serving = axum::serve(listener, app).with_graceful_shutdown(async { _ = stopped.await });
    let serving = tokio::spawn(serving.into_future());

    let client = reqwest::Client::builder().no_proxy().build()?;
    for id in [1, 2, 3, 404] {
        let answer = client.get(format!("{url}/{id}")).send().await?;
        println!("GET  {:<12} {}", answer.url().path(), answer.status());
    }
    for order in ["a book", "a pen"] {
        let answer = client.post(&url).body(order).send().await?;
        println!("POST {:<12} {}", answer.url().path(), answer.status());
    }
    drop((client, stop)); // open connections would keep the server waiting
    serving.await??;
    // After the server has stopped, so that the counts of its last requests are also delivered.
    if let Err(error) = metrics.shutdown_async(Duration::from_secs(5)).await {
        eprintln!("metrics: {error}"); // the service ended well all the same
    }
    println!("{} lines delivered", metrics.health().points_accepted);
    Ok(())
}
