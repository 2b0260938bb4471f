//! Captures for tests: assert the measurements of a piece of code.
//!
//! ```
//! use dt_metrics::{counted, testing::capture, timed};
//!
//! #[counted(name = "orders", dims(region = region))]
//! #[timed(name = "orders.duration")]
//! fn place_order(region: &str) {}
//!
//! let seen = capture(|| {
//!     place_order("eu");
//!     place_order("eu");
//!     place_order("us");
//! });
//! assert_eq!(seen.counter("orders").value(), 3);
//! assert_eq!(seen.counter("orders").with("region", "eu").value(), 2);
//! assert_eq!(seen.histogram("orders.duration").count(), 3);
//! ```
//!
//! If the program has no instrument with a name, the lookup panics, and the message suggests the nearest
//! name. The lookup of an instrument of another kind also panics:
//!
//! ```should_panic
//! use dt_metrics::{counted, testing::capture};
//!
//! #[counted(name = "orders")]
//! fn place_order() {}
//!
//! let seen = capture(place_order);
//! // no instrument of this program is called `ordrs`: did you mean the counter `orders`?
//! assert_eq!(seen.counter("ordrs").value(), 0);
//! ```
//!
//! A capture works without an installed pipeline. An installed pipeline receives all measurements as it does
//! without a capture. Calls outside of a capture cost no more than without this module.
//!
//! # Content of a capture
//!
//! [`capture`] contains only the measurements that its own thread makes while the closure runs, so tests that
//! call one function can run in parallel. [`capture_async`] contains the measurements that are made while
//! its future is polled, on any thread, without measurements of other tasks in between. [`capture_all`] and
//! [`capture_all_async`] contain the measurements of the whole process, including spawned threads and tasks;
//! one of these captures runs at a time. The table describes [`capture`] and [`capture_async`].
//!
//! | measurement | in the capture |
//! | --- | --- |
//! | in a capture inside another capture | in both captures |
//! | by a spawned thread or task | no, unless you pass [`Capture`] to the thread or task |
//! | by a task that a runtime runs on this thread while the closure blocks on the runtime | yes |
//! | by the drop of a guard or timer | in the capture in which the drop happens. A drop on another thread, or after the end of the capture, is missing, so an up-down counter may stay at 1, and a duration may be missing |
//! | by the drop of the closure's return value | no, since the closure has ended |
//! | before a panic in the closure | only in outer captures, since the panic ends this capture |
//! | beyond the limit of series | with its own dimensions, although the pipeline counts it in the overflow series; a timer that was started before the capture is in the overflow series |
//! | in destructors of thread-local values | not guaranteed |
//! | by `#[observed]` functions | no, since the pipeline polls these functions on its own thread |

mod all;
mod captured;
mod lookup;
mod run;
mod scope;
mod selection;
mod series;
#[cfg(test)]
mod tests;
mod view;

pub use self::all::{capture_all, capture_all_async};
pub use self::captured::Captured;
pub use self::run::{capture, capture_async, capture_async_with, capture_with};
pub use self::scope::Capture;
pub use self::series::Series;
pub use self::view::{Counter, Gauge, Histogram, UpDownCounter};
