//! How long a collection takes, by threads and series.

use std::error::Error;
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, io};

use dt_metrics::counted;

use crate::child::Discard;
use crate::{measure, report};

const THREADS: [u32; 3] = [1, 16, 64];
const SERIES: [u32; 3] = [10, 1_000, 10_000];

/// Collections measured of each; the median counts.
const ROUNDS: usize = 15;

/// Longer than all collections together.
const DEADLINE: Duration = Duration::from_secs(600);

#[counted(name = "bench.collect", dims(id = id))]
fn count(id: u32) {}

/// Measures each combination in a process of its own, since memory of ended threads stays.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    println!(
        "{} cores; a collection in microseconds, median of {ROUNDS}",
        thread::available_parallelism().map_or(1, usize::from)
    );
    let mut table = report::table([
        "threads",
        "series, each used by each thread",
        "all have moved, µs",
        "none has moved, µs",
    ]);
    for threads in THREADS {
        for series in SERIES {
            let output = Command::new(env::current_exe()?)
                .args(["collect-child", &threads.to_string(), &series.to_string()])
                .output()?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                return Err(io::Error::other(said).into());
            }
            let mut cells = vec![threads.to_string(), series.to_string()];
            cells.extend(String::from_utf8(output.stdout)?.lines().map(str::to_owned));
            table.add_row(cells);
        }
    }
    println!("{table}");
    Ok(())
}

/// One combination: prints the duration of a collection after all series have changed, and after
/// none.
pub(crate) fn child(threads: u32, series: u32) -> Result<(), dt_metrics::Error> {
    let metrics = dt_metrics::builder()
        .no_exporter()
        .exporter(Discard)
        // Nothing is collected but on demand.
        .push_interval(Duration::from_secs(86_400))
        .cardinality_limit(SERIES[2])
        .set_global(false)
        .install()?;
    let turn = Arc::new(Barrier::new(threads as usize + 1));
    for _ in 0..threads {
        let turn = Arc::clone(&turn);
        thread::spawn(move || {
            loop {
                turn.wait();
                (0..series).for_each(count);
                turn.wait();
            }
        });
    }
    let collect = || {
        let start = Instant::now();
        metrics.flush(DEADLINE)?;
        Ok::<f64, dt_metrics::Error>(start.elapsed().as_secs_f64() * 1e6)
    };
    let (mut moved, mut idle) = (Vec::new(), Vec::new());
    // The first round makes the series.
    for round in 0..=ROUNDS {
        turn.wait();
        turn.wait();
        let costs = (collect()?, collect()?);
        if round > 0 {
            moved.push(costs.0);
            idle.push(costs.1);
        }
    }
    println!("{:.0}", measure::median(&moved));
    println!("{:.0}", measure::median(&idle));
    Ok(())
}
