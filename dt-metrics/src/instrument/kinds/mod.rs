//! Instruments by kind, which expansions of the macros contain and users hold.
//!
//! This folder may import `series`, `cells`, `dimension` and `descriptor`, and nothing else of the
//! crate.

pub(super) mod clock;
mod constructors;
pub(super) mod counter;
pub(super) mod gauge;
pub(super) mod histogram;
pub(super) mod measures;
pub(super) mod observed;
pub(super) mod source;
