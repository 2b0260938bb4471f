//! The body of a request, and its parts.

use reqwest::header::HeaderValue;

use crate::dynatrace::config::protocol::{Format, Protocol};
#[cfg(feature = "otlp")]
use prost::bytes::Bytes;
use std::sync::Arc;

/// What the lines of metadata begin with.
const METADATA: char = '#';

/// The body of one request; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Body {
    content: Content,
    /// Data points.
    pub(crate) lines: u64,
    /// Lines that say what the metrics mean, each before the first data point of its key.
    metadata: u64,
}

/// Shared, since an attempt to send it must not take it out of the queue.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Content {
    /// With line ends between them.
    Lines(Arc<String>),
    #[cfg(feature = "otlp")]
    Otlp(Bytes),
}

impl Body {
    pub(crate) fn new(text: String, lines: u64, metadata: u64) -> Self {
        Self {
            content: Content::Lines(Arc::new(text)),
            lines,
            metadata,
        }
    }

    /// An `ExportMetricsServiceRequest` with so many data points.
    #[cfg(feature = "otlp")]
    pub(crate) fn otlp(message: Vec<u8>, points: u64) -> Self {
        Self {
            content: Content::Otlp(message.into()),
            lines: points,
            metadata: 0,
        }
    }

    /// As it was written; `None` if it is none.
    pub(crate) fn read(
        format: Format,
        bytes: Vec<u8>,
        (lines, metadata): (u64, u64),
    ) -> Option<Self> {
        if bytes.is_empty() {
            return None;
        }
        match format {
            Format::Lines => Some(Self::new(String::from_utf8(bytes).ok()?, lines, metadata)),
            #[cfg(feature = "otlp")]
            Format::Otlp => Some(Self::otlp(bytes, lines)),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Lines(text) => text.as_bytes(),
            #[cfg(feature = "otlp")]
            Content::Otlp(bytes) => bytes,
        }
    }

    /// In bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes().len()
    }

    /// The lines, if it has lines.
    pub(crate) fn text(&self) -> &str {
        match &self.content {
            Content::Lines(text) => text,
            #[cfg(feature = "otlp")]
            Content::Otlp(_) => "",
        }
    }

    /// The body as an HTTP client sends it, and its encoding, if it is compressed.
    #[cfg_attr(not(feature = "otlp"), expect(unused_variables))]
    pub(crate) fn to_request(&self, protocol: &Protocol) -> (reqwest::Body, Option<HeaderValue>) {
        #[cfg(feature = "otlp")]
        if let Protocol::Otlp(receiver) = protocol
            && let Some((packed, encoding)) = receiver.compression.pack(self.bytes())
        {
            return (packed.into(), Some(HeaderValue::from_static(encoding)));
        }
        let body = match &self.content {
            Content::Lines(text) => String::clone(text).into(),
            #[cfg(feature = "otlp")]
            Content::Otlp(bytes) => bytes.clone().into(),
        };
        (body, None)
    }

    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        let metadata = text
            .split('\n')
            .filter(|line| line.starts_with(METADATA))
            .count();
        let lines = text.split('\n').count() - metadata;
        Self::new(text.into(), lines as u64, metadata as u64)
    }

    /// All lines, as a server counts them.
    pub(crate) fn all_lines(&self) -> u64 {
        self.lines + self.metadata
    }

    /// The numbers of its lines of metadata, from 1.
    pub(crate) fn metadata_numbers(&self) -> impl Iterator<Item = usize> {
        (1..)
            .zip(self.described().split('\n'))
            .filter(|(_, line)| line.starts_with(METADATA))
            .map(|(number, _)| number)
    }

    /// The keys that its metadata is about.
    pub(crate) fn described_keys(&self) -> impl Iterator<Item = &str> {
        self.described()
            .split('\n')
            .filter_map(|line| line.strip_prefix(METADATA)?.split(' ').next())
    }

    /// The text, if there is metadata in it: most bodies need not be searched.
    fn described(&self) -> &str {
        if self.metadata > 0 { self.text() } else { "" }
    }

    /// Whether parts of it can be sent by themselves.
    pub(crate) fn is_divisible(&self) -> bool {
        self.all_lines() > 1
    }

    /// Two bodies with half of its data points each, metadata still before them; if it is but one
    /// data point, that without metadata.
    pub(crate) fn divide(&self) -> Vec<Self> {
        match &self.content {
            Content::Lines(text) => self.divide_lines(text),
            #[cfg(feature = "otlp")]
            Content::Otlp(bytes) => {
                let halves = crate::dynatrace::encode::otlp::split::divide(bytes.clone());
                halves
                    .into_iter()
                    .map(|(message, points)| Self::otlp(message, points))
                    .collect()
            }
        }
    }

    fn divide_lines(&self, text: &str) -> Vec<Self> {
        let mut parts = [(String::new(), 0, 0), (String::new(), 0, 0)];
        let mut data = 0;
        for line in text.split('\n') {
            let is_metadata = line.starts_with(METADATA);
            if is_metadata && self.lines == 1 {
                continue;
            }
            let (text, lines, metadata) = &mut parts[usize::from(data >= self.lines / 2)];
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
            if is_metadata {
                *metadata += 1;
            } else {
                *lines += 1;
                data += 1;
            }
        }
        parts
            .into_iter()
            .filter(|(_, lines, _)| *lines > 0)
            .map(|(text, lines, metadata)| Self::new(text, lines, metadata))
            .collect()
    }
}

#[cfg(test)]
mod tests;
