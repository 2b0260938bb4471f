//! Units given in full.

use crate::line::{check_unit, ucum_unit};

#[test]
fn names_in_full_have_a_ucum_unit() {
    let cases = [
        ("milliseconds", Some("ms")),
        ("seconds", Some("s")),
        ("Bytes", Some("By")),
        (" percent ", Some("%")),
        ("µs", Some("us")),
        ("μs", Some("us")),
        ("bytes per second", Some("By/s")),
        ("", None),
        ("requests", None),
        ("By", None),
        ("s", None),
    ];
    for (name, expected) in cases {
        assert_eq!(ucum_unit(name), expected, "{name:?}");
        if let Some(unit) = expected {
            assert_eq!(check_unit(unit), Ok(()));
        }
    }
}
