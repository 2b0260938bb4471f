//! What the pipeline takes out of the slots.

use super::local::{KEPT_VALUES, SLOTS};
use super::series::Series;
use super::sync::RING;

/// What was measured since the last time; reused, so that a collection allocates little, and who
/// records nothing at all.
pub(crate) struct Drained {
    /// What was added, by slot.
    pub(crate) deltas: Vec<u64>,
    /// The last values of gauges, and the slots.
    pub(crate) gauges: Vec<(u32, f64)>,
    /// What was recorded, and the slots: one part of it at a time.
    pub(crate) values: Vec<(u32, f64)>,
}

impl Default for Drained {
    fn default() -> Self {
        Self {
            deltas: Vec::new(),
            gauges: Vec::new(),
            values: Vec::with_capacity(RING),
        }
    }
}

/// Takes out all that was counted, and the values of gauges. `ready` is told slot, number and
/// series, and refuses what has nowhere to go yet: that is kept for later. With the end of an
/// `epoch`, before which all recorded values are taken out, series that were idle for long give
/// their places back. Nothing here may measure.
pub(crate) fn drain(
    drained: &mut Drained,
    epoch: bool,
    mut ready: impl FnMut(u32, u64, &Series) -> bool,
) {
    let mut slots = SLOTS.lock();
    slots.drain(
        |slot, entry| ready(slot, entry.id, &entry.series),
        &mut drained.deltas,
    );
    drained.gauges.clear();
    for (slot, entry) in slots.entries() {
        if let Some(value) = entry.series.last
            && ready(slot, entry.id, &entry.series)
        {
            drained.gauges.push((slot, value));
        }
    }
    if !epoch {
        return;
    }
    let leaving = slots.end_epoch(Series::is_pinned_by_sum);
    let mut owned: Vec<_> = leaving
        .into_iter()
        .filter_map(|slot| Some((slots.entry(slot)?.series.owner?, slot)))
        .collect();
    // Who looks up a series locks its instrument first, then the slots.
    drop(slots);
    owned.sort_by_key(|(owner, slot)| (core::ptr::from_ref(*owner).addr(), *slot));
    for same in owned.chunk_by(|(a, _), (b, _)| core::ptr::eq(*a, *b)) {
        let slots: Vec<_> = same.iter().map(|(_, slot)| *slot).collect();
        if let Some((owner, _)) = same.first() {
            owner.forget(&slots);
        }
    }
}

/// Tells `each` of a slot, or of all of them: slot, number and series. Nothing here may measure.
pub(crate) fn for_each_series(slot: Option<u32>, mut each: impl FnMut(u32, u64, &Series)) {
    let slots = SLOTS.lock();
    match slot {
        Some(slot) => {
            if let Some(entry) = slots.entry(slot) {
                each(slot, entry.id, &entry.series);
            }
        }
        None => slots
            .entries()
            .for_each(|(slot, entry)| each(slot, entry.id, &entry.series)),
    }
}

/// Takes out one part of what was recorded, as [`drain`] does; `false` if there are no more parts,
/// which are numbered from 0.
pub(crate) fn drain_values(
    part: usize,
    values: &mut Vec<(u32, f64)>,
    mut ready: impl FnMut(u32, u64, &Series) -> bool,
) -> bool {
    values.clear();
    SLOTS.lock().drain_values(part, |slot, entry, value| {
        let ready = ready(slot, entry.id, &entry.series);
        if ready {
            values.push((slot, value));
        }
        ready
    })
}

/// Gives up what threads recorded before there was a pipeline, but for the newest.
pub(crate) fn keep_newest_values() {
    SLOTS.lock().give_up_values(KEPT_VALUES);
}

/// How many values were given up until now.
pub(crate) fn values_given_up() -> u64 {
    SLOTS.lock().given_up()
}
