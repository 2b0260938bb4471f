//! Cells in the spool: the file of this process, and the counts and values of processes that have died.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use opentelemetry::metrics::{Counter, Histogram, Meter, MeterProvider};
use opentelemetry::{InstrumentationScope, Key};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{
    Instrument, PeriodicReader, SdkMeterProvider, Stream, Temporality,
};
use tokio::time::Instant;

use crate::descriptor::Kind;
use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::config::Config;
use crate::dynatrace::config::dimensions::Labels;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::attribute::attribute;
use crate::dynatrace::encode::buckets::bucket_boundaries;
use crate::dynatrace::encode::warnings::{EncodeReport, SCOPE};
use crate::dynatrace::encode::{Encoded, Encoder};
use crate::dynatrace::health::DropReason;
use crate::dynatrace::request::{RequestId, SnapshotId};
use crate::dynatrace::spool::cells::{
    CellFile, Found, Measured, Recovered, RecoveredSeries, Unreadable,
};
use crate::dynatrace::spool::slot::{Contents, Slot, Stored};
use crate::instrument::Memory as _;
use crate::registry::descriptors_of;
use crate::throttle::Throttle;

/// The cells have this part of the spool's bytes.
const SHARE: u64 = 2;

/// The reader of a recovery is flushed, and never by its own timer.
const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The cells of this process in the spool.
#[derive(Debug)]
pub(crate) struct Cells {
    file: Arc<CellFile>,
    /// Whether the slot is another process's by now, or gone.
    is_lost: AtomicBool,
    /// Reports that the file is full.
    reported: Mutex<Throttle<()>>,
}

const SILENCE: Duration = Duration::from_secs(60 * 60);

impl Cells {
    pub(super) fn create(slot: &Slot, limit_bytes: u64, labels: &Labels) -> io::Result<Self> {
        Ok(Self {
            file: Arc::new(slot.create_cells(limit_bytes / SHARE, labels)?),
            is_lost: AtomicBool::new(false),
            reported: Mutex::new(Throttle::new(SILENCE, 1)),
        })
    }

    pub(crate) fn file(&self) -> &Arc<CellFile> {
        &self.file
    }

    /// The slot is another process's by now, or gone: nothing is to be recovered from the file.
    pub(crate) fn lose(&self) {
        if !self.is_lost.swap(true, Ordering::Relaxed) {
            self.file.abandon();
        }
    }

    /// The state of the cells after the collection that is about to be encoded.
    fn snapshot(&self) -> Option<SnapshotId> {
        (!self.is_lost.load(Ordering::Relaxed)).then(|| SnapshotId {
            file: self.file.token(),
            number: self.file.pending(),
            requests: None,
        })
    }

    /// All requests until now are on disk or settled, if `is_on_disk`. Otherwise they are about to be sent.
    fn end(&self, SnapshotId { number, .. }: SnapshotId, is_on_disk: bool) {
        let is_committed = is_on_disk
            && !self.is_lost.load(Ordering::Relaxed)
            && self.file.commit(number, SystemTime::now());
        if !is_committed {
            self.file.void();
        }
    }

    /// If all counts in the file were committed, nothing of it is needed any more.
    pub(super) fn is_drained(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed) || self.file.is_drained()
    }

    /// Reports that the file cannot grow, once until that was not so for an hour.
    fn report_full(&self) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = self.file.full()
            && reported.allows_after_silence(&(), Instant::now())
        {
            drop(reported);
            warn(format_args!(
                "the file `cells` in the spool cannot grow: {reason}; if the process is killed, further \
                 series and threads lose their counts since the last push"
            ));
        }
    }
}

/// A collection of which no request is sent before all of them are on disk, so that a process that dies
/// leaves each count either in requests or in the cells.
pub(crate) struct Collecting<'a> {
    buffer: &'a Buffer,
    cells: Option<(&'a Cells, SnapshotId)>,
}

impl<'a> Collecting<'a> {
    pub(crate) fn begin(buffer: &'a Buffer, cells: Option<&'a Cells>) -> Self {
        let cells = cells.and_then(|cells| Some((cells, cells.snapshot()?)));
        buffer.begin_collection(cells.map(|(_, snapshot)| snapshot));
        Self { buffer, cells }
    }

