//! The HTTP API for tests in any language: received data as JSON, and a reset.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{self, Request};
use axum::http::Response;
use serde::Serialize;

use super::context::{Page, parameter};
use super::reply;
use super::rows::{RefusedRow, RequestRow, numbered};
use crate::protocol::Payload;
use crate::store::{State, Tracked};

/// The answer to `GET /api/series`.
#[derive(Serialize)]
struct AllSeries {
    /// Data points accepted since the start.
    points: u64,
    /// In the order of their first points.
    series: Vec<OneSeries>,
}

#[derive(Serialize)]
struct OneSeries {
    metric: String,
    kind: String,
    dimensions: BTreeMap<String, String>,
    unit: Option<String>,
    description: Option<String>,
    /// Counts: the sum of all deltas. Summaries: the sum of all sums. Gauges: the newest value.
    total: f64,
    /// Number of measured values: the sum of the counts of summaries, one a point for other kinds.
    values: u64,
    points: u64,
    newest: Newest,
    /// The values below which 50, 95 and 99 % of all values are, if they came over OTLP with buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    percentiles: Option<Percentiles>,
}

#[derive(Serialize)]
struct Percentiles {
    p50: f64,
    p95: f64,
    p99: f64,
}

/// The newest point.
#[derive(Serialize)]
#[serde(untagged)]
enum Newest {
    Gauge {
        value: f64,
    },
    Count {
        delta: f64,
    },
    Summary {
        min: f64,
        max: f64,
        sum: f64,
        count: u64,
    },
}

/// The answer to `GET /api/refused`.
#[derive(Serialize)]
struct Refused {
    /// Lines and data points refused since the start, kept or not.
    total: u64,
    /// Newest first.
    refused: Vec<RefusedRow>,
}

/// The answer to `GET /api/requests`.
#[derive(Serialize)]
struct Requests {
    /// Requests since the start, kept or not.
    total: u64,
    /// Newest first.
    requests: Vec<RequestRow>,
}

/// All series, or the series of the metric `?metric=`.
pub(super) async fn series(
    extract::State(page): extract::State<Arc<Page>>,
    request: Request,
) -> Response<Body> {
    let metric = parameter(&request, "metric");
    respond(page, move |state| AllSeries {
        points: state.totals().lines,
        series: state
            .tracked()
            .iter()
            .filter(|tracked| {
                metric
                    .as_ref()
                    .is_none_or(|it| *it == tracked.series.metric)
            })
            .map(|tracked| OneSeries::of(tracked, state))
            .collect(),
    })
    .await
}

/// The refused lines and data points with the reasons.
pub(super) async fn refused(extract::State(page): extract::State<Arc<Page>>) -> Response<Body> {
    respond(page, |state| {
        let total = state.totals().rejected;
        let all = numbered(state.newest_rejected(), total, 0);
        Refused {
            total,
            refused: all
                .map(|(number, rejected)| RefusedRow::of(number, rejected))
                .collect(),
        }
    })
    .await
}

/// The requests and how each was answered.
pub(super) async fn requests(extract::State(page): extract::State<Arc<Page>>) -> Response<Body> {
    respond(page, |state| {
        let total = state.totals().requests;
        let all = numbered(state.newest_requests(), total, 0);
        Requests {
            total,
            requests: all
                .map(|(number, request)| RequestRow::of(number, request))
                .collect(),
        }
    })
    .await
}

/// Forgets everything received.
pub(super) async fn reset(extract::State(page): extract::State<Arc<Page>>) -> Response<Body> {
    page.store.reset();
    reply::done()
}

/// Answers with JSON. Runs on a blocking thread, since a large answer would delay other requests.
pub(super) async fn respond<T: Serialize + 'static>(
    page: Arc<Page>,
    look: impl FnOnce(&State) -> T + Send + 'static,
) -> Response<Body> {
    // Structs of numbers and strings always serialize.
    let take = move || serde_json::to_string(&page.store.inspect(look)).unwrap_or_default();
    match tokio::task::spawn_blocking(take).await {
        Ok(json) => reply::json(json),
        Err(_stopping) => reply::not_now(),
    }
}

impl OneSeries {
    fn of(tracked: &Tracked, state: &State) -> Self {
        let series = &tracked.series;
        let metadata = state.metadata_of(&series.metric);
        Self {
            metric: series.metric.clone(),
            kind: series.kind.to_string(),
            dimensions: series.dimensions.iter().cloned().collect(),
            unit: metadata.and_then(|it| it.unit.clone()),
            description: metadata.and_then(|it| it.description.clone()),
            total: series.total,
            values: series.values,
            points: series.lines,
            newest: match series.last {
                Payload::Gauge { value } => Newest::Gauge { value },
                Payload::Count { delta } => Newest::Count { delta },
                Payload::Summary {
                    min,
                    max,
                    sum,
                    count,
                } => Newest::Summary {
                    min,
                    max,
                    sum,
                    count,
                },
            },
            percentiles: Percentiles::of(tracked),
        }
    }
}

impl Percentiles {
    fn of(tracked: &Tracked) -> Option<Self> {
        let [p50, p95, p99] = tracked.percentiles()?;
        Some(Self { p50, p95, p99 })
    }
}
