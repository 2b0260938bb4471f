//! A program that prints its catalogue, from which `dt-metrics-local` makes a dashboard, service-level
//! objectives and alerts.
//!
//! ```sh
//! cargo run --bin dashboard -- --catalog > catalog.json
//! cargo run -p dt-metrics-local -- dashboard catalog.json --prefix shop --title Shop --output shop.json
//! cargo run -p dt-metrics-local -- slo catalog.json --prefix shop > slo.json
//! cargo run -p dt-metrics-local -- alerts catalog.json --prefix shop > alerts.json
//! ```
//!
//! Then `Upload` in the Dashboards app of Dynatrace. Without `--catalog` it takes a few orders and
//! delivers its metrics.

use std::io::Write;
use std::time::Duration;

use dt_metrics::{DimensionValue, count, gauge, measured, observed, recorded};

#[derive(Clone, Copy, DimensionValue)]
enum Region {
    Europe,
    America,
}

/// Calls by outcome, call duration, and calls in flight.
#[measured(
    name = "order",
    dims(region = region),
    objective(success = "99.9%", latency = "250ms", percentile = "99%")
)]
#[recorded(
    name = "order.value",
    description = "Value of an order.",
    unit = "{euro}",
    value = ret.as_ref().copied().unwrap_or_default(),
    dims(region = region),
    when = ok,
)]
fn order(region: Region, items: u32) -> Result<u32, &'static str> {
    if items == 0 {
        return Err("an order of nothing");
    }
    count!(
        "items.sold",
        u64::from(items),
        description = "Items that were ordered.",
        unit = "{item}",
        dims(region = region, "delivery-type" = "parcel")
    );
    Ok(items * 7)
}

/// Polled at each push.
#[observed(name = "stock", description = "Items on the shelf.", unit = "{item}")]
fn stock() -> u64 {
    1_000
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().any(|argument| argument == "--catalog") {
        std::io::stdout().write_all(dt_metrics::catalog_json().as_bytes())?;
        return Ok(());
    }
    let metrics = dt_metrics::builder().prefix("shop").install()?;
    for items in 0..10 {
        let region = [Region::Europe, Region::America][items as usize % 2];
        if let Err(error) = order(region, items) {
            println!("{error}");
        }
        gauge!(
            "basket.size",
            items,
            description = "Items in the last basket."
        );
    }
    if let Err(error) = metrics.shutdown(Duration::from_secs(5)) {
        eprintln!("metrics: {error}");
    }
    Ok(())
}
