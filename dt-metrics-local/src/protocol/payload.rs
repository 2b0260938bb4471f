//! Reads the payload of a data point.

use super::error::{ErrorKind, LineError};
use super::number;
use super::record::Payload;
use super::scanner::Scanner;

/// Relative tolerance between mean and bounds, since the sender rounds each of them separately.
const TOLERANCE: f64 = 1e-6;

/// Reads `gauge,…`, `count,…`, or the single value of a gauge alone.
pub(super) fn read(scanner: &mut Scanner<'_>) -> Result<Payload, LineError> {
    if scanner.eat("count,") {
        scanner.expect("delta=", "\"delta=\"")?;
        let delta = number::float(scanner)?;
        Ok(Payload::Count { delta })
    } else if scanner.eat("gauge,") {
        if scanner.rest().starts_with("min=") {
            summary(scanner)
        } else {
            let value = number::float(scanner)?;
            Ok(Payload::Gauge { value })
        }
    } else if scanner.peek().is_some_and(|c| !c.is_alphabetic()) {
        let value = number::float(scanner)?;
        Ok(Payload::Gauge { value })
    } else {
        let expected = "number, \"gauge,\" or \"count,\"";
        Err(scanner.error(ErrorKind::Expected(expected)))
    }
}

fn summary(scanner: &mut Scanner<'_>) -> Result<Payload, LineError> {
    let start = scanner.offset();
    scanner.expect("min=", "\"min=\"")?;
    let min = number::float(scanner)?;
    scanner.expect(",max=", "\",max=\"")?;
    let max = number::float(scanner)?;
    scanner.expect(",sum=", "\",sum=\"")?;
    let sum = number::float(scanner)?;
    scanner.expect(",count=", "\",count=\"")?;
    let count = number::count(scanner)?;
    check_summary(min, max, sum, count).map_err(|kind| scanner.error_at(start, kind))?;
    Ok(Payload::Summary {
        min,
        max,
        sum,
        count,
    })
}

/// Checks that some `count` values can have this minimum, maximum and sum.
pub(crate) fn check_summary(min: f64, max: f64, sum: f64, count: u64) -> Result<(), ErrorKind> {
    if count == 0 {
        let is_empty = [min, max, sum].iter().all(|value| *value == 0.0);
        return if is_empty {
            Ok(())
        } else {
            Err(ErrorKind::EmptySummary)
        };
    }
    // The tolerance covers the precision that a count above 2^53 loses.
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
