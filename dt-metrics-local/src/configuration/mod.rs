//! Configuration of Dynatrace, generated from the catalogues of programs.
//!
//! [`Metrics`] are read from the output of `dt_metrics::catalog_json()`. [`Dashboard`] is a dashboard that
//! shows each of them; [`Slos`] and [`Alerts`] are service-level objectives and anomaly detectors of the
//! objectives that `#[measured(objective(…))]` states. Each is written in the [`Format`] of your choice. All
//! queries use the keys under which Dynatrace stores the metrics.
//!
//! ```
//! use dt_metrics_local::configuration::{Dashboard, Metrics};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let catalog = r#"[{"name":"orders","kind":"counter","dimension_keys":["region"]}]"#;
//! let metrics = Metrics::from_catalog(catalog, Some("shop"))?;
//! let dashboard = Dashboard::new("Shop").to_json(&metrics);
//! assert!(dashboard.contains("sum(shop.orders, default: 0)"));
//! # Ok(())
//! # }
//! ```
//!
//! Sources of the dashboard's format: Dynatrace documentation, "Dynatrace document structure -
//! Dashboards" (version 21) and "DQL metric commands"; dashboards that Dynatrace publishes as exported,
//! such as `docs/dashboards` of <https://github.com/Dynatrace/dynatrace-otel-collector>.
// This folder imports `catalog`, and the keys and units of `dt-metrics`.

mod alerts;
mod dashboard;
mod dql;
mod error;
mod format;
mod goal;
mod metric;
mod metrics;
mod slo;

#[cfg(test)]
mod tests;

pub use alerts::Alerts;
pub use dashboard::Dashboard;
pub use error::MetricsError;
pub use format::{File, Format};
pub use metrics::Metrics;
pub use slo::Slos;

pub(crate) use metrics::{PayloadKind, ReceivedSeries};
