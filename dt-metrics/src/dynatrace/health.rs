//! Counts of all data points by their fate, and the reasons for which points are dropped.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::SystemTime;

/// The counts of an exporter's deliveries so far, returned by [`Exporter::health`](super::Exporter::health)
/// and [`Handle::health`](crate::Handle::health).
///
/// Each data point that the exporter took from a collection is in exactly one of `points_accepted`,
/// `points_rejected`, `points_dropped` and `points_pending`. Lines of metadata (units and descriptions)
/// are not data points and are not counted. All numbers have the same meaning for metric lines and for
/// OTLP.
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
    /// Data points that the endpoint accepted.
    pub points_accepted: u64,
    /// Data points that the endpoint rejected individually, in requests whose other data points it accepted.
    pub points_rejected: u64,
    /// Data points that were dropped and will not be delivered; [`dropped`](Self::dropped) has the reasons.
    pub points_dropped: u64,
    /// Data points in pending requests: not sent yet, or sent and not answered yet. After a shutdown with a
    /// spool, the data points that remain on disk for the next process.
    pub points_pending: u64,
    /// The part of `points_pending` that is on disk and survives the process.
    pub points_spooled: u64,
    /// Data points of earlier processes that this process read from the spool. The other fields also count
    /// these data points, as if this process had collected them. A damaged file counts as at least one data
    /// point.
    pub points_recovered: u64,
    /// Data points of overflow series. An overflow series has the dimension
    /// `otel.metric.overflow=true`, and contains all combinations of dimensions beyond an
    /// instrument's limit. The other fields also count these data points.
    pub points_in_overflow_series: u64,
    /// Requests whose valid data points the endpoint accepted.
    pub requests_accepted: u64,
    /// Attempts that failed, or that the endpoint rejected as a whole.
    pub requests_failed: u64,
    /// Attempts that were sent but never answered: the endpoint may or may not have accepted the request.
    /// Such a request may have been delivered twice, unless
    /// [`DeliveryGuarantee::AtMostOnce`](super::DeliveryGuarantee::AtMostOnce) is set.
    pub requests_unanswered: u64,
    /// Attempts to send a request again.
    pub retries: u64,
    /// Bytes of pending requests.
    pub bytes_pending: u64,
    /// Warnings of the endpoint about data points that it accepted, such as that it stored them
    /// under another metric key (`x` became `x.gauge`).
    pub server_warnings: u64,
    /// The number of dropped data points by reason; the sum is `points_dropped`. You can look up a reason by
    /// its name: `health.dropped.get("buffer_full")`.
    pub dropped: BTreeMap<DropReason, u64>,
    /// Data points whose name, dimensions or value were changed before they were sent. A point is counted each
    /// time it is sent, once for each of these keys: `metric_key` and `dimension_key` (characters or a
    /// length that keys cannot have, upper case in a dimension key), `dimension_value` (characters
    /// or a length that values cannot have), `array_attribute` (left out, since a dimension has a
    /// single value), `saturated` (the sum is out of the range of its type, and is sent as the end of
    /// the range).
    ///
    /// `unit` and `metadata` count metrics instead of points: metrics whose unit cannot be sent,
    /// and metrics whose unit or description contradicts another one or is too long.
    pub altered: BTreeMap<&'static str, u64>,
    /// The latest failure and its remedy; `None` if no request has failed. A later success does not clear the
    /// field.
    pub last_error: Option<String>,
    /// The time at which the endpoint last accepted data points; `None` if it has not accepted any.
    pub last_success: Option<SystemTime>,
}

impl Health {
    /// Counts data points that are dropped.
    pub(crate) fn drop_points(&mut self, reason: DropReason, points: u64) {
        if points > 0 {
            self.points_dropped += points;
            *self.dropped.entry(reason).or_default() += points;
        }
    }
}

/// The key of [`Health::altered`] for sums that are out of range.
pub(crate) const SATURATED: &str = "saturated";

macro_rules! drop_reasons {
    ($($variant:ident = $name:literal, $explanation:literal;)*) => {
        /// The reason why data points were dropped: a key of [`Health::dropped`].
        ///
        /// ```
        /// use dt_metrics::dynatrace::DropReason;
        ///
        /// assert_eq!(DropReason::BufferFull.as_str(), "buffer_full");
        /// println!("points are dropped: {}", DropReason::BufferFull.explain());
        /// ```
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[non_exhaustive]
        pub enum DropReason {
            $(
                #[doc = concat!("`", $name, "`: ", $explanation, ".")]
                $variant,
            )*
        }

        impl DropReason {
            /// All reasons.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the name of the reason, such as `buffer_full`, which events, logs and the dimension
            /// `reason` of `dt_metrics.exporter.dropped` contain.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns the cause and the remedy, as a sentence without its full stop.
            #[must_use]
            pub const fn explain(self) -> &'static str {
                match self {
                    $(Self::$variant => $explanation,)*
                }
            }
        }
    };
}

drop_reasons! {
    BeforeInstall = "before_install",
        "more values were recorded before the pipeline was installed than a thread keeps; install \
         it earlier";
    ConflictingDefinition = "conflicting_definition",
        "another instrument has the same name with another kind, unit or set of boundaries; rename \
         one of them";
    NotFinite = "not_finite", "a value was NaN or infinite; neither can be sent";
    Negative = "negative", "an observed counter returned a value below zero";
    ObservedPanic = "observed_panic", "an observed function panicked";
    InvalidKey = "invalid_key",
        "the name cannot be turned into a metric key, or begins with the reserved `dt.`; rename \
         the instrument";
    TooManyDimensions = "too_many_dimensions",
        "a data point has more than 50 dimensions, default dimensions included; remove some";
    UnsupportedTemporality = "unsupported_temporality",
        "cumulative values cannot be sent as metric lines; configure the reader to use the \
         temporality";
    InvalidSummary = "invalid_summary",
        "the minimum, mean and maximum of a histogram contradict each other";
    EmptySummary = "empty_summary", "a histogram has no values";
    LineTooLong = "line_too_long",
        "a single line is longer than `max_bytes_per_request`; shorten its dimensions";
    BufferFull = "buffer_full",
        "the buffer is full, and the oldest pending requests made room for newer ones; the endpoint \
         is too slow or down, or `buffer_limit_bytes` is too small";
    TooOld = "too_old",
        "the data points were pending for an hour, and Dynatrace rejects older ones; restore the \
         connection to the endpoint";
    RequestRejected = "request_rejected",
        "the endpoint rejected the request as a whole; its answer is in the log";
    RequestTooLarge = "request_too_large",
        "the endpoint rejects even a single line as too large (413); shorten its dimensions, or raise \
         the limit of a proxy in front of it";
    Ambiguous = "ambiguous",
        "the request was sent but never answered, and with `AtMostOnce` it is not sent again";
    SpoolDamaged = "spool_damaged",
        "files of the spool are gone or damaged, or another process took them; a damaged file is kept \
         as `*.damaged`";
    Shutdown = "shutdown",
        "the exporter was shut down before the delivery; allow `shutdown` more time, or set \
         `spool_dir`";
}

/// Reasons are ordered, hashed and looked up by their names, as [`Borrow`] requires.
impl Ord for DropReason {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for DropReason {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for DropReason {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for DropReason {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
