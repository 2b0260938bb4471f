//! Why there is no dashboard.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// The errors of the command.
#[derive(Debug, Error)]
pub(super) enum DashboardError {
    #[error(
        "no catalogue was given: name a file, pipe one in (`my-program --catalog | dt-metrics-local \
         dashboard`), or use `--from`"
    )]
    NoCatalogue,
    #[error("{path} cannot be read", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("standard input cannot be read")]
    Input(#[source] io::Error),
    #[error("{name} is not a catalogue as `dt_metrics::catalog_json()` writes it")]
    Catalogue { name: String, source: NotACatalogue },
    #[error("the prefix {prefix:?} cannot begin a metric key: {reason}")]
    Prefix {
        prefix: String,
        reason: &'static str,
    },
    #[error("{url:?} is not the URL of a dt-metrics-local, such as http://127.0.0.1:14499")]
    Url { url: String },
    #[error("{url} does not list its metrics: check that a dt-metrics-local is running there")]
    Endpoint { url: String, source: reqwest::Error },
    #[error("{url} is not a dt-metrics-local: check the URL")]
    Answer {
        url: String,
        source: serde_json::Error,
    },
    #[error("cannot start the async runtime for the request")]
    Runtime(#[source] io::Error),
    #[error("the catalogue contains no metrics: a dashboard needs at least one")]
    Empty,
    #[error("{path} cannot be written", path = path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Why a text is not a catalogue.
#[derive(Debug, Error)]
pub(super) enum NotACatalogue {
    #[error("it is empty: check that the program prints its catalogue")]
    Empty,
    /// The message contains line and column.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("entry {number}: the name {name:?} cannot be made a metric key")]
    Name { number: usize, name: String },
}
