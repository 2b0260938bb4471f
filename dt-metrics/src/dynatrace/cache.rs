//! What was normalised before need not be again: series repeat from cycle to cycle.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use opentelemetry::{KeyValue, Value};

use crate::line::{Dimensions, MetricKey, TooManyDimensions};

/// Says that the metric came by OpenTelemetry, as Dynatrace's own exporters do.
pub(super) const METRICS_SOURCE: (&str, &str) = ("dt.metrics.source", "opentelemetry");

/// For how many cycles an entry stays that is not used.
const IDLE_CYCLES: u32 = 2;

/// Metric keys by the names of their instruments.
#[derive(Default)]
pub(super) struct Keys {
    prefix: Option<String>,
    by_name: HashMap<String, (Option<MetricKey>, u32), RandomState>,
    cycle: u32,
}

impl Keys {
    pub(super) fn new(prefix: Option<String>) -> Self {
        Self {
            prefix,
            ..Self::default()
        }
    }

    /// The key of an instrument, or `None` if its name cannot be made one.
    pub(super) fn get(&mut self, name: &str) -> Option<&MetricKey> {
        let cycle = self.cycle;
        let (key, used) = self.by_name.entry_ref(name).or_insert_with(|| {
            let key = match &self.prefix {
                Some(prefix) => MetricKey::with_prefix(prefix, name),
                None => MetricKey::new(name),
            };
            (key, cycle)
        });
        *used = cycle;
        key.as_ref()
    }

    pub(super) fn end_cycle(&mut self) {
        let cycle = self.cycle;
        self.by_name
            .retain(|_, (_, used)| cycle.wrapping_sub(*used) < IDLE_CYCLES);
        self.cycle = cycle.wrapping_add(1);
    }
}

/// The dimensions of a series, serialised, with the default ones.
pub(super) struct Set {
    service: usize,
    attributes: Box<[KeyValue]>,
    used: u32,
    pub(super) dimensions: Result<Dimensions, TooManyDimensions>,
    /// Whether an attribute had a type that no dimension has.
    pub(super) lost_an_attribute: bool,
}

/// Dimensions by the attributes of their series and the service that they come from.
pub(super) struct Sets {
    defaults: Vec<(String, String)>,
    /// Each service name seen; a program has one, or as many as it has providers.
    services: Vec<Option<String>>,
    service: usize,
    known: HashTable<Set>,
    hasher: RandomState,
    cycle: u32,
    used: usize,
}

impl Sets {
    pub(super) fn new(defaults: Vec<(String, String)>) -> Self {
        Self {
            defaults,
            services: vec![None],
            service: 0,
            known: HashTable::new(),
            hasher: RandomState::default(),
            cycle: 0,
            used: 0,
        }
    }

    /// All sets asked for until the next call belong to this service.
    pub(super) fn begin_cycle(&mut self, service: Option<&str>) {
        self.service = self
            .services
            .iter()
            .position(|seen| seen.as_deref() == service)
            .unwrap_or_else(|| {
                self.services.push(service.map(Into::into));
                self.services.len() - 1
            });
    }

    pub(super) fn get(&mut self, attributes: &[&KeyValue]) -> &Set {
        let Self {
            defaults,
            services,
            service,
            known,
            hasher,
            cycle,
            ..
        } = self;
        let (service, cycle) = (*service, *cycle);
        let is_it = |set: &Set| {
            set.service == service && set.attributes.iter().eq(attributes.iter().copied())
        };
        let set = known
            .entry(
                hash(hasher, service, attributes.iter().copied()),
                is_it,
                |set| hash(hasher, set.service, &set.attributes),
            )
            .or_insert_with(|| {
                let (dimensions, lost_an_attribute) =
                    serialise(services[service].as_deref(), defaults, attributes);
                Set {
                    service,
                    attributes: attributes.iter().copied().cloned().collect(),
                    used: cycle.wrapping_sub(1),
                    dimensions,
                    lost_an_attribute,
                }
            })
            .into_mut();
        if set.used != cycle {
            set.used = cycle;
            self.used += 1;
        }
        set
    }

    pub(super) fn end_cycle(&mut self) {
        // In steady state all were used, and there is nothing to look for.
        if self.used < self.known.len() {
            let cycle = self.cycle;
            self.known
                .retain(|set| cycle.wrapping_sub(set.used) < IDLE_CYCLES);
        }
        self.used = 0;
        self.cycle = self.cycle.wrapping_add(1);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}

fn hash<'a>(
    hasher: &RandomState,
    service: usize,
    attributes: impl IntoIterator<Item = &'a KeyValue>,
) -> u64 {
    let mut state = hasher.build_hasher();
    service.hash(&mut state);
    for attribute in attributes {
        attribute.hash(&mut state);
    }
    state.finish()
}

/// The dimensions, and whether an attribute had to be left out. Later layers win.
fn serialise(
    service: Option<&str>,
    defaults: &[(String, String)],
    attributes: &[&KeyValue],
) -> (Result<Dimensions, TooManyDimensions>, bool) {
    let values: Vec<_> = attributes
        .iter()
        .filter_map(|attribute| Some((attribute.key.as_str(), text(&attribute.value)?)))
        .collect();
    let measured: Vec<_> = values
        .iter()
        .map(|(key, value)| (*key, value.as_ref()))
        .collect();
    let defaults: Vec<_> = defaults
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    let service: Vec<_> = service
        .map(|name| ("service.name", name))
        .into_iter()
        .collect();
    let dimensions = Dimensions::from_layers(&[&[METRICS_SOURCE], &service, &defaults, &measured]);
    (dimensions, values.len() < attributes.len())
}

/// The value of a dimension; `None` for arrays, which no dimension can hold.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::String(text) => text.as_str().into(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        Value::I64(number) => number.to_string().into(),
        // Written out, the largest doubles have 309 digits.
        Value::F64(number) if number.abs() < 1e16 => number.to_string().into(),
        Value::F64(number) => format!("{number:e}").into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
