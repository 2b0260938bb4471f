//! Pushes on stderr, for development: aligned, short, and never in the way of the program.

use std::fmt::{Display, Write as _};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use opentelemetry::KeyValue;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, Metric, MetricData, ResourceMetrics, ScopeMetrics,
};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use crate::dynatrace::{Redactor, looks_like_a_token, printable};
use crate::thread::spawn;

/// The pushes that may wait for stderr. Further ones are not printed.
const WAITING: usize = 8;

/// The series of a push that are printed.
const MAX_SERIES: usize = 200;

/// The characters of a column that are aligned and, of dimensions, shown.
const MAX_WIDTH: usize = 60;
const MAX_DIMENSIONS: usize = 200;

/// How long the end of the pipeline waits for the last push to be printed.
const LAST: Duration = Duration::from_millis(500);

/// Prints pushes on a thread of its own: stderr may be a pipe that nobody reads.
#[derive(Clone)]
pub(super) struct Console(Arc<Inner>);

struct Inner {
    /// `None` after the end.
    pages: Mutex<Option<SyncSender<String>>>,
    /// Disconnected when everything is printed.
    done: Mutex<Receiver<()>>,
    skipped: AtomicU64,
    prefix: Option<String>,
    redactor: Redactor,
}

impl Console {
    /// `prefix` stands in front of the names of metrics.
    pub(super) fn start(prefix: Option<String>, redactor: Redactor) -> io::Result<Self> {
        Self::start_on(io::stderr(), prefix, redactor)
    }

    fn start_on(
        mut output: impl io::Write + Send + 'static,
        prefix: Option<String>,
        redactor: Redactor,
    ) -> io::Result<Self> {
        let (pages, received) = sync_channel::<String>(WAITING);
        let (printed, done) = sync_channel::<()>(0);
        spawn("dt-metrics-console", move || {
            let _printed = printed;
            for page in received {
                // If stderr is closed, the error cannot be reported.
                drop(output.write_all(page.as_bytes()));
            }
        })?;
        Ok(Self(Arc::new(Inner {
            pages: Mutex::new(Some(pages)),
            done: Mutex::new(done),
            skipped: AtomicU64::new(0),
            prefix,
            redactor,
        })))
    }

    fn print(&self, metrics: &ResourceMetrics) {
        let Inner {
            pages,
            skipped,
            prefix,
            redactor,
            ..
        } = &*self.0;
        let before = skipped.load(Ordering::Relaxed);
        let page = page(metrics, before, prefix.as_deref(), redactor);
        let pages = pages.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pages) = &*pages else {
            return;
        };
        match pages.try_send(page) {
            Ok(()) => skipped.fetch_sub(before, Ordering::Relaxed),
            Err(_) => skipped.fetch_add(1, Ordering::Relaxed),
        };
    }

    /// Waits a moment until everything is printed.
    pub(super) fn end(&self, limit: Duration) {
        let pages = &self.0.pages;
        drop(pages.lock().unwrap_or_else(PoisonError::into_inner).take());
        let done = self.0.done.lock().unwrap_or_else(PoisonError::into_inner);
        // Disconnected at the end; if the time is up, stderr does not take the text.
        let _ = done.recv_timeout(limit.min(LAST));
    }
}

impl PushMetricExporter for Console {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.print(metrics);
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

/// An exporter whose pushes are also printed.
pub(super) struct Printed<E> {
    pub(super) exporter: E,
    pub(super) console: Option<Console>,
}

impl<E: PushMetricExporter> PushMetricExporter for Printed<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        if let Some(console) = &self.console {
            console.print(metrics);
        }
        self.exporter.export(metrics).await
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}

/// A series: its metric, its value and its dimensions.
type Row = [String; 3];

