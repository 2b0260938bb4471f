//! The three instruments of a measured function, which are made when one of them is first needed.
//!
//! The compiler evaluates and checks each static of a program. Three complete instruments in the static of each
//! annotated function would make a build a fifth slower.
#![allow(
    clippy::inline_always,
    reason = "debug builds, in which tests run, call all other functions"
)]

use core::mem::ManuallyDrop;
use core::panic::Location;
use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::OnceLock;

use super::counter::{DimensionedCounter, UpDownCounter};
use super::histogram::{self, DimensionedHistogram};
use crate::descriptor::{Descriptor, Objective, Part, Registered};
use crate::instrument::cells::busy;
use crate::instrument::cells::thread::{self, NO_SLOT};
use crate::instrument::dimension::set::DimensionSet;
use crate::instrument::dimension::value::{DimensionValue, Value};

/// Takes one from the cell of an up-down counter.
const MINUS_ONE: u64 = (-1_i64).cast_unsigned();

/// Counts calls and records their duration, both by their outcome, and counts the calls in flight.
pub struct Measures {
    /// The slot of the calls in flight for the hit path, or [`NO_SLOT`].
    in_flight: AtomicU32,
    /// The slot of the calls with the first outcome for the hit path, or [`NO_SLOT`]. Each further outcome has
    /// the next slot.
    calls: AtomicU32,
    /// The slot of the durations with the first outcome, as `calls`.
    duration: AtomicU32,
    /// The length of the unit of durations.
    nanoseconds: f64,
    annotation: Annotation,
    /// A static is never dropped, and the compiler need not find out how.
    instruments: ManuallyDrop<OnceLock<Instruments>>,
}

/// The description of the instruments.
enum Annotation {
    /// Of a function at `path` with nothing but a description: the last `function` bytes of `path`
    /// come after the module.
    Path {
        path: &'static str,
        function: usize,
        description: &'static str,
        place: &'static Location<'static>,
    },
    Written(Written),
}

/// An annotation with arguments.
struct Written {
    descriptor: Descriptor,
    values: &'static [Option<Value<'static>>],
    objectives: [Option<Objective>; 2],
}

struct Instruments {
    calls: DimensionedCounter,
    duration: DimensionedHistogram,
    in_flight: UpDownCounter,
}

impl Measures {
    /// How many outcomes there are.
    pub(crate) const OUTCOMES: u32 = 4;

    /// The function at `path` with nothing but a description: the last `function` bytes of `path` come
    /// after the module.
    #[must_use]
    #[track_caller]
    pub const fn of_path(path: &'static str, function: usize, description: &'static str) -> Self {
        Self {
            in_flight: const { AtomicU32::new(NO_SLOT) },
            calls: const { AtomicU32::new(NO_SLOT) },
            duration: const { AtomicU32::new(NO_SLOT) },
            nanoseconds: 1e9,
            annotation: Annotation::Path {
                path,
                function,
                description,
                place: Location::caller(),
            },
            instruments: const { ManuallyDrop::new(OnceLock::new()) },
        }
    }

