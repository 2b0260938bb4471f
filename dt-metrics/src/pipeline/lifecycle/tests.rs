use std::thread;
use std::time::{Duration, Instant};

use super::super::deadline::Deadline;
use super::super::place::Place;
use super::Stages;

#[test]
fn who_comes_second_waits_no_longer_than_asked() {
    let stages = Stages::new(Place::take().expect("nothing is installed here"));
    assert!(stages.is_running());
    let long = Deadline::after(Duration::from_secs(30));
    let ending = stages.end(&long).expect("running").expect("the first");
    assert!(!stages.is_running());

    let start = Instant::now();
    let late = stages.end(&Deadline::after(Duration::from_millis(50)));
    assert!(late.is_err());
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(50) && took < Duration::from_secs(2));

    thread::scope(|scope| {
        let second = scope.spawn(|| stages.end(&long).expect("in time").is_none());
        assert!(Place::take().is_err(), "it is not free yet");
        drop(ending);
        assert!(second.join().expect("no panic"));
    });
    assert!(stages.end(&long).expect("in time").is_none());
    assert!(Place::take().is_ok());
}
