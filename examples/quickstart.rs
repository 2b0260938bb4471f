//! The main job on one screen: annotated functions, a push each second, and a local stand-in for
//! Dynatrace that accepts the lines. Ends with 1 if a call is missing or a line was refused.

use std::error::Error;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use dt_metrics::counted;
use dt_metrics_local::{Event, Server};

static ORDERS: AtomicU64 = AtomicU64::new(0);
static PAYMENTS: AtomicU64 = AtomicU64::new(0); // by hand, to compare with

#[counted(name = "orders", unit = "{order}", dims(region = "eu"))]
fn place_order() {
    ORDERS.fetch_add(1, Relaxed);
}

#[counted(name = "payments", description = "Payments taken", dims(card = card))]
async fn pay(card: &str) {
    PAYMENTS.fetch_add(1, Relaxed);
    tokio::task::yield_now().await;
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let server = Server::builder().start()?;
    println!("the local endpoint listens at {}\n", server.url());
    let events = server.subscribe();
    thread::spawn(move || {
        for event in events {
            match event {
                Event::Line(line) => println!("accepted  {line}"),
                Event::Rejected(line) => println!("refused   {}: {}", line.text, line.error),
                _ => {}
            }
        }
    });
    let metrics = dt_metrics::builder()
        .endpoint(server.url())
        .prefix("quickstart")
        .push_interval(Duration::from_secs(1))
        .install()?;

    let end = Instant::now() + Duration::from_secs(3);
    let threads: [_; 3] = std::array::from_fn(|_| {
        tokio::task::spawn_blocking(move || {
            while Instant::now() < end {
                (0..1_000).for_each(|_| place_order());
                thread::sleep(Duration::from_millis(1));
            }
        })
    });
    let tasks = ["visa", "amex"].map(|card| {
        tokio::spawn(async move {
            while Instant::now() < end {
                pay(card).await;
            }
        })
    });
    for worker in threads.into_iter().chain(tasks) {
        worker.await?;
    }
    if let Err(error) = metrics.shutdown_async(Duration::from_secs(5)).await {
        eprintln!("metrics: {error}");
    }

    let refused = server.rejected().len();
    let mut complete = refused == 0;
    println!("\nmetric       calls made  counts received");
    for (name, made) in [("orders", &ORDERS), ("payments", &PAYMENTS)] {
        let received = server.counter_total(&format!("quickstart.{name}"), &[]);
        let made = made.load(Relaxed);
        complete &= received.to_string() == made.to_string();
        println!("{name:<10} {made:>12} {received:>16}");
    }
    println!("lines refused: {refused}");
    Ok(ExitCode::from(u8::from(!complete)))
}
