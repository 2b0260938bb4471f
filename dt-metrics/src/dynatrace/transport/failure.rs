//! Why there was no answer, from the errors of the HTTP client.

use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::retry::outcome::Failure;
use crate::dynatrace::transport::redact::shorten;
use rustls::{AlertDescription, CertificateError};
use std::error::Error;
use std::io;

/// Whether it is the server's certificate.
pub(crate) fn is_untrusted(error: &reqwest::Error) -> bool {
    chain(error).any(|cause| {
        matches!(
            within(cause).downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_))
        )
    })
}

pub(crate) fn failure(error: &reqwest::Error, endpoint: &Endpoint) -> Failure {
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
pub(crate) enum Cause {
    Ours(String),
    Theirs(String),
}

/// The error that started it: those above only say which layer it passed.
pub(crate) fn cause(error: &reqwest::Error) -> Cause {
    let explained = chain(error).find_map(|cause| explain(within(cause).downcast_ref()?));
    explained.map_or_else(
        || Cause::Theirs(chain(error).last().unwrap_or(error).to_string()),
        Cause::Ours,
    )
}

/// What to do about it, where the cause does not say.
pub(crate) fn advice(error: &reqwest::Error, endpoint: &Endpoint) -> Option<&'static str> {
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

// ===== from tls::explain: //! Why a server was not trusted, and what to do about it.
/// In words that name the cause and the fix; `None` if rustls says it best itself.
pub(crate) fn explain(error: &rustls::Error) -> Option<String> {
    let text = match error {
        rustls::Error::InvalidCertificate(error) => return Some(certificate(error)),
        rustls::Error::PeerIncompatible(reason) => format!(
            "the server offers no TLS that is secure enough ({reason:?}): let it speak TLS 1.2 or \
             1.3"
        ),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "the server speaks neither TLS 1.2 nor TLS 1.3: let it".into()
        }
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server and this host have no way of encryption in common: let the server offer \
             current cipher suites of TLS 1.2 or 1.3"
                .into()
        }
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::BadCertificate,
        ) => "the server asks for a client certificate, which is not supported".into(),
        rustls::Error::InvalidMessage(_) => {
            "what answers there does not speak TLS: is the port right, and is it an https endpoint?"
                .into()
        }
        _ => return None,
    };
    Some(text)
}

fn certificate(error: &CertificateError) -> String {
    let (what, fix) = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "has expired".into(),
            "renew it, or set this host's clock right",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "is not valid yet".into(),
            "set this host's clock right, or wait",
        ),
        CertificateError::NotValidForName => (
            "is for another host".into(),
            "use a host name that the certificate is for in the endpoint",
        ),
        CertificateError::NotValidForNameContext { presented, .. } => (
            format!("is for another host, {}", shorten(&presented.join(", "))),
            "use a host name that the certificate is for in the endpoint",
        ),
        // The second: a root of the same name is trusted, but another one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => (
            "is from a root that this host does not trust".into(),
            "add that root with `add_root_certificate_pem`, or to the host's trusted certificates; \
             if it should be trusted, something between reads what is sent",
        ),
        CertificateError::Revoked => ("was revoked".into(), "replace it"),
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => (
            "is an authority's own (CA:TRUE), as `openssl req -x509` makes it".into(),
            "make one with CA:FALSE and trust that, or sign one with it",
        ),
        other => {
            let other = shorten(&other.to_string());
            return format!("the server's certificate is not valid: {other}");
        }
    };
    format!("the server's certificate {what}: {fix}")
}
