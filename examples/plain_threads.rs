//! A program without an async runtime: threads that count in memory of their own, and a push from a
//! thread of the library. Counts of threads that have ended are also delivered.
//!
//! Endpoint and token come from the environment, as in `getting_started`.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use dt_metrics::{count, gauge, timed};

const WORKERS: usize = 4;

/// How many pairs of equal bytes stand side by side.
#[timed(name = "scan.time", unit = "us", dims(worker = worker))]
fn scan(worker: usize, block: &[u8]) -> u64 {
    let mut pairs = 0;
    for pair in block.windows(2) {
        pairs += u64::from(pair[0] == pair[1]);
    }
    count!("scan.bytes", block.len() as u64, unit = "By");
    pairs
}

fn main() -> Result<(), dt_metrics::Error> {
    let metrics = dt_metrics::builder()
        .prefix("plain")
        .push_interval(Duration::from_secs(1))
        .install()?;

    let (sender, found) = mpsc::channel();
    let workers = (0..WORKERS).map(|worker| {
        let sender = sender.clone();
        thread::spawn(move || {
            let block: Vec<u8> = (0..=255).cycle().step_by(worker + 1).take(10_000).collect();
            for _ in 0..250 {
                // The other end outlives the workers.
                sender.send(scan(worker, &block)).ok();
            }
        })
    });
    let workers: Vec<_> = workers.collect();
    drop(sender);

    let mut scans = 0_u64;
    let mut pairs = 0;
    for more in found {
        scans += 1;
        pairs += more;
        gauge!("scan.pairs", pairs);
    }
    for worker in workers {
        worker.join().expect("a worker does not panic");
    }
    println!("{scans} blocks scanned by {WORKERS} threads, {pairs} pairs found");

    if let Err(error) = metrics.shutdown(Duration::from_secs(5)) {
        eprintln!("metrics: {error}"); // the work is done all the same
    }
    println!("{} lines delivered", metrics.health().points_accepted);
    Ok(())
}
