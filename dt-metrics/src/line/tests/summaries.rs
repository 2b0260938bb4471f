//! Summaries of histograms, and the ranges that buckets have.

use proptest::prelude::*;

use crate::line::summary::summary;
use crate::line::{Payload, explicit_range, exponential_range, span, summaries};

#[test]
fn an_explicit_range_spans_the_outermost_buckets() {
    let cases: [(&[f64], &[u64], _); 8] = [
        (&[1.0, 2.0, 3.0], &[0, 1, 1, 0], (Some(1.0), Some(3.0))),
        (&[1.0, 2.0, 3.0], &[0, 1, 0, 0], (Some(1.0), Some(2.0))),
        (&[1.0, 2.0, 3.0], &[1, 0, 0, 0], (Some(1.0), Some(1.0))),
        (&[1.0, 2.0, 3.0], &[0, 0, 0, 1], (Some(3.0), Some(3.0))),
        (&[1.0, 2.0, 3.0], &[1, 0, 0, 1], (Some(1.0), Some(3.0))),
        (&[1.0, 2.0, 3.0], &[0, 0, 0, 0], (None, None)),
        (&[], &[5], (None, None)),
        (&[], &[], (None, None)),
    ];
    for (bounds, counts, expected) in cases {
        let range = explicit_range(bounds.iter().copied(), counts.iter().copied());
        assert_eq!(range, expected, "{bounds:?} {counts:?}");
    }
}

#[test]
fn an_exponential_range_spans_the_outermost_buckets() {
    let none = None;
    // Scale 0: the base is 2.
    let cases = [
        (
            None,
            none,
            span(1, [0, 1, 0, 1, 0]),
            (Some(4.0), Some(32.0)),
        ),
        (
            None,
            span(1, [0, 1, 0, 1, 0]),
            none,
            (Some(-32.0), Some(-4.0)),
        ),
        (Some(0.0), none, span(-1, [1]), (Some(0.0), Some(1.0))),
        (Some(0.5), none, none, (Some(-0.5), Some(0.5))),
        (Some(0.0), none, none, (Some(0.0), Some(0.0))),
        (None, span(0, [1]), span(0, [1]), (Some(-2.0), Some(2.0))),
        (None, none, none, (None, None)),
    ];
    for (zero, negative, positive, expected) in cases {
        assert_eq!(exponential_range(0, zero, negative, positive), expected);
    }
    let far = exponential_range(-10, None, none, span(1, [1]));
    assert_eq!(far.1, Some(f64::MAX));
    let (min, max) = exponential_range(1, None, none, span(1, [1]));
    assert!((min.expect("a bucket") - 2_f64.sqrt()).abs() < 1e-12);
    assert!((max.expect("a bucket") - 2.0).abs() < 1e-12);
}

#[test]
fn without_values_there_is_no_summary() {
    assert_eq!(summary(0, 0.0, (None, None), || (None, None)), None);
}

#[test]
fn known_values_are_not_estimated() {
    let never = || panic!("there is nothing to estimate");
    let both = summary(2, 3.0, (Some(1.0), Some(2.0)), never);
    assert_eq!(
        both,
        Some(Payload::Summary {
            min: 1.0,
            max: 2.0,
            sum: 3.0,
            count: 2
        })
    );
    let single = summary(1, 3.0, (None, None), never);
    assert_eq!(
        single,
        Some(Payload::Summary {
            min: 3.0,
            max: 3.0,
            sum: 3.0,
            count: 1
        })
    );
    let no_buckets = summary(2, 3.0, (None, None), || (None, None));
    assert_eq!(
        no_buckets,
        Some(Payload::Summary {
            min: 1.5,
            max: 1.5,
            sum: 3.0,
            count: 2
        })
    );
}

proptest! {
    #[test]
    fn the_mean_lies_within(
        values in prop::collection::vec(-1e12_f64..1e12, 1..200),
        bounds in prop::collection::btree_set(-1_000_000_i32..1_000_000, 0..8),
        recorded: bool,
    ) {
        let bounds: Vec<_> = bounds.into_iter().map(f64::from).collect();
        let mut counts = vec![0_u64; bounds.len() + 1];
        for value in &values {
            counts[bounds.partition_point(|bound| bound < value)] += 1;
        }
        let range = recorded.then(|| {
            let min = values.iter().copied().fold(f64::INFINITY, f64::min);
            (Some(min), Some(values.iter().copied().fold(f64::NEG_INFINITY, f64::max)))
        });
        let payload = summary(
            values.len() as u64,
            values.iter().sum(),
            range.unwrap_or_default(),
            || explicit_range(bounds.clone(), counts.clone()),
        );
        let Some(Payload::Summary { min, max, sum, count }) = payload else {
            panic!("{payload:?}");
        };
        let mean = sum / f64::from(u32::try_from(count).expect("few"));
        prop_assert!(min <= mean && mean <= max, "{min} {mean} {max}");
    }
}