    /// The annotation has `values` of its dimensions, and then `None` for the outcome; or no dimensions,
    /// and no keys of them. The unit of durations has this many `nanoseconds`.
    #[must_use]
    pub const fn new(
        annotation: Descriptor,
        values: &'static [Option<Value<'static>>],
        nanoseconds: f64,
    ) -> Self {
        Self::with_objectives(annotation, values, nanoseconds, [None, None])
    }

    /// [`Self::new`], with objectives of the calls and of their duration.
    #[must_use]
    pub const fn with_objectives(
        annotation: Descriptor,
        values: &'static [Option<Value<'static>>],
        nanoseconds: f64,
        objectives: [Option<Objective>; 2],
    ) -> Self {
        Self {
            in_flight: const { AtomicU32::new(NO_SLOT) },
            calls: const { AtomicU32::new(NO_SLOT) },
            duration: const { AtomicU32::new(NO_SLOT) },
            nanoseconds,
            annotation: Annotation::Written(Written {
                descriptor: annotation,
                values,
                objectives,
            }),
            instruments: const { ManuallyDrop::new(OnceLock::new()) },
        }
    }

    /// The length of the unit of durations in nanoseconds.
    #[inline(always)]
    pub(crate) fn nanoseconds(&self) -> f64 {
        self.nanoseconds
    }

    /// Adds a call to those in flight.
    #[inline(always)]
    pub(crate) fn enter(&'static self) {
        if !thread::add(self.in_flight.load(Ordering::Relaxed), 1) {
            self.change_in_flight_cold(1);
        }
    }

    /// Records a call with this outcome, and takes it from those in flight.
    #[inline(always)]
    pub(crate) fn leave<V: DimensionValue>(&'static self, outcome: &V, elapsed: f64) {
        let set = (outcome, ());
        // An outcome is one of few.
        #[allow(clippy::cast_possible_truncation)]
        let index = outcome.fixed_index() as u32;
        let cells = thread::cells();
        // No thread has a cell for `NO_SLOT` and the slots after it.
        if !cells.add(self.calls.load(Ordering::Relaxed) + index, 1) {
            self.count_cold(set);
        }
        match self.duration.load(Ordering::Relaxed) {
            NO_SLOT => self.record_cold(elapsed, set),
            first => histogram::record(first + index, elapsed),
        }
        if !cells.add(self.in_flight.load(Ordering::Relaxed), MINUS_ONE) {
            self.change_in_flight_cold(-1);
        }
    }

    #[cold]
    #[inline(never)]
    fn change_in_flight_cold(&'static self, n: i64) {
        let in_flight = &self.instruments().in_flight;
        in_flight.add(n);
        self.in_flight.store(in_flight.slot(), Ordering::Relaxed);
    }

    #[cold]
    #[inline(never)]
    fn count_cold<S: DimensionSet + Copy>(&'static self, set: S) {
        let calls = &self.instruments().calls;
        calls.add(1, set);
        let first = calls.first_slot::<S>().unwrap_or(NO_SLOT);
        self.calls.store(first, Ordering::Relaxed);
    }

    #[cold]
    #[inline(never)]
    fn record_cold<S: DimensionSet + Copy>(&'static self, elapsed: f64, set: S) {
        let duration = &self.instruments().duration;
        duration.record(elapsed, set);
        let first = duration.first_slot::<S>().unwrap_or(NO_SLOT);
        self.duration.store(first, Ordering::Relaxed);
    }

    /// The instruments. Making them allocates nothing, since an allocator may be annotated.
    fn instruments(&'static self) -> &'static Instruments {
        if let Some(instruments) = self.instruments.get() {
            return instruments;
        }
        // A fork waits until they are made.
        let _busy = busy::enter();
        self.instruments
            .get_or_init(|| Instruments::of(&self.annotation))
    }
}

impl Registered for Measures {
    fn for_each(&'static self, each: &mut dyn FnMut(&'static Descriptor)) {
        let Instruments {
            calls,
            duration,
            in_flight,
        } = self.instruments();
        each(calls.descriptor());
        each(duration.descriptor());
        each(in_flight.descriptor());
    }
}

impl Instruments {
    fn of(annotation: &Annotation) -> Self {
        match *annotation {
            Annotation::Path {
                path,
                function,
                description,
                place,
            } => {
                let descriptor = Descriptor::unnamed(path, function, place.file(), place.line());
                Self::new(&descriptor.with_description(description), &[], [None, None])
            }
            Annotation::Written(Written {
                ref descriptor,
                values,
                objectives,
            }) => Self::new(descriptor, values, objectives),
        }
    }

    fn new(
        annotation: &Descriptor,
        values: &'static [Option<Value<'static>>],
        [success, latency]: [Option<Objective>; 2],
    ) -> Self {
        let (keys, values): (_, &[Option<Value<'static>>]) = match annotation.dimension_keys {
            [] => (&["outcome"][..], &[None]),
            keys => (keys, values),
        };
        let (own_keys, own_values) = match (keys.split_last(), values.split_last()) {
            (Some((_, keys)), Some((_, values))) => (keys, values),
            _ => (keys, values),
        };
        let unit = if annotation.unit.is_empty() {
            "s"
        } else {
            annotation.unit
        };
        let calls = Descriptor {
            unit: "",
            dimension_keys: keys,
            objective: success,
            boundaries: None,
            ..annotation.part(Part::Calls)
        };
        let duration = Descriptor {
            unit,
            dimension_keys: keys,
            objective: latency,
            ..annotation.part(Part::Duration)
        };
        let in_flight = Descriptor {
            unit: "",
            dimension_keys: own_keys,
            boundaries: None,
            ..annotation.part(Part::InFlight)
        };
        Self {
            calls: DimensionedCounter::new(calls, values).with_series(Measures::OUTCOMES),
            duration: DimensionedHistogram::new(duration, values).with_series(Measures::OUTCOMES),
            in_flight: UpDownCounter::optional(in_flight, own_values),
        }
    }
}
