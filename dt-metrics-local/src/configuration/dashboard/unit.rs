//! The units of charts.

use serde::Serialize;

/// How a chart shows the numbers of a column.
///
/// The app does not show a dashboard with an unknown unit name. The names used here occur in
/// dashboards that Dynatrace publishes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnitOverride {
    identifier: String,
    unit_category: &'static str,
    base_unit: &'static str,
    display_unit: Option<&'static str>,
    decimals: Option<u8>,
    suffix: &'static str,
    delimiter: bool,
    added: u64,
}

impl UnitOverride {
    /// `None` if the app is not known to have a name for the unit.
    pub(super) fn of(column: String, unit: &str) -> Option<Self> {
        let (unit_category, base_unit) = match unit {
            "s" => ("time", "second"),
            "ms" => ("time", "millisecond"),
            "us" => ("time", "microsecond"),
            "ns" => ("time", "nanosecond"),
            "By" => ("data", "byte"),
            "%" => ("percentage", "percent"),
            _ => return None,
        };
        Some(Self {
            identifier: column,
            unit_category,
            base_unit,
            display_unit: None,
            decimals: None,
            suffix: "",
            delimiter: false,
            added: 0,
        })
    }
}

/// The unit as a text: `order` for `{order}`, and `None` for `1`.
pub(super) fn label(unit: &str) -> Option<&str> {
    let unit = unit
        .strip_prefix('{')
        .and_then(|unit| unit.strip_suffix('}'))
        .unwrap_or(unit);
    (!matches!(unit, "" | "1")).then_some(unit)
}
