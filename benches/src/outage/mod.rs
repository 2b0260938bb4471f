//! An outage of the receiver, with dt-metrics and with `opentelemetry-otlp`: the counts that
//! arrive, and how long collections stand still.
//!
//! All of them are the exporter of a `PeriodicReader` with deltas, once a second, over real HTTP;
//! a thread of each program counts without pause. They run side by side, since they wait for most
//! of the time.

mod exporters;
mod program;
mod server;

use std::error::Error;
use std::thread;
use std::time::Duration;

use self::exporters::Kind;
use self::program::{Ending, run_program};
use self::server::Fault;
use crate::report;

/// Before the outage.
const BEFORE: Duration = Duration::from_secs(3);
const OUTAGE: Duration = Duration::from_secs(20);
/// After it.
const AFTER: Duration = Duration::from_secs(35);

/// Prints how many counts arrived.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let mut running = Vec::new();
    for fault in Fault::ALL {
        for kind in Kind::ALL {
            let program = thread::spawn(move || run_program(kind, fault, (BEFORE, OUTAGE, AFTER)));
            running.push((fault, kind, program));
        }
    }
    let mut table = report::table([
        "receiver, for a while",
        "exporter",
        "counted",
        "received",
        "lost",
        "lost, %",
        "longest between two collections, s",
    ]);
    for (fault, kind, program) in running {
        let Ending {
            counted,
            received,
            longest,
        } = program
            .join()
            .map_err(|_| "a program panicked")?
            .map_err(|error| error.to_string())?;
        let lost = i128::from(counted) - i128::from(received);
        table.add_row([
            fault.name().to_owned(),
            kind.name().to_owned(),
            counted.to_string(),
            received.to_string(),
            lost.to_string(),
            format!("{:.1}", 100.0 * lost as f64 / counted as f64),
            format!("{:.1}", longest.as_secs_f64()),
        ]);
    }
    println!(
        "{} s well, {} s of an outage, {} s well; a collection each second",
        BEFORE.as_secs(),
        OUTAGE.as_secs(),
        AFTER.as_secs()
    );
    println!("{table}");
    Ok(())
}
