//! Collections: handing the measurements in the slots to the SDK's instruments.

use std::iter;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::bound::BoundHistograms;
use super::epochs::Epochs;
use super::findings::Findings;
use super::mailbox::Mailbox;
use super::observed::pool::pool;
use super::observed::record::{Levels, has_floats};
use super::routing::Routes;
use super::sdk::create;
use super::streams::{Limits, Meters, Metrics, Missing, Used};
use super::sums::Summing;
use crate::descriptor::Descriptor;
use crate::dynatrace::{DropReason, Losses};
use crate::instrument::{self, Drained, Inside, Sink, Source};
use crate::pipeline::aggregation::{Aggregation, ReaderId};
use crate::registry::{Definition, Names, catalog};

/// How long a collection waits for observed functions.
const OBSERVE_LIMIT: Duration = Duration::from_secs(1);

/// The name of the instrument that carries the callback. It never has a value, so it is never
/// exported.
pub(super) const CARRIER: &str = "dt_metrics.collection";

/// A request to the bridge's thread.
pub(super) enum Command {
    /// Make the instruments that are missing, then reply.
    Prepare(Option<Sender<()>>),
    /// Take out recorded values.
    TakeValues,
    /// Warn that these observed functions are late.
    WarnLate(Vec<&'static Descriptor>),
    Stop,
}

/// A function that the bridge's thread calls.
pub(super) type AtWake = Box<dyn FnMut() + Send>;

/// Takes measurements from the slots to one provider. Shared by the readers' callbacks and the
/// bridge's thread.
pub(super) struct Feed {
    active: AtomicBool,
    /// Whether the bridge's thread flushes the provider at the interval.
    pushes: AtomicBool,
    /// Whether the thread has a pending command to take values out.
    woken: AtomicBool,
    /// Whether the thread has a pending command to make instruments.
    preparing: AtomicBool,
    conflicting_points: AtomicU64,
    not_finite: AtomicU64,
    negative: AtomicU64,
    saturated: AtomicU64,
    summing: Summing,
    commands: Mailbox<Command>,
    /// The function that the bridge's thread calls whenever it wakes up.
    at_wake: Mutex<Option<AtWake>>,
    /// Exporters that report dropped points to the program.
    watchers: Vec<Losses>,
    /// Whether histograms without boundaries of their own have buckets.
    buckets: bool,
    /// Whether threads have filled their rings since the last collection.
    is_busy: AtomicBool,
    aggregation: Aggregation,
    /// Series of gauges that were not set for this time end.
    gauge_expiry: Option<Duration>,
    state: Mutex<FeedState>,
}

/// The instruments and routes made so far. Never locked while an instrument is made: a collection
/// holds the SDK's lock and waits for this one.
#[derive(Default)]
struct FeedState {
    names: Names,
    metrics: Metrics,
    routes: Routes,
    bound: BoundHistograms,
    levels: Levels,
    drained: Drained,
    /// Recorded values and their slots, taken out while a reader aggregates: they are for the next
    /// collection, as their counts are.
    backlog: Vec<(u32, f64)>,
    epochs: Epochs,
}

/// The state, locked. Measurements of the thread do not call the pipeline meanwhile.
struct HeldState<'a> {
    state: MutexGuard<'a, FeedState>,
    _inside: Inside,
}

impl Deref for HeldState<'_> {
    type Target = FeedState;

    fn deref(&self) -> &FeedState {
        &self.state
    }
}

impl DerefMut for HeldState<'_> {
    fn deref_mut(&mut self) -> &mut FeedState {
        &mut self.state
    }
}

/// How often a collection waits for the aggregations of other readers.
const MAX_WAITS: usize = 4;

/// The room for values while a reader aggregates, in a program that records much, or whose values outlive
/// the process. A value without room is in this collection. Its count is in the next one, and if the process is
/// killed before, the value is recovered as well.
const BACKLOG: usize = 65_536;

impl FeedState {
    /// Finds out where the measurements of a slot go, or of all slots. This happens early, since a
    /// thread that records takes values out when its ring is full, and must not allocate then.
    fn prepare(&mut self, slot: Option<u32>, findings: &mut Findings) {
        let Self {
            routes, metrics, ..
        } = self;
        instrument::for_each_series(slot, |slot, id, series| {
            routes.prepare((slot, id, series), metrics, findings);
        });
    }

