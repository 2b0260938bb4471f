//! The static description of an instrument: the arguments of its annotation, and the place of the
//! annotation.

mod name;
mod objective;
#[cfg(test)]
mod tests;

use core::fmt;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

pub use self::name::DefaultName;
pub use self::objective::Objective;

/// Descriptors with a name made at run time, by the address of the descriptor without one. There is
/// at most one for each annotation, so they are never freed.
static NAMED: LazyLock<Mutex<HashMap<usize, &'static Descriptor>>> = LazyLock::new(Mutex::default);

/// The kind of an instrument. OpenTelemetry uses the same names.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// A sum that only grows.
    Counter,
    /// A sum that grows and shrinks.
    UpDownCounter,
    /// A distribution of values.
    Histogram,
    /// A value that the next value replaces.
    Gauge,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::UpDownCounter => "up-down counter",
            Self::Histogram => "histogram",
            Self::Gauge => "gauge",
        })
    }
}

/// The description of one instrument of the program: name, kind, unit, dimensions, and the place in the
/// source.
///
/// [`catalog`](crate::catalog) returns the descriptors of all instruments.
#[derive(Debug)]
#[non_exhaustive]
pub struct Descriptor {
    /// The name, without the exporter's prefix.
    pub name: &'static str,
    /// The kind of the instrument.
    pub kind: Kind,
    /// The unit of the values in UCUM, such as `s`, `By` or `{request}`; empty if the instrument has no unit.
    pub unit: &'static str,
    /// The meaning of the values; empty if the instrument has no description.
    pub description: &'static str,
    /// The keys of the dimensions, in the order written. Keys of structs that `dims(..tags)` adds are not
    /// included.
    pub dimension_keys: &'static [&'static str],
    /// The service-level objective of the metric, if its annotation has one.
    pub objective: Option<Objective>,
    /// The module that contains the annotation, such as `shop::checkout`.
    pub module_path: &'static str,
    /// The source file of the annotation, with the path that the compiler reports.
    pub file: &'static str,
    /// The line of the annotation in `file`, from 1.
    pub line: u32,
    /// The most series this instrument may have; 0 leaves it to the pipeline.
    pub(crate) cardinality_limit: u32,
    /// The upper bounds of a histogram's buckets, if the annotation sets them.
    pub(crate) boundaries: Option<&'static [f64]>,
    /// Whether a sum may have values that are not whole.
    pub(crate) floats: bool,
    /// How many series this instrument can have.
    pub(crate) series: SeriesCount,
    /// Present if the name is still the path of the function: the length of the part after the
    /// module. Making the name at compile time would make each build slower.
    pub(crate) unnamed: Option<u32>,
    /// The metric that it describes, if an annotation with several metrics made the name and the
    /// description.
    pub(crate) part: Option<Part>,
}

/// How many series an instrument can have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SeriesCount {
    /// At most so many: all dimensions, or their types, are known at compile time.
    AtMost(u32),
    /// Known from the first measurement on: the types of the dimensions decide.
    AtFirstUse,
    /// Any number.
    Open,
}

/// One of the metrics of an annotation that has several.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Part {
    Calls,
    Duration,
    InFlight,
}

impl Part {
    const fn kind(self) -> Kind {
        match self {
            Self::Calls => Kind::Counter,
            Self::Duration => Kind::Histogram,
            Self::InFlight => Kind::UpDownCounter,
        }
    }

    /// The last section of the name.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Duration => "duration",
            Self::InFlight => "in_flight",
        }
    }

    /// The description of the metric, given that of the annotation.
    fn described(self, description: &str) -> String {
        let part = match self {
            Self::Calls => "calls",
            Self::Duration => "duration",
            Self::InFlight => "calls in flight",
        };
        match description.strip_suffix('.').unwrap_or(description) {
            "" => String::new(),
            sentence => format!("{sentence}: {part}"),
        }
    }
}

/// For expansions.
#[doc(hidden)]
impl Descriptor {
    #[must_use]
    pub const fn new(
        kind: Kind,
        name: &'static str,
        module_path: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self {
            name,
            kind,
            unit: "",
            description: "",
            dimension_keys: &[],
            objective: None,
            module_path,
            file,
            line,
            cardinality_limit: 0,
            boundaries: None,
            floats: false,
            series: SeriesCount::Open,
            unnamed: None,
            part: None,
        }
    }

