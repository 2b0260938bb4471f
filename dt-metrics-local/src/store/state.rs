use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use super::ring::Ring;
use super::tracked::{AllSeries, Tracked};
use super::{Limits, Rejected, Request, Series};
#[cfg(feature = "otlp")]
use crate::otlp::DataPoint;
use crate::protocol::{Kind, Line, Metadata};

/// What the endpoint has seen so far.
///
/// [`Server::inspect`](crate::Server::inspect) and [`Server::wait_for`](crate::Server::wait_for)
/// show it.
#[derive(Debug)]
pub struct State {
    pub(super) lines: Ring<Line>,
    #[cfg(feature = "otlp")]
    pub(super) points: Ring<DataPoint>,
    pub(super) rejected: Ring<Rejected>,
    pub(super) requests: Ring<Request>,
    metadata: HashMap<String, Known>,
    series: AllSeries,
    series_limit: usize,
    pub(super) totals: Totals,
    pub(super) held: usize,
}

/// The metadata of a metric.
#[derive(Debug)]
struct Known {
    metadata: Arc<Metadata>,
    /// How many metadata lines had come with it.
    created: u64,
}

/// Exact numbers of what came, kept or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Requests, answered or not.
    pub requests: u64,
    /// Requests of which everything was accepted: answered 202, by OTLP 200.
    pub requests_accepted: u64,
    /// Requests left without an answer: reset, or met by silence.
    pub requests_unanswered: u64,
    /// Data points accepted.
    pub lines: u64,
    /// Data points accepted in requests left without an answer: a client that sends them again
    /// doubles them.
    pub lines_unanswered: u64,
    /// Metadata lines accepted. Units and descriptions in OTLP count once for each metric.
    pub metadata: u64,
    /// Lines and data points refused.
    pub rejected: u64,
    /// Bytes of all bodies.
    pub bytes: u64,
    /// Data points accepted that belong to no [`Series`], since there were too many.
    pub lines_without_series: u64,
    /// Events that subscribers missed, since they were too slow.
    pub events_missed: u64,
}

impl State {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            lines: Ring::new(limits.lines),
            #[cfg(feature = "otlp")]
            points: Ring::new(limits.lines),
            rejected: Ring::new(limits.rejected),
            requests: Ring::new(limits.requests),
            metadata: HashMap::new(),
            series: AllSeries::new(limits.series, limits.histories),
            series_limit: limits.series,
            totals: Totals::default(),
            held: 0,
        }
    }

    /// The accepted data points, oldest first; those of OTLP as the lines that say the same.
    #[must_use]
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> + ExactSizeIterator {
        self.lines.iter()
    }

    /// The data points accepted by OTLP, as they came, oldest first.
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn otlp_points(&self) -> impl DoubleEndedIterator<Item = &DataPoint> + ExactSizeIterator {
        self.points.iter()
    }

    /// The refused lines and data points, oldest first.
    #[must_use]
    pub fn rejected(&self) -> impl DoubleEndedIterator<Item = &Rejected> + ExactSizeIterator {
        self.rejected.iter()
    }

    /// The requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> impl DoubleEndedIterator<Item = &Request> + ExactSizeIterator {
        self.requests.iter()
    }

    /// The metadata of each metric, in no order. Only the first metadata line of a metric counts.
    #[must_use]
    pub fn metadata(&self) -> impl ExactSizeIterator<Item = &Metadata> {
        self.metadata.values().map(|known| &*known.metadata)
    }

    /// The metadata of one metric.
    #[must_use]
    pub fn metadata_of(&self, key: &str) -> Option<&Metadata> {
        self.metadata.get(key).map(|known| &*known.metadata)
    }

    /// The series, in the order of their first lines.
    #[must_use]
    pub fn series(&self) -> impl ExactSizeIterator<Item = &Series> {
        self.series.all().iter().map(|tracked| &tracked.series)
    }

    /// The series with their pasts; the place of a series in it never changes.
    pub(crate) fn tracked(&self) -> &[Tracked] {
        self.series.all()
    }

    /// Metadata that came after so many metadata lines.
    pub(crate) fn metadata_after(&self, lines: u64) -> impl Iterator<Item = &Arc<Metadata>> {
        self.metadata
            .values()
            .filter(move |known| known.created > lines)
            .map(|known| &known.metadata)
    }

    pub(crate) fn newest_rejected(&self) -> impl Iterator<Item = &Arc<Rejected>> {
        self.rejected.newest()
    }

    pub(crate) fn newest_requests(&self) -> impl Iterator<Item = &Arc<Request>> {
        self.requests.newest()
    }

    /// Exact numbers of what came.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Requests that wait right now, for a [release](crate::Server::release) or in silence.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held
    }

    /// The sum of the deltas of all count lines with this key and these dimensions, others on the
    /// line notwithstanding. It does not depend on how many lines are kept.
    #[must_use]
    pub fn counter_total(&self, key: &str, dimensions: &[(&str, &str)]) -> f64 {
        // `sum` of no floats is -0.
        self.series()
            .filter(|series| series.kind == Kind::Count && series.metric == key)
            .filter(|series| series.has_dimensions(dimensions))
            .fold(0.0, |total, series| total + series.total)
    }

    /// The sum of the deltas of all count lines, for each key that has any.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, f64> {
        let mut counts = BTreeMap::new();
        for series in self.series() {
            if series.kind == Kind::Count {
                *counts.entry(series.metric.clone()).or_default() += series.total;
            }
        }
        counts
    }

    pub(super) fn add_line(&mut self, line: Arc<Line>, now: SystemTime) {
        self.totals.lines += 1;
        if !self.series.add(&line, self.totals.lines, now) {
            self.totals.lines_without_series += 1;
        }
        self.lines.push(line);
    }

    pub(super) fn add_metadata(&mut self, metadata: Arc<Metadata>) {
        self.totals.metadata += 1;
        if self.metadata.contains_key(&metadata.key) || self.metadata.len() >= self.series_limit {
            return;
        }
        let key = metadata.key.clone();
        let created = self.totals.metadata;
        self.metadata.insert(key, Known { metadata, created });
    }

    pub(super) fn add_rejected(&mut self, rejected: Arc<Rejected>) {
        self.totals.rejected += 1;
        self.rejected.push(rejected);
    }

    /// Adds a request, of which so many data points were accepted.
    pub(super) fn add_request(&mut self, request: Arc<Request>, lines: u64) {
        self.totals.requests += 1;
        self.totals.bytes = self.totals.bytes.saturating_add(request.bytes);
        if request.is_accepted() {
            self.totals.requests_accepted += 1;
        }
        if request.status == 0 {
            self.totals.requests_unanswered += 1;
            self.totals.lines_unanswered += lines;
        }
        self.requests.push(request);
    }
}
