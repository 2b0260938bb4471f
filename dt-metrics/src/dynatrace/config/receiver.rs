//! What is known of a receiver of OTLP, besides its address.

use std::io::Write;

use flate2::write::GzEncoder;
use opentelemetry_sdk::metrics::Temporality;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::SecretString;

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
