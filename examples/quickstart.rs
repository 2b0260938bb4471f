//! The main job on one screen: annotated functions, a push each second, and a local stand-in for
//! Dynatrace that accepts the lines. Ends with 1 if a call is missing or a line was refused.

use std::error::Error;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use dt_metrics::counted;
use dt_metrics_local::{Server, store::Event};

/// Counts calls a second time, by hand, to compare.
struct Made {
    orders: AtomicU64,
    payments: AtomicU64,
}
static MADE: Made = Made {
    orders: AtomicU64::new(0),
    payments: AtomicU64::new(0),
};

#[counted(
    name = "orders",
    unit = "{order}",
    dims(region = "eu", channel = "web")
)]
fn place_order() {
    MADE.orders.fetch_add(1, Relaxed);
}

#[counted(name = "payments", description = "Payments taken", dims(card = card))]
async fn pay(card: &str) {
    MADE.payments.fetch_add(1, Relaxed);
    tokio::task::yield_now().await;
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
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
    let orders = (0..3).map(|_| thread::spawn(move || repeat_until(end, place_order)));
    let payments = ["visa", "amex"].map(|card| {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        thread::spawn(move || {
            runtime.map(|runtime| repeat_until(end, || runtime.block_on(pay(card))))
        })
    });
    for thread in orders.collect::<Vec<_>>() {
        thread.join().expect("a worker ended early");
    }
    for thread in payments {
        thread.join().expect("a worker ended early")?;
    }
    metrics.shutdown(Duration::from_secs(5))?;

    let refused = server.rejected().len();
    let mut complete = refused == 0;
    println!(
        "\n{:<20} {:>12} {:>16}",
        "metric", "calls made", "counts received"
    );
    for (name, made) in [("orders", &MADE.orders), ("payments", &MADE.payments)] {
        let received = server.counter_total(&format!("quickstart.{name}"), &[]);
        let made = made.load(Relaxed);
        complete &= received.to_string() == made.to_string();
        println!("{name:<20} {made:>12} {received:>16}");
    }
    println!("lines refused: {refused}");
    Ok(if complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn repeat_until(end: Instant, mut call: impl FnMut()) {
    while Instant::now() < end {
        (0..1_000).for_each(|_| call());
        thread::sleep(Duration::from_millis(1));
    }
}
