//! Counts and explains the data points that a collection dropped or altered.

use std::collections::BTreeMap;
use std::ops::BitOr;
use std::time::Duration;

use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::metrics::data::Metric;
use tokio::time::Instant;

use crate::dynatrace::encode::lines::fingerprint::text;
use crate::dynatrace::health::DropReason;
use crate::line::{MetricKey, check_dimension_key, is_value_altered, normalize_dimension_key};
use crate::registry::descriptors_of;
use crate::throttle::Throttle;

/// The scope of the instruments that annotations make.
pub(crate) const SCOPE: &str = "dt-metrics";

/// The beginning of the schema URLs of further streams, which are scopes with more series of the
/// instruments in [`SCOPE`]. It is not sent.
pub(crate) const STREAM_SCHEMA: &str = "urn:dt-metrics:stream:";

/// The number of metrics that warnings name for one reason: more metrics have one common cause.
const MAX_METRICS: usize = 100;

/// A warning is repeated when its cause comes back after this time.
const SILENCE: Duration = Duration::from_secs(60 * 60);

/// How many source locations a warning names.
const MAX_LOCATIONS: usize = 3;

/// The points dropped and altered in one collection.
#[derive(Debug, Default)]
pub(crate) struct EncodeReport {
    /// Data points that were not encoded, by reason and metric.
    pub(crate) dropped: BTreeMap<(DropReason, String), u64>,
    /// Data points that are sent otherwise than they were measured, by reason; for the reasons
    /// `unit` and `metadata`, metrics without it.
    pub(crate) altered: BTreeMap<&'static str, u64>,
    /// Data points whose sum is out of range, by metric.
    pub(crate) saturated: BTreeMap<String, u64>,
    /// Data points of overflow series, by metric.
    pub(crate) merged: BTreeMap<String, u64>,
    pub(crate) warnings: Vec<String>,
}

/// A metric as warnings name it.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    name: &'a str,
    /// Whether the instrument is one of this library's, whose source locations are registered.
    is_annotated: bool,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(scope: &InstrumentationScope, metric: &'a Metric) -> Self {
        Self {
            name: metric.name(),
            is_annotated: scope.name() == SCOPE,
        }
    }

    /// The name and, of an annotated metric, the source locations.
    pub(crate) fn describe(self) -> String {
        let locations: Vec<_> = descriptors_of(self.name)
            .take(if self.is_annotated { MAX_LOCATIONS } else { 0 })
            .map(|descriptor| format!("{}:{}", descriptor.file, descriptor.line))
            .collect();
        if locations.is_empty() {
            format!("metric {:?}", self.name)
        } else {
            format!("metric {:?} at {}", self.name, locations.join(", "))
        }
    }
}

/// Makes the report of each collection, and logs each warning once.
pub(crate) struct Diagnostics {
    report: EncodeReport,
    now: Instant,
    /// The metrics that were named already, for each reason.
    named: BTreeMap<&'static str, Throttle<String>>,
}

impl Diagnostics {
    pub(crate) fn new() -> Self {
        Self {
            report: EncodeReport::default(),
            now: Instant::now(),
            named: BTreeMap::new(),
        }
    }

    pub(crate) fn begin(&mut self, now: Instant) {
        self.now = now;
    }

    /// Takes the report of the collection.
    pub(crate) fn finish(&mut self) -> EncodeReport {
        std::mem::take(&mut self.report)
    }

    /// Counts data points that are dropped, and warns.
    #[cold]
    pub(crate) fn drop_points(
        &mut self,
        subject: Subject<'_>,
        reason: DropReason,
        points: u64,
        explain: impl FnOnce() -> String,
    ) {
        let dropped = &mut self.report.dropped;
        *dropped.entry((reason, subject.name.into())).or_default() += points;
        self.warn(subject, reason.as_str(), || {
            format!("points are dropped ({reason}): {}", explain())
        });
    }

    /// Counts a data point or a metric that is altered.
    pub(crate) fn count_altered(&mut self, reason: &'static str) {
        *self.report.altered.entry(reason).or_default() += 1;
    }

    /// Logs a warning, unless the same warning was logged recently.
    pub(crate) fn warn(
        &mut self,
        subject: Subject<'_>,
        reason: &'static str,
        explain: impl FnOnce() -> String,
    ) {
        let named = self.named.entry(reason);
        let named = named.or_insert_with(|| Throttle::new(SILENCE, MAX_METRICS));
        if named.allows_after_silence(subject.name, self.now) {
            let warning = format!("{}: {}", subject.describe(), explain());
            self.report.warnings.push(warning);
        }
    }
}

/// A set of the ways in which a data point differs from the measurement.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Alterations(u8);

impl Alterations {
    pub(crate) const NONE: Self = Self(0);
    /// The metric key differs from the name.
    pub(crate) const METRIC_KEY: Self = Self(1);
    /// A dimension key differs from the given one, or nothing of it can be sent.
    pub(crate) const DIMENSION_KEY: Self = Self(1 << 1);
    /// A dimension value is cut off or differs from the given one.
    pub(crate) const DIMENSION_VALUE: Self = Self(1 << 2);
    /// An array is left out.
    pub(crate) const ARRAY_ATTRIBUTE: Self = Self(1 << 3);

    /// Each alteration with its reason in `altered`.
    const REASONS: [(Self, &str); 4] = [
        (Self::METRIC_KEY, "metric_key"),
        (Self::DIMENSION_KEY, "dimension_key"),
        (Self::DIMENSION_VALUE, "dimension_value"),
        (Self::ARRAY_ATTRIBUTE, "array_attribute"),
    ];

    pub(crate) fn when(self, is_altered: bool) -> Self {
        if is_altered { self } else { Self::NONE }
    }

    pub(crate) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn reasons(self) -> impl Iterator<Item = (Self, &'static str)> {
        let reasons = Self::REASONS.into_iter();
        reasons.filter(move |(each, _)| self.contains(*each))
    }

    /// How a dimension is altered, escapes aside.
    pub(crate) fn of_dimension(key: &str, value: &str) -> Self {
        Self::DIMENSION_KEY.when(check_dimension_key(key).is_err())
            | Self::DIMENSION_VALUE.when(is_value_altered(value))
    }

    /// Explains one alteration of a data point with this key and these attributes.
    pub(crate) fn explain<'a>(
        self,
        key: &MetricKey,
        mut attributes: impl Iterator<Item = &'a KeyValue>,
    ) -> String {
        if self == Self::METRIC_KEY {
            return format!("its key is sent as {key}");
        }
        let attribute = attributes.find(|attribute| match text(&attribute.value) {
            Some(text) => Self::of_dimension(attribute.key.as_str(), &text).contains(self),
            None => self == Self::ARRAY_ATTRIBUTE,
        });
        let name = attribute.map_or("given for all metrics", |attribute| attribute.key.as_str());
        match self {
            Self::ARRAY_ATTRIBUTE => format!(
                "the attribute {name:?} is an array and left out: dimensions are single values"
            ),
            Self::DIMENSION_VALUE => format!(
                "a value of the dimension {name:?} is altered: it is over 255 characters long or \
                 has characters that cannot be sent"
            ),
            _ => match normalize_dimension_key(name) {
                Some(sent) => format!("the dimension {name:?} is sent as {sent:?}"),
                None => format!("the dimension {name:?} is left out: its key has nothing to send"),
            },
        }
    }
}

impl BitOr for Alterations {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests;
