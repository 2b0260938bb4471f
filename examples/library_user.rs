//! A program that uses a library with metrics of its own, [`money`](./library/src/lib.rs): the one
//! line in `main` also delivers the metrics of the library, under the program's prefix.
//!
//! The library depends on `dt-metrics` with `default-features = false`, the program turns the rest
//! on. Endpoint and token come from the environment, as in `getting_started`.

use std::time::Duration;

use dt_metrics_example_library::{self as money, Currency};

fn main() -> Result<(), dt_metrics::Error> {
    let metrics = dt_metrics::builder().prefix("till").install()?;

    for text in ["1250", "99", "twelve"] {
        match money::parse(text) {
            Ok(cents) => println!("{text:>6} is {}", money::format(cents, Currency::Euro)),
            Err(error) => println!("{text:>6} is not an amount: {error}"),
        }
    }

    println!("\nMetrics of the program and of its libraries:");
    for metric in dt_metrics::catalog() {
        println!("  {:<22} in {}", metric.name, metric.module_path);
    }
    if let Err(error) = metrics.shutdown(Duration::from_secs(5)) {
        eprintln!("metrics: {error}");
    }
    println!("\n{} lines delivered", metrics.health().points_accepted);
    Ok(())
}
