//! What became of everything, in numbers.

use std::collections::BTreeMap;
use std::time::SystemTime;

/// What an exporter did so far; from [`Exporter::health`](crate::dynatrace::exporter::Exporter::health).
///
/// By OTLP a data point counts as a line.
///
/// Every line is in one place: `points_accepted`, `points_rejected`, `points_dropped` or `points_pending`.
/// Points that never became a line are in `points_dropped`. Lines are those of data points: the
/// metadata of a metric, its unit and description, is counted in none of these, whatever the
/// endpoint makes of it.
///
/// ```
/// use dt_metrics::dynatrace::Exporter;
///
/// # fn main() -> Result<(), dt_metrics::dynatrace::ConfigError> {
/// let health = Exporter::builder().build()?.health();
/// assert_eq!(health.points_dropped, 0);
/// assert_eq!(health.last_error, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Health {
    /// Lines that the endpoint accepted: those that were sent, less those that it named as refused.
    pub points_accepted: u64,
    /// Lines that the endpoint looked at and refused, each on its own.
    pub points_rejected: u64,
    /// Data points that will not be delivered; [`dropped`](Self::dropped) has the reasons.
    pub points_dropped: u64,
    /// Requests whose valid lines the endpoint accepted.
    pub requests_accepted: u64,
    /// Requests that failed or were refused as a whole, each attempt counted.
    pub requests_failed: u64,
    /// Attempts that sent a request again.
    pub retries: u64,
    /// Lines that wait to be sent or answered. With a spool: after a shutdown those that are left
    /// on disk for the next process.
    pub points_pending: u64,
    /// Bytes that wait to be sent or answered.
    pub bytes_pending: u64,
    /// As many of `points_pending` as are on disk, where they survive the process.
    pub points_spooled: u64,
    /// Lines that earlier processes had left in the spool. They are counted in the other fields,
    /// too, as if they were of this process.
    pub points_recovered: u64,
    /// Requests that were sent but not answered, so that nobody knows whether they were accepted,
    /// each attempt counted. They are sent again, unless the exporter is shut down first or
    /// [`DeliveryGuarantee::AtMostOnce`](crate::dynatrace::config::options::DeliveryGuarantee::AtMostOnce) is asked for.
    pub requests_unanswered: u64,
    /// What `points_dropped` and `points_dropped` are made of. Lines: `buffer_full`, `too_old` (they
    /// waited for the hour after which Dynatrace refuses them), `request_rejected`,
    /// `request_too_large` (a single line, and still a 413), `ambiguous`, `shutdown`. Points: such
    /// as `too_many_dimensions` or `unsupported_temporality`.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Points that were sent otherwise than they were measured, by what was altered:
    /// `metric_key` and `dimension_key` (characters or a length that keys cannot have; upper case
    /// in the key of a dimension), `dimension_value` (the same; escapes are no alteration),
    /// `array_attribute` (left out, since dimensions are single values). A point is counted each
    /// time it is sent, once for each reason.
    ///
    /// Two reasons count metric keys, not points, each time something is left out of what is
    /// said about them: `unit` (it cannot be sent) and `metadata` (two units or descriptions
    /// disagree, or a description is too long for a request).
    pub altered: BTreeMap<&'static str, u64>,
    /// The latest failure and what to do about it. Stays after a success: compare the counts.
    pub last_error: Option<String>,
    /// When the endpoint last accepted lines.
    pub last_success: Option<SystemTime>,
}

impl Health {
    pub(crate) fn drop_lines(&mut self, reason: &'static str, lines: u64) {
        if lines > 0 {
            self.points_dropped += lines;
            *self.dropped.entry(reason).or_default() += lines;
        }
    }

    pub(crate) fn drop_points(&mut self, reason: &'static str, points: u64) {
        if points > 0 {
            self.points_dropped += points;
            *self.dropped.entry(reason).or_default() += points;
        }
    }
}
