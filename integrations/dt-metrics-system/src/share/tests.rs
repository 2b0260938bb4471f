//! Shares of a time that passes as the test has it.

use super::*;

#[test]
fn a_share_is_of_the_time_since_the_previous_value() {
    let share = Share::new();
    let start = Instant::now();
    let after = |millis| start + Duration::from_millis(millis);
    assert_eq!(share.since_previous(start, 7.0, 2), None, "the first value");
    assert_eq!(share.since_previous(after(1_000), 8.0, 2), Some(0.5));
    assert_eq!(
        share.since_previous(after(1_001), 8.5, 2),
        Some(0.5),
        "too soon"
    );
    assert_eq!(share.since_previous(after(3_000), 8.0, 2), Some(0.0));
    assert_eq!(
        share.since_previous(after(4_000), 18.0, 2),
        Some(1.0),
        "ticks are coarse"
    );
    assert_eq!(
        share.since_previous(after(5_000), 0.0, 2),
        Some(0.0),
        "another runtime"
    );
    assert_eq!(share.since_previous(after(6_000), 1.0, 0), Some(1.0));
}
