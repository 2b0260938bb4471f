//! What the collections and the bridge's thread share.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::metrics::{Counter, Meter};
use opentelemetry::{Key, KeyValue};

use super::CARRIER;
use super::thread::Command;
use crate::descriptor::Descriptor;
use crate::instrument::{self, OwnedValue, Series};
use crate::registry::{Definition, Names, catalog};

pub(super) struct Shared {
    active: AtomicBool,
    conflicting_points: AtomicU64,
    commands: Mutex<Sender<Command>>,
    state: Mutex<State>,
}

/// Never locked while an instrument is made: a collection holds the SDK's lock and waits for
/// this one.
#[derive(Default)]
struct State {
    names: Names,
    /// The SDK's, by name in lower case: one a name.
    instruments: HashMap<String, Counter<u64>>,
    /// By the address of the descriptor.
    standings: HashMap<usize, Standing>,
    /// By slot.
    targets: Vec<Target>,
    deltas: Vec<u64>,
}

/// What became of a descriptor.
enum Standing {
    Admitted(Counter<u64>),
    /// Its name belongs to another.
    Refused,
}

/// Where a slot's deltas go.
enum Target {
    Counter(Counter<u64>, Box<[KeyValue]>),
    Refused,
    /// Its instrument is not made yet.
    Unprepared,
}

impl Shared {
    pub(super) fn new(commands: Sender<Command>) -> Self {
        Self {
            active: AtomicBool::new(true),
            conflicting_points: AtomicU64::new(0),
            commands: Mutex::new(commands),
            state: Mutex::default(),
        }
    }

    pub(super) fn stop(&self) {
        self.active.store(false, Ordering::Release);
    }

    pub(super) fn conflicting_points(&self) -> u64 {
        self.conflicting_points.load(Ordering::Relaxed)
    }

    /// Makes the instrument that carries the callback; `false` if no reader will ever ask it.
    pub(super) fn register_callback(self: &Arc<Self>, meter: &Meter) -> bool {
        // The SDK keeps the callback, and this with it, only if a reader takes the instrument.
        let shared = Arc::clone(self);
        let before = Arc::strong_count(self);
        meter
            .u64_observable_counter(CARRIER)
            .with_callback(move |_| shared.collect())
            .build();
        Arc::strong_count(self) >= before
    }

    /// Makes the instruments of all descriptors that have none. Never called in a callback, and
    /// never on two threads.
    pub(super) fn create_missing(&self, meter: &Meter) {
        for (descriptor, definition) in self.admit(&catalog()) {
            let existing = self.state().instruments.get(&definition.name).cloned();
            let counter = existing.unwrap_or_else(|| {
                let counter = create(meter, &definition);
                self.state()
                    .instruments
                    .insert(definition.name, counter.clone());
                counter
            });
            self.state()
                .standings
                .insert(address(descriptor), Standing::Admitted(counter));
        }
    }

    /// Those of `all` that are new and have a right to their name.
    fn admit(&self, all: &[&'static Descriptor]) -> Vec<(&'static Descriptor, Definition)> {
        let mut state = self.state();
        let State {
            names, standings, ..
        } = &mut *state;
        let new = all
            .iter()
            .filter(|descriptor| !standings.contains_key(&address(descriptor)));
        let (admitted, refused): (Vec<_>, Vec<_>) = new
            .map(|descriptor| (*descriptor, names.admit(descriptor)))
            .partition(|(_, r)| r.is_ok());
        for (descriptor, conflict) in refused {
            standings.insert(address(descriptor), Standing::Refused);
            if let Err(conflict) = conflict {
                tracing::warn!(target: "dt_metrics", "{conflict}; the second is not exported");
            }
        }
        // Only now, since a later descriptor may state the unit that an earlier one left out.
        admitted
            .into_iter()
            .filter_map(|(descriptor, _)| Some((descriptor, names.definition(descriptor)?)))
            .collect()
    }

    /// Takes what was counted since the last collection to the SDK. Runs inside a callback: a
    /// panic here would end the reader's thread.
    pub(super) fn collect(&self) {
        if self.active.load(Ordering::Acquire)
            && catch_unwind(AssertUnwindSafe(|| self.hand_over())).is_err()
        {
            tracing::error!(target: "dt_metrics", "a collection failed; what it had not handed over is lost");
        }
    }

    fn hand_over(&self) {
        // Held until all is added: a second reader's collection waits, so it has it too.
        let mut state = self.state();
        let State {
            targets,
            standings,
            deltas,
            ..
        } = &mut *state;
        let mut unprepared = false;
        // A target that was not prepared is asked about again, and so are those after it.
        targets.truncate(
            targets
                .iter()
                .position(Target::is_unprepared)
                .unwrap_or(targets.len()),
        );
        instrument::for_each_series(targets.len(), |_, series| {
            let target = Target::new(series, standings.get(&address(series.descriptor)));
            unprepared |= target.is_unprepared();
            targets.push(target);
        });
        instrument::drain(
            |slot| {
                targets
                    .get(slot)
                    .is_some_and(|target| !target.is_unprepared())
            },
            deltas,
        );
        for (target, delta) in targets
            .iter()
            .zip(deltas.iter())
            .filter(|(_, delta)| **delta != 0)
        {
            match target {
                Target::Counter(counter, attributes) => counter.add(*delta, attributes),
                Target::Refused => {
                    self.conflicting_points.fetch_add(1, Ordering::Relaxed);
                }
                Target::Unprepared => (),
            }
        }
        if unprepared {
            let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
            // Fails if the thread has stopped, and then nothing is collected either.
            drop(commands.send(Command::Prepare(None)));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Target {
    fn new(series: &Series, standing: Option<&Standing>) -> Self {
        match standing {
            None => Self::Unprepared,
            Some(Standing::Refused) => Self::Refused,
            Some(Standing::Admitted(counter)) => {
                if series.overflow {
                    let Descriptor {
                        name, file, line, ..
                    } = series.descriptor;
                    tracing::warn!(
                        target: "dt_metrics",
                        "`{name}` at {file}:{line} has reached its limit of series; further \
                         combinations of dimensions are counted under `otel.metric.overflow`"
                    );
                }
                let attributes = series
                    .dimensions
                    .iter()
                    .map(|(k, v)| attribute(k, v))
                    .collect();
                Self::Counter(counter.clone(), attributes)
            }
        }
    }

    fn is_unprepared(&self) -> bool {
        matches!(self, Self::Unprepared)
    }
}

/// What tells descriptors apart: each is a static of its own.
fn address(descriptor: &'static Descriptor) -> usize {
    core::ptr::from_ref(descriptor).addr()
}

fn create(meter: &Meter, definition: &Definition) -> Counter<u64> {
    let first = definition.first;
    let builder = meter.u64_counter(first.name);
    let builder = match definition.unit {
        "" => builder,
        unit => builder.with_unit(unit),
    };
    match definition.description {
        "" => builder.build(),
        description => builder.with_description(description).build(),
    }
}

fn attribute(key: &'static str, value: &OwnedValue) -> KeyValue {
    let key = Key::from_static_str(key);
    match value {
        OwnedValue::Str(text) => KeyValue::new(key, text.to_string()),
        OwnedValue::Bool(value) => KeyValue::new(key, *value),
        OwnedValue::I64(value) => KeyValue::new(key, *value),
        OwnedValue::F64(value) => KeyValue::new(key, *value),
        // OpenTelemetry has no unsigned attribute.
        OwnedValue::U64(value) => match i64::try_from(*value) {
            Ok(value) => KeyValue::new(key, value),
            Err(_) => KeyValue::new(key, value.to_string()),
        },
    }
}
