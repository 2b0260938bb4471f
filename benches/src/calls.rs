//! The time of a call in the build at hand. It shows the cost in debug builds, in which tests of programs
//! usually run.

use std::time::{Duration, Instant};

use crate::child::Discard;
use crate::instructions::loops;
use crate::report;

/// Calls in a window that is so short that other processes seldom interrupt it.
const CALLS: u32 = 2_000;

/// Windows, of which the fastest counts.
const WINDOWS: u32 = 500;

/// The most nanoseconds of a measured call in a debug build.
const LIMIT: f64 = 300.0;

/// A long interval, so that no push is in most of the windows.
const INTERVAL: Duration = Duration::from_secs(1);

/// Nanoseconds by name.
type Times = Vec<(&'static str, f64)>;

/// Measures and prints the tables.
pub(crate) fn run() -> Result<(), dt_metrics::Error> {
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    println!("a call in this {build} build; the least of {WINDOWS} windows of {CALLS} calls");
    println!("\nNothing installed:\n");
    let alone = measure();
    print(&alone);
    let metrics = dt_metrics::builder()
        .no_exporter()
        .exporter(Discard)
        .push_interval(INTERVAL)
        .set_global(false)
        .install()?;
    println!("\nMetrics installed:\n");
    let installed = measure();
    print(&installed);
    metrics.shutdown(INTERVAL)?;
    if cfg!(debug_assertions) {
        let mut targets = report::Targets::default();
        for (state, times) in [("nothing", &alone), ("metrics", &installed)] {
            targets.at_most(
                &format!("`#[measured]` in a debug build, {state} installed, ns"),
                &format!("{LIMIT} ns"),
                time(times, "#[measured]"),
                LIMIT,
            );
        }
        println!();
        targets.print();
    }
    Ok(())
}

fn measure() -> Times {
    let each = |repeat: fn(u32)| {
        repeat(CALLS);
        let windows = (0..WINDOWS).map(|_| {
            let start = Instant::now();
            repeat(CALLS);
            start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
        });
        windows.fold(f64::INFINITY, f64::min)
    };
    loops().map(|(name, repeat)| (name, each(repeat))).collect()
}

/// The time of the call whose name has this part.
fn time(times: &Times, part: &str) -> f64 {
    let mut found = times.iter().filter(|(name, _)| name.contains(part));
    found.next().map_or(f64::NAN, |(_, time)| *time)
}

fn print(times: &Times) {
    let mut table = report::table(["call", "ns", "above no annotation", "× two clock reads"]);
    let (nothing, clock) = (
        time(times, "without annotation"),
        time(times, "clock reads"),
    );
    for (name, time) in times {
        table.add_row([
            (*name).to_owned(),
            format!("{time:.1}"),
            format!("{:.1}", time - nothing),
            format!("{:.2}", time / clock),
        ]);
    }
    println!("{table}");
}
