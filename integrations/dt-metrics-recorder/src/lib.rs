//! A recorder for the [`metrics`] facade: everything that libraries and programs record with
//! `metrics::counter!`, `gauge!` and `histogram!` arrives in Dynatrace, next to the metrics of
//! dt-metrics' annotations.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = dt_metrics_local::Server::builder().start()?;
//! # let builder = dt_metrics::builder().endpoint(server.url());
//! # let _metrics = builder.install()?; /*
//! let _metrics = dt_metrics::init()?;
//! # */
//! dt_metrics_recorder::install()?;
//!
//! metrics::counter!("requests", "route" => "/orders").increment(1);
//! # Ok(())
//! # }
//! ```
//!
//! | facade | arrives as |
//! | --- | --- |
//! | `counter!`: `increment`, `absolute` | a count: `absolute` raises the count to the value, and a lower value changes nothing |
//! | `gauge!`: `set`, `increment`, `decrement` | a gauge, at each push |
//! | `histogram!`: `record`, `record_many` | min, max, sum and count |
//! | labels | dimensions |
//! | `describe_*!` | unit and description, until the first push of the metric |
//!
//! Install the recorder before the libraries begin to record: the facade drops measurements from
//! before the installation. The order of [`install`] and `dt_metrics::init` does not matter.
//!
//! # Names
//!
//! Names and label keys that Dynatrace does not accept are replaced by the nearest valid name or key:
//! `HTTP requests/s` arrives as `HTTP_requests_s`, the label `Status Code` as `status_code`. A label
//! whose key has no valid character is dropped. If two labels of a metric have the same key, the last
//! one counts.
//!
//! If another instrument of the program has the same name with another kind or another unit, the
//! values of the facade's metric are dropped, and one warning of the target `dt_metrics` (crate
//! `tracing`) names both.
//!
//! # Lifetime of series
//!
//! The macros of the facade make a new handle for each value, so the recorder keeps each series
//! for some time. The series of a counter or a histogram ends when all handles of the series have been
//! dropped and the series has had no value for 10 minutes. The end of a counter or a histogram is not
//! visible in Dynatrace: a later value continues the series.
//!
//! A gauge keeps its value while it is not set, so its series does not end by default. With
//! [`Builder::idle_timeout`], the series of a gauge ends like series of counters and histograms.
//!
//! A series does not end while the program holds a handle of it. The gauge `dt_metrics_recorder.series` is
//! the number of series that the recorder keeps.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod describe;
mod handle;
mod recorder;
mod store;

pub use builder::{Builder, InstallError, builder, install};
pub use recorder::Recorder;
