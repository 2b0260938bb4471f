//! The cached data of each metric: its key and unit by the instrument's name, and the metadata by
//! the key.

use std::time::Duration;

use tokio::time::Instant;

use crate::dynatrace::config::dimensions::RESERVED;
use crate::dynatrace::encode::lines::dimension_cache::PointOrder;
use crate::dynatrace::encode::lines::generation::{Generation, GenerationCache};
use crate::line::{MetricKey, MetricType, check_unit, ucum_unit, write_metadata};

/// The number of keys up to which metadata is remembered while a metric is idle.
const MAX_IDLE_KEYS: usize = 10_000;

/// A unit or description that changes more often is not sent.
const MAX_CHANGES: usize = 4;

/// Metadata is sent again after this time, since its request may have been dropped, and the
/// endpoint may have forgotten it.
const RESTATE_AFTER: Duration = Duration::from_secs(60 * 60);

/// Metrics by the names of their instruments.
pub(crate) struct MetricCache {
    prefix: String,
    by_name: GenerationCache<CachedMetric>,
}

pub(crate) struct CachedMetric {
    /// `None` if the name cannot be turned into a metric key.
    pub(crate) key: Option<MetricKey>,
    /// Whether the key differs from the prefix and the name.
    pub(crate) is_altered: bool,
    /// The unit as it is sent; `None` if it cannot be sent.
    pub(crate) sent_unit: Option<String>,
    pub(crate) order: PointOrder,
    unit: String,
}

impl MetricCache {
    pub(crate) fn new(prefix: Option<String>) -> Self {
        Self {
            prefix: prefix.unwrap_or_default(),
            by_name: GenerationCache::new(0),
        }
    }

    pub(crate) fn get(&mut self, name: &str) -> &mut CachedMetric {
        let prefix = &self.prefix;
        let (metric, is_first) = self
            .by_name
            .get_or_insert_with(name, || CachedMetric::new(prefix, name));
        if is_first {
            metric.order.begin_collection();
        }
        metric
    }

    pub(crate) fn end_generation(&mut self) {
        self.by_name.end_generation();
    }
}

impl CachedMetric {
    fn new(prefix: &str, name: &str) -> Self {
        // Dynatrace rejects lines with keys of its own.
        let key =
            MetricKey::with_prefix(prefix, name).filter(|key| !key.as_str().starts_with(RESERVED));
        let full_name = if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}.{name}")
        };
        let is_altered = key.as_ref().is_some_and(|key| key.as_str() != full_name);
        Self {
            key,
            is_altered,
            sent_unit: Some(String::new()),
            order: PointOrder::default(),
            unit: String::new(),
        }
    }

    /// Sets [`sent_unit`](Self::sent_unit) for an instrument with this unit.
    pub(crate) fn set_unit(&mut self, unit: &str) {
        // Instruments with the same name nearly always have the same unit.
        if self.unit != unit {
            let sent = ucum_unit(unit).unwrap_or(unit);
            let is_valid = sent.is_empty() || check_unit(sent).is_ok();
            self.sent_unit = is_valid.then(|| sent.to_owned());
            unit.clone_into(&mut self.unit);
        }
    }
}

/// The units and descriptions of all keys, and when their lines are due.
pub(crate) struct MetadataCache {
    by_key: GenerationCache<Metadata>,
}

#[derive(Default)]
struct Metadata {
    unit: Property,
    description: Property,
    /// When the line is due, for each type of metric; `None` while there is nothing to state, or if
    /// no request can hold the line.
    due: [Option<Instant>; 2],
    /// Whether an instrument has a unit that cannot be sent.
    lacks_unit: bool,
}

/// The unit or the description of one key.
#[derive(Default)]
struct Property {
    /// All texts that were stated, the latest last.
    stated: Vec<Box<str>>,
    generation: Generation,
    is_disputed: bool,
}

/// The effect of a statement.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Statement {
    Known,
    New,
    /// The statement contradicts another one, for the first time.
    Disputed,
}

impl MetadataCache {
    pub(crate) fn new() -> Self {
        Self {
            by_key: GenerationCache::new(MAX_IDLE_KEYS),
        }
    }

    /// States the unit and the description of a metric with this key; empty texts state nothing.
    pub(crate) fn state(
        &mut self,
        key: &MetricKey,
        unit: &str,
        description: &str,
        now: Instant,
    ) -> Statement {
        let generation = self.by_key.generation();
        let (metadata, _) = self
            .by_key
            .get_or_insert_with(key.as_str(), Metadata::default);
        let unit = metadata.unit.state(unit, generation);
        let effect = unit.max(metadata.description.state(description, generation));
        if effect == Statement::New {
            metadata.due = [Some(now); 2];
        }
        effect
    }

    /// Notes that the unit of this key cannot be sent; `true` for the first time.
    pub(crate) fn leave_out_unit(&mut self, key: &MetricKey) -> bool {
        self.by_key
            .get_mut(key.as_str())
            .is_some_and(|metadata| !std::mem::replace(&mut metadata.lacks_unit, true))
    }

    /// Appends the line of a key if it is due. All metrics of the collection must have been
    /// [stated](Self::state) before, since a contradiction drops the line.
    pub(crate) fn write_due(
        &mut self,
        out: &mut String,
        key: &MetricKey,
        metric_type: MetricType,
        now: Instant,
    ) {
        if let Some(metadata) = self.by_key.get_mut(key.as_str())
            && metadata.due[index(metric_type)].is_some_and(|due| due <= now)
            && !metadata.unit.is_disputed
            && !metadata.description.is_disputed
        {
            let (unit, description) = (metadata.unit.latest(), metadata.description.latest());
            write_metadata(out, key, metric_type, unit, description, "");
        }
    }

    /// Notes that the line of a key was written, or that no request can hold it.
    pub(crate) fn written(
        &mut self,
        key: &MetricKey,
        metric_type: MetricType,
        now: Instant,
        has_room: bool,
    ) {
        if let Some(metadata) = self.by_key.get_mut(key.as_str()) {
            metadata.due[index(metric_type)] = has_room.then(|| now + RESTATE_AFTER);
        }
    }

    pub(crate) fn end_generation(&mut self) {
        self.by_key.end_generation();
    }
}

fn index(metric_type: MetricType) -> usize {
    usize::from(metric_type == MetricType::Gauge)
}

impl Property {
    fn state(&mut self, text: &str, generation: Generation) -> Statement {
        if text.is_empty() || self.is_disputed {
            return Statement::Known;
        }
        let in_this_generation = std::mem::replace(&mut self.generation, generation) == generation;
        match self.stated.last() {
            Some(latest) if **latest == *text => Statement::Known,
            // Two instruments disagree: the text changes within one collection, over and over, or
            // back to an earlier one.
            Some(_)
                if in_this_generation
                    || self.stated.len() >= MAX_CHANGES
                    || self.stated.iter().any(|stated| **stated == *text) =>
            {
                self.is_disputed = true;
                self.stated = Vec::new();
                Statement::Disputed
            }
            _ => {
                self.stated.push(text.into());
                Statement::New
            }
        }
    }

    fn latest(&self) -> &str {
        self.stated.last().map_or("", |stated| stated)
    }
}

#[cfg(test)]
mod tests;