    /// Takes these parts of the recorded values to the SDK, up to the last existing part; while a
    /// reader aggregates, to the backlog as long as it has room. Allocates only if it `may_allocate`.
    fn take_values(
        &mut self,
        mut parts: impl Iterator<Item = usize>,
        may_allocate: bool,
        aggregation: &Aggregation,
        findings: &mut Findings,
    ) {
        if !aggregation.is_under_way() {
            self.clear_backlog(findings);
        }
        let Self {
            routes,
            bound,
            metrics,
            backlog,
            drained: Drained { values, .. },
            ..
        } = self;
        while let Some(part) = parts.next()
            && instrument::drain_values(part, values, |slot, id, series| {
                routes.prepare((slot, id, series), metrics, findings)
            })
        {
            // Without an allocation: see `prepare`.
            let has_room = backlog.len() + values.len() <= backlog.capacity();
            let is_under_way = aggregation.is_under_way();
            if has_room && is_under_way {
                backlog.extend_from_slice(values);
            } else {
                let binds = may_allocate && !is_under_way;
                routes.record_values(values, bound, binds, metrics, findings);
            }
        }
    }

    fn reserve_backlog(&mut self) {
        // It is empty, or has the room already.
        if self.backlog.capacity() < BACKLOG {
            self.backlog.reserve_exact(BACKLOG);
        }
    }

    fn clear_backlog(&mut self, findings: &mut Findings) {
        let Self {
            routes,
            bound,
            metrics,
            backlog,
            ..
        } = self;
        routes.record_values(backlog, bound, false, metrics, findings);
        backlog.clear();
    }
}

impl Feed {
    pub(super) fn new(
        commands: Mailbox<Command>,
        buckets: bool,
        watchers: Vec<Losses>,
        aggregation: Aggregation,
        gauge_expiry: Option<Duration>,
        summing: Summing,
    ) -> Self {
        Self {
            active: AtomicBool::new(true),
            pushes: AtomicBool::new(false),
            woken: AtomicBool::new(false),
            preparing: AtomicBool::new(false),
            conflicting_points: AtomicU64::new(0),
            not_finite: AtomicU64::new(0),
            negative: AtomicU64::new(0),
            saturated: AtomicU64::new(0),
            summing,
            commands,
            at_wake: Mutex::new(None),
            watchers,
            buckets,
            is_busy: AtomicBool::new(false),
            aggregation,
            gauge_expiry,
            state: Mutex::default(),
        }
    }

    pub(super) fn stop(&self) {
        self.active.store(false, Ordering::Release);
    }

    pub(super) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    /// Makes room for values that are taken out while a reader aggregates, before the first ones are.
    pub(super) fn reserve_backlog(&self) {
        self.state().reserve_backlog();
    }

    /// Sets the function that the bridge's thread calls whenever it wakes up.
    pub(super) fn set_at_wake(&self, at_wake: AtWake) {
        *self.at_wake() = Some(at_wake);
    }

    pub(super) fn run_at_wake(&self) {
        if let Some(at_wake) = &mut *self.at_wake() {
            at_wake();
        }
    }

    fn at_wake(&self) -> MutexGuard<'_, Option<AtWake>> {
        self.at_wake.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins or ends to flush the provider at the interval.
    pub(super) fn set_pushes(&self, pushes: bool) {
        self.pushes.store(pushes, Ordering::Release);
    }

    pub(super) fn pushes(&self) -> bool {
        self.pushes.load(Ordering::Acquire)
    }

    /// Points that were not handed over, by reason.
    pub(super) fn dropped(&self) -> [(DropReason, u64); 3] {
        [
            (DropReason::ConflictingDefinition, &self.conflicting_points),
            (DropReason::NotFinite, &self.not_finite),
            (DropReason::Negative, &self.negative),
        ]
        .map(|(reason, points)| (reason, points.load(Ordering::Relaxed)))
    }

    /// Points whose sum was out of range.
    pub(super) fn saturated(&self) -> u64 {
        self.saturated.load(Ordering::Relaxed)
    }

    /// Reports dropped points to the watchers. The caller counts them.
    pub(super) fn report_lost(&self, reason: DropReason, metric: Option<&str>, points: u64) {
        for watcher in &self.watchers {
            watcher.tell(reason, metric, points);
        }
    }

    /// Makes the instrument that carries the callback; `false` if no reader will ever collect it.
    pub(super) fn register_callback(self: &Arc<Self>, meters: &mut Meters) -> bool {
        // The SDK keeps the callback, and the clone in it, only if a reader takes the instrument.
        let feed = Arc::clone(self);
        let before = Arc::strong_count(self);
        meters.limited(1, |meters| {
            meters
                .get(0)
                .u64_observable_counter(CARRIER)
                .with_callback(move |_| feed.collect())
                .build()
        });
        Arc::strong_count(self) >= before
    }

