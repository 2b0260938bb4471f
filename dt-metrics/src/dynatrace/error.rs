//! What can go wrong, as values.

use std::fmt;
use std::time::Duration;

/// Why an exporter could not be made. Contains no secrets.
///
/// Its `Debug` reads as its `Display`, since that is what a `main` prints which returns it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The endpoint is not a usable URL.
    #[error("the endpoint given by {origin} is not usable: {source}")]
    Endpoint {
        /// Where the endpoint comes from, such as an environment variable.
        origin: &'static str,
        /// What is wrong with it.
        source: EndpointError,
    },
    /// The token would cross the network where anyone can read it.
    #[error(
        "the token would be sent unencrypted to {endpoint}: use https, or allow it with \
         `allow_cleartext_token(true)`"
    )]
    CleartextToken {
        /// The endpoint, without anything secret.
        endpoint: String,
    },
    /// The token cannot be sent in a header.
    #[error("the token given by {origin} {reason}")]
    Token {
        /// Where the token comes from, such as an environment variable.
        origin: &'static str,
        /// What is wrong with it, such as "contains a line break".
        reason: &'static str,
    },
    /// The prefix cannot begin a metric key.
    #[error("the prefix {prefix:?} is not usable: {reason}{}", or(suggestion.as_deref()))]
    Prefix {
        /// The prefix as given.
        prefix: String,
        /// What is wrong with it.
        reason: &'static str,
        /// The nearest that is usable, if there is one.
        suggestion: Option<String>,
    },
    /// The key of a default dimension is not a dimension key.
    #[error("the default dimension {key:?} is not usable: {reason}{}", or(suggestion.as_deref()))]
    DefaultDimension {
        /// The key as given.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
        /// The nearest that is usable, if there is one.
        suggestion: Option<String>,
    },
    /// The dimensions of every line leave no room for others.
    #[error(
        "{count} dimensions are on every line, {host} of them Dynatrace's metadata of this host, \
         and leave no room for others: a line may have 50; give fewer default dimensions"
    )]
    TooManyDefaultDimensions {
        /// How many there are, those added by the exporter included.
        count: usize,
        /// How many of them were found on the host.
        host: usize,
    },
    /// A limit is zero.
    #[error("`{option}` must be more than 0")]
    Zero {
        /// The name of the option.
        option: &'static str,
    },
    /// A root certificate that was added is none.
    #[error("a certificate given to `add_root_certificate_pem` is not usable: {reason}")]
    RootCertificate {
        /// What is wrong with it.
        reason: String,
    },
    /// The platform trusts no certificates, so that no server can be trusted.
    #[error(
        "no root certificates are found on this host: install the package `ca-certificates`, name \
         a file of them in SSL_CERT_FILE, or add one with `add_root_certificate_pem`"
    )]
    NoRootCertificates(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The directory of the spool is not safe to use.
    #[error("the spool directory {path:?} is not usable: {source}")]
    Spool {
        /// The directory as given.
        path: std::path::PathBuf,
        /// What is wrong with it.
        source: SpoolError,
    },
    /// TLS could not be set up.
    #[error("TLS cannot be set up: {}", with_causes(.0.as_ref()))]
    Tls(Box<dyn std::error::Error + Send + Sync>),
    /// The HTTP client could not be made.
    #[error("the HTTP client cannot be made: {}", with_causes(.0.as_ref()))]
    Client(Box<dyn std::error::Error + Send + Sync>),
    /// The thread that sends could not be started.
    #[error("the thread that sends cannot be started: {0}")]
    Thread(std::io::Error),
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why lines were not delivered in time. Contains no secrets.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The time was over before all was answered.
    #[error("not all metrics were delivered within {timeout:?}{}", because(last_error.as_deref()))]
    Deadline {
        /// The time that was given.
        timeout: Duration,
        /// The latest failure, if any.
        last_error: Option<String>,
    },
    /// The endpoint refused the lines, and waiting would not have helped.
    #[error("{reason}")]
    Refused {
        /// The answer, and what to do about it.
        reason: String,
    },
    /// Nothing listens at the endpoint, and none was configured.
    #[error("{reason}")]
    NoEndpoint {
        /// The failure, and what to do about it.
        reason: String,
    },
    /// The exporter was shut down before.
    #[error("the exporter is shut down")]
    ShutDown,
    /// This process was forked from the one that made the exporter, whose thread is not here.
    #[error(
        "the exporter belongs to the process that this one was forked from; make one in the child"
    )]
    Forked,
}

/// What it says, and what those say that led to it.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |&error| error.source());
    let texts: Vec<_> = all.map(ToString::to_string).collect();
    texts.join(": ")
}

fn or(suggestion: Option<&str>) -> String {
    suggestion
        .map(|text| format!("; use {text:?}"))
        .unwrap_or_default()
}

fn because(last_error: Option<&str>) -> String {
    last_error
        .map(|text| format!(": {text}"))
        .unwrap_or_default()
}

// ===== from spool::error: //! What is wrong with a directory.
/// Why a directory cannot be the spool.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// The path is empty, or names something else.
    #[error("it is not a directory")]
    NotADirectory,
    /// Everybody, or a group, can create and remove files in it.
    #[error(
        "others can write to it (mode {mode:o}): take that away (`chmod go-w`), or name a \
         directory inside it, which is made private"
    )]
    Writable {
        /// The permissions, such as `0o777`.
        mode: u32,
    },
    /// It belongs to another user, who can change what is in it.
    #[error("it belongs to another user (id {owner})")]
    Foreign {
        /// The id of that user.
        owner: u32,
    },
}

/// Why a text is not an endpoint.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Not a URL at all.
    #[error(
        "it is not a URL: {0}; a whole one looks like https://myenv123.live.dynatrace.com/api/v2/metrics/ingest"
    )]
    NotAUrl(String),
    /// Neither `http` nor `https`.
    #[error("its scheme is {0:?}: use https, or http for a OneAgent on this host")]
    Scheme(String),
    /// No host.
    #[error("it names no host")]
    NoHost,
    /// A user name or password in the URL, which would end up in logs.
    #[error("it contains a user name or password: give the token with `api_token` instead")]
    UserInfo,
    /// No place that takes OTLP.
    #[error(
        "its path is none that takes metrics by OTLP: it ends in /api/v2/otlp/v1/metrics, or is \
         that of the same environment for lines, /api/v2/metrics/ingest (a OneAgent takes lines \
         only)"
    )]
    NotOtlp,
}
