//! A program that counts all the while.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::metrics::MeterProvider;

use super::exporters::Kind;
use super::server::{Fault, Server};

/// Between two counts.
const PAUSE: Duration = Duration::from_millis(1);

/// The result of a run.
pub(super) struct Ending {
    pub(super) counted: u64,
    pub(super) received: u64,
    /// The longest time between two collections.
    pub(super) longest: Duration,
}

/// When collections were.
#[derive(Default)]
struct Collections {
    latest: Option<Instant>,
    longest: Duration,
}

pub(super) fn run_program(
    kind: Kind,
    fault: Fault,
    (before, outage, after): (Duration, Duration, Duration),
) -> Result<Ending, Box<dyn Error + Send + Sync>> {
    let server = Server::start()?;
    let provider = kind.provider(&server.url())?;
    let meter = provider.meter("bench");
    let collections = Arc::new(Mutex::new(Collections::default()));
    let noted = collections.clone();
    // The SDK calls this in each collection.
    let _watch = meter
        .u64_observable_gauge("collections")
        .with_callback(move |_| {
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            if let Some(latest) = noted.latest.replace(now) {
                noted.longest = noted.longest.max(now - latest);
            }
        })
        .build();
    let calls = meter.u64_counter("calls").build();
    let mut counted = 0;
    let mut count_for = |time: Duration| {
        let end = Instant::now() + time;
        while Instant::now() < end {
            calls.add(1, &[]);
            counted += 1;
            thread::sleep(PAUSE);
        }
    };
    count_for(before);
    server.fail(Some(fault));
    count_for(outage);
    server.fail(None);
    count_for(after);
    // Counts that it could not deliver by now are in the difference.
    drop(provider.shutdown_with_timeout(Duration::from_secs(10)));
    let longest = collections
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .longest;
    Ok(Ending {
        counted,
        received: server.received(),
        longest,
    })
}
