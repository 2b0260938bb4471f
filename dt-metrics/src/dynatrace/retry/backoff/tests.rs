use crate::dynatrace::retry::backoff::{Backoff, MAX_ASKED, Pace};
use std::time::Duration;

#[test]
fn pauses_double_up_to_a_bound() {
    for (pace, first, longest) in [
        (Pace::Local, 0.5, 5.0),
        (Pace::Fast, 0.5, 30.0),
        (Pace::Slow, 30.0, 300.0),
    ] {
        for _ in 0..200 {
            let mut backoff = Backoff::new();
            let mut full: f64 = first;
            for _ in 0..100 {
                let pause = backoff.next(pace, None).as_secs_f64();
                assert!(
                    pause >= full * 0.499 && pause <= full * 1.001,
                    "{pause} of {full}"
                );
                assert!(pause <= pace.longest().as_secs_f64() * 1.001);
                full = (full * 2.0).min(longest);
            }
        }
    }
}

#[test]
fn two_processes_do_not_pause_alike() {
    let pauses = || {
        let mut backoff = Backoff::new();
        [(); 5].map(|()| backoff.next(Pace::Fast, None))
    };
    assert_ne!(pauses(), pauses());
}

#[test]
fn a_success_and_another_pace_restart_the_pauses() {
    let mut backoff = Backoff::new();
    for _ in 0..10 {
        backoff.next(Pace::Fast, None);
    }
    backoff.reset();
    assert!(backoff.next(Pace::Fast, None) <= Duration::from_millis(500));
    assert!(backoff.next(Pace::Slow, None) <= Duration::from_secs(30));
    backoff.next(Pace::Slow, None);
    assert!(backoff.next(Pace::Fast, None) <= Duration::from_millis(500));
}

#[test]
fn pauses_requested_by_the_server_are_limited() {
    for (asked, expected) in [
        (7, Duration::from_secs(7)),
        (u64::MAX, MAX_ASKED),
        (301, Duration::from_secs(300)),
    ] {
        let mut backoff = Backoff::new();
        assert_eq!(
            backoff.next(Pace::Fast, Some(Duration::from_secs(asked))),
            expected
        );
    }
    let pause = Backoff::new().next(Pace::Fast, Some(Duration::ZERO));
    assert!(pause >= Duration::from_millis(250), "{pause:?}");
}
