//! The one line in `main`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::recorder::Recorder;

/// Makes a recorder with the default settings the global recorder of the facade.
///
/// A second call changes nothing.
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

/// Settings for a [`Recorder`].
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
    /// Ends a series whose handles have been dropped and that has had no value for this time, gauges
    /// included.
    ///
    /// Without it, the time is 10 minutes, and gauges do not end. Series are looked through once per
    /// push.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self.gauges_end = true;
        self
    }

    /// Makes the recorder the global recorder of the facade. A second call changes nothing.
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

    /// Makes a recorder to use in other ways than as the global one, for example within a layer, or in
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

/// The recorder cannot be installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The facade has one global recorder, and the program has set another one.
    #[error(
        "the program has set another global recorder of the crate `metrics`; remove its installation, \
         or combine both recorders with `metrics_util::layers::FanoutBuilder`"
    )]
    AnotherRecorder,
}
