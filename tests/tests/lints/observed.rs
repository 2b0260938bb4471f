//! Observed functions, and the macros that record.

use core::sync::atomic::{AtomicU64, Ordering};

use dt_metrics::{counted, observed, record, up_down_counter};

/// The number of served requests.
static SERVED: AtomicU64 = AtomicU64::new(0);

#[observed(kind = counter, unit = "1", dims(region = "eu", kind = kind(), size = const { SIZE }))]
fn served() -> u64 {
    SERVED.load(Ordering::Relaxed)
}

/// A size.
const SIZE: u8 = 1;

fn kind() -> String {
    "kind".to_owned()
}

#[observed]
#[rustfmt::skip]
fn one_line() -> f64 { f64::from(served() == 0) }

#[observed(kind = up_down_counter)]
#[expect(clippy::missing_const_for_fn)]
fn could_be_const() -> i64 {
    1
}

#[observed]
const fn constant() -> i64 {
    1
}

#[observed]
#[expect(clippy::let_and_return)]
fn let_and_return() -> u64 {
    let number = served() + 1;
    number
}

#[counted]
#[observed]
#[must_use]
fn counted_too() -> u64 {
    served() + 1
}

#[observed]
#[deprecated]
fn deprecated() -> u64 {
    served() + 1
}

/// Is polled, and has no other caller.
#[observed]
fn not_called() -> u64 {
    served() + 1
}

/// In a module, since its name is also the name of another function.
mod inner {
    /// The observed function of the module.
    #[dt_metrics::observed]
    pub(super) fn constant() -> u64 {
        super::served() + 1
    }
}

#[test]
fn observed_functions_are_clean() {
    #[observed]
    fn in_a_function() -> u64 {
        served() + 1
    }

    assert_eq!(
        served() + let_and_return() + counted_too() + in_a_function(),
        3
    );
    assert_eq!(could_be_const() + constant(), 2);
    assert!(one_line().is_finite());
    assert_eq!(inner::constant(), 1);
    for number in [i64::MAX, -1] {
        record!("lints.record", number, dims(number = number), unit = "1");
        record!("lints.record", kind().len());
        up_down_counter!(
            "lints.up_down_counter",
            number,
            dims(number = number),
            unit = "1"
        );
        up_down_counter!("lints.up_down_counter", -1);
    }
}
