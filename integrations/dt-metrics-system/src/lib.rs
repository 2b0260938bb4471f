//! Metrics of the process, of its tokio runtime and of its build, on Dynatrace.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = dt_metrics_local::Server::builder().start()?;
//! # let builder = dt_metrics::builder().endpoint(server.url());
//! # let _metrics = builder.install()?; /*
//! let _metrics = dt_metrics::init()?;
//! # */
//! dt_metrics_system::install()?;
//! # Ok(())
//! # }
//! ```
//!
//! | metric | kind, unit | dimensions | value |
//! | --- | --- | --- | --- |
//! | `process.cpu.time` | counter, `s` | `cpu.mode`: `user`, `system` | processor time that the process used |
//! | `process.cpu.utilization` | gauge, `1` | `cpu.mode` | the share of all processors' time that the process used since the previous push, from 0 to 1 |
//! | `process.memory.usage` | up-down counter, `By` | | physical memory in use |
//! | `process.memory.virtual` | up-down counter, `By` | | virtual memory |
//! | `process.thread.count` | up-down counter, `{thread}` | | threads of the process |
//! | `process.unix.file_descriptor.count` | up-down counter, `{file_descriptor}` | | open files, sockets and other file descriptors |
//! | `process.uptime` | gauge, `s` | | time since the process was started |
//! | `tokio.worker.count` | up-down counter, `{worker}` | | worker threads of the runtime |
//! | `tokio.worker.busy_time` | counter, `s` | | time that the workers ran tasks, summed over the workers |
//! | `tokio.worker.utilization` | gauge, `1` | | the share of the workers' time that they ran tasks since the previous push, from 0 to 1 |
//! | `tokio.worker.park.count` | counter, `{park}` | | how often a worker went to sleep because it had no task to run |
//! | `tokio.task.count` | up-down counter, `{task}` | | tasks that have been spawned and have not ended |
//! | `tokio.global_queue.depth` | up-down counter, `{task}` | | tasks that wait in the queue that the workers share |
//! | `build.info` | gauge, `1` | `version`, `commit`, `rustc`, `target` | always 1 |
//!
//! The names and units of `process.*` follow OpenTelemetry's [semantic conventions][semconv].
//! `tokio.*` needs neither `tokio_unstable` nor any other setting of tokio. [`Builder`] takes the
//! version of your program for `build.info`, and a runtime other than the current one.
//!
//! # Platforms
//!
//! | platform | difference |
//! | --- | --- |
//! | Linux, Android | none: all metrics are available |
//! | macOS | there is no `process.thread.count`, and `process.cpu.*` have no `cpu.mode` |
//! | Windows | as on macOS, and the count of handles replaces the count of file descriptors: `process.windows.handle.count`, `{handle}` |
//! | targets without 64-bit atomics | there are no `tokio.worker.*` metrics except for `tokio.worker.count` |
//!
//! # Lifetime
//!
//! Nothing is polled before [`install`], and one call is enough for the rest of the process: there is no
//! handle to keep. After a second call, each metric is still polled once. If you make the second call
//! inside another tokio runtime, the new runtime is observed from then on. The crate holds a handle of the
//! observed runtime. The handle keeps no task and no thread running, only the memory of the runtime's
//! bookkeeping.
//!
//! The order of [`install`] and `dt_metrics::init` does not matter. A push costs one read of
//! `/proc/self/stat` for each `process.*` metric, about 10 µs, on a thread of dt-metrics.
//!
//! [semconv]: https://opentelemetry.io/docs/specs/semconv/system/process-metrics/

#![cfg_attr(docsrs, feature(doc_cfg))]

mod build_info;
mod builder;
mod error;
mod process;
mod share;
mod tokio_runtime;

pub use builder::{Builder, builder, install};
pub use error::InstallError;
