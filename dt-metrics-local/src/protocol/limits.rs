//! The limits of the protocol.
//!
//! Source: Dynatrace documentation, "Metric ingestion protocol". Lengths of text are in UTF-16 code
//! units, as the server counts them.

use std::time::Duration;

/// Smallest length of a metric key.
pub const METRIC_KEY_MIN: usize = 3;

/// Largest length of a metric key.
pub const METRIC_KEY: usize = 255;

/// Largest length of a dimension key.
pub const DIMENSION_KEY: usize = 100;

/// Largest length of a dimension value as written, including the backslashes of escapes and the quotes.
pub const DIMENSION_VALUE: usize = 255;

/// Largest number of dimensions of a line.
pub const DIMENSIONS: usize = 50;

/// Largest length of a line with a data point or metadata.
pub const LINE: usize = 50_000;

/// Largest length of a unit.
pub const UNIT: usize = 63;

/// Largest length of a display name, after decoding.
pub const DISPLAY_NAME: usize = 300;

/// Largest length of a description, after decoding.
pub const DESCRIPTION: usize = 65_535;

/// Maximum age of a data point, by its timestamp.
pub const PAST: Duration = Duration::from_secs(60 * 60);

/// Maximum time by which the timestamp of a data point may be ahead of the server's clock.
pub const FUTURE: Duration = Duration::from_secs(10 * 60);

/// Largest request body of the Dynatrace API, in bytes. The documented limit is "1 MB"; a decimal
/// megabyte is the narrower interpretation.
pub const REQUEST_BYTES: usize = 1_000_000;

/// Maximum number of lines in a request to the OneAgent's local API.
pub const ONEAGENT_LINES: usize = 1_000;
