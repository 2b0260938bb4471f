use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

use super::Passes;
use crate::pipeline::deadline::{Deadline, Late};

const AMPLE: Duration = Duration::from_secs(60);

fn join(
    passes: &Passes,
    limit: Duration,
    collect: impl Fn() -> OTelSdkResult + Send + 'static,
) -> Result<OTelSdkResult, Late> {
    Deadline::after(limit).recv(&passes.begin(collect)?)
}

#[test]
fn any_number_of_callers_share_the_collection_that_begins_after_their_calls() {
    const CALLERS: usize = 200;
    let passes = Passes::default();
    let runs = Arc::new(AtomicUsize::new(0));
    let (release, released) = mpsc::channel::<()>();
    let (start, started) = mpsc::channel();
    let first = {
        let passes = passes.clone();
        let (runs, released) = (runs.clone(), Arc::new(std::sync::Mutex::new(released)));
        thread::spawn(move || {
            join(&passes, AMPLE, move || {
                runs.fetch_add(1, Ordering::SeqCst);
                let _ = start.send(());
                let _ = released.lock().expect("one at a time").recv();
                Ok(())
            })
        })
    };
    started.recv().expect("the first collection runs");
    let barrier = Arc::new(Barrier::new(CALLERS + 1));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (passes, barrier) = (passes.clone(), barrier.clone());
            thread::spawn(move || {
                barrier.wait();
                join(&passes, AMPLE, || Ok(()))
            })
        })
        .collect();
    barrier.wait();
    while passes.lock().waiting.len() < CALLERS {
        thread::yield_now();
    }
    drop(release);
    assert!(matches!(first.join(), Ok(Ok(Ok(())))));
    for caller in callers {
        assert!(matches!(caller.join(), Ok(Ok(Ok(())))));
    }
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    // The callers are answered just before the thread ends.
    while passes.lock().is_running {
        thread::yield_now();
    }
}

#[test]
fn the_deadline_is_the_callers_and_a_failure_is_everybodys() {
    let passes = Passes::default();
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let late = join(&passes, Duration::ZERO, move || {
        let _ = released.lock().expect("one at a time").recv();
        Err(OTelSdkError::InternalFailure("no".into()))
    });
    assert!(matches!(late, Err(Late::Timeout(Duration::ZERO))));
    drop(release);
    let result = join(&passes, AMPLE, || {
        Err(OTelSdkError::InternalFailure("no".into()))
    });
    assert!(matches!(result, Ok(Err(OTelSdkError::InternalFailure(_)))));
}

#[test]
fn a_collection_that_panics_fails_its_callers_and_not_the_next_ones() {
    let passes = Passes::default();
    let failed = join(&passes, AMPLE, || panic!("on purpose"));
    assert!(matches!(failed, Err(Late::Thread(_))));
    while passes.lock().is_running {
        thread::yield_now();
    }
    let result = join(&passes, AMPLE, || Ok(()));
    assert!(matches!(result, Ok(Ok(()))));
}
