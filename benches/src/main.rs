//! Benchmarks of dt-metrics against its peers: one run, one table, ratios.
//!
//! ```sh
//! cargo run --release -p dt-metrics-bench -- hotpath
//! cargo run --release -p dt-metrics-bench -- encode
//! cargo run --release -p dt-metrics-bench -- export
//! ```

mod alloc;
mod encode;
mod export;
mod hotpath;
mod measure;
mod series;
mod sink;

use std::error::Error;

use clap::Parser;

use crate::export::Client;

/// Prints one table a benchmark.
#[derive(Parser)]
enum Bench {
    /// What a call costs, next to one atomic add.
    Hotpath,
    /// What a line costs, next to a copy of its bytes, to OTLP and to opentelemetry-dynatrace.
    Encode {
        /// How many series change in each cycle.
        #[arg(long, default_value_t = 100_000)]
        series: usize,
        /// How many cycles are measured.
        #[arg(long, default_value_t = 21)]
        cycles: usize,
        /// Measures only those whose name contains this, as for a profiler.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// What an export costs end to end, next to OTLP.
    Export {
        /// How many series change in each cycle.
        #[arg(long, default_value_t = 100_000)]
        series: usize,
        /// How many cycles are measured after the first.
        #[arg(long, default_value_t = 15)]
        cycles: usize,
    },
    /// One exporter; a process of `export`.
    #[command(hide = true)]
    ExportClient(Client),
}

fn main() -> Result<(), Box<dyn Error>> {
    match Bench::parse() {
        Bench::Hotpath => hotpath::run(),
        Bench::Encode {
            series,
            cycles,
            only,
        } => encode::run(series, cycles, &only),
        Bench::Export { series, cycles } => export::run(series, cycles)?,
        Bench::ExportClient(client) => export::run_client(&client),
    }
    Ok(())
}
