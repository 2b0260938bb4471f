//! A service on axum: one attribute a handler counts its requests by outcome, times them and shows
//! how many are going on, each by route. It asks itself a few and stops gracefully.
//!
//! Endpoint and token come from the environment, as in `getting_started`.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Path};
use axum::http::StatusCode;
use axum::routing::{get, post};
use dt_metrics::measured;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// `http.server.calls`, `http.server.duration` and `http.server.in_flight`. The route is that of
/// the router, `/orders/{id}`: with the path itself each order would be a series of its own.
#[measured(
    name = "http.server",
    dims(http.route = route.as_str(), http.request.method = "GET")
)]
async fn show(route: MatchedPath, Path(id): Path<u32>) -> Result<String, StatusCode> {
    if id > 100 {
        return Err(StatusCode::NOT_FOUND); // outcome=err
    }
    Ok(format!("order {id}"))
}

#[measured(
    name = "http.server",
    dims(http.route = route.as_str(), http.request.method = "POST")
)]
async fn place(route: MatchedPath, order: String) -> Result<StatusCode, StatusCode> {
    if order.is_empty() {
        return Err(StatusCode::BAD_REQUEST);
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok(StatusCode::CREATED)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let metrics = dt_metrics::builder()
        .prefix("shop")
        .push_interval(Duration::from_secs(1))
        .install()?;
    let app = Router::new()
        .route("/orders", post(place))
        .route("/orders/{id}", get(show));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/orders", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async {
        stopped.await.ok(); // in a service: a signal
    });
    let serving = tokio::spawn(serving.into_future());

    let client = reqwest::Client::builder().no_proxy().build()?;
    for id in [1, 2, 3, 404] {
        let answer = client.get(format!("{url}/{id}")).send().await?;
        println!("GET  {:<12} {}", answer.url().path(), answer.status());
    }
    for order in ["a book", ""] {
        let answer = client.post(&url).body(order).send().await?;
        println!("POST {:<12} {}", answer.url().path(), answer.status());
    }

    drop(client); // its connections would keep the server waiting
    drop(stop);
    serving.await??;
    // After the server: what its last requests counted is delivered, too.
    if let Err(error) = metrics.shutdown_async(Duration::from_secs(5)).await {
        eprintln!("metrics: {error}"); // the service ended well all the same
    }
    println!("{} lines delivered", metrics.health().points_accepted);
    Ok(())
}
