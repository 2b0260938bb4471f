//! The dimensions of data points: measured ones, and the configured ones of all data points.

use opentelemetry::{KeyValue, Value};

use crate::dynatrace::encode::lines::fingerprint;
use crate::dynatrace::encode::otlp::wire::{attribute, text_attribute};

/// A dimension of every data point.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) key: String,
    pub(super) value: Value,
}

/// The dimensions of the data points of one collection.
pub(super) struct Dimensions<'a> {
    /// They win over all others.
    host: &'a [Shared],
    /// All others win over them. Each key is here once, and is not a key of `host`.
    defaults: Vec<&'a Shared>,
    /// Which of the defaults the data point at hand has measured itself.
    is_measured: Vec<bool>,
}

impl<'a> Dimensions<'a> {
    /// The first of several defaults with the same key wins.
    pub(super) fn new(host: &'a [Shared], all_defaults: impl Iterator<Item = &'a Shared>) -> Self {
        let mut defaults: Vec<&Shared> = Vec::new();
        for default in all_defaults {
            let mut known = host.iter().chain(defaults.iter().copied());
            if known.all(|it| it.key != default.key) {
                defaults.push(default);
            }
        }
        Self {
            host,
            is_measured: vec![false; defaults.len()],
            defaults,
        }
    }

    /// Appends the dimensions of a data point with these attributes, each in a field with this
    /// number.
    #[inline]
    pub(super) fn write<'p>(
        &mut self,
        out: &mut Vec<u8>,
        field: u8,
        attributes: impl Iterator<Item = &'p KeyValue>,
    ) {
        self.is_measured.fill(false);
        for KeyValue { key, value, .. } in attributes {
            let key = key.as_str();
            if self.host.iter().any(|it| it.key == key) {
                continue;
            }
            for (default, is_measured) in self.defaults.iter().zip(&mut self.is_measured) {
                *is_measured |= default.key == key;
            }
            write(out, field, key, value);
        }
        for Shared { key, value } in self.host {
            write(out, field, key, value);
        }
        for (Shared { key, value }, is_measured) in self.defaults.iter().zip(&self.is_measured) {
            if !is_measured {
                write(out, field, key, value);
            }
        }
    }
}

/// Appends a dimension. A float is the text that metric lines have, since Dynatrace drops dimensions
/// with float values (Dynatrace documentation, "About OTLP metrics ingest", dimension keys).
#[inline]
fn write(out: &mut Vec<u8>, field: u8, key: &str, value: &Value) {
    match value {
        Value::F64(_) => {
            if let Some(text) = fingerprint::text(value) {
                text_attribute(out, field, key, &text);
            }
        }
        value => attribute(out, field, key, value),
    }
}
