//! The limits of the protocol, with the source of each limit.
//!
//! Lengths are in UTF-16 code units, the characters of Dynatrace's reference client. Keys and
//! units are ASCII, so for them a unit is a byte.

/// Largest length of a metric key, including the prefix (Dynatrace documentation, *Metric ingestion
/// protocol*; 255 since `dynatrace-metric-utils-java` 2.3).
pub const MAX_METRIC_KEY_LENGTH: usize = 255;

/// Largest length of an instrument name (OpenTelemetry specification, *Instrument name syntax*).
pub const MAX_INSTRUMENT_NAME_LENGTH: usize = 255;

/// Largest length of a dimension key (*Metric ingestion protocol*).
pub const MAX_DIMENSION_KEY_LENGTH: usize = 100;

/// Largest length of a dimension value, including escapes and quotes (*Metric ingestion protocol*; 255
/// since `dynatrace-metric-utils-java` 2.3).
pub const MAX_DIMENSION_VALUE_LENGTH: usize = 255;

/// Largest number of dimensions on one line (*Metric ingestion protocol*).
pub const MAX_DIMENSIONS: usize = 50;

/// Largest length of a line (*Metric ingestion protocol*).
pub const MAX_LINE_LENGTH: usize = 50_000;

/// Largest length of a unit (*Metric ingestion protocol*, metadata).
pub const MAX_UNIT_LENGTH: usize = 63;

/// Largest length of a description (*Metric ingestion protocol*, metadata).
pub const MAX_DESCRIPTION_LENGTH: usize = 65_535;

/// Largest length of a display name (*Metric ingestion protocol*, metadata).
pub const MAX_DISPLAY_NAME_LENGTH: usize = 300;

/// The earliest timestamp that is sent, 2000-01-01T00:00:00Z, in milliseconds since 1970. An earlier
/// timestamp is probably in a wrong unit, so Dynatrace's reference client leaves it out.
pub const MIN_TIMESTAMP_MS: i64 = 946_684_800_000;

/// The latest timestamp that is sent, the last millisecond of the year 3000, in milliseconds since 1970
/// (source: see [`MIN_TIMESTAMP_MS`]).
pub const MAX_TIMESTAMP_MS: i64 = 32_535_215_999_999;
