//! The results of the checks.

use crate::line::Invalid::{self, *};
use crate::line::{
    check_description, check_dimension_key, check_instrument_name, check_metric_key, check_unit,
};

#[test]
fn instrument_names() {
    let cases = [
        ("a", None),
        ("MyCounter", None),
        ("http.server.request-duration_1", None),
        ("a.1", None),
        ("a._b", None),
        ("dt", None),
        ("dtx.a", None),
        ("a.dt.b", None),
        ("", Some(InstrumentNameEmpty)),
        ("_a", Some(InstrumentNameStart)),
        ("1 bad", Some(InstrumentNameStart)),
        ("-a", Some(InstrumentNameStart)),
        (".a", Some(InstrumentNameStart)),
        ("ä", Some(InstrumentNameStart)),
        ("a.-b", Some(InstrumentNameSectionStart)),
        ("a.", Some(InstrumentNameEmptySection)),
        (".", Some(InstrumentNameEmptySection)),
        ("a..b", Some(InstrumentNameEmptySection)),
        ("a/b", Some(InstrumentNameCharacter)),
        ("a b", Some(InstrumentNameCharacter)),
        ("a.ä", Some(InstrumentNameCharacter)),
        ("a:b", Some(InstrumentNameCharacter)),
        ("dt.a", Some(InstrumentNameReserved)),
    ];
    check(check_instrument_name, &cases);
    lengths(check_instrument_name, 255, InstrumentNameTooLong);
}

#[test]
fn metric_keys() {
    let cases = [
        ("_", None),
        ("dt.a", None),
        ("a-.b_.1", None),
        ("", Some(MetricKeyEmpty)),
        ("1", Some(MetricKeyStart)),
        (".a", Some(MetricKeyStart)),
        ("a.-", Some(MetricKeySectionStart)),
        ("a..b", Some(MetricKeyEmptySection)),
        ("a.", Some(MetricKeyEmptySection)),
        ("a,b", Some(MetricKeyCharacter)),
        ("a\n", Some(MetricKeyCharacter)),
    ];
    check(check_metric_key, &cases);
    lengths(check_metric_key, 255, MetricKeyTooLong);
}

#[test]
fn dimension_keys() {
    let cases = [
        ("region", None),
        ("dimension-1", None),
        ("http.route", None),
        ("a:b.c", None),
        ("_", None),
        ("", Some(DimensionKeyEmpty)),
        ("1a", Some(DimensionKeySectionStart)),
        ("a.1", Some(DimensionKeySectionStart)),
        ("a.-b", Some(DimensionKeySectionStart)),
        (":a", Some(DimensionKeySectionStart)),
        (".a", Some(DimensionKeyEmptySection)),
        ("a..b", Some(DimensionKeyEmptySection)),
        ("a.", Some(DimensionKeyEmptySection)),
        ("Region", Some(DimensionKeyUpperCase)),
        ("rEgion", Some(DimensionKeyUpperCase)),
        ("a.B", Some(DimensionKeyUpperCase)),
        ("a b", Some(DimensionKeyCharacter)),
        ("a=b", Some(DimensionKeyCharacter)),
        ("a.ä", Some(DimensionKeyCharacter)),
    ];
    check(check_dimension_key, &cases);
    lengths(check_dimension_key, 100, DimensionKeyTooLong);
}

#[test]
fn units() {
    let cases = [
        ("s", None),
        ("1", None),
        ("%", None),
        ("[degF]", None),
        ("{request}/s", None),
        ("", Some(UnitEmpty)),
        ("a b", Some(UnitCharacter)),
        ("m.s", Some(UnitCharacter)),
        ("µs", Some(UnitCharacter)),
    ];
    check(check_unit, &cases);
    lengths(check_unit, 63, UnitTooLong);
}

#[test]
fn descriptions_are_measured_in_utf_16() {
    assert_eq!(check_description(""), Ok(()));
    assert_eq!(check_description("anything, \"even\"\nthis"), Ok(()));
    lengths(check_description, 65_535, DescriptionTooLong);
    for (character, units) in [("é", 1), ("日", 1), ("😀", 2)] {
        assert_eq!(check_description(&character.repeat(65_535 / units)), Ok(()));
        let over = character.repeat(65_535 / units + 1);
        assert_eq!(check_description(&over), Err(DescriptionTooLong));
    }
}

#[test]
fn checks_run_at_compile_time() {
    const NAME: Result<(), Invalid> = check_instrument_name("1 bad");
    const KEY: Result<(), Invalid> = check_dimension_key("Bad");
    const MESSAGE: &str = match KEY {
        Ok(()) => "",
        Err(invalid) => invalid.message(),
    };
    assert_eq!(NAME, Err(InstrumentNameStart));
    assert_eq!(MESSAGE, "a dimension key is lower case");
}

#[test]
fn a_message_is_the_display_text() {
    assert_eq!(UnitTooLong.to_string(), UnitTooLong.message());
}

fn check(rule: fn(&str) -> Result<(), Invalid>, cases: &[(&str, Option<Invalid>)]) {
    for (text, expected) in cases {
        assert_eq!(rule(text).err(), *expected, "{text:?}");
    }
}

fn lengths(rule: fn(&str) -> Result<(), Invalid>, longest: usize, error: Invalid) {
    assert_eq!(rule(&"x".repeat(longest)), Ok(()));
    assert_eq!(rule(&"x".repeat(longest + 1)), Err(error));
}
