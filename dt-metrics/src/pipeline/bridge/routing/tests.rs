//! The memory of a route.

use super::Route;

#[test]
fn a_route_takes_24_bytes() {
    // There is one for each series.
    assert_eq!(size_of::<Option<Route>>(), 24);
}
