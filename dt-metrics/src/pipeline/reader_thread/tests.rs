use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;

use super::*;
use crate::pipeline::aggregation::Aggregation;

const AMPLE: Duration = Duration::from_secs(60);
const NEVER: Duration = Duration::from_secs(86_400);

/// Tells on which thread each export runs, and what it answers.
#[derive(Clone)]
struct Telling {
    exports: Sender<ThreadId>,
    answers: Arc<Mutex<Receiver<OTelSdkResult>>>,
}

impl PushMetricExporter for Telling {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        self.exports.send(thread::current().id()).ok();
        self.answers.lock().unwrap().recv().unwrap_or(Ok(()))
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Delta
    }
}

/// A reader, its provider, the threads of its exports, and their answers: without one, an export hangs.
struct Running {
    provider: SdkMeterProvider,
    reader: ReaderThread<Telling>,
    exports: Receiver<ThreadId>,
    answers: Sender<OTelSdkResult>,
}

fn start(interval: Duration) -> Running {
    let (told, exports) = mpsc::channel();
    let (answers, given) = mpsc::channel();
    let exporter = Telling {
        exports: told,
        answers: Arc::new(Mutex::new(given)),
    };
    let reader = PushReader::new(exporter, Aggregation::default());
    let reader = ReaderThread::start(reader, interval).unwrap();
    Running {
        provider: SdkMeterProvider::builder()
            .with_reader(reader.clone())
            .build(),
        reader,
        exports,
        answers,
    }
}

impl Running {
    fn count(&self, attributes: &[KeyValue]) {
        let meter = self.provider.meter("test");
        meter.u64_counter("calls").build().add(1, attributes);
    }
}

#[test]
fn it_collects_at_the_interval_and_when_it_is_flushed_on_one_thread() {
    let running = start(Duration::from_millis(10));
    running.answers.send(Ok(())).unwrap();
    running.count(&[]);
    let at_interval = running.exports.recv_timeout(AMPLE).unwrap();
    running.answers.send(Ok(())).unwrap();
    running.count(&[]);
    running.provider.force_flush().unwrap();
    let other = running.exports.recv_timeout(AMPLE).unwrap();
    assert_eq!(at_interval, other);
    assert_ne!(other, thread::current().id());
}

#[test]
fn a_failure_is_the_result_of_the_flush_and_ends_nothing() {
    let running = start(NEVER);
    for answer in [Err(OTelSdkError::Timeout(AMPLE)), Ok(())] {
        let failed = answer.is_err();
        running.answers.send(answer).unwrap();
        running.count(&[]);
        let result = running.reader.force_flush();
        assert_eq!(
            matches!(result, Err(OTelSdkError::Timeout(AMPLE))),
            failed,
            "{result:?}"
        );
        assert_eq!(result.is_ok(), !failed, "{result:?}");
    }
}

#[test]
fn data_points_are_freed_once_they_are_exported() {
    let running = start(NEVER);
    let text = Arc::<str>::from("eu");
    for _ in 0..2 {
        running.answers.send(Ok(())).unwrap();
        running.count(&[KeyValue::new("region", Arc::clone(&text))]);
        running.reader.force_flush().unwrap();
        // This test and the SDK's sum.
        assert_eq!(Arc::strong_count(&text), 2);
    }
}

#[test]
fn the_thread_ends_with_the_shutdown_and_with_the_last_clone() {
    for shuts_down in [true, false] {
        let Running {
            provider,
            reader,
            exports,
            answers,
        } = start(NEVER);
        drop(answers);
        provider
            .meter("test")
            .u64_counter("calls")
            .build()
            .add(1, &[]);
        if shuts_down {
            reader.shutdown().unwrap();
            let late = reader.force_flush();
            assert!(
                matches!(late, Err(OTelSdkError::AlreadyShutdown)),
                "{late:?}"
            );
        }
        drop(provider);
        drop(reader);
        // Its last collection.
        exports.recv_timeout(AMPLE).unwrap();
        // The exporter is dropped.
        exports.recv_timeout(AMPLE).unwrap_err();
    }
}

#[test]
fn a_shutdown_does_not_wait_forever_for_an_exporter_that_hangs() {
    let running = start(NEVER);
    running.count(&[]);
    let late = running
        .reader
        .shutdown_with_timeout(Duration::from_millis(10));
    assert!(matches!(late, Err(OTelSdkError::Timeout(_))), "{late:?}");
    running.answers.send(Ok(())).unwrap();
    let late = running.reader.shutdown();
    assert!(
        matches!(late, Err(OTelSdkError::AlreadyShutdown)),
        "{late:?}"
    );
}
