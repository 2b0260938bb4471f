//! The cost of annotations at build time: 1,000 annotated functions, half of them async, in a crate
//! of their own, next to the same functions with macros of other libraries.

mod build;
mod source;

use std::io;

use self::build::{MEANS, Workspace};
use self::source::Candidate;
use crate::report;

/// Annotated functions.
const FUNCTIONS: usize = 1_000;

/// How often each candidate is built after a change; the least counts.
const ROUNDS: usize = 5;

/// In how many of these rounds each is built from nothing as well.
const CLEAN_ROUNDS: usize = 2;

/// Build times, by round.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    /// Anything above the least time is the work of other processes, and of the system for them.
    fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// A candidate and its build times.
struct Built {
    candidate: Candidate,
    clean: Times,
    incremental: Times,
}

/// Builds everything and prints the tables.
pub(crate) fn run() -> io::Result<()> {
    let workspace = Workspace::generate(FUNCTIONS)?;
    println!("building the dependencies, which is not measured");
    workspace.build_dependencies()?;
    let mut built: Vec<Built> = Candidate::ALL
        .into_iter()
        .map(|candidate| Built {
            candidate,
            clean: Times::default(),
            incremental: Times::default(),
        })
        .collect();
    for round in 1..=ROUNDS {
        println!("round {round} of {ROUNDS}");
        // In turns, so that a slow minute of the machine is everybody's.
        for built in &mut built {
            if round <= CLEAN_ROUNDS {
                built.clean.0.push(workspace.clean(built.candidate)?);
            }
            let incremental = workspace.incremental(built.candidate, round)?;
            built.incremental.0.push(incremental);
        }
    }
    print(&built);
    Ok(())
}

fn print(built: &[Built]) {
    println!(
        "\n{FUNCTIONS} functions, half of them async; {MEANS}, the least of {ROUNDS} incremental \
         and {CLEAN_ROUNDS} clean builds\n"
    );
    let least = |candidate| {
        built
            .iter()
            .find(|built| built.candidate == candidate)
            .map_or((f64::NAN, f64::NAN), |built| {
                (built.clean.least(), built.incremental.least())
            })
    };
    let bare = least(Candidate::Bare);
    let mut table = report::table([
        "on each function",
        "clean, s",
        "ms per function",
        "incremental, s",
        "ms per function",
    ]);
    for candidate in Candidate::ALL {
        let (clean, incremental) = least(candidate);
        let each = |time: f64, bare: f64| format!("{:.2}", (time - bare) * 1e3 / FUNCTIONS as f64);
        table.add_row([
            candidate.label().to_owned(),
            format!("{clean:.2}"),
            each(clean, bare.0),
            format!("{incremental:.2}"),
            each(incremental, bare.1),
        ]);
    }
    println!("{table}\n\"ms per function\" is the difference to the build without annotations.\n");

    let ours = least(Candidate::Counted).1;
    let mut targets = report::Targets::default();
    for (peer, name, limit) in [
        (Candidate::Fastrace, "`fastrace`", 1.2),
        (Candidate::Tracing, "`tracing`, `skip_all`", 0.7),
    ] {
        targets.at_most(
            &format!("incremental build of {FUNCTIONS} functions with `#[counted]`"),
            &format!("{limit} × {name}"),
            ours / least(peer).1,
            limit,
        );
    }
    targets.print();
}
