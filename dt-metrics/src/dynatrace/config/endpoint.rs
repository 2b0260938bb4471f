//! The URL of an endpoint.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use crate::dynatrace::error::EndpointError;

/// The OneAgent's local API (Dynatrace documentation, "OneAgent metric API").
pub(crate) const ONE_AGENT_URL: &str = "http://localhost:14499/metrics/ingest";

/// The most characters of a scheme that are shown.
const MAX_SCHEME: usize = 10;

const ONE_AGENT_PATH: &str = "/metrics/ingest";

#[cfg(feature = "otlp")]
const LINES_PATH: &str = "/api/v2/metrics/ingest";

#[cfg(feature = "otlp")]
const OTLP_PATH: &str = "/api/v2/otlp";

#[cfg(feature = "otlp")]
const OTLP_METRICS_PATH: &str = "/v1/metrics";

/// A checked URL. It prints without its query, which may contain a secret.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Endpoint(Url);

impl Endpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, EndpointError> {
        let url =
            Url::parse(text.trim()).map_err(|error| EndpointError::NotAUrl(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            // A longer scheme may be something else that was given by mistake.
            let scheme = url.scheme().get(..MAX_SCHEME).unwrap_or(url.scheme());
            return Err(EndpointError::Scheme(scheme.into()));
        }
        // Other characters come from a placeholder in the documentation, `{your-environment-id}`.
        let is_of_hosts = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        match url.host_str() {
            None | Some("") => return Err(EndpointError::NoHost),
            Some(host) if !host.chars().all(is_of_hosts) => {
                let reason = "its host has a character that no host has";
                return Err(EndpointError::NotAUrl(reason.into()));
            }
            Some(_) => {}
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo);
        }
        Ok(Self(url))
    }

    /// The endpoint of the same environment that accepts OTLP.
    #[cfg(feature = "otlp")]
    pub(super) fn over_otlp(mut self) -> Result<Self, EndpointError> {
        let path = self.0.path().trim_end_matches('/');
        let path = if path.ends_with(OTLP_METRICS_PATH) {
            path.to_owned()
        } else if path.ends_with(OTLP_PATH) {
            format!("{path}{OTLP_METRICS_PATH}")
        } else {
            // An environment has no path, or `/e/…` on an ActiveGate.
            let environment = path.strip_suffix(LINES_PATH).unwrap_or(path);
            let id = environment.strip_prefix("/e/");
            let is_id = id.is_some_and(|id| !id.is_empty() && !id.contains('/'));
            if !environment.is_empty() && !is_id {
                return Err(EndpointError::NotOtlp);
            }
            format!("{environment}{OTLP_PATH}{OTLP_METRICS_PATH}")
        };
        self.0.set_path(&path);
        Ok(self)
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether requests stay on this host.
    pub(crate) fn is_loopback(&self) -> bool {
        let Some(host) = self.0.host_str() else {
            return false;
        };
        let host = host.trim_start_matches('[').trim_end_matches([']', '.']);
        match host.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            // The whole of `.localhost` is the host itself (RFC 6761, section 6.3).
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
    }

    /// The host name if it is below `.localhost`. It means this host, but some systems resolve it
    /// elsewhere.
    pub(crate) fn name_of_this_host(&self) -> Option<&str> {
        let name = self.0.host_str()?;
        (self.is_loopback() && name.trim_end_matches('.').ends_with(".localhost")).then_some(name)
    }

    /// Whether others on the network can read requests.
    pub(crate) fn is_readable_by_others(&self) -> bool {
        !self.is_https() && !self.is_loopback()
    }

    /// Whether the query contains a token, which Dynatrace accepts there as well.
    pub(crate) fn has_token(&self) -> bool {
        self.0
            .query_pairs()
            .any(|(key, _)| key.eq_ignore_ascii_case("api-token"))
    }

    /// The values in the query, which others must not see.
    pub(crate) fn query_values(&self) -> impl Iterator<Item = String> {
        self.0.query_pairs().map(|(_, value)| value.into_owned())
    }

    /// Whether this is the endpoint of a OneAgent, which needs no token.
    pub(crate) fn is_one_agent(&self) -> bool {
        self.is_loopback() && self.0.path().trim_end_matches('/') == ONE_AGENT_PATH
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.0.clone();
        url.set_query(None);
        url.set_fragment(None);
        f.write_str(url.as_str())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
