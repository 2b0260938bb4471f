//! What is kept, and said, about points that were dropped or altered.

use crate::dynatrace::encode::lines::fingerprint::text;
use crate::dynatrace::health::DropReason;
use crate::line::{MetricKey, normalize_dimension_key, normalize_dimension_value};
use crate::registry::descriptors_of;
use opentelemetry::KeyValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::BitOr;
use std::time::{Duration, Instant};

/// The scope of the instruments that annotations make.
pub(crate) const SCOPE: &str = "dt-metrics";

/// How many metrics are remembered for one reason. More of them have one cause.
const MAX_NAMED: usize = 100;

/// What did not happen for so long is news when it happens again.
const QUIET: Duration = Duration::from_secs(60 * 60);

/// How many source places are named.
const MAX_PLACES: usize = 3;

/// Numbers of points by reason.
pub(crate) type Counts = BTreeMap<&'static str, u64>;

/// What one collection came to, besides its lines.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Points that did not become a line.
    pub(crate) dropped: BTreeMap<DropReason, u64>,
    /// The same by reason and metric.
    pub(crate) lost: Vec<(DropReason, String, u64)>,
    /// Points that became a line that differs from them, and metadata that was left out.
    pub(crate) altered: Counts,
    /// What to say about it.
    pub(crate) warnings: Vec<String>,
}

impl Notes {
    pub(crate) fn drop(&mut self, reason: DropReason, metric: &str, points: u64) {
        *self.dropped.entry(reason).or_default() += points;
        // Those of a metric come one after the other.
        match self.lost.last_mut() {
            Some((last, name, sum)) if *last == reason && name == metric => *sum += points,
            _ => self.lost.push((reason, metric.into(), points)),
        }
    }
}

/// A metric as warnings name it.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) name: &'a str,
    /// Whether it is one of this library's instruments, which know their place in the source.
    pub(crate) annotated: bool,
}

/// The metrics that were named already, for each reason, and when that was last called for.
#[derive(Default)]
pub(crate) struct Named(BTreeMap<&'static str, HashMap<Box<str>, Instant>>);

impl Named {
    /// Warns if this is the first of its kind, or the first after a long time.
    pub(crate) fn warn(
        &mut self,
        notes: &mut Notes,
        now: Instant,
        reason: &'static str,
        subject: Subject<'_>,
        text: impl FnOnce() -> String,
    ) {
        if self.is_new(reason, subject.name, now) {
            notes
                .warnings
                .push(format!("{}: {}", subject.describe(), text()));
        }
    }

    fn is_new(&mut self, reason: &'static str, metric: &str, now: Instant) -> bool {
        let is_quiet = |last: &Instant| now.saturating_duration_since(*last) >= QUIET;
        let named = self.0.entry(reason).or_default();
        if let Some(last) = named.get_mut(metric) {
            let new = is_quiet(last);
            *last = now;
            return new;
        }
        if named.len() >= MAX_NAMED {
            named.retain(|_, last| !is_quiet(last));
        }
        let room = named.len() < MAX_NAMED;
        if room {
            named.insert(metric.into(), now);
        }
        room
    }
}

impl Subject<'_> {
    /// The metric and, if it is annotated, where.
    fn describe(self) -> String {
        let mut text = format!("metric {:?}", self.name);
        if self.annotated {
            for (index, descriptor) in descriptors_of(self.name).take(MAX_PLACES).enumerate() {
                text.push_str(if index == 0 { " at " } else { ", " });
                text.push_str(descriptor.file);
                text.push(':');
                text.push_str(&descriptor.line.to_string());
            }
        }
        text
    }
}

// ===== from altered: //! What was done to a point so that it can be sent.
/// A set of alterations.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Altered(u8);

/// Each alteration with its name in `altered`.
const REASONS: [(Altered, &str); 4] = [
    (Altered::METRIC_KEY, "metric_key"),
    (Altered::DIMENSION_KEY, "dimension_key"),
    (Altered::DIMENSION_VALUE, "dimension_value"),
    (Altered::ARRAY_ATTRIBUTE, "array_attribute"),
];

impl Altered {
    pub(crate) const NOTHING: Self = Self(0);
    /// The metric's key is not its name.
    pub(crate) const METRIC_KEY: Self = Self(1);
    /// A dimension has another key than it was given, or none was left.
    pub(crate) const DIMENSION_KEY: Self = Self(1 << 1);
    /// A value was cut off, or has other characters than it was given.
    pub(crate) const DIMENSION_VALUE: Self = Self(1 << 2);
    /// An array was left out.
    pub(crate) const ARRAY_ATTRIBUTE: Self = Self(1 << 3);

    pub(crate) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn reasons(self) -> impl Iterator<Item = (Self, &'static str)> {
        REASONS
            .into_iter()
            .filter(move |(each, _)| self.contains(*each))
    }

    /// What sending does to this key and value, beyond escaping.
    pub(crate) fn of_dimension(key: &str, value: &str) -> Self {
        let mut altered = Self::NOTHING;
        if !matches!(normalize_dimension_key(key), Some(Cow::Borrowed(_))) {
            altered = altered | Self::DIMENSION_KEY;
        }
        match normalize_dimension_value(value) {
            // An empty value is no dimension, by the protocol.
            None | Some(Cow::Borrowed(_)) => altered,
            Some(Cow::Owned(sent)) if reads_as(&sent, value) => altered,
            Some(Cow::Owned(_)) => altered | Self::DIMENSION_VALUE,
        }
    }
}

impl BitOr for Altered {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Says what was altered in a point with this key and these attributes.
pub(crate) fn explain<'a>(
    altered: Altered,
    key: &MetricKey,
    mut attributes: impl Iterator<Item = &'a KeyValue>,
) -> String {
    if altered == Altered::METRIC_KEY {
        return format!("its key is sent as {key}");
    }
    let attribute = attributes.find(|attribute| match text(&attribute.value) {
        Some(text) => Altered::of_dimension(attribute.key.as_str(), &text).contains(altered),
        None => altered == Altered::ARRAY_ATTRIBUTE,
    });
    let name = attribute.map_or("given for all metrics", |attribute| attribute.key.as_str());
    match altered {
        Altered::ARRAY_ATTRIBUTE => {
            format!("the attribute {name:?} is an array and left out: dimensions are single values")
        }
        Altered::DIMENSION_VALUE => format!(
            "a value of the dimension {name:?} is altered: it is over 255 characters long or has \
             characters that cannot be sent"
        ),
        _ => match normalize_dimension_key(name) {
            Some(sent) => format!("the dimension {name:?} is sent as {sent:?}"),
            None => format!("the dimension {name:?} is left out: its key has nothing to send"),
        },
    }
}

/// Whether `sent` is `value` once its escapes are undone.
fn reads_as(sent: &str, value: &str) -> bool {
    let mut chars = sent.chars();
    let unescaped = std::iter::from_fn(|| match chars.next()? {
        '\\' => chars.next(),
        other => Some(other),
    });
    unescaped.eq(value.chars())
}

#[cfg(test)]
mod tests;
