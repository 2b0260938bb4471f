//! When pushes come.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};

use super::{NEVER, PushTimer, first_pause, fraction};

#[test]
fn the_first_push_is_anywhere_within_the_interval() {
    let interval = Duration::from_secs(10);
    assert_eq!(first_pause(interval, 0.0), Duration::from_secs(1));
    assert_eq!(first_pause(interval, 1.0), interval);
    let mut pauses: Vec<_> = (0..1_000)
        .map(|_| first_pause(interval, fraction()).as_secs_f64())
        .collect();
    pauses.sort_by(f64::total_cmp);
    assert!(pauses[0] >= 1.0 && pauses[999] <= 10.0);
    // Evenly: a quarter of them in each quarter of the time.
    for (index, expected) in [(250, 3.25), (500, 5.5), (750, 7.75)] {
        let pause = pauses[index];
        assert!((pause - expected).abs() < 1.0, "{index}: {pause}");
    }
}

#[test]
fn pushes_come_at_the_interval_until_it_is_dropped() {
    let (asked, pushes) = mpsc::channel();
    let reader = PeriodicReader::builder(Nowhere)
        .with_interval(NEVER)
        .build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    provider
        .meter("test")
        .u64_observable_gauge("asked")
        .with_callback(move |_| {
            asked.send(Instant::now()).unwrap_or_default();
            // The time that a push takes does not move the next one.
            std::thread::sleep(Duration::from_millis(20));
        })
        .build();
    let interval = Duration::from_millis(100);
    let start = Instant::now();
    let timer = PushTimer::start(provider.clone(), interval).expect("a thread");
    let pushed_at: Vec<_> = pushes.iter().take(6).collect();
    // The first push is due after a tenth of the interval at the earliest, and each later push one
    // interval after the previous one was due, however late the previous push was.
    for (index, at) in pushed_at.into_iter().enumerate() {
        let earliest = interval / 10 + interval * u32::try_from(index).expect("few");
        assert!(at - start >= earliest, "{index}: {:?}", at - start);
    }
    drop(timer);
    provider.shutdown().expect("the last push");
    drop(provider);
    // The thread has dropped the provider, and with it the callback, or else this never ends.
    assert!(pushes.iter().count() <= 3);
}

struct Nowhere;

impl PushMetricExporter for Nowhere {
    async fn export(&self, _metrics: &ResourceMetrics) -> OTelSdkResult {
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Delta
    }
}
