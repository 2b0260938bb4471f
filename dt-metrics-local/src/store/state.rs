//! Everything the endpoint received so far.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::SystemTime;

use super::catalogs::Catalogs;
#[cfg(feature = "otlp")]
use super::data_point::DataPoint;
use super::entry::{Noted, Rejected, Request};
use super::limits::Limits;
use super::recent::{Content, Recent};
use super::series::Series;
use super::tracked::{AllSeries, Tracked};
use crate::catalog::Catalog;
use crate::protocol::{Kind, Line, Metadata};

/// Everything the endpoint received so far.
///
/// [`Server::inspect`](crate::Server::inspect) and [`Server::wait_for`](crate::Server::wait_for) pass the
/// state to a closure.
#[derive(Debug)]
pub struct State {
    lines: Ring<Line>,
    #[cfg(feature = "otlp")]
    points: Ring<DataPoint>,
    rejected: Ring<Rejected>,
    noted: Ring<Noted>,
    requests: Ring<Request>,
    recent: Recent,
    metadata: HashMap<String, KnownMetadata>,
    series: AllSeries,
    catalogs: Catalogs,
    limits: Limits,
    /// How often everything was forgotten.
    resets: u64,
    pub(super) totals: Totals,
    pub(super) held: usize,
}

/// The metadata of a metric.
#[derive(Debug)]
struct KnownMetadata {
    metadata: Arc<Metadata>,
    /// Number of metadata lines received when this one was, itself included.
    created: u64,
}

/// The exact numbers of everything received, including entries that the store no longer keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// The number of requests, with or without a response.
    pub requests: u64,
    /// The number of requests that were accepted completely: status 202 for lines, 200 for OTLP.
    pub requests_accepted: u64,
    /// The number of requests without a response: reset or ignored by a fault.
    pub requests_unanswered: u64,
    /// The number of accepted data points.
    pub lines: u64,
    /// The number of data points that were accepted in requests without a response. If the client sends the
    /// data points again, `lines` counts them twice.
    pub lines_unanswered: u64,
    /// The number of accepted metadata lines. Over OTLP, unit and description count once per metric.
    pub metadata: u64,
    /// The number of refused lines and data points.
    pub rejected: u64,
    /// The number of notes about accepted lines and data points.
    pub notes: u64,
    /// The number of catalogues that programs sent.
    pub catalogs: u64,
    /// The total size of all bodies in bytes.
    pub bytes: u64,
    /// The number of data points that were accepted without a [`Series`], since there were too many series.
    pub lines_without_series: u64,
    /// The number of events that subscribers missed because they were too slow.
    pub events_missed: u64,
}

