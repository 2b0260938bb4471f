//! Series that nobody measures give their place back.

use super::{Lifetime, State};

/// Epochs without a measurement after which a series gives its place back.
const IDLE_EPOCHS: u8 = 2;

impl<S> State<S> {
    /// Ends an epoch, right after a drain: retires what was idle for long, and gives the slots of
    /// those free that nobody holds. Of a series that `pinned` names, the cells count what is
    /// going on: it stays while there is something. Returns the slots that have retired now.
    pub(in super::super) fn end_epoch(&mut self, pinned: impl Fn(&S) -> bool) -> Vec<u32> {
        let mut leaving = Vec::new();
        let retired = core::mem::take(&mut self.retired);
        for slot in retired {
            let entry = &self.series[slot as usize];
            let pinned = pinned(&entry.series) && self.sum(slot) != entry.origin;
            let unused = entry.idle > 0 && entry.holders == 0 && !pinned;
            // Twice, since a timer records first and unpins then: who sees it unpinned in one
            // epoch has its value in the next.
            if unused && entry.idle > 1 {
                self.vacant.push(slot);
            } else {
                self.series[slot as usize].idle = if unused { 2 } else { 1 };
                self.retired.push(slot);
            }
        }
        for slot in (0..).take(self.series.len()) {
            let entry = &mut self.series[slot as usize];
            if entry.lifetime != Lifetime::WhileUsed {
                continue;
            }
            entry.idle = entry.idle.saturating_add(1);
            if entry.idle <= IDLE_EPOCHS {
                continue;
            }
            let entry = &self.series[slot as usize];
            if pinned(&entry.series) && self.sum(slot) != entry.origin {
                self.series[slot as usize].idle = 0;
                continue;
            }
            let entry = &mut self.series[slot as usize];
            entry.lifetime = Lifetime::Retired;
            entry.idle = 1;
            self.retired.push(slot);
            leaving.push(slot);
        }
        leaving
    }
}
