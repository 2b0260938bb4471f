//! Converts attributes to text and to dimensions.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

use super::{limits, name};

/// Attributes as received, with their values as text.
pub(super) fn texts(attributes: &[KeyValue]) -> Vec<(String, String)> {
    attributes
        .iter()
        .map(|attribute| (attribute.key.clone(), text(value(attribute))))
        .collect()
}

/// The dimensions of a data point. If two attributes have the same key, the first counts; an
/// attribute that is not a string, a Boolean or an integer is dropped.
pub(super) fn dimensions(attributes: &[KeyValue]) -> Vec<(String, String)> {
    let mut dimensions: Vec<(String, String)> = Vec::with_capacity(attributes.len());
    for attribute in attributes {
        let value = value(attribute);
        let Some(Value::StringValue(_) | Value::BoolValue(_) | Value::IntValue(_)) = value else {
            continue;
        };
        let key = name::dimension_key(&attribute.key);
        let Some((key, value)) = key.zip(name::dimension_value(&text(value))) else {
            continue;
        };
        if dimensions.iter().all(|(known, _)| *known != key) {
            dimensions.push((key, value));
        }
        if dimensions.len() > limits::DIMENSIONS {
            break; // The data point is refused: further dimensions would only take time.
        }
    }
    dimensions
}

fn value(attribute: &KeyValue) -> Option<&Value> {
    attribute.value.as_ref()?.value.as_ref()
}

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        Some(Value::ArrayValue(_)) => "(array)".to_owned(),
        Some(Value::KvlistValue(_)) => "(map)".to_owned(),
        Some(Value::BytesValue(_)) => "(bytes)".to_owned(),
        Some(Value::StringValueStrindex(_)) | None => String::new(),
    }
}
