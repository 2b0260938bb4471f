//! Converts attributes to text and to dimensions.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

use super::{limits, name};
use crate::protocol::Note;

/// The attribute that distinguishes the series of services.
const SERVICE_NAME: &str = "service.name";

/// Attributes as received, with their values as text.
pub(super) fn texts(attributes: &[KeyValue]) -> Vec<(String, String)> {
    attributes
        .iter()
        .map(|attribute| (attribute.key.clone(), text(value(attribute))))
        .collect()
}

/// The dimensions that attributes become, with a note for each attribute that becomes none.
#[derive(Debug, Clone, Default)]
pub(super) struct Dimensions {
    pub(super) stored: Vec<(String, String)>,
    pub(super) notes: Vec<Note>,
}

impl Dimensions {
    /// Adds the dimensions of further attributes. The first attribute with a key counts, so add
    /// attributes that take precedence first. An attribute that is not a string, a Boolean or an
    /// integer is not stored.
    pub(super) fn add(&mut self, attributes: &[KeyValue]) {
        for attribute in attributes {
            if self.stored.len() > limits::DIMENSIONS {
                return; // The data point is refused: further dimensions would only take time.
            }
            let value = value(attribute);
            if let Some(found) = value.and_then(without_dimension) {
                let key = name::cut(&attribute.key, limits::DIMENSION_KEY).to_owned();
                self.notes.push(Note::AttributeType { key, found });
                continue;
            }
            let key = name::dimension_key(&attribute.key);
            if let Some((key, value)) = key.zip(name::dimension_value(&text(value))) {
                self.add_stored(key, value);
            }
        }
    }

    /// Adds the dimensions of a scope and its resource to the dimensions of a data point, and puts
    /// the name of the service first, where the reader sees it first. Their notes move to the first
    /// data point.
    pub(super) fn add_common(&mut self, common: &mut Self) {
        for (key, value) in &common.stored {
            self.add_stored(key.clone(), value.clone());
        }
        self.notes.append(&mut common.notes);
        let service = self.stored.iter().position(|(key, _)| key == SERVICE_NAME);
        if let Some(service) = service
            && let Some(before) = self.stored.get_mut(..=service)
        {
            before.rotate_right(1);
        }
    }

    fn add_stored(&mut self, key: String, value: String) {
        if self.stored.iter().all(|(known, _)| *known != key) {
            self.stored.push((key, value));
        }
    }
}

/// The type of a value that cannot be a dimension.
fn without_dimension(value: &Value) -> Option<&'static str> {
    match value {
        Value::StringValue(_) | Value::BoolValue(_) | Value::IntValue(_) => None,
        Value::DoubleValue(_) => Some("double"),
        Value::ArrayValue(_) => Some("array"),
        Value::KvlistValue(_) => Some("map"),
        Value::BytesValue(_) => Some("bytes"),
        Value::StringValueStrindex(_) => Some("string index"),
    }
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
