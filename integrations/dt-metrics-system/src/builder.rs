//! The one line in `main`.

use std::borrow::Cow;

use tokio::runtime::Handle;

use crate::build_info::{self, BuildInfo};
use crate::error::InstallError;
use crate::{process, tokio_runtime};

/// Turns on the metrics of the process, of the current tokio runtime and of the build.
///
/// The function is short for [`builder()`]`.install()`. Outside of a tokio runtime there are no `tokio.*`
/// metrics: pass the runtime to [`Builder::runtime`].
///
/// # Errors
///
/// If the operating system does not return the values of this process.
///
/// ```
/// # fn main() -> Result<(), dt_metrics_system::InstallError> {
/// dt_metrics_system::install()?;
/// # Ok(())
/// # }
/// ```
pub fn install() -> Result<(), InstallError> {
    builder().install()
}

/// Returns a builder for the metrics, with the default settings.
///
/// ```
/// # fn main() -> Result<(), dt_metrics_system::InstallError> {
/// dt_metrics_system::builder()
///     .version(env!("CARGO_PKG_VERSION"))
///     .install()?;
/// # Ok(())
/// # }
/// ```
pub fn builder() -> Builder {
    Builder {
        build: BuildInfo::detected(),
        runtime: None,
    }
}

/// The settings for [`install`](Builder::install), returned by [`builder`].
#[derive(Clone, Debug)]
#[must_use = "nothing is polled before install()"]
pub struct Builder {
    build: BuildInfo,
    runtime: Option<Handle>,
}

impl Builder {
    /// Sets the version of your program in `build.info`. Pass `env!("CARGO_PKG_VERSION")`, since Cargo
    /// passes the version of a program only to the program's own crate.
    ///
    /// Default: the environment variable `DT_RELEASE_VERSION` at run time, which is Dynatrace's variable for
    /// the version of a process.
    pub fn version(mut self, version: impl Into<Cow<'static, str>>) -> Self {
        self.build.version = Some(version.into());
        self
    }

    /// Sets the commit of your program in `build.info`.
    ///
    /// Default: the value that one of the environment variables `GIT_COMMIT`, `GITHUB_SHA`, `CI_COMMIT_SHA`
    /// and `VERGEN_GIT_SHA` had when the program was compiled.
    pub fn commit(mut self, commit: impl Into<Cow<'static, str>>) -> Self {
        self.build.commit = Some(commit.into());
        self
    }

    /// Sets the tokio runtime to observe.
    ///
    /// Default: the runtime in which you call [`install`](Self::install), if there is one.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let runtime = tokio::runtime::Runtime::new()?;
    /// dt_metrics_system::builder()
    ///     .runtime(runtime.handle())
    ///     .install()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn runtime(mut self, runtime: &Handle) -> Self {
        self.runtime = Some(runtime.clone());
        self
    }

    /// Turns on the metrics, for the rest of the process. A second call replaces the information about the
    /// build, and also the observed runtime if the second call has a runtime to observe.
    ///
    /// # Errors
    ///
    /// If the operating system does not return the values of this process.
    pub fn install(self) -> Result<(), InstallError> {
        process::install()?;
        build_info::install(self.build);
        if let Some(runtime) = self.runtime.or_else(|| Handle::try_current().ok()) {
            tokio_runtime::install(runtime);
        }
        Ok(())
    }
}
