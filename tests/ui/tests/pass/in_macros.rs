//! Annotations that `macro_rules!` writes.
#![deny(warnings)]

use dt_metrics::{DimensionValue, catalog, count, counted, gauge, in_flight, timed};

macro_rules! function {
    ($vis:vis $name:ident($param:ident: $ty:ty) -> $ret:ty $body:block, $metric:expr, $unit:literal, $key:ident = $value:expr, $time:expr, $($boundary:expr)*) => {
        #[counted(name = $metric, unit = $unit, dims($key = $value, given = $param))]
        #[timed(unit = $time, boundaries = [$($boundary),*])]
        $vis fn $name($param: $ty) -> $ret $body
    };
}

function!(pub doubled(n: u32) -> u32 { n * 2 }, "macros.doubled", "1", region = "eu", "ms", 1 2);
function!(halved(n: u32) -> u32 { n / 2 }, NAME, "1", region = 1 + 1, TIME,);

const NAME: &str = "macros.halved";
const TIME: &str = "ns";

macro_rules! tiers {
    ($name:ident { $($variant:ident $($value:literal)?),* }) => {
        #[derive(Clone, Copy, DimensionValue)]
        enum $name {
            $($(#[dimension(rename = $value)])? $variant),*
        }
    };
}

tiers!(Tier { Free, Paid "gold" });

macro_rules! functions {
    ($($name:ident $metric:literal)*) => {$(
        #[counted(name = $metric)]
        fn $name() -> &'static str {
            let x = stringify!($name);
            x
        }
    )*};
}

functions!(first "macros.first" second "macros.second");

macro_rules! method {
    ($item:item) => { $item };
}

struct Orders;

impl Orders {
    method! {
        #[counted(name = "macros.method")]
        #[in_flight]
        fn method(&self) -> u8 { 1 }
    }
}

method! {
    #[counted]
    fn item() {}
}

macro_rules! counting {
    ($name:expr, $n:expr, $($key:tt)+) => {
        count!($name, $n, dims($($key)+ = $n));
        gauge!("macros.gauge", $n, dims($($key)+ = $n));
    };
}

fn main() {
    assert_eq!(doubled(1), 2);
    assert_eq!(halved(2), 1);
    assert_eq!((first(), second()), ("first", "second"));
    assert_eq!(Orders.method(), 1);
    item();
    for tier in [Tier::Free, Tier::Paid] {
        count!("macros.tiers", dims(tier = tier));
    }
    counting!("macros.counting", 3, http.route);
    for name in ["doubled", "halved", "first", "second", "method", "counting", "gauge"] {
        assert!(catalog().iter().any(|d| d.name == format!("macros.{name}")), "{name}");
    }
}
