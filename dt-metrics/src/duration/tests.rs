use std::time::Duration;

use super::shown;

#[test]
fn a_duration_has_the_unit_and_the_digits_that_a_person_would_write() {
    for (nanoseconds, expected) in [
        (0, "0 s"),
        (1, "1 µs"),
        (2_400, "2 µs"),
        (999_600, "1 ms"),
        (300_000_000, "300 ms"),
        (999_499_999, "999 ms"),
        (999_700_000, "1 s"),
        (1_497_503_927, "1.5 s"),
        (1_000_000_000, "1 s"),
        (60_000_000_000, "60 s"),
        (90_040_000_000, "90 s"),
        (119_990_000_000, "2 min"),
        (150_000_000_000, "2.5 min"),
        (3_600_000_000_000, "60 min"),
        (7_200_000_000_000, "2 h"),
        (90_000_000_000_000, "25 h"),
        (259_200_000_000_000, "3 days"),
    ] {
        assert_eq!(shown(Duration::from_nanos(nanoseconds)), expected);
    }
    assert!(shown(Duration::MAX).ends_with(" days"));
}
