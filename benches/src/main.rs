//! Benchmarks of dt-metrics against its peers: one run, one table, ratios.
//!
//! ```sh
//! cargo run --release -p dt-metrics-bench --features peers -- hotpath
//! cargo run --release -p dt-metrics-bench -- instructions
//! cargo run --release -p dt-metrics-bench -- memory
//! cargo run --release -p dt-metrics-bench -- compile
//! cargo run --release -p dt-metrics-bench -- collect
//! cargo run --release -p dt-metrics-bench -- encode
//! cargo run --release -p dt-metrics-bench -- export
//! cargo run --release -p dt-metrics-bench -- fleet
//! cargo run --release -p dt-metrics-bench -- outage
//! ```

mod alloc;
mod collect;
mod compile;
mod discard;
mod encode;
mod export;
mod fleet;
mod hotpath;
mod instructions;
mod measure;
mod memory;
mod outage;
mod report;
mod series;
mod sink;

use std::error::Error;

use clap::{ArgAction, Parser};

use crate::export::Client;
use crate::memory::Scenario;

/// Prints one table a benchmark.
#[derive(Parser)]
enum Bench {
    /// What a call costs, next to one atomic add and to what others offer.
    Hotpath(hotpath::Options),
    /// How many instructions a call takes; needs Valgrind.
    Instructions,
    /// How much memory stays in use; Linux only.
    Memory,
    /// What annotations cost a build, next to others.
    Compile {
        /// How many functions are annotated.
        #[arg(long, default_value_t = 1_000)]
        functions: usize,
        /// How often each is built after a change; the least counts.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// In how many of these rounds each is built from nothing, too.
        #[arg(long, default_value_t = 2)]
        clean_rounds: usize,
    },
    /// How long a collection takes, by threads and series.
    Collect,
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
    /// What many processes send, and what it costs them and the endpoint; Linux only.
    Fleet(fleet::Options),
    /// A process of `fleet`.
    #[command(hide = true)]
    FleetMember(fleet::Member),
    /// What arrives by OTLP of what was counted while the receiver fails, next to
    /// opentelemetry-otlp.
    Outage {
        /// How long it fails.
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// One exporter; a process of `export`.
    #[command(hide = true)]
    ExportClient(Client),
    /// What `instructions` runs under Valgrind.
    #[command(hide = true)]
    Call { number: usize, calls: u32 },
    /// What `collect` runs.
    #[command(hide = true)]
    CollectChild { threads: u32, series: u32 },
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
        Bench::Hotpath(options) => hotpath::run(options)?,
        Bench::Instructions => instructions::run()?,
        Bench::Memory => memory::run()?,
        Bench::Compile {
            functions,
            rounds,
            clean_rounds,
        } => compile::run(functions, rounds, clean_rounds)?,
        Bench::Collect => collect::run()?,
        Bench::CollectChild { threads, series } => collect::child(threads, series)?,
        Bench::Encode {
            series,
            cycles,
            only,
        } => encode::run(series, cycles, &only),
        Bench::Export { series, cycles } => export::run(series, cycles)?,
        Bench::Fleet(options) => fleet::run(&options)?,
        Bench::FleetMember(member) => fleet::run_member(&member)?,
        Bench::Outage { seconds } => outage::run(seconds)?,
        Bench::ExportClient(client) => export::run_client(&client),
        Bench::Call { number, calls } => instructions::call(number, calls),
        Bench::Resident {
            scenario,
            count,
            installed,
        } => memory::child(scenario, count, installed)?,
    }
    Ok(())
}
