//! Sums of observed values.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers are small, or any will do"
)]

use super::{Addition, Level, Total};
use crate::instrument::ObservedNumber as Number;

#[test]
fn totals_are_what_a_counter_can_be() {
    for (number, whole, float) in [
        (Number::U64(0), Some(0), Some(0.0)),
        (Number::U64(u64::MAX), Some(u64::MAX), Some(2_f64.powi(64))),
        (Number::I64(7), Some(7), Some(7.0)),
        (Number::I64(-1), None, None),
        (Number::F64(2.75), Some(2), Some(2.75)),
        (Number::F64(-0.5), None, None),
        (Number::F64(1e300), Some(u64::MAX), Some(1e300)),
        (Number::F64(f64::NAN), None, None),
        (Number::F64(f64::INFINITY), None, None),
    ] {
        assert_eq!(Total::of(number, false), whole.map(Total::Whole));
        assert_eq!(Total::of(number, true), float.map(Total::Float));
    }
}

#[test]
fn levels_are_any_number() {
    for (number, whole, float) in [
        (Number::U64(u64::MAX), Some(i64::MAX), Some(2_f64.powi(64))),
        (Number::I64(-1), Some(-1), Some(-1.0)),
        (Number::F64(-2.75), Some(-2), Some(-2.75)),
        (Number::F64(-1e300), Some(i64::MIN), Some(-1e300)),
        (Number::F64(f64::NAN), None, None),
        (Number::F64(f64::NEG_INFINITY), None, None),
    ] {
        assert_eq!(Level::of(number, false), whole.map(Level::Whole));
        assert_eq!(Level::of(number, true), float.map(Level::Float));
    }
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
fn what_is_added_adds_up() {
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
fn what_is_taken_away_leaves_nothing() {
    for (level, negative) in [
        (Level::Whole(i64::MIN), Addition::Whole(1 << 63)),
        (Level::Whole(7), Addition::Whole(-7)),
        (Level::Float(-1.5), Addition::Float(1.5)),
    ] {
        assert_eq!(level.negative(), negative);
    }
}
