//! Lists of attributes: comparing them and reading their values.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use opentelemetry::{KeyValue, Value};

/// A list of attributes in one piece of memory, so that comparing it with another list touches few
/// cache lines.
///
/// Arrays are stored without their elements, since no dimension can hold an array: lists that
/// differ in the elements of an array have the same fingerprint.
pub(crate) struct Fingerprint(Box<[u8]>);

impl Fingerprint {
    pub(crate) fn new(attributes: &[&KeyValue]) -> Self {
        // The exact size: fingerprints that are read one after the other lie close together.
        let sizes = attributes.iter().map(|attribute| {
            with_parts(attribute, |parts| {
                HEAD + parts.key.len() + parts.value.len()
            })
        });
        let mut bytes = Vec::with_capacity(sizes.sum());
        for attribute in attributes {
            with_parts(attribute, |parts| {
                bytes.extend_from_slice(&parts.head().to_le_bytes());
                bytes.extend_from_slice(parts.key);
                bytes.extend_from_slice(parts.value);
            });
        }
        Self(bytes.into())
    }

    /// Whether these are the attributes, in the same order.
    #[inline]
    pub(crate) fn is_of(&self, attributes: &[&KeyValue]) -> bool {
        let mut rest = &*self.0;
        for attribute in attributes {
            match with_parts(attribute, |parts| strip(rest, parts)) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        rest.is_empty()
    }

    /// Whether these are the attributes, in any order. `false` if a key occurs twice: the order of
    /// its attributes decides which one counts.
    pub(crate) fn is_of_in_any_order(&self, attributes: &[&KeyValue]) -> bool {
        let is_here = |parts: Parts<'_>| {
            let mut with_key = self.entries().filter(|(_, key)| *key == parts.key);
            match (with_key.next(), with_key.next()) {
                (Some((entry, _)), None) => strip(entry, parts).is_some(),
                _ => false,
            }
        };
        attributes
            .iter()
            .all(|attribute| with_parts(attribute, is_here))
            && self.entries().count() == attributes.len()
    }

    /// For each attribute, the bytes from its first one on, and its key.
    fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let entry = rest;
            let (head, after) = entry.split_first_chunk()?;
            let (key, value) = lengths(u64::from_le_bytes(*head));
            let (key, after) = after.split_at_checked(key)?;
            rest = after.get(value..)?;
            Some((entry, key))
        })
    }
}

/// The bytes after this attribute in a fingerprint that begins with it.
#[inline]
fn strip<'a>(bytes: &'a [u8], parts: Parts<'_>) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_first_chunk()?;
    if u64::from_le_bytes(*head) != parts.head() {
        return None;
    }
    let (key, rest) = rest.split_at_checked(parts.key.len())?;
    let (value, rest) = rest.split_at_checked(parts.value.len())?;
    (same(key, parts.key) && same(value, parts.value)).then_some(rest)
}

/// The identity of an attribute: a cheap value that distinguishes it from other attributes.
#[derive(Clone, Copy)]
struct Parts<'a> {
    key: &'a [u8],
    tag: u64,
    /// A text, or the bits of a number; arrays have no bits.
    value: &'a [u8],
}

/// The types of values.
const TEXT: u64 = 0;
const BOOL: u64 = 1;
const I64: u64 = 2;
const F64: u64 = 3;
const ARRAY: u64 = 4;

/// The size of a [`Parts::head`].
const HEAD: usize = size_of::<u64>();

impl Parts<'_> {
    /// The lengths of key and value, and the type of the value.
    #[inline]
    fn head(self) -> u64 {
        (self.key.len() as u64) << 40 ^ (self.value.len() as u64) << 3 ^ self.tag
    }
}

/// Calls `f` with the parts of an attribute: a call for texts and one for numbers, so that each
/// compares a value of known size.
#[inline]
fn with_parts<T>(attribute: &KeyValue, f: impl FnOnce(Parts<'_>) -> T) -> T {
    let key = attribute.key.as_str().as_bytes();
    let (tag, bits) = match &attribute.value {
        Value::String(text) => {
            let value = text.as_str().as_bytes();
            return f(Parts {
                key,
                tag: TEXT,
                value,
            });
        }
        Value::Bool(value) => (BOOL, u64::from(*value)),
        Value::I64(value) => (I64, value.cast_unsigned()),
        // The bits, so that NaN equals itself.
        Value::F64(value) => (F64, value.to_bits()),
        _ => (ARRAY, 0),
    };
    let value = &bits.to_le_bytes();
    f(Parts { key, tag, value })
}

/// The lengths of key and value in a [`Parts::head`]. Lengths that do not fit are wrong, but then
/// they are wrong for every list, so that comparisons still agree.
fn lengths(head: u64) -> (usize, usize) {
    let length = |bits: u64| usize::try_from(bits).unwrap_or(usize::MAX);
    (length(head >> 40), length(head >> 3 & ((1 << 37) - 1)))
}

/// Whether two texts of the same length are equal. Most texts are short, and a call of `memcmp`
/// costs more than the comparison: two words that may overlap cover up to twice their width.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    if let (Some(a_end), Some(b_end)) = (a.last_chunk(), b.last_chunk()) {
        return u128::from_ne_bytes(*a_end) == u128::from_ne_bytes(*b_end)
            && a.as_chunks()
                .0
                .iter()
                .zip(b.as_chunks().0)
                .all(|(a, b)| u128::from_ne_bytes(*a) == u128::from_ne_bytes(*b));
    }
    same_ends(a, b, u64::from_ne_bytes)
        .or_else(|| same_ends(a, b, u32::from_ne_bytes))
        .unwrap_or_else(|| a.iter().zip(b).all(|(a, b)| a == b))
}

/// Whether the first word and the last word are equal; `None` if the texts are shorter than a word.
#[inline]
fn same_ends<const N: usize, T: Eq>(a: &[u8], b: &[u8], word: fn([u8; N]) -> T) -> Option<bool> {
    let starts = (a.first_chunk()?, b.first_chunk()?);
    let ends = (a.last_chunk()?, b.last_chunk()?);
    Some(word(*starts.0) == word(*starts.1) && word(*ends.0) == word(*ends.1))
}

/// A hash of the attributes, independent of their order, and of their origin.
pub(crate) fn hash(hasher: &RandomState, origin: u32, attributes: &[&KeyValue]) -> u64 {
    let sum = attributes.iter().fold(0_u64, |sum, attribute| {
        let hash = with_parts(attribute, |parts| {
            let mut state = hasher.build_hasher();
            state.write_u64(parts.head());
            state.write(parts.key);
            state.write(parts.value);
            state.finish()
        });
        sum.wrapping_add(hash)
    });
    hasher.hash_one((origin, sum))
}

/// The value as the text of a dimension; `None` for arrays, which no dimension can hold.
pub(crate) fn text(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::String(text) => text.as_str().into(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        Value::I64(number) => number.to_string().into(),
        // Without an exponent, the largest doubles have 309 digits.
        Value::F64(number) if number.abs() < 1e16 => number.to_string().into(),
        Value::F64(number) => format!("{number:e}").into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
