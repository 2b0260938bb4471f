//! The pipeline: it takes measurements from the slots to the exporters, at an interval.
//!
//! ```text
//! builder ──► install ──► handle ──► running ──► bridge        slots to the SDK's instruments
//!                                       ├──────► schedule      when to push
//!                                       ├──────► lifecycle     one pipeline per process
//!                                       ├──────► signal        flushing on SIGTERM and SIGINT
//!                                       └──────► exit          the rest, when the process exits
//! ```
//!
//! This folder may import `dynatrace`, `registry`, `instrument`, `descriptor` and `process`.

mod added_exporter;
mod aggregation;
mod bridge;
mod builder;
mod console;
mod deadline;
mod error;
mod exit;
mod foreign_exporter;
mod handle;
mod install;
mod lifecycle;
mod passes;
mod push_reader;
mod reader_thread;
mod readers;
mod running;
mod schedule;
mod signal;

use opentelemetry_sdk::metrics::SdkMeterProvider;

use self::aggregation::Aggregation;
use self::bridge::{Bridge, Limits, Summing};
use self::install::{DEFAULT_INTERVAL, SHUTDOWN_TIMEOUT, read_environment};
use self::lifecycle::Installed;
use self::readers::Reader;
use self::running::{ProviderOwner, Running};
use crate::dynatrace::{CheckReport, Options, process_environment, sdk_disabled};
use crate::instrument;

pub use self::builder::Builder;
pub use self::error::Error;
pub use self::handle::Handle;

/// Installs metrics with the configuration found in the environment and on the host. The same as
/// `builder().install()`.
///
/// ```no_run
/// # fn main() -> Result<(), dt_metrics::Error> {
/// let _metrics = dt_metrics::init()?;
/// # drop(_metrics);
/// # Ok(())
/// # }
/// ```
///
/// If the environment has `OTEL_SDK_DISABLED=true`, everything is off: there is no thread, no request
/// and no warning, and all calls of the handle succeed.
///
/// # Errors
///
/// The errors of [`Builder::install`].
pub fn init() -> Result<Handle, Error> {
    builder().install()
}

/// Tries the configuration that [`init`] would use, and reports what to fix: where each value comes
/// from, whether the endpoint can be reached and trusted, whether it accepts the token and a metric
/// line, and whether this host's clock is right.
///
/// The call sends one data point of the gauge `dt_metrics.check`, and blocks until the answer, for ten
/// seconds at most. It does not install anything. Use it in a command of your program, or at its start.
///
/// ```no_run
/// let report = dt_metrics::check();
/// println!("{report}");
/// ```
pub fn check() -> CheckReport {
    builder().check()
}

/// Returns a builder for the pipeline, with the default value of each option.
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
/// if let Err(error) = metrics.shutdown(Duration::from_secs(5)) {
///     eprintln!("metrics: {error}");
/// }
/// # Ok(())
/// # }
/// ```
pub fn builder() -> Builder {
    Builder::default()
}

/// Adds the measurements of the annotations to a provider that the program built itself. Use it instead of
/// [`install`](crate::Builder::install).
///
/// Each collection of `provider` then includes the measurements, also measurements from before the call. All
/// readers, views and exporters of the provider, and its resource, apply.
///
/// The provider receives measurements as long as the handle lives. [`Handle::flush`] makes the provider
/// collect. [`Handle::shutdown`], or dropping the handle, makes the provider collect once more and does not
/// shut it down: your program shuts the provider down, and flushes its own exporters.
///
/// ```
/// use std::time::Duration;
///
/// use dt_metrics::dynatrace::Exporter;
/// use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let exporter = Exporter::builder().build()?;
/// let provider = SdkMeterProvider::builder()
///     .with_reader(PeriodicReader::builder(exporter).build())
///     .build();
/// let metrics = dt_metrics::attach(&provider)?;
/// // … the program …
/// if let Err(error) = metrics.shutdown(Duration::from_secs(5)) {
///     eprintln!("metrics: {error}");
/// }
/// if let Err(error) = provider.shutdown() {
///     eprintln!("metrics: {error}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// A provider of another version of the SDK has another type, and does not compile:
///
/// ```compile_fail,E0308
/// # mod opentelemetry_sdk_of_another_version { #[derive(Default)] pub struct SdkMeterProvider; }
/// use opentelemetry_sdk_of_another_version::SdkMeterProvider;
///
/// let provider = SdkMeterProvider::default();
/// let metrics = dt_metrics::attach(&provider);
/// ```
///
/// # Errors
///
/// [`Error::AlreadyInstalled`] if metrics are installed, or attached to another provider, since each
/// measurement goes to one provider. [`Error::Thread`] if the operating system cannot start a thread.
pub fn attach(provider: &SdkMeterProvider) -> Result<Handle, Error> {
    let installed = Installed::claim()?;
    let mut options = Options::default();
    let (is_disabled, invalid) = sdk_disabled(&process_environment);
    let bridge = if is_disabled {
        None
    } else {
        read_environment(&mut options, invalid);
        if let Some(limit) = options.pipeline.cardinality_limit {
            instrument::set_cardinality_limit(limit);
        }
        // Its exporters are unknown, and may need buckets.
        let aggregation = Aggregation::default();
        let bridge = Bridge::start(
            provider,
            options.pipeline.push_interval.unwrap_or(DEFAULT_INTERVAL),
            false,
            true,
            Vec::new(),
            aggregation,
            options.pipeline.gauge_expiry,
            Summing::ForEver,
            Limits::default(),
            None,
        );
        Some(bridge.map_err(Error::Thread)?)
    };
    let timeout = options.pipeline.shutdown_timeout;
    let handle = Handle::new(Running::new(
        provider.clone(),
        ProviderOwner::Program,
        vec![Reader::all(provider.clone(), &[])],
        None,
        bridge,
        None,
        timeout.unwrap_or(SHUTDOWN_TIMEOUT),
        installed,
    ));
    handle.deliver_at_exit();
    Ok(handle)
}
