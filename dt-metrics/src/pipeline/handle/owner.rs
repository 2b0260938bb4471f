//! Who built the provider.

use opentelemetry_sdk::error::OTelSdkError;

use crate::pipeline::error::Error;
use crate::pipeline::failures::Failures;

/// Who built the provider, and shuts it down.
#[derive(Clone, Debug)]
pub(in crate::pipeline) enum Owner {
    Pipeline(Failures),
    Program,
}

impl Owner {
    /// Whatever failed before is of no interest.
    pub(super) fn begin(&self) {
        if let Self::Pipeline(failures) = self {
            failures.clear();
        }
    }

    pub(super) fn explain(&self, error: OTelSdkError) -> Error {
        Error::Provider(match self {
            Self::Pipeline(failures) => failures.explain(error),
            Self::Program => error,
        })
    }
}
