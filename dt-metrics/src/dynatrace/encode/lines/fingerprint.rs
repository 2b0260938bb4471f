//! Lists of attributes: telling them apart, and reading their values.

use foldhash::fast::RandomState;
use opentelemetry::{KeyValue, Value};
use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};

/// All that a list of attributes says, in one piece of memory.
///
/// Arrays are only noted: no dimension holds one, so lists that differ in an array alone are one.
pub(crate) struct Fingerprint(Box<[u8]>);

impl Fingerprint {
    pub(crate) fn new<'a, A>(attributes: &impl Fn() -> A) -> Self
    where
        A: Iterator<Item = &'a KeyValue>,
    {
        let each = |write: &mut dyn FnMut(&[u8])| {
            for attribute in attributes() {
                let key = attribute.key.as_str().as_bytes();
                let (tag, number);
                let value = match Content::of(&attribute.value) {
                    Content::Text(text) => {
                        tag = TEXT;
                        text
                    }
                    Content::Number(its_tag, bits) => {
                        (tag, number) = (its_tag, bits.to_le_bytes());
                        &number
                    }
                };
                write(&head(key, tag, value).to_le_bytes());
                write(key);
                write(value);
            }
        };
        // To the byte: what is read together should lie together.
        let mut size = 0;
        each(&mut |part| size += part.len());
        let mut bytes = Vec::with_capacity(size);
        each(&mut |part| bytes.extend_from_slice(part));
        Self(bytes.into())
    }

    /// That of no attributes.
    pub(crate) fn empty() -> Self {
        Self(Box::default())
    }

    /// Whether it is that of these attributes, in this order.
    #[inline]
    pub(crate) fn is_of<'a>(&self, attributes: impl Iterator<Item = &'a KeyValue>) -> bool {
        let mut rest = &*self.0;
        for attribute in attributes {
            let key = attribute.key.as_str().as_bytes();
            let matched = match Content::of(&attribute.value) {
                Content::Text(text) => after(rest, key, TEXT, text),
                Content::Number(tag, bits) => after(rest, key, tag, &bits.to_le_bytes()),
            };
            match matched {
                Some(after) => rest = after,
                None => return false,
            }
        }
        rest.is_empty()
    }

    /// Whether it is that of these attributes, in whatever order. One with two attributes of one
    /// key is not: of those the order says which counts.
    pub(crate) fn is_of_in_any_order<'a, A>(&self, attributes: &impl Fn() -> A) -> bool
    where
        A: Iterator<Item = &'a KeyValue>,
    {
        let each_is_here = attributes().all(|attribute| {
            let key = attribute.key.as_str().as_bytes();
            let mut of_key = self.entries().filter(|(_, its_key)| *its_key == key);
            let (Some((entry, _)), None) = (of_key.next(), of_key.next()) else {
                return false;
            };
            match Content::of(&attribute.value) {
                Content::Text(text) => after(entry, key, TEXT, text),
                Content::Number(tag, bits) => after(entry, key, tag, &bits.to_le_bytes()),
            }
            .is_some()
        });
        each_is_here && self.entries().count() == attributes().count()
    }

    /// Each attribute, with what follows it, and its key.
    fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let entry = rest;
            let (key, after) = first(rest)?;
            rest = after;
            Some((entry, key))
        })
    }
}

/// What follows in `rest` after the first attribute, and that one's key.
fn first(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = rest.split_first_chunk()?;
    let (key, value) = lengths(u64::from_le_bytes(*first));
    let (key, rest) = rest.split_at_checked(key)?;
    Some((key, rest.get(value..)?))
}

/// What follows in `rest` after this attribute, if it begins with it.
#[inline]
fn after<'a>(rest: &'a [u8], key: &[u8], tag: u64, value: &[u8]) -> Option<&'a [u8]> {
    let (first, rest) = rest.split_first_chunk()?;
    if u64::from_le_bytes(*first) != head(key, tag, value) {
        return None;
    }
    let (its_key, rest) = rest.split_at_checked(key.len())?;
    let (its_value, rest) = rest.split_at_checked(value.len())?;
    (same(its_key, key) && same(its_value, value)).then_some(rest)
}

const TEXT: u64 = 0;
const BOOL: u64 = 1;
const I64: u64 = 2;
const F64: u64 = 3;
const ARRAY: u64 = 4;

/// Says where key and value end and of which kind the value is.
#[inline]
fn head(key: &[u8], tag: u64, value: &[u8]) -> u64 {
    (key.len() as u64) << 40 ^ (value.len() as u64) << 3 ^ tag
}

/// The lengths of key and value. They are right for texts that fit any memory: nothing else is
/// asked of them but to agree.
fn lengths(head: u64) -> (usize, usize) {
    let length = |bits: u64| usize::try_from(bits).unwrap_or(usize::MAX);
    (length(head >> 40), length(head >> 3 & ((1 << 37) - 1)))
}

/// What makes two values different.
enum Content<'a> {
    Text(&'a [u8]),
    Number(u64, u64),
}

impl<'a> Content<'a> {
    #[inline]
    fn of(value: &'a Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.as_str().as_bytes()),
            Value::Bool(value) => Self::Number(BOOL, u64::from(*value)),
            Value::I64(value) => Self::Number(I64, value.cast_unsigned()),
            // By its bits, so that NaN equals itself.
            Value::F64(value) => Self::Number(F64, value.to_bits()),
            _ => Self::Number(ARRAY, 0),
        }
    }
}

/// Whether two texts of one length are the same. Most are short, and a call to compare them would
/// cost more than comparing them: two words that may overlap cover up to twice their width.
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
    if let Some(equal) = same_ends(a, b, u64::from_ne_bytes) {
        return equal;
    }
    if let Some(equal) = same_ends(a, b, u32::from_ne_bytes) {
        return equal;
    }
    a.iter().zip(b).all(|(a, b)| a == b)
}

/// Whether the first and the last word are the same; `None` if the texts are shorter than one.
#[inline]
fn same_ends<const N: usize, T: Eq>(a: &[u8], b: &[u8], word: fn([u8; N]) -> T) -> Option<bool> {
    let starts = (a.first_chunk()?, b.first_chunk()?);
    let ends = (a.last_chunk()?, b.last_chunk()?);
    Some(word(*starts.0) == word(*starts.1) && word(*ends.0) == word(*ends.1))
}

/// A hash of what [`Fingerprint`]s hold, whatever the order, and of `origin`.
pub(crate) fn hash<'a>(
    hasher: &RandomState,
    origin: u32,
    attributes: impl Iterator<Item = &'a KeyValue>,
) -> u64 {
    let sum = attributes.fold(0_u64, |sum, attribute| {
        let key = attribute.key.as_str().as_bytes();
        let mut state = hasher.build_hasher();
        match Content::of(&attribute.value) {
            Content::Text(text) => {
                state.write_u64(head(key, TEXT, text));
                state.write(key);
                state.write(text);
            }
            Content::Number(tag, bits) => {
                state.write_u64(head(key, tag, &[]));
                state.write(key);
                state.write_u64(bits);
            }
        }
        sum.wrapping_add(state.finish())
    });
    hasher.hash_one((origin, sum))
}

/// The value of a dimension; `None` for arrays, which no dimension can hold.
pub(crate) fn text(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::String(text) => text.as_str().into(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        Value::I64(number) => number.to_string().into(),
        // Written out, the largest doubles have 309 digits.
        Value::F64(number) if number.abs() < 1e16 => number.to_string().into(),
        Value::F64(number) => format!("{number:e}").into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
