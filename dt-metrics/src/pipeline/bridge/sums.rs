//! Sums: additions to the SDK's sums that keep these sums in their range. The SDK's own additions wrap
//! around.

use opentelemetry::KeyValue;

use super::routing::Findings;
use super::sdk::Instrument;
use super::streams::{Metrics, SeriesKey};

/// How long the readers keep adding up a counter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Summing {
    /// Until the next collection: there is one reader, and it reads deltas.
    ForOneCollection,
    /// For any time: readers may read totals, or collect at different times.
    ForEver,
}

/// The sum of one series of a counter or an up-down counter.
#[derive(Debug, Default)]
pub(super) struct Sum {
    /// The sum of all additions.
    exact: i128,
    /// The nearest number in the range of the SDK's sum: this sum.
    nearest: i128,
}

/// The result of [`Sum::add`].
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Addition {
    /// The number that takes the SDK's sum to the nearest number in its range.
    number: i128,
    /// Whether the exact sum is out of range.
    is_saturated: bool,
}

impl Sum {
    fn add(&mut self, added: i128, min: i128, max: i128) -> Addition {
        self.exact = self.exact.saturating_add(added);
        let nearest = self.exact.clamp(min, max);
        let number = nearest - std::mem::replace(&mut self.nearest, nearest);
        Addition {
            number,
            is_saturated: nearest != self.exact,
        }
    }

    /// Whether the next sums of this series may be out of range before anybody notices.
    pub(super) fn is_large(&self) -> bool {
        self.exact.unsigned_abs() >> 48 != 0
    }
}

/// Adds a whole number to a series.
pub(super) fn add(
    metrics: &mut Metrics,
    series: SeriesKey,
    instrument: &Instrument,
    added: i128,
    attributes: &[KeyValue],
    findings: &mut Findings,
) {
    let (min, max) = match instrument {
        Instrument::Counter(_) => (0, u64::MAX.into()),
        Instrument::UpDownCounter(_) => (i64::MIN.into(), i64::MAX.into()),
        #[expect(
            clippy::cast_precision_loss,
            reason = "the instrument's numbers are floats"
        )]
        Instrument::FloatCounter(counter) => return counter.add(added as f64, attributes),
        #[expect(
            clippy::cast_precision_loss,
            reason = "the instrument's numbers are floats"
        )]
        Instrument::FloatUpDownCounter(counter) => return counter.add(added as f64, attributes),
        // The cells of a histogram count its timers.
        Instrument::Histogram(_) | Instrument::Gauge(_) => return,
    };
    let Addition {
        number,
        is_saturated,
    } = metrics.sum(series).add(added, min, max);
    if is_saturated {
        metrics.note_saturated(series, findings);
    }
    match instrument {
        // A counter that does not move exports nothing.
        Instrument::Counter(counter) if number != 0 => {
            counter.add(u64::try_from(number).unwrap_or(u64::MAX), attributes);
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "from one end of the range to the other, the SDK's addition wraps around"
        )]
        Instrument::UpDownCounter(counter) => counter.add(number as i64, attributes),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
