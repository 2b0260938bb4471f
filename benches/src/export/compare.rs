//! The exporters, cycle by cycle in turn, and the table of what they cost.

use std::error::Error;

use comfy_table::Table;

use super::Kind;
use super::process::Process;
use crate::sink::Sink;

const MIB: f64 = 1024.0 * 1024.0;

/// An exporter, once with the clock alone and once with its memory followed.
struct Entry {
    kind: Kind,
    timed: Process,
    followed: Process,
    /// Bytes of a cycle's requests.
    sent: u64,
}

/// Prints what exporting so many series costs.
pub(crate) fn run(series: usize, cycles: usize) -> Result<(), Box<dyn Error>> {
    let sink = Sink::start()?;
    let mut entries = Vec::new();
    for kind in [Kind::None, Kind::Lines, Kind::OursByOtlp, Kind::Otlp] {
        entries.push(Entry {
            kind,
            timed: Process::start(kind, &sink, series, false)?,
            followed: Process::start(kind, &sink, series, true)?,
            sent: 0,
        });
    }
    // In turn, so that what else the host does disturbs all of them alike.
    for _ in 0..=cycles {
        for entry in &mut entries {
            let before = sink.bytes();
            entry.timed.cycle()?;
            entry.sent = sink.bytes() - before;
            entry.followed.cycle()?;
        }
    }
    println!(
        "{series} series, all changed in each cycle; collected, encoded, sent, answered; median \
         of {cycles} cycles after the first"
    );
    println!("{}", table(&entries));
    Ok(())
}

fn table(entries: &[Entry]) -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header([
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
