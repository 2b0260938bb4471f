//! The arguments of annotations are in the catalogue before the first call.
#![allow(dead_code)]

use dt_metrics::{Kind, count, counted, gauge, in_flight, timed};

mod names {
    pub const ORDERS: &str = "orders.by_path";
    pub const UNIT: &str = "{order}";
    pub const MILLISECONDS: &str = "ms";
}

const DESCRIPTION: &str = "Orders taken";

#[counted]
fn plain() {}

#[counted(
    name = names::ORDERS,
    unit = names::UNIT,
    description = DESCRIPTION,
    dims(region = "eu", http.route = "/", "dimension-1" = 1, r#type = true, type.of = false,),
    cardinality_limit = 1_000,
)]
fn full() {}

mod r#match {
    #[dt_metrics::counted]
    pub fn r#type() {}

    pub struct Größe;

    impl Größe {
        #[dt_metrics::counted]
        pub fn übung() {}
    }
}

fn inside() {
    count!("in.body", 25, dims(a = 1), unit = "By", description = "Bytes", cardinality_limit = 7);
    #[counted]
    fn nested() {}
    let _closure = || count!("in.closure");
}

#[timed]
#[in_flight]
async fn guarded() {}

#[timed(name = "stored", unit = names::MILLISECONDS, boundaries = [0.5, 1], cardinality_limit = 3, dims(a = "a"))]
#[in_flight(name = "storing", description = DESCRIPTION, unit = "{order}", dims(b = 1))]
fn guarded_in_full() {
    gauge!("waiting", 1, unit = "By", description = "Bytes", dims(c = 1));
}

fn main() {
    let find = |name: &str| {
        let mut all = dt_metrics::catalog().into_iter().filter(|d| d.name == name);
        let found = all.next().unwrap_or_else(|| panic!("no {name}"));
        assert!(all.next().is_none(), "{name}");
        found
    };

    let module = module_path!();
    let plain = find(&format!("{module}.plain.calls"));
    assert_eq!(plain.kind, Kind::Counter);
    assert_eq!((plain.unit, plain.description, plain.dimension_keys.len()), ("", "", 0));
    assert_eq!(plain.module_path, module);
    assert_eq!(plain.file, file!());
    assert_eq!(plain.line, 14);

    let full = find("orders.by_path");
    assert_eq!((full.unit, full.description), ("{order}", "Orders taken"));
    assert_eq!(full.dimension_keys, ["region", "http.route", "dimension-1", "type", "type.of"]);
    assert_eq!(full.line, 17);

    find(&format!("{module}.match.type.calls"));
    find(&format!("{module}.match._bung.calls"));
    find(&format!("{module}.nested.calls"));
    find("in.closure");

    let in_body = find("in.body");
    assert_eq!((in_body.unit, in_body.description), ("By", "Bytes"));
    assert_eq!(in_body.dimension_keys, ["a"]);
    assert_eq!(in_body.line, 39);

    let timed = find(&format!("{module}.guarded.duration"));
    assert_eq!((timed.kind, timed.unit), (Kind::Histogram, "s"));
    let in_flight = find(&format!("{module}.guarded.in_flight"));
    assert_eq!((in_flight.kind, in_flight.unit), (Kind::UpDownCounter, ""));
    let timed = find("stored");
    assert_eq!((timed.kind, timed.unit, timed.dimension_keys), (Kind::Histogram, "ms", &["a"][..]));
    let in_flight = find("storing");
    assert_eq!((in_flight.unit, in_flight.description), ("{order}", "Orders taken"));
    assert_eq!((in_flight.kind, in_flight.dimension_keys), (Kind::UpDownCounter, &["b"][..]));
    let gauge = find("waiting");
    assert_eq!((gauge.unit, gauge.description), ("By", "Bytes"));
    assert_eq!((gauge.kind, gauge.dimension_keys), (Kind::Gauge, &["c"][..]));
}
