//! One run: cycles of collections, each of which all writers write.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use comfy_table::Table;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use super::floor::{self, Floor};
use super::lines::{self, Lines};
use super::otlp::Otlp;
use super::ours::{self, Ours};
use super::predecessor::{FromRecords, Predecessor};
use crate::alloc;
use crate::series::Series;

/// Writes a collection in one way.
pub(super) trait Writer: Send {
    fn name(&self) -> &'static str;

    /// Not measured, before each `write`.
    fn prepare(&mut self, _collection: &ResourceMetrics) {}

    /// What is measured.
    fn write(&mut self, collection: &ResourceMetrics);

    /// Not measured, after each `write`.
    fn settle(&mut self) {}

    /// How many bytes the last `write` wrote.
    fn bytes(&self) -> usize;
}

/// A writer and what its cycles cost, after the first.
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
    entries: Vec<Entry>,
}

impl Cycles {
    fn measure(&mut self, collection: &ResourceMetrics) {
        for entry in &mut self.entries {
            entry.writer.prepare(collection);
            let allocations = alloc::calls();
            let start = Instant::now();
            entry.writer.write(collection);
            let time = start.elapsed();
            let allocations = alloc::calls() - allocations;
            entry.writer.settle();
            if self.seen > 0 {
                entry.nanoseconds.push(time.as_secs_f64() * 1e9);
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

/// Prints what a line costs each writer whose name contains `only`.
pub(crate) fn run(series: usize, cycles: usize, only: &str) {
    let writers: [Box<dyn Writer>; 6] = [
        Box::<Floor>::default(),
        Box::<Lines>::default(),
        Box::new(Ours::new()),
        Box::<Otlp>::default(),
        Box::<Predecessor>::default(),
        Box::<FromRecords>::default(),
    ];
    let entries = writers
        .into_iter()
        .filter(|writer| writer.name().contains(only))
        .map(|writer| Entry {
            writer,
            nanoseconds: Vec::new(),
            allocations: 0,
        });
    let all = All(Arc::new(Mutex::new(Cycles {
        seen: 0,
        entries: entries.collect(),
    })));

    let pipeline = Series::new(series, all.clone());
    for cycle in 0..=cycles as u64 {
        pipeline.change(cycle);
        pipeline.collect();
    }

    let cycles = all.0.lock().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{series} series of five dimensions, one of which needs escapes; median of {} cycles \
         after the first",
        cycles.seen - 1
    );
    println!("{}", table(&cycles.entries, series));
}

fn table(entries: &[Entry], lines: usize) -> Table {
    let of = |name| {
        let entry = entries.iter().find(|entry| entry.writer.name() == name);
        entry.map_or(f64::NAN, Entry::median)
    };
    let (floor, line, exporter) = (of(floor::NAME), of(lines::NAME), of(ours::NAME));
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header([
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
        let measured = lines * entry.nanoseconds.len();
        table.add_row([
            entry.writer.name().to_owned(),
            format!("{:.1}", ns / lines as f64),
            format!("{:.3}", entry.allocations as f64 / measured as f64),
            format!("{:.1}", entry.writer.bytes() as f64 / lines as f64),
            format!("{:.2}", ns / floor),
            format!("{:.2}", ns / line),
            format!("{:.2}", ns / exporter),
        ]);
    }
    table
}
