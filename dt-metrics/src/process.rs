//! The process that something belongs to.
//!
//! A forked child has a copy of the parent's memory, but only the thread that forked: threads of
//! this library do not run there, and what they would have answered never comes.

use std::process;

/// The process in which something was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Home(u32);

impl Home {
    pub(crate) fn here() -> Self {
        Self(process::id())
    }

    /// Whether the calling process is a child of the one in which it was made.
    pub(crate) fn is_elsewhere(self) -> bool {
        self != Self::here()
    }
}
