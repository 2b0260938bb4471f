//! A reader without a thread of its own: it collects and exports on the thread that flushes it.
//!
//! The pipeline flushes it at the interval, or [a thread of its own](super::reader_thread) does.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{InstrumentKind, ManualReader, Pipeline, Temporality};

use super::aggregation::{Aggregation, ReaderId};

/// Collects for one exporter when it is flushed. Clones are the same reader.
pub(super) struct PushReader<E>(Arc<Inner<E>>);

struct Inner<E> {
    id: ReaderId,
    manual: ManualReader,
    exporter: E,
    aggregation: Aggregation,
    turn: Mutex<Turn>,
    turn_over: Condvar,
}

/// One thread collects at a time.
#[derive(Default)]
struct Turn {
    is_taken: bool,
    has_ended: bool,
}

/// The turn of a thread, until it is dropped.
struct TakenTurn<'a, E>(&'a Inner<E>);

impl<E> Drop for TakenTurn<'_, E> {
    fn drop(&mut self) {
        self.0.turn().is_taken = false;
        self.0.turn_over.notify_one();
    }
}

impl<E> Inner<E> {
    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no other thread collects, for `limit` at most if there is one.
    fn take_turn(&self, limit: Option<Duration>) -> Result<TakenTurn<'_, E>, OTelSdkError> {
        let start = Instant::now();
        let mut turn = self.turn();
        while turn.is_taken {
            turn = match limit {
                None => self
                    .turn_over
                    .wait(turn)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(limit) => {
                    let left = limit.saturating_sub(start.elapsed());
                    if left.is_zero() {
                        return Err(OTelSdkError::Timeout(limit));
                    }
                    let waited = self.turn_over.wait_timeout(turn, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        if turn.has_ended {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        turn.is_taken = true;
        Ok(TakenTurn(self))
    }
}

impl<E: PushMetricExporter> PushReader<E> {
    pub(super) fn new(exporter: E, aggregation: Aggregation) -> Self {
        let manual = ManualReader::builder().with_temporality(exporter.temporality());
        Self(Arc::new(Inner {
            id: ReaderId::numbered(),
            manual: manual.build(),
            exporter,
            aggregation,
            turn: Mutex::default(),
            turn_over: Condvar::new(),
        }))
    }

    /// Collects and exports, in the turn of this thread. A callback of the program may panic.
    ///
    /// The data points are freed afterwards, since they take nearly as much memory as the SDK's sums. The
    /// next collection would free most of them in any case.
    fn push(&self) -> OTelSdkResult {
        let _outside_telemetry = opentelemetry::Context::enter_telemetry_suppressed_scope();
        let pushed = catch_unwind(AssertUnwindSafe(|| {
            let mut metrics = ResourceMetrics::default();
            let collected = self.0.id.collect(|| self.0.manual.collect(&mut metrics));
            self.0.aggregation.end();
            collected?;
            if metrics.scope_metrics().next().is_none() {
                return Ok(());
            }
            block_on(self.0.exporter.export(&metrics))
        }));
        pushed.unwrap_or_else(|_| {
            self.0.aggregation.end();
            tracing::error!(
                target: "dt_metrics",
                "a callback of an observable instrument panicked, so no metrics can be collected any more; \
                 fix the callback"
            );
            Err(OTelSdkError::InternalFailure(
                "a collection panicked".into(),
            ))
        })
    }
}

impl<E> Clone for PushReader<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> fmt::Debug for PushReader<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushReader")
    }
}

impl<E: PushMetricExporter> MetricReader for PushReader<E> {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.manual.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.id.collect(|| self.0.manual.collect(metrics))
    }

    fn force_flush(&self) -> OTelSdkResult {
        let _turn = self.0.take_turn(None)?;
        self.push()
    }

    /// Collects for the last time. `limit` is how long it waits for a collection of another thread.
    fn shutdown_with_timeout(&self, limit: Duration) -> OTelSdkResult {
        let _turn = self.0.take_turn(Some(limit))?;
        let pushed = self.push();
        self.0.turn().has_ended = true;
        let ended = self.0.exporter.shutdown();
        pushed.and(ended).and(self.0.manual.shutdown())
    }

    /// As the exporter prefers, except for instruments that are always cumulative.
    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.manual.temporality(kind)
    }
}

/// Wakes the thread that waits for an export.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for an export. Unlike the one of `futures-executor`, it does not panic if the calling thread is in
/// another executor, where the program may flush as well.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}

#[cfg(test)]
mod tests;
