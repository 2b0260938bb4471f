//! The reader accepts the lines of Dynatrace's reference client.
//!
//! Reads the vectors in the folder that `DT_CONFORMANCE_DIR` names, else the copy in the repo.

#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panic; numbers must survive to the bit"
)]

use std::path::PathBuf;

use dt_metrics_local::protocol::{ErrorKind, Line, Metadata, Payload, Reader};
use serde_json::Value;

fn vectors(file: &str) -> Vec<Value> {
    let folder = std::env::var_os("DT_CONFORMANCE_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/conformance")),
        PathBuf::from,
    );
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let vectors: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is an object"))
        .collect();
    assert!(!vectors.is_empty(), "{} is empty", path.display());
    vectors
}

fn outs(file: &str) -> impl Iterator<Item = (Value, String)> {
    vectors(file).into_iter().filter_map(|vector| {
        let out = vector["out"].as_str()?.to_owned();
        Some((vector, out))
    })
}

fn line(text: &str) -> Line {
    text.parse()
        .unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Whether the reference client writes a metric key that is shorter than documented. The reader
/// refuses it.
fn has_short_key(text: &str) -> bool {
    let length = text.trim_start_matches('#').find([',', ' ']);
    let is_short = length.is_some_and(|length| length < 3);
    if is_short {
        let error = Reader::without_clock().read(text).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::TooShort { .. }),
            "{text:?}: {error}"
        );
    }
    is_short
}

fn number(value: &Value) -> f64 {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a number")
}

/// Metadata as the reference client sends it: without control characters other than line breaks.
fn printable(value: &Value) -> String {
    let mut text = value.as_str().expect("a text").to_owned();
    text.retain(|c| c == '\n' || !c.is_control());
    text
}

#[test]
fn lines() {
    for (vector, out) in outs("line.jsonl") {
        if has_short_key(&out) {
            continue;
        }
        let line = line(&out);
        let values: Vec<f64> = vector["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(number)
            .collect();
        match (vector["type"].as_str(), line.payload) {
            (Some("count"), Payload::Count { delta }) => assert_eq!([delta], *values, "{out}"),
            (Some("gauge"), Payload::Gauge { value }) => assert_eq!([value], *values, "{out}"),
            (
                Some("summary"),
                Payload::Summary {
                    min,
                    max,
                    sum,
                    count,
                },
            ) => {
                let count = f64::from(u32::try_from(count).unwrap());
                assert_eq!([min, max, sum, count], *values, "{out}");
            }
            (kind, payload) => panic!("{kind:?} read as {payload:?}"),
        }
    }
}

#[test]
fn metadata() {
    for (vector, out) in outs("metadata.jsonl") {
        if has_short_key(&out) {
            continue;
        }
        let metadata: Metadata = out
            .parse()
            .unwrap_or_else(|error| panic!("{out:?}: {error}"));
        assert_eq!(vector["type"], metadata.metric_type.to_string());
        if let Some(unit) = metadata.unit {
            assert_eq!(vector["unit"], unit);
        }
        if let Some(description) = metadata.description {
            assert_eq!(description, printable(&vector["description"]));
        }
        if let Some(name) = metadata.display_name {
            // The reference client cuts long names.
            assert!(printable(&vector["display_name"]).starts_with(&name));
        }
    }
}

#[test]
fn dimension_values() {
    for (_, out) in outs("dimension_value.jsonl") {
        let line = line(&format!("mmm,d={out} gauge,1"));
        assert!(line.dimension("d").is_some());
    }
}

#[test]
fn metric_keys() {
    for (vector, out) in outs("metric_key.jsonl") {
        let text = format!("{out} gauge,1");
        if !has_short_key(&text) {
            assert_eq!(line(&text).key, out);
        }
        // A key that the client had to change is one that may not be sent.
        let given = vector["in"].as_str().unwrap();
        if given != out {
            assert!(
                format!("{given} gauge,1").parse::<Line>().is_err(),
                "{given:?}"
            );
        }
    }
}

#[test]
fn dimension_keys() {
    for (vector, out) in outs("dimension_key.jsonl") {
        assert_eq!(
            line(&format!("met,{out}=v gauge,1")).dimension(&out),
            Some("v")
        );
        let given = vector["in"].as_str().unwrap();
        if given != out {
            assert!(
                format!("met,{given}=v gauge,1").parse::<Line>().is_err(),
                "{given:?}"
            );
        }
    }
}

#[test]
fn units() {
    for vector in vectors("unit.jsonl") {
        let unit = vector["in"].as_str().unwrap();
        let is_read = format!("#mmm gauge dt.meta.unit={unit}")
            .parse::<Metadata>()
            .is_ok();
        assert_eq!(vector["valid"], is_read, "{unit:?}");
    }
}
