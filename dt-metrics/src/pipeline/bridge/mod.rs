//! The bridge: hands the measurements in the slots to the SDK's instruments, once per collection.
//!
//! The SDK runs the callbacks of observable instruments before it aggregates, so an addition to a
//! synchronous counter in a callback is part of the same collection. Creating an instrument takes a
//! lock that is held while callbacks run, so instruments are made on the bridge's own thread.
//!
//! This folder may import `aggregation`, `deadline` and `schedule` of the pipeline, and `dynatrace`, `registry`, `instrument`, `line` and
//! `descriptor`.

mod bound;
mod collect;
mod epochs;
mod findings;
mod mailbox;
mod observed;
mod routing;
mod sdk;
mod streams;
mod sums;
mod thread;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::{Thread, sleep};
use std::time::Duration;

use opentelemetry_sdk::metrics::SdkMeterProvider;

use self::collect::{CARRIER, Command, Feed};
use self::mailbox::{Mailbox, Refused};
use self::observed::pool::pool;
pub(super) use self::streams::Limits;
use self::streams::Meters;
pub(super) use self::sums::Summing;
use super::aggregation::Aggregation;
use super::deadline::{Deadline, Late};
use super::schedule::Schedule;
use crate::duration::shown;
use crate::dynatrace::{DropReason, Losses};
use crate::instrument::{
    Memory, abandon_cells, disown_inherited, keep_cells, keep_newest_values, leave_cells, set_sink,
    values_given_up,
};

/// How long to wait before another look at a full mailbox, which is rare.
const FULL_PAUSE: Duration = Duration::from_millis(1);

/// How many values that were given up before an installation are reported already.
static EARLY_REPORTED: AtomicU64 = AtomicU64::new(0);

/// The way from the slots into one provider.
pub(super) struct Bridge {
    feed: Arc<Feed>,
    commands: Mailbox<Command>,
    thread: Thread,
    /// Panics of observed functions before this bridge.
    panics_before: u64,
    /// Memory for cells that outlives the process.
    cells: Option<Arc<dyn Memory>>,
}

impl Bridge {
    /// Joins `provider`: from now on each of its collections takes the measurements. With `pushes`, the
    /// bridge flushes the provider once each `interval`. If no reader runs the callback, measurements
    /// are handed over at each `interval` instead. `buckets` decides whether
    /// histograms without boundaries of their own have buckets. Points that are dropped here are
    /// reported to `watchers`. Cells of counters are kept in `cells`.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the settings of a bridge"
    )]
    pub(super) fn start(
        provider: &SdkMeterProvider,
        interval: Duration,
        pushes: bool,
        buckets: bool,
        watchers: Vec<Losses>,
        aggregation: Aggregation,
        gauge_expiry: Option<Duration>,
        summing: Summing,
        limits: Limits,
        cells: Option<Arc<dyn Memory>>,
    ) -> io::Result<Self> {
        let mut meters = Meters::new(provider.clone(), limits);
        let commands = Mailbox::new();
        let feed = Arc::new(Feed::new(
            commands.clone(),
            buckets,
            watchers,
            aggregation,
            gauge_expiry,
            summing,
        ));
        if !disown_inherited() {
            tracing::warn!(
                target: "dt_metrics",
                "this process was forked, and its measurements from before `install` are dropped: \
                 they may belong to the parent; install metrics before the first measurement"
            );
        }
        abandon_cells();
        if let Some(cells) = &cells {
            feed.reserve_backlog();
            keep_cells(Arc::clone(cells));
        }
        feed.create_missing(&mut meters);
        let carried = feed.register_callback(&mut meters);
        if !carried {
            tracing::warn!(
                target: "dt_metrics",
                "no reader collects `{CARRIER}`: either there is no reader, or a view drops it; \
                 counts are handed over every {} instead",
                shown(interval)
            );
        }
        feed.set_pushes(pushes);
        let schedule = if pushes {
            Some(Schedule::spread(interval))
        } else {
            (!carried).then(|| Schedule::new(interval))
        };
        let waiting = commands.clone();
        let thread = thread::spawn(meters, Arc::clone(&feed), waiting, schedule, carried)?;
        thread::calibrate_clock();
        keep_newest_values();
        let early = values_given_up();
        let reported = EARLY_REPORTED.swap(early, Ordering::Relaxed);
        feed.report_lost(
            DropReason::BeforeInstall,
            None,
            early.saturating_sub(reported),
        );
        // Earlier panics were not this bridge's.
        drop(pool().take_panics());
        set_sink(Some(Arc::clone(&feed) as _));
        Ok(Self {
            feed,
            commands,
            thread,
            panics_before: pool().panics(),
            cells,
        })
    }

    /// Makes every instrument that has been used so far, so that the next collection has all.
    pub(super) fn prepare(&self, deadline: &Deadline) -> Result<(), Late> {
        let (reply, done) = mpsc::channel();
        let mut command = Command::Prepare(Some(reply));
        loop {
            command = match self.commands.send(command) {
                Ok(()) => break,
                // Stopped: there is nothing to prepare for.
                Err(Refused::Closed) => return Ok(()),
                // The thread has not come to earlier commands.
                Err(Refused::Full(_)) if deadline.remaining().is_zero() => {
                    return Err(deadline.late());
                }
                Err(Refused::Full(refused)) => refused,
            };
            sleep(FULL_PAUSE);
        }
        match deadline.recv(&done) {
            // Stopped meanwhile.
            Err(Late::Thread(_)) => Ok(()),
            result => result,
        }
    }

    /// The bridge's thread calls `at_wake` whenever it wakes up. Returns the thread, which
    /// [`unpark`](Thread::unpark) wakes.
    pub(super) fn at_wake(&self, at_wake: impl FnMut() + Send + 'static) -> Thread {
        self.feed.set_at_wake(Box::new(at_wake));
        self.thread.clone()
    }

    /// Ends the pushes; one may be under way.
    pub(super) fn end_pushes(&self) {
        self.feed.set_pushes(false);
    }

    /// Points that did not get into the provider, by reason.
    pub(super) fn dropped(&self) -> impl Iterator<Item = (DropReason, u64)> {
        // Less in a forked child, which has a pool of its own.
        let panics = pool().panics().saturating_sub(self.panics_before);
        let dropped = self.feed.dropped().into_iter();
        let early = values_given_up();
        dropped.chain([
            (DropReason::ObservedPanic, panics),
            (DropReason::BeforeInstall, early),
        ])
    }

    /// Points whose sum was out of the range of its type.
    pub(super) fn saturated(&self) -> u64 {
        self.feed.saturated()
    }

    /// Leaves the provider. Later measurements are kept for the next bridge.
    pub(super) fn stop(&self) {
        set_sink(None);
        self.feed.stop();
        pool().close();
        if let Some(cells) = &self.cells {
            leave_cells(cells);
        }
        // Fails if the thread has stopped before.
        drop(self.commands.send(Command::Stop));
    }
}
