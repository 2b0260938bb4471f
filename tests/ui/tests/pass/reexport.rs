//! The library under another path.
#![deny(warnings)]

mod telemetry {
    const UNIT: &str = "us";

    pub mod metrics {
        pub use dt_metrics::*;
    }

    pub fn inside() {
        #[metrics::counted(crate = self::metrics, name = "reexport.relative")]
        #[metrics::timed(crate = self::metrics, name = "reexport.timed", unit = self::UNIT)]
        fn relative() {}
        relative();
    }
}

use telemetry::metrics::{DimensionValue, catalog, count, counted, gauge, in_flight, observed, record, up_down_counter};

// In the place of the library.
mod dt_metrics {}

#[counted(crate = crate::telemetry::metrics, by = 2, dims(a = 1, b = const { "b" }, c = n))]
fn renamed(n: u32) -> u32 {
    n
}

#[derive(DimensionValue)]
#[dimension(crate = crate::telemetry::metrics)]
enum Tier {
    Free,
}

#[in_flight(crate = crate::telemetry::metrics, dims(tier = tier))]
fn in_flight(tier: Tier) {
    drop(tier);
}

#[observed(crate = crate::telemetry::metrics, name = "reexport.observed", dims(n = 1 + 1))]
fn asked() -> u64 {
    1
}

fn main() {
    asked();
    record!("reexport.record", 1, crate = telemetry::metrics, dims(n = 1 + 1));
    up_down_counter!("reexport.up_down_counter", 1, crate = telemetry::metrics, dims(n = 1 + 1));
    in_flight(Tier::Free);
    gauge!("reexport.gauge", 1, crate = telemetry::metrics, dims(n = 1 + 1));
    telemetry::inside();
    renamed(1);
    count!("reexport.count", crate = telemetry::metrics);
    count!("reexport.count.absolute", 2, crate = ::dt_metrics, dims(a = "a"));
    assert!(catalog().iter().any(|d| d.name == "reexport.count"));
    assert!(catalog().iter().any(|d| d.name == "reexport.observed"));
}
