//! Reads the catalogues of programs: which instruments they have, and where in the source.

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

/// The catalogue of one program.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub(crate) struct Catalog {
    /// The name of its executable.
    #[serde(default)]
    pub(crate) program: Option<String>,
    /// Its `service.name`.
    #[serde(default)]
    pub(crate) service: Option<String>,
    /// The prefix of its metric keys.
    #[serde(default)]
    pub(crate) prefix: Option<String>,
    /// The folder that relative paths of source files start from, if the program found it.
    #[serde(default)]
    pub(crate) sources: Option<String>,
    pub(crate) instruments: Vec<Instrument>,
}

/// An instrument of a program. Unknown fields, which a later version may add, are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub(crate) struct Instrument {
    pub(crate) name: String,
    #[serde(default)]
    key: Key,
    pub(crate) kind: InstrumentKind,
    #[serde(default)]
    pub(crate) unit: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) dimension_keys: Vec<String>,
    #[serde(default)]
    pub(crate) objective: Option<Objective>,
    #[serde(default)]
    pub(crate) module_path: String,
    #[serde(default)]
    pub(crate) file: String,
    #[serde(default)]
    pub(crate) line: u32,
    #[serde(default)]
    pub(crate) conflict: Option<String>,
}

/// The key of the metric that a program sends for an instrument.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
enum Key {
    Sent(String),
    NotSent,
    /// The output of `catalog_json` has no keys.
    #[default]
    #[serde(skip)]
    Unknown,
}

/// The kind of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InstrumentKind {
    Counter,
    UpDownCounter,
    Histogram,
    Gauge,
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

/// A catalogue that a program handed over, or the catalogues of an endpoint.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    programs: Option<Vec<Catalog>>,
    #[serde(default)]
    program: Option<String>,
    #[serde(default)]
    service: Option<String>,
    #[serde(default)]
    prefix: Option<String>,
    #[serde(default)]
    sources: Option<String>,
    #[serde(default)]
    instruments: Option<Vec<Instrument>>,
}

impl Instrument {
    /// Whether the program sends a metric for the instrument, as far as it is known.
    #[cfg(feature = "dashboard")]
    pub(crate) fn is_sent(&self) -> bool {
        self.key != Key::NotSent
    }
}

impl Catalog {
    /// Reads the catalogue of one program: the output of `catalog_json`, or what a program hands over.
    ///
    /// # Errors
    ///
    /// The text is not the JSON of a catalogue.
    pub(crate) fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        let mut catalogs = Self::read_all(json)?;
        match (catalogs.pop(), catalogs.is_empty()) {
            (Some(catalog), true) => Ok(catalog),
            _ => Err(serde_json::Error::custom(
                "expected the catalogue of one program",
            )),
        }
    }

    /// Reads the catalogue of a program as [`Self::read`] does, or the catalogues of all programs as
    /// `GET /api/catalog` returns them.
    ///
    /// # Errors
    ///
    /// The text is not the JSON of a catalogue.
    pub(crate) fn read_all(json: &[u8]) -> Result<Vec<Self>, serde_json::Error> {
        let first = json.iter().find(|byte| !byte.is_ascii_whitespace());
        // An untagged enum would lose the place of a mistake.
        let mut catalogs = if first == Some(&b'{') {
            let document: Document = serde_json::from_slice(json)?;
            match (document.programs, document.instruments) {
                (Some(programs), None) => programs,
                (None, Some(instruments)) => vec![Self {
                    program: document.program,
                    service: document.service,
                    prefix: document.prefix,
                    sources: document.sources,
                    instruments,
                }],
                _ => return Err(serde_json::Error::missing_field("instruments")),
            }
        } else {
            vec![Self {
                program: None,
                service: None,
                prefix: None,
                sources: None,
                instruments: serde_json::from_slice(json)?,
            }]
        };
        catalogs.iter_mut().for_each(Self::add_keys);
        Ok(catalogs)
    }

    /// Adds the keys to a catalogue that has none.
    fn add_keys(&mut self) {
        for instrument in &mut self.instruments {
            if instrument.key == Key::Unknown {
                instrument.key = Key::Sent(match &self.prefix {
                    Some(prefix) => format!("{prefix}.{}", instrument.name),
                    None => instrument.name.clone(),
                });
            }
        }
    }

    /// Whether both are catalogues of the same program.
    pub(crate) fn is_of_program_of(&self, other: &Self) -> bool {
        (&self.program, &self.service, &self.prefix)
            == (&other.program, &other.service, &other.prefix)
    }
}
