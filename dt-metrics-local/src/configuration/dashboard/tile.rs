//! The tiles of a metric, by its kind.

use std::fmt::Write;

use serde::Serialize;

use super::filter::Filter;
use super::unit::{self, UnitOverride};
use crate::catalog::InstrumentKind;
use crate::configuration::dql::{
    AVERAGE, Column, HALF, MAXIMUM, MEASUREMENTS, MINIMUM, MOST, NEARLY_ALL, PER_SECOND, Query,
    Rate, TOTAL, name,
};
use crate::configuration::metric::{ExportedMetric, OUTCOME, kind_name};

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
                let columns = distribution(metric);
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

    /// The row of a measured function: calls, error rate, duration, calls in flight.
    pub(super) fn of_function(&self, name: &str, parts: [&ExportedMetric; 3]) -> Vec<Tile> {
        let [calls, duration, in_flight] = parts;
        let unit = in_parentheses(duration);
        let title = format!("{name}: calls a second");
        let mut tiles = vec![self.tile(calls, title, "lineChart", &[PER_SECOND])];
        if calls.has(OUTCOME) {
            tiles.push(self.error_rate(calls, format!("{name}: error rate (%)")));
        }
        tiles.push(self.tile(
            duration,
            format!("{name}: duration{unit}"),
            "lineChart",
            &distribution(duration),
        ));
        tiles.push(self.tile(
            in_flight,
            format!("{name}: in flight"),
            "lineChart",
            &[AVERAGE, MAXIMUM],
        ));
        tiles
    }

    fn error_rate(&self, calls: &ExportedMetric, title: String) -> Tile {
        let rate = Rate {
            column: "error_rate",
            of_failures: true,
            metric: &calls.key,
            by: self.dimensions(calls, &[OUTCOME]),
            // The outcome is what the rate is about.
            filters: self.conditions(calls, &[OUTCOME]),
            interval: None,
        };
        let unit = UnitOverride::of(rate.name(), "%");
        Tile::data(
            calls,
            title,
            "lineChart",
            rate.text(),
            unit.into_iter().collect(),
        )
    }

    fn tile(
        &self,
        metric: &ExportedMetric,
        title: String,
        visualization: &'static str,
        columns: &[Column],
    ) -> Tile {
        let by = self.dimensions(metric, &[]);
        let with_unit = columns.iter().filter(|column| column.has_unit);
        let units = with_unit
            .filter_map(|column| UnitOverride::of(column.name_beside(&by), &metric.unit))
            .collect();
        let query = Query {
            metric: &metric.key,
            columns,
            filters: self.conditions(metric, &[]),
            by,
            interval: None,
        };
        Tile::data(metric, title, visualization, query.text(), units)
    }

    /// The dimensions that split a chart.
    fn dimensions<'m>(&'m self, metric: &'m ExportedMetric, without: &[&str]) -> Vec<&'m str> {
        let split_by = self.split_by.iter().filter(|key| !metric.has(key));
        let all = metric.dimensions.iter().chain(split_by);
        all.map(|key| &**key)
            .filter(|key| !without.contains(key))
            .collect()
    }

    /// The conditions of the menus.
    fn conditions(&self, metric: &ExportedMetric, without: &[&str]) -> Vec<String> {
        let applies = |filter: &&Filter| {
            let dimension = &filter.dimension;
            !without.contains(&&**dimension)
                && (metric.has(dimension) || self.filter_by.contains(dimension))
        };
        let filters = self.filters.iter().filter(applies);
        filters.map(Filter::condition).collect()
    }
}

impl Tile {
    fn data(
        metric: &ExportedMetric,
        title: String,
        visualization: &'static str,
        query: String,
        units_overrides: Vec<UnitOverride>,
    ) -> Self {
        Self::Data {
            title,
            description: description(metric),
            query,
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

/// The curves of a histogram.
fn distribution(metric: &ExportedMetric) -> Vec<Column> {
    if metric.has_buckets {
        vec![HALF, MOST, NEARLY_ALL, MAXIMUM]
    } else {
        vec![AVERAGE, MINIMUM, MAXIMUM]
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
