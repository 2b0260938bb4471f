//! Which callers may use the endpoint: programs, and pages of the endpoint itself, under its own
//! names.
//!
//! The endpoint has no login, so a web page that a developer happens to visit must not reach it. A
//! page of another origin is known by `Origin` or `Sec-Fetch-Site`, which browsers set and pages
//! cannot change. A page that renames itself to this host (DNS rebinding) has the endpoint's origin
//! in the eyes of the browser, but its requests still carry the foreign name in `Host`.

use std::net::IpAddr;

use axum::http::header::{HOST, HeaderName, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Maximum length of a name in a message, in characters.
const SHOWN: usize = 100;

/// The names and addresses under which the endpoint may be called, in addition to the names of loopback.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    names: Vec<String>,
    /// The endpoint listens on all addresses of the host, so a client may use any of them. An address
    /// in `Host` is safe: DNS rebinding needs a name.
    is_any_address: bool,
}

/// Why a request is refused before it is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    pub(crate) status: u16,
    pub(crate) message: String,
}

impl Hosts {
    /// Adds the host of an address to listen on, `host:port`.
    pub(crate) fn add_listen(&mut self, address: &str) {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        match address_of(host) {
            Some(address) if address.is_unspecified() => self.is_any_address = true,
            _ => self.add(host),
        }
    }

    /// Adds a name or an address, without a port.
    pub(crate) fn add(&mut self, host: &str) {
        self.names.push(normal(host));
    }

    /// Checks that a request comes from a program or from a page of the endpoint.
    pub(crate) fn check(&self, parts: &Parts) -> Result<(), Foreign> {
        let mut called = Vec::new();
        for host in parts.headers.get_all(HOST) {
            called.push(authority(host).ok_or_else(|| misdirected(&text(host)))?);
        }
        // A client that takes the endpoint for a proxy also names the host in its request line.
        called.extend(parts.uri.authority().cloned());
        for authority in &called {
            if !self.has(authority.host()) {
                return Err(misdirected(authority.host()));
            }
        }
        for origin in parts.headers.get_all(ORIGIN) {
            if !is_origin_of(origin, &called) {
                return Err(forbidden(&text(origin)));
            }
        }
        let mut sites = parts.headers.get_all(SEC_FETCH_SITE).iter();
        let is_own = sites.all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
        // A link on another page leads to this one, which its browser tab then shows.
        let header = |name| parts.headers.get(name).map(HeaderValue::as_bytes);
        let is_link = parts.method == Method::GET
            && header(SEC_FETCH_MODE) == Some(b"navigate")
            && header(SEC_FETCH_DEST) == Some(b"document");
        if is_own || is_link {
            Ok(())
        } else {
            Err(forbidden("another origin"))
        }
    }

    fn has(&self, host: &str) -> bool {
        let host = normal(host);
        match address_of(&host) {
            Some(address) if address.to_canonical().is_loopback() => true,
            Some(_) if self.is_any_address => true,
            // Browsers never look up these names at a name server (RFC 6761).
            None if host == "localhost" || host.ends_with(".localhost") => true,
            _ => self.names.contains(&host),
        }
    }
}

/// Whether an origin is the one that the request calls. The scheme may differ, since a proxy in
/// front may use TLS.
fn is_origin_of(origin: &HeaderValue, called: &[Authority]) -> bool {
    let origin = origin.to_str().ok();
    let Some((_, origin)) = origin.and_then(|origin| origin.split_once("://")) else {
        return false;
    };
    called
        .iter()
        .any(|authority| authority.as_str().eq_ignore_ascii_case(origin))
}

fn authority(host: &HeaderValue) -> Option<Authority> {
    let authority: Authority = host.to_str().ok()?.parse().ok()?;
    // No client sends a user's name here.
    (!authority.as_str().contains('@')).then_some(authority)
}

/// A host in the spelling in which hosts are compared.
fn normal(host: &str) -> String {
    match address_of(host) {
        Some(address) => address.to_canonical().to_string(),
        None => host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase(),
    }
}

fn address_of(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn misdirected(host: &str) -> Foreign {
    let host: String = host.chars().take(SHOWN).collect();
    Foreign {
        status: 421,
        message: format!(
            "The host {host:?} is not one of this endpoint: call it by the address it listens on, \
             or start it with --allow-host and this name"
        ),
    }
}

fn forbidden(origin: &str) -> Foreign {
    let origin: String = origin.chars().take(SHOWN).collect();
    Foreign {
        status: 403,
        message: format!(
            "A web page of {origin:?} must not use this endpoint: send metrics from a program"
        ),
    }
}
