//! `#[observed]` wherever a free function can stand.
#![deny(warnings)]
#![deny(dead_code, non_camel_case_types, unreachable_pub)]

use std::sync::atomic::{AtomicU64, Ordering};

use dt_metrics::{Kind, catalog, counted, observed};

static ASKED: AtomicU64 = AtomicU64::new(0);

#[observed]
fn plain() -> u64 {
    ASKED.fetch_add(1, Ordering::Relaxed)
}

#[observed(
    name = "observed.all",
    description = "All arguments",
    unit = "By",
    kind = up_down_counter,
    crate = ::dt_metrics,
    dims(literal = "a", r#const = const { 1 + 1 }, evaluated = region(), none = None::<u8>),
)]
pub fn all() -> i64 {
    -1
}

fn region() -> String {
    "eu".to_owned()
}

#[observed(kind = counter, name = NAME)]
const fn constant() -> f64 {
    1.5
}

const NAME: &str = "observed.constant";

type Alias = f64;

#[observed]
fn alias() -> Alias {
    0.5
}

#[observed]
fn optional() -> Option<usize> {
    None
}

#[observed(name = "observed.twice")]
#[observed(name = "observed.twice.counter", kind = counter)]
fn twice() -> u64 {
    1
}

#[counted(name = "observed.calls")]
#[observed(name = "observed.counted")]
#[must_use]
#[inline]
fn measured() -> u64 {
    1
}

#[observed]
#[counted(name = "observed.calls")]
fn measured_inside() -> u64 {
    1
}

#[deprecated]
#[observed(name = "observed.deprecated")]
fn deprecated() -> u64 {
    1
}

#[observed(name = "observed.cfg")]
#[cfg(any())]
fn by_platform() -> u64 {
    missing()
}

#[observed(name = "observed.cfg")]
#[cfg(all())]
fn by_platform() -> u64 {
    1
}

#[observed]
fn r#type() -> u64 {
    1
}

#[observed]
#[rustfmt::skip]
fn one_line() -> u64 { 1 }

mod inner {
    #[dt_metrics::observed]
    pub(super) fn nested() -> u64 {
        1
    }

    #[dt_metrics::observed]
    #[allow(dead_code)]
    fn plain() -> u64 {
        2
    }
}

struct Pool;

impl Pool {
    fn size() -> u64 {
        #[observed]
        fn inside() -> u64 {
            2
        }
        inside()
    }
}

macro_rules! observe {
    ($($name:ident: $type:ty = $value:expr;)*) => {$(
        #[observed(name = concat, dims(value = $value))]
        fn $name() -> $type {
            $value
        }
    )*};
}

#[allow(non_upper_case_globals)]
const concat: &str = "observed.macro";

observe! {
    first: u64 = 1;
    second: i64 = 2;
    third: u128 = 3;
}

fn main() {
    assert_eq!(plain(), 0);
    assert_eq!(plain(), 1);
    assert_eq!(all(), -1);
    const { assert!(constant() == 1.5) };
    let sum = [twice(), measured(), measured_inside(), by_platform(), r#type(), one_line()];
    assert_eq!(sum.iter().sum::<u64>(), 6);
    assert_eq!(Pool::size() + inner::nested() + first(), 4);
    assert_eq!((alias(), second(), third(), optional()), (0.5, 2, 3, None));
    let function: fn() -> u64 = plain;
    assert_eq!(function(), 2);

    let catalog = catalog();
    let named = |name: &str| {
        let named = catalog.iter().filter(|descriptor| descriptor.name.ends_with(name));
        named.collect::<Vec<_>>()
    };
    for (name, kind, number) in [
        (".plain", Kind::Gauge, 2),
        (".inner.plain", Kind::Gauge, 1),
        ("observed.all", Kind::UpDownCounter, 1),
        ("observed.constant", Kind::Counter, 1),
        (".alias", Kind::Gauge, 1),
        (".optional", Kind::Gauge, 1),
        ("observed.twice", Kind::Gauge, 1),
        ("observed.twice.counter", Kind::Counter, 1),
        ("observed.counted", Kind::Gauge, 1),
        ("observed.calls", Kind::Counter, 2),
        ("observed.deprecated", Kind::Gauge, 1),
        ("observed.cfg", Kind::Gauge, 1),
        (".type", Kind::Gauge, 1),
        (".inner.nested", Kind::Gauge, 1),
        (".inside", Kind::Gauge, 1),
        ("observed.macro", Kind::Gauge, 3),
    ] {
        let found = named(name);
        assert_eq!(found.len(), number, "{name}");
        assert!(found.iter().all(|descriptor| descriptor.kind == kind), "{name}");
    }
    let all = named("observed.all")[0];
    assert_eq!((all.unit, all.description), ("By", "All arguments"));
    assert_eq!(all.dimension_keys, ["literal", "const", "evaluated", "none"]);
    assert!(all.file.ends_with("observed.rs"));
}
