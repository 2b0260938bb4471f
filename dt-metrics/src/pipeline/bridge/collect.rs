//! What the collections and the bridge's thread share.

use std::collections::HashMap;
use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use opentelemetry::metrics::Meter;

use super::CARRIER;
use super::epochs::Epochs;
use super::instrument::{Instrument, create};
use super::observed::{ASKING, Levels, has_floats};
use super::target::{News, Standing, Targets, address};
use super::thread::Command;
use crate::descriptor::Descriptor;
use crate::dynatrace::Losses;
use crate::instrument::{self, Drained, Sink, all_observed};
use crate::registry::{Definition, Names, catalog};

const CONFLICTING: &str = "conflicting_definition";
const NOT_FINITE: &str = "not_finite";
const NEGATIVE: &str = "negative";
pub(super) const PANICKED: &str = "observed_panic";
pub(super) const TOO_EARLY: &str = "before_install";

/// How long a collection waits for observed functions.
const OBSERVE_LIMIT: Duration = Duration::from_secs(1);

pub(super) struct Shared {
    active: AtomicBool,
    /// Whether the thread is asked to take values out already.
    woken: AtomicBool,
    conflicting_points: AtomicU64,
    not_finite: AtomicU64,
    negative: AtomicU64,
    commands: Mutex<SyncSender<Command>>,
    /// Those that tell the program what was dropped.
    watchers: Vec<Losses>,
    /// Whether histograms without boundaries of their own have the SDK's.
    buckets: bool,
    state: Mutex<State>,
}

/// Never locked while an instrument is made: a collection holds the SDK's lock and waits for
/// this one.
#[derive(Default)]
struct State {
    names: Names,
    /// The SDK's, by name in lower case: one a name.
    instruments: HashMap<String, Instrument>,
    /// By the address of the descriptor.
    standings: HashMap<usize, Standing>,
    targets: Targets,
    levels: Levels,
    drained: Drained,
    epochs: Epochs,
}

impl State {
    /// Finds out where the measurements of a slot go, or of all slots: who records takes values
    /// out when its ring is full, and must not allocate then.
    fn prepare(&mut self, slot: Option<u32>, news: &mut News) {
        let Self {
            targets, standings, ..
        } = self;
        instrument::for_each_series(slot, |slot, id, series| {
            targets.prepare((slot, id, series), standings, news);
        });
    }

    /// Takes these parts of what was recorded to the SDK, to the last there is.
    fn take_values(&mut self, mut parts: impl Iterator<Item = usize>, news: &mut News) {
        let Self {
            targets,
            standings,
            drained: Drained { values, .. },
            ..
        } = self;
        while let Some(part) = parts.next()
            && instrument::drain_values(part, values, |slot, id, series| {
                targets.prepare((slot, id, series), standings, news)
            })
        {
            targets.record_values(values, news);
        }
    }
}

impl Shared {
    pub(super) fn new(commands: SyncSender<Command>, buckets: bool, watchers: Vec<Losses>) -> Self {
        Self {
            active: AtomicBool::new(true),
            woken: AtomicBool::new(false),
            conflicting_points: AtomicU64::new(0),
            not_finite: AtomicU64::new(0),
            negative: AtomicU64::new(0),
            commands: Mutex::new(commands),
            watchers,
            buckets,
            state: Mutex::default(),
        }
    }

    pub(super) fn stop(&self) {
        self.active.store(false, Ordering::Release);
    }

    pub(super) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    /// Points that were not handed over, by reason.
    pub(super) fn dropped(&self) -> [(&'static str, u64); 3] {
        [
            (CONFLICTING, &self.conflicting_points),
            (NOT_FINITE, &self.not_finite),
            (NEGATIVE, &self.negative),
        ]
        .map(|(reason, points)| (reason, points.load(Ordering::Relaxed)))
    }

    /// Points were dropped that are counted elsewhere, or were just now.
    pub(super) fn tell_lost(&self, reason: &'static str, metric: Option<&str>, points: u64) {
        for watcher in &self.watchers {
            watcher.tell(reason, metric, points);
        }
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
            let instrument = existing.unwrap_or_else(|| {
                let instrument = create(meter, &definition, self.buckets, has_floats(&definition));
                let mut state = self.state();
                state
                    .instruments
                    .insert(definition.name, instrument.clone());
                instrument
            });
            self.state()
                .standings
                .insert(address(descriptor), Standing::Admitted(instrument));
        }
        self.guarded(|news| self.state().prepare(None, news));
    }

