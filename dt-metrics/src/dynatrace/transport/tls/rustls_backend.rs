//! TLS of rustls, with the certificates that the platform and the program trust.

use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use reqwest::ClientBuilder;
#[cfg(not(feature = "rustls-ring"))]
use rustls::crypto::aws_lc_rs as crypto;
#[cfg(feature = "rustls-ring")]
use rustls::crypto::ring as crypto;
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::dynatrace::config::Config;
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::transport::tls::failure::{TlsFailure, advice};

/// Environment variables that replace the platform's places for certificates.
const FILE_VARIABLE: &str = "SSL_CERT_FILE";
const DIRECTORY_VARIABLE: &str = "SSL_CERT_DIR";

/// The certificates of Debian and Alpine, Red Hat, openSUSE, and their derivatives.
const ROOT_FILES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The first certificate of a file begins within this many bytes.
const BEGINNING: u64 = 16 * 1024;

/// Adds TLS 1.2 and 1.3 to the client.
///
/// The crypto provider is named here, so that the program's default provider is neither needed nor
/// changed.
pub(in crate::dynatrace::transport) fn with_tls(
    client: ClientBuilder,
    config: &Config,
) -> Result<ClientBuilder, ConfigError> {
    let provider = Arc::new(crypto::default_provider());
    let tls = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| ConfigError::Tls(error.into()))?;
    // Redirects are not followed, so a cleartext endpoint never needs certificates: loading them
    // takes milliseconds that a short program would wait for, and a bare container has none.
    if !config.target.endpoint.is_https() {
        let tls = tls
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        return Ok(client.tls_backend_preconfigured(tls));
    }
    let added = config.trusted_roots()?;
    let verifier =
        Verifier::new_with_extra_roots(added, provider).map_err(|error| match error {
            // The verifier reports a general error if it finds no certificates.
            rustls::Error::General(_) => ConfigError::NoRootCertificates(error.into()),
            other => ConfigError::Tls(other.into()),
        })?;
    let tls = tls
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(client.tls_backend_preconfigured(tls))
}

/// Whether the certificates of the platform are in one of the usual places. It does not read all of
/// them, which takes a while, and may be wrong if it returns `false`.
pub(in crate::dynatrace::transport) fn has_platform_roots() -> bool {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    match variable(FILE_VARIABLE) {
        Some(file) => has_certificate(Path::new(&file)),
        None if variable(DIRECTORY_VARIABLE).is_some() => false,
        None => ROOT_FILES
            .iter()
            .any(|file| has_certificate(Path::new(file))),
    }
}

fn has_certificate(path: &Path) -> bool {
    const PEM_HEADER: &[u8] = b"-----BEGIN CERTIFICATE-----";
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning));
    read.is_ok()
        && beginning
            .windows(PEM_HEADER.len())
            .any(|part| part == PEM_HEADER)
}

/// Explains an error of rustls; `None` if it is another error, or clear enough.
pub(in crate::dynatrace::transport) fn explain(
    error: &(dyn Error + 'static),
) -> Option<TlsFailure> {
    let error = error.downcast_ref()?;
    let (cause, advice) = explain_tls(error)?;
    Some(TlsFailure {
        cause,
        advice,
        is_untrusted: matches!(error, rustls::Error::InvalidCertificate(_)),
    })
}

/// The cause and the advice; `None` if the text of the error is clear enough.
fn explain_tls(error: &rustls::Error) -> Option<(String, Option<&'static str>)> {
    let (cause, advice) = match error {
        rustls::Error::InvalidCertificate(error) => return Some(explain_certificate(error)),
        rustls::Error::PeerIncompatible(reason) => (
            format!("the server offers no version of TLS that is secure enough ({reason:?})"),
            Some(advice::OLD_VERSION),
        ),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => (
            "the server supports neither TLS 1.2 nor TLS 1.3".into(),
            Some(advice::OLD_VERSION),
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
            Some(advice::NO_TLS),
        ),
        _ => return None,
    };
    Some((cause, advice))
}

fn explain_certificate(error: &CertificateError) -> (String, Option<&'static str>) {
    let (what, advice) = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("has expired", advice::EXPIRED)
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("is not valid yet", advice::NOT_YET_VALID)
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ("is for another host", advice::OTHER_HOST)
        }
        // A bad signature: this host trusts another root with the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => (
            "is from a root that this host does not trust",
            advice::UNKNOWN_ROOT,
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
