//! From changed series to answered requests, end to end over the loopback interface, next to
//! `opentelemetry-otlp` and to a collection that nobody exports.
//!
//! All send to one server, which is not part of the measurement. Each exporter runs in a process of
//! its own, so that none reuses the memory of another one. It runs twice, since tracking memory
//! takes time.

mod exporters;
mod process;

use std::error::Error;
use std::time::Duration;

use clap::Args;
use comfy_table::Table;

use self::exporters::Kind;
use self::process::Process;
use crate::report;
use crate::sink::Sink;

pub(crate) use self::process::{Client, run as run_client};

const MIB: f64 = 1024.0 * 1024.0;

/// The options of the benchmark.
#[derive(Args)]
pub(crate) struct Options {
    /// The series, all of which change in each cycle.
    #[arg(long, default_value_t = 100_000)]
    series: usize,
    /// The cycles that are measured after the first one.
    #[arg(long, default_value_t = 15)]
    cycles: usize,
    /// The milliseconds after which the server answers a request.
    #[arg(long, default_value_t = 0)]
    delay: u64,
    /// Do not follow the memory, for which each exporter needs a second process.
    #[arg(long)]
    time_only: bool,
}

/// An exporter, once with the clock alone and once with its memory followed.
struct Entry {
    kind: Kind,
    timed: Process,
    followed: Option<Process>,
    /// Bytes of a cycle's requests.
    sent: u64,
}

/// Prints the cost of an export.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let Options { series, cycles, .. } = *options;
    let sink = Sink::far_away(Duration::from_millis(options.delay))?;
    let mut entries = Vec::new();
    for kind in [Kind::None, Kind::Lines, Kind::OursByOtlp, Kind::Otlp] {
        let followed = (!options.time_only).then(|| Process::start(kind, &sink, series, true));
        entries.push(Entry {
            kind,
            timed: Process::start(kind, &sink, series, false)?,
            followed: followed.transpose()?,
            sent: 0,
        });
    }
    // In turn, so that other work of the host disturbs all of them alike.
    for _ in 0..=cycles {
        for entry in &mut entries {
            let before = sink.bytes();
            entry.timed.cycle()?;
            entry.sent = sink.bytes() - before;
            if let Some(followed) = &mut entry.followed {
                followed.cycle()?;
            }
        }
    }
    println!(
        "{series} series, all changed in each cycle; collected, encoded, sent, answered; median \
         of {cycles} cycles after the first cycle"
    );
    println!("{}", table(&entries));
    Ok(())
}

fn table(entries: &[Entry]) -> Table {
    let of = |wanted| entries.iter().find(|entry| entry.kind == wanted);
    let collection = of(Kind::None).map_or(f64::NAN, |entry| entry.costs()[0]);
    let mut table = report::table([
        "exporter",
        "ms",
        "× collection",
        "first ms",
        "peak of extra memory, MiB",
        "first peak, MiB",
        "kept between cycles, MiB",
        "sent, MiB",
    ]);
    for entry in entries {
        if let Some(failure) = &entry.timed.failure {
            table.add_row([entry.kind.name(), &format!("fails: {failure}")]);
            continue;
        }
        let [time, first_time, peak, first_peak] = entry.costs();
        let kept = entry.of_memory(|process| process.median(|cycle| cycle.kept));
        table.add_row([
            entry.kind.name().to_owned(),
            format!("{:.1}", time / 1e6),
            format!("{:.2}", time / collection),
            format!("{:.1}", first_time / 1e6),
            cell(peak / MIB, 1),
            cell(first_peak / MIB, 1),
            cell(kept / MIB, 1),
            cell(entry.sent as f64 / MIB, 1),
        ]);
    }
    let Some(peer) = of(Kind::Otlp).filter(|peer| peer.timed.failure.is_none()) else {
        return table;
    };
    for kind in [Kind::Lines, Kind::OursByOtlp] {
        if let Some(ours) = of(kind).filter(|ours| ours.timed.failure.is_none()) {
            let (ours, peer) = (ours.costs(), peer.costs());
            let [time, first_time, peak, first_peak] =
                std::array::from_fn(|index| cell(ours[index] / peer[index], 2));
            let name = format!("{} / opentelemetry-otlp", kind.name());
            table.add_row([name, time, String::new(), first_time, peak, first_peak]);
        }
    }
    table
}

/// A number with so many decimals; empty if it was not measured.
fn cell(number: f64, decimals: usize) -> String {
    if number.is_nan() {
        String::new()
    } else {
        format!("{number:.decimals$}")
    }
}

impl Entry {
    /// Nanoseconds and bytes, each of a cycle and of the first one.
    fn costs(&self) -> [f64; 4] {
        [
            self.timed.median(|cycle| cycle.ns),
            self.timed.first(|cycle| cycle.ns),
            self.of_memory(|process| process.median(|cycle| cycle.peak)),
            self.of_memory(|process| process.first(|cycle| cycle.peak)),
        ]
    }

    fn of_memory(&self, read: impl Fn(&Process) -> f64) -> f64 {
        self.followed.as_ref().map_or(f64::NAN, read)
    }
}
