//! The Dynatrace metric line protocol: pure, without I/O. (Stub: the signatures others rely on.)
#![allow(
    missing_docs,
    unused_variables,
    clippy::missing_errors_doc,
    clippy::unnecessary_wraps
)]

use std::borrow::Cow;

/// Why a text is not a valid key, unit, ….
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Invalid {
    Empty,
}

impl Invalid {
    #[must_use]
    pub const fn message(self) -> &'static str {
        "is empty"
    }
}

pub const fn check_metric_key(key: &str) -> Result<(), Invalid> {
    Ok(())
}
pub const fn check_dimension_key(key: &str) -> Result<(), Invalid> {
    Ok(())
}
pub const fn check_unit(unit: &str) -> Result<(), Invalid> {
    Ok(())
}

/// A normalised metric key.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct MetricKey(Box<str>);

impl MetricKey {
    #[must_use]
    pub fn new(key: &str) -> Option<Self> {
        Some(Self(key.into()))
    }
    #[must_use]
    pub fn with_prefix(prefix: &str, key: &str) -> Option<Self> {
        Some(Self(format!("{prefix}.{key}").into()))
    }
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[must_use]
pub fn normalize_dimension_key(key: &str) -> Option<Cow<'_, str>> {
    Some(key.into())
}

/// A normalised, serialised set of dimensions: `,key=value,key=value`.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Dimensions {
    text: Box<str>,
    len: usize,
}

/// More than 50 dimensions on one line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooManyDimensions(pub usize);

impl Dimensions {
    /// Later layers win over earlier ones; within a layer the later entry wins.
    pub fn from_layers(layers: &[&[(&str, &str)]]) -> Result<Self, TooManyDimensions> {
        Ok(Self::default())
    }
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    I64(i64),
    U64(u64),
    F64(f64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Payload {
    Count(Number),
    Gauge(Number),
    Summary {
        min: f64,
        max: f64,
        sum: f64,
        count: u64,
    },
}

/// Why a point has no line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Rejected {
    NotFinite,
    InvalidSummary,
    EmptySummary,
    LineTooLong,
}

impl Rejected {
    /// A short name for counters of what was dropped, such as `not_finite`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        "not_finite"
    }
}

/// Appends one line, without a line end; on an error nothing is appended.
pub fn write_line(
    out: &mut String,
    key: &MetricKey,
    dimensions: &Dimensions,
    payload: &Payload,
    timestamp_ms: Option<i64>,
) -> Result<(), Rejected> {
    Ok(())
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MetricType {
    Count,
    Gauge,
}

/// Appends one metadata line; `false` if there is nothing to say.
pub fn write_metadata(
    out: &mut String,
    key: &MetricKey,
    metric_type: MetricType,
    unit: &str,
    description: &str,
    display_name: &str,
) -> bool {
    false
}
