//! The one line in `main`.

use std::borrow::Cow;

use tokio::runtime::Handle;

use crate::build_info::{self, BuildInfo};
use crate::error::InstallError;
use crate::{process, tokio_runtime};

/// Turns the metrics of the process, of the current tokio runtime and of the build on.
///
/// Short for [`builder()`]`.install()`. Outside of a tokio runtime there are no `tokio.*` metrics:
/// use [`Builder::runtime`].
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

/// Settings for [`Builder::install`].
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
    /// The version of your program, for `build.info`: `env!("CARGO_PKG_VERSION")`, since Cargo
    /// passes the version of a program only to the program's own crate.
    ///
    /// Without it, the version is the value of the environment variable `DT_RELEASE_VERSION`, which
    /// is Dynatrace's variable for the version of a process.
    pub fn version(mut self, version: impl Into<Cow<'static, str>>) -> Self {
        self.build.version = Some(version.into());
        self
    }

    /// The commit of your program, for `build.info`.
    ///
    /// Without it, the commit is the value that one of `GIT_COMMIT`, `GITHUB_SHA`, `CI_COMMIT_SHA`
    /// and `VERGEN_GIT_SHA` had when the program was compiled.
    pub fn commit(mut self, commit: impl Into<Cow<'static, str>>) -> Self {
        self.build.commit = Some(commit.into());
        self
    }

    /// The tokio runtime to observe. Without it, the runtime in which [`install`](Self::install) is
    /// called is observed, if there is one.
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

    /// Turns the metrics on, for the rest of the process. A second call replaces the build's
    /// information, and the observed runtime if there is one to observe.
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
