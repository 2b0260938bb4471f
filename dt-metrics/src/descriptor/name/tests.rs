//! Default names.

use super::DefaultName;
use crate::line::check_instrument_name;

fn name(module_path: &str, function: &str, suffix: &str) -> String {
    let name = DefaultName::new(module_path, function, suffix);
    String::from_utf8(name.bytes[..name.len].to_vec()).unwrap()
}

#[test]
fn names_are_the_path_to_the_function() {
    for (module_path, function, suffix, expected) in [
        ("shop", "handle", "calls", "shop.handle.calls"),
        (
            "shop::check_out::cart",
            "add",
            "calls",
            "shop.check_out.cart.add.calls",
        ),
        ("shop", "depth", "", "shop.depth"),
        ("shop::r#type", "r#match", "calls", "shop.type.match.calls"),
        ("r", "r", "r", "r.r.r"),
        ("café::größe", "été", "calls", "caf_.gr__e._t_.calls"),
        ("_shop", "_f", "calls", "shop._f.calls"),
        ("__", "f", "calls", "f.calls"),
        ("_1::_2", "été", "calls", "t_.calls"),
        ("dt", "f", "calls", "dt_.f.calls"),
        ("dt::dt", "dt", "calls", "dt_.dt.dt.calls"),
        ("_dt", "f", "calls", "dt_.f.calls"),
        ("dtx", "f", "calls", "dtx.f.calls"),
        ("_", "_", "", "fn"),
    ] {
        assert_eq!(name(module_path, function, suffix), expected);
        assert_eq!(check_instrument_name(expected), Ok(()), "{expected}");
    }
}

#[test]
fn long_names_are_cut() {
    let long = "a".repeat(300);
    assert_eq!(name(&long, "f", "calls"), "a".repeat(255));
    // No dot is left at the end.
    assert_eq!(name(&"a".repeat(254), "f", "calls"), "a".repeat(254));
    assert_eq!(
        name(&"a".repeat(253), "f", "calls"),
        format!("{}.f", "a".repeat(253))
    );
}
