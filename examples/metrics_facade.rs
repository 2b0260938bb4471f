//! A program whose libraries record with the facade `metrics`: one line sends their metrics along
//! with the metrics of the program's annotations.
//!
//! Endpoint and token come from the environment, as in `getting_started`.

use std::time::Duration;

use dt_metrics::measured;

/// Stands for any crate that uses the facade.
mod database {
    use metrics::{Unit, counter, describe_histogram, gauge, histogram};

    pub fn connect() {
        describe_histogram!("database.rows", Unit::Count, "Rows of an answer");
        gauge!("database.connections").increment(1);
    }

    pub fn query(table: &'static str) -> u32 {
        counter!("database.queries", "table" => table).increment(1);
        histogram!("database.rows", "table" => table).record(3);
        3
    }
}

#[measured(name = "report")]
fn report() -> u32 {
    database::query("orders") + database::query("users")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let metrics = dt_metrics::builder().prefix("shop").install()?;
    dt_metrics_recorder::install()?; // before the libraries begin

    database::connect();
    println!("{} rows", report() + report());
    if let Err(error) = metrics.shutdown(Duration::from_secs(5)) {
        eprintln!("metrics: {error}");
    }
    Ok(())
}
