//! Fields of protobuf messages, appended to a buffer.
//!
//! All fields of OTLP metrics that are written have numbers below 16, so each tag is one byte.

use opentelemetry::{Array, Value};

/// The types of fields, as the tag has them.
const VARINT: u8 = 0;
const EIGHT_BYTES: u8 = 1;
const LENGTH_DELIMITED: u8 = 2;

/// The type of messages whose length fits into one byte, and of messages that may be longer.
pub(super) const SHORT: usize = 1;
pub(super) const MEDIUM: usize = 2;
pub(super) const LONG: usize = 3;

/// The number of bytes of a varint.
pub(super) fn varint_len(value: usize) -> usize {
    // Seven bits a byte; zero has one byte.
    let bits = usize::BITS - (value | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

#[inline]
fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn tag(out: &mut Vec<u8>, field: u8, wire_type: u8) {
    out.push(field << 3 | wire_type);
}

#[inline]
fn length(out: &mut Vec<u8>, length: usize) {
    varint(out, length as u64);
}

/// A field of the type `uint64`, `int64` or `bool`, or an enumeration.
pub(super) fn integer(out: &mut Vec<u8>, field: u8, value: u64) {
    tag(out, field, VARINT);
    varint(out, value);
}

/// A field of the type `sint32`; zero is the default and left out.
pub(super) fn signed(out: &mut Vec<u8>, field: u8, value: i32) {
    if value != 0 {
        let zigzag = (value << 1 ^ value >> 31).cast_unsigned();
        integer(out, field, zigzag.into());
    }
}

/// A field of the type `fixed64`, `sfixed64` or `double`.
#[inline]
pub(super) fn eight_bytes(out: &mut Vec<u8>, field: u8, value: [u8; 8]) {
    tag(out, field, EIGHT_BYTES);
    out.extend_from_slice(&value);
}

/// A field of the type `fixed64`; zero is the default and left out.
#[inline]
pub(super) fn fixed(out: &mut Vec<u8>, field: u8, value: u64) {
    if value != 0 {
        eight_bytes(out, field, value.to_le_bytes());
    }
}

/// A field of the type `double` that is optional.
pub(super) fn double(out: &mut Vec<u8>, field: u8, value: Option<f64>) {
    if let Some(value) = value {
        eight_bytes(out, field, value.to_le_bytes());
    }
}

/// A field of the type `string`; the empty text is the default and left out.
#[inline]
pub(super) fn text(out: &mut Vec<u8>, field: u8, text: &str) {
    if !text.is_empty() {
        tag(out, field, LENGTH_DELIMITED);
        length(out, text.len());
        out.extend_from_slice(text.as_bytes());
    }
}

/// A repeated field of numbers of eight bytes.
pub(super) fn packed(out: &mut Vec<u8>, field: u8, values: impl Iterator<Item = [u8; 8]>) {
    let mut values = values.peekable();
    if values.peek().is_some() {
        nested(out, field, SHORT, |out| {
            values.for_each(|value| out.extend_from_slice(&value));
        });
    }
}

/// A repeated field of varints.
pub(super) fn packed_varints(out: &mut Vec<u8>, field: u8, values: &[u64]) {
    if !values.is_empty() {
        nested(out, field, SHORT, |out| {
            for value in values {
                varint(out, *value);
            }
        });
    }
}

/// A field with a message that `write` appends. The length is expected to have `width` bytes; a
/// message is moved if it has another one.
#[inline]
pub(super) fn nested(out: &mut Vec<u8>, field: u8, width: usize, write: impl FnOnce(&mut Vec<u8>)) {
    let start = begin(out, field, width);
    write(out);
    end(out, start, width);
}

/// Begins a field with a message, and returns the start of the message.
#[inline]
pub(super) fn begin(out: &mut Vec<u8>, field: u8, width: usize) -> usize {
    tag(out, field, LENGTH_DELIMITED);
    out.resize(out.len() + width, 0);
    out.len()
}

/// Ends a message that [`begin`] began with the same width: writes its length.
#[inline]
pub(super) fn end(out: &mut Vec<u8>, start: usize, width: usize) {
    let length = out.len() - start;
    let needed = varint_len(length);
    if needed != width {
        // The message moves.
        let moved = start - width + needed;
        if needed > width {
            out.resize(moved + length, 0);
        }
        out.copy_within(start..start + length, moved);
        out.truncate(moved + length);
    }
    let mut rest = length;
    let bytes = &mut out[start - width..][..needed];
    for byte in bytes.iter_mut() {
        *byte = rest.to_le_bytes()[0] | 0x80;
        rest >>= 7;
    }
    if let Some(last) = bytes.last_mut() {
        *last &= 0x7f;
    }
}

/// Key and value of an attribute that are shorter together have lengths of one byte each, and so do
/// the messages around the two.
const SHORT_TEXTS: usize = 0x80 - 6;

/// An attribute with a text. All lengths are known in advance.
#[inline]
pub(super) fn text_attribute(out: &mut Vec<u8>, field: u8, key: &str, value: &str) {
    if !key.is_empty() && key.len() + value.len() < SHORT_TEXTS {
        let [key_len, value_len] = [key.len(), value.len()].map(|it| it.to_le_bytes()[0]);
        let any_value = 2 + value_len;
        let length = 2 + key_len + 2 + any_value;
        out.extend_from_slice(&[
            field << 3 | LENGTH_DELIMITED,
            length,
            1 << 3 | LENGTH_DELIMITED,
            key_len,
        ]);
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(&[
            2 << 3 | LENGTH_DELIMITED,
            any_value,
            1 << 3 | LENGTH_DELIMITED,
            value_len,
        ]);
        out.extend_from_slice(value.as_bytes());
        return;
    }
    let sized = |length: usize| 1 + varint_len(length) + length;
    let any_value = sized(value.len());
    let key_field = if key.is_empty() { 0 } else { sized(key.len()) };
    tag(out, field, LENGTH_DELIMITED);
    length(out, key_field + sized(any_value));
    text(out, 1, key);
    tag(out, 2, LENGTH_DELIMITED);
    length(out, any_value);
    tag(out, 1, LENGTH_DELIMITED);
    length(out, value.len());
    out.extend_from_slice(value.as_bytes());
}

/// An attribute.
#[inline]
pub(super) fn attribute(out: &mut Vec<u8>, field: u8, key: &str, value: &Value) {
    if let Value::String(value) = value {
        text_attribute(out, field, key, value.as_str());
    } else {
        nested(out, field, SHORT, |out| {
            text(out, 1, key);
            nested(out, 2, SHORT, |out| any_value(out, value));
        });
    }
}

/// The fields of an `AnyValue`. A value of a kind that the protocol does not have is empty.
fn any_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(value) => any_text(out, value.as_str()),
        Value::Bool(value) => any_bool(out, *value),
        Value::I64(value) => any_integer(out, *value),
        Value::F64(value) => any_double(out, *value),
        Value::Array(array) => nested(out, 5, SHORT, |out| match array {
            Array::Bool(all) => elements(out, all, |out, value| any_bool(out, *value)),
            Array::I64(all) => elements(out, all, |out, value| any_integer(out, *value)),
            Array::F64(all) => elements(out, all, |out, value| any_double(out, *value)),
            Array::String(all) => {
                elements(out, all, |out, value| any_text(out, value.as_str()));
            }
            _ => {}
        }),
        _ => {}
    }
}

/// The elements of an array, each an `AnyValue`.
fn elements<T>(out: &mut Vec<u8>, all: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    for value in all {
        nested(out, 1, SHORT, |out| write(out, value));
    }
}

fn any_text(out: &mut Vec<u8>, value: &str) {
    tag(out, 1, LENGTH_DELIMITED);
    length(out, value.len());
    out.extend_from_slice(value.as_bytes());
}

fn any_bool(out: &mut Vec<u8>, value: bool) {
    integer(out, 2, u64::from(value));
}

fn any_integer(out: &mut Vec<u8>, value: i64) {
    integer(out, 3, value.cast_unsigned());
}

fn any_double(out: &mut Vec<u8>, value: f64) {
    eight_bytes(out, 4, value.to_le_bytes());
}

#[cfg(test)]
mod tests;