impl State {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            lines: Ring::new(limits.lines),
            #[cfg(feature = "otlp")]
            points: Ring::new(limits.lines),
            rejected: Ring::new(limits.rejected),
            noted: Ring::new(limits.rejected),
            requests: Ring::new(limits.requests),
            recent: Recent::default(),
            metadata: HashMap::new(),
            series: AllSeries::new(limits.series, limits.histories),
            catalogs: Catalogs::default(),
            limits,
            resets: 0,
            totals: Totals::default(),
            held: 0,
        }
    }

    /// Forgets everything received, except which requests are held.
    pub(super) fn reset(&mut self) {
        *self = Self {
            resets: self.resets.wrapping_add(1),
            held: self.held,
            ..Self::new(self.limits)
        };
    }

    /// How often everything was forgotten.
    pub(crate) fn resets(&self) -> u64 {
        self.resets
    }

    /// Iterates over the accepted data points, oldest first; OTLP data points as their equivalent lines.
    #[must_use]
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> + ExactSizeIterator {
        self.lines.iter()
    }

    /// Iterates over the data points that were accepted over OTLP, as received, oldest first.
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn otlp_points(&self) -> impl DoubleEndedIterator<Item = &DataPoint> + ExactSizeIterator {
        self.points.iter()
    }

    /// Iterates over the refused lines and data points, oldest first.
    #[must_use]
    pub fn rejected(&self) -> impl DoubleEndedIterator<Item = &Rejected> + ExactSizeIterator {
        self.rejected.iter()
    }

    /// Iterates over the notes about accepted lines and data points, oldest first.
    #[must_use]
    pub fn notes(&self) -> impl DoubleEndedIterator<Item = &Noted> + ExactSizeIterator {
        self.noted.iter()
    }

    /// Iterates over the requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> impl DoubleEndedIterator<Item = &Request> + ExactSizeIterator {
        self.requests.iter()
    }

    /// Iterates over the metadata of each metric, in any order. Only the first metadata line of a metric
    /// counts.
    #[must_use]
    pub fn metadata(&self) -> impl ExactSizeIterator<Item = &Metadata> {
        self.metadata.values().map(|known| &*known.metadata)
    }

    /// Returns the metadata of one metric; `None` if no metadata line of the metric was accepted.
    #[must_use]
    pub fn metadata_of(&self, key: &str) -> Option<&Metadata> {
        self.metadata.get(key).map(|known| &*known.metadata)
    }

    /// Iterates over the series, in the order of their first lines.
    #[must_use]
    pub fn series(&self) -> impl ExactSizeIterator<Item = &Series> {
        self.series.all().iter().map(|tracked| &tracked.series)
    }

    /// The series with their histories; the index of a series never changes.
    pub(crate) fn tracked(&self) -> &[Tracked] {
        self.series.all()
    }

    /// The metadata received after the first `lines` metadata lines.
    pub(crate) fn metadata_after(&self, lines: u64) -> impl Iterator<Item = &Arc<Metadata>> {
        self.metadata
            .values()
            .filter(move |known| known.created > lines)
            .map(|known| &known.metadata)
    }

    pub(crate) fn newest_rejected(&self) -> impl Iterator<Item = &Arc<Rejected>> {
        self.rejected.newest()
    }

    pub(crate) fn newest_notes(&self) -> impl Iterator<Item = &Arc<Noted>> {
        self.noted.newest()
    }

    pub(crate) fn newest_requests(&self) -> impl Iterator<Item = &Arc<Request>> {
        self.requests.newest()
    }

    /// The body of the request with this number, from 1; `None` if it is not kept.
    pub(crate) fn content_of(&self, request_number: u64) -> Option<&Content> {
        self.recent.get(request_number)
    }

    /// Returns the exact numbers of everything received.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Returns the number of requests that are without a response at the moment: held until a
    /// [release](crate::Server::release), or ignored by a fault.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held
    }

    /// Returns the sum of the deltas of all count lines with this key and at least these dimensions. The sum
    /// includes lines that are no longer kept.
    #[must_use]
    pub fn counter_total(&self, key: &str, dimensions: &[(&str, &str)]) -> f64 {
        // `sum` of an empty iterator is -0.
        self.series()
            .filter(|series| series.kind == Kind::Count && series.metric == key)
            .filter(|series| series.has_dimensions(dimensions))
            .fold(0.0, |total, series| total + series.total)
    }

    /// Returns the sum of the deltas of all count lines, per metric key.
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

    /// Adds the parts of a data point that its line lacks.
    #[cfg(feature = "otlp")]
    pub(super) fn add_point(&mut self, line: &Line, point: Arc<DataPoint>) {
        self.series.add_buckets(line, &point.data);
        self.points.push(point);
    }

    pub(super) fn add_metadata(&mut self, metadata: Arc<Metadata>) {
        self.totals.metadata += 1;
        if self.metadata.contains_key(&metadata.key) || self.metadata.len() >= self.limits.series {
            return;
        }
        let key = metadata.key.clone();
        let created = self.totals.metadata;
        self.metadata
            .insert(key, KnownMetadata { metadata, created });
    }

    /// The catalogues of all programs, the latest last.
    pub(crate) fn catalogs(&self) -> &[Catalog] {
        self.catalogs.all()
    }

    pub(super) fn add_catalog(&mut self, catalog: Catalog) {
        self.totals.catalogs += 1;
        self.catalogs.add(catalog);
    }

    pub(super) fn add_rejected(&mut self, rejected: Arc<Rejected>) {
        self.totals.rejected += 1;
        self.rejected.push(rejected);
    }

    pub(super) fn add_noted(&mut self, noted: Arc<Noted>) {
        self.totals.notes += 1;
        self.noted.push(noted);
    }

    /// Adds a request with `lines` accepted data points, and its body.
    pub(super) fn add_request(&mut self, request: Arc<Request>, lines: u64, content: Content) {
        self.totals.requests += 1;
        self.recent.add(self.totals.requests, content);
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

/// A list that keeps its newest entries, up to a limit.
#[derive(Debug)]
pub(super) struct Ring<T> {
    entries: VecDeque<Arc<T>>,
    limit: usize,
}

impl<T> Ring<T> {
    fn new(limit: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            limit,
        }
    }

    pub(super) fn push(&mut self, entry: Arc<T>) {
        if self.limit == 0 {
            return;
        }
        if self.entries.len() == self.limit {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.entries.iter().map(AsRef::as_ref)
    }

    /// The entries, newest first.
    fn newest(&self) -> impl Iterator<Item = &Arc<T>> {
        self.entries.iter().rev()
    }
}
