//! A frame: the data for the page after a position, as JSON.

use std::time::SystemTime;

use serde::{Serialize, Serializer};

use super::cursor::Cursor;
use super::rows::{NoteRow, RefusedRow, RequestRow, milliseconds, numbered};
use crate::protocol::{Metadata, Payload};
use crate::store::{Series, State, Totals};

/// Maximum number of refused lines, and of requests, in a frame. The page does not show more.
const MAX_ROWS: usize = 200;

/// Everything after a cursor.
#[derive(Serialize)]
pub(super) struct Frame {
    /// The start of the next frame.
    #[serde(serialize_with = "as_text")]
    pub(super) cursor: Cursor,
    /// The page must discard all previous data.
    is_first: bool,
    now_ms: u64,
    totals: TotalsRow,
    metadata: Vec<MetadataRow>,
    /// The series that are new.
    series: Vec<SeriesRow>,
    /// The numbers of the series that changed.
    values: Vec<ValuesRow>,
    /// Newest first.
    refused: Vec<RefusedRow>,
    /// Notes about accepted lines, newest first.
    notes: Vec<NoteRow>,
    /// Newest first.
    requests: Vec<RequestRow>,
}

#[derive(Serialize)]
struct TotalsRow {
    requests: u64,
    lines: u64,
    metadata: u64,
    refused: u64,
    notes: u64,
    /// The catalogues are at `/api/catalog`.
    catalogs: u64,
    bytes: u64,
    lines_without_series: u64,
}

#[derive(Serialize)]
struct MetadataRow {
    key: String,
    #[serde(rename = "type")]
    metric_type: String,
    unit: Option<String>,
    description: Option<String>,
    display_name: Option<String>,
}

#[derive(Serialize)]
struct SeriesRow {
    id: usize,
    /// The time at which its first line arrived.
    first: u64,
    metric: String,
    kind: String,
    dimensions: Vec<(String, String)>,
}

/// An array, since a frame may contain ten thousand: id, lines, values, total, time of the newest
/// line, rate, time at which the rate becomes 0, newest payload.
#[derive(Serialize)]
struct ValuesRow(
    usize,
    u64,
    u64,
    f64,
    u64,
    Option<f64>,
    Option<u64>,
    NewestPayload,
);

#[derive(Serialize)]
#[serde(untagged)]
enum NewestPayload {
    One([f64; 1]),
    Summary(f64, f64, f64, u64),
}

impl Frame {
    pub(super) fn after(cursor: Cursor, state: &State, now: SystemTime) -> Self {
        let totals = state.totals();
        let mut series = Vec::new();
        let mut values = Vec::new();
        for (id, tracked) in state.tracked().iter().enumerate() {
            if tracked.created > cursor.lines {
                series.push(SeriesRow::of(id, &tracked.series));
            }
            if tracked.changed > cursor.lines {
                values.push(ValuesRow::of(id, &tracked.series, now));
            }
        }
        let metadata = state.metadata_after(cursor.metadata);
        let refused = numbered(state.newest_rejected(), totals.rejected, cursor.rejected);
        let notes = numbered(state.newest_notes(), totals.notes, cursor.notes);
        let requests = numbered(state.newest_requests(), totals.requests, cursor.requests);
        Self {
            cursor: Cursor::at(cursor.instance, totals),
            is_first: cursor == Cursor::start(cursor.instance),
            now_ms: milliseconds(now),
            totals: totals.into(),
            metadata: metadata.map(|metadata| MetadataRow::of(metadata)).collect(),
            series,
            values,
            refused: refused
                .take(MAX_ROWS)
                .map(|(number, rejected)| RefusedRow::of(number, rejected))
                .collect(),
            notes: notes
                .take(MAX_ROWS)
                .map(|(number, noted)| NoteRow::of(number, noted))
                .collect(),
            requests: requests
                .take(MAX_ROWS)
                .map(|(number, request)| RequestRow::of(number, request))
                .collect(),
        }
    }
}

impl From<Totals> for TotalsRow {
    fn from(totals: Totals) -> Self {
        Self {
            requests: totals.requests,
            lines: totals.lines,
            metadata: totals.metadata,
            refused: totals.rejected,
            notes: totals.notes,
            catalogs: totals.catalogs,
            bytes: totals.bytes,
            lines_without_series: totals.lines_without_series,
        }
    }
}

impl MetadataRow {
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

impl SeriesRow {
    fn of(id: usize, series: &Series) -> Self {
        Self {
            id,
            first: milliseconds(series.first_seen),
            metric: series.metric.clone(),
            kind: series.kind.to_string(),
            dimensions: series.dimensions.clone(),
        }
    }
}

impl ValuesRow {
    fn of(id: usize, series: &Series, now: SystemTime) -> Self {
        let newest = match series.last {
            Payload::Gauge { value } => NewestPayload::One([value]),
            Payload::Count { delta } => NewestPayload::One([delta]),
            Payload::Summary {
                min,
                max,
                sum,
                count,
            } => NewestPayload::Summary(min, max, sum, count),
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

fn as_text<S: Serializer>(cursor: &Cursor, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(cursor)
}
