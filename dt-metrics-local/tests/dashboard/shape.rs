//! The shape of a dashboard: the properties that the documentation requires, and that dashboards
//! published by Dynatrace have. The app does not load other documents.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

const VISUALIZATIONS: [&str; 2] = ["lineChart", "barChart"];

/// Names of units that occur in published dashboards.
const UNITS: [(&str, &str); 6] = [
    ("time", "second"),
    ("time", "millisecond"),
    ("time", "microsecond"),
    ("time", "nanosecond"),
    ("data", "byte"),
    ("percentage", "percent"),
];

#[derive(Debug)]
pub(crate) struct Dashboard {
    /// Texts of the markdown tiles.
    pub(crate) texts: Vec<String>,
    pub(crate) charts: Vec<Chart>,
    /// Queries of the variables.
    pub(crate) variables: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) query: String,
    pub(crate) visualization: String,
    /// Columns with a unit.
    pub(crate) units: Vec<(String, String)>,
    pub(crate) row: u64,
}

/// Takes a dashboard apart; panics where it is not one.
pub(crate) fn check(json: &str) -> Dashboard {
    let document: Value = serde_json::from_str(json).unwrap();
    keys(
        &document,
        &["version", "variables", "tiles", "layouts"],
        &[],
    );
    assert_eq!(document["version"], 21);
    let tiles = document["tiles"].as_object().unwrap();
    let layouts = document["layouts"].as_object().unwrap();
    assert!(tiles.keys().eq(layouts.keys()));
    let rows = places(layouts.values());
    let mut dashboard = Dashboard {
        texts: Vec::new(),
        charts: Vec::new(),
        variables: BTreeMap::new(),
    };
    for ((number, tile), row) in tiles.iter().zip(rows) {
        assert!(number.parse::<u32>().is_ok());
        match tile["type"].as_str().unwrap() {
            "markdown" => {
                keys(tile, &["type", "content"], &[]);
                dashboard.texts.push(text(&tile["content"]));
            }
            "data" => dashboard.charts.push(chart(tile, row)),
            other => panic!("a tile of type {other}"),
        }
    }
    for variable in document["variables"].as_array().unwrap() {
        let required = [
            "key",
            "type",
            "version",
            "visible",
            "editable",
            "multiple",
            "input",
            "defaultValue",
        ];
        keys(variable, &required, &[]);
        assert_eq!(variable["type"], "query");
        let key = text(&variable["key"]);
        assert!(key.starts_with(|c: char| c.is_ascii_alphabetic()));
        let input = text(&variable["input"]);
        assert!(dashboard.variables.insert(key, input).is_none());
    }
    dashboard
}

fn chart(tile: &Value, row: u64) -> Chart {
    let required = [
        "type",
        "title",
        "query",
        "visualization",
        "visualizationSettings",
        "querySettings",
    ];
    keys(tile, &required, &["description"]);
    let visualization = text(&tile["visualization"]);
    assert!(VISUALIZATIONS.contains(&&*visualization));
    assert!(tile["querySettings"].is_object());
    let settings = &tile["visualizationSettings"];
    let allowed = ["unitsOverrides"];
    keys(
        settings,
        &["autoSelectVisualization", "chartSettings"],
        &allowed,
    );
    let overrides = settings["unitsOverrides"].as_array();
    let units = overrides.into_iter().flatten().map(|unit| {
        let required = [
            "identifier",
            "unitCategory",
            "baseUnit",
            "displayUnit",
            "decimals",
            "suffix",
            "delimiter",
            "added",
        ];
        keys(unit, &required, &[]);
        let names = (text(&unit["unitCategory"]), text(&unit["baseUnit"]));
        assert!(UNITS.contains(&(&names.0, &names.1)), "{names:?}");
        (text(&unit["identifier"]), names.1)
    });
    Chart {
        title: text(&tile["title"]),
        description: text(&tile["description"]),
        query: text(&tile["query"]),
        units: units.collect(),
        visualization,
        row,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn keys(object: &Value, required: &[&str], allowed: &[&str]) {
    let there: BTreeSet<_> = object
        .as_object()
        .unwrap()
        .keys()
        .map(|key| &**key)
        .collect();
    for key in required {
        assert!(there.contains(key), "{key} is missing in {object:#}");
    }
    for key in there {
        assert!(
            required.contains(&key) || allowed.contains(&key),
            "{key} is unknown in {object:#}"
        );
    }
}

/// The rows of tiles, which lie on 24 columns and not on one another.
fn places<'a>(layouts: impl Iterator<Item = &'a Value>) -> Vec<u64> {
    let mut taken = BTreeSet::new();
    let place = |layout: &Value| {
        keys(layout, &["x", "y", "w", "h"], &[]);
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| layout[key].as_u64().unwrap());
        assert!(w > 0 && h > 0 && x + w <= 24, "{layout}");
        for column in x..x + w {
            for row in y..y + h {
                assert!(taken.insert((column, row)), "{layout} is on another tile");
            }
        }
        y
    };
    layouts.map(place).collect()
}
