//! Service-level objectives of Dynatrace.

use serde_json::{Value, json};

use super::format::{Collection, File, Format, Item, pretty};
use super::goal::Goal;
use super::metrics::Metrics;

/// Service-level objectives of Dynatrace, made of the objectives in a catalogue.
///
/// The indicator of each is a query in DQL. In the API, each is a body of `POST /platform/slo/v1/slos`. The
/// fields are those of the Terraform provider's settings, `dynatrace/api/slo/settings` of
/// <https://github.com/dynatrace-oss/terraform-provider-dynatrace>.
///
/// ```
/// use dt_metrics_local::configuration::{Format, Metrics, Slos};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let catalog = r#"[{"name":"pay.calls","kind":"counter","dimension_keys":["outcome"],
///     "objective":{"success":0.999}}]"#;
/// let metrics = Metrics::from_catalog(catalog, Some("shop"))?;
/// let files = Slos::new().files(&metrics, Format::Json);
/// assert_eq!(files[0].path, "slo.json");
/// assert!(files[0].content.contains(r#""target": 99.9"#));
/// assert!(files[0].content.contains("sum(shop.pay.calls"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slos {
    days: u32,
}

impl Default for Slos {
    fn default() -> Self {
        Self::new()
    }
}

impl Slos {
    /// Objectives for the last seven days.
    #[must_use]
    pub fn new() -> Self {
        Self { days: 7 }
    }

    /// Objectives for this number of days.
    #[must_use]
    pub fn days(mut self, days: u32) -> Self {
        self.days = days.max(1);
        self
    }

    /// The files; none if no metric has an objective.
    #[must_use]
    pub fn files(&self, metrics: &Metrics, format: Format) -> Vec<File> {
        let (goals, _) = Goal::all(metrics);
        if goals.is_empty() {
            return Vec::new();
        }
        let items: Vec<_> = goals.iter().map(|goal| self.item(goal)).collect();
        let bodies: Vec<_> = items.iter().map(|(body, _)| body).collect();
        let collection = Collection {
            json: pretty(&bodies),
            name: "slo",
            resource: "dynatrace_platform_slo",
            monaco_type: &[" slo-v2"],
            items: items.into_iter().map(|(_, item)| item).collect(),
        };
        collection.files(format)
    }

    /// The body of a request, and the same in the other formats.
    fn item(&self, goal: &Goal<'_>) -> (Value, Item) {
        let (name, description, indicator) = (goal.name(), goal.description(), goal.indicator());
        let target = rounded(goal.percent);
        let from = format!("now-{}d", self.days);
        let body = json!({
            "name": name,
            "description": description,
            "criteria": [{ "target": target, "timeframeFrom": from, "timeframeTo": "now" }],
            "customSli": { "indicator": indicator },
            "tags": [],
        });
        let terraform = json!({
            "name": name,
            "description": description,
            "criteria": {
                "criteria_detail": [
                    { "target": target, "timeframe_from": from, "timeframe_to": "now" }
                ]
            },
            "custom_sli": { "indicator": indicator },
        });
        let item = Item {
            name,
            terraform,
            monaco: pretty(&body),
        };
        (body, item)
    }
}

/// A percentage without the digits that a multiplication adds.
fn rounded(percent: f64) -> f64 {
    (percent * 1e9).round() / 1e9
}
