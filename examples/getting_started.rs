//! A coffee bar to watch, for a minute, or for as many seconds as its argument.
//!
//! Nothing is configured: metrics go to the OneAgent on this host, or to `dt-metrics-local` in its
//! place. With these they go to Dynatrace:
//!
//! ```sh
//! export DT_METRICS_INGEST_URL=https://myenv123.live.dynatrace.com/api/v2/metrics/ingest
//! export DT_METRICS_INGEST_API_TOKEN=…       # with the scope metrics.ingest
//! cargo run --bin getting_started -- 600
//! ```

use std::error::Error;
use std::sync::LazyLock;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use dt_metrics::{DimensionValue, count, measured, observed};

#[derive(Clone, Copy, DimensionValue)]
enum Drink {
    Espresso,
    FlatWhite,
    Tea,
}

/// `order.calls` and `order.duration`, both by `outcome`, and `order.in_flight`.
#[measured(name = "order", description = "Drinks made to order", dims(drink = drink))]
fn make(drink: Drink) -> Result<(), &'static str> {
    let seconds = 0.05 + fastrand::f64() * rush() / 5.0;
    sleep(Duration::from_secs_f64(seconds));
    match fastrand::u8(0..20) {
        0 => Err("spilled"),
        _ => Ok(()),
    }
}

/// Rises and falls in half a minute; polled at each push.
#[observed(name = "rush", description = "How busy the bar is, from 0 to 1")]
fn rush() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    0.5 + (START.elapsed().as_secs_f64() / 5.0).sin() / 2.0
}

fn serve() {
    loop {
        for drink in [Drink::Espresso, Drink::FlatWhite, Drink::Tea] {
            let _ = make(drink); // its outcome is measured
            sleep(Duration::from_secs_f64((1.0 - rush()) / 2.0));
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let seconds: u64 = std::env::args().nth(1).unwrap_or("60".into()).parse()?;
    let metrics = dt_metrics::builder()
        .prefix("getting_started")
        .default_dimension("environment", "laptop")
        .push_interval(Duration::from_secs(1)) // to watch it; the default is a minute
        .on_delivery_event(|event| println!("metrics: {event}"))
        .flush_on_termination(true) // Ctrl-C delivers pending metrics
        .install()?;
    println!(
        "Making coffee for {seconds} s; Ctrl-C ends it sooner. Unless an endpoint is configured,"
    );
    println!("`cargo run -p dt-metrics-local` shows it at http://127.0.0.1:14499");

    count!(
        "MyCounter",
        25,
        description = "Description of MyCounter",
        unit = "1",
        dims("dimension-1" = "value-1")
    );
    (0..4).for_each(|_| drop(spawn(serve)));
    sleep(Duration::from_secs(seconds));
    if let Err(error) = metrics.shutdown(Duration::from_secs(5)) {
        eprintln!("metrics: {error}"); // the bar did its work all the same
    }
    println!("{:#?}", metrics.health());
    Ok(())
}
