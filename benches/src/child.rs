//! For processes that are measured: an exporter that discards, and the memory they are in.

use std::time::Duration;
use std::{fs, io};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

/// Accepts and discards everything. Delta temporality, as Dynatrace requires.
pub(crate) struct Discard;

impl PushMetricExporter for Discard {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Delta
    }
}

/// The resident bytes of this process, of the kind that this line of the kernel's summary has: `Rss` for all, or
/// `Anonymous` for all but unchanged pages of files.
pub(crate) fn resident_bytes(kind: &str) -> io::Result<u64> {
    // Exact; the numbers in `status` may lag by some pages per thread.
    let rollup = fs::read_to_string("/proc/self/smaps_rollup")?;
    let kilobytes = rollup.lines().find_map(|line| {
        line.strip_prefix(kind)?
            .strip_prefix(':')?
            .trim()
            .strip_suffix(" kB")?
            .parse::<u64>()
            .ok()
    });
    kilobytes
        .map(|kilobytes| kilobytes * 1024)
        .ok_or_else(|| io::Error::other(format!("no `{kind}` in /proc/self/smaps_rollup")))
}
