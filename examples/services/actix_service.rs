//! A service on actix-web: one `from_fn` middleware with two attributes measures all routes, by
//! method, route and status. It requests itself a few times and stops gracefully.
//!
//! Endpoint and token come from the environment, as in `getting_started`.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpServer, error, web};
use dt_metrics::{in_flight, timed};

#[timed(
    name = "http.server.request.duration",
    dims(http.request.method = method(&request), http.route = request.match_pattern()),
    ret_dims(http.response.status_code = status(ret).as_u16()),
)]
#[in_flight(
    name = "http.server.active_requests",
    unit = "{request}",
    dims(http.request.method = method(&request)),
)]
async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    next.call(request).await
}

/// Clients choose the method, so unknown ones share one series.
fn method(request: &ServiceRequest) -> &'static str {
    match *request.method() {
        Method::GET => "GET",
        Method::POST => "POST",
        _ => "_OTHER",
    }
}

fn status(result: &Result<ServiceResponse<impl MessageBody>, Error>) -> StatusCode {
    match result {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    }
}

async fn show(id: web::Path<u32>) -> Result<String, Error> {
    match *id {
        id @ ..100 => Ok(format!("order {id}")),
        _ => Err(error::ErrorNotFound("there is no such order")),
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let metrics = dt_metrics::builder().prefix("shop").install()?;
    let app = || {
        App::new()
            .wrap(from_fn(measure))
            .route("/orders/{id}", web::get().to(show))
            .route("/orders", web::post().to(|order: String| async { order }))
    };
    let server = HttpServer::new(app).workers(2).bind("127.0.0.1:0")?;
    let url = format!("http://{}/orders", server.addrs()[0]);
    let server = server.disable_signals().run(); // in a service: stops on a signal
    let (handle, serving) = (server.handle(), actix_web::rt::spawn(server));

    let client = reqwest::Client::builder().no_proxy().build()?;
    for id in [1, 2, 3, 404] {
        let answer = client.get(format!("{url}/{id}")).send().await?;
        println!("GET  {:<12} {}", answer.url().path(), answer.status());
    }
    let answer = client.post(&url).body("a book").send().await?;
    println!("POST {:<12} {}", answer.url().path(), answer.status());
    drop((answer, client)); // open connections would keep the server waiting
    handle.stop(true).await;
    serving.await??;
    // After the server, so that the metrics of its last requests are delivered.
    if let Err(error) = metrics.shutdown_async(Duration::from_secs(5)).await {
        eprintln!("metrics: {error}");
    }
    Ok(())
}
