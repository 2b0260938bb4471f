//! Instruments that are made at run time: one for each shape, however often it is built.
//!
//! They are never freed, like descriptors of annotations: the catalogue hands out references to
//! them. Their number is limited, and so is the memory.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::dynamic::DynamicSeries;
use crate::descriptor::{Descriptor, Kind};

/// The most shapes. Each takes some hundred bytes here, and 20 kB in the SDK once it is exported.
pub(crate) const MOST_SHAPES: usize = 10_000;

static MADE: LazyLock<Mutex<HashMap<Shape, Entry>>> = LazyLock::new(Mutex::default);

struct Entry {
    made: Made,
    /// Whether nothing contradicts it.
    is_listed: bool,
}

/// The properties that distinguish instruments made at run time.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) description: String,
    /// The keys of its dimensions, in their order.
    pub(crate) keys: Vec<String>,
    /// The bits of the upper bounds of its buckets, if it has any of its own.
    pub(crate) boundaries: Option<Vec<u64>>,
    /// 0 if it has none of its own.
    pub(crate) cardinality_limit: u32,
    /// Whether a sum may have values that are not whole.
    pub(crate) floats: bool,
}

/// Where an instrument was built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

/// An instrument.
#[derive(Clone, Copy)]
pub(crate) struct Made {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) series: &'static DynamicSeries,
}

/// The instrument of this shape, if it is [listed](list).
pub(crate) fn find(shape: &Shape) -> Option<Made> {
    let all = all();
    let entry = all.get(shape).filter(|entry| entry.is_listed)?;
    Some(entry.made)
}

/// The instrument of this shape, made now if there is none; `None` if there are too many.
pub(crate) fn make(shape: &Shape, place: Place) -> Option<Made> {
    let mut all = all();
    if let Some(entry) = all.get(shape) {
        return Some(entry.made);
    }
    if all.len() >= MOST_SHAPES {
        return None;
    }
    let series = DynamicSeries::leak(descriptor(shape, place), shape.keys.len());
    let made = Made {
        descriptor: series.descriptor(),
        series,
    };
    let entry = Entry {
        made,
        is_listed: false,
    };
    all.insert(shape.clone(), entry);
    Some(made)
}

/// Lists the instrument of this shape from now on.
pub(crate) fn list(shape: &Shape) {
    if let Some(entry) = all().get_mut(shape) {
        entry.is_listed = true;
    }
}

/// Calls `each` with all listed instruments.
pub(crate) fn for_each_listed(mut each: impl FnMut(&'static Descriptor)) {
    for entry in all().values().filter(|entry| entry.is_listed) {
        each(entry.made.descriptor);
    }
}

fn all() -> MutexGuard<'static, HashMap<Shape, Entry>> {
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn descriptor(shape: &Shape, place: Place) -> Descriptor {
    let leak = |text: &String| -> &'static str { text.clone().leak() };
    let keys: Vec<_> = shape.keys.iter().map(leak).collect();
    let mut descriptor = Descriptor::new(shape.kind, leak(&shape.name), "", place.file, place.line)
        .with_unit(leak(&shape.unit))
        .with_description(leak(&shape.description))
        .with_dimension_keys(keys.leak())
        .with_cardinality_limit(shape.cardinality_limit);
    descriptor.floats = shape.floats;
    if let Some(boundaries) = &shape.boundaries {
        let boundaries: Vec<_> = boundaries
            .iter()
            .map(|bits| f64::from_bits(*bits))
            .collect();
        descriptor = descriptor.with_boundaries(boundaries.leak());
    }
    descriptor
}
