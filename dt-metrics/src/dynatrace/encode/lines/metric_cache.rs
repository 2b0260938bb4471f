//! Metric keys by the names of their instruments.

use crate::dynatrace::config::dimensions::RESERVED;
use crate::dynatrace::encode::lines::dimension_cache::Order;
use crate::line::{self, MetricKey, MetricType, write_metadata};
use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// For how many cycles a key stays that is not used.
const IDLE_CYCLES: u32 = 2;

#[derive(Default)]
pub(crate) struct Keys {
    prefix: Option<String>,
    by_name: HashMap<String, Entry, RandomState>,
    cycle: u32,
}

/// What is known of one name.
pub(crate) struct Entry {
    /// `None` if the name cannot be made a key.
    pub(crate) key: Option<MetricKey>,
    /// Whether the key is another than the prefix and the name.
    pub(crate) altered: bool,
    pub(crate) order: Order,
    unit: Option<(Box<str>, Option<Box<str>>)>,
    used: u32,
}

/// The key of a metric and its unit as it is sent; `None` for what cannot be sent.
pub(crate) struct KeyAndUnit<'e> {
    pub(crate) key: Option<&'e MetricKey>,
    pub(crate) sent: Option<&'e str>,
}

impl Entry {
    /// What is sent for a metric of this name and unit.
    pub(crate) fn unit(&mut self, unit: &str) -> KeyAndUnit<'_> {
        // Metrics of one name nearly always have one unit.
        if self.unit.as_ref().is_none_or(|(known, _)| **known != *unit) {
            self.unit = Some((unit.into(), sent_unit(unit)));
        }
        KeyAndUnit {
            key: self.key.as_ref(),
            sent: self.unit.as_ref().and_then(|(_, sent)| sent.as_deref()),
        }
    }
}

impl Keys {
    pub(crate) fn new(prefix: Option<String>) -> Self {
        Self {
            prefix,
            ..Self::default()
        }
    }

    pub(crate) fn get(&mut self, name: &str) -> &mut Entry {
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let cycle = self.cycle;
        let entry = self.by_name.entry_ref(name).or_insert_with(|| {
            // Dynatrace refuses lines with keys of its own.
            let key = MetricKey::with_prefix(prefix, name)
                .filter(|key| !key.as_str().starts_with(RESERVED));
            let altered = key.as_ref().is_some_and(|key| {
                let name_at = if prefix.is_empty() {
                    0
                } else {
                    prefix.len() + 1
                };
                key.as_str().get(name_at..) != Some(name)
            });
            Entry {
                key,
                altered,
                order: Order::default(),
                unit: None,
                used: cycle.wrapping_sub(1),
            }
        });
        if entry.used != cycle {
            entry.used = cycle;
            entry.order.begin_cycle();
        }
        entry
    }

    pub(crate) fn end_cycle(&mut self) {
        let cycle = self.cycle;
        self.by_name
            .retain(|_, entry| cycle.wrapping_sub(entry.used) < IDLE_CYCLES);
        self.cycle = cycle.wrapping_add(1);
    }
}

// ===== from metadata: //! What metrics mean: a line for each key, once until it changes.
/// Keys beyond this are forgotten when idle, and described again when they come back.
const MAX_KEYS: usize = 10_000;

/// A text that changes more often is not one text.
const MAX_CHANGES: usize = 4;

/// What is known of all keys.
#[derive(Default)]
pub(crate) struct Metadata {
    by_key: HashMap<String, Described, RandomState>,
    cycle: u32,
}

#[derive(Default)]
struct Described {
    unit: Property,
    description: Property,
    /// Whether a line was written that says what there is to say; for each type of metric.
    written: [bool; 2],
    /// Whether a unit was left out.
    lacks_unit: bool,
    used: u32,
}

/// What the metrics of one key say about one thing.
#[derive(Default)]
struct Property {
    /// All that was said, the latest last.
    said: Vec<Box<str>>,
    cycle: u32,
    disputed: bool,
}

/// What came of a statement.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Statement {
    Known,
    New,
    /// It contradicts another, for the first time.
    Disputed,
}

/// The unit as it is sent, in UCUM; `None` if it has characters or a length that no unit has.
pub(crate) fn sent_unit(unit: &str) -> Option<Box<str>> {
    let unit = line::ucum_unit(unit).unwrap_or(unit);
    (unit.is_empty() || line::check_unit(unit).is_ok()).then(|| unit.into())
}

impl Metadata {
    /// A metric of this key has this unit and description; empty ones say nothing.
    pub(crate) fn state(&mut self, key: &MetricKey, unit: &str, description: &str) -> Statement {
        let cycle = self.cycle;
        let entry = self.by_key.entry_ref(key.as_str()).or_default();
        entry.used = cycle;
        let unit = entry.unit.state(unit, cycle);
        let description = entry.description.state(description, cycle);
        let came_of_it = unit.max(description);
        if came_of_it == Statement::New {
            entry.written = [false; 2];
        }
        came_of_it
    }

    /// The unit of this key cannot be sent; `true` if that is news.
    pub(crate) fn leave_out_unit(&mut self, key: &MetricKey) -> bool {
        self.by_key
            .get_mut(key.as_str())
            .is_some_and(|entry| !std::mem::replace(&mut entry.lacks_unit, true))
    }

    /// Appends the line of a key if it is due: all metrics of the collection have been
    /// [stated](Self::state).
    pub(crate) fn write_due(&self, out: &mut String, key: &MetricKey, metric_type: MetricType) {
        if let Some(entry) = self.by_key.get(key.as_str())
            && !entry.written[place(metric_type)]
            && !entry.unit.disputed
            && !entry.description.disputed
        {
            let (unit, description) = (entry.unit.current(), entry.description.current());
            write_metadata(out, key, metric_type, unit, description, "");
        }
    }

    /// There is nothing more to say of this key until it changes.
    pub(crate) fn written(&mut self, key: &MetricKey, metric_type: MetricType) {
        if let Some(entry) = self.by_key.get_mut(key.as_str()) {
            entry.written[place(metric_type)] = true;
        }
    }

    /// The line of this key did not arrive.
    pub(crate) fn lost(&mut self, key: &str) {
        if let Some(entry) = self.by_key.get_mut(key) {
            entry.written = [false; 2];
        }
    }

    pub(crate) fn end_cycle(&mut self) {
        if self.by_key.len() > MAX_KEYS {
            let cycle = self.cycle;
            self.by_key.retain(|_, entry| entry.used == cycle);
        }
        self.cycle = self.cycle.wrapping_add(1);
    }
}

fn place(metric_type: MetricType) -> usize {
    usize::from(metric_type == MetricType::Gauge)
}

impl Property {
    fn state(&mut self, text: &str, cycle: u32) -> Statement {
        if text.is_empty() || self.disputed {
            return Statement::Known;
        }
        let in_this_cycle = std::mem::replace(&mut self.cycle, cycle) == cycle;
        match self.said.last() {
            Some(latest) if **latest == *text => return Statement::Known,
            // A text that comes back was never replaced.
            Some(_)
                if in_this_cycle
                    || self.said.len() >= MAX_CHANGES
                    || self.said.iter().any(|said| **said == *text) =>
            {
                self.disputed = true;
                self.said = Vec::new();
                return Statement::Disputed;
            }
            _ => self.said.push(text.into()),
        }
        Statement::New
    }

    fn current(&self) -> &str {
        self.said.last().map(|said| &**said).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
