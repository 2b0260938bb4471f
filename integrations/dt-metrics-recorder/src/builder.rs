//! The one line in `main`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::recorder::Recorder;

/// Installs a recorder with the default settings as the global recorder of the facade.
///
/// A second call does nothing.
///
/// # Errors
///
/// If the program has installed another global recorder.
///
/// ```
/// dt_metrics_recorder::install()?;
/// metrics::gauge!("queue.depth").set(3.0);
/// # Ok::<(), dt_metrics_recorder::InstallError>(())
/// ```
pub fn install() -> Result<(), InstallError> {
    builder().install()
}

/// Returns a builder for a [`Recorder`], with the default settings.
///
/// ```
/// use std::time::Duration;
///
/// dt_metrics_recorder::builder()
///     .idle_timeout(Duration::from_secs(3600))
///     .install()?;
/// # Ok::<(), dt_metrics_recorder::InstallError>(())
/// ```
pub fn builder() -> Builder {
    Builder {
        idle_timeout: Duration::from_secs(600),
        gauges_end: false,
    }
}

/// The settings of a [`Recorder`], returned by [`builder`].
#[derive(Clone, Debug)]
#[must_use = "nothing is recorded before `install()`"]
pub struct Builder {
    idle_timeout: Duration,
    gauges_end: bool,
}

/// Whether [`Builder::install`] has set the global recorder. A second caller waits for the first one.
static INSTALLED: Mutex<bool> = Mutex::new(false);

impl Builder {
    /// Sets the time without a value after which a series ends, if its handles have been dropped. The time also
    /// applies to gauges.
    ///
    /// Default: 10 minutes, and series of gauges do not end. The recorder checks all series once per push.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self.gauges_end = true;
        self
    }

    /// Installs the recorder as the global recorder of the facade. A second call does nothing.
    ///
    /// # Errors
    ///
    /// If the program has installed another global recorder.
    pub fn install(self) -> Result<(), InstallError> {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if !*installed {
            let set = metrics::set_global_recorder(self.build());
            set.map_err(|_| InstallError::AnotherRecorder)?;
            *installed = true;
        }
        Ok(())
    }

    /// Builds a recorder without installing it, for example to use it within a layer, or in
    /// [`metrics::with_local_recorder`].
    ///
    /// ```
    /// let recorder = dt_metrics_recorder::builder().build();
    /// metrics::with_local_recorder(&recorder, || metrics::counter!("local").increment(1));
    /// ```
    #[must_use]
    pub fn build(self) -> Recorder {
        Recorder::new(self.idle_timeout, self.gauges_end)
    }
}

/// The reason why the recorder cannot be installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The program has set another global recorder, and the facade has only one.
    #[error(
        "the program has set another global recorder of the crate `metrics`; remove its installation, \
         or combine both recorders with `metrics_util::layers::FanoutBuilder`"
    )]
    AnotherRecorder,
}
