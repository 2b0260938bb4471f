//! One exporter in a process of its own.

use std::str::FromStr;
use std::time::Instant;

use clap::Args;

use super::Kind;
use crate::alloc;

/// What the process is told.
#[derive(Args)]
pub(crate) struct Client {
    #[arg(long)]
    pub(super) kind: Kind,
    #[arg(long)]
    pub(super) url: String,
    #[arg(long)]
    pub(super) series: usize,
    #[arg(long)]
    pub(super) cycles: usize,
    /// Follow the memory, too.
    #[arg(long)]
    pub(super) memory: bool,
}

/// What it says.
#[derive(Clone, Copy, Default)]
pub(super) struct Report {
    /// Nanoseconds of the first cycle.
    pub(super) first_ns: f64,
    /// Nanoseconds of a later one, the median.
    pub(super) later_ns: f64,
    /// The most bytes in use at a time over those before the first cycle.
    pub(super) first_bytes: f64,
    /// The same of a later cycle, the median.
    pub(super) later_bytes: f64,
    /// Bytes that stay between cycles, over those before the first.
    pub(super) kept_bytes: f64,
}

impl Report {
    fn fields(&mut self) -> [&mut f64; 5] {
        [
            &mut self.first_ns,
            &mut self.later_ns,
            &mut self.first_bytes,
            &mut self.later_bytes,
            &mut self.kept_bytes,
        ]
    }
}

impl FromStr for Report {
    type Err = std::num::ParseFloatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut report = Self::default();
        for (field, text) in report.fields().into_iter().zip(text.split_whitespace()) {
            *field = text.parse()?;
        }
        Ok(report)
    }
}

/// Exports, and prints a report.
pub(crate) fn run(client: &Client) {
    if client.memory {
        alloc::follow();
    }
    let pipeline = client.kind.pipeline(client.series, &client.url);
    let mut report = Report::default();
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    // The first changes make the series; they are no part of an export.
    pipeline.change(0);
    let before = alloc::live();
    for cycle in 0..=client.cycles as u64 {
        if cycle > 0 {
            pipeline.change(cycle);
        }
        let live = alloc::live();
        let start = Instant::now();
        pipeline.export();
        let time = start.elapsed().as_secs_f64() * 1e9;
        let peak = (alloc::peak() - live) as f64;
        if cycle == 0 {
            (report.first_ns, report.first_bytes) = (time, peak);
        } else {
            times.push(time);
            peaks.push(peak);
        }
    }
    report.later_ns = median(&mut times);
    report.later_bytes = median(&mut peaks);
    report.kept_bytes = (alloc::live() - before) as f64;
    let fields = report.fields().map(|field| field.to_string());
    println!("{}", fields.join(" "));
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
