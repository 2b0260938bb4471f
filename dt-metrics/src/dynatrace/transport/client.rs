//! The HTTP client: what it trusts, and where it never goes.

use crate::dynatrace::config::Config;
use crate::dynatrace::error::ConfigError;
use reqwest::{Client, redirect, retry};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::fs::File;
use std::io::Read;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const USER_AGENT: &str = concat!("dt-metrics/", env!("CARGO_PKG_VERSION"));

/// One that goes to the endpoint and nowhere else.
pub(crate) fn client(config: &Config) -> Result<Client, ConfigError> {
    let mut client = Client::builder()
        .tls_backend_preconfigured(client_config(config)?)
        .http1_only()
        .user_agent(USER_AGENT)
        // Another host must see neither token nor lines.
        .redirect(redirect::Policy::none())
        .referer(false)
        // All trying again is done by the worker, who counts it.
        .retry(retry::never())
        .timeout(config.request_timeout)
        .connect_timeout(config.connect_timeout);
    if config.target.endpoint.is_loopback() {
        client = client.no_proxy();
    }
    if let Some(name) = config.target.endpoint.name_of_this_host() {
        client = client.resolve(name, (Ipv4Addr::LOCALHOST, 0).into());
    }
    client
        .build()
        .map_err(|error| ConfigError::Client(error.without_url().into()))
}

// ===== from tls: //! TLS as the platform trusts it.
/// TLS 1.2 and 1.3, and the certificates that the platform trusts, besides those that were added.
///
/// The provider is named here, so that a program's own default provider is neither needed nor
/// changed. It is the one that rustls and reqwest have by default: with a second one in the
/// program, rustls would no longer know which to take where a program names none, and panic.
pub(crate) fn client_config(config: &Config) -> Result<ClientConfig, ConfigError> {
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

// ===== from tls::roots: //! Whether the platform's certificates are where they usually are.
/// In place of those below, if it is set; so is a directory.
const FILE_VARIABLE: &str = "SSL_CERT_FILE";
const DIRECTORY_VARIABLE: &str = "SSL_CERT_DIR";

/// Of Debian and Alpine, Red Hat, openSUSE, and those that follow them.
const FILES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The first certificate begins within this much.
const BEGINNING: u64 = 16 * 1024;

/// Looks without reading them all, which takes a while. `false`: perhaps not.
pub(crate) fn are_roots_there() -> bool {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    match variable(FILE_VARIABLE) {
        Some(file) => has_certificate(&PathBuf::from(file)),
        None if variable(DIRECTORY_VARIABLE).is_some() => false,
        None => FILES.iter().any(|file| has_certificate(Path::new(file))),
    }
}

fn has_certificate(path: &Path) -> bool {
    const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning));
    read.is_ok() && beginning.windows(MARK.len()).any(|part| part == MARK)
}

#[cfg(test)]
mod tests;
