//! Root certificates that the program adds to the platform's.

use std::fmt;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::dynatrace::error::ConfigError;

/// Certificates of the program that are not checked yet. `Debug` shows only the length: the text may
/// be something else, such as a key, given by mistake.
#[derive(Clone)]
pub(crate) struct Pem(Vec<u8>);

impl From<&[u8]> for Pem {
    fn from(text: &[u8]) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

/// Reads and checks the certificates of all texts.
pub(super) fn certificates(texts: &[Pem]) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let unusable = |reason: String| ConfigError::RootCertificate { reason };
    let mut certificates = Vec::new();
    for text in texts {
        let before = certificates.len();
        for certificate in CertificateDer::pem_slice_iter(&text.0) {
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
