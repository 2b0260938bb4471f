//! The vectors of the line protocol; `tests/conformance/README.md` describes them.
//!
//! They are read from the folder in `DT_CONFORMANCE_DIR`, else from their copy in the repository.

use std::fmt;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use dt_metrics::line::{
    Dimensions, MetricKey, MetricType, Number, Payload, check_dimension_key, check_metric_key,
    check_unit, normalize_dimension_key, normalize_dimension_value, write_line, write_metadata,
};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::line_reader;

/// How many mismatches a failure lists.
const LISTED: usize = 20;

#[test]
fn conformance() {
    let folder = env::var_os("DT_CONFORMANCE_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance"),
        PathBuf::from,
    );
    let mut report = Report::default();
    report.file(&folder, "metric_key.jsonl", metric_key);
    report.file(&folder, "dimension_key.jsonl", dimension_key);
    report.file(&folder, "dimension_value.jsonl", dimension_value);
    report.file(&folder, "unit.jsonl", unit);
    report.file(&folder, "line.jsonl", line);
    report.file(&folder, "metadata.jsonl", metadata);
    report.finish(&folder);
}

#[derive(Default)]
struct Report {
    files: Vec<String>,
    vectors: usize,
    mismatches: Vec<String>,
}

impl Report {
    /// Checks each vector of a file; a file that is not there is left out.
    fn file<V: DeserializeOwned>(
        &mut self,
        folder: &Path,
        name: &str,
        check: fn(&V) -> Result<(), String>,
    ) {
        let text = match fs::read_to_string(folder.join(name)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.mismatches.push(format!("{name}: {error}")),
        };
        let lines = text
            .lines()
            .zip(1..)
            .filter(|(line, _)| !line.trim().is_empty());
        let mut vectors = 0;
        for (line, number) in lines {
            vectors += 1;
            let result = serde_json::from_str(line)
                .map_err(|error| format!("not a vector: {error}"))
                .and_then(|vector| check(&vector));
            if let Err(why) = result {
                self.mismatches.push(format!("{name}:{number}: {why}"));
            }
        }
        self.vectors += vectors;
        self.files.push(format!("{name}: {vectors}"));
    }

    fn finish(self, folder: &Path) {
        #[expect(clippy::print_stdout, reason = "how much was checked")]
        {
            println!("{} vectors ({})", self.vectors, self.files.join(", "));
        }
        assert!(self.vectors > 0, "no vectors in {}", folder.display());
        let listed: Vec<_> = self
            .mismatches
            .iter()
            .take(LISTED)
            .map(String::as_str)
            .collect();
        assert!(
            self.mismatches.is_empty(),
            "{} of {} vectors fail, of which the first:\n{}",
            self.mismatches.len(),
            self.vectors,
            listed.join("\n"),
        );
    }
}

fn same<T: PartialEq + fmt::Debug>(got: &T, expected: &T) -> Result<(), String> {
    if got == expected {
        Ok(())
    } else {
        Err(format!("\n  got      {got:?}\n  expected {expected:?}"))
    }
}

#[derive(Deserialize)]
struct Text {
    r#in: String,
    out: Option<String>,
}

fn metric_key(vector: &Text) -> Result<(), String> {
    let got = MetricKey::new(&vector.r#in).map(|key| key.as_str().to_owned());
    same(&got, &vector.out)?;
    // A vector also contains the expected result of the check.
    same(
        &check_metric_key(&vector.r#in).is_ok(),
        &(vector.out.as_ref() == Some(&vector.r#in)),
    )
}

fn dimension_key(vector: &Text) -> Result<(), String> {
    let got = normalize_dimension_key(&vector.r#in).map(String::from);
    same(&got, &vector.out)?;
    same(
        &check_dimension_key(&vector.r#in).is_ok(),
        &(vector.out.as_ref() == Some(&vector.r#in)),
    )
}

fn dimension_value(vector: &Text) -> Result<(), String> {
    same(
        &normalize_dimension_value(&vector.r#in).map(String::from),
        &vector.out,
    )
}

#[derive(Deserialize)]
struct Unit {
    r#in: String,
    valid: bool,
}

fn unit(vector: &Unit) -> Result<(), String> {
    same(&check_unit(&vector.r#in).is_ok(), &vector.valid)
}

#[derive(Deserialize)]
struct Line {
    prefix: Option<String>,
    key: String,
    r#type: String,
    values: Vec<String>,
    timestamp_ms: Option<i64>,
    default_dimensions: Pairs,
    dimensions: Pairs,
    out: Option<String>,
}

fn line(vector: &Line) -> Result<(), String> {
    match (written(vector)?, &vector.out) {
        (None, None) => Ok(()),
        (Some(got), Some(expected)) => {
            same(&line_reader::read(&got)?, &line_reader::read(expected)?)
        }
        (got, expected) => same(&got.as_ref(), &expected.as_ref()),
    }
}

/// The line of a vector's point; `None` if it has none. An error if it is not a vector.
fn written(vector: &Line) -> Result<Option<String>, String> {
    let values: Vec<f64> = vector
        .values
        .iter()
        .map(|value| value.parse().map_err(|error| format!("{value}: {error}")))
        .collect::<Result<_, _>>()?;
    let payload = match (vector.r#type.as_str(), values.as_slice()) {
        ("count", &[delta]) => Payload::Count(Number::F64(delta)),
        ("gauge", &[value]) => Payload::Gauge(Number::F64(value)),
        // A payload cannot even have a count below zero.
        ("summary", &[.., count]) if count < 0.0 => return Ok(None),
        ("summary", &[min, max, sum, count]) => {
            let count = count
                .to_string()
                .parse()
                .map_err(|error| format!("{count}: {error}"))?;
            Payload::Summary {
                min,
                max,
                sum,
                count,
            }
        }
        other => return Err(format!("unknown payload {other:?}")),
    };
    let prefix = vector.prefix.as_deref().unwrap_or("");
    let layers = [&*vector.default_dimensions.get(), &*vector.dimensions.get()];
    let (Some(key), Ok(dimensions)) = (
        MetricKey::with_prefix(prefix, &vector.key),
        Dimensions::from_layers(&layers),
    ) else {
        return Ok(None);
    };
    let mut out = String::new();
    let written = write_line(&mut out, &key, &dimensions, &payload, vector.timestamp_ms);
    Ok(written.is_ok().then_some(out))
}

/// A JSON object in its order, which decides between keys that normalisation makes equal.
struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn get(&self) -> Vec<(&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect()
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[derive(Deserialize)]
struct Metadata {
    key: String,
    r#type: String,
    unit: String,
    description: String,
    display_name: String,
    out: Option<String>,
}

fn metadata(vector: &Metadata) -> Result<(), String> {
    let metric_type = match vector.r#type.as_str() {
        "count" => MetricType::Count,
        "gauge" => MetricType::Gauge,
        other => return Err(format!("unknown type {other}")),
    };
    let mut text = String::new();
    let said = MetricKey::new(&vector.key).is_some_and(|key| {
        write_metadata(
            &mut text,
            &key,
            metric_type,
            &vector.unit,
            &vector.description,
            &vector.display_name,
        )
    });
    match (said.then_some(text), &vector.out) {
        (None, None) => Ok(()),
        (Some(got), Some(expected)) => same(
            &line_reader::read_metadata(&got)?,
            &line_reader::read_metadata(expected)?,
        ),
        (got, expected) => same(&got, expected),
    }
}
