//! The errors of the pipeline.

use std::fmt;
use std::io;
use std::time::Duration;

use opentelemetry_sdk::error::OTelSdkError;

use super::deadline::Late;
use crate::duration::shown;
use crate::dynatrace::{ConfigError, ExportError};
use crate::registry::Conflict;

/// An error of [`Builder::install`](crate::Builder::install) or of the [`Handle`](crate::Handle).
///
/// `Debug` is the same text as `Display`, since a `main` that returns the error prints `Debug`.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A pipeline is installed and has not been shut down, so another one cannot be installed.
    #[error("metrics are installed already; shut the first handle down before installing again")]
    AlreadyInstalled,
    /// The options of the Dynatrace exporter are invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Instruments with the same name have different kinds, units or objectives. Only with
    /// [`strict`](crate::Builder::strict).
    #[error("{}", Lines(.0))]
    Conflicts(Vec<Conflict>),
    /// The Dynatrace exporter did not deliver all collected metrics.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// An exporter or reader other than the Dynatrace exporter failed.
    #[error("the exporter failed: {}", reason(.0))]
    Provider(OTelSdkError),
    /// This process was forked from the process that installed metrics, so the threads of the pipeline do not
    /// run in this process. Install metrics again.
    #[error("metrics were installed by the process that this one was forked from; install again")]
    Forked,
    /// The pipeline of the handle was shut down by an earlier call.
    #[error("metrics are shut down")]
    ShutDown,
    /// The signals that end the process cannot be caught
    /// ([`flush_on_termination`](crate::Builder::flush_on_termination)).
    #[error("cannot catch the signals that end the process: {0}")]
    Signal(io::Error),
    /// The operating system could not start a thread, or a thread ended early.
    #[error("a thread of dt-metrics failed: {0}")]
    Thread(io::Error),
    /// The timeout expired before the call was done. The work continues in the background.
    #[error("not done within {}; allow more time", shown(*.0))]
    Timeout(Duration),
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text of an error of the SDK, which shows durations with all their digits.
fn reason(error: &OTelSdkError) -> String {
    match error {
        OTelSdkError::Timeout(timeout) => format!("not done within {}", shown(*timeout)),
        other => other.to_string(),
    }
}

struct Lines<'a>(&'a [Conflict]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, conflict) in self.0.iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(f, "{end}{conflict}")?;
        }
        Ok(())
    }
}

impl From<Late> for Error {
    fn from(late: Late) -> Self {
        match late {
            Late::Timeout(timeout) => Self::Timeout(timeout),
            Late::Thread(error) => Self::Thread(error),
        }
    }
}
