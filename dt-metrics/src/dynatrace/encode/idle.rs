//! Levels that have been zero for the time of `gauge_expiry`: left out until they change.

use std::hash::BuildHasher as _;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use tokio::time::Instant;

use crate::dynatrace::encode::lines::fingerprint;

/// Tracks since when levels are zero. A level is a data point of an up-down counter: the SDK
/// collects it for ever, even if its value is zero.
pub(super) struct IdleLevels {
    expiry: Option<Duration>,
    /// The levels that are zero.
    zero_since: HashMap<u64, Instant, RandomState>,
    hasher: RandomState,
}

/// Which levels of a collection have ended, in the order of the collection.
#[derive(Default)]
pub(crate) struct Ended(std::vec::IntoIter<bool>);

impl Ended {
    /// Whether the next level has ended.
    pub(crate) fn next_level(&mut self) -> bool {
        self.0.next().unwrap_or_default()
    }
}

impl IdleLevels {
    pub(super) fn new(expiry: Option<Duration>) -> Self {
        Self {
            expiry,
            zero_since: HashMap::default(),
            hasher: RandomState::default(),
        }
    }

    /// The levels of a collection that have ended.
    pub(super) fn ended(&mut self, metrics: &ResourceMetrics, now: Instant) -> Ended {
        let Some(expiry) = self.expiry else {
            return Ended::default();
        };
        // A level that is not collected any more is forgotten.
        let before = std::mem::take(&mut self.zero_since);
        let mut ended = Vec::new();
        for scope in metrics.scope_metrics() {
            for metric in scope.metrics() {
                for_each_level(metric, |is_zero, attributes| {
                    let id = is_zero.then(|| self.identify(scope.scope(), metric, attributes));
                    ended.push(id.is_some_and(|id| {
                        let since = before.get(&id).copied().unwrap_or(now);
                        self.zero_since.insert(id, since);
                        now.saturating_duration_since(since) >= expiry
                    }));
                });
            }
        }
        Ended(ended.into_iter())
    }

    fn identify(
        &self,
        scope: &InstrumentationScope,
        metric: &Metric,
        attributes: &[&KeyValue],
    ) -> u64 {
        let attributes = fingerprint::hash(&self.hasher, 0, attributes);
        self.hasher.hash_one((scope, metric.name(), attributes))
    }
}

/// Passes each level of a metric: whether it is zero, and its attributes.
fn for_each_level(metric: &Metric, mut each: impl FnMut(bool, &[&KeyValue])) {
    fn read<T: Copy + Default + PartialEq>(
        data: &MetricData<T>,
        each: &mut impl FnMut(bool, &[&KeyValue]),
    ) {
        if let MetricData::Sum(sum) = data
            && !sum.is_monotonic()
            && sum.temporality() == Temporality::Cumulative
        {
            for point in sum.data_points() {
                let attributes: Vec<_> = point.attributes().collect();
                each(point.value() == T::default(), &attributes);
            }
        }
    }
    match metric.data() {
        AggregatedMetrics::U64(data) => read(data, &mut each),
        AggregatedMetrics::I64(data) => read(data, &mut each),
        AggregatedMetrics::F64(data) => read(data, &mut each),
    }
}
