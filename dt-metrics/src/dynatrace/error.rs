//! The errors that programs see.

use std::fmt;
use std::time::Duration;

use crate::duration::shown;
use crate::dynatrace::health::DropReason;

/// Why an exporter could not be built. Contains no secrets.
///
/// `Debug` prints the same text as `Display`, since a `main` that returns the error prints that.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The endpoint is not a usable URL.
    #[error("the endpoint given by {origin} is not usable: {source}")]
    Endpoint {
        /// Where the endpoint was found, such as an environment variable.
        origin: &'static str,
        /// The reason.
        source: EndpointError,
    },
    /// The token would be sent over the network unencrypted.
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
        /// Where the token was found, such as an environment variable.
        origin: &'static str,
        /// The reason, such as "contains a line break".
        reason: &'static str,
    },
    /// The prefix cannot begin a metric key.
    #[error("the prefix {prefix:?} is not usable: {reason}{}", or(suggestion.as_deref()))]
    Prefix {
        /// The prefix as given.
        prefix: String,
        /// The reason.
        reason: &'static str,
        /// A similar prefix that is usable, if there is one.
        suggestion: Option<String>,
    },
    /// The key of a default dimension is not a dimension key.
    #[error("the default dimension {key:?} is not usable: {reason}{}", or(suggestion.as_deref()))]
    DefaultDimension {
        /// The key as given.
        key: String,
        /// The reason.
        reason: &'static str,
        /// A similar key that is usable, if there is one.
        suggestion: Option<String>,
    },
    /// The dimensions of every line leave no room for the dimensions of a measurement.
    #[error(
        "every line has {count} dimensions, which leaves no room for others: a line may have 50 \
         dimensions; give fewer default dimensions"
    )]
    TooManyDefaultDimensions {
        /// The number of dimensions, including the dimensions that the exporter adds.
        count: usize,
    },
    /// A limit is zero.
    #[error("`{option}` must be more than 0")]
    Zero {
        /// The name of the option.
        option: &'static str,
    },
    /// A text given to `add_root_certificate_pem` is not a certificate.
    #[error("a certificate given to `add_root_certificate_pem` is not usable: {reason}")]
    RootCertificate {
        /// The reason.
        reason: String,
    },
    /// The platform has no trusted certificates, so that no server can be trusted.
    #[error(
        "no root certificates were found on this host: install the package `ca-certificates`, name \
         a file with certificates in SSL_CERT_FILE, or add one with `add_root_certificate_pem`"
    )]
    NoRootCertificates(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The directory of the spool is not safe to use.
    #[error("the spool directory {path:?} is not usable: {source}")]
    Spool {
        /// The directory as given.
        path: std::path::PathBuf,
        /// The reason.
        source: SpoolError,
    },
    /// Setting up TLS failed.
    #[error("cannot set up TLS: {}", with_causes(.0.as_ref()))]
    Tls(Box<dyn std::error::Error + Send + Sync>),
    /// Making the HTTP client failed.
    #[error("cannot make the HTTP client: {}", with_causes(.0.as_ref()))]
    Client(Box<dyn std::error::Error + Send + Sync>),
    /// Starting the thread that sends failed.
    #[error("cannot start the thread that sends: {0}")]
    Thread(std::io::Error),
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why data points were not delivered in time. Contains no secrets.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The timeout expired before the endpoint had answered every request.
    #[error(
        "not all metrics were delivered within {}{}",
        shown(*timeout),
        because(last_error.as_deref())
    )]
    Deadline {
        /// The timeout of the call.
        timeout: Duration,
        /// The latest failure, if there was one.
        last_error: Option<String>,
    },
    /// The endpoint rejects requests, or nothing listens at an endpoint on this host, and waiting
    /// would not help.
    #[error("{reason}")]
    Refused {
        /// The answer of the endpoint, and advice.
        reason: String,
    },
    /// No endpoint is configured, and nothing listens at the default endpoint.
    #[error("{reason}")]
    NoEndpoint {
        /// The failure, and advice.
        reason: String,
    },
    /// While the exporter was shut down, pending data points were dropped.
    #[error("{points} data points were dropped: {}", Reasons(.reasons))]
    Dropped {
        /// The number of data points.
        points: u64,
        /// The number of data points by reason.
        reasons: Vec<(DropReason, u64)>,
    },
    /// The exporter was shut down before.
    #[error("the exporter is shut down")]
    ShutDown,
    /// This process was forked from the one that built the exporter, and has no thread that sends.
    #[error(
        "the exporter belongs to the process that this one was forked from: build one in the child"
    )]
    Forked,
}

/// The explanations of reasons, each with its name.
struct Reasons<'a>(&'a [(DropReason, u64)]);

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (reason, points)) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "; " };
            f.write_str(end)?;
            if self.0.len() > 1 {
                write!(f, "{points}: ")?;
            }
            write!(f, "{} (`{reason}`)", reason.explain())?;
        }
        Ok(())
    }
}

/// Why a directory cannot be used as the spool.
///
/// Whoever can write to a directory on the way to the spool can put another directory in its place,
/// or a link, and so make the program write elsewhere. The directory and all of its parents have to
/// belong to root or to the user of the process, and nobody else may write to them. A parent with
/// the sticky bit, such as `/tmp`, is safe.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// The path is empty or not a directory.
    #[error("it is not a directory")]
    NotADirectory,
    /// All users, or a group of users, can replace files in the directory or in one of its parents.
    #[error(
        "other users can write to {path:?} (owner {owner}, mode {mode:o}): run `chmod go-w {path:?}`, \
         or use a new subdirectory, which is created private, of a directory that only this user \
         can write to, or that has the sticky bit as /tmp has"
    )]
    Writable {
        /// The directory, or the parent of it that others can write to.
        path: std::path::PathBuf,
        /// The id of the user that the directory belongs to.
        owner: u32,
        /// The permissions, such as `0o777`.
        mode: u32,
    },
    /// The directory or one of its parents belongs to another user, who can replace files in it.
    #[error(
        "{path:?} belongs to another user (owner {owner}, mode {mode:o}): change its owner to root \
         or to the user of this process, or use a directory whose parents all belong to them"
    )]
    Foreign {
        /// The directory, or the parent of it that belongs to another user.
        path: std::path::PathBuf,
        /// The id of that user.
        owner: u32,
        /// The permissions, such as `0o755`.
        mode: u32,
    },
}

/// Why a text is not the URL of an endpoint.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The text is not a URL.
    #[error(
        "it is not a URL: {0}; use one such as \
         https://myenv123.live.dynatrace.com/api/v2/metrics/ingest"
    )]
    NotAUrl(String),
    /// The scheme is neither `http` nor `https`.
    #[error("its scheme is {0:?}: use https, or http for a OneAgent on this host")]
    Scheme(String),
    /// The URL has no host.
    #[error("it has no host")]
    NoHost,
    /// The URL contains a user name or a password, which would end up in logs.
    #[error("it contains a user name or password: give the token with `api_token` instead")]
    UserInfo,
    /// The host is Dynatrace's, but the path is not the path of its ingest API.
    #[error("its path does not accept metric lines: use {0}")]
    NotIngest(String),
    /// The endpoint does not accept OTLP.
    #[error(
        "its path does not accept metrics over OTLP: use one that ends in \
         /api/v2/otlp/v1/metrics, or the path for lines in the same environment, \
         /api/v2/metrics/ingest (a OneAgent accepts lines only)"
    )]
    NotOtlp,
}

/// The texts of the error and its sources.
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
