//! The tables.

use std::collections::HashMap;

use super::names;
use crate::measure::{Candidate, Cost};
use crate::report::{self, Targets};

/// Numbers of threads that call at once.
pub(super) const THREADS: [usize; 3] = [1, 2, 4];

/// The measured costs, by threads and name.
pub(super) type Costs = HashMap<(usize, &'static str), Cost>;

/// A row for each candidate.
pub(super) fn print(candidates: &[Candidate], costs: &Costs) {
    let mut table = report::table([
        "call",
        "1 thread, ns",
        "× add",
        "× SDK",
        "2 threads, ns",
        "× add",
        "× SDK",
        "4 threads, ns",
        "× add",
        "× SDK",
        "allocations in a million",
    ]);
    for Candidate { name, .. } in candidates {
        let mut row = vec![(*name).to_owned()];
        for threads in THREADS {
            let own = nanoseconds(costs, threads, name);
            row.push(format!("{own:.2}"));
            for other in [names::FETCH_ADD, names::counterpart(name)] {
                row.push(format!("{:.2}", own / nanoseconds(costs, threads, other)));
            }
        }
        let allocations = THREADS.map(|threads| cost(costs, threads, name).allocations);
        row.push(format!(
            "{:.0}",
            allocations.into_iter().fold(0.0, f64::max) * 1e6
        ));
        table.add_row(row);
    }
    println!("{table}");
    println!(
        "\"× SDK\": compared with the SDK's `histogram.record` for distributions, else with its \
         `counter.add`."
    );
}

/// The promises of the library, compared with one run. `clock` is the clock that is read in it.
pub(super) fn print_targets(costs: &Costs, clock: &str) {
    let mut targets = Targets::default();
    let mut ratio = |own: (usize, &str), limit: f64, other: (usize, &str)| {
        let measure = format!("{}, {}", own.1, threads(own.0));
        let says = format!("{limit} × {}, {}", other.1, threads(other.0));
        let measured = nanoseconds(costs, own.0, own.1) / nanoseconds(costs, other.0, other.1);
        targets.at_most(&measure, &says, measured, limit);
    };
    ratio((1, names::LITERALS), 0.5, (1, names::FETCH_ADD));
    ratio((4, names::LITERALS), 1.3, (1, names::LITERALS));
    ratio((1, names::ENUMS), 1.5, (1, names::LITERALS));
    ratio((1, names::HANDLE), 1.5, (1, names::LITERALS));
    ratio((1, names::TWO_VALUES), 0.3, (1, names::SDK_COUNTER));
    ratio((4, names::TWO_VALUES), 0.06, (4, names::SDK_COUNTER));
    ratio((1, names::TIMED), 1.6, (1, clock));
    ratio((1, names::TIMED_BURSTS), 1.6, (1, clock));
    ratio((1, names::TIMER), 1.2, (1, names::TIMED));
    ratio((4, names::TIMED_BURSTS), 0.15, (4, names::SDK_HISTOGRAM));
    ratio((4, names::TIMED), 0.6, (4, names::SDK_HISTOGRAM));
    let ours = costs
        .iter()
        .filter(|((_, name), _)| names::OURS.contains(name));
    targets.at_most(
        "allocations in a million calls, any of ours, after first sight",
        "0",
        ours.map(|(_, cost)| cost.allocations * 1e6)
            .fold(0.0, f64::max),
        0.0,
    );
    targets.print();
}

fn threads(threads: usize) -> String {
    format!("{threads} thread{}", if threads == 1 { "" } else { "s" })
}

fn nanoseconds(costs: &Costs, threads: usize, name: &str) -> f64 {
    cost(costs, threads, name).nanoseconds
}

fn cost(costs: &Costs, threads: usize, name: &str) -> Cost {
    let found = costs
        .iter()
        .find(|((of, called), _)| *of == threads && *called == name);
    found.map_or(Cost::UNKNOWN, |(_, cost)| *cost)
}
