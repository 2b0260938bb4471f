//! The file in which Dynatrace's Kubernetes operator leaves endpoint and token.
//!
//! Source: Dynatrace documentation, "Metadata enrichment for Kubernetes" (`endpoint.properties`).

use crate::dynatrace::config::environment::{TOKEN_VARIABLE, URL_VARIABLE, unquoted};
use crate::dynatrace::config::properties;
use crate::dynatrace::thread::{FILE_TIMEOUT, run_within};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io, thread};

pub(crate) const ENDPOINT_FILE: &str = "/var/lib/dynatrace/enrichment/endpoint/endpoint.properties";

/// Between the two readings that must agree before a change is taken for whole: a program that
/// writes into the file, instead of replacing it, takes less.
pub(crate) const SETTLE: Duration = Duration::from_millis(100);

/// A file that was not touched for so long is whole.
const FRESH: Duration = Duration::from_secs(1);

/// Where the file is.
#[derive(Clone, Debug)]
pub(crate) struct EndpointFile(PathBuf);

impl Default for EndpointFile {
    fn default() -> Self {
        Self(ENDPOINT_FILE.into())
    }
}

/// What the file says. The URL is kept as the token is: it may hold a password.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) url: Option<SecretString>,
    pub(crate) token: Option<SecretString>,
    /// Why a file that is there could not be read.
    pub(crate) trouble: Option<String>,
}

impl EndpointFile {
    /// Where none is to be looked for.
    #[cfg(feature = "otlp")]
    pub(crate) fn none() -> Self {
        Self(PathBuf::new())
    }

    pub(crate) fn is_none(&self) -> bool {
        self.0.as_os_str().is_empty()
    }

    #[cfg(test)]
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// What the file says when the program starts; nothing if there is none. Waits a second at
    /// the most.
    pub(crate) fn read_first(&self) -> Found {
        let path = self.0.clone();
        let read = run_within(FILE_TIMEOUT, "dt-metrics-endpoint", move || {
            read_settled(&path)
        });
        match read.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into())) {
            Ok(found) => found,
            Err(error) => {
                let is_there = error.kind() != io::ErrorKind::NotFound;
                if is_there {
                    tracing::warn!(
                        target: "dt_metrics",
                        path = %self.0.display(),
                        "endpoint and token are not taken from this file: {error}"
                    );
                }
                Found {
                    trouble: is_there.then(|| error.to_string()),
                    ..Found::default()
                }
            }
        }
    }

    /// What the file says now. Blocks as long as its file system does.
    pub(crate) fn read(&self) -> io::Result<Found> {
        read(&self.0)
    }
}

impl Found {
    /// Whether everything is there that was there before: a file that is being written lacks its
    /// end.
    pub(crate) fn covers(&self, before: &Self) -> bool {
        let kept = |old: &Option<_>, new: &Option<_>| old.is_none() || new.is_some();
        kept(&before.url, &self.url) && kept(&before.token, &self.token)
    }
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        let text = |secret: &Option<SecretString>| {
            // Wiped like what it is compared with.
            secret
                .as_ref()
                .map(|secret| Zeroizing::new(secret.expose_secret().to_owned()))
        };
        text(&self.url) == text(&other.url) && text(&self.token) == text(&other.token)
    }
}

/// Twice, if somebody may be writing it.
fn read_settled(path: &Path) -> io::Result<Found> {
    let mut found = read(path)?;
    // Within the time that all reading may take.
    for _ in 0..5 {
        if !is_fresh(path) {
            break;
        }
        thread::sleep(SETTLE);
        let again = read(path)?;
        if again == found {
            break;
        }
        found = again;
    }
    Ok(found)
}

fn is_fresh(path: &Path) -> bool {
    let written = fs::metadata(path).and_then(|metadata| metadata.modified());
    written.is_ok_and(|written| {
        SystemTime::now()
            .duration_since(written)
            .is_ok_and(|age| age < FRESH)
    })
}

fn read(path: &Path) -> io::Result<Found> {
    let text = properties::read(path)?;
    let (entries, malformed) = properties::parse(text.trim_start_matches('\u{feff}'));
    if malformed > 0 {
        tracing::debug!(
            target: "dt_metrics",
            malformed,
            path = %path.display(),
            "lines of this file are left out"
        );
    }
    let mut found = Found::default();
    for (key, value) in entries {
        let value = Zeroizing::new(value);
        let place = match key.trim() {
            URL_VARIABLE => &mut found.url,
            TOKEN_VARIABLE => &mut found.token,
            _ => continue,
        };
        // The last one counts, as in Java.
        *place = unquoted(&value).map(Into::into);
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
