//! The grammar against that of the library.

use dt_metrics::line::{
    Invalid, check_description, check_dimension_key, check_instrument_name, check_unit,
    normalize_dimension_key,
};

use super::Kind;

/// All texts of up to five of these characters, and texts at the limits of lengths.
fn texts() -> Vec<String> {
    const CHARS: [char; 11] = ['a', 'Z', '1', '_', '-', '.', ':', '/', ' ', 'é', '\u{130}'];
    let mut all = vec![String::new()];
    let mut longest = all.clone();
    for _ in 0..4 {
        let longer = longest
            .iter()
            .flat_map(|text| CHARS.map(|c| format!("{text}{c}")));
        longest = longer.collect();
        all.extend_from_slice(&longest);
    }
    for length in [63, 64, 100, 101, 255, 256, 65_535, 65_536] {
        for unit in ["a", "a.", "😀", "é"] {
            let count = length / unit.chars().map(char::len_utf16).sum::<usize>();
            all.push(unit.repeat(count));
            all.push(format!("{}a", unit.repeat(count)));
        }
    }
    for name in [
        "dt.a", "dt.", "dt", "dt.dt.a", "dt.1", "dtx.a", "DT.a", "µs", "ms ", " ",
    ] {
        all.push(name.to_owned());
    }
    all
}

#[test]
fn the_rules_agree_with_the_library() {
    let same = |kind: Kind, text: &str, checked: Result<(), Invalid>| {
        let rule = checked.err().map(Invalid::message);
        assert_eq!(kind.broken_rule(text), rule, "{kind:?} {text:?}");
    };
    for text in texts() {
        same(Kind::Name, &text, check_instrument_name(&text));
        same(Kind::Key, &text, check_dimension_key(&text));
        same(Kind::Unit, &text, check_unit(&text));
        same(Kind::Description, &text, check_description(&text));
    }
}

#[test]
fn a_suggestion_is_valid_and_normalized_as_by_the_library() {
    for text in texts() {
        let key = normalize_dimension_key(&text);
        assert_eq!(
            Kind::Key.nearest(&text).as_deref(),
            key.as_deref(),
            "{text:?}"
        );
        if let Some(name) = Kind::Name.nearest(&text) {
            assert_eq!(check_instrument_name(&name), Ok(()), "{text:?}");
        }
        if let Some(unit) = Kind::Unit.nearest(&text) {
            assert_eq!(check_unit(&unit), Ok(()), "{text:?}");
        }
    }
    for (kind, text, nearest) in [
        (Kind::Name, "orders placed", Some("orders_placed")),
        (Kind::Name, "shop/orders (eu)", Some("shop_orders_eu_")),
        (Kind::Name, "1 bad", Some("bad")),
        (Kind::Name, "_orders", Some("orders")),
        (Kind::Name, "shop..orders.", Some("shop.orders")),
        (Kind::Name, "dt.orders", Some("orders")),
        (Kind::Name, "größe", Some("gr_e")),
        (Kind::Name, "123", None),
        (Kind::Key, "HTTP.Route", Some("http.route")),
        (Kind::Key, "2xx", Some("_xx")),
        (Kind::Key, "...", None),
        (Kind::Unit, "µs", Some("us")),
        (Kind::Unit, "Bytes per second", Some("By/s")),
        (Kind::Unit, " ms", Some("ms")),
        (Kind::Unit, "per second", None),
    ] {
        assert_eq!(kind.nearest(text).as_deref(), nearest, "{kind:?} {text}");
    }
}
