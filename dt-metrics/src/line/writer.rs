//! One line.

use super::dimensions::Dimensions;
use super::limits::{
    MAX_DIMENSION_KEY_LENGTH, MAX_DIMENSION_VALUE_LENGTH, MAX_DIMENSIONS, MAX_LINE_LENGTH,
    MAX_METRIC_KEY_LENGTH, MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS,
};
use super::metric_key::MetricKey;
use super::number::push_integer;
use super::payload::{Payload, Rejected};

/// Room for the longest payload and timestamp: ` gauge,min=,max=,sum=,count= ` and five numbers.
const REST: usize = 160;

// No line has to be measured: none can be too long, counted in bytes even, where a character of
// one UTF-16 unit has at most three.
const _: () = {
    let dimension = 2 + MAX_DIMENSION_KEY_LENGTH + 3 * MAX_DIMENSION_VALUE_LENGTH;
    assert!(MAX_METRIC_KEY_LENGTH + MAX_DIMENSIONS * dimension + REST <= MAX_LINE_LENGTH);
};

/// Appends one line to `out`, without a line end. Only the numbers are formatted: the key and the dimensions
/// are copied. Memory is allocated only if `out` has to grow.
///
/// `timestamp_ms` is in milliseconds since 1970 UTC. A timestamp outside of the years 2000 to 3000 is left
/// out; the server then uses the time of arrival.
///
/// ```
/// use dt_metrics::line::{Dimensions, MetricKey, Number, Payload, write_line};
///
/// let key = MetricKey::new("orders").unwrap();
/// let dimensions = Dimensions::from_layers(&[&[("region", "eu")]])?;
/// let mut out = String::new();
/// write_line(&mut out, &key, &dimensions, &Payload::Count(Number::U64(3)), Some(1_700_000_000_000))?;
/// assert_eq!(out, "orders,region=eu count,delta=3 1700000000000");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Returns an error, and appends nothing, if the payload cannot be sent.
pub fn write_line(
    out: &mut String,
    key: &MetricKey,
    dimensions: &Dimensions,
    payload: &Payload,
    timestamp_ms: Option<i64>,
) -> Result<(), Rejected> {
    write_point(out, key, dimensions, payload)?;
    push_time(out, timestamp_ms);
    Ok(())
}

/// Appends a line without its time, as [`write_line`] does. There is room for the time.
#[inline]
pub(crate) fn write_point(
    out: &mut String,
    key: &MetricKey,
    dimensions: &Dimensions,
    payload: &Payload,
) -> Result<(), Rejected> {
    payload.check()?;
    out.reserve(key.as_str().len() + dimensions.as_str().len() + REST);
    out.push_str(key.as_str());
    out.push_str(dimensions.as_str());
    out.push(' ');
    payload.push(out);
    Ok(())
}

/// Appends the time to a line, unless it cannot be sent.
fn push_time(out: &mut String, timestamp_ms: Option<i64>) {
    if let Some(time) = timestamp_ms
        && (MIN_TIMESTAMP_MS..=MAX_TIMESTAMP_MS).contains(&time)
    {
        out.push(' ');
        push_integer(out, time);
    }
}

/// The end of a line with a time. The data points of a metric share their time, so that it is
/// formatted once.
#[derive(Debug, Default)]
pub(crate) struct LineEnd {
    timestamp_ms: Option<i64>,
    text: String,
}

impl LineEnd {
    /// The text of the time after [`write_point`].
    #[inline]
    pub(crate) fn at(&mut self, timestamp_ms: i64) -> &str {
        if self.timestamp_ms != Some(timestamp_ms) {
            self.timestamp_ms = Some(timestamp_ms);
            self.text.clear();
            push_time(&mut self.text, self.timestamp_ms);
        }
        &self.text
    }
}
