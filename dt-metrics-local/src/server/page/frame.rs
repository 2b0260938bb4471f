use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::Response;
use serde::{Serialize, Serializer};

use super::context::Page;
use super::cursor::Cursor;
use super::reply;
use crate::protocol::{Metadata, Payload};
use crate::store::{Rejected, Request, Series, State, Totals};

/// Refused lines and requests in a frame, the newest of each: more do not fit on a screen.
const NEWEST: usize = 200;

/// What came after a cursor.
#[derive(Serialize)]
pub(super) struct Frame {
    /// Where the next frame begins.
    #[serde(serialize_with = "as_text")]
    pub(super) cursor: Cursor,
    /// Whatever was known before is void.
    is_first: bool,
    now_ms: u64,
    totals: Counts,
    metadata: Vec<Meaning>,
    /// Series that were not there before.
    series: Vec<Name>,
    /// Numbers of the series that changed.
    values: Vec<Values>,
    /// Newest first.
    refused: Vec<Refused>,
    /// Newest first.
    requests: Vec<Received>,
}

#[derive(Serialize)]
struct Counts {
    requests: u64,
    lines: u64,
    metadata: u64,
    refused: u64,
    bytes: u64,
    lines_without_series: u64,
}

#[derive(Serialize)]
struct Meaning {
    key: String,
    #[serde(rename = "type")]
    metric_type: String,
    unit: Option<String>,
    description: Option<String>,
    display_name: Option<String>,
}

#[derive(Serialize)]
struct Name {
    id: usize,
    metric: String,
    kind: String,
    dimensions: Vec<(String, String)>,
}

/// An array, since there may be ten thousand: id, lines, values, total, last seen, rate, when the
/// rate ends, newest payload.
#[derive(Serialize)]
struct Values(usize, u64, u64, f64, u64, Option<f64>, Option<u64>, Newest);

#[derive(Serialize)]
#[serde(untagged)]
enum Newest {
    One([f64; 1]),
    Summary(f64, f64, f64, u64),
}

#[derive(Serialize)]
struct Refused {
    number: u64,
    text: String,
    reason: String,
    column: usize,
    line: usize,
}

#[derive(Serialize)]
struct Received {
    number: u64,
    at_ms: u64,
    path: String,
    protocol: String,
    status: u16,
    is_accepted: bool,
    fault: Option<&'static str>,
    lines: usize,
    refused: usize,
    bytes: u64,
    took_ms: f64,
    user_agent: Option<String>,
}

impl Frame {
    pub(super) fn after(cursor: Cursor, state: &State, now: SystemTime) -> Self {
        let totals = state.totals();
        let mut series = Vec::new();
        let mut values = Vec::new();
        for (id, tracked) in state.tracked().iter().enumerate() {
            if tracked.created > cursor.lines {
                series.push(Name::of(id, &tracked.series));
            }
            if tracked.changed > cursor.lines {
                values.push(Values::of(id, &tracked.series, now));
            }
        }
        let metadata = state.metadata_after(cursor.metadata);
        let refused = numbered(state.newest_rejected(), totals.rejected, cursor.rejected);
        let requests = numbered(state.newest_requests(), totals.requests, cursor.requests);
        Self {
            cursor: Cursor::at(cursor.instance, totals),
            is_first: cursor == Cursor::start(cursor.instance),
            now_ms: milliseconds(now),
            totals: totals.into(),
            metadata: metadata.map(|metadata| Meaning::of(metadata)).collect(),
            series,
            values,
            refused: refused
                .map(|(number, rejected)| Refused::of(number, rejected))
                .collect(),
            requests: requests
                .map(|(number, request)| Received::of(number, request))
                .collect(),
        }
    }
}

/// The entries after the first `seen`, newest first, with their numbers from 1.
fn numbered<'a, T: 'a>(
    newest: impl Iterator<Item = &'a Arc<T>>,
    total: u64,
    seen: u64,
) -> impl Iterator<Item = (u64, &'a T)> {
    (seen.saturating_add(1)..=total)
        .rev()
        .zip(newest)
        .take(NEWEST)
        .map(|(number, entry)| (number, &**entry))
}

impl From<Totals> for Counts {
    fn from(totals: Totals) -> Self {
        Self {
            requests: totals.requests,
            lines: totals.lines,
            metadata: totals.metadata,
            refused: totals.rejected,
            bytes: totals.bytes,
            lines_without_series: totals.lines_without_series,
        }
    }
}

impl Meaning {
    fn of(metadata: &Metadata) -> Self {
        Self {
            key: metadata.key.clone(),
            metric_type: metadata.metric_type.to_string(),
            unit: metadata.unit.clone(),
            description: metadata.description.clone(),
            display_name: metadata.display_name.clone(),
        }
    }
}

impl Name {
    fn of(id: usize, series: &Series) -> Self {
        Self {
            id,
            metric: series.metric.clone(),
            kind: series.kind.to_string(),
            dimensions: series.dimensions.clone(),
        }
    }
}

impl Values {
    fn of(id: usize, series: &Series, now: SystemTime) -> Self {
        let newest = match series.last {
            Payload::Gauge { value } => Newest::One([value]),
            Payload::Count { delta } => Newest::One([delta]),
            Payload::Summary {
                min,
                max,
                sum,
                count,
            } => Newest::Summary(min, max, sum, count),
        };
        Self(
            id,
            series.lines,
            series.values,
            series.total,
            milliseconds(series.last_seen),
            series.rate_per_second(now),
            series.rate_ends_at().map(milliseconds),
            newest,
        )
    }
}

impl Refused {
    fn of(number: u64, rejected: &Rejected) -> Self {
        Self {
            number,
            text: rejected.text.clone(),
            reason: rejected.reason(),
            column: rejected.column(),
            line: rejected.line_number,
        }
    }
}

impl Received {
    fn of(number: u64, request: &Request) -> Self {
        Self {
            number,
            at_ms: milliseconds(request.received_at),
            path: request.path.clone(),
            protocol: request.protocol.to_string(),
            status: request.status,
            is_accepted: request.is_accepted(),
            fault: request.fault,
            lines: request.lines,
            refused: request.refused,
            bytes: request.bytes,
            took_ms: request.took.as_secs_f64() * 1e3,
            user_agent: request.user_agent.clone(),
        }
    }
}

/// Everything, as JSON.
pub(super) async fn snapshot(page: Arc<Page>) -> Response<Body> {
    let first = Cursor::start(page.instance);
    match page.frame(first).await {
        Some((_, json)) => reply::json(json),
        None => reply::not_now(),
    }
}

impl Page {
    /// What came after the cursor, and where that ends; `None` if the server goes down.
    ///
    /// Taken on a thread of its own: meanwhile others are answered.
    pub(super) async fn frame(self: &Arc<Self>, cursor: Cursor) -> Option<(Cursor, String)> {
        let page = Arc::clone(self);
        let take = move || {
            let now = SystemTime::now();
            let frame = page.store.inspect(|state| Frame::after(cursor, state, now));
            // Structs of numbers and strings always serialize.
            let json = serde_json::to_string(&frame).unwrap_or_default();
            (frame.cursor, json)
        };
        tokio::task::spawn_blocking(take).await.ok()
    }

    /// Whether anything came after the cursor.
    pub(super) fn is_behind(&self, cursor: Cursor) -> bool {
        let totals = self.store.inspect(State::totals);
        Cursor::at(self.instance, totals) != cursor
    }
}

pub(super) fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn as_text<S: Serializer>(cursor: &Cursor, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(cursor)
}
