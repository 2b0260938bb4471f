//! The exporter's own requests and log events are not telemetry of the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::common::{AMPLE, server, to};
use dt_metrics::count;
use opentelemetry::Context;
use tracing_subscriber::layer::SubscriberExt;

/// A program that counts every event, whoever logs it.
struct CountsEvents(Arc<AtomicU64>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for CountsEvents {
    fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        // As OpenTelemetry's own bridges do.
        if !Context::is_current_telemetry_suppressed() {
            self.0.fetch_add(1, Ordering::Relaxed);
            count!("own.events");
        }
    }
}

#[test]
fn pushing_makes_nothing_to_push() {
    own_process!();
    let events = Arc::new(AtomicU64::new(0));
    let layer = CountsEvents(events.clone());
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    let server = server();
    let metrics = to(&server)
        .push_interval(Duration::from_millis(50))
        .install()
        .unwrap();
    metrics.flush(AMPLE).unwrap();
    let before = (events.load(Ordering::Relaxed), server.requests().len());
    count!("own.calls");
    let pushed = |state: &dt_metrics_local::store::State| state.requests().len() > before.1;
    assert!(server.wait_for(AMPLE, pushed));
    // Many intervals later, nothing has followed.
    let more = |state: &dt_metrics_local::store::State| state.requests().len() > before.1 + 1;
    assert!(!server.wait_for(Duration::from_millis(500), more));
    assert_eq!(events.load(Ordering::Relaxed), before.0);
    metrics.shutdown(AMPLE).unwrap();
}
