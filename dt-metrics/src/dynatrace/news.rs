//! What happened to lines since the program was last told.

use std::collections::BTreeMap;

use super::age::Jump;

/// Adds up until it is told.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Lines that were dropped, by reason.
    pub(super) lost: BTreeMap<&'static str, u64>,
    /// Lines that the endpoint refused, and what it said about the latest.
    pub(super) refused: u64,
    pub(super) refusal: String,
    pub(super) jump: Option<Jump>,
    /// Requests that fail while others pass.
    pub(super) set_aside: u64,
}

impl News {
    pub(super) fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.refused == 0 && self.jump.is_none() && self.set_aside == 0
    }

    pub(super) fn lost(&mut self, reason: &'static str, lines: u64) {
        if lines > 0 {
            *self.lost.entry(reason).or_default() += lines;
        }
    }

    pub(super) fn refused(&mut self, lines: u64, refusal: &str) {
        if lines > 0 {
            self.refused += lines;
            self.refusal.clear();
            self.refusal.push_str(refusal);
        }
    }
}
