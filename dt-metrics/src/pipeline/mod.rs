//! From slots to exporters: the builder, the bridge into the SDK, and the handle.

mod attach;
mod bridge;
mod builder;
mod deadline;
mod delivery;
mod error;
mod failures;
mod handle;
mod pacer;
mod place;
mod stage;
mod start;
mod termination;

pub use self::attach::attach;
pub use self::builder::Builder;
pub use self::error::Error;
pub use self::handle::Handle;
pub use self::start::{builder, check, init};
