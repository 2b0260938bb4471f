//! Dimensions of this host and this process.
//!
//! Source: Dynatrace documentation, "Enrich ingested data with Dynatrace-specific dimensions".

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::dynatrace::config::dimensions::Pairs;
use crate::properties;
use crate::thread::{FILE_TIMEOUT, run_within};

/// The files with Dynatrace's metadata of this host.
#[derive(Clone, Debug)]
pub(crate) struct MetadataFiles {
    /// Its first line names the file to read. The OneAgent provides it when a program opens it.
    indirection: PathBuf,
    /// The file to read where there is no indirection.
    fixed: PathBuf,
}

impl Default for MetadataFiles {
    fn default() -> Self {
        Self {
            indirection: "dt_metadata_e617c525669e072eebe3d0f08212e8f2.properties".into(),
            fixed: "/var/lib/dynatrace/enrichment/dt_metadata.properties".into(),
        }
    }
}

impl MetadataFiles {
    #[cfg(test)]
    pub(crate) fn at(indirection: PathBuf, fixed: PathBuf) -> Self {
        Self { indirection, fixed }
    }

    /// The dimensions of the host; none if there is no file. Waits for a second at most.
    pub(super) fn read(&self) -> Pairs {
        let this = self.clone();
        let read = run_within(FILE_TIMEOUT, "dt-metrics-enrich", move || {
            this.read_blocking()
        });
        read.unwrap_or_else(|| {
            tracing::debug!(
                target: "dt_metrics",
                "the Dynatrace metadata of this host could not be read in time"
            );
            Pairs::new()
        })
    }

    fn read_blocking(&self) -> Pairs {
        let named = readable(&self.indirection, properties::read).and_then(|text| {
            let path = text.lines().next()?.trim();
            (!path.is_empty()).then(|| readable(Path::new(path), properties::read_entries))?
        });
        named
            .or_else(|| readable(&self.fixed, properties::read_entries))
            .unwrap_or_default()
            .into_iter()
            .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
            .filter(|(key, value)| !key.is_empty() && !value.is_empty())
            .collect()
    }
}

/// Reads a file; `None` if it is missing or cannot be read.
fn readable<T>(path: &Path, read: impl Fn(&Path) -> io::Result<T>) -> Option<T> {
    read(path)
        .inspect_err(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::debug!(
                    target: "dt_metrics",
                    path = %path.display(),
                    "cannot read Dynatrace metadata in this file: {error}"
                );
            }
        })
        .ok()
}

/// An id of this process in the form of a random UUID. It is the value of the dimension
/// `service.instance.id`.
pub(super) fn process_instance() -> String {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(random_uuid).clone()
}

fn random_uuid() -> String {
    // Version 4, variant 1 (RFC 9562).
    let bits = fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let digits = format!("{bits:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
    parts.join("-")
}

#[cfg(test)]
mod tests;
