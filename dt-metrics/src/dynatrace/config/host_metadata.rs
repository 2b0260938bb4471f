//! Dimensions of this host and this process.
//!
//! Source: Dynatrace documentation, "Enrich ingested data with Dynatrace-specific dimensions".

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::dynatrace::config::dimensions::Pairs;
use crate::dynatrace::config::indirection::{named_file, read_named, roots};
use crate::dynatrace::config::token::looks_like_a_token;
use crate::dynatrace::redact::Redactor;
use crate::properties::{self, Entries};
use crate::thread::{FILE_TIMEOUT, run_within};

/// The most dimensions that are used. A real file has up to twenty, and a line needs room for the
/// dimensions of the measurement.
pub(crate) const MAX_HOST_DIMENSIONS: usize = 30;

/// The beginnings of the keys that Dynatrace documents ("Enrich ingested data with
/// Dynatrace-specific fields", "Metadata enrichment of all telemetry originating from Kubernetes",
/// "Primary Grail fields and tags").
const DOCUMENTED_PREFIXES: [&str; 12] = [
    "dt.entity.",
    "dt.smartscape.",
    "dt.source_entity",
    "dt.host_group.",
    "dt.cost.",
    "dt.kubernetes.",
    "k8s.",
    "primary_tags.",
    "cloud.",
    "aws.",
    "azure.",
    "gcp.",
];

/// The documented keys without such a beginning.
const DOCUMENTED_KEYS: [&str; 6] = [
    "dt.security_context",
    "dt.network_zone.id",
    "host.name",
    "host.id",
    "container.name",
    "container.image.name",
];

/// The files with Dynatrace's metadata of this host.
#[derive(Clone, Debug)]
pub(crate) struct MetadataFiles {
    /// Its first line names the file to read. A OneAgent provides it when a program opens it.
    indirection: PathBuf,
    /// The directories that the named file may be in.
    roots: Vec<PathBuf>,
    /// The files to read where there is no indirection, the first one that exists: the Kubernetes
    /// operator's, and a OneAgent's for a host whose processes it does not inject.
    fixed: Vec<PathBuf>,
}

/// Dynatrace's metadata of this host, and where it is from.
#[derive(Debug, Default)]
pub(crate) struct HostMetadata {
    pub(crate) dimensions: Pairs,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    /// The number of entries with keys that are not Dynatrace's.
    pub(crate) undocumented: usize,
    /// The entries that were not used, with the reasons.
    pub(crate) warnings: Vec<String>,
}

impl Default for MetadataFiles {
    fn default() -> Self {
        let roots = roots();
        let directory = roots[0].join("enrichment");
        let fixed = ["dt_metadata.properties", "dt_host_metadata.properties"];
        Self {
            indirection: "dt_metadata_e617c525669e072eebe3d0f08212e8f2.properties".into(),
            fixed: fixed.map(|name| directory.join(name)).into(),
            roots,
        }
    }
}

impl MetadataFiles {
    /// The files of a test, which are all in its directory.
    #[cfg(test)]
    pub(crate) fn in_directory(directory: &Path) -> Self {
        Self {
            indirection: directory.join("indirection"),
            roots: vec![directory.join("root")],
            fixed: ["dt_metadata.properties", "dt_host_metadata.properties"]
                .map(|name| directory.join(name))
                .into(),
        }
    }

    /// A file that the operator or a OneAgent provides, if there is one.
    pub(crate) fn existing(&self) -> Option<&Path> {
        let mut files = self.fixed.iter().map(PathBuf::as_path);
        files.find(|file| file.exists())
    }

    /// The metadata of the host; empty if there is no file. Values that contain one of the secrets
    /// are left out. Waits for a second at most.
    pub(super) fn read(&self, redactor: &Redactor) -> HostMetadata {
        let this = self.clone();
        let read = run_within(FILE_TIMEOUT, "dt-metrics-enrich", move || {
            this.read_blocking()
        });
        let Some((found, mut warnings)) = read else {
            return HostMetadata {
                warnings: vec![
                    "the Dynatrace metadata of this host could not be read within a second, and \
                     its dimensions are missing: check the file system of the working directory \
                     and of /var/lib/dynatrace/enrichment"
                        .into(),
                ],
                ..HostMetadata::default()
            };
        };
        let Some((file, entries)) = found else {
            return HostMetadata {
                warnings,
                ..HostMetadata::default()
            };
        };
        let (dimensions, undocumented) = usable(entries, &file, redactor, &mut warnings);
        HostMetadata {
            dimensions,
            undocumented,
            file: Some(file),
            warnings,
        }
    }

    /// The entries of the first file that there is, and its path.
    fn read_blocking(&self) -> (Option<(PathBuf, Entries)>, Vec<String>) {
        let mut warnings = Vec::new();
        let mut refused = |file: &Path, reason: &dyn std::fmt::Display| {
            warnings.push(format!(
                "ignoring the Dynatrace metadata in {}: {reason}",
                file.display()
            ));
        };
        let named = named_file(&self.indirection).unwrap_or_else(|reason| {
            refused(
                &self.indirection,
                &format_args!(
                    "{reason}; remove it, since a OneAgent answers for a file that is not there"
                ),
            );
            None
        });
        if let Some(path) = named {
            match read_named(&path, &self.roots) {
                Ok(entries) => return (Some((path, entries)), warnings),
                // The path is not shown: it may be any text.
                Err(reason) => refused(
                    &self.indirection,
                    &format_args!("the file that it names is not used, since {reason}"),
                ),
            }
        }
        for file in &self.fixed {
            match properties::read_entries(file) {
                Ok(entries) => return (Some((file.clone(), entries)), warnings),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => refused(file, &error),
            }
        }
        (None, warnings)
    }
}

/// The entries that become dimensions, and the number of entries with other keys.
fn usable(
    entries: Entries,
    file: &Path,
    redactor: &Redactor,
    warnings: &mut Vec<String>,
) -> (Pairs, usize) {
    let file = file.display();
    let mut dimensions = Pairs::new();
    let (mut undocumented, mut withheld) = (0, 0);
    for (key, value) in entries {
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() || value.is_empty() {
            continue;
        }
        if !is_documented(key) {
            undocumented += 1;
        } else if looks_like_a_token(value) || redactor.redact(value) != value {
            withheld += 1;
        } else if let Some((_, earlier)) = dimensions.iter_mut().find(|(it, _)| it == key) {
            // The last entry with a key counts, as in Java.
            value.clone_into(earlier);
        } else {
            dimensions.push((key.to_owned(), value.to_owned()));
        }
    }
    if withheld > 0 {
        warnings.push(format!(
            "{file} has {withheld} values that contain a token, which are not sent: remove them"
        ));
    }
    if dimensions.len() > MAX_HOST_DIMENSIONS {
        warnings.push(format!(
            "{file} has {} dimensions, and only the first {MAX_HOST_DIMENSIONS} are sent: remove \
             entries that you do not need, since a line may have 50 dimensions in all",
            dimensions.len()
        ));
        dimensions.truncate(MAX_HOST_DIMENSIONS);
    }
    (dimensions, undocumented)
}

/// Whether Dynatrace documents this key for its metadata of a host or a container. Any other entry
/// may be a setting, or a secret in an unrelated file.
fn is_documented(key: &str) -> bool {
    DOCUMENTED_KEYS.contains(&key)
        || DOCUMENTED_PREFIXES
            .iter()
            .any(|prefix| key.starts_with(prefix))
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
