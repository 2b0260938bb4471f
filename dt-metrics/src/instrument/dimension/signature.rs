//! Numbers that tell lists of types apart by the values that these have, made at compile time.
//!
//! Types with the same values in the same order have the same number, and may: to a measurement
//! they are the same. Others would have to agree in 64 bits of a hash; like the compiler's own
//! numbers for types, this is taken not to happen.

use super::value::Value;

/// That of a list of none.
pub(super) const END: u64 = 0xcbf2_9ce4_8422_2325;

/// That of a list: a type with these values before the rest. Never 0.
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
        };
        // In no text, so no text goes on into the next.
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

/// FNV-1a: enough to tell a few lists apart, none of which a stranger chooses.
const fn byte(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3)
}

#[cfg(test)]
mod tests;