/// A push as it is printed.
fn page(
    metrics: &ResourceMetrics,
    skipped: u64,
    prefix: Option<&str>,
    redactor: &Redactor,
) -> String {
    let mut rows = Vec::new();
    let mut count = 0;
    for metric in metrics.scope_metrics().flat_map(ScopeMetrics::metrics) {
        count += 1;
        match metric.data() {
            AggregatedMetrics::F64(data) => series(metric, data, prefix, &mut rows),
            AggregatedMetrics::U64(data) => series(metric, data, prefix, &mut rows),
            AggregatedMetrics::I64(data) => series(metric, data, prefix, &mut rows),
        }
    }
    rows.sort();
    let all = rows.len();
    rows.truncate(MAX_SERIES);
    for cell in rows.iter_mut().flatten() {
        *cell = if looks_like_a_token(cell) || redactor.redact(cell) != *cell {
            "<withheld: it contains a secret>".to_owned()
        } else {
            printable(cell).into_owned()
        };
    }
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default().min(MAX_WIDTH)
    };
    let (names, values) = (width(0), width(1));
    // The time of day in `Sat, 28 Nov 2026 13:21:47 GMT`.
    let now = httpdate::fmt_http_date(SystemTime::now());
    let now = now.get(17..25).unwrap_or_default();
    let mut page = format!("metrics at {now} UTC: {count} metrics, {all} series\n");
    if skipped > 0 {
        // Writing to a text does not fail.
        let _ = writeln!(
            page,
            "  ({skipped} pushes before this one were not printed)"
        );
    }
    for [name, value, dimensions] in &rows {
        let line = format!("  {name:<names$}  {value:<values$}  {dimensions}");
        page.push_str(line.trim_end());
        page.push('\n');
    }
    if all > rows.len() {
        let _ = writeln!(page, "  … and {} more series", all - rows.len());
    }
    page
}

fn series<T: Copy + Display>(
    metric: &Metric,
    data: &MetricData<T>,
    prefix: Option<&str>,
    rows: &mut Vec<Row>,
) {
    let unit = match metric.unit() {
        // A note, or a number without a unit.
        "" | "1" => String::new(),
        note if note.starts_with('{') => String::new(),
        unit => format!(" {unit}"),
    };
    let name = match prefix {
        Some(prefix) => format!("{prefix}.{}", metric.name()),
        None => metric.name().to_owned(),
    };
    let mut add = |value: String, dimensions: String| {
        rows.push([name.clone(), value, dimensions]);
    };
    match data {
        MetricData::Gauge(gauge) => {
            for point in gauge.data_points() {
                let value = format!("{}{unit}", short(point.value()));
                add(value, dimensions(point.attributes()));
            }
        }
        MetricData::Sum(sum) => {
            let is_added = sum.is_monotonic() && sum.temporality() == Temporality::Delta;
            let sign = if is_added { "+" } else { "" };
            for point in sum.data_points() {
                let value = format!("{sign}{}{unit}", short(point.value()));
                add(value, dimensions(point.attributes()));
            }
        }
        MetricData::Histogram(histogram) => {
            for point in histogram.data_points() {
                let (least, most) = (point.min().map(short), point.max().map(short));
                let value = summary(point.count(), least, most, short(point.sum()), &unit);
                add(value, dimensions(point.attributes()));
            }
        }
        MetricData::ExponentialHistogram(histogram) => {
            for point in histogram.data_points() {
                let (least, most) = (point.min().map(short), point.max().map(short));
                let value = summary(point.count(), least, most, short(point.sum()), &unit);
                add(value, dimensions(point.attributes()));
            }
        }
    }
}

fn summary(
    count: impl Copy + Display,
    least: Option<String>,
    most: Option<String>,
    sum: String,
    unit: &str,
) -> String {
    let mut text = format!("count={count}");
    for (name, value) in [("min", least), ("max", most), ("sum", Some(sum))] {
        if let Some(value) = value {
            let _ = write!(text, " {name}={value}{unit}");
        }
    }
    text
}

/// A number with six digits after its point at most.
fn short(value: impl Copy + Display) -> String {
    let text = value.to_string();
    match text.parse::<f64>() {
        Ok(number) if text.contains('.') => {
            let rounded = format!("{number:.6}");
            let rounded = rounded.trim_end_matches('0').trim_end_matches('.');
            if rounded.trim_start_matches('-') == "0" {
                return format!("{number:e}");
            }
            rounded.to_owned()
        }
        _ => text,
    }
}

fn dimensions<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> String {
    let pairs = attributes.map(|pair| format!("{}={}", pair.key, pair.value));
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort();
    let text = pairs.join(", ");
    match text.char_indices().nth(MAX_DIMENSIONS) {
        // Cut where no part of a secret stays: its beginning is enough to withhold it.
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests;
