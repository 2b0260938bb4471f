//! What was counted and recorded since the last time.

use std::collections::VecDeque;

use super::super::chunk::CELLS;
use super::super::sync::RING;
use super::{Entry, State};

impl<S> State<S> {
    /// Adds up what was counted since the last drain, by slot. A slot that `ready` refuses keeps
    /// its counts for a later drain.
    pub(in super::super) fn drain(
        &mut self,
        mut ready: impl FnMut(u32, &Entry<S>) -> bool,
        deltas: &mut Vec<u64>,
    ) {
        let Self { series, blocks, .. } = self;
        deltas.clear();
        deltas.resize(series.len(), 0);
        for tracked in blocks.iter_mut().flat_map(|block| &mut block.chunks) {
            let first = tracked.number * CELLS;
            // A chunk reaches beyond the last series, but does not begin there.
            let (Some(entries), Some(deltas), Ok(slots)) = (
                series.get_mut(first..),
                deltas.get_mut(first..),
                u32::try_from(first),
            ) else {
                continue;
            };
            let entries = entries.iter_mut().zip(deltas).zip(slots..);
            for (cell, ((entry, delta), slot)) in (0..CELLS).zip(entries) {
                let now = tracked.chunk.get(cell);
                let seen = &mut tracked.seen[cell];
                if now == *seen {
                    continue;
                }
                entry.idle = 0;
                if ready(slot, entry) {
                    *delta = delta.wrapping_add(now.wrapping_sub(*seen));
                    *seen = now;
                }
            }
        }
    }

    /// Hands the values of one part and their slots to `each`, in the order recorded; `false` if
    /// there are no more parts. Part 0 is what threads recorded whose block is gone and what was
    /// refused before, each further part is a block. What `each` refuses stays for later.
    ///
    /// A part has at most [`RING`] values.
    pub(in super::super) fn drain_values(
        &mut self,
        part: usize,
        mut each: impl FnMut(u32, &Entry<S>, f64) -> bool,
    ) -> bool {
        let Self {
            series,
            blocks,
            late,
            ..
        } = self;
        let mut refused = VecDeque::new();
        let mut each = |slot: u32, value| {
            if let Some(entry) = series.get_mut(slot as usize) {
                entry.idle = 0;
                if !each(slot, entry, value) {
                    refused.push_back((slot, value));
                }
            }
        };
        if let Some(block) = part.checked_sub(1) {
            let Some(block) = blocks.get(block) else {
                return false;
            };
            if let Some(ring) = block.ring {
                ring.drain(&mut each);
            }
        } else {
            for (slot, value) in late.drain(..) {
                each(slot, value);
            }
        }
        for (slot, value) in refused {
            self.record_shared(slot, value);
        }
        true
    }

    /// Records on behalf of a thread that has no block any more.
    pub(in super::super) fn record_shared(&mut self, slot: u32, value: f64) {
        if self.late.len() >= RING {
            self.late.pop_front();
            self.given_up += 1;
        }
        self.late.push_back((slot, value));
    }

    /// Gives up all but the newest `kept` values of each thread.
    pub(in super::super) fn give_up_values(&mut self, kept: u64) {
        for ring in self.blocks.iter().filter_map(|block| block.ring) {
            self.given_up += ring.keep_newest(kept);
        }
    }
}
