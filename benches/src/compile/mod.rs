//! What annotations cost the one who builds: 1,000 annotated functions, half of them async, as a
//! crate of their own, next to the same functions with what others offer.

mod build;
mod source;
mod table;

use std::io;

pub(crate) use self::source::Candidate;

use self::build::Workspace;

/// Rounds of each build; the median counts.
const ROUNDS: usize = 3;

/// Seconds of one build, by round.
#[derive(Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    fn median(&self) -> f64 {
        crate::measure::median(&self.0)
    }
}

/// A candidate and what its builds took.
struct Built {
    candidate: Candidate,
    clean: Times,
    incremental: Times,
}

/// Builds everything and prints the tables.
pub(crate) fn run(functions: usize) -> io::Result<()> {
    let workspace = Workspace::generate(functions)?;
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
            built.clean.0.push(workspace.clean(built.candidate)?);
            let incremental = workspace.incremental(built.candidate, round)?;
            built.incremental.0.push(incremental);
        }
    }
    table::print(functions, &built);
    Ok(())
}
