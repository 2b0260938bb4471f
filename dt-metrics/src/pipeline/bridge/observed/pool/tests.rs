use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::Asking;
use crate::descriptor::{Descriptor, Kind};
use crate::instrument::{Answer, Observed, ObservedNumber};

/// Longer than anything takes but what never ends.
const AMPLE: Duration = Duration::from_secs(30);

fn asking() -> &'static Asking {
    Box::leak(Box::new(Asking::new()))
}

fn observed(ask: fn() -> Answer) -> &'static Observed {
    let descriptor = Descriptor::new(Kind::Gauge, "asked", "shop", "shop.rs", 1);
    Box::leak(Box::new(Observed::gauge(descriptor, || false, ask)))
}

fn number(asking: &Asking, observed: &'static Observed) -> Option<ObservedNumber> {
    asking.answer(observed).map(|answer| answer.number)
}

fn wait_while(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while condition() {
        assert!(start.elapsed() < AMPLE);
        thread::yield_now();
    }
}

/// What functions wait for.
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
fn each_is_asked_once_a_round() {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    let ask = || Answer::new(&[], ASKED.fetch_add(1, Ordering::SeqCst));
    let (asking, observed) = (asking(), observed(ask));
    assert_eq!(number(asking, observed), None);
    for round in 0..100 {
        asking.ask(&[observed], AMPLE);
        assert_eq!(number(asking, observed), Some(ObservedNumber::U64(round)));
    }
    assert_eq!(ASKED.load(Ordering::SeqCst), 100);
    assert!(asking.state().idle <= 1);
}

#[test]
fn a_panic_is_counted_and_leaves_no_answer() {
    static PANICS: AtomicBool = AtomicBool::new(false);
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("in a payload"));
        }
    }
    let asking = asking();
    let sometimes = observed(|| {
        if PANICS.load(Ordering::SeqCst) {
            std::panic::resume_unwind(Box::new(Bomb));
        }
        Answer::new(&[], 1_u64)
    });
    let always = observed(|| std::panic::resume_unwind(Box::new("always".to_owned())));
    let never = observed(|| Answer::new(&[], -1_i64));
    let all = [sometimes, always, never];
    for (panics, panicked, answer) in [
        (false, 1, Some(ObservedNumber::U64(1))),
        (true, 3, None),
        (false, 4, Some(ObservedNumber::U64(1))),
    ] {
        PANICS.store(panics, Ordering::SeqCst);
        asking.ask(&all, AMPLE);
        assert_eq!(asking.panics(), panicked);
        assert_eq!(number(asking, sometimes), answer);
        assert_eq!(number(asking, always), None);
        assert_eq!(number(asking, never), Some(ObservedNumber::I64(-1)));
    }
}

#[test]
fn a_slow_one_holds_up_nobody_and_is_waited_for_once() {
    static GATE: Gate = Gate::new();
    let asking = asking();
    let slow = observed(|| {
        GATE.pass();
        Answer::new(&[], 1_u64)
    });
    let quick = observed(|| Answer::new(&[], 2_u64));
    let start = Instant::now();
    asking.ask(&[slow, quick], Duration::from_secs(1));
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(number(asking, slow), None);
    assert_eq!(number(asking, quick), Some(ObservedNumber::U64(2)));
    let start = Instant::now();
    asking.ask(&[slow, quick], AMPLE);
    assert!(start.elapsed() < AMPLE);
    assert_eq!(GATE.passed.load(Ordering::SeqCst), 0);

    GATE.open();
    wait_while(|| number(asking, slow).is_none());
    asking.ask(&[slow, quick], AMPLE);
    assert_eq!(GATE.passed.load(Ordering::SeqCst), 2);
}

#[test]
fn any_number_of_slow_ones_leaves_time_for_the_others() {
    static GATE: Gate = Gate::new();
    let asking = asking();
    let slow = || {
        observed(|| {
            GATE.pass();
            Answer::new(&[], 1_u64)
        })
    };
    let mut all: Vec<_> = (0..100).map(|_| slow()).collect();
    let quick = observed(|| Answer::new(&[], 2_u64));
    all.push(quick);
    asking.ask(&all, Duration::from_secs(1));
    assert_eq!(number(asking, quick), Some(ObservedNumber::U64(2)));
    GATE.open();
}

#[test]
fn rounds_at_the_same_time_ask_one_after_the_other() {
    static GATE: Gate = Gate::new();
    static INSIDE: AtomicBool = AtomicBool::new(false);
    let asking = asking();
    let observed = observed(|| {
        assert!(!INSIDE.swap(true, Ordering::SeqCst));
        GATE.pass();
        INSIDE.store(false, Ordering::SeqCst);
        Answer::new(&[], 1_u64)
    });
    let rounds: Vec<_> = (0..5)
        .map(|_| thread::spawn(move || asking.ask(&[observed], AMPLE)))
        .collect();
    // All but one wait for their turn.
    wait_while(|| asking.state().waiting_in_vain() < 4);
    GATE.open();
    for round in rounds {
        round.join().unwrap();
    }
    assert_eq!(GATE.passed.load(Ordering::SeqCst), 5);
    assert_eq!(asking.panics(), 0);
}

#[test]
fn who_is_late_in_one_round_is_not_waited_for_in_another() {
    static GATE: Gate = Gate::new();
    let asking = asking();
    let slow = observed(|| {
        GATE.pass();
        Answer::new(&[], 1_u64)
    });
    let first = thread::spawn(move || asking.ask(&[slow], Duration::from_millis(500)));
    wait_while(|| asking.state().running() == 0);
    let start = Instant::now();
    asking.ask(&[slow], AMPLE);
    assert!(start.elapsed() < AMPLE);
    first.join().unwrap();
    GATE.open();
}

#[test]
fn workers_go_when_nobody_asks_any_more() {
    let asking = asking();
    let observed = observed(|| Answer::new(&[], 1_u64));
    asking.ask(&[observed], AMPLE);
    wait_while(|| asking.state().idle == 0);
    asking.close();
    wait_while(|| asking.state().idle > 0);
    asking.ask(&[observed], AMPLE);
}
