//! TLS as the platform trusts it.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use super::ConfigError;
use super::endpoint::Endpoint;

/// TLS 1.2 and 1.3, and the certificates that the platform trusts.
///
/// The provider is named here, so that a program's own default provider is neither needed nor
/// changed.
pub(super) fn client_config(endpoint: &Endpoint) -> Result<ClientConfig, ConfigError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(tls)?;
    // Redirects are not followed, so a cleartext endpoint never needs certificates: loading them
    // takes milliseconds that a short program would wait for, and a bare container has none.
    if !endpoint.is_https() {
        return Ok(builder
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth());
    }
    Ok(builder
        .with_platform_verifier()
        .map_err(tls)?
        .with_no_client_auth())
}

fn tls(error: rustls::Error) -> ConfigError {
    ConfigError::Tls(Box::new(error))
}
