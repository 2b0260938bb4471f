//! From changed series to answered requests, end to end over the loopback interface, next to
//! `opentelemetry-otlp` and to a collection that nobody exports.
//!
//! All send to one server, which is not part of the measurement. Each exporter runs in a process of
//! its own, so that none reuses the memory of another one. It runs twice, since tracking memory
//! takes time.

mod exporters;
mod process;

use std::error::Error;

use comfy_table::Table;

use self::exporters::Kind;
use self::process::Process;
use crate::report;
use crate::sink::Sink;

pub(crate) use self::process::{Client, run as run_client};

const MIB: f64 = 1024.0 * 1024.0;

/// An exporter, once with the clock alone and once with its memory followed.
struct Entry {
    kind: Kind,
    timed: Process,
    followed: Process,
    /// Bytes of a cycle's requests.
    sent: u64,
}

/// Series that change in each cycle.
const SERIES: usize = 100_000;

/// Cycles that are measured after the first cycle.
const CYCLES: usize = 15;

/// Prints the cost of an export.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let sink = Sink::start()?;
    let mut entries = Vec::new();
    for kind in [Kind::None, Kind::Lines, Kind::OursByOtlp, Kind::Otlp] {
        entries.push(Entry {
            kind,
            timed: Process::start(kind, &sink, SERIES, false)?,
            followed: Process::start(kind, &sink, SERIES, true)?,
            sent: 0,
        });
    }
    // In turn, so that other work of the host disturbs all of them alike.
    for _ in 0..=CYCLES {
        for entry in &mut entries {
            let before = sink.bytes();
            entry.timed.cycle()?;
            entry.sent = sink.bytes() - before;
            entry.followed.cycle()?;
        }
    }
    println!(
        "{SERIES} series, all changed in each cycle; collected, encoded, sent, answered; median \
         of {CYCLES} cycles after the first cycle"
    );
    println!("{}", table(&entries));
    Ok(())
}

fn table(entries: &[Entry]) -> Table {
    let mut table = report::table([
        "exporter",
        "ms",
        "first ms",
        "peak of extra memory, MiB",
        "first peak, MiB",
        "kept between cycles, MiB",
        "sent, MiB",
    ]);
    for entry in entries {
        let [time, first_time, peak, first_peak] = entry.costs();
        table.add_row([
            entry.kind.name().to_owned(),
            format!("{:.1}", time / 1e6),
            format!("{:.1}", first_time / 1e6),
            format!("{:.1}", peak / MIB),
            format!("{:.1}", first_peak / MIB),
            format!("{:.1}", entry.followed.median(|cycle| cycle.kept) / MIB),
            format!("{:.1}", entry.sent as f64 / MIB),
        ]);
    }
    let of = |wanted| entries.iter().find(|entry| entry.kind == wanted);
    if let (Some(lines), Some(otlp)) = (of(Kind::Lines), of(Kind::Otlp)) {
        let ratios = lines.costs().into_iter().zip(otlp.costs());
        let ratios = ratios.map(|(lines, otlp)| format!("{:.2}", lines / otlp));
        let name = "dt-metrics / opentelemetry-otlp".to_owned();
        table.add_row([name].into_iter().chain(ratios));
    }
    table
}

impl Entry {
    /// Nanoseconds and bytes, each of a cycle and of the first one.
    fn costs(&self) -> [f64; 4] {
        [
            self.timed.median(|cycle| cycle.ns),
            self.timed.first(|cycle| cycle.ns),
            self.followed.median(|cycle| cycle.peak),
            self.followed.first(|cycle| cycle.peak),
        ]
    }
}
