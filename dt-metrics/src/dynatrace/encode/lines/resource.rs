//! The origin of metrics, their resource and scope, as dimensions.

use opentelemetry::{InstrumentationScope, Key, KeyValue};
use opentelemetry_sdk::Resource;

use crate::dynatrace::config::dimensions::{INSTANCE_ID, Pairs};
use crate::dynatrace::encode::lines::fingerprint::text;
use crate::dynatrace::encode::lines::generation::Generation;

const SERVICE_NAME: &str = "service.name";

/// Which attributes of a resource become dimensions.
pub(crate) struct ResourceDimensions {
    /// The attributes that the program named.
    pub(crate) names: Vec<String>,
    /// The id of this process, if it becomes a dimension and the resource has none.
    pub(crate) instance: Option<String>,
}

impl ResourceDimensions {
    /// The dimensions of `resource`: its `service.name`, unless the SDK made it up, the instance,
    /// and the named attributes.
    pub(crate) fn of(&self, resource: &Resource) -> Pairs {
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

/// The dimensions of a resource and the attributes of one of its scopes.
pub(crate) struct Origin {
    /// Never 0.
    pub(crate) id: u32,
    pub(crate) resource: Pairs,
    pub(crate) scope: Box<[KeyValue]>,
    used: Generation,
}

/// The origins that were used lately: one in most programs, or one for each provider and each
/// scope with attributes.
#[derive(Default)]
pub(crate) struct OriginCache {
    origins: Vec<Origin>,
    last_id: u32,
    generation: Generation,
}

impl OriginCache {
    pub(crate) fn get(&mut self, resource: &Pairs, scope: &InstrumentationScope) -> &Origin {
        let known = self.origins.iter().position(|origin| {
            origin.resource == *resource && origin.scope.iter().eq(scope.attributes())
        });
        let index = known.unwrap_or_else(|| {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            self.origins.push(Origin {
                id: self.last_id,
                resource: resource.clone(),
                scope: scope.attributes().cloned().collect(),
                used: self.generation,
            });
            self.origins.len() - 1
        });
        let origin = &mut self.origins[index];
        origin.used = self.generation;
        origin
    }

    pub(crate) fn end_generation(&mut self) {
        let generation = self.generation;
        self.origins.retain(|origin| generation.keeps(origin.used));
        self.generation = generation.next();
    }
}

#[cfg(test)]
mod tests;
