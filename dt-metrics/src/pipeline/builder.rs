//! One line in `main`, and all that can be said in it.

// In this order the documentation has the functions of `Builder`.
mod options;

mod exporters;

mod install;

use std::fmt;
use std::time::Duration;

use self::exporters::{Added, Configure};
pub(super) use self::install::{SHUTDOWN_TIMEOUT, default_interval};
use super::error::Error;
use super::handle::Handle;
use crate::dynatrace::{Options, Report};

/// Installs metrics with what is found on the host; the same as `builder().install()`.
///
/// ```
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
/// ```
/// let report = dt_metrics::check();
/// println!("{report}");
/// ```
pub fn check() -> Report {
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

/// The configuration of the pipeline; from [`builder`].
#[derive(Default)]
#[must_use = "nothing is installed before `install`"]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub struct Builder {
    dynatrace: Options,
    push_interval: Option<Duration>,
    exporters: Vec<Added>,
    no_exporter: bool,
    not_global: bool,
    strict: bool,
    flush_on_termination: bool,
    service_name: Option<String>,
    cardinality_limit: Option<u32>,
    configure: Vec<Configure>,
    health_metrics: bool,
    shutdown_timeout: Option<Duration>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("dynatrace", &self.dynatrace)
            .field("push_interval", &self.push_interval)
            .field("exporters", &self.exporters.len())
            .field("no_exporter", &self.no_exporter)
            .field("set_global", &!self.not_global)
            .field("strict", &self.strict)
            .field("flush_on_termination", &self.flush_on_termination)
            .field("service_name", &self.service_name)
            .field("cardinality_limit", &self.cardinality_limit)
            .field("health_metrics", &self.health_metrics)
            .field("shutdown_timeout", &self.shutdown_timeout)
            .finish_non_exhaustive()
    }
}
