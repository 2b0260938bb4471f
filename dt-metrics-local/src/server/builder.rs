use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::sync::Arc;

use super::Server;
use super::access::Tokens;
use super::fault::Faults;
use super::handler::Endpoint;
use super::route::router;
use super::thread::ServerThread;
use crate::store::{Limits, Store};

/// The port on which a OneAgent listens, and the default of the program.
///
/// Source: Dynatrace documentation, "OneAgent metric API".
pub const DEFAULT_PORT: u16 = 14499;

/// Makes a [`Server`].
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
    limits: Limits,
    are_timestamps_checked: bool,
}

impl ServerBuilder {
    pub(super) fn new() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            tokens: Tokens::default(),
            limits: Limits::default(),
            are_timestamps_checked: true,
        }
    }

    /// Where to listen, as `host:port`. Default: a free port of `127.0.0.1`.
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.listen = address.into();
        self
    }

    /// Listens on this port of `127.0.0.1`; 0 takes a free one.
    pub fn port(self, port: u16) -> Self {
        self.listen(format!("127.0.0.1:{port}"))
    }

    /// A token that the Dynatrace API takes. May be called more than once; without any token every
    /// request is taken.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.tokens.add(token.into(), true);
        self
    }

    /// A token that is known but lacks the scope `metrics.ingest`: it is answered by 403.
    pub fn token_without_scope(mut self, token: impl Into<String>) -> Self {
        self.tokens.add(token.into(), false);
        self
    }

    /// How much is kept of what arrives.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether data points too old or from the future are refused, as Dynatrace does. Default: yes.
    pub fn check_timestamps(mut self, check: bool) -> Self {
        self.are_timestamps_checked = check;
        self
    }

    /// Starts the server. It listens when this returns.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, or the system gives no thread.
    pub fn start(self) -> Result<Server, StartError> {
        let listener = listen(&self.listen)?;
        let endpoint = Arc::new(Endpoint {
            store: Arc::new(Store::new(self.limits)),
            tokens: self.tokens,
            faults: Faults::default(),
            are_timestamps_checked: self.are_timestamps_checked,
        });
        let thread = ServerThread::start(listener, router(&endpoint))
            .map_err(|source| StartError::Thread { source })?;
        Ok(Server::new(endpoint, thread))
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

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Not an address.
    #[error("{address:?} is not an address to listen on, expected host:port")]
    Address {
        /// The address as given.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// Another program listens there.
    #[error("{address} is in use by another program, possibly a OneAgent; choose another port")]
    InUse {
        /// The address as given.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// The system does not let us listen there.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address as given.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// No thread or no event queue for the server.
    #[error("cannot start the server's thread")]
    Thread {
        /// What the system says.
        source: io::Error,
    },
}
