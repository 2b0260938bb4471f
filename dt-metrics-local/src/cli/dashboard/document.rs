//! The document: tiles and their layout.

use serde::{Serialize, Serializer};

use super::args::DashboardArgs;
use super::filter::{Filter, Variable};
use super::metric::{self, ExportedMetric, InstrumentKind};
use super::tile::{Tile, Tiles};

/// The version of the schema that the documentation gives for new dashboards.
const VERSION: u32 = 21;

/// Height of a chart.
const CHART: u32 = 6;

const NOTE: &str = "Made by `dt-metrics-local dashboard`. Counts are sums over the interval of \
                    the chart, or a second's share of it. Of distributions there are average, \
                    minimum and maximum: metric lines carry no percentiles. Metrics Classic puts \
                    `.count` behind the keys of counts, Grail does not.";

/// A dashboard in the format of the Dashboards app.
#[derive(Serialize)]
pub(super) struct Document {
    version: u32,
    #[serde(serialize_with = "variables")]
    variables: Vec<Filter>,
    #[serde(serialize_with = "by_number")]
    tiles: Vec<Tile>,
    #[serde(serialize_with = "by_number")]
    layouts: Vec<Placement>,
}

/// The dashboard for these metrics.
pub(super) fn of(metrics: &[ExportedMetric], args: &DashboardArgs) -> Document {
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

/// The tiles so far, with their layout.
#[derive(Default)]
struct Rows {
    tiles: Vec<Tile>,
    layouts: Vec<Placement>,
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

/// Columns of the grid.
const WIDTH: u32 = 24;

/// The position and size of a tile on the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Placement {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) w: u32,
    pub(super) h: u32,
}

/// Placements tiles in rows, from left to right.
#[derive(Debug, Default)]
pub(super) struct Flow {
    x: u32,
    y: u32,
    height: u32,
}

impl Flow {
    /// Placements a tile of this size, in a new row if the current one is full.
    pub(super) fn place(&mut self, w: u32, h: u32) -> Placement {
        if self.x + w > WIDTH {
            self.end_row();
        }
        let placement = Placement {
            x: self.x,
            y: self.y,
            w,
            h,
        };
        self.x += w;
        self.height = self.height.max(h);
        placement
    }

    /// Begins a new row.
    pub(super) fn end_row(&mut self) {
        self.y += self.height;
        self.x = 0;
        self.height = 0;
    }
}

/// The functions with the three metrics of `#[measured]` (calls, duration, calls in flight), and all
/// other metrics.
fn functions(
    metrics: &[ExportedMetric],
) -> (Vec<(&str, [&ExportedMetric; 3])>, Vec<&ExportedMetric>) {
    let find = |function: &str, part: &str, kind: InstrumentKind| {
        metrics
            .iter()
            .find(|metric| metric.kind == kind && metric.key == format!("{function}.{part}"))
    };
    let mut found = Vec::new();
    for metric in metrics {
        let Some(function) = metric.key.strip_suffix(".calls") else {
            continue;
        };
        if let Some(calls) = find(function, "calls", InstrumentKind::Counter)
            && let Some(duration) = find(function, "duration", InstrumentKind::Histogram)
            // In metric lines, an up-down counter is a gauge.
            && let Some(in_flight) = find(function, "in_flight", InstrumentKind::UpDownCounter)
                .or_else(|| find(function, "in_flight", InstrumentKind::Gauge))
        {
            found.push((function, [calls, duration, in_flight]));
        }
    }
    let is_part = |metric: &&ExportedMetric| {
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

/// Serializes a list as a map with the keys "0", "1" and so on.
fn by_number<T: Serialize, S: Serializer>(all: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    let numbered = all.iter().enumerate();
    serializer.collect_map(numbered.map(|(number, one)| (number.to_string(), one)))
}
