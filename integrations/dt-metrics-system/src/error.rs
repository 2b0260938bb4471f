//! Why the metrics cannot be installed.

use std::error::Error;

/// The reason why the metrics cannot be installed. After an error, no metric is polled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The operating system does not return the values of this process, for example because `/proc`
    /// is not mounted.
    #[error(
        "the values of this process cannot be read: {source}; on Linux, mount /proc in the container \
         or chroot"
    )]
    Process {
        /// The reason.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}
