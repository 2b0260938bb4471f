//! Sums of observed values.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers are small, or any will do"
)]

use super::{Addition, Level, Total};
use crate::instrument::ObservedNumber as Number;

#[test]
fn totals_are_valid_values_of_a_counter() {
    let (whole, float) = (Total::Whole, Total::Float);
    for (number, of_whole, of_floats) in [
        (Number::U64(0), Some(whole(0)), Some(whole(0))),
        (
            Number::U64(u64::MAX),
            Some(whole(u64::MAX)),
            Some(whole(u64::MAX)),
        ),
        (Number::I64(7), Some(whole(7)), Some(whole(7))),
        (Number::I64(-1), None, None),
        (Number::F64(2.75), Some(whole(2)), Some(float(2.75))),
        (Number::F64(-0.5), None, None),
        (
            Number::F64(1e300),
            Some(whole(u64::MAX)),
            Some(float(1e300)),
        ),
        (Number::F64(f64::NAN), None, None),
        (Number::F64(f64::INFINITY), None, None),
    ] {
        assert_eq!(Total::of(number, false), of_whole);
        assert_eq!(Total::of(number, true), of_floats);
    }
}

#[test]
fn levels_are_any_number() {
    let (whole, float) = (Level::Whole, Level::Float);
    for (number, of_whole, of_floats) in [
        (
            Number::U64(u64::MAX),
            Some(whole(i64::MAX)),
            Some(whole(i64::MAX)),
        ),
        (Number::I64(-1), Some(whole(-1)), Some(whole(-1))),
        (Number::F64(-2.75), Some(whole(-2)), Some(float(-2.75))),
        (
            Number::F64(-1e300),
            Some(whole(i64::MIN)),
            Some(float(-1e300)),
        ),
        (Number::F64(f64::NAN), None, None),
        (Number::F64(f64::NEG_INFINITY), None, None),
    ] {
        assert_eq!(Level::of(number, false), of_whole);
        assert_eq!(Level::of(number, true), of_floats);
    }
}

#[test]
fn whole_numbers_and_fractions_are_differences_of_each_other() {
    let (added, sum) = Total::Float(2.5).since(Total::Whole(2));
    assert_eq!((added, sum), (Total::Float(0.5), Total::Float(2.5)));
    let (added, _) = Total::Whole(3).since(Total::Float(2.5));
    assert_eq!(added, Total::Float(0.5));
    // Nothing is lost to the precision of a float.
    let (added, _) = Total::Whole(u64::MAX).since(Total::Whole(u64::MAX - 1));
    assert_eq!(added, Total::Whole(1));
    let (added, _) = Level::Whole(-1).since(Level::Float(0.5));
    assert_eq!(added, Addition::Float(-1.5));
}

#[test]
fn a_total_that_went_back_began_again() {
    let totals = [5, 5, 9, 3, 4, 0, 2].map(Total::Whole);
    let mut sum = Total::Whole(0);
    let added = totals.map(|now| {
        let (added, total) = now.since(sum);
        sum = total;
        added
    });
    assert_eq!(added, [5, 0, 4, 3, 1, 0, 2].map(Total::Whole));
    let (added, _) = Total::Float(0.5).since(Total::Float(1.5));
    assert_eq!(added, Total::Float(0.5));
}

#[test]
fn a_total_that_falls_by_rounding_has_not_begun_again() {
    let sums = [[0.1, 0.2, 0.3], [0.3, 0.2, 0.1]].map(|parts| parts.iter().sum::<f64>());
    assert!(sums[1] < sums[0], "{sums:?}");
    let before = Total::Float(sums[0]);
    assert_eq!(
        Total::Float(sums[1]).since(before),
        (Total::Float(0.0), before)
    );
}

#[test]
fn additions_add_up() {
    let mut seed = 1_u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed
    };
    let (mut total, mut total_sum) = (0.0, Total::Float(0.0));
    let (mut level, mut level_sum) = (0.0, Level::Float(0.0));
    let (mut whole, mut whole_sum) = (0, Level::Whole(0));
    let mut grown = 0.0;
    for _ in 0..10_000 {
        grown += (random() >> 32) as f64 / 1e9;
        let (Total::Float(added), sum) = Total::Float(grown).since(total_sum) else {
            unreachable!()
        };
        assert!(added >= 0.0);
        total += added;
        total_sum = sum;
        assert!((total - grown).abs() <= grown * f64::EPSILON);

        let now = (random().cast_signed() >> 20) as f64 / 1e9;
        let (Addition::Float(added), sum) = Level::Float(now).since(level_sum) else {
            unreachable!()
        };
        level += added;
        level_sum = sum;
        assert!((level - now).abs() <= 1e-5, "{level} {now}");

        let now = random().cast_signed();
        let (Addition::Whole(added), sum) = Level::Whole(now).since(whole_sum) else {
            unreachable!()
        };
        whole += added;
        whole_sum = sum;
        assert_eq!(whole, now.into());
    }
}

#[test]
fn removed_text_leaves_nothing() {
    for (level, negative) in [
        (Level::Whole(i64::MIN), Addition::Whole(1 << 63)),
        (Level::Whole(7), Addition::Whole(-7)),
        (Level::Float(-1.5), Addition::Float(1.5)),
    ] {
        assert_eq!(level.negative(), negative);
    }
}
