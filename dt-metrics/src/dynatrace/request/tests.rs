use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::dynatrace::request::{Clocks, Collected, Jump, MAX_AGE};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn lines_are_too_old_once_dynatrace_would_refuse_them() {
    let collected = Collected::now();
    tokio::time::advance(MAX_AGE).await;
    assert!(!collected.is_too_old(Instant::now()));
    tokio::time::advance(SECOND).await;
    assert!(collected.is_too_old(Instant::now()));
}

#[tokio::test(start_paused = true)]
async fn the_clock_decides_the_age_of_lines_of_an_earlier_process() {
    let now = SystemTime::now();
    let age = |ago| Collected::at(now - ago).is_too_old(Instant::now());
    assert!(!age(MAX_AGE.saturating_sub(SECOND)));
    assert!(age(MAX_AGE + SECOND));
    assert!(age(Duration::from_secs(1_000_000_000)));
    // From a clock that was ahead: as if collected now.
    let ahead = Collected::at(now + Duration::from_secs(86_400));
    assert!(!ahead.is_too_old(Instant::now()));
}

#[test]
fn a_clock_jump_is_distinguished_from_passing_time() {
    let (wall, now) = (SystemTime::now(), Instant::now());
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let mut clocks = Clocks::default();
    assert_eq!(clocks.compare(wall, now), None);
    let steps = [
        (wall + minutes(10), 10, None),
        (wall + minutes(10) + 59 * SECOND, 10, None),
        (
            wall + minutes(130),
            11,
            Some(Jump::Forward(118 * SECOND * 60 + SECOND)),
        ),
        (wall + minutes(131), 12, None),
        (wall, 13, Some(Jump::Backward(minutes(132)))),
        (wall + minutes(1), 14, None),
    ];
    for (wall, passed, expected) in steps {
        assert_eq!(clocks.compare(wall, now + minutes(passed)), expected);
    }
}
