//! The cost of writing a line, next to other writers of the same points.
//!
//! All write the same collections of an SDK provider, one after the other in each cycle, so that
//! each writer starts with the processor's caches as the other writers left them. The first cycle
//! is not counted.

mod exporters;
mod lines;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use comfy_table::Table;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use self::exporters::{OURS, Otlp, Ours};
use self::lines::{FLOOR, Floor, LINES, Lines};
use self::writer::Writer;
use crate::measure::TimeSource;
use crate::series::Series;
use crate::{alloc, report};

/// The options of the benchmark.
#[derive(Args)]
pub(crate) struct Options {
    /// Measure the processor time of the encoding thread: on a busy machine, the thread waits for
    /// others.
    #[arg(long)]
    cpu_time: bool,
}

/// A writer and the cost of its cycles, without the first cycle.
struct Entry {
    writer: Box<dyn Writer>,
    nanoseconds: Vec<f64>,
    allocations: u64,
}

impl Entry {
    /// Nanoseconds of a cycle.
    fn median(&self) -> f64 {
        let mut sorted = self.nanoseconds.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// The exporter that hands each collection to all writers.
#[derive(Clone)]
struct All(Arc<Mutex<Cycles>>);

#[derive(Default)]
struct Cycles {
    seen: usize,
    cpu_time: bool,
    entries: Vec<Entry>,
}

impl Cycles {
    fn measure(&mut self, collection: &ResourceMetrics) {
        let source = TimeSource::fair_to(1, self.cpu_time);
        for entry in &mut self.entries {
            entry.writer.prepare(collection);
            let allocations = alloc::calls();
            let seconds = source.time(|| entry.writer.write(collection));
            let allocations = alloc::calls() - allocations;
            entry.writer.settle();
            if self.seen > 0 {
                entry.nanoseconds.push(seconds * 1e9);
                entry.allocations += allocations;
            }
        }
        self.seen += 1;
    }
}

impl PushMetricExporter for All {
    async fn export(&self, collection: &ResourceMetrics) -> OTelSdkResult {
        let mut cycles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cycles.measure(collection);
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Delta
    }
}

/// Series that change in each cycle.
const SERIES: usize = 100_000;

/// Cycles that are measured.
const CYCLES: u64 = 21;

/// Prints the cost of a line for each writer.
pub(crate) fn run(options: &Options) {
    let writers: [Box<dyn Writer>; 4] = [
        Box::<Floor>::default(),
        Box::<Lines>::default(),
        Box::new(Ours::new()),
        Box::<Otlp>::default(),
    ];
    let entries = writers.into_iter().map(|writer| Entry {
        writer,
        nanoseconds: Vec::new(),
        allocations: 0,
    });
    let all = All(Arc::new(Mutex::new(Cycles {
        seen: 0,
        cpu_time: options.cpu_time,
        entries: entries.collect(),
    })));

    let pipeline = Series::new(SERIES, all.clone());
    for cycle in 0..=CYCLES {
        pipeline.change(cycle);
        pipeline.collect().expect("the writers take everything");
    }

    let cycles = all.0.lock().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{SERIES} series of five dimensions, one of which needs escapes; median of {CYCLES} \
         cycles after the first cycle{}",
        if options.cpu_time {
            "; processor time of the thread"
        } else {
            ""
        }
    );
    println!("{}", table(&cycles.entries));
}

fn table(entries: &[Entry]) -> Table {
    let of = |name| {
        let entry = entries.iter().find(|entry| entry.writer.name() == name);
        entry.map_or(f64::NAN, Entry::median)
    };
    let (floor, line, exporter) = (of(FLOOR), of(LINES), of(OURS));
    let mut table = report::table([
        "a line",
        "ns",
        "allocations",
        "bytes",
        "× floor",
        "× write_line",
        "× exporter",
    ]);
    for entry in entries {
        let ns = entry.median();
        let measured = SERIES * entry.nanoseconds.len();
        table.add_row([
            entry.writer.name().to_owned(),
            format!("{:.1}", ns / SERIES as f64),
            format!("{:.3}", entry.allocations as f64 / measured as f64),
            format!("{:.1}", entry.writer.bytes() as f64 / SERIES as f64),
            format!("{:.2}", ns / floor),
            format!("{:.2}", ns / line),
            format!("{:.2}", ns / exporter),
        ]);
    }
    table
}
