//! The description of a series in a record: its kind, name, unit, description, boundaries and
//! dimensions.

use super::layout::low_half;
use super::layout::record::MAX_LENGTH;
use crate::descriptor::{Descriptor, Kind};
use crate::instrument::{OwnedValue, Value};

/// A series, and what it measured.
#[derive(Clone, Debug)]
pub(crate) struct RecoveredSeries {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) description: String,
    /// A short text is a text here.
    pub(crate) dimensions: Vec<(String, OwnedValue)>,
    pub(crate) measured: Measured,
}

#[derive(Clone, Debug)]
pub(crate) enum Measured {
    /// The counts of a counter: from 1 to `i64::MAX`.
    Counts(u64),
    /// The values of a histogram, which are finite.
    Values {
        values: Vec<f64>,
        /// The boundaries of its buckets, if the instrument states any: finite and ascending.
        boundaries: Option<Vec<f64>>,
    },
}

/// The kinds of series that are recorded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum RecordKind {
    Counter,
    Histogram,
}

impl RecordKind {
    /// `None` for kinds whose series are not recovered.
    pub(super) fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Counter => Some(Self::Counter),
            Kind::Histogram => Some(Self::Histogram),
            Kind::UpDownCounter | Kind::Gauge => None,
        }
    }

    /// The kind of the series whose description begins with this word.
    pub(super) fn from_word(word: u64) -> Option<Self> {
        match low_half(word).to_le_bytes() {
            [COUNTER, ..] => Some(Self::Counter),
            [HISTOGRAM, ..] => Some(Self::Histogram),
            _ => None,
        }
    }
}

const COUNTER: u8 = 1;
const HISTOGRAM: u8 = 2;

/// Stands for the number of boundaries of a histogram that states none.
const NO_BOUNDARIES: u32 = u32::MAX;

/// The types of values.
pub(super) const STR: u8 = 0;
pub(super) const BOOL: u8 = 1;
pub(super) const I64: u8 = 2;
const U64: u8 = 3;
pub(super) const F64: u8 = 4;

/// The bytes that describe a series; `None` if they are too many.
pub(super) fn to_bytes(
    kind: RecordKind,
    descriptor: &Descriptor,
    dimensions: &[(&'static str, OwnedValue)],
) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    match kind {
        RecordKind::Counter => bytes.push(COUNTER),
        RecordKind::Histogram => {
            bytes.push(HISTOGRAM);
            let boundaries = descriptor.boundaries;
            let number = boundaries.map_or(Some(NO_BOUNDARIES), |all| all.len().try_into().ok())?;
            bytes.extend(number.to_le_bytes());
            let boundaries = boundaries.unwrap_or_default().iter();
            bytes.extend(boundaries.flat_map(|boundary| boundary.to_le_bytes()));
        }
    }
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

/// Reads the bytes back; `None` if they do not describe a series that can measure this.
pub(super) fn from_bytes(mut bytes: &[u8], mut measured: Measured) -> Option<RecoveredSeries> {
    let bytes = &mut bytes;
    match (take(bytes)?, &mut measured) {
        ([COUNTER], Measured::Counts(_)) => {}
        ([HISTOGRAM], Measured::Values { boundaries, .. }) => {
            take_boundaries(bytes, boundaries)?;
        }
        _ => return None,
    }
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
        measured,
    })
}

/// Sets the boundaries that the instrument states, if any.
fn take_boundaries(bytes: &mut &[u8], boundaries: &mut Option<Vec<f64>>) -> Option<()> {
    let number = u32::from_le_bytes(take(bytes)?);
    if number == NO_BOUNDARIES {
        return Some(());
    }
    let stated = boundaries.insert(Vec::new());
    for _ in 0..number {
        let boundary = f64::from_le_bytes(take(bytes)?);
        let is_next = stated.last().is_none_or(|last| *last < boundary);
        if !boundary.is_finite() || !is_next {
            return None;
        }
        stated.push(boundary);
    }
    Some(())
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
