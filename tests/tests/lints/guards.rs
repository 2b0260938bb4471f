//! Annotations that stand alone, gauges and derived values.

use core::future::{Future, ready};

use dt_metrics::{DimensionValue, count, gauge, in_flight, timed};
use tokio::runtime::Builder;

#[timed]
#[rustfmt::skip]
fn timed_line(number: u32) -> u32 { number + 1 }

#[in_flight]
#[rustfmt::skip]
fn in_flight_line(number: u32) -> u32 { number + 1 }

#[timed]
#[expect(clippy::let_and_return)]
fn timed_let_and_return() -> u32 {
    let number = timed_line(1);
    number
}

#[in_flight]
#[expect(clippy::needless_return)]
fn in_flight_needless_return() -> u32 {
    return 1;
}

#[timed]
#[expect(clippy::unused_async)]
async fn timed_needless_async() -> u32 {
    1
}

#[in_flight]
async fn in_flight_asynchronous(number: &u32) -> u32 {
    ready(*number).await + 1
}

#[timed(unit = "ms", boundaries = [1, 2.5, 10_000], dims(tier = tier))]
#[in_flight(dims(tier = tier, paid = tier != Tier::Free))]
async fn with_dimensions(tier: Tier) -> u32 {
    gauge!("lints.gauge", 1);
    gauge!("lints.gauge", -1.5, dims(tier = tier), unit = "1");
    gauge!(GAUGE, tier.dimension_value().iter().len());
    ready(1).await
}

#[timed(unit = MILLISECONDS)]
fn unit_by_path() {}

/// A unit.
const MILLISECONDS: &str = "ms";

/// A name.
const GAUGE: &str = "lints.gauge";

/// The plan of a customer.
#[derive(Clone, Copy, Debug, DimensionValue, Eq, PartialEq)]
enum Tier {
    /// Nothing.
    Free,
    /// Something.
    #[dimension(rename = "gold")]
    Paid,
}

/// With discriminants.
#[derive(Debug, DimensionValue)]
#[repr(u8)]
#[non_exhaustive]
enum Numbered {
    /// The first variant.
    First = 1,
    /// The last.
    #[deprecated]
    #[expect(dead_code)]
    Last = 0xff,
}

/// With braces.
#[derive(Debug, DimensionValue)]
enum Braces {
    /// A unit variant.
    Unit {},
    /// A tuple variant.
    Tuple(),
}

/// Without variants.
#[derive(Debug, DimensionValue)]
#[deprecated]
#[expect(dead_code)]
enum Never {}

/// With a parameter.
#[derive(Debug, DimensionValue)]
enum Generic<const N: usize> {
    /// The only one.
    Only,
}

#[test]
fn guards_are_clean() {
    fn run(future: impl Future<Output = u32>) -> u32 {
        let runtime = Builder::new_current_thread().build();
        runtime.unwrap().block_on(future)
    }

    assert_eq!(timed_line(1) + in_flight_line(1), 4);
    assert_eq!(timed_let_and_return() + in_flight_needless_return(), 3);
    assert_eq!(run(timed_needless_async()), 1);
    assert_eq!(run(in_flight_asynchronous(&1)), 2);
    assert_eq!(run(with_dimensions(Tier::Free)), 1);
    assert_eq!(run(with_dimensions(Tier::Paid)), 1);
    unit_by_path();
    for braces in [Braces::Unit {}, Braces::Tuple()] {
        count!("lints.braces", dims(braces = braces, n = Numbered::First));
    }
    count!("lints.generic_enum", dims(only = Generic::<1>::Only));
}
