//! TLS of the platform: OpenSSL, Schannel or Secure Transport.

use std::error::Error;

use native_tls::{Certificate, Protocol, TlsConnector};
use reqwest::ClientBuilder;

use crate::dynatrace::config::Config;
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::transport::tls::failure::{TlsFailure, advice};

/// Adds TLS 1.2 and later to the client.
pub(in crate::dynatrace::transport) fn with_tls(
    client: ClientBuilder,
    config: &Config,
) -> Result<ClientBuilder, ConfigError> {
    let error = |error: native_tls::Error| ConfigError::Tls(error.into());
    let mut tls = TlsConnector::builder();
    tls.min_protocol_version(Some(Protocol::Tlsv12));
    // Redirects are not followed, so a cleartext endpoint never needs certificates.
    if config.target.endpoint.is_https() {
        for certificate in config.trusted_roots()? {
            tls.add_root_certificate(Certificate::from_der(&certificate).map_err(error)?);
        }
    } else {
        tls.disable_built_in_roots(true);
    }
    Ok(client.tls_backend_preconfigured(tls.build().map_err(error)?))
}

/// The platform finds its certificates by itself, or trusts no server.
pub(in crate::dynatrace::transport) fn has_platform_roots() -> bool {
    true
}

/// Explains an error of the platform's TLS; `None` if it is another error, or clear enough. The
/// platforms have no types for the causes, so their texts distinguish them.
pub(in crate::dynatrace::transport) fn explain(
    error: &(dyn Error + 'static),
) -> Option<TlsFailure> {
    let text = error.downcast_ref::<native_tls::Error>()?.to_string();
    let lower = text.to_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    let certificate = |what: &str, advice| TlsFailure {
        cause: format!("the server's certificate {what}"),
        advice,
        is_untrusted: true,
    };
    let other = |cause: &str, advice| TlsFailure {
        cause: cause.into(),
        advice: Some(advice),
        is_untrusted: false,
    };
    let failure = if says(&["alert"]) && says(&["certificate"]) {
        other(
            "the server requires a client certificate, which is not supported",
            "send to an endpoint that requires none",
        )
    } else if says(&["expired", "validity period"]) {
        certificate("has expired", Some(advice::EXPIRED))
    } else if says(&["not yet valid"]) {
        certificate("is not valid yet", Some(advice::NOT_YET_VALID))
    } else if says(&[
        "hostname mismatch",
        "ip address mismatch",
        "cn name",
        "cn-name",
    ]) {
        certificate("is for another host", Some(advice::OTHER_HOST))
    } else if says(&[
        "local issuer",
        "self-signed",
        "self signed",
        "not trusted",
        // This host trusts another root with the same name.
        "signature failure",
    ]) {
        certificate(
            "is from a root that this host does not trust",
            Some(advice::UNKNOWN_ROOT),
        )
    } else if says(&["certificate"]) {
        certificate(&format!("is not valid: {text}"), None)
    } else if says(&[
        "unsupported protocol",
        "protocol version",
        "version too low",
    ]) {
        other(
            "the server supports neither TLS 1.2 nor TLS 1.3",
            advice::OLD_VERSION,
        )
    } else if says(&[
        "wrong version number",
        "packet length",
        "unexpected message",
    ]) {
        other("the server there does not speak TLS", advice::NO_TLS)
    } else {
        return None;
    };
    Some(failure)
}
