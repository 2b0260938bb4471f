//! A build without TLS sends to http endpoints only, such as a OneAgent on this host.

use std::error::Error;

use reqwest::ClientBuilder;

use crate::dynatrace::config::Config;
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::transport::tls::failure::TlsFailure;

/// Returns the client as it is if the endpoint needs no TLS.
pub(in crate::dynatrace::transport) fn with_tls(
    client: ClientBuilder,
    config: &Config,
) -> Result<ClientBuilder, ConfigError> {
    if config.target.endpoint.is_https() {
        return Err(ConfigError::Tls(
            "the endpoint uses https, but dt-metrics was built without TLS; enable one of its \
             features `rustls-aws-lc`, `rustls-ring` and `native-tls`"
                .into(),
        ));
    }
    Ok(client)
}

/// There is nothing to wait for: a missing backend is reported at the start.
pub(in crate::dynatrace::transport) fn has_platform_roots() -> bool {
    false
}

/// No error is one of TLS.
pub(in crate::dynatrace::transport) fn explain(_: &(dyn Error + 'static)) -> Option<TlsFailure> {
    None
}
