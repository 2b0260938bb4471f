//! One run: cycles of collections, each of which all writers write.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use comfy_table::Table;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use super::floor::Floor;
use super::lines::Lines;
use super::otlp::Otlp;
use super::ours::Ours;
use super::predecessor::Predecessor;
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

/// Prints what a line costs each writer.
pub(crate) fn run(series: usize, cycles: usize) {
    let writers: Vec<Box<dyn Writer>> = vec![
        Box::<Floor>::default(),
        Box::<Lines>::default(),
        Box::new(Ours::new()),
        Box::<Otlp>::default(),
        Box::<Predecessor>::default(),
    ];
    let entries = writers.into_iter().map(|writer| Entry {
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
    assert_eq!(
        cycles.entries[0].writer.bytes(),
        cycles.entries[1].writer.bytes()
    );
    println!(
        "{series} series of five dimensions, one of which needs escapes; {} cycles after the \
         first, median",
        cycles.entries[0].nanoseconds.len()
    );
    println!("{}", table(&cycles.entries, series));
}

fn table(entries: &[Entry], lines: usize) -> Table {
    let per_line: Vec<f64> = entries
        .iter()
        .map(|entry| median(&entry.nanoseconds) / lines as f64)
        .collect();
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header([
        "a line",
        "ns",
        "allocations",
        "bytes",
        "× floor",
        "÷ write_line",
        "÷ exporter",
    ]);
    for (entry, ns) in entries.iter().zip(&per_line) {
        let measured = lines * entry.nanoseconds.len();
        table.add_row([
            entry.writer.name().to_owned(),
            format!("{ns:.1}"),
            format!("{:.3}", entry.allocations as f64 / measured as f64),
            format!("{:.1}", entry.writer.bytes() as f64 / lines as f64),
            format!("{:.2}", ns / per_line[0]),
            format!("{:.2}", ns / per_line[1]),
            format!("{:.2}", ns / per_line[2]),
        ]);
    }
    table
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
