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
//! A name that no instrument of the program has panics, and the message suggests the nearest name. An
//! instrument of another kind panics as well:
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
//! No pipeline is needed. If there is one, it gets all measurements as if there were no capture.
//! Calls outside of a capture cost no more than without this module.
//!
//! # Content of a capture
//!
//! [`capture`] sees the measurements of its own thread while the closure runs, and nothing else:
//! tests of the same functions can run in parallel. [`capture_async`] sees the measurements that
//! are made while its future is polled, on any thread, without measurements of other tasks in
//! between. [`capture_all`] and [`capture_all_async`] see the measurements of the whole process,
//! including spawned threads and tasks, one capture at a time. The table describes [`capture`] and
//! [`capture_async`].
//!
//! | measured | seen |
//! | --- | --- |
//! | in a capture inside a capture | by both |
//! | by a thread or task that was spawned | no, unless [`Capture`] is carried there |
//! | by a task that a runtime runs on this thread while the closure blocks on that runtime | yes |
//! | when a guard or timer is dropped | by the capture around the drop: one that is dropped on another thread or after the capture has ended is not seen, so an up-down counter may be left at 1 and a duration be missing |
//! | when the value that the closure returned is dropped | no: the closure has ended |
//! | before a panic in the closure | by the captures around: the panic goes through this one |
//! | beyond the limit of series | with its own dimensions, though the pipeline gets it as overflow; a timer that was started outside of the capture as overflow |
//! | in destructors of thread-local values | maybe not |
//! | by `#[observed]` functions | no: the pipeline polls them, on its own thread |

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
