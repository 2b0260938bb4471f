//! TLS as the platform trusts it.

mod explain;
pub(super) mod roots;

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

pub(super) use self::explain::explain;
use super::ConfigError;
use super::config::Config;

/// TLS 1.2 and 1.3, and the certificates that the platform trusts, besides those that were added.
///
/// The provider is named here, so that a program's own default provider is neither needed nor
/// changed. It is the one that rustls and reqwest have by default: with a second one in the
/// program, rustls would no longer know which to take where a program names none, and panic.
pub(super) fn client_config(config: &Config) -> Result<ClientConfig, ConfigError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| ConfigError::Tls(error.into()))?;
    // Redirects are not followed, so a cleartext endpoint never needs certificates: loading them
    // takes milliseconds that a short program would wait for, and a bare container has none.
    if !config.target.endpoint.is_https() {
        return Ok(builder
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth());
    }
    let added = config.root_certificates.iter().cloned();
    let verifier =
        Verifier::new_with_extra_roots(added, provider).map_err(|error| match error {
            // As the verifier says that there are none.
            rustls::Error::General(_) => ConfigError::NoRootCertificates(error.into()),
            other => ConfigError::Tls(other.into()),
        })?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// Certificates as the program gave them, not checked yet. Not shown: it may be something else.
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

/// The certificates of all texts, each checked.
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
