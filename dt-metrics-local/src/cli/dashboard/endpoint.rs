//! Reads the metrics that a running endpoint received.

use std::time::Duration;

use reqwest::{Client, Url};
use serde::Deserialize;

use super::error::DashboardError;
use super::metric::{self, ExportedMetric, Found, InstrumentKind};

const TIMEOUT: Duration = Duration::from_secs(10);

/// A dimension that every line has with the same value.
const METRICS_SOURCE: &str = "dt.metrics.source";

/// The data of the live page, as far as a dashboard needs it.
#[derive(Deserialize)]
struct Snapshot {
    metadata: Vec<SnapshotMetadata>,
    series: Vec<SnapshotSeries>,
}

#[derive(Deserialize)]
struct SnapshotMetadata {
    key: String,
    unit: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
struct SnapshotSeries {
    metric: String,
    kind: SnapshotKind,
    dimensions: Vec<(String, String)>,
}

/// The kind of a series, from which the kind of its instrument follows.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SnapshotKind {
    Count,
    #[serde(alias = "histogram")]
    Summary,
    Gauge,
}

impl From<SnapshotKind> for InstrumentKind {
    fn from(kind: SnapshotKind) -> Self {
        match kind {
            SnapshotKind::Count => Self::Counter,
            SnapshotKind::Summary => Self::Histogram,
            SnapshotKind::Gauge => Self::Gauge,
        }
    }
}

/// Queries the endpoint at this address; the path of the address is ignored.
pub(super) fn read(address: &str) -> Result<Found, DashboardError> {
    let invalid = || DashboardError::Url {
        url: address.to_owned(),
    };
    let mut url = Url::parse(address).map_err(|_| invalid())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid());
    }
    url.set_path("/api/snapshot");
    url.set_query(None);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(DashboardError::Runtime)?;
    let text = runtime
        .block_on(get(url))
        .map_err(|source| DashboardError::Endpoint {
            url: address.to_owned(),
            source: source.without_url(),
        })?;
    let snapshot = serde_json::from_str(&text).map_err(|source| DashboardError::Answer {
        url: address.to_owned(),
        source,
    })?;
    Ok(found(snapshot))
}

async fn get(url: Url) -> Result<String, reqwest::Error> {
    let client = Client::builder().no_proxy().timeout(TIMEOUT).build()?;
    let response = client.get(url).send().await?;
    response.error_for_status()?.text().await
}

fn found(snapshot: Snapshot) -> Found {
    let mut found = Found::default();
    for series in snapshot.series {
        let metadata = snapshot
            .metadata
            .iter()
            .find(|metadata| metadata.key == series.metric);
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        let keys = series.dimensions.into_iter().map(|(key, _)| key);
        found.add(ExportedMetric {
            unit: text(metadata.and_then(|metadata| metadata.unit.as_ref())),
            description: text(metadata.and_then(|metadata| metadata.description.as_ref())),
            key: series.metric,
            kind: series.kind.into(),
            dimensions: metric::dimensions(keys.filter(|key| key != METRICS_SOURCE)),
            locations: Vec::new(),
        });
    }
    found.metrics.sort_by(|a, b| a.key.cmp(&b.key));
    found
}
