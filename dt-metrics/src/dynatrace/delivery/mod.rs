//! The threads that deliver. They join the buffer with the transport and with the spool.
//!
//! | thread | its work |
//! | --- | --- |
//! | `dt-metrics-export` | three tasks: sends pending requests (`sender`), reports events (`report`), and follows the endpoint file (`transport::reload`) |
//! | `dt-metrics-http` | runs the HTTP client while requests are in flight (`transport::reload`), apart from the thread that keeps the deadlines |
//! | `dt-metrics-spool` | reads and writes the spool (`spooler`), if there is one |

pub(crate) mod cells;
pub(crate) mod report;
pub(crate) mod sender;
pub(crate) mod settle;
pub(crate) mod spool_report;
pub(crate) mod spooler;
