//! Writes data points as text: as the equivalent metric line, or as received.

use std::fmt::Write;

use crate::protocol::{Metadata, Payload};

/// The metric line equivalent to a data point.
pub(super) fn line(
    key: &str,
    dimensions: &[(String, String)],
    payload: Payload,
    timestamp_ms: Option<i64>,
) -> String {
    let mut text = key.to_owned();
    for (key, value) in dimensions {
        text.push(',');
        text.push_str(key);
        text.push('=');
        escape(&mut text, value);
    }
    // A `String` takes everything that is written to it.
    let _ = match payload {
        Payload::Gauge { value } => write!(text, " gauge,{value}"),
        Payload::Count { delta } => write!(text, " count,delta={delta}"),
        Payload::Summary {
            min,
            max,
            sum,
            count,
        } => write!(text, " gauge,min={min},max={max},sum={sum},count={count}"),
    };
    if let Some(timestamp) = timestamp_ms {
        let _ = write!(text, " {timestamp}");
    }
    text
}

/// The metadata line equivalent to unit and description.
pub(super) fn metadata(metadata: &Metadata) -> String {
    let mut text = format!("#{} {} ", metadata.key, metadata.metric_type);
    let properties = [
        ("unit", &metadata.unit),
        ("description", &metadata.description),
    ];
    let properties: Vec<_> = properties
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)))
        .map(|(name, value)| {
            let value = value
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            format!("dt.meta.{name}=\"{value}\"")
        })
        .collect();
    text.push_str(&properties.join(","));
    text
}

fn escape(text: &mut String, value: &str) {
    for c in value.chars() {
        if matches!(c, ',' | '=' | ' ' | '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
}

/// A refused data point as text, with the offsets of its parts.
pub(super) struct RefusedText {
    pub(super) text: String,
    /// Offset of each attribute.
    pub(super) dimensions: Vec<usize>,
    /// Offset of the description.
    pub(super) measured: usize,
}

impl RefusedText {
    /// Writes name and attributes as in a metric line, then the description of the measurement.
    pub(super) fn new(name: &str, attributes: &[(String, String)], measured: &str) -> Self {
        let mut text = name.to_owned();
        let mut dimensions = Vec::with_capacity(attributes.len());
        for (key, value) in attributes {
            text.push(',');
            dimensions.push(text.len());
            text.push_str(key);
            text.push('=');
            escape(&mut text, value);
        }
        text.push(' ');
        let at = text.len();
        text.push_str(measured);
        Self {
            text,
            dimensions,
            measured: at,
        }
    }
}
