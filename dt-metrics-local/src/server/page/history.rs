//! The history of the series on screen, and of metrics summed over their series, as JSON.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{self, Request};
use axum::http::Response;
use serde::Serialize;

use super::api::respond;
use super::context::{Page, parameter};
use super::reply;
use crate::protocol::Kind;
#[cfg(feature = "otlp")]
use crate::store::Buckets;
use crate::store::{Point, Resolution, Series, State, Tracked};

/// Maximum number of series in one response, more than the page requests.
const MAX_SERIES: usize = 200;

#[derive(Serialize)]
struct Histories {
    step_ms: u32,
    series: Vec<SeriesHistory>,
    metrics: Vec<MetricHistory>,
}

#[derive(Serialize)]
struct MetricHistory {
    metric: String,
    /// The value of the dimension `&by=`; `null` for series without it, and without `&by=`.
    value: Option<String>,
    /// The values below which 50, 95 and 99 % of all values are, if they came over OTLP with buckets.
    percentiles: Option<[f64; 3]>,
    /// Oldest first; each is the sum over the series that have a point in the step.
    points: Vec<PointRow>,
}

#[derive(Serialize)]
struct SeriesHistory {
    id: usize,
    /// Oldest first.
    points: Vec<PointRow>,
}

/// Start of the step, number of values, minimum, maximum, sum.
#[derive(Serialize)]
struct PointRow(u64, f32, f32, f32, f64);

/// The points of the series in `?series=1,2,3` and of the metrics in `&metrics=a,b`, for each value of
/// the dimension `&by=`, at the resolution `&step=` 1, 30 or 720 seconds.
pub(super) async fn answer(
    extract::State(page): extract::State<Arc<Page>>,
    request: Request,
) -> Response<Body> {
    let resolution = match parameter(&request, "step").as_deref() {
        None | Some("1") => Resolution::Second,
        Some("30") => Resolution::HalfMinute,
        Some("720") => Resolution::TwelveMinutes,
        Some(_) => return reply::bad_request("step is 1, 30 or 720"),
    };
    let ids: Result<Vec<usize>, _> = parameter(&request, "series")
        .unwrap_or_default()
        .split(',')
        .filter(|id| !id.is_empty())
        .map(str::parse)
        .collect();
    let Ok(ids) = ids else {
        return reply::bad_request("series are ids, as in ?series=1,2,3");
    };
    let metrics: Vec<_> = parameter(&request, "metrics")
        .unwrap_or_default()
        .split(',')
        .filter(|metric| !metric.is_empty())
        .map(str::to_owned)
        .collect();
    let by = parameter(&request, "by");
    if ids.len().max(metrics.len()) > MAX_SERIES {
        return reply::bad_request("too many series");
    }
    respond(page, move |state| Histories {
        step_ms: resolution.seconds() * 1_000,
        series: ids
            .iter()
            .map(|id| series_history(state, *id, resolution))
            .collect(),
        metrics: sums(state, &metrics, by.as_deref(), resolution),
    })
    .await
}

/// The points of each metric, summed over all its series, or over the series with each value of the
/// dimension `by`.
fn sums(
    state: &State,
    metrics: &[String],
    by: Option<&str>,
    resolution: Resolution,
) -> Vec<MetricHistory> {
    let mut sums: BTreeMap<(usize, Option<&str>), Sum> = BTreeMap::new();
    if metrics.is_empty() {
        return Vec::new();
    }
    if by.is_none() {
        sums.extend((0..metrics.len()).map(|place| ((place, None), Sum::default())));
    }
    for tracked in state.tracked() {
        let Series {
            metric: key,
            dimensions,
            kind,
            ..
        } = &tracked.series;
        let place = metrics.iter().position(|metric| metric == key);
        let Some((place, history)) = place.zip(tracked.history.as_ref()) else {
            continue;
        };
        let value = by.and_then(|by| {
            let mut dimensions = dimensions.iter();
            dimensions
                .find(|(known, _)| known == by)
                .map(|(_, value)| &**value)
        });
        if sums.len() >= MAX_SERIES && !sums.contains_key(&(place, value)) {
            continue;
        }
        let sum = sums.entry((place, value)).or_default();
        sum.add_buckets(tracked);
        for point in history.points(resolution) {
            let mut point = row(*point, resolution);
            if *kind == Kind::Gauge {
                // The mean of a series in the step: means are summed over series, not values.
                point.4 /= f64::from(point.1);
                point.1 = 1.0;
            }
            match sum.points.entry(point.0) {
                Entry::Vacant(entry) => drop(entry.insert(point)),
                Entry::Occupied(mut entry) => entry.get_mut().add(&point, *kind),
            }
        }
    }
    sums.into_iter()
        .filter_map(|((place, value), sum)| {
            Some(MetricHistory {
                metric: metrics.get(place)?.clone(),
                value: value.map(str::to_owned),
                percentiles: sum.percentiles(),
                points: sum.points.into_values().collect(),
            })
        })
        .collect()
}

/// The sum of several series.
#[derive(Default)]
struct Sum {
    points: BTreeMap<u64, PointRow>,
    #[cfg(feature = "otlp")]
    buckets: Option<Buckets>,
}

#[cfg(feature = "otlp")]
impl Sum {
    fn add_buckets(&mut self, tracked: &Tracked) {
        match (&mut self.buckets, &tracked.buckets) {
            (Some(sum), Some(buckets)) => sum.merge(buckets),
            (none, Some(buckets)) => *none = Some(buckets.clone()),
            (_, None) => {}
        }
    }

    fn percentiles(&self) -> Option<[f64; 3]> {
        let buckets = self.buckets.as_ref()?;
        let [Some(half), Some(most), Some(nearly_all)] =
            [0.5, 0.95, 0.99].map(|share| buckets.percentile(share))
        else {
            return None;
        };
        Some([half, most, nearly_all])
    }
}

#[cfg(not(feature = "otlp"))]
#[expect(clippy::unused_self, reason = "lines have no buckets")]
impl Sum {
    fn add_buckets(&mut self, _: &Tracked) {}

    fn percentiles(&self) -> Option<[f64; 3]> {
        None
    }
}

impl PointRow {
    /// Adds the point of another series in the same step.
    fn add(&mut self, other: &Self, kind: Kind) {
        if kind == Kind::Gauge {
            self.2 += other.2;
            self.3 += other.3;
        } else {
            self.1 += other.1;
            self.2 = self.2.min(other.2);
            self.3 = self.3.max(other.3);
        }
        self.4 += other.4;
    }
}

fn series_history(state: &State, id: usize, resolution: Resolution) -> SeriesHistory {
    let history = state
        .tracked()
        .get(id)
        .and_then(|tracked| tracked.history.as_ref());
    let points = history.map_or_else(Vec::new, |history| {
        let points = history.points(resolution).iter();
        points.map(|point| row(*point, resolution)).collect()
    });
    SeriesHistory { id, points }
}

fn row(point: Point, resolution: Resolution) -> PointRow {
    PointRow(
        point.at_ms(resolution),
        point.count,
        point.min,
        point.max,
        point.sum,
    )
}