    /// If the collection may not fit into the spool, its requests are sent from now on.
    pub(crate) fn make_room(&mut self) {
        if self.cells.is_some() && self.buffer.lock().queue.is_crowded() {
            self.end(false);
        }
    }

    /// The exporter has stopped, and does not take the rest of the collection: the next process delivers all of its
    /// counts from the cells.
    pub(crate) fn give_up(mut self) {
        self.cells = None;
    }

    fn end(&mut self, is_on_disk: bool) {
        if let Some((cells, snapshot)) = self.cells.take() {
            cells.end(snapshot, is_on_disk);
            self.buffer.end_collection(cells.file.bytes());
            cells.report_full();
        }
    }
}

impl Drop for Collecting<'_> {
    fn drop(&mut self) {
        if self.cells.is_none() {
            return;
        }
        let (is_on_disk, is_stopped) = {
            let state = self.buffer.lock();
            (state.queue.is_on_disk(), state.is_stopped())
        };
        let is_on_disk = is_on_disk && !std::thread::panicking();
        if is_stopped && !is_on_disk {
            // None of the requests is sent by this process.
            self.cells = None;
        }
        self.end(is_on_disk);
    }
}

/// Logs a warning. The program's subscriber runs in here: its panic must not end the thread.
pub(super) fn warn(message: fmt::Arguments<'_>) {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        tracing::warn!(target: "dt_metrics", "{message}");
    }));
}

/// Turns the cells of processes that have died into requests. An exporter that keeps no cells itself does so as
/// well: otherwise it would send requests whose counts a later process finds in the cells.
pub(super) struct Recovery {
    config: Config,
    buffer: Arc<Buffer>,
}

/// An exporter that encodes.
struct Encoding {
    encoder: Mutex<Encoder>,
    encoded: Arc<Mutex<Encoded>>,
}

/// The common definition of instruments with the same name.
struct Definition<'a> {
    kind: Kind,
    name: &'a str,
    unit: &'a str,
    description: &'a str,
    /// The boundaries of a histogram, if they are stated.
    boundaries: Option<&'a [f64]>,
    series: usize,
}

/// An instrument of the SDK.
enum Instrumented {
    Counter(Counter<u64>),
    Histogram(Histogram<f64>),
}

