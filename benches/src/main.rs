//! Benchmarks of dt-metrics against its peers: one run, one table, ratios.
//!
//! ```sh
//! cargo run --release -p dt-metrics-bench -- hotpath
//! cargo run --release -p dt-metrics-bench -- compile
//! ```

mod compile;
mod hotpath;
mod measure;
mod report;

use clap::Parser;

/// Prints one table a benchmark.
#[derive(Parser)]
enum Bench {
    /// What a call costs, next to one atomic add.
    Hotpath,
    /// What annotations cost a build, next to others.
    Compile {
        /// How many functions are annotated.
        #[arg(long, default_value_t = 1_000)]
        functions: usize,
    },
}

fn main() -> std::io::Result<()> {
    match Bench::parse() {
        Bench::Hotpath => hotpath::run(),
        Bench::Compile { functions } => compile::run(functions)?,
    }
    Ok(())
}
