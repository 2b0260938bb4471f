//! The description of a counter in a record: its name, unit, description and dimensions.

use super::layout::record::MAX_LENGTH;
use crate::descriptor::Descriptor;
use crate::instrument::{OwnedValue, Value};

/// The counts of one counter.
#[derive(Clone, Debug)]
pub(crate) struct RecoveredSeries {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) description: String,
    /// A short text is a text here.
    pub(crate) dimensions: Vec<(String, OwnedValue)>,
    /// From 1 to `i64::MAX`.
    pub(crate) added: u64,
}

/// The types of values.
pub(super) const STR: u8 = 0;
pub(super) const BOOL: u8 = 1;
pub(super) const I64: u8 = 2;
const U64: u8 = 3;
pub(super) const F64: u8 = 4;

/// The bytes that describe a series; `None` if they are too many.
pub(super) fn to_bytes(
    descriptor: &Descriptor,
    dimensions: &[(&'static str, OwnedValue)],
) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for text in [descriptor.name, descriptor.unit, descriptor.description] {
        put_text(&mut bytes, text);
    }
    for (key, value) in dimensions {
        put_text(&mut bytes, key);
        match value.as_value() {
            Value::Str(text) => {
                bytes.push(STR);
                put_text(&mut bytes, text);
            }
            Value::Bool(value) => bytes.extend([BOOL, u8::from(value)]),
            Value::I64(value) => put_number(&mut bytes, I64, value.to_le_bytes()),
            Value::U64(value) => put_number(&mut bytes, U64, value.to_le_bytes()),
            Value::F64(value) => put_number(&mut bytes, F64, value.to_le_bytes()),
            Value::ShortText(text) => {
                bytes.push(STR);
                put_text(&mut bytes, &text.to_string());
            }
        }
    }
    (bytes.len() <= MAX_LENGTH).then_some(bytes)
}

/// The checksum of a record.
pub(super) fn checksum(slot: u32, origin: u64, description: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&slot.to_le_bytes());
    hasher.update(&origin.to_le_bytes());
    hasher.update(description);
    hasher.finalize()
}

pub(super) fn put_text(bytes: &mut Vec<u8>, text: &str) {
    // Longer texts make the whole too long.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    bytes.extend(length.to_le_bytes());
    bytes.extend(text.as_bytes());
}

pub(super) fn put_number(bytes: &mut Vec<u8>, kind: u8, number: [u8; 8]) {
    bytes.push(kind);
    bytes.extend(number);
}

/// Reads the bytes back; `None` if they do not describe a series.
pub(super) fn from_bytes(mut bytes: &[u8], added: u64) -> Option<RecoveredSeries> {
    let bytes = &mut bytes;
    let [name, unit, description] = [take_text(bytes)?, take_text(bytes)?, take_text(bytes)?];
    let mut dimensions = Vec::new();
    while !bytes.is_empty() {
        let key = take_text(bytes)?;
        let [kind] = take(bytes)?;
        let value = match kind {
            STR => OwnedValue::Str(take_text(bytes)?.into()),
            BOOL => match take(bytes)? {
                [0] => OwnedValue::Bool(false),
                [1] => OwnedValue::Bool(true),
                _ => return None,
            },
            I64 => OwnedValue::I64(i64::from_le_bytes(take(bytes)?)),
            U64 => OwnedValue::U64(u64::from_le_bytes(take(bytes)?)),
            F64 => OwnedValue::F64(f64::from_le_bytes(take(bytes)?)),
            _ => return None,
        };
        dimensions.push((key, value));
    }
    Some(RecoveredSeries {
        name,
        unit,
        description,
        dimensions,
        added,
    })
}

pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

pub(super) fn take_text(bytes: &mut &[u8]) -> Option<String> {
    let length = u32::from_le_bytes(take(bytes)?);
    let (text, rest) = bytes.split_at_checked(length as usize)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}
