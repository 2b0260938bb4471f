//! Benchmarks of dt-metrics against its peers: one run, one table, ratios.
//!
//! ```sh
//! cargo run --release -p dt-metrics-bench -- hotpath
//! ```

mod hotpath;
mod measure;

use clap::Parser;

/// Prints one table a benchmark.
#[derive(Parser)]
enum Bench {
    /// What a call costs, next to one atomic add.
    Hotpath,
}

fn main() {
    match Bench::parse() {
        Bench::Hotpath => hotpath::run(),
    }
}
