//! What a call costs: ours, next to one `fetch_add` on a cell that all threads share, and next to
//! what others offer.

mod floor;
mod names;
pub(crate) mod ours;
#[cfg(feature = "peers")]
mod peers;
mod sdk;
mod table;

use std::collections::HashMap;
use std::thread;

use crate::discard::Discard;
use crate::measure::{self, Candidate, Cost};

/// Numbers of threads that call at once.
const THREADS: [usize; 3] = [1, 2, 4];

/// What was measured, by threads and name.
pub(crate) type Costs = HashMap<(usize, &'static str), Cost>;

/// Measures everything and prints the tables.
pub(crate) fn run(rounds: usize) -> Result<(), dt_metrics::Error> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores; nanoseconds a call as each thread sees it, median of {rounds} rounds");
    for threads in THREADS.into_iter().filter(|threads| *threads > cores) {
        println!("{threads} threads have no core each: theirs is thread CPU time, not the clock's");
    }

    let (provider, sdk) = sdk::candidates();
    let mut candidates = floor::candidates();
    candidates.extend(ours::candidates());
    candidates.extend(sdk);
    let needed = candidates.len();
    #[cfg(feature = "peers")]
    candidates.extend(peers::candidates());

    let alone = measure_all(&candidates, rounds);
    println!("\nNothing installed:\n");
    table::print(&candidates, &alone);

    let metrics = dt_metrics::builder()
        .exporter(Discard)
        .push_interval(sdk::INTERVAL)
        .set_global(false)
        .install()?;
    let candidates = &candidates[..needed];
    let installed = measure_all(candidates, rounds);
    println!("\nMetrics installed, pushed each second:\n");
    table::print(candidates, &installed);
    metrics.shutdown(sdk::INTERVAL)?;
    // Fails only if it is shut down already.
    provider.shutdown().ok();

    println!("\nTargets, as ratios within one run; nothing installed / installed:\n");
    table::print_targets(&[alone, installed]);
    if cfg!(not(feature = "peers")) {
        println!("\n`--features peers` adds what others offer.");
    }
    Ok(())
}

fn measure_all(candidates: &[Candidate], rounds: usize) -> Costs {
    let mut costs = Costs::new();
    for threads in THREADS {
        let measured = measure::costs(candidates, threads, rounds);
        for (candidate, cost) in candidates.iter().zip(measured) {
            costs.insert((threads, candidate.name), cost);
        }
    }
    costs
}
