//! Durations as people read them, for messages.

use std::time::Duration;

/// Units, each with its length and its shortest duration in seconds.
const UNITS: [(&str, f64, f64); 6] = [
    ("days", 86_400.0, 2.0 * 86_400.0),
    ("h", 3_600.0, 2.0 * 3_600.0),
    ("min", 60.0, 2.0 * 60.0),
    ("s", 1.0, 1.0),
    ("ms", 1e-3, 1e-3),
    ("µs", 1e-6, 1e-6),
];

/// A duration such as "0 s", "300 ms", "1.5 s" or "2 min": rounded to a tenth, and below a second to
/// whole units.
pub(crate) fn shown(duration: Duration) -> String {
    for (unit, length, shortest) in UNITS {
        let parts = if length < 1.0 { 1.0 } else { 10.0 };
        let units = duration.as_secs_f64() / length;
        // A little less is shown as the whole unit.
        if duration.as_secs_f64() >= shortest * 0.9995 {
            return format!("{} {unit}", (units * parts).round() / parts);
        }
    }
    // Shorter than any clock measures.
    if duration.is_zero() { "0 s" } else { "1 µs" }.into()
}

#[cfg(test)]
mod tests;
