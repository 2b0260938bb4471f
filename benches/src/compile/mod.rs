//! What annotations cost the one who builds: 1,000 annotated functions, half of them async, as a
//! crate of their own, next to the same functions with what others offer.

mod build;
mod source;
mod spent;
mod table;

use std::io;

pub(crate) use self::source::Candidate;

use self::build::Workspace;

/// What builds took, by round.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    /// What comes on top is other work's: that of other processes, and of the system for them.
    fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// A candidate and what its builds took.
struct Built {
    candidate: Candidate,
    clean: Times,
    incremental: Times,
}

/// Builds everything and prints the tables.
pub(crate) fn run(functions: usize, rounds: usize, clean_rounds: usize) -> io::Result<()> {
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
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        // In turns, so that a slow minute of the machine is everybody's.
        for built in &mut built {
            if round <= clean_rounds {
                built.clean.0.push(workspace.clean(built.candidate)?);
            }
            let incremental = workspace.incremental(built.candidate, round)?;
            built.incremental.0.push(incremental);
        }
    }
    table::print(functions, rounds, clean_rounds, &built);
    Ok(())
}