    /// Those of `all` that are new and have a right to their name.
    fn admit(&self, all: &[&'static Descriptor]) -> Vec<(&'static Descriptor, Definition)> {
        let mut conflicts = Vec::new();
        let mut admitted = Vec::new();
        let mut state = self.state();
        let State {
            names, standings, ..
        } = &mut *state;
        for descriptor in all {
            if standings.contains_key(&address(descriptor)) {
                continue;
            }
            match names.admit(descriptor) {
                Ok(()) => admitted.push(*descriptor),
                Err(conflict) => {
                    standings.insert(address(descriptor), Standing::Refused);
                    conflicts.push(conflict);
                }
            }
        }
        // Only now, since a later descriptor may state the unit that an earlier one left out.
        let admitted = admitted
            .into_iter()
            .filter_map(|descriptor| Some((descriptor, names.definition(descriptor)?)))
            .collect();
        drop(state);
        for conflict in conflicts {
            tracing::warn!(target: "dt_metrics", "{conflict}; the second is not exported");
        }
        admitted
    }

    /// Takes what was measured since the last collection to the SDK. Runs inside a callback.
    pub(super) fn collect(&self) {
        self.guarded(|news| {
            // Before anything is locked: other readers need not wait for these.
            let observed: Vec<_> = all_observed().collect();
            ASKING.ask(&observed, OBSERVE_LIMIT);
            for (metric, points) in ASKING.take_panics() {
                self.tell_lost(PANICKED, Some(metric), points);
            }
            // Held until all is added: a second reader's collection waits, so it has it too.
            let mut state = self.state();
            let epoch = state.epochs.collected(thread::current().id());
            state.take_values(0.., news);
            let State {
                targets,
                levels,
                standings,
                drained,
                ..
            } = &mut *state;
            instrument::drain(drained, epoch, |slot, id, series| {
                targets.prepare((slot, id, series), standings, news)
            });
            targets.record(drained, news);
            for observed in observed {
                // The last of all readers' answers, so that sums are never set back.
                if let Some(answer) = ASKING.answer(observed) {
                    levels.record(observed, &answer, standings, news);
                }
            }
        });
    }

    /// Takes what was recorded to the SDK.
    pub(super) fn collect_values(&self) {
        self.woken.store(false, Ordering::Release);
        self.guarded(|news| self.state().take_values(0.., news));
    }

    /// Runs `work` while the bridge is active. A panic in a callback would end the reader's
    /// thread; and nothing is logged under a lock, since a log may end in a function that measures.
    fn guarded(&self, work: impl FnOnce(&mut News)) {
        if !self.is_active() {
            return;
        }
        let mut news = News::default();
        if catch_unwind(AssertUnwindSafe(|| work(&mut news))).is_err() {
            tracing::error!(
                target: "dt_metrics",
                "a collection failed; what it had not handed over is lost"
            );
        }
        for (reason, all, new) in [
            (CONFLICTING, &self.conflicting_points, &news.refused),
            (NOT_FINITE, &self.not_finite, &news.not_finite),
            (NEGATIVE, &self.negative, &news.negative),
        ] {
            for (metric, points) in new.iter() {
                all.fetch_add(points, Ordering::Relaxed);
                self.tell_lost(reason, Some(metric), points);
            }
        }
        for Descriptor {
            name, file, line, ..
        } in news.full
        {
            tracing::warn!(
                target: "dt_metrics",
                "`{name}` at {file}:{line} has reached its limit of series; further \
                 combinations of dimensions are measured under `otel.metric.overflow`"
            );
        }
        if news.unprepared {
            self.send(Command::Prepare(None));
        }
    }

    /// Fails if the thread has stopped, and then nothing is collected either; or if it is far
    /// behind, and then it has enough to do.
    fn send(&self, command: Command) {
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        drop(commands.try_send(command));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Shared {
    fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.send(Command::TakeValues);
        }
    }

    fn prepare(&self, slot: u32) {
        self.guarded(|news| {
            // Who collects holds it, and will find out anyway: nobody waits for that.
            if let Ok(mut state) = self.state.try_lock() {
                state.prepare(Some(slot), news);
            }
        });
    }

    fn take_values(&self, part: usize) {
        self.guarded(|news| self.state().take_values(iter::once(part), news));
    }
}
