//! How metrics are sent, besides where.

use opentelemetry_sdk::metrics::Temporality;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::SecretString;

use super::body::Body;
use super::format::Format;
#[cfg(feature = "otlp")]
use super::otlp::Receiver;

/// One delivery, two ways to write and send.
#[derive(Clone, Debug)]
pub(super) enum Protocol {
    /// The metric line protocol.
    Lines,
    #[cfg(feature = "otlp")]
    Otlp(Receiver),
}

impl Protocol {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Lines => Format::Lines,
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => Format::Otlp,
        }
    }

    /// Such as "by OTLP".
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Lines => "to Dynatrace",
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => "by OTLP",
        }
    }

    pub(super) fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Lines => "text/plain; charset=utf-8",
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => "application/x-protobuf",
        })
    }

    /// The body as it is sent, and how it is encoded.
    pub(super) fn pack(&self, body: &Body) -> (reqwest::Body, Option<HeaderValue>) {
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
    pub(super) fn headers(&self) -> HeaderMap {
        match self {
            Self::Lines => HeaderMap::new(),
            #[cfg(feature = "otlp")]
            Self::Otlp(receiver) => receiver.headers.clone(),
        }
    }

    /// What in the headers must not be shown.
    pub(super) fn secrets(&self) -> Vec<SecretString> {
        match self {
            Self::Lines => Vec::new(),
            #[cfg(feature = "otlp")]
            Self::Otlp(receiver) => receiver.secrets(),
        }
    }

    pub(super) fn temporality(&self) -> Temporality {
        match self {
            // What the protocol's counts are.
            Self::Lines => Temporality::Delta,
            #[cfg(feature = "otlp")]
            Self::Otlp(receiver) => receiver.temporality,
        }
    }
}
