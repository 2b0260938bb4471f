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

/// The error that started it: those above only say which layer it passed.
pub(super) fn cause(error: &reqwest::Error) -> String {
    chain(error)
        .find_map(|cause| tls::explain(within(cause).downcast_ref()?))
        .unwrap_or_else(|| chain(error).last().unwrap_or(error).to_string())
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
