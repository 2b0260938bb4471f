//! Why there was no answer, from the errors of the HTTP client.

use std::error::Error;
use std::io;

use super::super::endpoint::Endpoint;
use super::super::outcome::Failure;
use super::super::tls;

/// Whether it is the server's certificate.
pub(super) fn is_untrusted(error: &reqwest::Error) -> bool {
    chain(error).any(|cause| {
        matches!(
            within(cause).downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_))
        )
    })
}

pub(super) fn failure(error: &reqwest::Error, endpoint: &Endpoint) -> Failure {
    if !error.is_connect() && !error.is_builder() {
        return Failure::NoAnswer;
    }
    let refused = chain(error).any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    });
    if refused {
        Failure::Refused {
            here: endpoint.is_loopback(),
        }
    } else {
        Failure::Connect
    }
}

/// What went wrong, in whose words.
pub(super) enum Cause {
    Ours(String),
    Theirs(String),
}

/// The error that started it: those above only say which layer it passed.
pub(super) fn cause(error: &reqwest::Error) -> Cause {
    let explained = chain(error).find_map(|cause| tls::explain(within(cause).downcast_ref()?));
    explained.map_or_else(
        || Cause::Theirs(chain(error).last().unwrap_or(error).to_string()),
        Cause::Ours,
    )
}

/// What to do about it, where the cause does not say.
pub(super) fn advice(error: &reqwest::Error, endpoint: &Endpoint) -> Option<&'static str> {
    let says = |text: &str| chain(error).any(|cause| cause.to_string().contains(text));
    let is = |kind| {
        chain(error)
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|error| error.kind() == kind)
    };
    // What a client of HTTP has no types for is told by its words.
    if says("dns error") {
        Some("is the host's name spelled right, and does this host's DNS know it?")
    } else if says("proxy auth") {
        Some("put the proxy's user and password into its variable, as in http://user:password@host")
    } else if is(io::ErrorKind::ConnectionRefused) {
        Some("are host and port right, and does the server run?")
    } else if is(io::ErrorKind::NetworkUnreachable) || is(io::ErrorKind::HostUnreachable) {
        Some("has this host a way into that network?")
    } else if error.is_timeout() && error.is_connect() {
        Some("are host and port right, and does a firewall let connections out?")
    } else if says("invalid HTTP") {
        Some(
            "what answers there does not speak HTTP: is the port right, or is it an https endpoint?",
        )
    } else if error.is_timeout() {
        Some("does the server hang?")
    } else if !endpoint.is_https() && !error.is_connect() {
        Some("does the server end, or is it an https endpoint?")
    } else {
        None
    }
}

/// What an I/O error wraps, which its `source` passes over.
fn within<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    while let Some(inner) = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        error = inner;
    }
    error
}

fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |&error| error.source())
}
