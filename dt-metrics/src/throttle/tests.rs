use std::time::Duration;

use tokio::time::Instant;

use crate::throttle::Throttle;

const INTERVAL: Duration = Duration::from_secs(60);

#[test]
fn a_key_is_allowed_once_in_each_interval() {
    let mut throttle = Throttle::<String>::new(INTERVAL, 10);
    let start = Instant::now();
    for (seconds, key, allowed) in [
        (0, "a", true),
        (0, "a", false),
        (0, "b", true),
        (59, "a", false),
        (60, "a", true),
        (119, "a", false),
        (120, "a", true),
    ] {
        let now = start + Duration::from_secs(seconds);
        assert_eq!(throttle.allows(key, now), allowed, "{seconds} {key}");
    }
}

#[test]
fn a_key_that_keeps_coming_back_is_allowed_only_after_silence() {
    let mut throttle = Throttle::<&str>::new(INTERVAL, 10);
    let start = Instant::now();
    for (seconds, allowed) in [
        (0, true),
        (30, false),
        (60, false),
        (90, false),
        (150, true),
    ] {
        let now = start + Duration::from_secs(seconds);
        assert_eq!(
            throttle.allows_after_silence(&"a", now),
            allowed,
            "{seconds}"
        );
    }
}

#[test]
fn a_bounded_number_of_keys_is_remembered() {
    let mut throttle = Throttle::<u32>::new(INTERVAL, 3);
    let start = Instant::now();
    let allowed = (0..10).filter(|key| throttle.allows(key, start)).count();
    assert_eq!(allowed, 3);
    assert!(throttle.allows(&11, start + INTERVAL));
}
