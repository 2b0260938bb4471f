//! Root certificates that the program adds to the platform's.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretSlice};

use crate::dynatrace::error::ConfigError;

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
            RootCertStore::empty()
                .add(certificate.clone())
                .map_err(|error| unusable(error.to_string()))?;
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

#[cfg(test)]
mod tests;
