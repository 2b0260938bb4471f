//! Units of the facade and of the wire.

use dt_metrics::line::check_unit;

use super::*;

#[test]
fn every_unit_is_one_of_the_wire() {
    for unit in [
        Unit::Count,
        Unit::Percent,
        Unit::Seconds,
        Unit::Milliseconds,
        Unit::Microseconds,
        Unit::Nanoseconds,
        Unit::Tebibytes,
        Unit::Gibibytes,
        Unit::Mebibytes,
        Unit::Kibibytes,
        Unit::Bytes,
        Unit::TerabitsPerSecond,
        Unit::GigabitsPerSecond,
        Unit::MegabitsPerSecond,
        Unit::KilobitsPerSecond,
        Unit::BitsPerSecond,
        Unit::CountPerSecond,
    ] {
        assert_eq!(check_unit(ucum(unit)), Ok(()), "{unit:?}");
    }
}
