//! Where lines go.

use crate::dynatrace::error::EndpointError;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::net::IpAddr;

/// The OneAgent's local API (Dynatrace documentation, "OneAgent metric API").
pub(crate) const ONE_AGENT_URL: &str = "http://localhost:14499/metrics/ingest";

/// How much of a scheme is shown.
const MAX_SCHEME: usize = 10;

const ONE_AGENT_PATH: &str = "/metrics/ingest";

/// What the program gave as an endpoint, not checked yet. It may hold a password or a token.
#[derive(Clone)]
pub(crate) struct Given(pub(crate) SecretString);

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
pub(crate) struct Endpoint(Url);

impl Endpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, EndpointError> {
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

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether what is sent there stays on this host.
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

    /// The name to be taken for this host, if the system may not know it as that: the whole of
    /// `.localhost` is, but some systems ask others for it.
    pub(crate) fn name_of_this_host(&self) -> Option<&str> {
        let name = self.0.host_str()?;
        (self.is_loopback() && name.trim_end_matches('.').ends_with(".localhost")).then_some(name)
    }

    /// Whether others can read what is sent there.
    pub(crate) fn is_readable_by_others(&self) -> bool {
        !self.is_https() && !self.is_loopback()
    }

    /// Whether its query holds a token: Dynatrace takes one there, too.
    pub(crate) fn has_token(&self) -> bool {
        self.0
            .query_pairs()
            .any(|(key, _)| key.eq_ignore_ascii_case("api-token"))
    }

    /// What its query says, which others should not see.
    pub(crate) fn query_values(&self) -> impl Iterator<Item = String> {
        self.0.query_pairs().map(|(_, value)| value.into_owned())
    }

    /// Whether a OneAgent answers there: it takes no token.
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
