//! Waiting for deliveries, with a deadline that holds even if the server hangs.

use std::time::{Duration, Instant};

use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::buffer::state::{Refusal, RefusalKind};
use crate::dynatrace::error::ExportError;
use crate::dynatrace::health::{DropReason, Health};

/// How long to wait where nobody listens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Patience {
    /// As long as anywhere.
    Full,
    /// Not at all: one refused connection is enough.
    IfSomebodyListens,
}

/// The start of a flush, by the attempts that had been made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlushStart {
    /// How many attempts were begun, and how many of them ended.
    begun: u64,
    ended: u64,
    /// How many points of pending requests had been dropped, by [`OF_REQUESTS`].
    dropped: [u64; OF_REQUESTS.len()],
}

/// Why points of pending requests are dropped. Other points are never part of a request.
const OF_REQUESTS: [DropReason; 7] = [
    DropReason::Ambiguous,
    DropReason::BufferFull,
    DropReason::RequestRejected,
    DropReason::RequestTooLarge,
    DropReason::Shutdown,
    DropReason::SpoolDamaged,
    DropReason::TooOld,
];

impl FlushStart {
    pub(crate) fn now(buffer: &Buffer) -> Self {
        let state = buffer.lock();
        Self {
            begun: state.begun,
            ended: state.ended,
            dropped: dropped(&state.health),
        }
    }

    /// Pending points that were dropped since this moment are an error.
    pub(crate) fn check_dropped(self, health: &Health) -> Result<(), ExportError> {
        let before = OF_REQUESTS.into_iter().zip(self.dropped);
        let all = before.zip(dropped(health));
        let reasons: Vec<_> = all
            .map(|((reason, before), now)| (reason, now - before))
            .filter(|(_, points)| *points > 0)
            .collect();
        if reasons.is_empty() {
            return Ok(());
        }
        let points = reasons.iter().map(|(_, points)| points).sum();
        Err(ExportError::Dropped { points, reasons })
    }

    /// Whether this failed attempt decides a flush that began at this moment.
    fn decides(self, refusal: &Refusal, drained: bool, patience: Patience) -> bool {
        match refusal.kind {
            // An attempt from before the call does not reflect repairs since then.
            RefusalKind::Kept => !drained && refusal.attempt > self.begun,
            RefusalKind::NobodyListens => {
                !drained && refusal.attempt > self.begun && patience == Patience::IfSomebodyListens
            }
            // Other requests may still be delivered: the drop is reported at the end. An attempt
            // that was under way at the start counts, since it may have been for a request of this
            // flush.
            RefusalKind::Dropped => drained && refusal.attempt > self.ended,
        }
    }
}

fn dropped(health: &Health) -> [u64; OF_REQUESTS.len()] {
    OF_REQUESTS.map(|reason| health.dropped.get(&reason).copied().unwrap_or_default())
}

/// Waits until everything queued before this call is drained. A request that the endpoint refused
/// since `start` is an error.
pub(crate) fn flush(
    buffer: &Buffer,
    start: FlushStart,
    timeout: Duration,
    patience: Patience,
) -> Result<(), ExportError> {
    // A time that is too long for the clock sets no deadline.
    let deadline = Instant::now().checked_add(timeout);
    let mut state = buffer.lock();
    let target = state.queue.last_sequence();
    if state.is_stopped() {
        return Err(ExportError::ShutDown);
    }
    if !state.queue.is_drained(target) {
        buffer.hurry_locked(&mut state);
    }
    loop {
        let drained = state.queue.is_drained(target);
        if let Some(refusal) = &state.refusal
            && start.decides(refusal, drained, patience)
        {
            let reason = refusal.reason.clone();
            return Err(match refusal.kind {
                RefusalKind::NobodyListens => ExportError::NoEndpoint { reason },
                RefusalKind::Kept | RefusalKind::Dropped => ExportError::Refused { reason },
            });
        }
        if state.is_stopped() {
            return Err(ExportError::ShutDown);
        }
        if drained {
            return Ok(());
        }
        let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(ExportError::Deadline {
                timeout,
                last_error: state.health.last_error.clone(),
            });
        }
        state = buffer.wait_for_progress(state, left);
    }
}
