//! Builders of instruments that are created at run time.

use core::marker::PhantomData;
use core::panic::Location;
use std::sync::{Mutex, PoisonError};

use super::dimensions::DimensionList;
use super::error::{BuildError, Text};
use crate::descriptor::Kind;
use crate::instrument::{DimensionValue, Made, OwnedValue, Place, Shape, Value, made};
use crate::registry::{Names, catalog};

/// The names of the catalogue, and of all instruments that were made since. Held while a new instrument
/// is compared with them, so that of two instruments that contradict each other only one is made.
static NAMES: Mutex<Option<Names>> = Mutex::new(None);

/// An instrument that a [`Builder`] builds.
pub trait Build: sealed::Sealed + Sized {
    #[doc(hidden)]
    const KIND: Kind;

    #[doc(hidden)]
    fn build(definition: Definition) -> Result<Self, BuildError>;
}

pub(super) mod sealed {
    /// Keeps other crates from implementing [`Build`](super::Build).
    pub trait Sealed {}
}

/// The complete definition of an instrument.
#[derive(Clone, Debug)]
pub struct Definition {
    pub(super) shape: Shape,
    /// The values of the shape's keys.
    pub(super) values: Vec<Option<OwnedValue>>,
    pub(super) place: Place,
}

impl Definition {
    pub(super) fn new(kind: Kind, name: String, place: &'static Location<'static>) -> Self {
        Self {
            shape: Shape {
                kind,
                name,
                unit: String::new(),
                description: String::new(),
                keys: Vec::new(),
                boundaries: None,
                cardinality_limit: 0,
                floats: false,
            },
            values: Vec::new(),
            place: Place {
                file: place.file(),
                line: place.line(),
            },
        }
    }

    pub(super) fn dimension(&mut self, key: &str, value: Option<OwnedValue>) {
        self.shape.keys.push(key.to_owned());
        self.values.push(value);
    }

    /// Adds dimensions, and checks all keys.
    pub(super) fn with(mut self, dimensions: &impl DimensionList) -> Result<Self, BuildError> {
        dimensions.for_each(&mut |key, value| self.dimension(key, value));
        self.check_keys()?;
        Ok(self)
    }

    fn check_keys(&self) -> Result<(), BuildError> {
        for (index, key) in self.shape.keys.iter().enumerate() {
            Text::Key.check(key)?;
            if self.shape.keys[..index].contains(key) {
                return Err(BuildError::DimensionTwice { key: key.clone() });
            }
        }
        Ok(())
    }

    /// The instrument of this shape, if nothing contradicts it.
    pub(super) fn make(&self) -> Result<Made, BuildError> {
        if let Some(made) = made::find(&self.shape) {
            return Ok(made);
        }
        self.check()?;
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let names = names.get_or_insert_with(|| {
            let mut names = Names::default();
            for other in catalog() {
                // Conflicts of other instruments are reported at the installation.
                names.admit(other).ok();
            }
            names
        });
        let made = made::make(&self.shape, self.place).ok_or(BuildError::TooMany)?;
        names.admit(made.descriptor).map_err(BuildError::Conflict)?;
        made::list(&self.shape);
        Ok(made)
    }

    fn check(&self) -> Result<(), BuildError> {
        let Shape {
            name,
            unit,
            description,
            boundaries,
            ..
        } = &self.shape;
        Text::Name.check(name)?;
        if !unit.is_empty() {
            Text::Unit.check(unit)?;
        }
        Text::Description.check(description)?;
        self.check_keys()?;
        let boundaries = boundaries.as_deref().unwrap_or_default();
        let boundaries: Vec<_> = boundaries
            .iter()
            .map(|bits| f64::from_bits(*bits))
            .collect();
        let increases = boundaries.windows(2).all(|pair| pair[0] < pair[1]);
        if !increases || !boundaries.iter().all(|boundary| boundary.is_finite()) {
            return Err(BuildError::Boundaries);
        }
        Ok(())
    }
}

/// Builds an instrument whose name or dimensions are known only at run time.
///
/// ```
/// use dt_metrics::instrument::Histogram;
/// use dt_metrics::testing::capture;
///
/// let cache = String::from("users");
/// let sizes = Histogram::builder(format!("cache.{cache}.entry_size"))
///     .unit("By")
///     .description("Size of the entries")
///     .dimension("cache", &cache)
///     .boundaries([100.0, 1_000.0, 10_000.0])
///     .build()?;
/// let seen = capture(|| sizes.record(512));
/// assert_eq!(seen.histogram("cache.users.entry_size").with("cache", "users").sum(), 512.0);
/// # Ok::<(), dt_metrics::instrument::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder makes nothing before `build()`"]
pub struct Builder<I> {
    pub(super) definition: Definition,
    builds: PhantomData<fn() -> I>,
}

impl<I: Build> Builder<I> {
    pub(super) fn new(name: String, place: &'static Location<'static>) -> Self {
        Self {
            definition: Definition::new(I::KIND, name, place),
            builds: PhantomData,
        }
    }

    /// Sets the unit of the values, in UCUM, such as `s`, `By` or `{request}` (default: none).
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.definition.shape.unit = unit.into();
        self
    }

    /// Sets the description: the meaning of the values, in one sentence (default: none).
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.definition.shape.description = description.into();
        self
    }

    /// Adds a dimension to every series of the instrument. A value that is `None` leaves the dimension out.
    /// A key that is added twice is an error of [`build`](Self::build).
    pub fn dimension(mut self, key: impl AsRef<str>, value: impl DimensionValue) -> Self {
        let value = value.dimension_value().map(Value::keep);
        self.definition.dimension(key.as_ref(), value);
        self
    }

    /// Sets the largest number of series of this instrument (default: the limit of the pipeline, 2,000).
    /// Further combinations of dimensions are merged into one overflow series. 0 selects the default.
    pub fn cardinality_limit(mut self, limit: u32) -> Self {
        self.definition.shape.cardinality_limit = limit;
        self
    }

    /// Builds the instrument. Building the same definition again returns a handle of the same instrument.
    ///
    /// # Errors
    ///
    /// - [`BuildError::Invalid`] if the name, the unit, the description or a dimension key is invalid.
    /// - [`BuildError::DimensionTwice`] if two dimensions have the same key.
    /// - [`BuildError::Boundaries`] if the boundaries of a histogram are not finite and ascending.
    /// - [`BuildError::Conflict`] if another instrument with this name has another kind or unit.
    /// - [`BuildError::TooMany`] if the program has built 10,000 different instruments at run time.
    pub fn build(self) -> Result<I, BuildError> {
        I::build(self.definition)
    }
}
