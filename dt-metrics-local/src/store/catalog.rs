//! The catalogues that programs hand over: which instruments they have, and where in the source.

use serde::{Deserialize, Serialize};

/// Maximum number of programs whose catalogues are kept.
const MAX_PROGRAMS: usize = 64;

/// The catalogue of one program.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub(crate) struct Catalog {
    /// The name of its executable.
    #[serde(default)]
    program: Option<String>,
    /// Its `service.name`.
    #[serde(default)]
    service: Option<String>,
    /// The prefix of its metric keys.
    #[serde(default)]
    prefix: Option<String>,
    /// The folder that relative paths of source files start from, if the program found it.
    #[serde(default)]
    sources: Option<String>,
    instruments: Vec<Instrument>,
}

/// An instrument of a program.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub(crate) struct Instrument {
    name: String,
    /// The key of the metric that the program sends.
    #[serde(default)]
    key: Option<String>,
    kind: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    dimension_keys: Vec<String>,
    #[serde(default)]
    objective: Option<Objective>,
    #[serde(default)]
    module_path: String,
    #[serde(default)]
    file: String,
    #[serde(default)]
    line: u32,
    #[serde(default)]
    conflict: Option<String>,
}

/// The service-level objective of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Objective {
    /// The share of calls that succeed.
    Success { success: f64 },
    /// A time in seconds, and the share of calls that take no longer.
    Latency { latency: f64, percentile: f64 },
}

/// The request of a program: its catalogue with its own name, or the output of `catalog_json`.
#[derive(Deserialize)]
#[serde(untagged)]
enum HandedOver {
    Instruments(Vec<Instrument>),
    Catalog(Catalog),
}

impl Catalog {
    /// Reads a catalogue.
    ///
    /// # Errors
    ///
    /// The text is not the JSON of a catalogue.
    pub(crate) fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(match serde_json::from_slice(json)? {
            HandedOver::Catalog(catalog) => catalog,
            HandedOver::Instruments(instruments) => Self {
                program: None,
                service: None,
                prefix: None,
                sources: None,
                instruments,
            },
        }
        .with_keys())
    }

    /// Completes the keys of a catalogue that has none.
    fn with_keys(mut self) -> Self {
        for instrument in &mut self.instruments {
            instrument.key.get_or_insert_with(|| match &self.prefix {
                Some(prefix) => format!("{prefix}.{}", instrument.name),
                None => instrument.name.clone(),
            });
        }
        self
    }

    fn is_of_program_of(&self, other: &Self) -> bool {
        (&self.program, &self.service, &self.prefix)
            == (&other.program, &other.service, &other.prefix)
    }
}

/// The catalogues of all programs, the latest last.
#[derive(Debug, Default)]
pub(super) struct Catalogs(Vec<Catalog>);

impl Catalogs {
    /// Adds the catalogue of a program, or replaces the one that the program had.
    pub(super) fn add(&mut self, catalog: Catalog) {
        self.0.retain(|known| !known.is_of_program_of(&catalog));
        if self.0.len() >= MAX_PROGRAMS {
            self.0.remove(0);
        }
        self.0.push(catalog);
    }

    pub(super) fn all(&self) -> &[Catalog] {
        &self.0
    }
}
