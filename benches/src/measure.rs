//! Nanoseconds a call, on any number of threads.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// Rounds of each measurement; the median counts, so that a disturbed round does not.
const ROUNDS: usize = 15;

/// The median cost of `call` in nanoseconds, as each of `threads` sees it that call at once.
///
/// Generic, so that the call is inlined into the loop as it is into a caller.
pub(crate) fn ns_a_call(threads: usize, calls: u32, call: impl Fn() + Sync) -> f64 {
    let rounds: Vec<f64> = (0..ROUNDS).map(|_| round(threads, calls, &call)).collect();
    median(&rounds)
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn round(threads: usize, calls: u32, call: &(impl Fn() + Sync)) -> f64 {
    let barrier = Barrier::new(threads);
    let times: Vec<f64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        call();
                    }
                    barrier.wait();
                    let start = Instant::now();
                    for _ in 0..calls {
                        call();
                    }
                    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
                })
            })
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .collect()
    });
    times.iter().sum::<f64>() / times.len() as f64
}
