//! A handler as on AWS Lambda: the process is frozen between invocations, so each invocation pushes
//! its metrics before it answers. The events come from a loop here, in place of the crate
//! `lambda_runtime`.
//!
//! Endpoint and token come from the environment, as in `getting_started`.

use std::time::Duration;

use dt_metrics::{Handle, measured};

struct Event {
    order: u32,
}

/// Handles one event.
#[measured(name = "orders.handle")]
async fn handle(event: Event) -> Result<String, String> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    match event.order {
        0 => Err("there is no order 0".to_owned()), // outcome=err
        order => Ok(format!("order {order} is on its way")),
    }
}

/// One invocation: handles the event, and pushes before the process can be frozen.
async fn invoke(metrics: &Handle, event: Event) -> Result<String, String> {
    let result = handle(event).await;
    // Metrics that cannot be delivered in time stay pending, and are sent with the next invocation.
    if let Err(error) = metrics.flush_async(Duration::from_millis(500)).await {
        eprintln!("metrics: {error}");
    }
    result
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), dt_metrics::Error> {
    // Once per process, outside of the handler.
    let metrics = dt_metrics::builder()
        .prefix("lambda")
        .push_interval(Duration::from_secs(3600)) // invocations push
        .install()?;
    for order in [7, 0, 8] {
        match invoke(&metrics, Event { order }).await {
            Ok(answer) => println!("{answer}"),
            Err(error) => println!("failed: {error}"),
        }
        println!("{} data points delivered", metrics.health().points_accepted);
    }
    Ok(())
}
