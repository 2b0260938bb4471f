//! Series: in which slot a measurement counts, and the life of the slots.
//!
//! This folder may import `cells`, `dimension` and `descriptor`, and nothing else of the crate.

pub(super) mod bound;
mod cache;
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "drained by the pipeline")
)]
pub(super) mod dynamic;
pub(super) mod fixed;
pub(crate) mod made;
mod table;
