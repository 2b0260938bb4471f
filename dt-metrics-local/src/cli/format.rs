use std::time::SystemTime;

use dt_metrics_local::protocol::{Kind, Payload};
use dt_metrics_local::store::Series;

/// A number with at most three decimals, and none without need.
pub(super) fn number(number: f64) -> String {
    if number != 0.0 && !(1e-3..1e15).contains(&number.abs()) {
        return format!("{number:.3e}");
    }
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What a series stands at.
pub(super) fn value(series: &Series) -> String {
    match series.last {
        Payload::Summary { min, max, .. } if series.values > 0 => {
            // A count past 2^53 loses digits that are not shown.
            #[allow(clippy::cast_precision_loss)]
            let mean = series.total / series.values as f64;
            format!(
                "{} values, mean {}, last {} to {}",
                series.values,
                number(mean),
                number(min),
                number(max)
            )
        }
        _ => number(series.total),
    }
}

pub(super) fn rate(series: &Series, now: SystemTime) -> String {
    match series.rate_per_second(now) {
        Some(rate) => format!("{}/s", number(rate)),
        None if series.kind == Kind::Gauge => String::new(),
        None => "…".to_owned(),
    }
}

pub(super) fn dimensions(series: &Series) -> String {
    let dimensions: Vec<_> = series
        .dimensions
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    dimensions.join(", ")
}

/// The beginning of a text, without what would move a terminal's cursor.
pub(super) fn cut(text: &str, limit: usize) -> String {
    let mut kept: String = text
        .chars()
        .take(limit)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(limit).is_some() {
        kept.pop();
        kept.push('…');
    }
    kept
}
