//! How metrics are sent, besides where.

use crate::dynatrace::encode::body::Body;
use flate2::write::GzEncoder;
use opentelemetry_sdk::metrics::Temporality;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::SecretString;
use std::io::Write;

/// One delivery, two ways to write and send.
#[derive(Clone, Debug)]
pub(crate) enum Protocol {
    /// The metric line protocol.
    Lines,
    #[cfg(feature = "otlp")]
    Otlp(Receiver),
}

impl Protocol {
    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Lines => Format::Lines,
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => Format::Otlp,
        }
    }

    /// Such as "by OTLP".
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Lines => "to Dynatrace",
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => "by OTLP",
        }
    }

    pub(crate) fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Lines => "text/plain; charset=utf-8",
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => "application/x-protobuf",
        })
    }

    /// The body as it is sent, and how it is encoded.
    pub(crate) fn pack(&self, body: &Body) -> (reqwest::Body, Option<HeaderValue>) {
        let packed: Option<(Vec<u8>, &'static str)> = match self {
            Self::Lines => None,
            #[cfg(feature = "otlp")]
            Self::Otlp(receiver) => receiver.compression.pack(body.bytes()),
        };
        match packed {
            Some((packed, encoding)) => (packed.into(), Some(HeaderValue::from_static(encoding))),
            None => (body.to_request(), None),
        }
    }

    /// Of each request, besides the token; all of them sensitive.
    pub(crate) fn headers(&self) -> HeaderMap {
        match self {
            Self::Lines => HeaderMap::new(),
            #[cfg(feature = "otlp")]
            Self::Otlp(receiver) => receiver.headers.clone(),
        }
    }

    /// What in the headers must not be shown.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        match self {
            Self::Lines => Vec::new(),
            #[cfg(feature = "otlp")]
            Self::Otlp(receiver) => receiver.secrets(),
        }
    }

    pub(crate) fn temporality(&self) -> Temporality {
        match self {
            // What the protocol's counts are.
            Self::Lines => Temporality::Delta,
            #[cfg(feature = "otlp")]
            Self::Otlp(receiver) => receiver.temporality,
        }
    }
}

// ===== from format: //! How data points are written.
/// One for each way of sending.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    /// Of the metric line protocol.
    Lines,
    /// OpenTelemetry's protobuf.
    #[cfg(feature = "otlp")]
    Otlp,
}

impl Format {
    /// What the slots of a spool begin with, so that nothing is sent in another way than it was
    /// written for.
    pub(crate) fn slot_prefix(self) -> &'static str {
        match self {
            Self::Lines => "slot-",
            #[cfg(feature = "otlp")]
            Self::Otlp => "otlp-",
        }
    }

    /// What the files in a slot end with.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            #[cfg(feature = "otlp")]
            Self::Otlp => "otlp",
        }
    }
}

// ===== from otlp::receiver: //! Who receives.
/// The shortest value of a header that is taken for a secret.
const MIN_SECRET: usize = 8;

/// What is to be known of a receiver, besides its address.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    /// For a Collector; the values are sensitive.
    pub(crate) headers: HeaderMap,
    pub(crate) temporality: Temporality,
    /// An endpoint of Dynatrace, which takes the token.
    pub(crate) is_dynatrace: bool,
    pub(crate) compression: Compression,
}

impl Receiver {
    pub(crate) fn dynatrace(compression: Compression) -> Self {
        Self {
            headers: HeaderMap::new(),
            temporality: Temporality::Delta,
            is_dynatrace: true,
            compression,
        }
    }

    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        self.headers.values().flat_map(secrets).collect()
    }
}

/// The value, and the part after a scheme such as `Bearer`.
fn secrets(value: &HeaderValue) -> Vec<SecretString> {
    let Ok(text) = value.to_str() else {
        return Vec::new();
    };
    let part = text.split_once(' ').map(|(_, part)| part);
    [Some(text), part]
        .into_iter()
        .flatten()
        .filter(|text| text.len() >= MIN_SECRET)
        .map(Into::into)
        .collect()
}

// ===== from otlp::compress: //! Smaller requests.
/// What is done to the body of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Compression {
    None,
    Gzip,
}

impl Compression {
    /// What is sent in place of these bytes, if anything is, and its encoding.
    pub(crate) fn pack(self, bytes: &[u8]) -> Option<(Vec<u8>, &'static str)> {
        match self {
            Self::None => None,
            Self::Gzip => gzip(bytes).map(|packed| (packed, "gzip")),
        }
    }
}

/// At the fastest level, which makes metrics about a tenth of their size; `None` if that fails,
/// which writing to memory does not.
fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}
