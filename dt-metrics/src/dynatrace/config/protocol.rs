//! The protocols by which metrics are sent.

use opentelemetry_sdk::metrics::Temporality;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::SecretString;

#[cfg(feature = "otlp")]
use crate::dynatrace::config::receiver::Receiver;

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
