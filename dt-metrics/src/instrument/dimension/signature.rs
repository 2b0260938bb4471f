//! Signatures: numbers that distinguish lists of types by their values, made at compile time.
//!
//! Types with the same values in the same order have the same signature, and may: a measurement
//! cannot distinguish them. Other types would have to agree in 64 bits of a hash, which is assumed
//! not to happen, as for the compiler's own type numbers.

use super::value::Value;

/// The signature of the empty list.
pub(super) const END: u64 = 0xcbf2_9ce4_8422_2325;

/// The signature of a list that begins with a type of these values. Never 0.
pub(super) const fn of(values: &[Value<'static>], rest: u64) -> u64 {
    let mut hash = rest;
    let mut left = values;
    while let [value, others @ ..] = left {
        hash = match *value {
            Value::Str(text) => bytes(byte(hash, 1), text.as_bytes()),
            Value::Bool(value) => byte(byte(hash, 2), value as u8),
            Value::I64(value) => bytes(byte(hash, 3), &value.to_le_bytes()),
            Value::U64(value) => bytes(byte(hash, 4), &value.to_le_bytes()),
            Value::F64(value) => bytes(byte(hash, 5), &value.to_bits().to_le_bytes()),
            // No type with a fixed number of values has such a value.
            Value::ShortText(_) => byte(hash, 6),
        };
        // No UTF-8 text has this byte, so no text continues into the next.
        hash = byte(hash, 0xff);
        left = others;
    }
    match byte(hash, 0xfe) {
        0 => END,
        hash => hash,
    }
}

const fn bytes(mut hash: u64, mut bytes: &[u8]) -> u64 {
    while let [first, rest @ ..] = bytes {
        hash = byte(hash, *first);
        bytes = rest;
    }
    hash
}

/// FNV-1a: enough to distinguish a few lists, none of which an attacker chooses.
const fn byte(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3)
}

#[cfg(test)]
mod tests;
