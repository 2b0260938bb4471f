//! Where lines go.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

/// The OneAgent's local API (Dynatrace documentation, "OneAgent metric API").
pub(super) const ONE_AGENT_URL: &str = "http://localhost:14499/metrics/ingest";

/// How much of a scheme is shown.
const MAX_SCHEME: usize = 10;

const ONE_AGENT_PATH: &str = "/metrics/ingest";

/// Why a text is not an endpoint.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Not a URL at all.
    #[error(
        "it is not a URL: {0}; a whole one looks like https://myenv123.live.dynatrace.com/api/v2/metrics/ingest"
    )]
    NotAUrl(String),
    /// Neither `http` nor `https`.
    #[error("its scheme is {0:?}: use https, or http for a OneAgent on this host")]
    Scheme(String),
    /// No host.
    #[error("it names no host")]
    NoHost,
    /// A user name or password in the URL, which would end up in logs.
    #[error("it contains a user name or password: give the token with `api_token` instead")]
    UserInfo,
    /// No place that takes OTLP.
    #[error(
        "its path is none that takes metrics by OTLP: it ends in /api/v2/otlp/v1/metrics, or is \
         that of the same environment for lines, /api/v2/metrics/ingest (a OneAgent takes lines \
         only)"
    )]
    NotOtlp,
}

/// What the program gave as an endpoint, not checked yet. It may hold a password or a token.
#[derive(Clone)]
pub(crate) struct Given(pub(super) SecretString);

impl<T: Into<String>> From<T> for Given {
    fn from(text: T) -> Self {
        Self(text.into().into())
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Endpoint::parse(self.0.expose_secret()) {
            Ok(endpoint) => fmt::Display::fmt(&endpoint, f),
            // What it is instead may be the token, in the wrong place.
            Err(_) => f.write_str("[not usable]"),
        }
    }
}

/// A checked URL. Prints without its query, which may hold a secret.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Endpoint(Url);

impl Endpoint {
    pub(super) fn parse(text: &str) -> Result<Self, EndpointError> {
        let url =
            Url::parse(text.trim()).map_err(|error| EndpointError::NotAUrl(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            // A longer one may be something else that was given by mistake.
            let scheme = url.scheme().get(..MAX_SCHEME).unwrap_or(url.scheme());
            return Err(EndpointError::Scheme(scheme.into()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(EndpointError::NoHost);
        }
        // Such as `{your-environment-id}`, left as it stood in the documentation.
        let is_of_names = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if url
            .host_str()
            .is_some_and(|host| !host.chars().all(is_of_names))
        {
            return Err(EndpointError::NotAUrl(
                "its host has a character that no host has".into(),
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo);
        }
        Ok(Self(url))
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    pub(super) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether what is sent there stays on this host.
    pub(super) fn is_loopback(&self) -> bool {
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

    /// The name to be taken for this host, if the system may not know it as that: the whole of
    /// `.localhost` is, but some systems ask others for it.
    pub(super) fn name_of_this_host(&self) -> Option<&str> {
        let name = self.0.host_str()?;
        (self.is_loopback() && name.trim_end_matches('.').ends_with(".localhost")).then_some(name)
    }

    /// Whether others can read what is sent there.
    pub(super) fn is_readable_by_others(&self) -> bool {
        !self.is_https() && !self.is_loopback()
    }

    /// Whether its query holds a token: Dynatrace takes one there, too.
    pub(super) fn has_token(&self) -> bool {
        self.0
            .query_pairs()
            .any(|(key, _)| key.eq_ignore_ascii_case("api-token"))
    }

    /// What its query says, which others should not see.
    pub(super) fn query_values(&self) -> impl Iterator<Item = String> {
        self.0.query_pairs().map(|(_, value)| value.into_owned())
    }

    /// Whether a OneAgent answers there: it takes no token.
    pub(super) fn is_one_agent(&self) -> bool {
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
