//! The readers of a provider: each is flushed and ended on its own, so that an exporter that hangs
//! holds up no other one.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{MeterProviderBuilder, SdkMeterProvider};

use super::aggregation::Aggregation;
use super::bridge::Bridge;
use super::deadline::{Deadline, Late};
use super::foreign_exporter::{Failures, Noted};
use super::passes::Passes;
use super::push_reader::PushReader;
use super::reader_thread::ReaderThread;
use crate::thread::spawn;

/// A reader, or all readers of a provider at once.
pub(super) struct Reader {
    flushed: Flushed,
    passes: Passes,
    failures: Vec<Failures>,
}

/// The part of the SDK that is flushed and ended.
#[derive(Clone)]
enum Flushed {
    Reader(Arc<dyn MetricReader>),
    Provider(SdkMeterProvider),
}

impl Flushed {
    fn force_flush(&self) -> OTelSdkResult {
        match self {
            Self::Reader(reader) => reader.force_flush(),
            Self::Provider(provider) => provider.force_flush(),
        }
    }

    fn shutdown(&self) -> OTelSdkResult {
        match self {
            Self::Reader(reader) => reader.shutdown(),
            Self::Provider(provider) => provider.shutdown(),
        }
    }
}

impl Reader {
    /// Adds a reader for an exporter to a provider, which is built after this call. It collects at each
    /// interval, or only when it is flushed if there is none.
    pub(super) fn add(
        provider: MeterProviderBuilder,
        exporter: impl PushMetricExporter,
        interval: Option<Duration>,
        aggregation: Aggregation,
    ) -> io::Result<(MeterProviderBuilder, Self)> {
        let failures = Failures::default();
        let exporter = Noted {
            exporter,
            failures: failures.clone(),
        };
        let reader = PushReader::new(exporter, aggregation);
        let (provider, flushed): (_, Arc<dyn MetricReader>) = match interval {
            None => (provider.with_reader(reader.clone()), Arc::new(reader)),
            Some(interval) => {
                let reader = ReaderThread::start(reader, interval)?;
                (provider.with_reader(reader.clone()), Arc::new(reader))
            }
        };
        let this = Self {
            flushed: Flushed::Reader(flushed),
            passes: Passes::default(),
            failures: vec![failures],
        };
        Ok((provider, this))
    }

    /// All readers of a provider, one after the other: for a provider with readers that the program
    /// added itself. `added` are the readers of the pipeline.
    pub(super) fn all(provider: SdkMeterProvider, added: &[Self]) -> Self {
        let failures = added.iter().flat_map(|reader| reader.failures.clone());
        Self {
            flushed: Flushed::Provider(provider),
            passes: Passes::default(),
            failures: failures.collect(),
        }
    }

    /// Starts to collect everything until now, with all instruments that there are.
    pub(super) fn flush(&self, bridge: &Arc<Bridge>) -> Result<Receiver<OTelSdkResult>, Late> {
        let (bridge, flushed) = (Arc::clone(bridge), self.flushed.clone());
        let failures = self.failures.clone();
        self.passes.begin(move || {
            // Ends if the bridge is stopped.
            if let Err(Late::Thread(error)) = bridge.prepare(&Deadline::never()) {
                return Err(OTelSdkError::InternalFailure(error.to_string()));
            }
            clear(&failures);
            flushed
                .force_flush()
                .map_err(|error| explain(&failures, error))
        })
    }

    /// Starts to collect for the last time. `ends` is whether the reader ends as well.
    pub(super) fn shutdown(&self, ends: bool) -> Result<Receiver<OTelSdkResult>, Late> {
        let (flushed, failures) = (self.flushed.clone(), self.failures.clone());
        let (sender, result) = mpsc::channel();
        spawn("dt-metrics-collect", move || {
            clear(&failures);
            let result = if ends {
                flushed.shutdown()
            } else {
                flushed.force_flush()
            };
            // Nobody receives it any more if the caller's time was up.
            drop(sender.send(result.map_err(|error| explain(&failures, error))));
        })
        .map_err(Late::Thread)?;
        Ok(result)
    }
}

/// Forgets earlier failures, which are not errors of the next call.
fn clear(failures: &[Failures]) {
    for failures in failures {
        failures.clear();
    }
}

/// The error that the SDK returned, with the reasons that it leaves out.
fn explain(failures: &[Failures], error: OTelSdkError) -> OTelSdkError {
    let reasons: Vec<_> = failures.iter().flat_map(Failures::take).collect();
    match error {
        OTelSdkError::InternalFailure(_) if !reasons.is_empty() => {
            OTelSdkError::InternalFailure(reasons.join("; "))
        }
        other => other,
    }
}

/// The results of several readers as one.
pub(super) fn joined(results: Vec<OTelSdkResult>) -> OTelSdkResult {
    let mut errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    if errors.len() < 2 {
        return errors.pop().map_or(Ok(()), Err);
    }
    let texts: Vec<_> = errors
        .iter()
        .map(|error| match error {
            OTelSdkError::InternalFailure(reason) => reason.clone(),
            other => other.to_string(),
        })
        .collect();
    Err(OTelSdkError::InternalFailure(texts.join("; ")))
}
