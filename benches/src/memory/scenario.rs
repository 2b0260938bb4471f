//! The objects that a child process has many of.

use std::error::Error;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use dt_metrics::{counted, timed};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{Instrument, PeriodicReader, SdkMeterProvider, Stream};

use crate::child::Discard;

/// Series that each thread uses in the scenario that has both.
const SERIES_OF_A_THREAD: u32 = 100;

/// Longer than a run: the only push is the flush.
const INTERVAL: Duration = Duration::from_secs(3_600);

/// Calls that each thread times.
const CALLS_OF_A_THREAD: u32 = 10;

/// The kind of object.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Scenario {
    /// Series of one counter.
    Series,
    /// Series of one counter of OpenTelemetry's SDK, without dt-metrics.
    SdkSeries,
    /// Series of one counter with the default limit.
    LimitedSeries,
    /// Threads that count into one series.
    Threads,
    /// Threads that count into the same hundred series.
    ThreadsAndSeries,
    /// Threads that time a few calls.
    TimingThreads,
    /// Threads that count nothing, for comparison.
    IdleThreads,
}

/// Objects that must live until the memory has been read.
pub(super) struct Kept {
    _metrics: Option<dt_metrics::Handle>,
    _sdk: Option<SdkMeterProvider>,
    threads: Threads,
}

/// Counts series number `id`, without a limit that matters here.
#[counted(name = "bench.memory.series", dims(id = text(id)), cardinality_limit = 10_000_000)]
fn count_series(id: u32) {}

#[counted(name = "bench.memory.limited", dims(id = text(id)))]
fn count_limited_series(id: u32) {}

#[counted(name = "bench.memory.once")]
fn count_once() {}

#[timed(name = "bench.memory.timed")]
fn time_once() {}

/// A value as long as a short identifier, 12 bytes.
fn text(id: u32) -> String {
    format!("user-{id:07}")
}

impl Scenario {
    /// The scenarios that make a row of the table.
    pub(super) const ALL: [Self; 6] = [
        Self::Series,
        Self::SdkSeries,
        Self::IdleThreads,
        Self::Threads,
        Self::TimingThreads,
        Self::ThreadsAndSeries,
    ];

    /// As the table calls it.
    pub(super) fn label(self) -> String {
        let count = self.count();
        match self {
            Self::Series | Self::LimitedSeries => {
                format!("series with a runtime dimension of 12 bytes, of {count}")
            }
            Self::SdkSeries => {
                format!(
                    "OpenTelemetry SDK alone: series of `counter.add`, the same dimension, of {count}"
                )
            }
            Self::Threads => format!("thread that counts into one series, of {count}"),
            Self::ThreadsAndSeries => format!(
                "thread that counts into {SERIES_OF_A_THREAD} series with a runtime dimension, \
                 of {count}"
            ),
            Self::TimingThreads => {
                format!("thread that times {CALLS_OF_A_THREAD} calls of a function, of {count}")
            }
            Self::IdleThreads => format!("thread that counts nothing, of {count}"),
        }
    }

    /// As the command line calls it.
    pub(super) fn name(self) -> String {
        let name = self.to_possible_value();
        name.map_or_else(String::new, |name| name.get_name().to_owned())
    }

    /// How many there are.
    pub(super) fn count(self) -> u32 {
        match self {
            Self::Series | Self::SdkSeries | Self::LimitedSeries => 100_000,
            Self::Threads | Self::TimingThreads | Self::ThreadsAndSeries | Self::IdleThreads => 200,
        }
    }

    /// Whether there can be any without a pipeline.
    pub(super) fn needs_pipeline(self) -> bool {
        matches!(self, Self::SdkSeries)
    }

    /// Makes `count` of it.
    pub(super) fn enact(self, count: u32, installed: bool) -> Result<Kept, Box<dyn Error>> {
        if let Self::SdkSeries = self {
            return sdk_series(count);
        }
        let metrics = if installed {
            let builder = dt_metrics::builder().no_exporter().exporter(Discard);
            Some(builder.push_interval(INTERVAL).install()?)
        } else {
            None
        };
        let threads = match self {
            Self::Series | Self::SdkSeries => {
                (0..count).for_each(count_series);
                Threads::none()
            }
            Self::LimitedSeries => {
                (0..count).for_each(count_limited_series);
                Threads::none()
            }
            Self::Threads => Threads::spawn(count, count_once),
            Self::ThreadsAndSeries => Threads::spawn(count, || {
                (0..SERIES_OF_A_THREAD).for_each(count_series);
            }),
            Self::TimingThreads => Threads::spawn(count, || {
                (0..CALLS_OF_A_THREAD).for_each(|_| time_once());
            }),
            Self::IdleThreads => Threads::spawn(count, || ()),
        };
        if let Some(metrics) = &metrics {
            metrics.flush(Duration::from_secs(60))?;
        }
        Ok(Kept {
            _metrics: metrics,
            _sdk: None,
            threads,
        })
    }
}

/// Series of one counter of the SDK, with a limit that has room for all of them.
fn sdk_series(count: u32) -> Result<Kept, Box<dyn Error>> {
    let limit = usize::try_from(count.max(1))?;
    let view = move |_: &Instrument| Stream::builder().with_cardinality_limit(limit).build().ok();
    let reader = PeriodicReader::builder(Discard).with_interval(INTERVAL);
    let provider = SdkMeterProvider::builder()
        .with_reader(reader.build())
        .with_view(view)
        .build();
    let counter = provider
        .meter("bench")
        .u64_counter("bench.memory.sdk")
        .build();
    for id in 0..count {
        counter.add(1, &[KeyValue::new("id", text(id))]);
    }
    provider.force_flush()?;
    Ok(Kept {
        _metrics: None,
        _sdk: Some(provider),
        threads: Threads::none(),
    })
}

/// Threads that have done something and live on.
struct Threads {
    all: Vec<thread::JoinHandle<()>>,
    end: Arc<Barrier>,
}

impl Threads {
    fn none() -> Self {
        Self {
            all: Vec::new(),
            end: Arc::new(Barrier::new(1)),
        }
    }

    fn spawn(count: u32, work: fn()) -> Self {
        let done = Arc::new(Barrier::new(count as usize + 1));
        let end = Arc::new(Barrier::new(count as usize + 1));
        let spawn = |_| {
            let (done, end) = (Arc::clone(&done), Arc::clone(&end));
            thread::spawn(move || {
                work();
                done.wait();
                end.wait();
            })
        };
        let all = (0..count).map(spawn).collect();
        done.wait();
        Self { all, end }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.threads.end.wait();
        for thread in self.threads.all.drain(..) {
            thread.join().ok();
        }
    }
}
