//! The tiles of a metric, by its kind.

use std::fmt::Write;

use serde::Serialize;

use super::filter::Filter;
use super::unit::{self, UnitOverride};
use crate::catalog::InstrumentKind;
use crate::configuration::dql::{
    AVERAGE, Column, MAXIMUM, MEASUREMENTS, MINIMUM, PER_SECOND, Query, TOTAL, name,
};
use crate::configuration::metric::{ExportedMetric, kind_name};

/// Longest title that is not cut off on a tile a third of the dashboard wide.
const TITLE: usize = 60;

/// A tile of the document.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Tile {
    Markdown {
        content: String,
    },
    #[serde(rename_all = "camelCase")]
    Data {
        title: String,
        description: String,
        query: String,
        visualization: &'static str,
        visualization_settings: Look,
        query_settings: Empty,
    },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Look {
    auto_select_visualization: bool,
    chart_settings: Chart,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    units_overrides: Vec<UnitOverride>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Chart {
    gap_policy: &'static str,
}

/// The app adds its defaults.
#[derive(Debug, Serialize)]
pub(super) struct Empty {}

/// The settings that all tiles share.
pub(super) struct Tiles<'a> {
    pub(super) split_by: &'a [String],
    pub(super) filters: &'a [Filter],
    /// Dimensions that every metric has, even if its catalogue entry does not list them.
    pub(super) filter_by: &'a [String],
}

impl Tiles<'_> {
    /// The tiles of a metric with their widths.
    pub(super) fn of(&self, metric: &ExportedMetric) -> Vec<(u32, Tile)> {
        let label = label(metric);
        let unit = in_parentheses(metric);
        match metric.kind {
            InstrumentKind::Counter => {
                let tile = self.tile(metric, format!("{label}{unit}"), "barChart", &[TOTAL]);
                vec![(8, tile)]
            }
            InstrumentKind::Histogram => {
                let columns = [AVERAGE, MINIMUM, MAXIMUM];
                let values = self.tile(metric, format!("{label}{unit}"), "lineChart", &columns);
                let title = format!("{label}: measurements");
                let count = self.tile(metric, title, "barChart", &[MEASUREMENTS]);
                vec![(16, values), (8, count)]
            }
            InstrumentKind::Gauge | InstrumentKind::UpDownCounter => {
                let columns = [AVERAGE, MAXIMUM];
                let tile = self.tile(metric, format!("{label}{unit}"), "lineChart", &columns);
                vec![(8, tile)]
            }
        }
    }

    /// The row of a measured function.
    pub(super) fn of_function(&self, name: &str, parts: [&ExportedMetric; 3]) -> [Tile; 3] {
        let [calls, duration, in_flight] = parts;
        let unit = in_parentheses(duration);
        let title = format!("{name}: calls a second");
        [
            self.tile(calls, title, "lineChart", &[PER_SECOND]),
            self.tile(
                duration,
                format!("{name}: duration{unit}"),
                "lineChart",
                &[AVERAGE, MINIMUM, MAXIMUM],
            ),
            self.tile(
                in_flight,
                format!("{name}: in flight"),
                "lineChart",
                &[AVERAGE, MAXIMUM],
            ),
        ]
    }

    fn tile(
        &self,
        metric: &ExportedMetric,
        title: String,
        visualization: &'static str,
        columns: &[Column],
    ) -> Tile {
        let split_by = self.split_by.iter().filter(|key| !metric.has(key));
        let by: Vec<_> = metric
            .dimensions
            .iter()
            .chain(split_by)
            .map(|key| &**key)
            .collect();
        let applies = |filter: &&Filter| {
            metric.has(&filter.dimension) || self.filter_by.contains(&filter.dimension)
        };
        let filters = self.filters.iter().filter(applies);
        // Neither a number of measurements nor a rate has the unit of the measurement.
        let with_unit = columns
            .iter()
            .filter(|column| !matches!(**column, MEASUREMENTS | PER_SECOND));
        let units_overrides = with_unit
            .filter_map(|column| UnitOverride::of(column.name_beside(&by), &metric.unit))
            .collect();
        let query = Query {
            metric: &metric.key,
            columns,
            filters: filters.map(Filter::condition).collect(),
            by,
        };
        Tile::Data {
            title,
            description: description(metric),
            query: query.text(),
            visualization,
            visualization_settings: Look {
                auto_select_visualization: false,
                chart_settings: Chart {
                    gap_policy: "connect",
                },
                units_overrides,
            },
            query_settings: Empty {},
        }
    }
}

/// The title of a metric: the first sentence of its description, or its key.
fn label(metric: &ExportedMetric) -> &str {
    let first = metric.description.lines().next().unwrap_or_default();
    let sentence = first.split_once(". ").map_or(first, |(first, _)| first);
    let sentence = sentence.trim().trim_end_matches('.');
    if sentence.is_empty() || sentence.chars().count() > TITLE {
        &metric.key
    } else {
        sentence
    }
}

fn in_parentheses(metric: &ExportedMetric) -> String {
    unit::label(&metric.unit).map_or_else(String::new, |unit| format!(" ({unit})"))
}

/// The description of a tile.
fn description(metric: &ExportedMetric) -> String {
    let mut text = metric.description.trim().to_owned();
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    // Writing to a `String` never fails.
    let _ = write!(text, "{}, {}", name(&metric.key), kind_name(metric.kind));
    if !metric.locations.is_empty() {
        let _ = write!(text, ", of {}", metric.locations.join(", "));
    }
    text
}