#[test]
fn bounds_that_hold_the_mean_are_not_moved() {
    for (value, count) in [(0.1, 3_u32), (1e9, 3), (-1e15, 7), (4.0, 1), (0.0, 9)] {
        let sum = value * f64::from(count);
        let payload = summary(
            count.into(),
            sum,
            (Some(value), Some(value)),
            Default::default,
        );
        let Some(Payload::Summary { min, max, .. }) = payload else {
            panic!("{payload:?}");
        };
        assert!((min - value).abs() < 1e-12 && (max - value).abs() < 1e-12);
    }
    // Seven times this is not a double.
    let value = 9_007_199_254_740_991.0;
    let payload = summary(7, value * 7.0, (Some(value), Some(value)), Default::default);
    let Some(Payload::Summary { min, max, sum, .. }) = payload else {
        panic!("{payload:?}");
    };
    assert!(min * 7.0 <= sum && sum <= max * 7.0);
}

#[test]
fn an_infinite_sum_leaves_count_and_range() {
    let max = f64::MAX;
    let cases = [
        // All values, the least, the greatest, and how many summaries.
        (2, 1e308, 1e308, 2),
        (2, 1.0, max, 1),
        (3, 1e308, 1.5e308, 3),
        (3, 1.0, 1e308, 1),
        (3, -1e308, -1e308, 3),
        (5, -max, -max / 2.0, 3),
        (5, -max, max, 1),
        (100, max, max, 100),
        (1_000, max / 100.0, max / 50.0, 10),
    ];
    for (values, least, greatest, expected) in cases {
        for infinity in [f64::INFINITY, f64::NEG_INFINITY] {
            if (infinity > 0.0 && greatest < 0.0) || (infinity < 0.0 && least > 0.0) {
                continue;
            }
            let range = (Some(least), Some(greatest));
            let parts: Vec<_> = summaries(values, infinity, range, Default::default).collect();
            let mut all = 0;
            for part in &parts {
                assert_eq!(part.check(), Ok(()), "{part:?}");
                let Payload::Summary {
                    min, max, count, ..
                } = *part
                else {
                    panic!("{part:?}");
                };
                assert_eq!((min, max), (least, greatest), "{part:?}");
                all += count;
            }
            assert_eq!((all, parts.len()), (values, expected), "{parts:?}");
        }
    }
}

#[test]
fn too_many_values_for_their_range_are_one_summary_with_a_wider_one() {
    let range = (Some(f64::MAX), Some(f64::MAX));
    let parts: Vec<_> = summaries(101, f64::INFINITY, range, Default::default).collect();
    let [
        part @ Payload::Summary {
            max, sum, count, ..
        },
    ] = &parts[..]
    else {
        panic!("{parts:?}");
    };
    assert_eq!((*max, *sum, *count), (f64::MAX, f64::MAX, 101));
    assert_eq!(part.check(), Ok(()));
    // Nothing is known about the range.
    let parts: Vec<_> = summaries(7, f64::NEG_INFINITY, (None, None), Default::default).collect();
    assert!(matches!(&parts[..], [part] if part.check().is_ok()));
}

proptest! {
    /// Whole numbers are compared without any rounding.
    #[test]
    fn the_mean_of_large_values_lies_within_for_an_exact_reader(
        values in prop::collection::vec(-(1_i64 << 62)..1 << 62, 1..50),
        same: bool,
    ) {
        #[expect(clippy::cast_precision_loss, reason = "these are the doubles to test")]
        let mut values: Vec<_> = values.iter().map(|value| *value as f64).collect();
        if same {
            let first = values[0];
            values.fill(first);
        }
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let payload = summary(
            values.len() as u64,
            values.iter().sum(),
            (Some(least), Some(greatest)),
            Default::default,
        );
        let Some(Payload::Summary { min, max, sum, count }) = payload else {
            panic!("{payload:?}");
        };
        #[expect(clippy::cast_possible_truncation, reason = "far below 2 ^ 127")]
        let whole = |value: f64| value as i128;
        let count = i128::from(count);
        prop_assert!(whole(min.floor()) * count <= whole(sum), "{min} {sum} {count}");
        prop_assert!(whole(sum) <= whole(max.ceil()) * count, "{max} {sum} {count}");
    }
}
