//! Sources of observed values: functions of the program, and callbacks that it registers.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::observed::{Number, Observation, Observed, all_observed};
use crate::descriptor::Descriptor;
use crate::instrument::dimension::value::OwnedValue;
use crate::instrument::series::dynamic;

/// The callbacks that are polled, and some that have ended since they were last listed.
static CALLBACKS: Mutex<Vec<Arc<Callback>>> = Mutex::new(Vec::new());

/// One observed value and its series.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "read by the pipeline")
)]
pub(crate) struct Sample {
    pub(crate) number: Number,
    pub(crate) dimensions: Box<[(Cow<'static, str>, OwnedValue)]>,
}

/// The closure of a callback, which appends its values.
pub(crate) type Function = Box<dyn FnMut(&mut Vec<Sample>) + Send>;

/// A callback that is polled until it [ends](Self::end).
///
/// The closure is dropped by the thread that ends the callback or by the thread that polls it, never by
/// a collection, which holds a lock of the SDK.
pub(crate) struct Callback {
    descriptor: &'static Descriptor,
    seat: Seat,
    serial: u64,
    has_ended: AtomicBool,
    /// Never locked while the closure runs or is dropped. `None` while it runs, and at its end.
    function: Mutex<Option<Function>>,
}

impl Callback {
    /// Polls `function` from now on.
    pub(crate) fn register(descriptor: &'static Descriptor, function: Function) -> Arc<Self> {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        let mut all = callbacks();
        let mut taken: Vec<_> = all
            .iter()
            .filter(|other| core::ptr::eq(other.descriptor, descriptor))
            .map(|other| other.seat.number)
            .collect();
        taken.sort_unstable();
        let free = (0..).zip(&taken).find(|(number, taken)| number != *taken);
        let callback = Arc::new(Self {
            descriptor,
            seat: Seat {
                descriptor: core::ptr::from_ref(descriptor).addr(),
                number: free.map_or(taken.len(), |(number, _)| number),
            },
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            has_ended: AtomicBool::new(false),
            function: Mutex::new(Some(function)),
        });
        all.push(Arc::clone(&callback));
        callback
    }

    /// Ends it: it is not polled again, and a poll that is under way has no values.
    pub(crate) fn end(&self) {
        self.has_ended.store(true, Ordering::SeqCst);
        let function = self.function().take();
        drop(function);
    }

    fn poll(&self) -> Option<Vec<Sample>> {
        let mut function = self.function().take()?;
        let mut samples = Vec::new();
        let result = catch_unwind(AssertUnwindSafe(|| function(&mut samples)));
        let mut place = self.function();
        // Under the lock: the end comes before, and is seen, or after, and finds the closure.
        if self.has_ended.load(Ordering::SeqCst) {
            drop(place);
            drop(function);
        } else {
            *place = Some(function);
            drop(place);
        }
        match result {
            Ok(()) => Some(samples),
            Err(payload) => resume_unwind(payload),
        }
    }

    fn function(&self) -> MutexGuard<'_, Option<Function>> {
        self.function.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The callbacks that have not ended.
fn callbacks() -> MutexGuard<'static, Vec<Arc<Callback>>> {
    let mut all = CALLBACKS.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|callback| !callback.has_ended.load(Ordering::SeqCst));
    all
}

/// Something that is polled once per collection of each reader.
#[derive(Clone)]
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "polled by the pipeline")
)]
pub(crate) enum Source {
    Function(&'static Observed),
    Callback(Arc<Callback>),
}

/// Tells sources apart.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum SourceId {
    /// The address of the function's registration.
    Function(usize),
    /// The serial number of the callback.
    Callback(u64),
}

/// The place of a source among the sources with its descriptor. When a callback has ended, the next
/// one with its descriptor takes its seat, and continues where it ended: both may read the same
/// total.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Seat {
    descriptor: usize,
    number: usize,
}

#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "polled by the pipeline")
)]
impl Source {
    /// All observed functions, and all callbacks that have not ended.
    pub(crate) fn all() -> Vec<Self> {
        let callbacks = callbacks().clone();
        let functions = all_observed().map(Self::Function);
        functions
            .chain(callbacks.into_iter().map(Self::Callback))
            .collect()
    }

    pub(crate) fn id(&self) -> SourceId {
        match self {
            Self::Function(observed) => SourceId::Function(core::ptr::from_ref(*observed).addr()),
            Self::Callback(callback) => SourceId::Callback(callback.serial),
        }
    }

    pub(crate) fn seat(&self) -> Seat {
        match self {
            Self::Function(observed) => Seat {
                descriptor: core::ptr::from_ref(observed.descriptor()).addr(),
                number: 0,
            },
            Self::Callback(callback) => callback.seat,
        }
    }

    /// The metric that it measures.
    pub(crate) fn descriptor(&self) -> &'static Descriptor {
        match self {
            Self::Function(observed) => observed.descriptor(),
            Self::Callback(callback) => callback.descriptor,
        }
    }

    /// The most series that it has at a time.
    pub(crate) fn limit(&self) -> usize {
        dynamic::cardinality_limit(self.descriptor())
    }

    /// Whether each series has a total of its own. The total of a function is one, whichever series it
    /// grows in.
    pub(crate) fn has_several_series(&self) -> bool {
        matches!(self, Self::Callback(_))
    }

    pub(crate) fn has_ended(&self) -> bool {
        match self {
            Self::Function(_) => false,
            Self::Callback(callback) => callback.has_ended.load(Ordering::SeqCst),
        }
    }

    /// Runs code of the program. `None` if a function has no value this time, or a callback has ended.
    pub(crate) fn poll(&self) -> Option<Vec<Sample>> {
        match self {
            Self::Function(observed) => {
                let Observation { number, values } = observed.poll()?;
                let keys = observed.descriptor().dimension_keys.iter();
                let dimensions = keys.zip(values).filter_map(|(key, value)| {
                    let key: &'static str = key;
                    Some((Cow::Borrowed(key), value?))
                });
                let dimensions = dimensions.collect();
                Some(vec![Sample { number, dimensions }])
            }
            Self::Callback(callback) => callback.poll(),
        }
    }
}
