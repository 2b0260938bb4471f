//! Reads the catalogue that a program prints.

use serde::Deserialize;

use super::error::NotACatalogue;
use super::metric::{self, ExportedMetric, Found, InstrumentKind};

/// An object of `dt_metrics::catalog_json()`. Unknown fields, which a later version may add, are
/// ignored.
#[derive(Deserialize)]
struct Entry {
    name: String,
    kind: InstrumentKind,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    dimension_keys: Vec<String>,
    #[serde(default)]
    file: String,
    #[serde(default)]
    line: u32,
    #[serde(default)]
    conflict: Option<String>,
}

/// The metrics in a catalogue, for a program that exports with this prefix.
pub(super) fn read(text: &str, prefix: &str) -> Result<Found, NotACatalogue> {
    // Some editors and shells on Windows write a byte order mark first.
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(NotACatalogue::Empty);
    }
    let entries: Vec<Entry> = serde_json::from_str(text)?;
    let mut found = Found::default();
    for (index, entry) in entries.into_iter().enumerate() {
        // The exporter does not send conflicting metrics either.
        if let Some(conflict) = entry.conflict {
            found.left_out.push(conflict);
            continue;
        }
        let Some(key) = metric::key(prefix, &entry.name) else {
            return Err(NotACatalogue::Name {
                number: index + 1,
                name: entry.name,
            });
        };
        let location = (!entry.file.is_empty()).then(|| format!("{}:{}", entry.file, entry.line));
        found.add(ExportedMetric {
            key,
            kind: entry.kind,
            unit: metric::unit(&entry.unit),
            description: entry.description,
            dimensions: metric::dimensions(entry.dimension_keys),
            locations: location.into_iter().collect(),
        });
    }
    Ok(found)
}
