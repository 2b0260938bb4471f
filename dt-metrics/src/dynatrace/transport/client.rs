//! The HTTP client: which servers it trusts, and where it never sends anything.

use std::fs::File;
use std::io::Read;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use reqwest::{Client, redirect, retry};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::dynatrace::config::Config;
use crate::dynatrace::error::ConfigError;

const USER_AGENT: &str = concat!("dt-metrics/", env!("CARGO_PKG_VERSION"));

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

/// Makes a client that connects to the endpoint of `config` and to nothing else.
pub(super) fn client(config: &Config) -> Result<Client, ConfigError> {
    let mut client = Client::builder()
        .tls_backend_preconfigured(tls_config(config)?)
        .http1_only()
        .user_agent(USER_AGENT)
        // Another host must receive neither the token nor lines.
        .redirect(redirect::Policy::none())
        .referer(false)
        // The sender retries, and counts each attempt.
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

/// TLS 1.2 and 1.3, with the certificates that the platform and the program trust.
///
/// The crypto provider is named here, so that the program's default provider is neither needed nor
/// changed. It is the default of rustls and reqwest: with a second provider in the program, rustls
/// could not choose one where a program names none, and would panic.
fn tls_config(config: &Config) -> Result<ClientConfig, ConfigError> {
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
            // The verifier reports a general error if it finds no certificates.
            rustls::Error::General(_) => ConfigError::NoRootCertificates(error.into()),
            other => ConfigError::Tls(other.into()),
        })?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// Whether the certificates of the platform are in one of the usual places. It does not read all of
/// them, which takes a while, and may be wrong if it returns `false`.
pub(super) fn has_platform_roots() -> bool {
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
