//! The cells of a process in a file of its slot, so that counts outlive the process.

mod file;
mod recovery;

#[allow(unused_imports, reason = "used by the pipeline and the buffer")]
pub(crate) use self::file::{CellFile, Full};
#[allow(unused_imports, reason = "used by the pipeline and the buffer")]
pub(crate) use self::recovery::{Damage, Found, Recovered, RecoveredSeries, Unreadable, recover};
