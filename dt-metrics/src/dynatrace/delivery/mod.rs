//! The threads that deliver: one joins the buffer with the transport, one joins it with the spool.

pub(crate) mod report;
pub(crate) mod sender;
pub(crate) mod settle;
pub(crate) mod spool_report;
pub(crate) mod spooler;
