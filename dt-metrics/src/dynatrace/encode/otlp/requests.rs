//! Requests of data points within the limits of a request.

use crate::dynatrace::encode::body::Body;
use crate::dynatrace::encode::otlp::wire::{LONG, MEDIUM, begin, end, nested, varint_len};

/// A data point is a message below a resource, a scope, a metric and the kind of the metric. A request
/// states each of these only where it has data points.
pub(super) const RESOURCE: usize = 0;
pub(super) const SCOPE: usize = 1;
pub(super) const METRIC: usize = 2;
pub(super) const DATA: usize = 3;
const LEVELS: usize = 4;

/// The field of the data points in each kind of metric.
const DATA_POINTS: u8 = 1;

/// The data points of a collection in requests. A request that is full is passed to `full`.
pub(super) struct Requests<F> {
    max_points: u64,
    max_bytes: usize,
    levels: [Level; LEVELS],
    /// The request at hand.
    bytes: Vec<u8>,
    points: u64,
    /// Where the open messages begin in `bytes`, the outermost first.
    open: Vec<usize>,
    full: F,
}

/// A message that contains data points.
#[derive(Default)]
struct Level {
    /// Its field in the message around it.
    field: u8,
    /// All its other fields. Each request that has some of its data points states them.
    header: Vec<u8>,
}

impl<F: FnMut(Body)> Requests<F> {
    pub(super) fn new(max_points: u64, max_bytes: usize, full: F) -> Self {
        Self {
            max_points,
            max_bytes,
            levels: Default::default(),
            bytes: Vec::new(),
            points: 0,
            open: Vec::with_capacity(LEVELS),
            full,
        }
    }

    /// Begins a message of this level: `header` appends its fields except the messages below it.
    pub(super) fn begin(&mut self, level: usize, field: u8, header: impl FnOnce(&mut Vec<u8>)) {
        self.close(level);
        let level = &mut self.levels[level];
        level.field = field;
        level.header.clear();
        header(&mut level.header);
    }

    /// Adds the data point that `write` appends. A single data point that is longer than a request
    /// may be has a request of its own: the receiver decides.
    #[inline]
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.points >= self.max_points {
            self.cut();
        }
        let (before, open_before) = (self.bytes.len(), self.open.len());
        if open_before < LEVELS {
            self.open();
        }
        let start = self.bytes.len();
        nested(&mut self.bytes, DATA_POINTS, MEDIUM, write);
        if self.points > 0 && !self.fits() {
            let point = self.bytes[start..].to_vec();
            self.bytes.truncate(before);
            self.open.truncate(open_before);
            self.cut();
            self.open();
            self.bytes.extend_from_slice(&point);
        }
        self.points += 1;
    }

    /// Ends the last request, and returns it if it has data points.
    pub(super) fn finish(mut self) -> Option<Body> {
        self.close(RESOURCE);
        (self.points > 0).then(|| {
            self.bytes.shrink_to_fit();
            Body::otlp(self.bytes, self.points)
        })
    }

    /// Ends the request at hand.
    fn cut(&mut self) {
        self.close(RESOURCE);
        // The next one is probably as long.
        let next = Vec::with_capacity(self.bytes.len() + self.bytes.len() / 64);
        let mut bytes = std::mem::replace(&mut self.bytes, next);
        bytes.shrink_to_fit();
        (self.full)(Body::otlp(bytes, std::mem::take(&mut self.points)));
    }

    /// Opens the messages of all levels that are not open.
    #[cold]
    fn open(&mut self) {
        for level in &self.levels[self.open.len()..] {
            self.open.push(begin(&mut self.bytes, level.field, LONG));
            self.bytes.extend_from_slice(&level.header);
        }
    }

    /// Closes the messages of this level and of the levels below it.
    fn close(&mut self, level: usize) {
        for start in self.open.drain(level.min(self.open.len())..).rev() {
            end(&mut self.bytes, start, LONG);
        }
    }

    /// Whether the request at hand is short enough.
    fn fits(&self) -> bool {
        // The lengths that are not written yet take at most two bytes more than their room, since no
        // request has 2^35 bytes.
        self.bytes.len() + 2 * LEVELS <= self.max_bytes || self.closed_len() <= self.max_bytes
    }

    /// The length of the request at hand once all messages are closed.
    fn closed_len(&self) -> usize {
        let mut closed = self.bytes.len();
        for start in self.open.iter().rev() {
            let message = closed - start;
            closed = start - LONG + varint_len(message) + message;
        }
        closed
    }
}
