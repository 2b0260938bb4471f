//! Benchmarks of dt-metrics against its peers: one run, one table, ratios.
//!
//! ```sh
//! cargo run --release -p dt-metrics-bench --features peers -- hotpath
//! cargo run --release -p dt-metrics-bench -- compile
//! ```

#[allow(dead_code, reason = "not every benchmark asks for everything")]
mod alloc;
mod compile;
mod hotpath;
mod measure;
mod report;

use std::error::Error;

use clap::Parser;

/// Prints one table a benchmark.
#[derive(Parser)]
enum Bench {
    /// What a call costs, next to one atomic add and to what others offer.
    Hotpath {
        /// How often each call is measured; the median counts.
        #[arg(long, default_value_t = 15)]
        rounds: usize,
    },
    /// What annotations cost a build, next to others.
    Compile {
        /// How many functions are annotated.
        #[arg(long, default_value_t = 1_000)]
        functions: usize,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    match Bench::parse() {
        Bench::Hotpath { rounds } => hotpath::run(rounds)?,
        Bench::Compile { functions } => compile::run(functions)?,
    }
    Ok(())
}
