//! Dimensions of where a metric comes from: its resource and its scope.

use crate::dynatrace::config::dimensions::INSTANCE_ID;
use crate::dynatrace::config::dimensions::Pairs;
use crate::dynatrace::encode::lines::fingerprint::text;
use opentelemetry::{InstrumentationScope, Key, KeyValue};
use opentelemetry_sdk::Resource;

/// For how many collections an origin stays that is not used.
const IDLE_CYCLES: u32 = 2;

const SERVICE_NAME: &str = "service.name";

/// Which attributes of a resource become dimensions.
pub(crate) struct Wanted {
    /// Those that the program named.
    pub(crate) names: Vec<String>,
    /// The id of this process, if it is to be a dimension and the resource has none.
    pub(crate) instance: Option<String>,
}

impl Wanted {
    /// The dimensions of `resource`: its `service.name`, unless it is the one that the SDK makes
    /// up, the instance, and what was named.
    fn of(&self, resource: &Resource) -> Pairs {
        let value = |name: &str| {
            text(resource.get_ref(&Key::from(name.to_owned()))?)
                .filter(|text| !text.is_empty())
                .map(std::borrow::Cow::into_owned)
        };
        let mut pairs = Pairs::new();
        let named = self.names.iter().filter(|name| *name != SERVICE_NAME);
        pairs.extend(named.filter_map(|name| Some((name.clone(), value(name)?))));
        let service = value(SERVICE_NAME).filter(|name| !name.starts_with("unknown_service"));
        pairs.extend(service.map(|name| (SERVICE_NAME.into(), name)));
        if let Some(made_up) = &self.instance {
            let id = value(INSTANCE_ID).unwrap_or_else(|| made_up.clone());
            pairs.push((INSTANCE_ID.into(), id));
        }
        pairs
    }
}

/// One resource and the attributes of one scope of it.
pub(crate) struct Origin {
    pub(crate) id: u32,
    /// The same for all origins of one resource.
    pub(crate) resource_id: u32,
    pub(crate) resource: Pairs,
    pub(crate) scope: Box<[KeyValue]>,
    used: u32,
}

/// All that were seen lately; a program has one, or as many as it has providers and scopes with
/// attributes of their own.
pub(crate) struct Origins {
    wanted: Wanted,
    known: Vec<Origin>,
    /// The dimensions of the resource at hand.
    resource: Pairs,
    resource_id: u32,
    last_id: u32,
    cycle: u32,
}

impl Origins {
    pub(crate) fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            known: Vec::new(),
            resource: Pairs::new(),
            resource_id: 0,
            last_id: 0,
            cycle: 0,
        }
    }

    /// All scopes until the next call are of this resource. Returns what stands for it.
    pub(crate) fn begin_cycle(&mut self, resource: &Resource) -> u32 {
        self.resource = self.wanted.of(resource);
        let known = self
            .known
            .iter()
            .find(|origin| origin.resource == self.resource);
        self.resource_id = match known {
            Some(origin) => origin.resource_id,
            None => self.next_id(),
        };
        self.resource_id
    }

    pub(crate) fn of_scope(&mut self, scope: &InstrumentationScope) -> &Origin {
        let known = self.known.iter().position(|origin| {
            origin.resource_id == self.resource_id && origin.scope.iter().eq(scope.attributes())
        });
        let place = known.unwrap_or_else(|| {
            let origin = Origin {
                id: self.next_id(),
                resource_id: self.resource_id,
                resource: self.resource.clone(),
                scope: scope.attributes().cloned().collect(),
                used: self.cycle,
            };
            self.known.push(origin);
            self.known.len() - 1
        });
        let origin = &mut self.known[place];
        origin.used = self.cycle;
        origin
    }

    pub(crate) fn end_cycle(&mut self) {
        let cycle = self.cycle;
        self.known
            .retain(|origin| cycle.wrapping_sub(origin.used) < IDLE_CYCLES);
        self.cycle = cycle.wrapping_add(1);
    }

    fn next_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }
}

#[cfg(test)]
mod tests;
