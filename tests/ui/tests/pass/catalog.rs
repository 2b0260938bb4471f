//! What annotations say is in the catalogue before anything was called.
#![allow(dead_code)]

use dt_metrics::{Kind, count, counted};

mod names {
    pub const ORDERS: &str = "orders.by_path";
    pub const UNIT: &str = "{order}";
}

const DESCRIPTION: &str = "Orders taken";

#[counted]
fn plain() {}

#[counted(
    name = names::ORDERS,
    unit = names::UNIT,
    description = DESCRIPTION,
    dims(region = "eu", http.route = "/", "dimension-1" = 1, r#type = true, type.of = false,),
    max_series = 1_000,
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
    count!("in.body", 25, dims(a = 1), unit = "By", description = "Bytes", max_series = 7);
    #[counted]
    fn nested() {}
    let _closure = || count!("in.closure");
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
    assert_eq!(plain.line, 13);

    let full = find("orders.by_path");
    assert_eq!((full.unit, full.description), ("{order}", "Orders taken"));
    assert_eq!(full.dimension_keys, ["region", "http.route", "dimension-1", "type", "type.of"]);
    assert_eq!(full.line, 16);

    find(&format!("{module}.match.type.calls"));
    find(&format!("{module}.match._bung.calls"));
    find(&format!("{module}.nested.calls"));
    find("in.closure");

    let in_body = find("in.body");
    assert_eq!((in_body.unit, in_body.description), ("By", "Bytes"));
    assert_eq!(in_body.dimension_keys, ["a"]);
    assert_eq!(in_body.line, 38);
}
