//! The limits of the protocol.
//!
//! Source: Dynatrace documentation, "Metric ingestion protocol". Lengths of text are in UTF-16 code
//! units, as the server counts them.

use std::time::Duration;

/// Longest metric key.
pub const METRIC_KEY: usize = 255;

/// Longest dimension key.
pub const DIMENSION_KEY: usize = 100;

/// Longest dimension value as written: backslashes of escapes and surrounding quotes count.
pub const DIMENSION_VALUE: usize = 255;

/// Most dimensions on a line.
pub const DIMENSIONS: usize = 50;

/// Longest line, metadata lines included.
pub const LINE: usize = 50_000;

/// Longest unit.
pub const UNIT: usize = 63;

/// Longest display name, after decoding.
pub const DISPLAY_NAME: usize = 300;

/// Longest description, after decoding.
pub const DESCRIPTION: usize = 65_535;

/// How old a data point may be.
pub const PAST: Duration = Duration::from_secs(60 * 60);

/// How far ahead of the server's clock a data point may be.
pub const FUTURE: Duration = Duration::from_secs(10 * 60);

/// Largest request body in bytes on the Dynatrace API. The documentation says "1 MB"; the decimal
/// megabyte is the narrower reading.
pub const REQUEST_BYTES: usize = 1_000_000;

/// Most lines in a request to the OneAgent's local API.
pub const ONEAGENT_LINES: usize = 1_000;
