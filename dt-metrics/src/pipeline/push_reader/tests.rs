use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;

use super::*;

const AMPLE: Duration = Duration::from_secs(60);

/// Counts collections, and ends.
#[derive(Clone, Default)]
struct Counting {
    exports: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
}

impl PushMetricExporter for Counting {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        self.exports.fetch_add(1, Ordering::Relaxed);
        // Wakes the thread that waits for it.
        tokio::task::yield_now().await;
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.is_over.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Delta
    }
}

fn provider(exporter: &Counting) -> (SdkMeterProvider, PushReader<Counting>) {
    let reader = PushReader::new(exporter.clone(), Aggregation::default());
    let provider = SdkMeterProvider::builder().with_reader(reader.clone());
    (provider.build(), reader)
}

#[test]
fn data_points_are_freed_once_they_are_exported() {
    let exporter = Counting::default();
    let (provider, _reader) = provider(&exporter);
    let calls = provider.meter("test").u64_counter("calls").build();
    let text = Arc::<str>::from("eu");
    for _ in 0..2 {
        calls.add(1, &[KeyValue::new("region", Arc::clone(&text))]);
        provider.force_flush().unwrap();
        // This test and the SDK's sum.
        assert_eq!(Arc::strong_count(&text), 2);
    }
}

#[test]
fn a_flush_exports_on_its_thread_and_an_empty_collection_is_not_exported() {
    let exporter = Counting::default();
    let (provider, reader) = provider(&exporter);
    reader.force_flush().unwrap();
    assert_eq!(exporter.exports.load(Ordering::Relaxed), 0);
    let calls = provider.meter("test").u64_counter("calls").build();
    for pushes in 1..=3 {
        calls.add(1, &[]);
        provider.force_flush().unwrap();
        assert_eq!(exporter.exports.load(Ordering::Relaxed), pushes);
    }
}

#[test]
fn the_last_collection_is_that_of_the_shutdown() {
    let exporter = Counting::default();
    let (provider, reader) = provider(&exporter);
    let calls = provider.meter("test").u64_counter("calls").build();
    calls.add(1, &[]);
    provider.shutdown().unwrap();
    assert_eq!(exporter.exports.load(Ordering::Relaxed), 1);
    assert!(exporter.is_over.load(Ordering::Relaxed));
    calls.add(1, &[]);
    let late = reader.force_flush();
    assert!(
        matches!(late, Err(OTelSdkError::AlreadyShutdown)),
        "{late:?}"
    );
    assert_eq!(exporter.exports.load(Ordering::Relaxed), 1);
}

#[test]
fn a_shutdown_does_not_wait_forever_for_a_callback_that_hangs() {
    let exporter = Counting::default();
    let (provider, reader) = provider(&exporter);
    let (begun, has_begun) = mpsc::sync_channel(1);
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let _hanging = provider
        .meter("test")
        .u64_observable_gauge("hanging")
        .with_callback(move |observer| {
            let _ = begun.try_send(());
            let _ = released.lock().unwrap().recv();
            observer.observe(1, &[]);
        })
        .build();
    thread::scope(|scope| {
        let flushed = scope.spawn(|| reader.force_flush());
        has_begun.recv_timeout(AMPLE).unwrap();
        let late = reader.shutdown_with_timeout(Duration::from_millis(10));
        assert!(matches!(late, Err(OTelSdkError::Timeout(_))), "{late:?}");
        drop(release);
        flushed.join().unwrap().unwrap();
    });
    assert_eq!(exporter.exports.load(Ordering::Relaxed), 1);
}

#[test]
fn a_callback_that_panics_is_an_error_of_the_flush() {
    let exporter = Counting::default();
    let (provider, reader) = provider(&exporter);
    let _panicking = provider
        .meter("test")
        .u64_observable_gauge("panicking")
        .with_callback(|_| std::panic::resume_unwind(Box::new("as a program may")))
        .build();
    for _ in 0..2 {
        reader.force_flush().unwrap_err();
    }
    reader.shutdown().unwrap_err();
    assert!(exporter.is_over.load(Ordering::Relaxed));
}

#[test]
fn a_callback_sees_the_same_reader_on_any_thread() {
    let (provider, reader) = provider(&Counting::default());
    let (seen, readers) = mpsc::channel();
    let _callback = provider
        .meter("test")
        .u64_observable_gauge("seen")
        .with_callback(move |_| seen.send(ReaderId::of_callback()).unwrap())
        .build();
    reader.force_flush().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| reader.force_flush().unwrap());
    });
    let [first, second] = [(); 2].map(|()| readers.recv_timeout(AMPLE).unwrap());
    assert_eq!(first, second);
    assert_ne!(first, ReaderId::of_callback());
}
