//! Why a request got no answer, from the errors of the HTTP client and of TLS.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::retry::outcome::Failure;

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
    let tls_error = chain(error).find_map(|cause| innermost(cause).downcast_ref());
    let (cause, advice) = tls_error
        .and_then(explain_tls)
        .unwrap_or_else(|| (root_cause, advice(error, endpoint)));
    Diagnosis {
        failure: failure(error, endpoint),
        cause,
        advice,
        is_untrusted: matches!(tls_error, Some(rustls::Error::InvalidCertificate(_))),
    }
}

fn failure(error: &reqwest::Error, endpoint: &Endpoint) -> Failure {
    if !error.is_connect() && !error.is_builder() {
        Failure::NoAnswer
    } else if has_io_error(error, io::ErrorKind::ConnectionRefused) {
        Failure::Refused {
            here: endpoint.is_loopback(),
        }
    } else {
        Failure::Connect
    }
}

fn advice(error: &reqwest::Error, endpoint: &Endpoint) -> Option<&'static str> {
    let is = |kind| has_io_error(error, kind);
    // The HTTP client has no types for some causes, so that only their texts tell them apart.
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

/// The cause and the advice; `None` if the text of the error is clear enough.
fn explain_tls(error: &rustls::Error) -> Option<(String, Option<&'static str>)> {
    let (cause, advice) = match error {
        rustls::Error::InvalidCertificate(error) => return Some(explain_certificate(error)),
        rustls::Error::PeerIncompatible(reason) => (
            format!("the server offers no version of TLS that is secure enough ({reason:?})"),
            Some("enable TLS 1.2 or 1.3 on the server"),
        ),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => (
            "the server supports neither TLS 1.2 nor TLS 1.3".into(),
            Some("enable TLS 1.2 or 1.3 on the server"),
        ),
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => (
            "the server and this host have no encryption in common".into(),
            Some("enable current cipher suites of TLS 1.2 or 1.3 on the server"),
        ),
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::BadCertificate,
        ) => (
            "the server requires a client certificate, which is not supported".into(),
            None,
        ),
        rustls::Error::InvalidMessage(_) => (
            "the server there does not speak TLS".into(),
            Some("check the port, and whether it is an https endpoint"),
        ),
        _ => return None,
    };
    Some((cause, advice))
}

fn explain_certificate(error: &CertificateError) -> (String, Option<&'static str>) {
    let (what, advice) = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("has expired", "renew it, or correct the clock of this host")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "is not valid yet",
            "correct the clock of this host, or wait",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "is for another host",
            "use a host name of the certificate in the endpoint",
        ),
        // A bad signature: this host trusts another root with the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => (
            "is from a root that this host does not trust",
            "add that root with `add_root_certificate_pem`, or to the trusted certificates of this \
             host; if it should be trusted, a device in between reads what is sent",
        ),
        CertificateError::Revoked => ("was revoked", "replace it"),
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => (
            "is an authority's own (CA:TRUE), as `openssl req -x509` makes it",
            "make one with CA:FALSE and trust that, or sign one with it",
        ),
        other => {
            let cause = format!("the server's certificate is not valid: {other}");
            return (cause, None);
        }
    };
    let mut cause = format!("the server's certificate {what}");
    if let CertificateError::NotValidForNameContext { presented, .. } = error {
        cause.push_str(", ");
        cause.push_str(&presented.join(", "));
    }
    (cause, Some(advice))
}
