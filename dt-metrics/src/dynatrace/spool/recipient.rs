//! The recipient of the requests in a slot, so that no process sends them anywhere else.

use std::fmt;

use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::protocol::Format;

/// A protocol and an endpoint. The endpoint names the environment, by its host or in its path. Never
/// contains the query, which may be a token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Recipient {
    pub(crate) format: Format,
    endpoint: String,
}

impl Recipient {
    pub(crate) fn new(format: Format, endpoint: &Endpoint) -> Self {
        // The dot at the end of a host only marks the name as complete.
        let host = endpoint.url().host_str().unwrap_or_default();
        let endpoint = match host.strip_suffix('.') {
            Some(name) => endpoint.to_string().replacen(host, name, 1),
            None => endpoint.to_string(),
        };
        Self {
            format,
            endpoint: endpoint.trim_end_matches('/').to_owned(),
        }
    }

    /// The contents of the file in a slot.
    pub(crate) fn to_text(&self) -> String {
        format!("{self}\n")
    }

    /// Any recipient, for tests that need one.
    #[cfg(test)]
    pub(crate) fn of_test(format: Format) -> Self {
        let endpoint = "https://test.example/ingest".into();
        Self { format, endpoint }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.format.extension(), self.endpoint)
    }
}

#[cfg(test)]
mod tests;
