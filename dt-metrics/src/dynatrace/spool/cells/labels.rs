//! The labels of the process that counts, in a record of its file of cells.

use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::Resource;

use super::series::{BOOL, F64, I64, STR, put_number, put_text, take, take_text};
use crate::dynatrace::config::dimensions::{Labels, Pairs};

/// Added to the type of a value if there is a list of them.
const LIST: u8 = 16;

const LIST_BOOL: u8 = LIST + BOOL;
const LIST_I64: u8 = LIST + I64;
const LIST_F64: u8 = LIST + F64;
const LIST_STR: u8 = LIST + STR;

pub(super) fn to_bytes(labels: &Labels) -> Vec<u8> {
    let Labels {
        prefix,
        default_dimensions,
        host_dimensions,
        resource_dimensions,
        instance,
        resource,
    } = labels;
    let mut bytes = Vec::new();
    put_optional(&mut bytes, prefix.as_deref());
    put_optional(&mut bytes, instance.as_deref());
    put_optional(&mut bytes, resource.schema_url());
    for pairs in [default_dimensions, host_dimensions] {
        put_list(&mut bytes, pairs, |bytes, (key, value)| {
            put_text(bytes, key);
            put_text(bytes, value);
        });
    }
    put_list(&mut bytes, resource_dimensions, |bytes, name| {
        put_text(bytes, name);
    });
    for (key, value) in resource {
        put_text(&mut bytes, key.as_str());
        put_value(&mut bytes, value);
    }
    bytes
}

fn put_optional(bytes: &mut Vec<u8>, text: Option<&str>) {
    bytes.push(text.is_some().into());
    if let Some(text) = text {
        put_text(bytes, text);
    }
}

fn put_list<T>(bytes: &mut Vec<u8>, items: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    // More items make the whole too long.
    let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    bytes.extend(count.to_le_bytes());
    for item in items {
        put(bytes, item);
    }
}

fn put_value(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Bool(value) => bytes.extend([BOOL, u8::from(*value)]),
        Value::I64(value) => put_number(bytes, I64, value.to_le_bytes()),
        Value::F64(value) => put_number(bytes, F64, value.to_le_bytes()),
        Value::String(text) => {
            bytes.push(STR);
            put_text(bytes, text.as_str());
        }
        Value::Array(Array::Bool(values)) => {
            bytes.push(LIST_BOOL);
            put_list(bytes, values, |bytes, value| bytes.push(u8::from(*value)));
        }
        Value::Array(Array::I64(values)) => {
            bytes.push(LIST_I64);
            put_list(bytes, values, |bytes, value| {
                bytes.extend(value.to_le_bytes());
            });
        }
        Value::Array(Array::F64(values)) => {
            bytes.push(LIST_F64);
            put_list(bytes, values, |bytes, value| {
                bytes.extend(value.to_le_bytes());
            });
        }
        Value::Array(Array::String(values)) => {
            bytes.push(LIST_STR);
            put_list(bytes, values, |bytes, text| put_text(bytes, text.as_str()));
        }
        // Types of a later OpenTelemetry are sent as their text.
        other => {
            bytes.push(STR);
            put_text(bytes, &other.as_str());
        }
    }
}

/// Reads the bytes back; `None` if they are not labels.
pub(super) fn from_bytes(mut bytes: &[u8]) -> Option<Labels> {
    let bytes = &mut bytes;
    let [prefix, instance, schema_url] = [
        take_optional(bytes)?,
        take_optional(bytes)?,
        take_optional(bytes)?,
    ];
    let pair = |bytes: &mut &[u8]| Some((take_text(bytes)?, take_text(bytes)?));
    let default_dimensions: Pairs = take_list(bytes, pair)?;
    let host_dimensions: Pairs = take_list(bytes, pair)?;
    let resource_dimensions = take_list(bytes, take_text)?;
    let mut attributes = Vec::new();
    while !bytes.is_empty() {
        attributes.push(KeyValue::new(take_text(bytes)?, take_value(bytes)?));
    }
    let resource = Resource::builder_empty();
    let resource = match schema_url {
        Some(url) => resource.with_schema_url(attributes, url),
        None => resource.with_attributes(attributes),
    };
    Some(Labels {
        prefix,
        default_dimensions,
        host_dimensions,
        resource_dimensions,
        instance,
        resource: resource.build(),
    })
}

/// `None` if there are no such bytes.
#[expect(clippy::option_option, reason = "there may be no text")]
fn take_optional(bytes: &mut &[u8]) -> Option<Option<String>> {
    match take(bytes)? {
        [0] => Some(None),
        [1] => take_text(bytes).map(Some),
        _ => None,
    }
}

fn take_list<T>(
    bytes: &mut &[u8],
    mut item: impl FnMut(&mut &[u8]) -> Option<T>,
) -> Option<Vec<T>> {
    let count = u32::from_le_bytes(take(bytes)?);
    (0..count).map(|_| item(bytes)).collect()
}

fn take_bool(bytes: &mut &[u8]) -> Option<bool> {
    match take(bytes)? {
        [0] => Some(false),
        [1] => Some(true),
        _ => None,
    }
}

fn take_value(bytes: &mut &[u8]) -> Option<Value> {
    let [kind] = take(bytes)?;
    let i64 = |bytes: &mut &[u8]| take(bytes).map(i64::from_le_bytes);
    let f64 = |bytes: &mut &[u8]| take(bytes).map(f64::from_le_bytes);
    let text = |bytes: &mut &[u8]| take_text(bytes).map(StringValue::from);
    Some(match kind {
        BOOL => Value::Bool(take_bool(bytes)?),
        I64 => Value::I64(i64(bytes)?),
        F64 => Value::F64(f64(bytes)?),
        STR => Value::String(text(bytes)?),
        LIST_BOOL => Value::Array(Array::Bool(take_list(bytes, take_bool)?)),
        LIST_I64 => Value::Array(Array::I64(take_list(bytes, i64)?)),
        LIST_F64 => Value::Array(Array::F64(take_list(bytes, f64)?)),
        LIST_STR => Value::Array(Array::String(take_list(bytes, text)?)),
        _ => return None,
    })
}
