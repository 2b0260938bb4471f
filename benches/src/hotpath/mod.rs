//! The cost of a call, next to one `fetch_add` on a cell that all threads share, and next to other
//! libraries.

pub(crate) mod floor;
pub(crate) mod names;
pub(crate) mod ours;
#[cfg(feature = "peers")]
mod peers;
mod sdk;
mod table;

use std::thread;

use clap::Args;

use self::table::{Costs, THREADS};
use crate::child::Discard;
use crate::measure::{self, Candidate, TimeSource};

/// How to measure.
#[derive(Args, Clone, Copy)]
pub(crate) struct Options {
    /// How often each call is measured; the median counts.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Take the threads' CPU time in place of the clock's: for a machine that does other work.
    #[arg(long)]
    cpu_time: bool,
}

/// Measures everything and prints the tables.
pub(crate) fn run(options: Options) -> Result<(), dt_metrics::Error> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{cores} cores; nanoseconds a call as each thread sees it, median of {} rounds",
        options.rounds
    );
    for threads in THREADS {
        if let TimeSource::ThreadCpu = TimeSource::fair_to(threads, options.cpu_time) {
            println!("with {threads} at once: CPU time of the threads, not the clock's");
        }
    }

    let (provider, sdk) = sdk::candidates();
    let mut candidates = floor::candidates();
    candidates.extend(ours::candidates());
    candidates.extend(sdk);
    let needed = candidates.len();
    #[cfg(feature = "peers")]
    candidates.extend(peers::candidates());

    let alone = measure_all(&candidates, options);
    println!("\nNothing installed:\n");
    table::print(&candidates, &alone);

    let metrics = dt_metrics::builder()
        .no_exporter()
        .exporter(Discard)
        .push_interval(sdk::INTERVAL)
        .set_global(false)
        .install()?;
    let candidates = &candidates[..needed];
    let installed = measure_all(candidates, options);
    println!("\nMetrics installed, pushed each second:\n");
    table::print(candidates, &installed);
    metrics.shutdown(sdk::INTERVAL)?;
    // Fails only if it is shut down already.
    provider.shutdown().ok();

    println!("\nTargets, metrics installed:\n");
    table::print_targets(&installed, names::TWO_RAW_READS);
    // Which clock is the best is found out when metrics are installed.
    println!("\nWithout an installed pipeline:\n");
    table::print_targets(&alone, names::TWO_INSTANTS);
    if cfg!(not(feature = "peers")) {
        println!("\n`--features peers` also measures other libraries.");
    }
    Ok(())
}

fn measure_all(candidates: &[Candidate], options: Options) -> Costs {
    let mut costs = Costs::new();
    for threads in THREADS {
        let source = TimeSource::fair_to(threads, options.cpu_time);
        let measured = measure::costs(candidates, threads, options.rounds, source);
        for (candidate, cost) in candidates.iter().zip(measured) {
            costs.insert((threads, candidate.name), cost);
        }
    }
    costs
}
