use std::time::{Duration, Instant};

use super::super::outcome::{Failure, Outcome};
use super::{Level, Reporter};

#[test]
fn a_fault_is_said_once_and_its_end_once() {
    let refused = Outcome::Failed {
        failure: Failure::Refused,
        message: "refused".into(),
    };
    let unavailable = |status| Outcome::Unavailable {
        status,
        retry_after: None,
        message: "later".into(),
    };
    let mut reporter = Reporter::default();
    let now = Instant::now();
    for (outcome, expected) in [
        (Outcome::Accepted, Level::Debug),
        (refused.clone(), Level::Warn),
        (refused.clone(), Level::Debug),
        (unavailable(503), Level::Warn),
        (unavailable(503), Level::Debug),
        (unavailable(500), Level::Warn),
        (Outcome::Accepted, Level::Info),
        (Outcome::Accepted, Level::Debug),
        (refused, Level::Warn),
    ] {
        assert_eq!(reporter.level(&outcome, now), expected, "{outcome:?}");
    }
}

#[test]
fn refused_lines_are_said_once_a_minute() {
    let partial = Outcome::Partial {
        ok: 1,
        invalid: 1,
        message: "one".into(),
    };
    let mut reporter = Reporter::default();
    let start = Instant::now();
    for (seconds, outcome, expected) in [
        (0, &partial, Level::Warn),
        (1, &Outcome::Accepted, Level::Debug),
        (2, &partial, Level::Debug),
        (59, &partial, Level::Debug),
        (61, &partial, Level::Warn),
        (62, &partial, Level::Debug),
    ] {
        let now = start + Duration::from_secs(seconds);
        assert_eq!(reporter.level(outcome, now), expected, "after {seconds} s");
    }
}
