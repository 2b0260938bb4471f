//! The limits of the protocol and where each comes from.
//!
//! Lengths are in UTF-16 code units, the characters of Dynatrace's reference client. Keys and
//! units are ASCII, so for them a unit is a byte.

/// Longest metric key that is sent, prefix included (Dynatrace documentation, *Metric ingestion
/// protocol*; 255 since `dynatrace-metric-utils-java` 2.3).
pub const MAX_METRIC_KEY_LENGTH: usize = 255;

/// Longest name of an instrument (OpenTelemetry specification, *Instrument name syntax*).
pub const MAX_INSTRUMENT_NAME_LENGTH: usize = 255;

/// Longest key of a dimension (*Metric ingestion protocol*).
pub const MAX_DIMENSION_KEY_LENGTH: usize = 100;

/// Longest value of a dimension, its escapes and quotes included (*Metric ingestion protocol*; 255
/// since `dynatrace-metric-utils-java` 2.3).
pub const MAX_DIMENSION_VALUE_LENGTH: usize = 255;

/// Most dimensions on one line (*Metric ingestion protocol*).
pub const MAX_DIMENSIONS: usize = 50;

/// Longest line (*Metric ingestion protocol*).
pub const MAX_LINE_LENGTH: usize = 50_000;

/// Longest unit (*Metric ingestion protocol*, metadata).
pub const MAX_UNIT_LENGTH: usize = 63;

/// Longest description (*Metric ingestion protocol*, metadata).
pub const MAX_DESCRIPTION_LENGTH: usize = 65_535;

/// Longest display name (*Metric ingestion protocol*, metadata).
pub const MAX_DISPLAY_NAME_LENGTH: usize = 300;

/// The first timestamp that is sent, 2000-01-01T00:00:00Z, in milliseconds since 1970. A time
/// before it is more likely a mistake in its unit, so the reference client leaves it out.
pub const MIN_TIMESTAMP_MS: i64 = 946_684_800_000;

/// The last timestamp that is sent, the last millisecond of the year 3000 (as
/// [`MIN_TIMESTAMP_MS`]).
pub const MAX_TIMESTAMP_MS: i64 = 32_535_215_999_999;
