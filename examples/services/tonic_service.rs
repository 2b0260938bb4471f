//! A gRPC service on tonic: one layer measures all calls, by method and status; an attribute counts
//! the work of the method itself. The service is gRPC's health check, written by hand.
//!
//! Endpoint and token come from the environment, as in `getting_started`.

use std::time::Duration;

use dt_metrics::measured;
use dt_metrics_tower::RpcServerMetrics;
use tokio::{net::TcpListener, sync::oneshot};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

struct Checks;

#[tonic::async_trait]
impl Health for Checks {
    type WatchStream = tokio_stream::Pending<Result<HealthCheckResponse, Status>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let status = look_up(&request.into_inner().service)?.into();
        Ok(Response::new(HealthCheckResponse { status }))
    }

    async fn watch(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("check once in a while"))
    }
}

/// Looks up whether a part of this service works.
#[measured(name = "health.look_up")]
fn look_up(service: &str) -> Result<ServingStatus, Status> {
    match service {
        "shop.Orders" => Ok(ServingStatus::Serving),
        "shop.Stock" => Ok(ServingStatus::NotServing),
        _ => Err(Status::not_found("there is no such service")), // outcome=err
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let metrics = dt_metrics::builder().prefix("shop").install()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>(); // in a service: a signal
    let serving = Server::builder()
        .layer(RpcServerMetrics::new())
        .add_service(HealthServer::new(Checks))
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async {
            _ = stopped.await;
        });
    let serving = tokio::spawn(serving);

    let channel = Endpoint::from_shared(url)?.connect().await?;
    let mut client = HealthClient::new(channel);
    for service in ["shop.Orders", "shop.Orders", "shop.Stock", "shop.Nothing"] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        match client.check(request).await {
            Ok(response) => println!("{service:<12} {:?}", response.into_inner().status()),
            Err(status) => println!("{service:<12} {}", status.message()),
        }
    }
    drop((client, stop)); // open connections would keep the server waiting
    serving.await??;
    // After the server, so that the metrics of its last calls are delivered.
    if let Err(error) = metrics.shutdown_async(Duration::from_secs(5)).await {
        eprintln!("metrics: {error}");
    }
    Ok(())
}
