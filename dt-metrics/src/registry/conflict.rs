//! Conflicts: two descriptors with the same name.

use core::fmt;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::descriptor::{Descriptor, Objective};

/// A conflict: two instruments with the same name and different kinds, units or objectives.
///
/// Names are case-insensitive, as in OpenTelemetry. An instrument without a unit or an objective does not
/// conflict with any unit or objective. If only the objectives differ, both instruments are exported;
/// otherwise only the first instrument is exported.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Conflict {
    /// The descriptor of the instrument that is exported.
    pub first: &'static Descriptor,
    /// The descriptor of the other instrument, which is exported only if just the objectives differ.
    pub second: &'static Descriptor,
}

impl Conflict {
    /// The two objectives, if nothing else differs.
    pub(crate) fn objectives(&self) -> Option<(Objective, Objective)> {
        let Self { first, second } = self;
        let is_same_metric = first.kind == second.kind
            && (first.unit == second.unit || first.unit.is_empty() || second.unit.is_empty());
        first
            .objective
            .zip(second.objective)
            .filter(|_| is_same_metric)
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, second } = self;
        if let Some((one, other)) = self.objectives() {
            return write!(
                f,
                "the metric `{}` has the objective \"{one}\" at {}:{}, but \"{other}\" at {}:{}; write the \
                 same objective in both places, or rename one of them",
                second.name, first.file, first.line, second.file, second.line,
            );
        }
        let what = |d: &Descriptor| match d.unit {
            "" => format!("a {} without unit", d.kind),
            unit => format!("a {} in `{unit}`", d.kind),
        };
        write!(
            f,
            "the metric `{}` is {} at {}:{}, but {} at {}:{}; rename one of them",
            second.name,
            what(first),
            first.file,
            first.line,
            what(second),
            second.file,
            second.line,
        )
    }
}

impl core::error::Error for Conflict {}

/// The names that are taken, and their definitions.
#[derive(Default)]
pub(crate) struct Names {
    taken: HashMap<String, Definition>,
}

/// The common definition of all descriptors with the same name.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// The first descriptor, whose kind and spelling of the name count.
    pub(crate) first: &'static Descriptor,
    /// The descriptor that stated a unit first.
    unit_from: &'static Descriptor,
    /// The descriptor that stated an objective first.
    objective_from: Option<&'static Descriptor>,
    /// The descriptor that stated a description first.
    description_from: &'static Descriptor,
    /// The descriptor that gave boundaries first.
    boundaries_from: &'static Descriptor,
    /// Whether a sum may have values that are not whole.
    pub(crate) floats: bool,
}

impl Names {
    /// Takes the name for `descriptor`, or returns the conflict with the one that has it. An objective that
    /// differs is a conflict as well, but the descriptor is admitted.
    pub(crate) fn admit(
        &mut self,
        descriptor: &'static Descriptor,
    ) -> Result<Option<Conflict>, Conflict> {
        match self.taken.entry(descriptor.name.to_ascii_lowercase()) {
            Entry::Vacant(free) => {
                free.insert(Definition {
                    first: descriptor,
                    unit_from: descriptor,
                    objective_from: descriptor.objective.map(|_| descriptor),
                    description_from: descriptor,
                    boundaries_from: descriptor,
                    floats: descriptor.floats,
                });
                Ok(None)
            }
            Entry::Occupied(mut taken) => taken.get_mut().join(descriptor),
        }
    }

    /// The definition of the descriptor's name.
    pub(crate) fn definition(&self, descriptor: &Descriptor) -> Option<Definition> {
        self.taken
            .get(&descriptor.name.to_ascii_lowercase())
            .cloned()
    }
}

impl Definition {
    /// The first unit stated, or nothing.
    pub(crate) fn unit(&self) -> &'static str {
        self.unit_from.unit
    }

    /// The first description stated, or nothing.
    pub(crate) fn description(&self) -> &'static str {
        self.description_from.description
    }

    /// The first boundaries given, if any are.
    pub(crate) fn boundaries(&self) -> Option<&'static [f64]> {
        self.boundaries_from.boundaries
    }

    fn join(&mut self, second: &'static Descriptor) -> Result<Option<Conflict>, Conflict> {
        if self.first.kind != second.kind {
            return Err(Conflict {
                first: self.first,
                second,
            });
        }
        if self.unit().is_empty() {
            self.unit_from = second;
        } else if !second.unit.is_empty() && self.unit() != second.unit {
            return Err(Conflict {
                first: self.unit_from,
                second,
            });
        }
        if self.description().is_empty() {
            self.description_from = second;
        }
        if self.boundaries().is_none() {
            self.boundaries_from = second;
        }
        self.floats |= second.floats;
        let Some(objective) = second.objective else {
            return Ok(None);
        };
        let first = *self.objective_from.get_or_insert(second);
        let differs = first.objective != Some(objective);
        Ok(differs.then_some(Conflict { first, second }))
    }
}

/// All conflicts among `descriptors`.
pub(crate) fn conflicts(descriptors: &[&'static Descriptor]) -> Vec<Conflict> {
    let mut names = Names::default();
    descriptors
        .iter()
        .filter_map(|descriptor| names.admit(descriptor).unwrap_or_else(Some))
        .collect()
}
