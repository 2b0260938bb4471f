//! Converts the measurement of a data point to the payload that Dynatrace stores.

use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint,
};

use super::extremes;
use crate::protocol::{ErrorKind, Part, Payload, Temporality, check_summary};
use crate::store::data_point::Data;

/// The measurement as received and as stored, or the reason for its refusal.
pub(super) type Measured = Result<(Data, Payload), ErrorKind>;

pub(super) fn temporality(number: i32) -> Temporality {
    match AggregationTemporality::try_from(number) {
        Ok(AggregationTemporality::Delta) => Temporality::Delta,
        Ok(AggregationTemporality::Cumulative) => Temporality::Cumulative,
        _ => Temporality::Unspecified,
    }
}

pub(super) fn gauge(point: &NumberDataPoint) -> Measured {
    let value = number(point)?;
    Ok((Data::Gauge { value }, Payload::Gauge { value }))
}

/// A delta becomes a count. A cumulative sum becomes a gauge if it may decrease; if it is monotonic,
/// it is refused.
pub(super) fn sum(
    point: &NumberDataPoint,
    is_monotonic: bool,
    temporality: Temporality,
) -> Measured {
    let value = number(point)?;
    let payload = match temporality {
        Temporality::Delta => Payload::Count { delta: value },
        other if is_monotonic => return Err(ErrorKind::SumNotDelta(other)),
        Temporality::Cumulative => Payload::Gauge { value },
        Temporality::Unspecified => return Err(ErrorKind::NoTemporality),
    };
    let data = Data::Sum {
        value,
        is_monotonic,
        temporality,
    };
    Ok((data, payload))
}

pub(super) fn histogram(point: &HistogramDataPoint, temporality: Temporality) -> Measured {
    only_delta(temporality)?;
    check_buckets(point)?;
    let sum = finite_sum(point.sum)?;
    let (count, min, max) = (point.count, point.min, point.max);
    let payload = summary(count, sum, (min, max), |mean| extremes::of(point, mean))?;
    let data = Data::Histogram {
        count,
        sum,
        min,
        max,
        bounds: point.explicit_bounds.clone(),
        bucket_counts: point.bucket_counts.clone(),
        temporality,
    };
    Ok((data, payload))
}

pub(super) fn exponential(
    point: &ExponentialHistogramDataPoint,
    temporality: Temporality,
) -> Measured {
    only_delta(temporality)?;
    let sum = finite_sum(point.sum)?;
    let (count, min, max) = (point.count, point.min, point.max);
    let payload = summary(count, sum, (min, max), |mean| {
        extremes::of_exponential(point, mean)
    })?;
    let data = Data::ExponentialHistogram {
        count,
        sum,
        min,
        max,
        scale: point.scale,
        temporality,
    };
    Ok((data, payload))
}

fn number(point: &NumberDataPoint) -> Result<f64, ErrorKind> {
    let value = match point.value {
        None => return Err(ErrorKind::Missing(Part::Payload)),
        Some(Value::AsDouble(value)) => value,
        // `Data` documents that an integer is converted to the nearest float.
        #[allow(clippy::cast_precision_loss)]
        Some(Value::AsInt(value)) => value as f64,
    };
    if value.is_finite() {
        Ok(value)
    } else {
        Err(ErrorKind::NotFinite)
    }
}

fn only_delta(temporality: Temporality) -> Result<(), ErrorKind> {
    match temporality {
        Temporality::Delta => Ok(()),
        other => Err(ErrorKind::HistogramNotDelta(other)),
    }
}

fn finite_sum(sum: Option<f64>) -> Result<f64, ErrorKind> {
    let sum = sum.ok_or(ErrorKind::HistogramWithoutSum)?;
    if sum.is_finite() {
        Ok(sum)
    } else {
        Err(ErrorKind::NotFinite)
    }
}

fn check_buckets(point: &HistogramDataPoint) -> Result<(), ErrorKind> {
    let bounds = &point.explicit_bounds;
    if bounds.iter().any(|bound| !bound.is_finite()) {
        return Err(ErrorKind::Buckets("has a bound that is not finite"));
    }
    if !bounds.is_sorted_by(|a, b| a < b) {
        return Err(ErrorKind::Buckets("has bounds that are not sorted"));
    }
    let counts = &point.bucket_counts;
    if counts.is_empty() && bounds.is_empty() {
        return Ok(());
    }
    if counts.len() != bounds.len() + 1 {
        return Err(ErrorKind::Buckets("has not one bucket more than bounds"));
    }
    let counted = counts.iter().try_fold(0_u64, |sum, n| sum.checked_add(*n));
    if counted != Some(point.count) {
        return Err(ErrorKind::Buckets("has another count than its buckets"));
    }
    Ok(())
}

fn summary(
    count: u64,
    sum: f64,
    recorded: (Option<f64>, Option<f64>),
    estimate: impl FnOnce(f64) -> (f64, f64),
) -> Result<Payload, ErrorKind> {
    let (min, max) = match recorded {
        // Without values, the recorded extremes mean nothing.
        _ if count == 0 => (0.0, 0.0),
        (Some(min), Some(max)) => (min, max),
        (min, max) => {
            // A count above 2^53 loses precision, which does not matter to an estimate.
            #[allow(clippy::cast_precision_loss)]
            let (low, high) = estimate(sum / count as f64);
            (min.unwrap_or(low), max.unwrap_or(high))
        }
    };
    if !(min.is_finite() && max.is_finite()) {
        return Err(ErrorKind::NotFinite);
    }
    check_summary(min, max, sum, count)?;
    Ok(Payload::Summary {
        min,
        max,
        sum,
        count,
    })
}
