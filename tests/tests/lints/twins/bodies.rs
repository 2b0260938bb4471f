// Functions with a body that clippy lints: an annotation silences none of the lints. Each
// `#[expect]` also holds without the annotation.

use super::annotated;

use core::cmp::Ordering;
use core::mem;

use std::sync::Mutex;

/// A number, ordered by hand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Number(u64);

impl Ord for Number {
    #[annotated]
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

#[expect(clippy::non_canonical_partial_ord_impl)]
impl PartialOrd for Number {
    #[annotated]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.0.partial_cmp(&other.0)
    }
}

/// A text.
struct Text(String);

impl Text {
    #[annotated]
    #[expect(clippy::unused_self)]
    fn unused_self(&self, text: &str) -> Option<u64> {
        text.parse().ok()
    }
}

#[annotated]
#[expect(clippy::mem_replace_with_default)]
fn replaced(text: &mut String) -> String {
    mem::replace(text, String::new())
}

#[annotated]
#[expect(clippy::unnecessary_wraps)]
fn wrapped(number: u64) -> Result<u64, String> {
    Ok(number + 1)
}

#[annotated]
#[expect(clippy::needless_pass_by_value)]
fn by_value(text: String) -> Result<usize, String> {
    text.len().checked_sub(1).ok_or_else(String::new)
}

#[annotated]
#[expect(clippy::needless_pass_by_ref_mut)]
fn by_reference(number: &mut u64) -> Option<u64> {
    number.checked_add(1)
}

#[annotated]
#[expect(clippy::needless_return)]
fn returned(number: u64) -> Result<u64, String> {
    if number == 0 {
        return Err(String::new());
    }
    return Ok(number);
}

#[annotated]
#[expect(clippy::let_and_return)]
fn bound(text: &str) -> Option<u64> {
    let number = text.parse().ok();
    number
}

// A `const fn` could not be annotated: here clippy is silent, with reason.
#[annotated]
fn constant(number: u64) -> Option<u64> {
    number.checked_add(1)
}

#[annotated]
fn never_read(mut text: String) {
    text.push('a');
}

#[annotated]
#[expect(clippy::significant_drop_tightening)]
fn held(numbers: &Mutex<Vec<u64>>) -> Result<usize, String> {
    let numbers = numbers.lock().map_err(|error| error.to_string())?;
    let length = numbers.len();
    length.checked_add(one()).ok_or_else(String::new)
}

/// One.
fn one() -> usize {
    env!("CARGO_PKG_NAME").len().max(1)
}
