//! What Dynatrace knows of this host, as dimensions.
//!
//! Source: Dynatrace documentation, "Enrich ingested data with Dynatrace-specific dimensions".

use std::io;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use super::origin::Pairs;
use super::{files, properties};

/// Where the metadata is.
#[derive(Clone, Debug)]
pub(crate) struct MetadataFiles {
    /// Its first line names the file to read. A OneAgent answers when a program opens this name.
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
    pub(super) fn at(indirection: PathBuf, fixed: PathBuf) -> Self {
        Self { indirection, fixed }
    }

    /// The dimensions; none if there is no such file. Waits a second at the most.
    pub(super) fn read(&self) -> Pairs {
        let here = self.clone();
        if let Some(pairs) = files::in_time("dt-metrics-enrich", move || here.read_at_once()) {
            return pairs;
        }
        tracing::debug!(
            target: "dt_metrics",
            "the Dynatrace metadata of this host could not be read in time"
        );
        Pairs::new()
    }

    fn read_at_once(&self) -> Pairs {
        let named = read(&self.indirection).and_then(|text| {
            let path = text.lines().next()?.trim();
            (!path.is_empty()).then(|| read(Path::new(path)))?
        });
        named
            .or_else(|| read(&self.fixed))
            .map(|text| dimensions(&text))
            .unwrap_or_default()
    }
}

/// The entries that have a key and a value.
fn dimensions(text: &str) -> Pairs {
    let (entries, malformed) = properties::parse(text);
    if malformed > 0 {
        tracing::debug!(
            target: "dt_metrics",
            malformed,
            "lines of the Dynatrace metadata of this host are left out"
        );
    }
    entries
        .into_iter()
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .filter(|(key, value)| !key.is_empty() && !value.is_empty())
        .collect()
}

/// The text of a file; `None` if there is none, or none that is a small text.
fn read(path: &Path) -> Option<Zeroizing<String>> {
    match files::read(path) {
        Ok(text) => Some(text),
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::debug!(
                    target: "dt_metrics",
                    path = %path.display(),
                    "Dynatrace metadata is not read: {error}"
                );
            }
            None
        }
    }
}

#[cfg(test)]
mod tests;
