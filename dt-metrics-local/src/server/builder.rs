//! Settings for a server.

use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use super::endpoint::Endpoint;
use super::error::{FaultError, StartError};
use super::fault::{Fault, Faults};
use super::handle::Server;
use super::http::{Hosts, Tokens};
use super::net::Listening;
use super::router::router;
use crate::store::{Limits, Store};

/// The port that a OneAgent listens on, and the default port of the program.
///
/// Source: Dynatrace documentation, "OneAgent metric API".
pub const DEFAULT_PORT: u16 = 14499;

/// More than a client on the same host needs between two bytes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The settings of a [`Server`], returned by [`Server::builder`]. [`start`](Self::start) starts the server.
///
/// ```
/// use dt_metrics_local::Server;
///
/// let server = Server::builder().token("dt0c01.example").start()?;
/// assert!(server.url().ends_with("/api/v2/metrics/ingest"));
/// # Ok::<(), dt_metrics_local::StartError>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing listens until `start`"]
pub struct ServerBuilder {
    listen: String,
    tokens: Tokens,
    hosts: Hosts,
    request_timeout: Duration,
    limits: Limits,
    are_timestamps_checked: bool,
    is_classic: bool,
    faults: Faults,
    invalid_fault: Option<FaultError>,
}

impl ServerBuilder {
    fn new() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            tokens: Tokens::default(),
            hosts: Hosts::default(),
            request_timeout: REQUEST_TIMEOUT,
            limits: Limits::default(),
            are_timestamps_checked: true,
            is_classic: false,
            faults: Faults::default(),
            invalid_fault: None,
        }
    }

    /// Sets the address to listen on, as `host:port`. Default: a free port of `127.0.0.1`.
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.listen = address.into();
        self
    }

    /// Sets the port of `127.0.0.1` to listen on; 0 selects a free port.
    pub fn port(self, port: u16) -> Self {
        self.listen(format!("127.0.0.1:{port}"))
    }

    /// Allows a further host name or address in requests, without a port, such as the name of a container. You
    /// can call this method more than once.
    ///
    /// Names of loopback (`localhost`, `127.0.0.1`, `[::1]`) and the host of [`listen`](Self::listen)
    /// are always accepted; a server that listens on all addresses also accepts every IP address. The server
    /// refuses a request to another host name, and a request of a web page of another origin, so a web page
    /// cannot reach the server through a browser.
    ///
    /// ```
    /// use dt_metrics_local::Server;
    ///
    /// let server = Server::builder()
    ///     .listen("0.0.0.0:0")
    ///     .allow_host("metrics.internal")
    ///     .start()?;
    /// # Ok::<(), dt_metrics_local::StartError>(())
    /// ```
    pub fn allow_host(mut self, host: impl AsRef<str>) -> Self {
        self.hosts.add(host.as_ref());
        self
    }

    /// Limits the time in which a client must send the head of a request, and the length of each pause within
    /// the body. Default: 10 seconds.
    ///
    /// If the head is late, the server closes the connection. If the body is late, the server answers with 408.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Adds a token that the Dynatrace API accepts. You can call this method more than once. Without any
    /// token, requests are accepted without a check of their token.
    pub fn token(self, token: impl Into<String>) -> Self {
        self.tokens.add(token.into(), true);
        self
    }

    /// Adds a token that lacks the scope `metrics.ingest`. Requests with this token are answered with 403.
    pub fn token_without_scope(self, token: impl Into<String>) -> Self {
        self.tokens.add(token.into(), false);
        self
    }

    /// Sets the limits of the store. Default: [`Limits::default`], for example a million lines.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets whether data points that are more than 1 hour old or more than 10 minutes in the future are
    /// refused, as in Dynatrace. Default: `true`.
    pub fn check_timestamps(mut self, check: bool) -> Self {
        self.are_timestamps_checked = check;
        self
    }

    /// Changes metric keys like Metrics Classic, and reports the changes in `warnings` of the
    /// answer. Default: keys stay unchanged, as in Grail.
    ///
    /// A metric line with a count gets the suffix `.count` unless its key already ends with `.count`. A
    /// gauge whose key ends with `.count` gets the suffix `.gauge`. Lines and metadata are stored under
    /// the changed key.
    ///
    /// ```
    /// use dt_metrics_local::Server;
    ///
    /// let server = Server::builder().classic().start()?;
    /// // … a program sends `orders count,delta=2` to server.url() …
    /// let orders = server.total("orders.count");
    /// # assert_eq!(orders, 0.0);
    /// # Ok::<(), dt_metrics_local::StartError>(())
    /// ```
    pub fn classic(mut self) -> Self {
        self.is_classic = true;
        self
    }

    /// Calls [`Server::fail_next`] before the server starts.
    pub fn fail_next(mut self, requests: usize, fault: impl Into<Fault>) -> Self {
        let planned = self.faults.next(requests, fault.into());
        self.invalid_fault = self.invalid_fault.or(planned.err());
        self
    }

    /// Calls [`Server::fail_always`] before the server starts.
    pub fn fail_always(mut self, fault: impl Into<Fault>) -> Self {
        let planned = self.faults.always(fault.into());
        self.invalid_fault = self.invalid_fault.or(planned.err());
        self
    }

    /// Calls [`Server::fail_at_random`] before the server starts.
    ///
    /// ```
    /// use dt_metrics_local::{Fault, Server};
    ///
    /// let server = Server::builder()
    ///     .fail_at_random(7, &[(8, Fault::None), (1, 503.into()), (1, Fault::ResetAfterReading)])
    ///     .start()?;
    /// # Ok::<(), dt_metrics_local::StartError>(())
    /// ```
    pub fn fail_at_random(mut self, seed: u64, faults: &[(u32, Fault)]) -> Self {
        let planned = self.faults.at_random(seed, faults);
        self.invalid_fault = self.invalid_fault.or(planned.err());
        self
    }

    /// Starts the server. The server is listening when this method returns.
    ///
    /// # Errors
    ///
    /// Returns an error if the server cannot listen on the address, if the system cannot start a thread, or if
    /// a fault is invalid.
    pub fn start(self) -> Result<Server, StartError> {
        if let Some(source) = self.invalid_fault {
            return Err(StartError::Fault { source });
        }
        let listener = listen(&self.listen)?;
        let mut hosts = self.hosts;
        hosts.add_listen(&self.listen);
        let endpoint = Arc::new(Endpoint {
            store: Arc::new(Store::new(self.limits)),
            tokens: self.tokens,
            hosts,
            request_timeout: self.request_timeout,
            faults: self.faults,
            are_timestamps_checked: self.are_timestamps_checked,
            is_classic: self.is_classic,
        });
        let listening = Listening::start(listener, &endpoint, router(&endpoint))
            .map_err(|source| StartError::Thread { source })?;
        Ok(Server::new(endpoint, listening))
    }
}

impl Server {
    /// Returns the settings of a new server. By default, the server listens on a free port of `127.0.0.1` and
    /// does not require a token.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::new()
    }
}

fn listen(address: &str) -> Result<TcpListener, StartError> {
    let addresses: Vec<_> = address
        .to_socket_addrs()
        .map_err(|source| StartError::Address {
            address: address.to_owned(),
            source,
        })?
        .collect();
    TcpListener::bind(&*addresses).map_err(|source| {
        let address = address.to_owned();
        match source.kind() {
            io::ErrorKind::AddrInUse => StartError::InUse { address, source },
            _ => StartError::Listen { address, source },
        }
    })
}
