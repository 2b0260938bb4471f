//! The HTTP client: what it trusts, and where it never goes.

use std::net::Ipv4Addr;

use reqwest::{Client, redirect, retry};

use super::super::ConfigError;
use super::super::config::Config;
use super::super::tls;

const USER_AGENT: &str = concat!("dt-metrics/", env!("CARGO_PKG_VERSION"));

/// One that goes to the endpoint and nowhere else.
pub(super) fn client(config: &Config) -> Result<Client, ConfigError> {
    let mut client = Client::builder()
        .tls_backend_preconfigured(tls::client_config(config)?)
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