impl PushMetricExporter for Encoding {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut bodies = Vec::new();
        let mut encoder = lock(&self.encoder);
        let last = encoder.encode(metrics, Instant::now(), |full| bodies.extend(full));
        bodies.extend(last.bodies);
        *lock(&self.encoded) = Encoded {
            bodies,
            report: last.report,
        };
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recovery {
    pub(super) fn new(config: &Config, buffer: &Arc<Buffer>) -> Self {
        Self {
            config: config.clone(),
            buffer: Arc::clone(buffer),
        }
    }

    /// Puts the counts in the cells of a slot, which have got into no request, into requests in this slot.
    /// `false` if a file of cells stays there.
    ///
    /// A process may die at any time: until the file of the cells is removed, which comes last, the next
    /// process does all of it again.
    pub(super) fn recover(&mut self, slot: &Slot, contents: &mut Contents) -> bool {
        let recovered = match slot.cells(&contents.stored) {
            Ok(Found::Nothing) => return true,
            Ok(Found::Newer { token, committed }) => {
                let stays = |stored: &Stored| {
                    let above = stored.header.snapshot.filter(|it| it.file == token);
                    above.is_some_and(|it| committed.is_some_and(|number| it.number > number))
                };
                let requests = contents.stored.len();
                contents.stored.retain(|stored| !stays(stored));
                let left = requests - contents.stored.len();
                contents.passed_over += 1 + u64::try_from(left).unwrap_or(u64::MAX);
                return false;
            }
            // This process has the counts of an earlier exporter itself.
            Ok(Found::InUse | Found::Void) => return slot.remove_cells().is_ok(),
            Ok(Found::Counts(recovered)) => recovered,
            Err(Unreadable::Io(error)) => {
                warn(format_args!(
                    "the file `cells` in the spool cannot be opened: {error}; the counts of a process since \
                     its last push stay there"
                ));
                return false;
            }
            Err(Unreadable::Damaged(damage)) => {
                warn(format_args!(
                    "the file `cells` in the spool cannot be used: {damage}; the counts of a process since its \
                     last push are lost"
                ));
                contents.damaged += 1;
                contents.damaged_points = contents.damaged_points.saturating_add(1);
                let id = RequestId::of(contents.last_sequence.saturating_add(1));
                contents.last_sequence = id.sequence;
                return slot.set_cells_aside(id).is_ok();
            }
        };
        contents.damaged_points = contents
            .damaged_points
            .saturating_add(recovered.implausible);
        self.replace(slot, contents, &recovered).is_ok()
    }

    fn replace(
        &mut self,
        slot: &Slot,
        contents: &mut Contents,
        recovered: &Recovered,
    ) -> io::Result<()> {
        let is_later = |snapshot: &SnapshotId| {
            snapshot.file == recovered.token && snapshot.number > recovered.committed
        };
        let (repeated, stored) = contents
            .stored
            .drain(..)
            .partition(|stored| stored.header.snapshot.as_ref().is_some_and(is_later));
        contents.stored = stored;
        let repeated: Vec<Stored> = repeated;
        for Stored { id, .. } in repeated {
            slot.remove(id)?;
            contents.sending.retain(|sending| *sending != id);
        }
        let snapshot = SnapshotId {
            file: recovered.token,
            number: recovered.committed.saturating_add(1),
            requests: None,
        };
        let mut written = Vec::new();
        let Encoded { bodies, report } = self.encode(recovered).map_err(io::Error::other)?;
        for body in bodies {
            let id = RequestId::of(contents.last_sequence.saturating_add(1));
            contents.last_sequence = id.sequence;
            slot.write(id, recovered.time, &body, Some(snapshot))?;
            written.push(Stored::new(id, recovered.time, &body));
        }
        slot.remove_cells()?;
        contents.stored.extend(written);
        self.report(&report);
        Ok(())
    }

    /// Reports counts that are not in the requests.
    fn report(&self, report: &EncodeReport) {
        let dropped = report.dropped.values();
        let dropped = dropped.copied().fold(0, u64::saturating_add);
        self.buffer.update(|state| {
            let recovered = &mut state.health.points_recovered;
            *recovered = recovered.saturating_add(dropped);
        });
        self.buffer.count(report);
        for warning in &report.warnings {
            warn(format_args!("{warning}"));
        }
    }

    /// The requests with these counts and values.
    fn encode(&self, recovered: &Recovered) -> Result<Encoded, OTelSdkError> {
        if recovered.series.is_empty() {
            return Ok(Encoded::default());
        }
        let Recovered {
            labels,
            since,
            time,
            series,
            ..
        } = recovered;
        let mut encoder = Encoder::new(&self.config.with_labels(labels));
        encoder.set_times(*since, *time);
        let result = Arc::default();
        let exporter = Encoding {
            encoder: Mutex::new(encoder),
            encoded: Arc::clone(&result),
        };
        let (definitions, refused) = definitions(series);
        // The encoder reads the SDK's data, which only the SDK can make.
        let reader = PeriodicReader::builder(exporter)
            .with_interval(NEVER)
            .build();
        // The SDK reserves memory for as many series as the limit allows, its overflow series included.
        let limits = definitions.values();
        let limits: HashMap<_, _> = limits
            .map(|it| (it.name.to_owned(), it.series + 1))
            .collect();
        let provider = SdkMeterProvider::builder()
            .with_resource(labels.resource.clone())
            .with_view(move |instrument: &Instrument| {
                let limit = *limits.get(instrument.name())?;
                Stream::builder().with_cardinality_limit(limit).build().ok()
            })
            .with_reader(reader)
            .build();
        let scope = InstrumentationScope::builder(SCOPE).with_version(env!("CARGO_PKG_VERSION"));
        let meter = provider.meter_with_scope(scope.build());
        let buckets = self.config.protocol.format != Format::Lines;
        let mut instruments = HashMap::new();
        for series in series {
            let name = series.name.to_ascii_lowercase();
            let Some(definition) = definitions.get(&name).filter(|it| it.admits(series)) else {
                continue;
            };
            let instrument = instruments
                .entry(name)
                .or_insert_with(|| definition.instrument(&meter, buckets));
            let mut attributes: Vec<_> = series
                .dimensions
                .iter()
                .map(|(key, value)| attribute(Key::new(key.clone()), value.clone()))
                .collect();
            // With another order, the SDK keeps a series twice.
            attributes.sort_by(|a, b| a.key.cmp(&b.key));
            match (instrument, &series.measured) {
                (Instrumented::Counter(counter), Measured::Counts(added)) => {
                    counter.add(*added, &attributes);
                }
                (Instrumented::Histogram(histogram), Measured::Values { values, .. }) => {
                    for value in values {
                        histogram.record(*value, &attributes);
                    }
                }
                // Not admitted.
                _ => {}
            }
        }
        provider.force_flush()?;
        let mut result = std::mem::take(&mut *lock(&result));
        // It has nothing more to report.
        drop(provider.shutdown());
        for name in refused {
            let key = (DropReason::ConflictingDefinition, name.to_owned());
            *result.report.dropped.entry(key).or_default() += 1;
        }
        Ok(result)
    }
}

impl Definition<'_> {
    /// Names are case-insensitive, and no unit is in conflict with any.
    fn admits(&self, series: &RecoveredSeries) -> bool {
        let is_same_unit = series.unit.is_empty() || series.unit == self.unit;
        is_same_unit && kind(series) == self.kind
    }

