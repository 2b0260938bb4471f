//! The metrics that a running endpoint has seen.

use std::time::Duration;

use reqwest::{Client, Url};
use serde::Deserialize;

use super::error::DashboardError;
use super::metric::{self, Found, Kind, Metric};

const DEADLINE: Duration = Duration::from_secs(10);

/// On every line, and the same on all of them.
const METRICS_SOURCE: &str = "dt.metrics.source";

/// What the live page shows, as far as it matters here.
#[derive(Deserialize)]
struct Snapshot {
    metadata: Vec<Meaning>,
    series: Vec<Series>,
}

#[derive(Deserialize)]
struct Meaning {
    key: String,
    unit: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
struct Series {
    metric: String,
    kind: Payload,
    dimensions: Vec<(String, String)>,
}

/// What lines tell of the kind of an instrument.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Payload {
    Count,
    #[serde(alias = "histogram")]
    Summary,
    Gauge,
}

impl From<Payload> for Kind {
    fn from(payload: Payload) -> Self {
        match payload {
            Payload::Count => Self::Counter,
            Payload::Summary => Self::Histogram,
            Payload::Gauge => Self::Gauge,
        }
    }
}

/// Asks the endpoint at this address, whatever path is given with it.
pub(super) fn read(address: &str) -> Result<Found, DashboardError> {
    let not_one = || DashboardError::Url {
        url: address.to_owned(),
    };
    let mut url = Url::parse(address).map_err(|_| not_one())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(not_one());
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
    let client = Client::builder().no_proxy().timeout(DEADLINE).build()?;
    let answer = client.get(url).send().await?;
    answer.error_for_status()?.text().await
}

fn found(snapshot: Snapshot) -> Found {
    let mut found = Found::default();
    for series in snapshot.series {
        let meaning = snapshot
            .metadata
            .iter()
            .find(|meaning| meaning.key == series.metric);
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        let keys = series.dimensions.into_iter().map(|(key, _)| key);
        found.add(Metric {
            unit: text(meaning.and_then(|meaning| meaning.unit.as_ref())),
            description: text(meaning.and_then(|meaning| meaning.description.as_ref())),
            key: series.metric,
            kind: series.kind.into(),
            dimensions: metric::dimensions(keys.filter(|key| key != METRICS_SOURCE)),
            places: Vec::new(),
        });
    }
    found.metrics.sort_by(|a, b| a.key.cmp(&b.key));
    found
}
