//! The file in which Dynatrace's Kubernetes operator provides the endpoint and the token.
//!
//! Source: Dynatrace documentation, "Metadata enrichment for Kubernetes" (`endpoint.properties`).

use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use std::{fs, io, thread};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::dynatrace::config::environment::{TOKEN_VARIABLE, URL_VARIABLE};
use crate::dynatrace::config::unquoted::unquoted;
use crate::properties::read_entries;
use crate::thread::{FILE_TIMEOUT, run_within};

pub(crate) const ENDPOINT_FILE: &str = "/var/lib/dynatrace/enrichment/endpoint/endpoint.properties";

/// The pause between two readings. A program that writes the file in place takes less.
const SETTLE: Duration = Duration::from_millis(100);

/// How often a file that keeps changing is read again.
const MAX_READINGS: usize = 5;

/// A file that was not modified for this long is complete.
const FRESH: Duration = Duration::from_secs(1);

/// The path of the file.
#[derive(Clone, Debug)]
pub(crate) struct EndpointFile(PathBuf);

impl Default for EndpointFile {
    fn default() -> Self {
        Self(ENDPOINT_FILE.into())
    }
}

/// The contents of the file. The URL is kept as a secret like the token, since it may contain a
/// password.
#[derive(Clone, Debug, Default)]
pub(crate) struct EndpointProperties {
    pub(crate) url: Option<SecretString>,
    pub(crate) token: Option<SecretString>,
    /// Why a file that exists could not be read.
    pub(crate) read_error: Option<String>,
}

impl EndpointFile {
    #[cfg(test)]
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The contents when the program starts; empty if there is no file. Waits for a second at most.
    pub(super) fn read_first(&self) -> EndpointProperties {
        let this = self.clone();
        let read = run_within(FILE_TIMEOUT, "dt-metrics-endpoint", move || {
            let properties = this.read()?;
            if this.is_fresh() {
                return this.settle(properties);
            }
            Ok(properties)
        });
        match read.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into())) {
            Ok(properties) => properties,
            Err(error) if error.kind() == io::ErrorKind::NotFound => EndpointProperties::default(),
            Err(error) => {
                tracing::warn!(
                    target: "dt_metrics",
                    path = %self.0.display(),
                    "cannot read the endpoint and the token in this file: {error}"
                );
                EndpointProperties {
                    read_error: Some(error.to_string()),
                    ..EndpointProperties::default()
                }
            }
        }
    }

    /// The contents, if they are complete and others than `used`. Blocks for as long as the file
    /// system does.
    pub(crate) fn read_change(&self, used: &EndpointProperties) -> Option<EndpointProperties> {
        let properties = self.read().ok()?;
        if properties == *used {
            return None;
        }
        let settled = self.settle(properties).ok()?;
        (settled != *used && settled.covers(used)).then_some(settled)
    }

    /// Reads the file again until two readings agree: another program may be writing it.
    fn settle(&self, mut properties: EndpointProperties) -> io::Result<EndpointProperties> {
        for _ in 0..MAX_READINGS {
            thread::sleep(SETTLE);
            let again = self.read()?;
            if again == properties {
                break;
            }
            properties = again;
        }
        Ok(properties)
    }

    fn is_fresh(&self) -> bool {
        let modified = fs::metadata(&self.0).and_then(|metadata| metadata.modified());
        let age = modified.map(|modified| SystemTime::now().duration_since(modified));
        matches!(age, Ok(Ok(age)) if age < FRESH)
    }

    fn read(&self) -> io::Result<EndpointProperties> {
        let mut properties = EndpointProperties::default();
        for (key, value) in read_entries(&self.0)? {
            let value = Zeroizing::new(value);
            let property = match key.trim() {
                URL_VARIABLE => &mut properties.url,
                TOKEN_VARIABLE => &mut properties.token,
                _ => continue,
            };
            // The last entry with a key counts, as in Java.
            *property = unquoted(&value).map(Into::into);
        }
        Ok(properties)
    }
}

impl EndpointProperties {
    /// Whether nothing is missing that was there before: a file that is being written lacks its
    /// end.
    fn covers(&self, before: &Self) -> bool {
        let is_kept = |old: &Option<_>, new: &Option<_>| old.is_none() || new.is_some();
        is_kept(&before.url, &self.url) && is_kept(&before.token, &self.token)
    }
}

impl PartialEq for EndpointProperties {
    fn eq(&self, other: &Self) -> bool {
        fn exposed(of: &EndpointProperties) -> [Option<&str>; 2] {
            [&of.url, &of.token].map(|secret| secret.as_ref().map(ExposeSecret::expose_secret))
        }
        exposed(self) == exposed(other)
    }
}

#[cfg(test)]
mod tests;
