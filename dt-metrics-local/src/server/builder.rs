use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::sync::Arc;

use super::Server;
use super::error::FaultError;
use super::fault::{Fault, Faults};
use super::http::token::Tokens;
use super::ingest::handler::Endpoint;
use super::net::listening::Listening;
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
    faults: Faults,
    invalid_fault: Option<FaultError>,
}

impl ServerBuilder {
    pub(super) fn new() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            tokens: Tokens::default(),
            limits: Limits::default(),
            are_timestamps_checked: true,
            faults: Faults::default(),
            invalid_fault: None,
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
    pub fn token(self, token: impl Into<String>) -> Self {
        self.tokens.add(token.into(), true);
        self
    }

    /// A token that is known but lacks the scope `metrics.ingest`: it is answered by 403.
    pub fn token_without_scope(self, token: impl Into<String>) -> Self {
        self.tokens.add(token.into(), false);
        self
    }

    /// How much is kept of what arrives. Default: [`Limits::default`], a million lines among it.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether data points too old or from the future are refused, as Dynatrace does. Default: yes.
    pub fn check_timestamps(mut self, check: bool) -> Self {
        self.are_timestamps_checked = check;
        self
    }

    /// [`Server::fail_next`] from the start.
    pub fn fail_next(mut self, requests: usize, fault: impl Into<Fault>) -> Self {
        let planned = self.faults.next(requests, fault.into());
        self.invalid_fault = self.invalid_fault.or(planned.err());
        self
    }

    /// [`Server::fail_always`] from the start.
    pub fn fail_always(mut self, fault: impl Into<Fault>) -> Self {
        let planned = self.faults.always(fault.into());
        self.invalid_fault = self.invalid_fault.or(planned.err());
        self
    }

    /// [`Server::fail_at_random`] from the start.
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

    /// Starts the server. It listens when this returns.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, the system gives no thread, or a fault is not possible.
    pub fn start(self) -> Result<Server, StartError> {
        if let Some(source) = self.invalid_fault {
            return Err(StartError::Fault { source });
        }
        let listener = listen(&self.listen)?;
        let endpoint = Arc::new(Endpoint {
            store: Arc::new(Store::new(self.limits)),
            tokens: self.tokens,
            faults: self.faults,
            are_timestamps_checked: self.are_timestamps_checked,
        });
        let listening = Listening::start(listener, &endpoint)
            .map_err(|source| StartError::Thread { source })?;
        Ok(Server::new(endpoint, listening))
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
    #[error(
        "{address} is in use by another program, possibly a OneAgent: use \
         `--listen 127.0.0.1:PORT`, and point programs there with DT_METRICS_INGEST_URL"
    )]
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
    /// A fault that the server cannot show.
    #[error("a fault is not possible")]
    Fault {
        /// Which, and why.
        source: FaultError,
    },
    /// No thread or no event queue for the server.
    #[error("cannot start the server's thread")]
    Thread {
        /// What the system says.
        source: io::Error,
    },
}
