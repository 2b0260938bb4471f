//! The URL of an endpoint.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use crate::dynatrace::config::unquoted::unquoted;
use crate::dynatrace::error::EndpointError;

/// The OneAgent's local API (Dynatrace documentation, "OneAgent metric API").
pub(crate) const ONE_AGENT_URL: &str = "http://localhost:14499/metrics/ingest";

/// The most characters of a scheme that are shown.
const MAX_SCHEME: usize = 10;

const ONE_AGENT_PATH: &str = "/metrics/ingest";

/// The port of the OneAgent's local API.
const ONE_AGENT_PORT: u16 = 14_499;

/// The most lines in a request to the OneAgent's local API.
const MAX_LINES: usize = 1_000;

/// The port for OTLP over gRPC (OpenTelemetry specification, "OpenTelemetry Protocol Exporter").
pub(crate) const GRPC_PORT: u16 = 4_317;

/// The domains of environments at Dynatrace: for access tokens, and for platform tokens.
const CLASSIC_DOMAIN: &str = ".live.dynatrace.com";
const PLATFORM_DOMAIN: &str = ".apps.dynatrace.com";

/// The paths of the API in an environment.
const LINES_PATH: &str = "/api/v2/metrics/ingest";
const OTLP_PATH: &str = "/api/v2/otlp/v1/metrics";

/// Takes the place of `/api` on a platform host.
const PLATFORM_API: &str = "/platform/classic/environment-api";

#[cfg(feature = "otlp")]
const OTLP_METRICS_PATH: &str = "/v1/metrics";

/// A checked URL. It prints without its query, which may contain a secret.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Endpoint(Url);

impl Endpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, EndpointError> {
        let text = unquoted(text).unwrap_or_default();
        let url = Url::parse(text).map_err(|error| EndpointError::NotAUrl(error.to_string()))?;
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

    /// The endpoint of the same environment that accepts metric lines. A path that is cut short, has
    /// a slash too many, or is the path for OTLP is corrected; any other path is left to servers that
    /// are not Dynatrace's.
    pub(super) fn for_lines(self) -> Result<Self, EndpointError> {
        if self.is_loopback() && self.0.port() == Some(ONE_AGENT_PORT) && self.segments().is_empty()
        {
            return Ok(self.with_path(ONE_AGENT_PATH));
        }
        if let Some(environment) = self.environment() {
            return Ok(self.with_path(&self.api(&environment, LINES_PATH)));
        }
        if self.is_dynatrace() {
            let expected = self.with_path(&self.api("", LINES_PATH)).to_string();
            return Err(EndpointError::NotIngest(expected));
        }
        let path = format!("/{}", self.segments().join("/"));
        let is_ingest = path.ends_with(ONE_AGENT_PATH);
        Ok(if is_ingest {
            self.with_path(&path)
        } else {
            self
        })
    }

    /// The endpoint of the same environment that accepts OTLP.
    #[cfg(feature = "otlp")]
    pub(super) fn over_otlp(self) -> Result<Self, EndpointError> {
        if let Some(environment) = self.environment().or_else(|| self.bare_environment()) {
            return Ok(self.with_path(&self.api(&environment, OTLP_PATH)));
        }
        let path = self.0.path().trim_end_matches('/');
        if path.ends_with(OTLP_METRICS_PATH) {
            Ok(self.with_path(path))
        } else {
            Err(EndpointError::NotOtlp)
        }
    }

    /// The path in front of the API if this is a URL of Dynatrace, complete or cut short: empty, or
    /// `/e/…` on an `ActiveGate` and in Dynatrace Managed.
    fn environment(&self) -> Option<String> {
        let mut segments = self.segments();
        let mut environment = String::new();
        if let ["e", id, ..] = *segments {
            environment = format!("/e/{id}");
            segments.drain(..2);
        }
        let rest = match &*segments {
            // A page of the platform, as it is in the address bar.
            ["ui", ..] if self.is_platform() => Vec::new(),
            ["platform", "classic", "environment-api", rest @ ..] => {
                if !self.is_dynatrace() {
                    // A gateway in front of the platform has its path.
                    environment.push_str(PLATFORM_API);
                }
                [&["api"], rest].concat()
            }
            ["v2", ..] if self.is_platform() => [&["api"], &*segments].concat(),
            all => all.to_vec(),
        };
        let [lines, otlp] = [LINES_PATH, OTLP_PATH].map(|path| {
            let whole: Vec<_> = path.split('/').skip(1).collect();
            (whole.starts_with(&rest), whole.len() == rest.len())
        });
        let is_whole = lines == (true, true) || otlp == (true, true);
        let is_beginning = lines.0 || otlp.0;
        let is_environment = self.is_dynatrace() || !environment.is_empty();
        (is_whole || (is_environment && is_beginning)).then_some(environment)
    }

    /// A URL without a path, or with the beginning of the path for OTLP.
    #[cfg(feature = "otlp")]
    fn bare_environment(&self) -> Option<String> {
        matches!(*self.segments(), [] | ["api", "v2", "otlp"]).then(String::new)
    }

    /// The path of an API of this host's environment.
    fn api(&self, environment: &str, path: &str) -> String {
        match path.strip_prefix("/api") {
            Some(rest) if self.is_platform() => format!("{PLATFORM_API}{rest}"),
            Some(rest) if environment.ends_with(PLATFORM_API) => format!("{environment}{rest}"),
            _ => format!("{environment}{path}"),
        }
    }

    /// The endpoint of the same environment for platform tokens, if this is another one.
    pub(super) fn for_platform_token(&self) -> Option<Self> {
        self.moved(CLASSIC_DOMAIN, PLATFORM_DOMAIN)
    }

    /// The endpoint of the same environment for classic access tokens, if this is another one.
    pub(super) fn for_access_token(&self) -> Option<Self> {
        self.moved(PLATFORM_DOMAIN, CLASSIC_DOMAIN)
    }

    fn moved(&self, from: &str, to: &str) -> Option<Self> {
        let environment = self.0.host_str()?.strip_suffix(from)?;
        let is_otlp = self.0.path().ends_with("/v1/metrics");
        let mut moved = self.clone();
        moved.0.set_host(Some(&format!("{environment}{to}"))).ok()?;
        let path = if is_otlp { OTLP_PATH } else { LINES_PATH };
        Some(moved.with_path(&moved.api("", path)))
    }

    fn is_dynatrace(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        self.is_platform() || host.ends_with(CLASSIC_DOMAIN)
    }

    fn is_platform(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        host.ends_with(PLATFORM_DOMAIN)
    }

    /// The parts of the path, without the empty ones.
    fn segments(&self) -> Vec<&str> {
        let parts = self.0.path().split('/');
        parts.filter(|part| !part.is_empty()).collect()
    }

    fn with_path(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(path);
        Self(url)
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

    /// Whether this is the local API of a OneAgent on another host, which does not answer there.
    pub(crate) fn is_remote_one_agent(&self) -> bool {
        let is_of_one_agent = self.0.port() == Some(ONE_AGENT_PORT)
            && self.0.path().trim_end_matches('/') == ONE_AGENT_PATH;
        is_of_one_agent && !self.is_loopback()
    }

    /// The most lines in a request. The OneAgent accepts 1,000 (Dynatrace documentation, "OneAgent
    /// metric API"); for the API, only the bytes are limited. A server that is neither may pass the
    /// lines on to a OneAgent.
    pub(super) fn max_lines(&self) -> usize {
        if self.environment().is_some() {
            usize::MAX
        } else {
            MAX_LINES
        }
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
