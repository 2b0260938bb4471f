//! Anomaly detectors of Dynatrace.

use serde_json::{Value, json};

use super::format::{Collection, File, Format, Item, pretty};
use super::goal::Goal;
use super::metrics::Metrics;

/// The schema of anomaly detectors in Dynatrace's settings. Its properties are described in
/// `dynatrace/api/builtin/davis/anomalydetectors` of
/// <https://github.com/dynatrace-oss/terraform-provider-dynatrace>.
const SCHEMA: &str = "builtin:davis.anomaly-detectors";

/// The analyzer compares the values of a query with a fixed number.
const ANALYZER: &str = "dt.statistics.ui.anomaly_detection.StaticThresholdAnomalyDetectionAnalyzer";

/// Minutes that are looked at, violations among them that raise an event, and minutes without a
/// violation that close the event. These are the defaults of the provider's examples.
const SLIDING_WINDOW: u32 = 5;
const VIOLATING_SAMPLES: u32 = 3;
const DEALERTING_SAMPLES: u32 = 5;

/// Anomaly detectors, made of the objectives in a catalogue: each raises an event if more calls fail, or are
/// slower, than its objective allows, in 3 of 5 minutes.
///
/// In the API, the JSON is the body of `POST /api/v2/settings/objects`.
///
/// ```
/// use dt_metrics_local::configuration::{Alerts, Format, Metrics};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let catalog = r#"[{"name":"pay.duration","kind":"histogram","unit":"ms",
///     "objective":{"latency":0.25,"percentile":0.99}}]"#;
/// let metrics = Metrics::from_catalog(catalog, Some("shop"))?.over_otlp();
/// let files = Alerts::new().files(&metrics, Format::Json);
/// assert_eq!(files[0].path, "alerts.json");
/// assert!(files[0].content.contains("percentile(shop.pay.duration, 99)"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alerts {}

impl Alerts {
    /// An anomaly detector for each objective.
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }

    /// The files; none if no metric has an objective.
    #[must_use]
    pub fn files(&self, metrics: &Metrics, format: Format) -> Vec<File> {
        let (goals, _) = Goal::all(metrics);
        if goals.is_empty() {
            return Vec::new();
        }
        let items: Vec<_> = goals.iter().map(item).collect();
        let objects: Vec<_> = items.iter().map(|(object, _)| object).collect();
        let collection = Collection {
            json: pretty(&objects),
            name: "alerts",
            resource: "dynatrace_davis_anomaly_detectors",
            monaco_type: &[
                "",
                "    settings:",
                "      schema: builtin:davis.anomaly-detectors",
                "      scope: environment",
            ],
            items: items.into_iter().map(|(_, item)| item).collect(),
        };
        collection.files(format)
    }
}

/// The settings object, and the same in the other formats.
fn item(goal: &Goal<'_>) -> (Value, Item) {
    let name = goal.name();
    let violation = goal.violation();
    let description = format!("{}\n\n{}", violation.text, goal.description());
    let input = pairs([
        ("query", violation.query),
        ("threshold", violation.threshold),
        ("alertCondition", "ABOVE".to_owned()),
        // Without calls, there is nothing to violate.
        ("alertOnMissingData", "false".to_owned()),
        ("violatingSamples", VIOLATING_SAMPLES.to_string()),
        ("slidingWindow", SLIDING_WINDOW.to_string()),
        ("dealertingSamples", DEALERTING_SAMPLES.to_string()),
    ]);
    let properties = pairs([
        ("event.type", violation.event.to_owned()),
        ("event.name", without_placeholders(&name)),
        ("event.description", without_placeholders(&description)),
    ]);
    let value = json!({
        "title": name,
        "description": description,
        "enabled": true,
        "source": "dt-metrics",
        "analyzer": { "name": ANALYZER, "input": input },
        "eventTemplate": { "properties": properties },
        // Dynatrace adds the user who creates the detector.
        "executionSettings": {},
    });
    let terraform = json!({
        "title": name,
        "description": description,
        "enabled": true,
        "source": "dt-metrics",
        "analyzer": { "name": ANALYZER, "input": { "analyzer_input_field": input } },
        "event_template": { "properties": { "property": properties } },
        "execution_settings": {},
    });
    let item = Item {
        name,
        terraform,
        monaco: pretty(&value),
    };
    let object = json!({ "schemaId": SCHEMA, "scope": "environment", "value": value });
    (object, item)
}

fn pairs<const N: usize>(pairs: [(&str, String); N]) -> Value {
    let pairs = pairs.into_iter();
    pairs
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect()
}

/// In texts of events, braces enclose placeholders.
fn without_placeholders(text: &str) -> String {
    text.replace('{', "(").replace('}', ")")
}
