//! The catalogue that a program prints.

use serde::Deserialize;

use super::error::NotACatalogue;
use super::metric::{self, Found, Kind, Metric};

/// An object of `dt_metrics::catalog_json()`. What a later version adds is no fault.
#[derive(Deserialize)]
struct Entry {
    name: String,
    kind: Kind,
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

/// The metrics of a program that exports under this prefix.
pub(super) fn read(text: &str, prefix: &str) -> Result<Found, NotACatalogue> {
    // Editors and shells of Windows put a mark before text.
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(NotACatalogue::Empty);
    }
    let entries: Vec<Entry> = serde_json::from_str(text)?;
    let mut found = Found::default();
    for (index, entry) in entries.into_iter().enumerate() {
        // The exporter leaves these out, and says so too.
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
        let place = (!entry.file.is_empty()).then(|| format!("{}:{}", entry.file, entry.line));
        found.add(Metric {
            key,
            kind: entry.kind,
            unit: metric::unit(&entry.unit),
            description: entry.description,
            dimensions: metric::dimensions(entry.dimension_keys),
            places: place.into_iter().collect(),
        });
    }
    Ok(found)
}
