//! Drains: taking measurements out of the slots. The one door for `pipeline`.

use std::time::{Duration, Instant};

use super::cells::slots::SlotTable;
use super::cells::store::{SLOTS, Series, SeriesOwner};
use super::cells::sync::RING;
use crate::descriptor::Kind;

/// The measurements of one drain. It is reused, so that a collection allocates little, and a thread
/// that records nothing at all.
pub(crate) struct Drained {
    /// The sums that were added, by slot. They are freed after each collection, since there are as many as
    /// series.
    pub(crate) deltas: Vec<i128>,
    /// The last value of each gauge, with its slot.
    pub(crate) gauges: Vec<(u32, f64)>,
    /// The instruments with values that were NaN or infinite, and how many.
    pub(crate) not_finite: Vec<(&'static str, u64)>,
    /// One part of the recorded values, each with its slot.
    pub(crate) values: Vec<(u32, f64)>,
}

impl Default for Drained {
    fn default() -> Self {
        Self {
            deltas: Vec::new(),
            gauges: Vec::new(),
            not_finite: Vec::new(),
            values: Vec::with_capacity(RING),
        }
    }
}

/// Begins a drain of everything.
pub(crate) fn begin(drained: &mut Drained) {
    drained.deltas.clear();
}

/// Takes out one part of the recorded values, and adds the counts of this part. For calls that are
/// both counted and timed, it adds the counts of these values. Parts are numbered from 0; `false`
/// if there are no more. `ready` gets the slot, the number and the series, and refuses a series
/// that has nowhere to go yet: its measurements are kept for later. Nothing here may measure.
pub(crate) fn drain_part(
    part: usize,
    drained: &mut Drained,
    mut ready: impl FnMut(u32, u64, &Series) -> bool,
) -> bool {
    let Drained { deltas, values, .. } = drained;
    // One lock for both: a thread that records meanwhile adds 1 before the value is there.
    let mut slots = SLOTS.lock();
    take_values(&mut slots, part, values, &mut ready)
        && slots.drain_counts(
            part,
            Series::is_signed,
            Series::pair,
            |slot, entry| ready(slot, entry.id, &entry.series),
            deltas,
        )
}

/// Ends a drain of all parts: takes the values of gauges, under the rules of [`drain_part`], and ends
/// the series of gauges that no collection has seen set for the time of `expiry`. At the end of an
/// `epoch`, series that were idle for long retire: their slots are returned.
pub(crate) fn finish(
    drained: &mut Drained,
    epoch: bool,
    expiry: Option<Duration>,
    mut ready: impl FnMut(u32, u64, &Series) -> bool,
) -> Vec<u32> {
    let mut slots = SLOTS.lock();
    drained.gauges.clear();
    drained.not_finite.clear();
    let now = Instant::now();
    for (slot, entry) in slots.entries_mut() {
        let series = &mut entry.series;
        let values = series.values();
        if series.descriptor.kind == Kind::UpDownCounter
            && let Some(delta) = drained.deltas.get(slot as usize)
            && *delta != 0
        {
            series.values_mut().level = values.level.saturating_add(*delta);
        }
        if values.not_finite > 0 {
            series.values_mut().not_finite = 0;
            let metric = series.descriptor.name;
            drained.not_finite.push((metric, values.not_finite));
        }
        let is_pending = core::mem::take(&mut series.is_set);
        let is_over = match (expiry, values.set_at) {
            _ if is_pending => false,
            _ if series.is_ended => true,
            (Some(expiry), Some(set_at)) => now.saturating_duration_since(set_at) >= expiry,
            _ => false,
        };
        if is_pending {
            series.values_mut().set_at = Some(now);
        } else if is_over && values.last.is_some() {
            series.values_mut().last = None;
        }
        if let Some(value) = entry.series.values().last
            && ready(slot, entry.id, &entry.series)
        {
            drained.gauges.push((slot, value));
        } else {
            entry.series.is_set = is_pending;
        }
    }
    slots.snapshot();
    if !epoch {
        return Vec::new();
    }
    let leaving = slots.end_epoch(Series::is_pinned_by_sum);
    let mut owned: Vec<_> = leaving
        .iter()
        .filter_map(|slot| Some((slots.entry(*slot)?.series.owner, *slot)))
        .collect();
    // Looking up a series locks its instrument first, then the slots.
    drop(slots);
    let address = |owner| core::ptr::from_ref::<dyn SeriesOwner>(owner).addr();
    owned.sort_by_key(|(owner, slot)| (address(*owner), *slot));
    for same in owned.chunk_by(|(a, _), (b, _)| address(*a) == address(*b)) {
        let slots: Vec<_> = same.iter().map(|(_, slot)| *slot).collect();
        if let Some((owner, _)) = same.first() {
            owner.forget(&slots);
        }
    }
    leaving
}

/// Calls `each` for a slot, or for all of them, with the slot, the number and the series. Nothing
/// here may measure.
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

/// Calls `each` with each of these slots and its series, if it has one. Nothing here may measure.
pub(crate) fn for_series_of(
    wanted: impl Iterator<Item = u32>,
    mut each: impl FnMut(u32, Option<&Series>),
) {
    let slots = SLOTS.lock();
    for slot in wanted {
        each(slot, slots.entry(slot).map(|entry| &entry.series));
    }
}

/// Takes out one part of the recorded values, under the rules of [`drain_part`].
pub(crate) fn drain_values(
    part: usize,
    values: &mut Vec<(u32, f64)>,
    ready: impl FnMut(u32, u64, &Series) -> bool,
) -> bool {
    take_values(&mut SLOTS.lock(), part, values, ready)
}

fn take_values(
    slots: &mut SlotTable<Series>,
    part: usize,
    values: &mut Vec<(u32, f64)>,
    mut ready: impl FnMut(u32, u64, &Series) -> bool,
) -> bool {
    values.clear();
    // Values often come in runs of one slot, which is the same series all the time under the lock.
    let mut last = None;
    slots.drain_values(part, Series::pair, |slot, entry, value| {
        let is_ready = last == Some(slot) || ready(slot, entry.id, &entry.series);
        if is_ready {
            last = Some(slot);
            values.push((slot, value));
        }
        is_ready
    })
}

/// Gives up all but the newest values that threads recorded before there was a pipeline.
pub(crate) fn keep_newest_values() {
    SLOTS.lock().give_up_values(None, Series::pair);
}

/// How many values were given up until now.
pub(crate) fn values_given_up() -> u64 {
    SLOTS.lock().given_up()
}
