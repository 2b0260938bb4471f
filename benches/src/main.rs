//! Benchmarks of dt-metrics against its peers: one run, one table, ratios.
//!
//! ```sh
//! cargo run --release -p dt-metrics-bench --features peers -- hotpath
//! cargo run --release -p dt-metrics-bench -- instructions
//! cargo run -p dt-metrics-bench -- calls
//! cargo run --release -p dt-metrics-bench -- memory
//! cargo run --release -p dt-metrics-bench -- stack
//! cargo run --release -p dt-metrics-bench -- compile
//! cargo run --release -p dt-metrics-bench -- collect
//! cargo run --release -p dt-metrics-bench -- encode
//! cargo run --release -p dt-metrics-bench -- export
//! cargo run --release -p dt-metrics-bench -- fleet
//! cargo run --release -p dt-metrics-bench -- outage
//! cargo run --release -p dt-metrics-bench -- tower
//! ```

mod alloc;
mod calls;
mod child;
mod collect;
mod compile;
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
mod stack;
mod tower;

use std::error::Error;

use clap::{ArgAction, Parser};

use crate::export::Client;
use crate::memory::Scenario;

/// Prints one table a benchmark.
#[derive(Parser)]
enum Bench {
    /// Measure the cost of a call, next to one atomic add and to other libraries.
    Hotpath(hotpath::Options),
    /// How many instructions a call takes; needs Valgrind.
    Instructions,
    /// Measure the time of a call in the build at hand, such as a debug build.
    Calls,
    /// How much memory stays in use; Linux only.
    Memory,
    /// How much stack a call takes.
    Stack,
    /// Measure the build time of annotations, next to macros of other libraries.
    Compile(compile::Options),
    /// How long a collection takes, by threads and series.
    Collect,
    /// Measure the cost of a metric line, next to a copy of its bytes and to OTLP.
    Encode(encode::Options),
    /// Measure the cost of an export end to end, next to OTLP.
    Export(export::Options),
    /// Measure the requests of many processes, and their cost for the processes and the endpoint;
    /// Linux only.
    Fleet(fleet::Options),
    /// A process of `fleet`.
    #[command(hide = true)]
    FleetMember(fleet::Member),
    /// Count the measurements that arrive over OTLP after an outage of the receiver, next to
    /// opentelemetry-otlp.
    Outage,
    /// Measure the cost of a layer for HTTP servers a request, next to others.
    Tower,
    /// One exporter; a process of `export`.
    #[command(hide = true)]
    ExportClient(Client),
    /// The child of `instructions`, which runs under Valgrind.
    #[command(hide = true)]
    Call { number: usize, calls: u32 },
    /// The child of `collect`.
    #[command(hide = true)]
    CollectChild { threads: u32, series: u32 },
    /// The child of `memory`.
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
        Bench::Calls => calls::run()?,
        Bench::Memory => memory::run()?,
        Bench::Stack => stack::run(),
        Bench::Compile(options) => compile::run(&options)?,
        Bench::Collect => collect::run()?,
        Bench::CollectChild { threads, series } => collect::child(threads, series)?,
        Bench::Encode(options) => encode::run(&options),
        Bench::Export(options) => export::run(&options)?,
        Bench::Fleet(options) => fleet::run(&options)?,
        Bench::FleetMember(member) => fleet::run_member(&member)?,
        Bench::Outage => outage::run()?,
        Bench::Tower => tower::run()?,
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
