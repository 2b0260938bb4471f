//! Hands what the slots hold to the SDK's instruments, once a collection.
//!
//! The SDK runs the callbacks of observable instruments before it aggregates, so what a callback
//! adds to a synchronous counter is part of the same collection. Creating an instrument takes a
//! lock that is held while callbacks run: instruments are made on the bridge's own thread.

mod epochs;
mod instrument;
mod observed;
mod shared;
mod target;
mod thread;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use opentelemetry::InstrumentationScope;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;

use self::observed::ASKING;
use self::shared::{PANICKED, Shared, TOO_EARLY};
use self::thread::Command;
use super::deadline::{Deadline, Late};
use crate::dynatrace::{DropReason, Losses, SCOPE};
use crate::instrument::{disown_inherited, keep_newest_values, set_sink, values_given_up};

/// The name of the instrument that carries the callback. It never has a value, so it is never
/// exported.
const CARRIER: &str = "dt_metrics.collection";

/// How many values were told to be given up.
static EARLY_TOLD: AtomicU64 = AtomicU64::new(0);

/// The way from the slots into one provider.
pub(super) struct Bridge {
    shared: Arc<Shared>,
    commands: mpsc::SyncSender<Command>,
    /// Panics of observed functions until the bridge was there.
    panics_before: u64,
}

impl Bridge {
    /// Joins `provider`: from now on each of its collections takes what was counted. Where the
    /// callback cannot be had, `interval` says how often to hand over instead. `buckets` says
    /// whether histograms without boundaries of their own have the SDK's. `watchers` are
    /// told of points that are dropped here.
    pub(super) fn start(
        provider: &SdkMeterProvider,
        interval: Duration,
        buckets: bool,
        watchers: Vec<Losses>,
    ) -> io::Result<Self> {
        let scope = InstrumentationScope::builder(SCOPE)
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        let meter = provider.meter_with_scope(scope);
        let (commands, received) = mpsc::sync_channel(thread::COMMANDS);
        let shared = Arc::new(Shared::new(commands.clone(), buckets, watchers));
        disown_inherited();
        shared.create_missing(&meter);
        let carried = shared.register_callback(&meter);
        if !carried {
            tracing::warn!(
                target: "dt_metrics",
                "no reader asks for `{CARRIER}`: either there is none, or a view drops it; \
                 counts are handed over every {interval:?} instead"
            );
        }
        thread::spawn(
            meter,
            Arc::clone(&shared),
            received,
            (!carried).then_some(interval),
        )?;
        thread::calibrate_clock();
        keep_newest_values();
        let early = values_given_up();
        let told = EARLY_TOLD.swap(early, Ordering::Relaxed);
        shared.tell_lost(TOO_EARLY, None, early.saturating_sub(told));
        // Those before are of no interest.
        drop(ASKING.take_panics());
        set_sink(Some(Arc::clone(&shared) as _));
        Ok(Self {
            shared,
            commands,
            panics_before: ASKING.panics(),
        })
    }

    /// Makes every instrument that has been used so far, so that the next collection has all.
    pub(super) fn prepare(&self, deadline: &Deadline) -> Result<(), Late> {
        let (reply, done) = mpsc::channel();
        match self.commands.try_send(Command::Prepare(Some(reply))) {
            Ok(()) => deadline.recv(&done),
            // The thread has not come to what it was asked before.
            Err(mpsc::TrySendError::Full(_)) => Err(deadline.late()),
            // Stopped: there is nothing to prepare for.
            Err(mpsc::TrySendError::Disconnected(_)) => Ok(()),
        }
    }

    /// Points that did not get into the provider, by reason.
    pub(super) fn dropped(&self) -> impl Iterator<Item = (DropReason, u64)> {
        let panics = ASKING.panics() - self.panics_before;
        let dropped = self.shared.dropped().into_iter();
        let early = values_given_up();
        dropped.chain([(PANICKED, panics), (TOO_EARLY, early)])
    }

    /// Leaves the provider. What is counted from now on waits for the next bridge.
    pub(super) fn stop(&self) {
        set_sink(None);
        self.shared.stop();
        ASKING.close();
        // Fails if the thread has stopped before.
        drop(self.commands.try_send(Command::Stop));
    }
}
