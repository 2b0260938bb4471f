//! Into a provider that the program built itself.

use opentelemetry_sdk::metrics::SdkMeterProvider;

use super::bridge::Bridge;
use super::builder::{SHUTDOWN_TIMEOUT, default_interval};
use super::delivery::Delivery;
use super::error::Error;
use super::handle::{Handle, Owner};
use super::place::Place;

/// Joins a provider that the program built itself, in place of [`install`](crate::Builder::install):
/// from now on each collection of `provider` takes what the annotations measured, with all of its
/// readers, views, resource and exporters. What was measured before is kept and taken, too.
///
/// The handle is the tie: while it lives the provider is fed. [`Handle::flush`] makes the provider
/// collect; [`Handle::shutdown`], or dropping the handle, does so once more and leaves the provider
/// running, which is the program's to shut down. An exporter of the program's is the program's to
/// flush, too.
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
/// metrics.shutdown(Duration::from_secs(5))?;
/// provider.shutdown()?;
/// # Ok(())
/// # }
/// ```
///
/// A provider of another version of the SDK is of another type, and does not compile:
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
/// [`Error::AlreadyInstalled`] if metrics are installed, or attached to another provider: each
/// measurement goes to one. [`Error::Thread`] if the operating system gives no thread.
pub fn attach(provider: &SdkMeterProvider) -> Result<Handle, Error> {
    let place = Place::take()?;
    // Whatever its exporters are, they may carry buckets.
    let bridge =
        Bridge::start(provider, default_interval(), true, Vec::new()).map_err(Error::Thread)?;
    Ok(Handle::new(
        provider.clone(),
        Owner::Program,
        bridge,
        Delivery::NONE,
        None,
        SHUTDOWN_TIMEOUT,
        place,
    ))
}
