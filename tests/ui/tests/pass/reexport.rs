//! The library under another path.
#![deny(warnings)]

mod telemetry {
    pub mod metrics {
        pub use dt_metrics::*;
    }

    pub fn inside() {
        #[metrics::counted(crate = self::metrics, name = "reexport.relative")]
        fn relative() {}
        relative();
    }
}

use telemetry::metrics::{catalog, count, counted};

// In the place of the library.
mod dt_metrics {}

#[counted(crate = crate::telemetry::metrics, by = 2, dims(a = 1, b = const { "b" }, c = n))]
fn renamed(n: u32) -> u32 {
    n
}

fn main() {
    telemetry::inside();
    renamed(1);
    count!("reexport.count", crate = telemetry::metrics);
    count!("reexport.count.absolute", 2, crate = ::dt_metrics, dims(a = "a"));
    assert!(catalog().iter().any(|d| d.name == "reexport.count"));
}
