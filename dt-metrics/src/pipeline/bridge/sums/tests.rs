//! Sums at the ends of their ranges.

use super::{Addition, Sum};

const MAX: i128 = u64::MAX as i128;

fn addition(number: i128, is_saturated: bool) -> Addition {
    Addition {
        number,
        is_saturated,
    }
}

#[test]
fn a_sum_that_only_grows_stops_at_the_end_of_its_range() {
    let mut sum = Sum::default();
    assert_eq!(sum.add(MAX - 1, 0, MAX), addition(MAX - 1, false));
    assert_eq!(sum.add(1, 0, MAX), addition(1, false));
    assert_eq!(sum.add(1, 0, MAX), addition(0, true));
    assert_eq!(sum.add(i128::MAX, 0, MAX), addition(0, true));
    assert_eq!(sum.add(1, 0, MAX), addition(0, true));
}

#[test]
fn a_sum_that_shrinks_again_is_exact_again() {
    let (min, max) = (i64::MIN.into(), i64::MAX.into());
    let mut sum = Sum::default();
    assert_eq!(sum.add(max, min, max), addition(max, false));
    assert_eq!(sum.add(5, min, max), addition(0, true));
    assert_eq!(sum.add(-4, min, max), addition(0, true));
    assert_eq!(sum.add(-2, min, max), addition(-1, false));
    assert_eq!(sum.add(2 * min, min, max), addition(min - max + 1, true));
    assert_eq!(sum.add(1, min, max), addition(0, true));
    assert_eq!(sum.add(-min, min, max), addition(-1 - min, false));
}
