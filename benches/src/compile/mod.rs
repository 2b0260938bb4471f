//! The cost of annotations at build time: 1,000 annotated functions, half of them async, in a crate
//! of their own, next to the same functions with macros of other libraries.

mod build;
mod source;

use std::io;

use clap::Args;

use self::build::{MEANS, Workspace};
pub(crate) use self::source::Candidate;
use crate::report;

/// Annotated functions.
const FUNCTIONS: usize = 1_000;

/// The builds that are measured.
#[derive(Args)]
pub(crate) struct Options {
    /// Only these candidates, next to functions without annotation.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Candidate>,
    /// How often each candidate is built after a change; the least counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// In how many of these rounds each candidate is built from nothing as well.
    #[arg(long, default_value_t = 2)]
    clean_rounds: usize,
}

impl Options {
    fn candidates(&self) -> Vec<Candidate> {
        Candidate::ALL
            .into_iter()
            .filter(|c| *c == Candidate::Bare || self.only.is_empty() || self.only.contains(c))
            .collect()
    }
}

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
pub(crate) fn run(options: &Options) -> io::Result<()> {
    let candidates = options.candidates();
    let workspace = Workspace::generate(&candidates, FUNCTIONS)?;
    println!("building the dependencies, which is not measured");
    workspace.build_dependencies(&candidates)?;
    let mut built: Vec<Built> = candidates
        .into_iter()
        .map(|candidate| Built {
            candidate,
            clean: Times::default(),
            incremental: Times::default(),
        })
        .collect();
    for round in 1..=options.rounds {
        println!("round {round} of {}", options.rounds);
        // In turns, so that a slow minute of the machine is everybody's.
        for built in &mut built {
            if round <= options.clean_rounds {
                built.clean.0.push(workspace.clean(built.candidate)?);
            }
            let incremental = workspace.incremental(built.candidate, round)?;
            built.incremental.0.push(incremental);
        }
    }
    print(options, &built);
    Ok(())
}

fn print(options: &Options, built: &[Built]) {
    println!(
        "\n{FUNCTIONS} functions, half of them async; {MEANS}, the least of {} incremental and {} \
         clean builds\n",
        options.rounds, options.clean_rounds
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
    for candidate in built.iter().map(|built| built.candidate) {
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
        let measured = ours / least(peer).1;
        if measured.is_nan() {
            continue;
        }
        targets.at_most(
            &format!("incremental build of {FUNCTIONS} functions with `#[counted]`"),
            &format!("{limit} × {name}"),
            measured,
            limit,
        );
    }
    let (clean, incremental) = least(Candidate::Measured);
    for (what, measured, limit) in [
        ("clean", clean - bare.0, 3.0),
        ("incremental", incremental - bare.1, 1.2),
    ] {
        let measured = measured * 1e3 / FUNCTIONS as f64;
        if measured.is_finite() {
            targets.at_most(
                &format!("{what} build of a function with `#[measured]`, ms"),
                &format!("{limit} ms"),
                measured,
                limit,
            );
        }
    }
    // The same limits as shares of the peers' times on the machine on which the limits were set.
    let tracing = least(Candidate::Tracing);
    let fastrace = least(Candidate::Fastrace);
    for (what, measured, name, limit) in [
        (
            "clean",
            (clean - bare.0) / (tracing.0 - bare.0),
            "`tracing`, `skip_all`",
            0.44,
        ),
        (
            "clean",
            (clean - bare.0) / (fastrace.0 - bare.0),
            "`fastrace`",
            1.07,
        ),
        (
            "incremental",
            (incremental - bare.1) / (tracing.1 - bare.1),
            "`tracing`, `skip_all`",
            0.86,
        ),
    ] {
        if measured.is_finite() {
            targets.at_most(
                &format!("{what} build of a function with `#[measured]`, beyond a bare one"),
                &format!("{limit} × {name}"),
                measured,
                limit,
            );
        }
    }
    targets.print();
}
