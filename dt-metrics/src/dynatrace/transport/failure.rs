//! Why a request got no answer, from the errors of the HTTP client and of TLS.

use std::error::Error;
use std::io;

use crate::dynatrace::config::endpoint::{Endpoint, GRPC_PORT};
use crate::dynatrace::retry::outcome::Failure;
use crate::dynatrace::transport::tls::explain;

/// An error of the HTTP client in words of the field.
pub(super) struct Diagnosis {
    pub(super) failure: Failure,
    /// The root of the error. It may contain secrets and text of any length.
    pub(super) cause: String,
    /// Advice for the user.
    pub(super) advice: Option<&'static str>,
    /// Whether this host does not trust the server's certificate.
    pub(super) is_untrusted: bool,
}

impl Diagnosis {
    pub(super) fn new(failure: Failure, cause: String) -> Self {
        Self {
            failure,
            cause,
            advice: None,
            is_untrusted: false,
        }
    }
}

/// Finds the error at the root: the errors above it only name the layers that it passed.
pub(super) fn diagnose(error: &reqwest::Error, endpoint: &Endpoint) -> Diagnosis {
    let root_cause = chain(error)
        .last()
        .map_or_else(String::new, ToString::to_string);
    let failure = failure(error, endpoint);
    match chain(error).find_map(|cause| explain(innermost(cause))) {
        Some(of_tls) => Diagnosis {
            failure,
            cause: of_tls.cause,
            advice: of_tls.advice,
            is_untrusted: of_tls.is_untrusted,
        },
        None => Diagnosis {
            advice: advice(error, endpoint),
            ..Diagnosis::new(failure, root_cause)
        },
    }
}

fn failure(error: &reqwest::Error, endpoint: &Endpoint) -> Failure {
    // The connection was closed before the request was written to it.
    let is_unsent = chain(error).any(|cause| cause.to_string() == "operation was canceled");
    if !error.is_connect() && !error.is_builder() && !is_unsent {
        Failure::Ambiguous
    } else if has_io_error(error, io::ErrorKind::ConnectionRefused) {
        Failure::NobodyListens {
            here: endpoint.is_loopback(),
        }
    } else {
        Failure::Connect
    }
}

fn advice(error: &reqwest::Error, endpoint: &Endpoint) -> Option<&'static str> {
    let is = |kind| has_io_error(error, kind);
    // The HTTP client has no types for some causes, so that only their texts distinguish them.
    let says = |text: &str| chain(error).any(|cause| cause.to_string().contains(text));
    if says("dns error") {
        Some("check the spelling of the host name and the DNS of this host")
    } else if says("proxy auth") {
        Some("put the proxy's user and password into its variable, as in http://user:password@host")
    } else if is(io::ErrorKind::ConnectionRefused) {
        Some("check the host, the port, and whether the server runs")
    } else if is(io::ErrorKind::NetworkUnreachable) || is(io::ErrorKind::HostUnreachable) {
        Some("check that this host has a route to that network")
    } else if error.is_timeout() && error.is_connect() {
        Some("check the host, the port, and whether a firewall blocks outgoing connections")
    } else if endpoint.url().port() == Some(GRPC_PORT) {
        Some("port 4317 is for OTLP over gRPC: use port 4318, which is for OTLP over HTTP")
    } else if says("invalid HTTP") {
        Some("the server there does not speak HTTP: check the port, or use https")
    } else if error.is_timeout() {
        Some("check whether the server hangs")
    } else if !endpoint.is_https() && !error.is_connect() {
        Some("check whether the server crashes, or use https if it is an https endpoint")
    } else {
        None
    }
}

fn has_io_error(error: &reqwest::Error, kind: io::ErrorKind) -> bool {
    chain(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.kind() == kind)
}

/// The error and its sources, from the outermost to the innermost.
fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |&error| error.source())
}

/// Unwraps I/O errors: the `source` of an I/O error skips the error inside it.
fn innermost<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    while let Some(inner) = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        error = inner;
    }
    error
}
