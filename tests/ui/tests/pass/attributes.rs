//! Attributes of and in a function keep their meaning.
#![deny(warnings)]
#![deny(missing_docs)]

use std::panic::Location;

use dt_metrics::{counted, in_flight, timed};

/// Documented.
#[counted]
#[timed]
#[must_use = "it is a number"]
#[inline(always)]
pub fn documented() -> u32 {
    #![allow(unused_mut)]
    //! Also inside.
    let mut n = 1;
    n
}

#[in_flight]
#[counted]
#[track_caller]
#[timed]
fn place() -> &'static Location<'static> {
    Location::caller()
}

#[counted]
#[cfg(any())]
fn absent() -> Absent {}

#[cfg_attr(all(), counted(name = "attributes.conditional"))]
fn conditional(#[cfg(any())] absent: Absent, #[allow(unused_variables)] n: u32) {}

#[counted]
#[allow(unused_must_use)]
fn unused() {
    documented();
}

#[counted]
#[expect(unused_variables)]
fn expected(n: u32) {
    #[expect(unused_mut)]
    let mut m = 1;
    assert_eq!(m, 1);
}

#[expect(dead_code)]
#[counted]
fn dead() {}

#[timed(dims(tier = Tier::Free))]
#[counted]
#[deprecated]
#[cold]
fn deprecated() {}

/// Documented.
#[derive(dt_metrics::DimensionValue)]
#[deprecated]
#[non_exhaustive]
pub enum Old {
    /// Documented.
    #[deprecated]
    Older,
}

#[derive(dt_metrics::DimensionValue)]
enum Tier {
    #[dimension(rename = "gratis")]
    #[allow(dead_code)]
    Free,
    #[cfg(any())]
    Absent(Absent),
}

fn main() {
    assert_eq!(documented(), 1);
    assert_eq!(place().line(), line!());
    conditional(1);
    unused();
    expected(1);
    #[allow(deprecated)]
    deprecated();
}
