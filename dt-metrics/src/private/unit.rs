//! Units of time whose spelling only the compiler knows.

/// The length of a unit of time in nanoseconds.
///
/// # Panics
///
/// If `unit` is none of those that durations can be in.
#[must_use]
#[track_caller]
#[expect(
    clippy::panic,
    reason = "called by constants only: the panic is a compile error"
)]
pub const fn unit_nanoseconds(unit: &str) -> f64 {
    match unit.as_bytes() {
        b"s" => 1e9,
        b"ms" => 1e6,
        b"us" => 1e3,
        b"ns" => 1.0,
        _ => panic!("the unit of a duration is `s`, `ms`, `us` or `ns`"),
    }
}
