//! The errors that programs see.

use std::fmt;
use std::time::Duration;

use crate::duration::shown;
use crate::dynatrace::health::DropReason;

/// The reason why an exporter cannot be built. It contains no secrets.
///
/// `Debug` prints the same text as `Display`, since a `main` that returns the error prints `Debug`.
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
        /// The endpoint, without secrets.
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
    /// The prefix is not a valid beginning of a metric key.
    #[error("the prefix {prefix:?} is not usable: {reason}{}", or(suggestion.as_deref()))]
    Prefix {
        /// The prefix as it was set.
        prefix: String,
        /// The reason.
        reason: &'static str,
        /// A similar prefix that is usable, if there is one.
        suggestion: Option<String>,
    },
    /// The key of a default dimension is not a valid dimension key.
    #[error("the default dimension {key:?} is not usable: {reason}{}", or(suggestion.as_deref()))]
    DefaultDimension {
        /// The key as it was set.
        key: String,
        /// The reason.
        reason: &'static str,
        /// A similar key that is usable, if there is one.
        suggestion: Option<String>,
    },
    /// The dimensions of every line are so many that a measurement cannot have dimensions of its own: a line
    /// has 50 dimensions at most.
    #[error(
        "every line has {count} dimensions, which leaves no room for others: a line may have 50 \
         dimensions; give fewer default dimensions"
    )]
    TooManyDefaultDimensions {
        /// The number of dimensions, including the dimensions that the exporter adds.
        count: usize,
    },
    /// A limit or a timeout is zero.
    #[error("`{option}` must be more than 0")]
    Zero {
        /// The name of the option, which is the method of the builder.
        option: &'static str,
    },
    /// A text passed to `add_root_certificate_pem` does not contain a usable certificate.
    #[error("a certificate given to `add_root_certificate_pem` is not usable: {reason}")]
    RootCertificate {
        /// The reason.
        reason: String,
    },
    /// The platform has no trusted certificates, so the exporter cannot trust any server.
    #[error(
        "no root certificates were found on this host: install the package `ca-certificates`, name \
         a file with certificates in SSL_CERT_FILE, or add one with `add_root_certificate_pem`"
    )]
    NoRootCertificates(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The directory of the spool is not usable or not safe.
    #[error("the spool directory {path:?} is not usable: {source}")]
    Spool {
        /// The directory as it was set.
        path: std::path::PathBuf,
        /// The reason.
        source: SpoolError,
    },
    /// TLS could not be set up.
    #[error("cannot set up TLS: {}", with_causes(.0.as_ref()))]
    Tls(Box<dyn std::error::Error + Send + Sync>),
    /// The HTTP client could not be created.
    #[error("cannot make the HTTP client: {}", with_causes(.0.as_ref()))]
    Client(Box<dyn std::error::Error + Send + Sync>),
    /// The operating system could not start the thread that sends.
    #[error("cannot start the thread that sends: {0}")]
    Thread(std::io::Error),
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The reason why data points were not delivered in time. It contains no secrets.
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
    /// The endpoint rejects requests, for example because of a wrong token, or nothing listens at an endpoint
    /// on this host. Waiting would not help.
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
        /// The number of dropped data points.
        points: u64,
        /// The number of data points by reason.
        reasons: Vec<(DropReason, u64)>,
    },
    /// The exporter was shut down by an earlier call.
    #[error("the exporter is shut down")]
    ShutDown,
    /// This process was forked from the process that built the exporter, and does not have the thread that
    /// sends. Build an exporter in the child.
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

/// The reason why a directory cannot be used as the spool.
///
/// A user who can write to a parent of the spool can replace the spool by another directory or a link, and
/// redirect the files of the program. The directory and all of its parents must therefore belong to root or
/// to the user of the process, and must not be writable for other users. A parent with the sticky bit, such
/// as `/tmp`, is safe.
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
        /// The directory or parent that other users can write to.
        path: std::path::PathBuf,
        /// The id of the user who owns the directory.
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
        /// The directory or parent that belongs to another user.
        path: std::path::PathBuf,
        /// The id of the user who owns the directory.
        owner: u32,
        /// The permissions, such as `0o755`.
        mode: u32,
    },
}

/// The reason why a text is not the URL of an endpoint.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The text is not a URL.
    #[error(
        "it is not a URL: {0}; use one such as \
         https://myenv123.live.dynatrace.com/api/v2/metrics/ingest"
    )]
    NotAUrl(String),
    /// The scheme, which the field contains, is neither `http` nor `https`.
    #[error("its scheme is {0:?}: use https, or http for a OneAgent on this host")]
    Scheme(String),
    /// The URL has no host.
    #[error("it has no host")]
    NoHost,
    /// The URL contains a user name or a password, which would end up in logs.
    #[error("it contains a user name or password: give the token with `api_token` instead")]
    UserInfo,
    /// The host belongs to Dynatrace, but the path is not the path of the ingest API. The field contains the
    /// URL to use.
    #[error("its path does not accept metric lines: use {0}")]
    NotIngest(String),
    /// The path of the URL does not accept metrics over OTLP.
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
