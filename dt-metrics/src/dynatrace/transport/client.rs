//! The HTTP client: which servers it trusts, and where it never sends anything.

use std::net::Ipv4Addr;
use std::time::Duration;

use reqwest::{Client, redirect, retry};

use crate::dynatrace::config::Config;
use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::transport::tls::with_tls;

/// How long a connection stays open without a request.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

const USER_AGENT: &str = concat!("dt-metrics/", env!("CARGO_PKG_VERSION"));

/// Makes a client that connects to the endpoint of `config` and to nothing else.
pub(super) fn client(config: &Config) -> Result<Client, ConfigError> {
    let mut client = with_tls(Client::builder(), config)?
        .http1_only()
        .user_agent(USER_AGENT)
        // Another host must receive neither the token nor lines.
        .redirect(redirect::Policy::none())
        .referer(false)
        // The sender retries, and counts each attempt.
        .retry(retry::never())
        // Servers close connections that are idle, and a request that is on its way then is lost.
        // Most wait for longer than this.
        .pool_idle_timeout(IDLE_TIMEOUT)
        .timeout(config.request_timeout)
        .connect_timeout(config.connect_timeout);
    if config.options.guarantee == DeliveryGuarantee::AtMostOnce {
        // A request on a connection that the server closes may or may not have been accepted, so it
        // is not sent again. If no connection is used twice, the server cannot close it between two
        // requests.
        client = client.pool_max_idle_per_host(0);
    }
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
