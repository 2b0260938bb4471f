//! Conflicts: two descriptors with the same name.

use core::fmt;
use core::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

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

/// The names that are taken, and their definitions. Names are case-insensitive.
#[derive(Default)]
pub(crate) struct Names {
    taken: HashTable<Definition>,
    hasher: RandomState,
}

/// The common definition of all descriptors with the same name.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// The first descriptor, whose kind and spelling of the name count.
    pub(crate) first: &'static Descriptor,
    /// Present if the first descriptor leaves out what others state.
    others: Option<Box<Others>>,
    /// Whether a sum may have values that are not whole.
    pub(crate) floats: bool,
}

/// The descriptors that stated parts of a definition first.
#[derive(Clone, Debug)]
struct Others {
    unit: &'static Descriptor,
    objective: Option<&'static Descriptor>,
    description: &'static Descriptor,
    boundaries: &'static Descriptor,
}

impl Names {
    /// Takes the name for `descriptor`, or returns the conflict with the one that has it. An objective that
    /// differs is a conflict as well, but the descriptor is admitted.
    pub(crate) fn admit(
        &mut self,
        descriptor: &'static Descriptor,
    ) -> Result<Option<Conflict>, Conflict> {
        let Self { taken, hasher } = self;
        let hash = hash(descriptor.name, hasher);
        if let Some(taken) = taken.find_mut(hash, |taken| taken.has_name(descriptor)) {
            return taken.join(descriptor);
        }
        taken.insert_unique(hash, Definition::new(descriptor), |taken| {
            self::hash(taken.first.name, hasher)
        });
        Ok(None)
    }

    /// The definition of the descriptor's name.
    pub(crate) fn definition(&self, descriptor: &Descriptor) -> Option<Definition> {
        let hash = hash(descriptor.name, &self.hasher);
        let taken = self.taken.find(hash, |taken| taken.has_name(descriptor));
        taken.cloned()
    }
}

fn hash(name: &str, hasher: &RandomState) -> u64 {
    let mut hasher = hasher.build_hasher();
    for byte in name.bytes() {
        hasher.write_u8(byte.to_ascii_lowercase());
    }
    hasher.finish()
}

impl Definition {
    fn new(first: &'static Descriptor) -> Self {
        Self {
            first,
            others: None,
            floats: first.floats,
        }
    }

    fn has_name(&self, descriptor: &Descriptor) -> bool {
        self.first.name.eq_ignore_ascii_case(descriptor.name)
    }

    /// The descriptor that stated a unit first.
    fn unit_from(&self) -> &'static Descriptor {
        self.others
            .as_ref()
            .map_or(self.first, |others| others.unit)
    }

    /// The first unit stated, or nothing.
    pub(crate) fn unit(&self) -> &'static str {
        self.unit_from().unit
    }

    /// The first description stated, or nothing.
    pub(crate) fn description(&self) -> &'static str {
        let others = self.others.as_ref();
        others
            .map_or(self.first, |others| others.description)
            .description
    }

    /// The first boundaries given, if any are.
    pub(crate) fn boundaries(&self) -> Option<&'static [f64]> {
        let others = self.others.as_ref();
        others
            .map_or(self.first, |others| others.boundaries)
            .boundaries
    }

    fn objective_from(&self) -> Option<&'static Descriptor> {
        match &self.others {
            Some(others) => others.objective,
            None => self.first.objective.map(|_| self.first),
        }
    }

    fn others(&mut self) -> &mut Others {
        let first = self.first;
        self.others.get_or_insert_with(|| {
            Box::new(Others {
                unit: first,
                objective: first.objective.map(|_| first),
                description: first,
                boundaries: first,
            })
        })
    }

    fn join(&mut self, second: &'static Descriptor) -> Result<Option<Conflict>, Conflict> {
        if self.first.kind != second.kind {
            return Err(Conflict {
                first: self.first,
                second,
            });
        }
        if self.unit().is_empty() {
            if !second.unit.is_empty() {
                self.others().unit = second;
            }
        } else if !second.unit.is_empty() && self.unit() != second.unit {
            return Err(Conflict {
                first: self.unit_from(),
                second,
            });
        }
        if self.description().is_empty() && !second.description.is_empty() {
            self.others().description = second;
        }
        if self.boundaries().is_none() && second.boundaries.is_some() {
            self.others().boundaries = second;
        }
        self.floats |= second.floats;
        let Some(objective) = second.objective else {
            return Ok(None);
        };
        let Some(first) = self.objective_from() else {
            self.others().objective = Some(second);
            return Ok(None);
        };
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
