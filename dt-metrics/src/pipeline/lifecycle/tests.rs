//! Ending a pipeline from several threads.

use std::thread;
use std::time::{Duration, Instant};

use super::super::deadline::Deadline;
use super::{Installed, Lifecycle};

#[test]
fn a_second_caller_waits_no_longer_than_its_timeout() {
    let lifecycle = Lifecycle::new(Installed::claim().expect("nothing is installed here"));
    assert!(lifecycle.is_running());
    let long = Deadline::after(Duration::from_secs(30));
    let ending = lifecycle.end(&long).expect("running").expect("the first");
    assert!(!lifecycle.is_running());

    let start = Instant::now();
    let late = lifecycle.end(&Deadline::after(Duration::from_millis(50)));
    assert!(late.is_err());
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(50) && took < Duration::from_secs(2));

    thread::scope(|scope| {
        let second = scope.spawn(|| lifecycle.end(&long).expect("in time").is_none());
        assert!(Installed::claim().is_err(), "it is not free yet");
        drop(ending);
        assert!(second.join().expect("no panic"));
    });
    assert!(lifecycle.end(&long).expect("in time").is_none());
    assert!(Installed::claim().is_ok());
}
