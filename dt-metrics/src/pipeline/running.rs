//! What a flush and a shutdown do, in this order.

use std::sync::PoisonError;

use opentelemetry_sdk::error::OTelSdkError;

use super::{Inner, Owner};
use crate::pipeline::deadline::Deadline;
use crate::pipeline::error::Error;

impl Inner {
    pub(super) fn flush(&self, deadline: Deadline) -> Result<(), Error> {
        if self.home.is_elsewhere() {
            return Err(Error::Forked);
        }
        if !self.stage.is_running() {
            return Err(Error::ShutDown);
        }
        let since = self.delivery.mark()?;
        self.bridge.prepare(&deadline)?;
        let provider = self.provider.clone();
        self.owner.begin();
        let collected = deadline.run("dt-metrics-collect", move || provider.force_flush())?;
        self.delivery.flush(since, deadline.remaining())?;
        collected.map_err(|error| self.owner.explain(error))
    }

    pub(super) fn shutdown(&self, deadline: Deadline) -> Result<(), Error> {
        if self.home.is_elsewhere() {
            return Err(Error::Forked);
        }
        let Some(_ending) = self.stage.end(&deadline)? else {
            return Ok(());
        };
        drop(
            self.pacer
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let since = self.delivery.mark()?;
        // What waits already is sent while the rest is collected, however long that takes.
        self.delivery.hurry();
        let prepared = self.bridge.prepare(&deadline);
        let (provider, owner) = (self.provider.clone(), self.owner.clone());
        self.owner.begin();
        let collected = deadline.run("dt-metrics-collect", move || match owner {
            Owner::Pipeline(_) => provider.shutdown(),
            Owner::Program => provider.force_flush(),
        });
        let delivered = self.delivery.shutdown(since, deadline.remaining());
        self.bridge.stop();
        *self.termination() = None;
        delivered?;
        prepared?;
        match collected? {
            // The program shut the provider down itself.
            Ok(()) | Err(OTelSdkError::AlreadyShutdown) => Ok(()),
            Err(error) => Err(self.owner.explain(error)),
        }
    }
}
