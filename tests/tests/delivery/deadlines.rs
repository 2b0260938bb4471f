//! Every wait ends in time, with any behaviour of the server. `black_hole` tests this on all
//! runtimes.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::common::accounting::assert_accounted;
use crate::common::hostile::{Hostile, MANNERS, Manner};
use crate::common::own_process::alone;
use crate::common::{AMPLE, NEVER};
use dt_metrics::dynatrace::{DeliveryEvent, Exporter};
use dt_metrics::{Builder, Handle, count};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};

const TIME: Duration = Duration::from_millis(200);

/// Kept within a tenth, plus the time that a loaded machine takes to start or wake threads.
fn within<T>(time: Duration, what: &str, action: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = action();
    let took = start.elapsed();
    let most = time + time / 10 + Duration::from_millis(500);
    assert!(took <= most, "{what} took {took:?}, not {time:?}");
    result
}

fn to(server: &Hostile) -> Builder {
    dt_metrics::builder()
        .endpoint(server.url())
        .push_interval(NEVER)
        .shutdown_timeout(TIME)
}

/// The life of a program with metrics, and the drops at its end.
fn live(server: &Hostile, manner: Manner) {
    let install = || -> Handle {
        let metrics = within(Duration::ZERO, "install", || to(server).install().unwrap());
        count!("deadlines.calls");
        metrics
    };
    let metrics = install();
    // Some of them answer in a way; none may make it late.
    let _ = within(TIME, &format!("flush, {manner:?}"), || metrics.flush(TIME));
    let _ = within(TIME, "flush again", || metrics.flush(TIME));
    let _ = within(TIME, "shutdown", || metrics.shutdown(TIME));
    within(Duration::ZERO, "shutdown again", || metrics.shutdown(TIME)).unwrap();
    assert_accounted(1, &metrics.health());
    within(Duration::ZERO, "drop after shutdown", || drop(metrics));
    let metrics = install();
    within(TIME, &format!("drop, {manner:?}"), || drop(metrics));
}

#[test]
fn every_wait_is_kept_against_every_server() {
    own_process!(alone);
    for manner in MANNERS {
        live(&Hostile::start(manner), manner);
    }
}

#[test]
fn async_waits_hold_up_no_one_else() {
    own_process!(alone);
    let server = Hostile::start(Manner::Silent);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let metrics = to(&server).install().unwrap();
        count!("deadlines.calls");
        let start = Instant::now();
        let (flushed, late) = tokio::join!(metrics.flush_async(TIME), async {
            tokio::time::sleep(TIME / 3).await;
            start.elapsed()
        });
        assert!(flushed.is_err());
        assert!(late < TIME, "the runtime stood still for {late:?}");
        assert!(metrics.shutdown_async(TIME).await.is_err());
        assert_accounted(1, &metrics.health());
    });
}

#[test]
fn waits_are_kept_next_to_longer_ones_and_while_unwinding() {
    own_process!(alone);
    let server = Hostile::start(Manner::Silent);
    let metrics = to(&server).install().unwrap();
    count!("deadlines.calls");
    std::thread::scope(|scope| {
        let (begun, waits) = mpsc::channel();
        let metrics = &metrics;
        scope.spawn(move || {
            begun.send(()).unwrap();
            metrics.shutdown(TIME * 4)
        });
        waits.recv().unwrap();
        while metrics.flush(Duration::ZERO).is_ok() {}
        let _ = within(TIME, "flush beside a shutdown", || metrics.flush(TIME));
        let _ = within(TIME, "shutdown beside another", || metrics.shutdown(TIME));
    });
    assert_accounted(1, &metrics.health());
    drop(metrics);

    let panicked = within(TIME, "unwinding", || {
        catch_unwind(AssertUnwindSafe(|| {
            let _metrics = to(&server).install().unwrap();
            count!("deadlines.calls");
            // As a panic does, but without the time that its message and backtrace take.
            resume_unwind(Box::new("as a program may"));
        }))
    });
    assert!(panicked.is_err());
}

#[test]
fn a_request_takes_no_longer_than_it_may() {
    let _turn = alone();
    for manner in MANNERS {
        let server = Hostile::start(manner);
        let (told, events) = mpsc::channel();
        let exporter = Exporter::builder()
            .endpoint(server.url())
            .request_timeout(TIME)
            .on_delivery_event(move |event| drop(told.send(event.clone())))
            .build()
            .unwrap();
        let reader = PeriodicReader::builder(exporter.clone())
            .with_interval(NEVER)
            .build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        provider
            .meter("test")
            .u64_counter("calls")
            .build()
            .add(1, &[]);
        // A body that is slow or endless takes nothing back: its head accepted the lines.
        if matches!(manner, Manner::DrippingBody | Manner::EndlessBody) {
            within(TIME, &format!("{manner:?}"), || {
                provider.force_flush().unwrap();
                exporter.flush(AMPLE).unwrap();
            });
            assert_eq!(exporter.health().points_accepted, 1, "{manner:?}");
            assert_accounted(1, &exporter.health());
            continue;
        }
        let event = within(TIME, &format!("{manner:?}"), || {
            provider.force_flush().unwrap();
            events.recv_timeout(AMPLE).unwrap()
        });
        assert!(
            matches!(&event, DeliveryEvent::Failing { reason } if reason.contains("no answer")),
            "{manner:?}: {event:?}"
        );
        let health = exporter.health();
        assert!(health.requests_unanswered >= 1, "{manner:?}");
        assert_eq!(health.points_pending, 1, "{manner:?}");
        let _ = exporter.shutdown(Duration::ZERO);
        assert_accounted(1, &exporter.health());
    }
}
