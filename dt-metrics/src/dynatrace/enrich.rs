//! What Dynatrace knows of this host, as dimensions.
//!
//! Source: Dynatrace documentation, "Enrich ingested data with Dynatrace-specific dimensions".

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::origin::Pairs;
use super::properties;

/// The most of a file that is read. A real one has a few lines.
const MAX_BYTES: u64 = 64 * 1024;

/// How long all reading may take: a path may lie on a file system that does not answer.
const TIMEOUT: Duration = Duration::from_secs(1);

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
        let (files, (done, result)) = (self.clone(), mpsc::sync_channel(1));
        let reader = thread::Builder::new()
            .name("dt-metrics-enrich".into())
            .spawn(move || {
                // Nobody listens any more if the time was up.
                done.send(files.read_at_once()).ok();
            });
        if let Ok(Ok(pairs)) = reader.map(|_| result.recv_timeout(TIMEOUT)) {
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
fn read(path: &Path) -> Option<String> {
    match read_bounded(path) {
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

fn read_bounded(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is longer than 64 KiB",
        ));
    }
    // A line with other bytes is left out, not the whole file.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