    /// Makes the instruments that descriptors and series need. Never called in a callback, and never
    /// on two threads at once.
    pub(super) fn create_missing(&self, meters: &mut Meters) {
        // From here on, a series that comes needs another call.
        self.preparing.store(false, Ordering::Release);
        let admitted = self.admit(&catalog());
        {
            let metrics = &mut self.state().metrics;
            for (descriptor, definition) in admitted {
                metrics.admit(descriptor, definition, meters.limits());
            }
        }
        loop {
            self.guarded(|findings| {
                self.state().prepare(None, findings);
                // Made here and now.
                findings.unprepared = false;
            });
            let missing = self.missing(meters.limits());
            if missing.is_empty() {
                return;
            }
            for Missing {
                metric,
                definition,
                stream,
                limit,
            } in missing
            {
                let floats = has_floats(&definition);
                let instrument = meters.limited(limit, |meters| {
                    create(meters.get(stream), &definition, self.buckets, floats)
                });
                self.state().metrics.extend(metric, instrument, limit);
            }
        }
    }

    /// The streams that metrics need.
    fn missing(&self, limits: &Limits) -> Vec<Missing> {
        // Once it is stopped, nothing is prepared.
        if !self.is_active() {
            return Vec::new();
        }
        self.state().metrics.missing(limits, || {
            let mut used = Used::default();
            instrument::for_each_series(None, |_, _, series| used.add(series));
            used
        })
    }

