//! Rounds of polls, with functions that are slow or panic.

use std::slice;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::Pool;
use crate::descriptor::{Descriptor, Kind};
use crate::instrument::expanded::{Observation, Observed};
use crate::instrument::{ObservedNumber, Source};

/// Longer than anything that ends.
const AMPLE: Duration = Duration::from_secs(30);

fn pool() -> &'static Pool {
    Box::leak(Box::new(Pool::new()))
}

fn observed(poll: fn() -> Option<Observation>) -> Source {
    let descriptor = Descriptor::new(Kind::Gauge, "polled", "shop", "shop.rs", 1);
    let observed = Box::leak(Box::new(Observed::gauge(descriptor, || false, poll)));
    Source::Function(observed)
}

fn number(pool: &Pool, source: &Source) -> Option<ObservedNumber> {
    let samples = pool.latest(source.id())?;
    samples.first().map(|sample| sample.number)
}

fn wait_while(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while condition() {
        assert!(start.elapsed() < AMPLE);
        thread::yield_now();
    }
}

/// A gate that functions wait for.
struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
    passed: AtomicU64,
}

impl Gate {
    const fn new() -> Self {
        Self {
            open: Mutex::new(false),
            changed: Condvar::new(),
            passed: AtomicU64::new(0),
        }
    }

    fn pass(&self) {
        let open = self.open.lock().unwrap();
        drop(self.changed.wait_while(open, |open| !*open).unwrap());
        self.passed.fetch_add(1, Ordering::SeqCst);
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

#[test]
fn each_is_polled_once_a_round() {
    static POLLED: AtomicU64 = AtomicU64::new(0);
    let function = || Observation::of(&[], POLLED.fetch_add(1, Ordering::SeqCst));
    let (pool, observed) = (pool(), observed(function));
    assert_eq!(number(pool, &observed), None);
    for round in 0..100 {
        pool.poll(slice::from_ref(&observed), AMPLE);
        assert_eq!(number(pool, &observed), Some(ObservedNumber::U64(round)));
    }
    assert_eq!(POLLED.load(Ordering::SeqCst), 100);
}

#[test]
fn a_panic_is_counted_and_leaves_no_value() {
    static PANICS: AtomicBool = AtomicBool::new(false);
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("in a payload"));
        }
    }
    let pool = pool();
    let sometimes = observed(|| {
        if PANICS.load(Ordering::SeqCst) {
            std::panic::resume_unwind(Box::new(Bomb));
        }
        Observation::of(&[], 1_u64)
    });
    let always = observed(|| std::panic::resume_unwind(Box::new("always".to_owned())));
    let never = observed(|| Observation::of(&[], -1_i64));
    let all = [sometimes.clone(), always.clone(), never.clone()];
    for (panics, panicked, value) in [
        (false, 1, Some(ObservedNumber::U64(1))),
        (true, 3, None),
        (false, 4, Some(ObservedNumber::U64(1))),
    ] {
        PANICS.store(panics, Ordering::SeqCst);
        pool.poll(&all, AMPLE);
        assert_eq!(pool.panics(), panicked);
        assert_eq!(number(pool, &sometimes), value);
        assert_eq!(number(pool, &always), None);
        assert_eq!(number(pool, &never), Some(ObservedNumber::I64(-1)));
    }
}

#[test]
fn a_slow_callback_delays_no_other_and_is_awaited_once() {
    static GATE: Gate = Gate::new();
    let pool = pool();
    let slow = observed(|| {
        GATE.pass();
        Observation::of(&[], 1_u64)
    });
    let quick = observed(|| Observation::of(&[], 2_u64));
    let start = Instant::now();
    pool.poll(&[slow.clone(), quick.clone()], Duration::from_secs(1));
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(number(pool, &slow), None);
    assert_eq!(number(pool, &quick), Some(ObservedNumber::U64(2)));
    let start = Instant::now();
    pool.poll(&[slow.clone(), quick.clone()], AMPLE);
    assert!(start.elapsed() < AMPLE);
    assert_eq!(GATE.passed.load(Ordering::SeqCst), 0);

    GATE.open();
    wait_while(|| number(pool, &slow).is_none());
    pool.poll(&[slow.clone(), quick.clone()], AMPLE);
    assert_eq!(GATE.passed.load(Ordering::SeqCst), 2);
}

