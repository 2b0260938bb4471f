//! Dimensions as attributes of the SDK.

use std::sync::Arc;

use opentelemetry::{Key, KeyValue};

use crate::instrument::OwnedValue;

/// A dimension as an attribute of the SDK.
pub(crate) fn attribute(key: Key, value: OwnedValue) -> KeyValue {
    match value {
        // The SDK's copies share it.
        OwnedValue::Str(text) => KeyValue::new(key, text),
        OwnedValue::Literal(text) => KeyValue::new(key, text),
        OwnedValue::Bool(value) => KeyValue::new(key, value),
        OwnedValue::ShortText(text) => KeyValue::new(key, Arc::<str>::from(text.to_string())),
        OwnedValue::I64(value) => KeyValue::new(key, value),
        OwnedValue::F64(value) => KeyValue::new(key, value),
        // OpenTelemetry has no unsigned attribute.
        OwnedValue::U64(value) => match i64::try_from(value) {
            Ok(value) => KeyValue::new(key, value),
            Err(_) => KeyValue::new(key, Arc::<str>::from(value.to_string())),
        },
    }
}
