//! The limits of Dynatrace's OTLP ingest.
//!
//! Source: Dynatrace documentation, "About OTLP metrics ingest", the default limits.

/// Shortest metric key.
pub(super) const METRIC_KEY_MIN: usize = 2;

/// Longest metric key.
pub(super) const METRIC_KEY: usize = 255;

/// Longest dimension key; a longer one is cut.
pub(super) const DIMENSION_KEY: usize = 100;

/// Longest dimension value; a longer one is cut.
pub(super) const DIMENSION_VALUE: usize = 255;

/// Maximum number of dimensions of a data point.
pub(super) const DIMENSIONS: usize = 50;

/// Longest unit; a longer one is dropped.
pub(super) const UNIT: usize = 63;

/// Longest description; a longer one is cut.
pub(super) const DESCRIPTION: usize = 1_023;

/// Largest request body in bytes. The documented limit is "4 MB"; a decimal megabyte is the
/// narrower interpretation.
pub(crate) const REQUEST_BYTES: usize = 4_000_000;

/// Maximum number of data points in a request.
pub(crate) const POINTS: usize = 15_000;