    /// The new descriptors among `all` whose name is free.
    fn admit(&self, all: &[&'static Descriptor]) -> Vec<(&'static Descriptor, Definition)> {
        let (mut conflicts, mut objectives) = (Vec::new(), Vec::new());
        let mut admitted = Vec::new();
        let mut state = self.state();
        let FeedState { names, metrics, .. } = &mut *state;
        for descriptor in all {
            if metrics.admission(descriptor).is_some() {
                continue;
            }
            match names.admit(descriptor) {
                Ok(conflict) => {
                    admitted.push(*descriptor);
                    objectives.extend(conflict);
                }
                Err(conflict) => {
                    metrics.refuse(descriptor);
                    conflicts.push(conflict);
                }
            }
        }
        // Only now, since a later descriptor may state a unit that an earlier one leaves out.
        let admitted = admitted
            .into_iter()
            .filter_map(|descriptor| Some((descriptor, names.definition(descriptor)?)))
            .collect();
        drop(state);
        for conflict in conflicts {
            tracing::warn!(target: "dt_metrics", "{conflict}; the second metric is not exported");
        }
        for conflict in objectives {
            tracing::warn!(target: "dt_metrics", "{conflict}; both are exported");
        }
        admitted
    }

    /// Takes everything measured since the last collection to the SDK. Runs inside a callback.
    pub(super) fn collect(&self) {
        self.guarded(|findings| {
            // Before anything is locked: other readers need not wait for the functions.
            let sources = Source::all();
            let pool = pool();
            let late = pool.poll(&sources, OBSERVE_LIMIT);
            if !late.is_empty() {
                // Not here: the callback runs under a lock of the SDK, and a log is the program's.
                self.send(Command::WarnLate(late));
            }
            for (metric, points) in pool.take_panics() {
                self.report_lost(DropReason::ObservedPanic, Some(metric), points);
            }
            // Held until everything is added: a second reader's collection waits for it, and so
            // includes it.
            let mut state = self.state_between_aggregations();
            if !self.is_active() {
                // It was late, and nobody exports it: the next bridge takes what was measured.
                return;
            }
            let epoch = state.epochs.collected(ReaderId::of_callback());
            state.clear_backlog(findings);
            if self.is_busy.swap(false, Ordering::Relaxed) {
                state.reserve_backlog();
            }
            let FeedState {
                routes,
                bound,
                levels,
                metrics,
                drained,
                ..
            } = &mut *state;
            if self.summing == Summing::ForOneCollection {
                metrics.reset_counters();
            }
            instrument::begin(drained);
            for part in 0.. {
                let more = instrument::drain_part(part, drained, |slot, id, series| {
                    routes.prepare((slot, id, series), metrics, findings)
                });
                routes.record_values(&drained.values, bound, false, metrics, findings);
                if !more {
                    break;
                }
            }
            // Before slots are given to other series, and before a reader aggregates.
            bound.release();
            // Before the epoch ends: a slot may have another series then.
            routes.record_counts(drained, metrics, findings);
            let retired =
                instrument::finish(drained, epoch, self.gauge_expiry, |slot, id, series| {
                    routes.prepare((slot, id, series), metrics, findings)
                });
            drained.deltas = Vec::new();
            routes.record_gauges(drained, metrics, findings);
            for slot in retired {
                routes.retire(slot, metrics);
            }
            levels.end_others(&sources, metrics, findings);
            for source in sources.iter().filter(|source| !source.has_ended()) {
                // The latest values for any reader, so that sums are never set back.
                if let Some(latest) = pool.latest(source.id()) {
                    levels.record(source, &latest, metrics, findings);
                }
            }
            self.aggregation.begin();
        });
    }

    /// Takes recorded values to the SDK.
    pub(super) fn collect_values(&self) {
        self.woken.store(false, Ordering::Release);
        self.guarded(|findings| {
            self.state()
                .take_values(0.., true, &self.aggregation, findings);
        });
    }

    /// Runs `work` while the bridge is active, and reports its findings. A panic in a callback would
    /// end the reader's thread. Nothing is logged under a lock of this crate, since a log may end in
    /// a function that measures.
    fn guarded(&self, work: impl FnOnce(&mut Findings)) {
        if !self.is_active() {
            return;
        }
        let mut findings = Findings::default();
        if catch_unwind(AssertUnwindSafe(|| work(&mut findings))).is_err() {
            tracing::error!(
                target: "dt_metrics",
                "a collection panicked; its measurements that had not reached the SDK are lost"
            );
        }
        for (reason, all, new) in [
            (
                DropReason::ConflictingDefinition,
                &self.conflicting_points,
                &findings.refused,
            ),
            (
                DropReason::NotFinite,
                &self.not_finite,
                &findings.not_finite,
            ),
            (DropReason::Negative, &self.negative, &findings.negative),
        ] {
            for (metric, points) in new.iter() {
                all.fetch_add(points, Ordering::Relaxed);
                self.report_lost(reason, Some(metric), points);
            }
        }
        for (metric, points) in findings.saturated.iter() {
            self.saturated.fetch_add(points, Ordering::Relaxed);
            for watcher in &self.watchers {
                watcher.tell_saturated(metric, points);
            }
        }
        for Descriptor {
            name, file, line, ..
        } in findings.saturating
        {
            tracing::warn!(
                target: "dt_metrics",
                "the sum of `{name}` at {file}:{line} exceeds the range of its type, and the end of \
                 the range is sent instead; look for an amount that is too large, such as a \
                 difference that wrapped around"
            );
        }
        for Descriptor {
            name, file, line, ..
        } in findings.full
        {
            tracing::warn!(
                target: "dt_metrics",
                "`{name}` at {file}:{line} has reached its limit of series; further \
                 combinations of dimensions are measured under `otel.metric.overflow`"
            );
        }
        if findings.unprepared
            && !self.preparing.swap(true, Ordering::AcqRel)
            && !self.send(Command::Prepare(None))
        {
            self.preparing.store(false, Ordering::Release);
        }
    }

    /// Sends a command to the bridge's thread. It is dropped if the thread has stopped, and then
    /// nothing is collected either, or if the thread is far behind, and then it has enough to do.
    /// `false` if it is dropped.
    fn send(&self, command: Command) -> bool {
        let _inside = Inside::enter();
        self.commands.send(command).is_ok()
    }

    /// The state, while no other reader aggregates.
    fn state_between_aggregations(&self) -> HeldState<'_> {
        for _ in 0..MAX_WAITS {
            let state = self.state();
            if !self.aggregation.is_of_another() {
                return state;
            }
            drop(state);
            self.aggregation.wait_for_others();
        }
        self.state()
    }

    fn state(&self) -> HeldState<'_> {
        let inside = Inside::enter();
        HeldState {
            state: self.state.lock().unwrap_or_else(PoisonError::into_inner),
            _inside: inside,
        }
    }
}

impl Sink for Feed {
    fn wake(&self) {
        self.is_busy.store(true, Ordering::Relaxed);
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.send(Command::TakeValues);
        }
    }

    fn prepare(&self, slot: u32) {
        self.guarded(|findings| {
            // If a collection holds the lock, it finds out by itself: nobody waits for that.
            if let Ok(mut state) = self.state.try_lock() {
                state.prepare(Some(slot), findings);
            }
        });
    }

    fn take_values(&self, part: usize) {
        // The SDK's locks are this thread's then, if an allocator is annotated.
        if self.aggregation.is_own() {
            return;
        }
        self.guarded(|findings| {
            self.state()
                .take_values(iter::once(part), false, &self.aggregation, findings);
        });
    }
}
