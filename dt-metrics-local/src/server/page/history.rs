//! The history of the series on screen, as JSON.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{self, Request};
use axum::http::Response;
use serde::Serialize;

use super::context::{Page, parameter};
use super::reply;
use crate::store::{Point, Resolution, State};

/// Maximum number of series in one response, more than the page requests.
const MAX_SERIES: usize = 200;

#[derive(Serialize)]
struct Histories {
    step_ms: u32,
    series: Vec<SeriesHistory>,
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

/// The points of the series in `?series=1,2,3`, at the resolution `&step=` 1, 30 or 720 seconds.
pub(super) async fn answer(
    extract::State(page): extract::State<Arc<Page>>,
    request: Request,
) -> Response<Body> {
    let resolution = match parameter(&request, "step") {
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
    if ids.len() > MAX_SERIES {
        return reply::bad_request("too many series");
    }
    let series = page.store.inspect(|state| {
        ids.iter()
            .map(|id| series_history(state, *id, resolution))
            .collect()
    });
    let histories = Histories {
        step_ms: resolution.seconds() * 1_000,
        series,
    };
    // Structs of numbers always serialize.
    reply::json(serde_json::to_string(&histories).unwrap_or_default())
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
