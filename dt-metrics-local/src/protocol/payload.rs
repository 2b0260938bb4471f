//! What a line measured.

use super::scanner::Cursor;
use super::{ErrorKind, LineError, Part, Payload, number};

/// Mean and bounds of a summary are each rounded on their own.
const TOLERANCE: f64 = 1e-6;

pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Payload, LineError> {
    if cursor.is_at_end() {
        return Err(cursor.error(ErrorKind::Missing(Part::Payload)));
    }
    if cursor.eat("count,") {
        cursor.expect("delta=", "\"delta=\"")?;
        let delta = number::float(cursor)?;
        Ok(Payload::Count { delta })
    } else if cursor.eat("gauge,") {
        if cursor.rest().starts_with("min=") {
            summary(cursor)
        } else {
            let value = number::float(cursor)?;
            Ok(Payload::Gauge { value })
        }
    } else {
        Err(cursor.error(ErrorKind::Expected("\"gauge,\" or \"count,\"")))
    }
}

fn summary(cursor: &mut Cursor<'_>) -> Result<Payload, LineError> {
    let start = cursor.offset();
    cursor.expect("min=", "\"min=\"")?;
    let min = number::float(cursor)?;
    cursor.expect(",max=", "\",max=\"")?;
    let max = number::float(cursor)?;
    cursor.expect(",sum=", "\",sum=\"")?;
    let sum = number::float(cursor)?;
    cursor.expect(",count=", "\",count=\"")?;
    let count = number::count(cursor)?;
    check_summary(min, max, sum, count).map_err(|kind| cursor.error_at(start, kind))?;
    Ok(Payload::Summary {
        min,
        max,
        sum,
        count,
    })
}

/// Whether these can be the extremes, the sum and the number of some values.
pub(crate) fn check_summary(min: f64, max: f64, sum: f64, count: u64) -> Result<(), ErrorKind> {
    if count == 0 {
        let is_empty = [min, max, sum].iter().all(|value| *value == 0.0);
        return if is_empty {
            Ok(())
        } else {
            Err(ErrorKind::EmptySummary)
        };
    }
    // A count past 2^53 loses digits here that the tolerance forgives.
    #[allow(clippy::cast_precision_loss)]
    let mean = sum / count as f64;
    if min <= max && is_at_most(min, mean) && is_at_most(mean, max) {
        Ok(())
    } else {
        Err(ErrorKind::SummaryOrder)
    }
}

fn is_at_most(low: f64, high: f64) -> bool {
    let scale = low.abs().max(high.abs()).max(1.0);
    low <= high + TOLERANCE * scale
}
