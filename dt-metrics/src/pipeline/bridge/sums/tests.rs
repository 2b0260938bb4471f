//! Sums at the ends of their ranges.

use super::{Addition, LargeSums, Sum};

const MAX: i128 = u64::MAX as i128;

const HASH: u64 = 7;

fn addition(number: i128, is_saturated: bool) -> Addition {
    Addition {
        number,
        is_saturated,
    }
}

#[test]
fn a_sum_that_only_grows_stops_at_the_end_of_its_range() {
    let (mut sum, mut large) = (Sum::default(), LargeSums::default());
    assert_eq!(
        sum.add(&mut large, HASH, MAX - 1, (0, MAX)),
        addition(MAX - 1, false)
    );
    assert_eq!(sum.add(&mut large, HASH, 1, (0, MAX)), addition(1, false));
    assert_eq!(sum.add(&mut large, HASH, 1, (0, MAX)), addition(0, true));
    assert_eq!(
        sum.add(&mut large, HASH, i128::MAX, (0, MAX)),
        addition(0, true)
    );
    assert_eq!(sum.add(&mut large, HASH, 1, (0, MAX)), addition(0, true));
}

#[test]
fn a_sum_that_shrinks_again_is_exact_again() {
    let (min, max) = (i64::MIN.into(), i64::MAX.into());
    let (mut sum, mut large) = (Sum::default(), LargeSums::default());
    assert_eq!(
        sum.add(&mut large, HASH, max, (min, max)),
        addition(max, false)
    );
    assert_eq!(sum.add(&mut large, HASH, 5, (min, max)), addition(0, true));
    assert_eq!(sum.add(&mut large, HASH, -4, (min, max)), addition(0, true));
    assert_eq!(
        sum.add(&mut large, HASH, -2, (min, max)),
        addition(-1, false)
    );
    assert_eq!(
        sum.add(&mut large, HASH, 2 * min, (min, max)),
        addition(min - max + 1, true)
    );
    assert_eq!(sum.add(&mut large, HASH, 1, (min, max)), addition(0, true));
    assert_eq!(
        sum.add(&mut large, HASH, -min, (min, max)),
        addition(-1 - min, false)
    );
}

#[test]
fn the_least_number_of_a_small_sum_is_a_large_sum_of_its_own() {
    let (mut sum, mut large) = (Sum::default(), LargeSums::default());
    let (min, max) = (i64::MIN.into(), i64::MAX.into());
    assert_eq!(
        sum.add(&mut large, HASH, min, (min, max)),
        addition(min, false)
    );
    assert_eq!(sum.add(&mut large, HASH, 1, (min, max)), addition(1, false));
    assert!(large.is_empty());
    assert_eq!(
        sum.add(&mut large, HASH, -1, (min, max)),
        addition(-1, false)
    );
    assert_eq!(sum.add(&mut large, HASH, -1, (min, max)), addition(0, true));
    sum.reset(&mut large, HASH);
    assert_eq!(sum.add(&mut large, HASH, 3, (min, max)), addition(3, false));
    assert!(large.is_empty());
}
