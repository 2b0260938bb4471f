//! Two descriptors, one name.

use core::fmt;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::descriptor::Descriptor;

/// Two instruments of one name that disagree on what they measure or in which unit.
///
/// Names are one whatever their case, as in OpenTelemetry. An absent unit agrees with any.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Conflict {
    /// The one that is exported.
    pub first: &'static Descriptor,
    /// The one that is not.
    pub second: &'static Descriptor,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, second } = self;
        let what = |d: &Descriptor| match d.unit {
            "" => format!("a {} without unit", d.kind),
            unit => format!("a {} in `{unit}`", d.kind),
        };
        write!(
            f,
            "the metric `{}` is {} at {}:{}, but {} at {}:{}; give one of them another name",
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

/// The names that are taken, and by whom.
#[derive(Default)]
pub(crate) struct Names {
    taken: HashMap<String, Taken>,
}

struct Taken {
    kind: &'static Descriptor,
    /// The first that states a unit, if any does.
    unit: &'static Descriptor,
}

impl Names {
    /// Takes the name for `descriptor` and returns its letters in lower case, by which it is
    /// known; or says who has it for something else.
    pub(crate) fn admit(&mut self, descriptor: &'static Descriptor) -> Result<String, Conflict> {
        let name = descriptor.name.to_ascii_lowercase();
        match self.taken.entry(name.clone()) {
            Entry::Vacant(free) => {
                free.insert(Taken {
                    kind: descriptor,
                    unit: descriptor,
                });
            }
            Entry::Occupied(mut taken) => {
                let taken = taken.get_mut();
                if taken.kind.kind != descriptor.kind {
                    return Err(Conflict {
                        first: taken.kind,
                        second: descriptor,
                    });
                }
                if taken.unit.unit.is_empty() {
                    taken.unit = descriptor;
                } else if !descriptor.unit.is_empty() && taken.unit.unit != descriptor.unit {
                    return Err(Conflict {
                        first: taken.unit,
                        second: descriptor,
                    });
                }
            }
        }
        Ok(name)
    }
}
