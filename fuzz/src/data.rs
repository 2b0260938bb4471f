//! Lines of data.

use std::collections::BTreeMap;

use crate::line::limits::{
    MAX_DIMENSION_VALUE_LENGTH, MAX_DIMENSIONS, MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS,
};
use crate::line::{
    Dimensions, MetricKey, Number, Payload, TooManyDimensions, check_dimension_key,
    check_metric_key, normalize_dimension_key, write_line,
};
use crate::protocol::{self, ErrorKind, Line, Reader, Record};
use arbitrary::Arbitrary;

use crate::text::{self, Text};

/// A point before it is normalised.
#[derive(Debug, Arbitrary)]
pub struct Input<'a> {
    prefix: &'a str,
    key: Text<'a>,
    layers: Vec<Vec<(&'a str, Text<'a>)>>,
    value: Value,
    timestamp_ms: Option<i64>,
}

#[derive(Debug, Arbitrary)]
enum Value {
    Count(i64),
    Delta(f64),
    Level(u64),
    Gauge(f64),
    Summary([f64; 3], u64),
    /// One whose sum fits its minimum, maximum and count.
    Consistent([f64; 2], u64),
}

impl Value {
    fn payload(&self) -> Payload {
        match *self {
            Self::Count(value) => Payload::Count(Number::I64(value)),
            Self::Delta(value) => Payload::Count(Number::F64(value)),
            Self::Level(value) => Payload::Gauge(Number::U64(value)),
            Self::Gauge(value) => Payload::Gauge(Number::F64(value)),
            Self::Summary([min, max, sum], count) => Payload::Summary {
                min,
                max,
                sum,
                count,
            },
            Self::Consistent([a, b], count) => Payload::Summary {
                min: a.min(b),
                max: a.max(b),
                sum: (a / 2.0 + b / 2.0) * count as f64,
                count,
            },
        }
    }
}

/// Writes the point and reads it back.
///
/// # Panics
///
/// What is read is not what was put in.
pub fn check(input: &Input<'_>) {
    let Some(key) = MetricKey::with_prefix(input.prefix, &input.key.get(400)) else {
        return;
    };
    assert_eq!(check_metric_key(key.as_str()), Ok(()));
    let layers: Vec<Vec<(&str, String)>> = input
        .layers
        .iter()
        .map(|layer| layer.iter().map(|(k, v)| (*k, v.get(400))).collect())
        .collect();
    let expected = expected(&layers);
    let borrowed: Vec<Vec<(&str, &str)>> = layers
        .iter()
        .map(|layer| layer.iter().map(|(k, v)| (*k, v.as_str())).collect())
        .collect();
    let borrowed: Vec<&[(&str, &str)]> = borrowed.iter().map(Vec::as_slice).collect();
    let dimensions = match Dimensions::from_layers(&borrowed) {
        Ok(dimensions) => dimensions,
        Err(TooManyDimensions(count)) => {
            assert!(count > MAX_DIMENSIONS && count == expected.len());
            return;
        }
    };

    let payload = input.value.payload();
    let mut out = String::from("before");
    if write_line(&mut out, &key, &dimensions, &payload, input.timestamp_ms).is_err() {
        assert_eq!(out, "before");
        assert!(payload.check().is_err());
        return;
    }
    let line = out.strip_prefix("before").expect("only appended to");
    assert!(!line.contains(|c: char| c.is_control()));

    let read = match Reader::without_clock().read(line) {
        Ok(Record::Line(read)) => read,
        Err(error) if *error.kind() == ErrorKind::ReservedKey => {
            return assert!(key.as_str().starts_with("dt."));
        }
        Err(error) if matches!(error.kind(), ErrorKind::TooShort { .. }) => {
            // The reference client writes such a key, and Dynatrace refuses it.
            return assert!(key.as_str().len() < 3);
        }
        other => panic!("{line:?} was read as {other:?}"),
    };
    assert_eq!(read.key, key.as_str());
    assert_eq!(read.dimensions.len(), dimensions.len());
    check_dimensions(&read, &expected);
    check_payload(&read.payload, &payload);
    let range = MIN_TIMESTAMP_MS..=MAX_TIMESTAMP_MS;
    let time = input.timestamp_ms.filter(|time| range.contains(time));
    assert_eq!(read.timestamp_ms, time);
}

/// Of equal keys the last wins, in its layer and over the layers before.
fn expected(layers: &[Vec<(&str, String)>]) -> BTreeMap<String, String> {
    layers
        .iter()
        .flatten()
        .filter_map(|(key, value)| {
            Some((normalize_dimension_key(key)?.into_owned(), value.clone()))
        })
        .collect()
}

fn check_dimensions(line: &Line, expected: &BTreeMap<String, String>) {
    let sent = expected
        .iter()
        .filter(|(_, value)| !value.is_empty() && *value != "\"\"");
    assert_eq!(line.dimensions.len(), sent.clone().count());
    for ((key, put_in), (read_key, read)) in sent.zip(&line.dimensions) {
        assert_eq!(check_dimension_key(key), Ok(()));
        assert_eq!(key, read_key);
        let whole = text::value(put_in);
        assert!(whole.starts_with(read), "{put_in:?} was read as {read:?}");
        // The longest thing that may not have fitted is an escaped character in quotes.
        let escapes = read.matches([',', '=', ' ', '"', '\\']).count();
        let nearly_full = text::units(read) + escapes + 4 > MAX_DIMENSION_VALUE_LENGTH;
        assert!(
            whole == *read || nearly_full,
            "{put_in:?} was cut to {read:?}"
        );
    }
}

fn check_payload(read: &protocol::Payload, payload: &Payload) {
    match (*read, *payload) {
        (protocol::Payload::Count { delta }, Payload::Count(number)) => same(delta, double(number)),
        (protocol::Payload::Gauge { value }, Payload::Gauge(number)) => same(value, double(number)),
        (
            protocol::Payload::Summary {
                min,
                max,
                sum,
                count,
            },
            Payload::Summary {
                min: low,
                max: high,
                sum: total,
                count: values,
            },
        ) => {
            same(min, low);
            same(max, high);
            same(sum, total);
            assert_eq!(count, values);
        }
        other => panic!("another kind: {other:?}"),
    }
}

fn same(read: f64, written: f64) {
    // The sign of a zero is not written.
    assert_eq!(read.to_bits(), (written + 0.0).to_bits());
}

fn double(number: Number) -> f64 {
    match number {
        Number::I64(value) => value as f64,
        Number::U64(value) => value as f64,
        Number::F64(value) => value,
    }
}
