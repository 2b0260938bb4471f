//! The body of a request, and its parts.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::HeaderValue;

use crate::dynatrace::config::protocol::{Format, Protocol};
#[cfg(feature = "otlp")]
use crate::dynatrace::encode::otlp::parts;
use crate::line::{Lines, Series, metadata_numbers, series, series_of_first};

/// The body of one request; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Body {
    content: Content,
    /// Data points.
    pub(crate) points: u64,
    /// Metadata lines, each before the first data point of its key.
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

/// The text of a body, as bytes that a request shares with the queue.
struct Shared(Arc<String>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
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
        if Self::count(format, &bytes) != Some((points, metadata)) {
            return None;
        }
        match format {
            Format::Lines => Some(Self::new(String::from_utf8(bytes).ok()?, points, metadata)),
            #[cfg(feature = "otlp")]
            Format::Otlp => Some(Self::otlp(bytes, points)),
        }
    }

    /// The numbers of data points and of lines of metadata in the bytes of a body; `None` if they
    /// cannot be one.
    pub(crate) fn count(format: Format, bytes: &[u8]) -> Option<(u64, u64)> {
        match format {
            Format::Lines => {
                let text = str::from_utf8(bytes).ok()?;
                let metadata = metadata_numbers(text).count() as u64;
                Some((text.split('\n').count() as u64 - metadata, metadata))
            }
            #[cfg(feature = "otlp")]
            Format::Otlp => Some((parts::count(bytes)?, 0)),
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
            Content::Lines(text) => Bytes::from_owner(Shared(text.clone())).into(),
            #[cfg(feature = "otlp")]
            Content::Otlp(bytes) => bytes.clone().into(),
        };
        (body, None)
    }

    /// A body of these lines, counted as a server would.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Lines::of(text).into()
    }

    /// The number of lines as a server counts them, metadata included.
    pub(crate) fn all_lines(&self) -> u64 {
        self.points + self.metadata
    }

    /// The numbers of the lines of metadata, from 1.
    pub(crate) fn metadata_numbers(&self) -> impl Iterator<Item = usize> {
        // Most bodies have none and need not be searched.
        metadata_numbers(if self.metadata > 0 { self.text() } else { "" })
    }

    /// Whether parts of it can be sent by themselves.
    pub(crate) fn is_divisible(&self) -> bool {
        self.all_lines() > 1
    }

    /// Splits it in two bodies with half of its data points each, metadata still before them. A
    /// single data point with metadata becomes one body without metadata.
    pub(crate) fn divide(&self) -> Vec<Self> {
        match &self.content {
            Content::Lines(text) => {
                let halves = Lines::halves(text, self.points).into_iter();
                halves.filter_map(Self::worth_sending).collect()
            }
            #[cfg(feature = "otlp")]
            Content::Otlp(bytes) => parts::divide(bytes, self.points)
                .into_iter()
                .map(|(message, points)| Self::otlp(message, points))
                .collect(),
        }
    }

    /// `None` if there is no data point: metadata alone is not worth a request.
    fn worth_sending(lines: Lines) -> Option<Self> {
        (lines.points > 0).then(|| lines.into())
    }

    /// The series of its first data point.
    pub(crate) fn series(&self) -> Series {
        match &self.content {
            Content::Lines(text) => Series::of(series_of_first(text)),
            #[cfg(feature = "otlp")]
            Content::Otlp(bytes) => parts::first_series(bytes).unwrap_or(Series::of(())),
        }
    }

    /// Splits it into the data points of all other series, if there are any, and a body for each
    /// data point of these series; `None` if it has none of these.
    pub(crate) fn without(&self, these: &BTreeSet<Series>) -> Option<Separated> {
        let (rest, apart): Separated = match &self.content {
            Content::Lines(text) => {
                let is_dead = |series: &str| these.contains(&Series::of(series));
                let (rest, apart) = Lines::partition(text, is_dead);
                let body = |line: &str| (Series::of(series(line)), Self::new(line.into(), 1, 0));
                (
                    Self::worth_sending(rest),
                    apart.into_iter().map(body).collect(),
                )
            }
            #[cfg(feature = "otlp")]
            Content::Otlp(bytes) => {
                let (rest, apart) = parts::without(bytes, self.points, these);
                let body = |(message, points)| Self::otlp(message, points);
                let apart = apart.into_iter().map(|(series, it)| (series, body(it)));
                (rest.map(body), apart.collect())
            }
        };
        (!apart.is_empty()).then_some((rest, apart))
    }
}

impl From<Lines> for Body {
    fn from(lines: Lines) -> Self {
        Self::new(lines.text, lines.points, lines.metadata)
    }
}

#[cfg(test)]
mod tests;