#[test]
fn many_slow_functions_do_not_delay_other_functions() {
    static GATE: Gate = Gate::new();
    let pool = pool();
    let slow = || {
        observed(|| {
            GATE.pass();
            Observation::of(&[], 1_u64)
        })
    };
    let mut all: Vec<_> = (0..100).map(|_| slow()).collect();
    let quick = observed(|| Observation::of(&[], 2_u64));
    all.push(quick.clone());
    pool.poll(&all, Duration::from_secs(1));
    assert_eq!(number(pool, &quick), Some(ObservedNumber::U64(2)));
    GATE.open();
}

#[test]
fn rounds_at_the_same_time_poll_one_after_the_other() {
    static GATE: Gate = Gate::new();
    static INSIDE: AtomicBool = AtomicBool::new(false);
    let pool = pool();
    let observed = observed(|| {
        assert!(!INSIDE.swap(true, Ordering::SeqCst));
        GATE.pass();
        INSIDE.store(false, Ordering::SeqCst);
        Observation::of(&[], 1_u64)
    });
    let rounds: Vec<_> = (0..5)
        .map(|_| {
            let observed = observed.clone();
            thread::spawn(move || pool.poll(slice::from_ref(&observed), AMPLE))
        })
        .collect();
    wait_while(|| pool.board().running() == 0);
    // Time for the other readers to begin their rounds, if they could.
    thread::sleep(Duration::from_millis(100));
    GATE.open();
    for round in rounds {
        round.join().unwrap();
    }
    assert_eq!(GATE.passed.load(Ordering::SeqCst), 5);
    assert_eq!(pool.panics(), 0);
}

#[test]
fn a_slow_function_delays_one_round_only() {
    static GATE: Gate = Gate::new();
    let pool = pool();
    let slow = observed(|| {
        GATE.pass();
        Observation::of(&[], 1_u64)
    });
    let again = slow.clone();
    let first =
        thread::spawn(move || pool.poll(slice::from_ref(&again), Duration::from_millis(500)));
    wait_while(|| pool.board().running() == 0);
    let start = Instant::now();
    pool.poll(slice::from_ref(&slow), AMPLE);
    assert!(start.elapsed() < AMPLE);
    first.join().unwrap();
    GATE.open();
}

#[test]
fn workers_end_when_polling_ends() {
    let pool = pool();
    let observed = observed(|| Observation::of(&[], 1_u64));
    pool.poll(slice::from_ref(&observed), AMPLE);
    wait_while(|| !pool.board().resting);
    pool.close();
    wait_while(|| pool.board().resting);
    pool.poll(slice::from_ref(&observed), AMPLE);
}

#[test]
fn a_function_without_a_value_is_not_one_that_panicked() {
    static POLLED: AtomicU64 = AtomicU64::new(0);
    let function = || {
        let odd = POLLED.fetch_add(1, Ordering::SeqCst) % 2 == 1;
        Observation::of(&[], odd.then_some(u128::MAX))
    };
    let (pool, observed) = (pool(), observed(function));
    for _ in 0..2 {
        assert!(pool.poll(slice::from_ref(&observed), AMPLE).is_empty());
        assert_eq!(number(pool, &observed), None);
        assert!(pool.poll(slice::from_ref(&observed), AMPLE).is_empty());
        assert_eq!(number(pool, &observed), Some(ObservedNumber::U64(u64::MAX)));
    }
    assert_eq!(pool.panics(), 0);
}
