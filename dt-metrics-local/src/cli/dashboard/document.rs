//! The document: tiles and where they stand.

use serde::{Serialize, Serializer};

use super::Args;
use super::filter::{Filter, Variable};
use super::layout::{Flow, Place, WIDTH};
use super::metric::{self, Kind, Metric};
use super::tile::{Tile, Tiles};

/// The version of the schema that the documentation gives for new dashboards.
const VERSION: u32 = 21;

/// Height of a chart.
const CHART: u32 = 6;

const NOTE: &str = "Made by `dt-metrics-local dashboard`. Counts are sums over the interval of \
                    the chart, or a second's share of it. Of distributions there are average, \
                    minimum and maximum: metric lines carry no percentiles. Metrics Classic puts \
                    `.count` behind the keys of counts, Grail does not.";

#[derive(Serialize)]
pub(super) struct Document {
    version: u32,
    #[serde(serialize_with = "variables")]
    variables: Vec<Filter>,
    #[serde(serialize_with = "by_number")]
    tiles: Vec<Tile>,
    #[serde(serialize_with = "by_number")]
    layouts: Vec<Place>,
}

/// The dashboard of these metrics.
pub(super) fn of(metrics: &[Metric], args: &Args) -> Document {
    let split_by = metric::dimensions(&args.split_by);
    let filter_by = metric::dimensions(&args.filter_by);
    let filters = Filter::all(metrics, &filter_by);
    let mut rows = Rows::default();
    let tiles = Tiles {
        split_by: &split_by,
        filters: &filters,
        filter_by: &filter_by,
    };
    rows.text(2, format!("# {}\n{NOTE}", args.title));
    let (functions, others) = functions(metrics);
    if !functions.is_empty() {
        rows.text(1, "## Functions".to_owned());
    }
    for (name, parts) in functions {
        for tile in tiles.of_function(name, parts) {
            rows.chart(WIDTH / 3, tile);
        }
    }
    if !others.is_empty() && rows.tiles.len() > 1 {
        rows.text(1, "## Other metrics".to_owned());
    }
    for metric in others {
        for (width, tile) in tiles.of(metric) {
            rows.chart(width, tile);
        }
    }
    Document {
        version: VERSION,
        tiles: rows.tiles,
        layouts: rows.layouts,
        variables: filters,
    }
}

#[derive(Default)]
struct Rows {
    tiles: Vec<Tile>,
    layouts: Vec<Place>,
    flow: Flow,
}

impl Rows {
    fn text(&mut self, height: u32, content: String) {
        self.flow.end_row();
        self.layouts.push(self.flow.place(WIDTH, height));
        self.tiles.push(Tile::Markdown { content });
    }

    fn chart(&mut self, width: u32, tile: Tile) {
        self.layouts.push(self.flow.place(width, CHART));
        self.tiles.push(tile);
    }
}

/// Names of functions with their calls, durations and calls in flight, as `#[measured]` makes
/// them; and all that is none of these.
fn functions(metrics: &[Metric]) -> (Vec<(&str, [&Metric; 3])>, Vec<&Metric>) {
    let find = |function: &str, part: &str, kind: Kind| {
        metrics
            .iter()
            .find(|metric| metric.kind == kind && metric.key == format!("{function}.{part}"))
    };
    let mut found = Vec::new();
    for metric in metrics {
        let Some(function) = metric.key.strip_suffix(".calls") else {
            continue;
        };
        if let Some(calls) = find(function, "calls", Kind::Counter)
            && let Some(duration) = find(function, "duration", Kind::Histogram)
            // Lines tell of an up-down counter that it is a gauge.
            && let Some(in_flight) = find(function, "in_flight", Kind::UpDownCounter)
                .or_else(|| find(function, "in_flight", Kind::Gauge))
        {
            found.push((function, [calls, duration, in_flight]));
        }
    }
    let is_part = |metric: &&Metric| {
        let parts = found.iter().flat_map(|(_, parts)| parts);
        parts.into_iter().any(|part| part.key == metric.key)
    };
    let others = metrics.iter().filter(|metric| !is_part(metric)).collect();
    (found, others)
}

fn variables<S: Serializer>(filters: &[Filter], serializer: S) -> Result<S::Ok, S::Error> {
    let variables = filters
        .iter()
        .map(|filter| -> Variable<'_> { filter.variable() });
    serializer.collect_seq(variables)
}

/// A map from "0" on.
fn by_number<T: Serialize, S: Serializer>(all: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    let numbered = all.iter().enumerate();
    serializer.collect_map(numbered.map(|(number, one)| (number.to_string(), one)))
}
