//! The body of a request, and its parts.

use std::collections::BTreeSet;
use std::sync::Arc;

#[cfg(feature = "otlp")]
use prost::bytes::Bytes;
use reqwest::header::HeaderValue;

use crate::dynatrace::config::protocol::{Format, Protocol};
#[cfg(feature = "otlp")]
use crate::dynatrace::encode::otlp::{series, split};
use crate::dynatrace::encode::series::Series;

/// The beginning of a line of metadata.
const METADATA: char = '#';

/// The body of one request; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Body {
    content: Content,
    /// Data points.
    pub(crate) points: u64,
    /// Lines that say what the metrics mean, each before the first data point of its key.
    metadata: u64,
}

/// A body without the data points of some series, if anything is left, and those points.
pub(crate) type Separated = (Option<Body>, Vec<(Series, Body)>);

/// Shared, since an attempt to send it must not take it out of the queue.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Content {
    /// Metric lines, with line ends between them.
    Lines(Arc<String>),
    /// An encoded `ExportMetricsServiceRequest`.
    #[cfg(feature = "otlp")]
    Otlp(Bytes),
}

impl Body {
    /// A body of metric lines: this many data points, and lines of metadata.
    pub(crate) fn new(text: String, points: u64, metadata: u64) -> Self {
        Self {
            content: Content::Lines(Arc::new(text)),
            points,
            metadata,
        }
    }

    /// An encoded `ExportMetricsServiceRequest` with this many data points.
    #[cfg(feature = "otlp")]
    pub(crate) fn otlp(message: Vec<u8>, points: u64) -> Self {
        Self {
            content: Content::Otlp(message.into()),
            points,
            metadata: 0,
        }
    }

    /// Reads a body that was kept on disk; `None` if it cannot be one.
    pub(crate) fn read(
        format: Format,
        bytes: Vec<u8>,
        (points, metadata): (u64, u64),
    ) -> Option<Self> {
        if bytes.is_empty() {
            return None;
        }
        match format {
            Format::Lines => Some(Self::new(String::from_utf8(bytes).ok()?, points, metadata)),
            #[cfg(feature = "otlp")]
            Format::Otlp => Some(Self::otlp(bytes, points)),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Lines(text) => text.as_bytes(),
            #[cfg(feature = "otlp")]
            Content::Otlp(bytes) => bytes,
        }
    }

    /// The length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes().len()
    }

    /// The metric lines; empty for OTLP.
    pub(crate) fn text(&self) -> &str {
        match &self.content {
            Content::Lines(text) => text,
            #[cfg(feature = "otlp")]
            Content::Otlp(_) => "",
        }
    }

    /// The body as an HTTP client sends it, and its encoding, if it is compressed.
    pub(crate) fn to_request(&self, protocol: &Protocol) -> (reqwest::Body, Option<HeaderValue>) {
        if let Some((packed, encoding)) = protocol.compression.pack(self.bytes()) {
            return (packed.into(), Some(HeaderValue::from_static(encoding)));
        }
        let body = match &self.content {
            Content::Lines(text) => String::clone(text).into(),
            #[cfg(feature = "otlp")]
            Content::Otlp(bytes) => bytes.clone().into(),
        };
        (body, None)
    }

    /// A body of these lines, counted as a server would.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        let lines = text.split('\n');
        let metadata = lines.clone().filter(|line| line.starts_with(METADATA));
        let metadata = metadata.count();
        Self::new(
            text.into(),
            (lines.count() - metadata) as u64,
            metadata as u64,
        )
    }

    /// The number of lines as a server counts them, metadata included.
    pub(crate) fn all_lines(&self) -> u64 {
        self.points + self.metadata
    }

    /// The numbers of the lines of metadata, from 1.
    pub(crate) fn metadata_numbers(&self) -> impl Iterator<Item = usize> {
        // Most bodies have none and need not be searched.
        let text = if self.metadata > 0 { self.text() } else { "" };
        (1..)
            .zip(text.split('\n'))
            .filter(|(_, line)| line.starts_with(METADATA))
            .map(|(number, _)| number)
    }

    /// Whether parts of it can be sent by themselves.
    pub(crate) fn is_divisible(&self) -> bool {
        self.all_lines() > 1
    }

    /// Splits it in two bodies with half of its data points each, metadata still before them. A
    /// single data point with metadata becomes one body without metadata.
    pub(crate) fn divide(&self) -> Vec<Self> {
        match &self.content {
            Content::Lines(text) => self.divide_lines(text),
            #[cfg(feature = "otlp")]
            Content::Otlp(bytes) => split::divide(bytes.clone())
                .into_iter()
                .map(|(message, points)| Self::otlp(message, points))
                .collect(),
        }
    }

    fn divide_lines(&self, text: &str) -> Vec<Self> {
        let mut halves = [Lines::default(), Lines::default()];
        let mut points = 0;
        for line in text.split('\n') {
            let half = &mut halves[usize::from(points >= self.points / 2)];
            if !line.starts_with(METADATA) {
                points += 1;
            } else if self.points == 1 {
                continue;
            }
            half.push(line);
        }
        halves.into_iter().filter_map(Lines::into_body).collect()
    }

    /// The series of its first data point.
    pub(crate) fn series(&self) -> Series {
        match &self.content {
            Content::Lines(text) => {
                let mut lines = text.split('\n');
                let first = lines.find(|line| !line.starts_with(METADATA));
                Series::of_line(first.unwrap_or_default())
            }
            #[cfg(feature = "otlp")]
            Content::Otlp(bytes) => {
                let mut all = series::series(bytes.clone());
                all.pop_first().unwrap_or(Series::of(()))
            }
        }
    }

    /// Splits it into the data points of all other series, if there are any, and a body for each
    /// data point of these series; `None` if it has none of these.
    pub(crate) fn without(&self, these: &BTreeSet<Series>) -> Option<Separated> {
        match &self.content {
            Content::Lines(text) => {
                let (mut rest, mut apart) = (Lines::default(), Vec::new());
                for line in text.split('\n') {
                    let series = Series::of_line(line);
                    if !line.starts_with(METADATA) && these.contains(&series) {
                        apart.push((series, Self::new(line.into(), 1, 0)));
                    } else {
                        rest.push(line);
                    }
                }
                (!apart.is_empty()).then(|| (rest.into_body(), apart))
            }
            #[cfg(feature = "otlp")]
            Content::Otlp(bytes) => {
                let (rest, apart) = series::without(bytes.clone(), these);
                let body = |(message, points)| Self::otlp(message, points);
                let bodies = apart.into_iter().map(|(series, it)| (series, body(it)));
                let bodies: Vec<_> = bodies.collect();
                (!bodies.is_empty()).then(|| (rest.map(body), bodies))
            }
        }
    }
}

/// Lines that become a body.
#[derive(Default)]
struct Lines {
    text: String,
    points: u64,
    metadata: u64,
}

impl Lines {
    fn push(&mut self, line: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(line);
        if line.starts_with(METADATA) {
            self.metadata += 1;
        } else {
            self.points += 1;
        }
    }

    /// `None` if there is no data point: metadata alone is not worth a request.
    fn into_body(self) -> Option<Body> {
        (self.points > 0).then(|| Body::new(self.text, self.points, self.metadata))
    }
}

#[cfg(test)]
mod tests;
