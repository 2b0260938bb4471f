//! The errors of the public interface: why a server does not start, and why a fault is invalid.

use std::io;

/// The reason why a fault is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// The number is not a status that ends a request.
    #[error("{0} is not a final HTTP status (200 to 999)")]
    Status(u16),
    /// HTTP does not allow the name or the value of a header.
    #[error("header {0:?} has a name or value that HTTP does not allow")]
    Header(String),
    /// The pace is 0 bytes per second.
    #[error("a pace is at least one byte per second; use a silent fault for no bytes at all")]
    Pace,
    /// No weight of the random faults is above 0.
    #[error("at least one fault needs a weight over 0")]
    Weights,
    /// The text is not the name of a fault.
    #[error("{0:?} names no fault")]
    Unknown(String),
    /// The fault does not accept the value.
    #[error("the fault {fault:?} takes {expected}")]
    Value {
        /// The fault, as given.
        fault: String,
        /// Description of a valid value.
        expected: &'static str,
    },
}

/// The reason why the server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The text is not an address.
    #[error("{address:?} is not an address to listen on, expected host:port")]
    Address {
        /// The address as given.
        address: String,
        /// The error of the system.
        source: io::Error,
    },
    /// Another program listens on the address.
    #[error(
        "{address} is in use by another program, possibly a OneAgent: use \
         `--listen 127.0.0.1:PORT`, and point programs there with DT_METRICS_INGEST_URL"
    )]
    InUse {
        /// The address as given.
        address: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The system does not allow listening on the address.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address as given.
        address: String,
        /// The error of the system.
        source: io::Error,
    },
    /// A fault of the settings is invalid.
    #[error("a fault is not possible")]
    Fault {
        /// Why the fault is invalid.
        source: FaultError,
    },
    /// The system provides no thread or no event queue for the server.
    #[error("cannot start the server's thread")]
    Thread {
        /// The error of the system.
        source: io::Error,
    },
}
