//! Root certificates that the program adds to the platform's.

use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretSlice};

use crate::dynatrace::error::ConfigError;
use crate::dynatrace::text::printable;

/// Reads and checks the certificates of all texts.
pub(super) fn certificates(
    texts: &[SecretSlice<u8>],
) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let unusable = |reason: String| ConfigError::RootCertificate { reason };
    let mut certificates = Vec::new();
    for text in texts {
        let before = certificates.len();
        for certificate in CertificateDer::pem_slice_iter(text.expose_secret()) {
            let certificate =
                certificate.map_err(|error| unusable(format!("it is broken PEM: {error}")))?;
            check(&certificate).map_err(unusable)?;
            certificates.push(certificate);
        }
        if certificates.len() == before {
            return Err(unusable(
                "there is no `-----BEGIN CERTIFICATE-----` in it".into(),
            ));
        }
    }
    Ok(certificates)
}

/// Reads and checks the certificates in a file.
pub(super) fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let shown = printable(&path.to_string_lossy()).into_owned();
    let unusable = |reason: String| ConfigError::RootCertificate {
        reason: format!("{shown}: {reason}"),
    };
    let text = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    match certificates(&[text.into()]) {
        Err(ConfigError::RootCertificate { reason }) => Err(unusable(reason)),
        other => other,
    }
}

/// Whether the backend for TLS can use the certificate; which one that is: see `transport/tls`.
#[cfg_attr(
    not(any(
        feature = "native-tls",
        feature = "rustls-ring",
        feature = "rustls-aws-lc"
    )),
    allow(
        clippy::unnecessary_wraps,
        reason = "without a backend, all certificates are accepted"
    )
)]
fn check(certificate: &CertificateDer<'static>) -> Result<(), String> {
    #[cfg(feature = "native-tls")]
    native_tls::Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    #[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
    rustls::RootCertStore::empty()
        .add(certificate.clone())
        .map_err(|error| error.to_string())?;
    let _ = certificate;
    Ok(())
}

#[cfg(test)]
mod tests;
