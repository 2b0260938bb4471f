//! Benchmarks of dt-metrics against its peers: one run, one table, ratios.
//!
//! ```sh
//! cargo run --release -p dt-metrics-bench --features peers -- hotpath
//! cargo run --release -p dt-metrics-bench -- instructions
//! cargo run --release -p dt-metrics-bench -- memory
//! cargo run --release -p dt-metrics-bench -- compile
//! ```

#[allow(dead_code, reason = "not every benchmark asks for everything")]
mod alloc;
mod compile;
mod discard;
mod hotpath;
mod instructions;
mod measure;
mod memory;
mod report;

use std::error::Error;

use clap::{ArgAction, Parser};

use crate::memory::Scenario;

/// Prints one table a benchmark.
#[derive(Parser)]
enum Bench {
    /// What a call costs, next to one atomic add and to what others offer.
    Hotpath {
        /// How often each call is measured; the median counts.
        #[arg(long, default_value_t = 15)]
        rounds: usize,
    },
    /// How many instructions a call takes; needs Valgrind.
    Instructions,
    /// How much memory stays in use; Linux only.
    Memory,
    /// What annotations cost a build, next to others.
    Compile {
        /// How many functions are annotated.
        #[arg(long, default_value_t = 1_000)]
        functions: usize,
    },
    /// What `instructions` runs under Valgrind.
    #[command(hide = true)]
    Call { number: usize, calls: u32 },
    /// What `memory` runs.
    #[command(hide = true)]
    Resident {
        scenario: Scenario,
        count: u32,
        #[arg(action = ArgAction::Set)]
        installed: bool,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    match Bench::parse() {
        Bench::Hotpath { rounds } => hotpath::run(rounds)?,
        Bench::Instructions => instructions::run()?,
        Bench::Memory => memory::run()?,
        Bench::Compile { functions } => compile::run(functions)?,
        Bench::Call { number, calls } => instructions::call(number, calls),
        Bench::Resident {
            scenario,
            count,
            installed,
        } => memory::child(scenario, count, installed)?,
    }
    Ok(())
}
