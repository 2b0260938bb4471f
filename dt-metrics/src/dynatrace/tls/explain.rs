//! Why a server was not trusted, and what to do about it.

use rustls::{AlertDescription, CertificateError, Error};

use super::super::answer::shorten;

/// In words that name the cause and the fix; `None` if rustls says it best itself.
pub(in super::super) fn explain(error: &Error) -> Option<String> {
    let text = match error {
        Error::InvalidCertificate(error) => return Some(certificate(error)),
        Error::PeerIncompatible(reason) => format!(
            "the server offers no TLS that is secure enough ({reason:?}): let it speak TLS 1.2 or \
             1.3"
        ),
        Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "the server speaks neither TLS 1.2 nor TLS 1.3: let it".into()
        }
        Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server and this host have no way of encryption in common: let the server offer \
             current cipher suites of TLS 1.2 or 1.3"
                .into()
        }
        Error::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::BadCertificate,
        ) => "the server asks for a client certificate, which is not supported".into(),
        Error::InvalidMessage(_) => {
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
