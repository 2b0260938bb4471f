//! The buckets of histograms.

use crate::line::ucum_unit;

/// The upper bounds of the buckets of a histogram: the boundaries that its instrument states, if any.
/// Otherwise, if histograms have `buckets` at all, those of the semantic conventions if its unit is one of
/// time; `None` stands for those of the SDK.
pub(crate) fn bucket_boundaries(
    stated: Option<&[f64]>,
    unit: &str,
    buckets: bool,
) -> Option<Vec<f64>> {
    match stated {
        Some(boundaries) => Some(boundaries.to_vec()),
        None if buckets => duration_boundaries(unit),
        None => Some(Vec::new()),
    }
}

/// The boundaries of durations in seconds by OpenTelemetry's semantic conventions
/// (`http.server.request.duration`), in milliseconds.
const DURATION_BOUNDARIES: [f64; 14] = [
    5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1_000.0, 2_500.0, 5_000.0, 7_500.0,
    10_000.0,
];

/// The boundaries for durations in this unit; `None` if it is not a unit of time.
fn duration_boundaries(unit: &str) -> Option<Vec<f64>> {
    let (times, per) = match ucum_unit(unit).unwrap_or(unit) {
        "ns" => (1e6, 1.0),
        "us" => (1e3, 1.0),
        "ms" => (1.0, 1.0),
        "s" => (1.0, 1e3),
        "min" => (1.0, 6e4),
        "h" => (1.0, 3.6e6),
        "d" => (1.0, 8.64e7),
        "wk" => (1.0, 6.048e8),
        _ => return None,
    };
    // Multiplied or divided, so that each boundary is the nearest number to its decimal text.
    Some(
        DURATION_BOUNDARIES
            .map(|boundary| boundary * times / per)
            .into(),
    )
}
