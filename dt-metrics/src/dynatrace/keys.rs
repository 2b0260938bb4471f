//! Metric keys by the names of their instruments.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::metadata::sent_unit;
use super::sets::Order;
use crate::line::MetricKey;

/// For how many cycles a key stays that is not used.
const IDLE_CYCLES: u32 = 2;

/// What Dynatrace's own keys begin with (Dynatrace documentation, "Metric ingestion protocol").
pub(super) const RESERVED: &str = "dt.";

#[derive(Default)]
pub(super) struct Keys {
    prefix: Option<String>,
    by_name: HashMap<String, Entry, RandomState>,
    cycle: u32,
}

/// What is known of one name.
pub(super) struct Entry {
    /// `None` if the name cannot be made a key.
    pub(super) key: Option<MetricKey>,
    /// Whether the key is another than the prefix and the name.
    pub(super) altered: bool,
    pub(super) order: Order,
    unit: Option<(Box<str>, Option<Box<str>>)>,
    used: u32,
}

/// The key of a metric and its unit as it is sent; `None` for what cannot be sent.
pub(super) struct KeyAndUnit<'e> {
    pub(super) key: Option<&'e MetricKey>,
    pub(super) sent: Option<&'e str>,
}

impl Entry {
    /// What is sent for a metric of this name and unit.
    pub(super) fn unit(&mut self, unit: &str) -> KeyAndUnit<'_> {
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
    pub(super) fn new(prefix: Option<String>) -> Self {
        Self {
            prefix,
            ..Self::default()
        }
    }

    pub(super) fn get(&mut self, name: &str) -> &mut Entry {
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

    pub(super) fn end_cycle(&mut self) {
        let cycle = self.cycle;
        self.by_name
            .retain(|_, entry| cycle.wrapping_sub(entry.used) < IDLE_CYCLES);
        self.cycle = cycle.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests;
