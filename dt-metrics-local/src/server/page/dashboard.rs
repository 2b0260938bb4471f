//! A Dynatrace dashboard of the metrics that programs declare, and of the metrics that arrived.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{self, Request};
use axum::http::Response;

use super::context::{Page, parameter};
use super::reply;
use crate::configuration::{Dashboard, Metrics, PayloadKind, ReceivedSeries};
use crate::protocol::Kind;
use crate::store::{State, Tracked};

/// The dashboard as the Dashboards app accepts it; with `?prefix=`, only of metrics whose key begins
/// with the prefix.
pub(super) async fn answer(
    extract::State(page): extract::State<Arc<Page>>,
    request: Request,
) -> Response<Body> {
    let prefix = parameter(&request, "prefix").unwrap_or_default();
    let title = if prefix.is_empty() {
        "Metrics"
    } else {
        &prefix
    }
    .to_owned();
    let make = move || {
        let metrics = page.store.inspect(|state| {
            let mut metrics = Metrics::of(state.catalogs());
            metrics.add_series(state.tracked().iter().map(|it| received(it, state)));
            metrics
        });
        let metrics = metrics.with_prefix(&prefix);
        (!metrics.is_empty()).then(|| Dashboard::new(title).to_json(&metrics))
    };
    match tokio::task::spawn_blocking(make).await {
        Ok(Some(json)) => reply::json(json),
        Ok(None) => reply::not_found(
            "No metric with this prefix was declared or received, so there is no dashboard",
        ),
        Err(_stopping) => reply::not_now(),
    }
}

fn received(tracked: &Tracked, state: &State) -> ReceivedSeries {
    let series = &tracked.series;
    let metadata = state.metadata_of(&series.metric);
    ReceivedSeries {
        metric: series.metric.clone(),
        kind: match series.kind {
            Kind::Count => PayloadKind::Count,
            Kind::Summary => PayloadKind::Summary,
            Kind::Gauge => PayloadKind::Gauge,
        },
        dimensions: series.dimensions.iter().cloned().collect(),
        unit: metadata.and_then(|it| it.unit.clone()),
        description: metadata.and_then(|it| it.description.clone()),
        has_buckets: tracked.percentiles().is_some(),
    }
}
