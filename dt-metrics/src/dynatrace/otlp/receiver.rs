//! Who receives.

use opentelemetry_sdk::metrics::Temporality;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::SecretString;

use super::compress::Compression;

/// The shortest value of a header that is taken for a secret.
const MIN_SECRET: usize = 8;

/// What is to be known of a receiver, besides its address.
#[derive(Clone, Debug)]
pub(in crate::dynatrace) struct Receiver {
    /// For a Collector; the values are sensitive.
    pub(in crate::dynatrace) headers: HeaderMap,
    pub(in crate::dynatrace) temporality: Temporality,
    /// An endpoint of Dynatrace, which takes the token.
    pub(in crate::dynatrace) is_dynatrace: bool,
    pub(in crate::dynatrace) compression: Compression,
}

impl Receiver {
    pub(super) fn dynatrace(compression: Compression) -> Self {
        Self {
            headers: HeaderMap::new(),
            temporality: Temporality::Delta,
            is_dynatrace: true,
            compression,
        }
    }

    pub(in crate::dynatrace) fn secrets(&self) -> Vec<SecretString> {
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
