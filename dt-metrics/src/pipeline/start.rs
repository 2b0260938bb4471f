//! One line in `main`.

use super::builder::Builder;
use super::error::Error;
use super::handle::Handle;
use crate::dynatrace::CheckReport;

/// Installs metrics with what is found on the host; the same as `builder().install()`.
///
/// ```no_run
/// # fn main() -> Result<(), dt_metrics::Error> {
/// let _metrics = dt_metrics::init()?;
/// # drop(_metrics);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As for [`Builder::install`].
pub fn init() -> Result<Handle, Error> {
    builder().install()
}

/// Tries the configuration that [`init`] would use, and says what to fix: where each value comes
/// from, whether the endpoint can be reached and trusted, whether it takes the token and a line,
/// and whether this host's clock is right.
///
/// Sends one data point of the gauge `dt_metrics.check`. Nothing is installed. It waits for the
/// answer, ten seconds at the most: it is for a command of a program, or for its start.
///
/// ```no_run
/// let report = dt_metrics::check();
/// println!("{report}");
/// ```
pub fn check() -> CheckReport {
    builder().check()
}

/// Starts the configuration of the pipeline.
///
/// ```no_run
/// use std::time::Duration;
///
/// # fn main() -> Result<(), dt_metrics::Error> {
/// let metrics = dt_metrics::builder()
///     .endpoint("https://myenv123.live.dynatrace.com/api/v2/metrics/ingest")
///     .api_token(std::env::var("MY_TOKEN").unwrap_or_default())
///     .prefix("shop")
///     .default_dimension("env", "prod")
///     .push_interval(Duration::from_secs(10))
///     .install()?;
/// // … the program …
/// metrics.shutdown(Duration::from_secs(5))
/// # }
/// ```
pub fn builder() -> Builder {
    Builder::default()
}