    /// Makes the instrument that the pipeline makes. `buckets` is whether histograms without boundaries of their
    /// own have buckets.
    fn instrument(&self, meter: &Meter, buckets: bool) -> Instrumented {
        let name = self.name.to_owned();
        let (unit, description) = (self.unit.to_owned(), self.description.to_owned());
        if self.kind == Kind::Counter {
            let counter = meter.u64_counter(name).with_unit(unit);
            return Instrumented::Counter(counter.with_description(description).build());
        }
        let mut histogram = meter.f64_histogram(name);
        if let Some(boundaries) = bucket_boundaries(self.boundaries, self.unit, buckets) {
            histogram = histogram.with_boundaries(boundaries);
        }
        let histogram = histogram.with_unit(unit).with_description(description);
        Instrumented::Histogram(histogram.build())
    }
}

fn kind(series: &RecoveredSeries) -> Kind {
    match series.measured {
        Measured::Counts(_) => Kind::Counter,
        Measured::Values { .. } => Kind::Histogram,
    }
}

/// The definition of each name in lower case, and the names of the series that are in conflict with theirs: as
/// the pipeline would have it, if the process of this program counted.
fn definitions(all: &[RecoveredSeries]) -> (HashMap<String, Definition<'_>>, Vec<&str>) {
    let mut definitions = HashMap::new();
    for series in all {
        let definition = definitions.entry(series.name.to_ascii_lowercase());
        let definition = definition.or_insert_with(|| Definition {
            kind: kind(series),
            name: &series.name,
            unit: "",
            description: "",
            boundaries: None,
            series: 0,
        });
        let mut known = descriptors_of(definition.name);
        if known.next().is_some_and(|first| first.kind == kind(series)) {
            definition.kind = kind(series);
        }
        if definition.boundaries.is_none()
            && let Measured::Values { boundaries, .. } = &series.measured
        {
            definition.boundaries = boundaries.as_deref();
        }
        if definition.description.is_empty() {
            definition.description = &series.description;
        }
        let is_known = |unit: &str| {
            let mut known = descriptors_of(definition.name).map(|it| it.unit);
            known.find(|unit| !unit.is_empty()) == Some(unit)
        };
        if definition.unit.is_empty() || is_known(&series.unit) {
            definition.unit = &series.unit;
        }
    }
    let mut refused = Vec::new();
    for series in all {
        if let Some(definition) = definitions.get_mut(&series.name.to_ascii_lowercase()) {
            if definition.admits(series) {
                definition.series += 1;
            } else {
                refused.push(&*series.name);
            }
        }
    }
    (definitions, refused)
}

#[cfg(test)]
#[cfg(all(target_os = "linux", not(miri)))]
mod tests;