    /// The descriptor of one of the metrics that the annotation with this descriptor has.
    #[must_use]
    pub const fn part(&self, part: Part) -> Self {
        Self {
            kind: part.kind(),
            part: Some(part),
            ..*self
        }
    }

    /// With a name to be made of `path`; its last `function` bytes follow the module.
    #[must_use]
    pub const fn unnamed(
        path: &'static str,
        function: usize,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self {
            unnamed: Some(length(function)),
            ..Self::new(Kind::Counter, path, "", file, line)
        }
    }

    #[must_use]
    pub const fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    #[must_use]
    pub const fn with_unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    #[must_use]
    pub const fn with_description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    #[must_use]
    pub const fn with_dimension_keys(mut self, keys: &'static [&'static str]) -> Self {
        self.dimension_keys = keys;
        self
    }

    #[must_use]
    pub const fn with_objective(mut self, objective: Objective) -> Self {
        self.objective = Some(objective);
        self
    }

    #[must_use]
    pub const fn with_line(mut self, line: u32) -> Self {
        self.line = line;
        self
    }

    #[must_use]
    pub const fn with_cardinality_limit(mut self, cardinality_limit: u32) -> Self {
        self.cardinality_limit = cardinality_limit;
        self
    }

    /// With one series at most.
    #[must_use]
    pub const fn with_one_series(self) -> Self {
        self.with_series(SeriesCount::AtMost(1))
    }

    #[must_use]
    pub const fn with_boundaries(mut self, boundaries: &'static [f64]) -> Self {
        self.boundaries = Some(boundaries);
        self
    }
}

impl Descriptor {
    pub(crate) const fn with_series(mut self, series: SeriesCount) -> Self {
        self.series = series;
        self
    }

    /// The descriptor with its name. Each call returns the same one.
    pub(crate) fn named(&'static self) -> &'static Self {
        if self.unnamed.is_none() && self.part.is_none() {
            return self;
        }
        let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        named
            .entry(core::ptr::from_ref(self).addr())
            .or_insert_with(|| Box::leak(Box::new(self.with_name())))
    }

    fn with_name(&self) -> Self {
        let suffix = self.part.map_or("", Part::suffix);
        let (name, module_path) = match self.unnamed {
            None => (DefaultName::under(self.name, "", suffix), self.module_path),
            Some(function) => {
                let path = self.name;
                let module = path.len().saturating_sub(function as usize);
                let name = DefaultName::new(path, "", suffix);
                (name, path.get(..module).unwrap_or(path))
            }
        };
        let description = match self.part {
            None => self.description,
            Some(part) => part.described(self.description).leak(),
        };
        Self {
            name: name.as_str().to_owned().leak(),
            description,
            module_path,
            unnamed: None,
            part: None,
            ..*self
        }
    }
}

/// The length of a part of a path.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the compiler accepts no source file of 4 GB"
)]
const fn length(length: usize) -> u32 {
    length as u32
}

/// An expansion's entry for the linker: one for each annotation, since each costs build time.
#[doc(hidden)]
pub struct Registration(pub &'static dyn Registered);

/// The instruments of an annotation.
#[doc(hidden)]
pub trait Registered: Sync {
    /// Calls `each` with the descriptor of each instrument, as the annotation made it.
    fn for_each(&'static self, each: &mut dyn FnMut(&'static Descriptor));
}

impl Registered for Descriptor {
    fn for_each(&'static self, each: &mut dyn FnMut(&'static Descriptor)) {
        each(self);
    }
}

impl<A: Registered, B: Registered> Registered for (A, B) {
    fn for_each(&'static self, each: &mut dyn FnMut(&'static Descriptor)) {
        self.0.for_each(each);
        self.1.for_each(each);
    }
}

impl<A: Registered, B: Registered, C: Registered> Registered for (A, B, C) {
    fn for_each(&'static self, each: &mut dyn FnMut(&'static Descriptor)) {
        self.0.for_each(each);
        self.1.for_each(each);
        self.2.for_each(each);
    }
}
