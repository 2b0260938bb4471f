//! The rings of one thread: one in which it puts values, and full ones.

use std::collections::VecDeque;
use std::sync::Arc;

use super::kept::Kept;
use super::ring::{Put, Ring};
use super::sync::{DUE, RING, SAMPLES, SMALLEST_RING};

/// The rings of one thread. All calls are made under the lock of the slots.
///
/// With [memory that outlives the process](super::memory), the thread puts its values in arrays there. The
/// drain takes the values out of them as it does of a ring in the heap, and an array that is full and empty is
/// released. If there is no room, the thread puts its values in the heap, until the next
/// [snapshot](Self::look_for_room).
///
/// At most [`RING`] values are waiting, unless nobody takes them.
pub(super) struct Rings {
    /// The ring in which the owner puts values. Present once it has recorded a value.
    current: Option<Arc<Ring>>,
    /// Rings into which no further values are put, in the order in which they were filled.
    sealed: VecDeque<Arc<Ring>>,
}

/// Another ring for a thread whose ring is full.
pub(super) struct Further {
    /// `None` if values have to be taken out before.
    pub(super) ring: Option<Arc<Ring>>,
    /// Whether it is time to take values out.
    pub(super) is_due: bool,
}

impl Rings {
    pub(super) fn new() -> Self {
        Self {
            current: None,
            sealed: VecDeque::new(),
        }
    }

    /// The ring for the owner, if there is one.
    pub(super) fn current(&self) -> Option<Arc<Ring>> {
        self.current.clone()
    }

    /// The ring for the owner, made on first use.
    pub(super) fn first<S>(&mut self, kept: Option<&Kept<S>>) -> Arc<Ring> {
        if let Some(ring) = &self.current {
            return Arc::clone(ring);
        }
        let ring = in_memory(kept).unwrap_or_else(Ring::new);
        self.begin(ring, kept)
    }

    /// A ring with room, in place of the owner's, which is full or closed. For the owner alone, which must not
    /// touch the other one afterwards.
    pub(super) fn further<S>(&mut self, kept: Option<&Kept<S>>) -> Further {
        let waiting = self.waiting();
        Further {
            ring: self.with_room(waiting, kept),
            is_due: waiting >= DUE,
        }
    }

    fn with_room<S>(&mut self, waiting: u64, kept: Option<&Kept<S>>) -> Option<Arc<Ring>> {
        let left = (RING as u64).saturating_sub(waiting);
        let fits = left >= SAMPLES as u64 - 1;
        if fits && let Some(ring) = in_memory(kept) {
            return Some(self.begin(ring, kept));
        }
        match &mut self.current {
            Some(ring) if ring.array().is_none() => {
                if !ring.open() {
                    *ring = ring.grow(left + ring.waiting())?;
                }
                return Some(Arc::clone(ring));
            }
            // Once values are taken out, there is room for an array, whose values are not lost in a crash.
            Some(_) if !fits && kept.is_some() => return None,
            _ => {}
        }
        (left >= SMALLEST_RING as u64).then(|| self.begin(Ring::new(), kept))
    }

    /// Lets the owner put values into another ring.
    fn begin<S>(&mut self, ring: Arc<Ring>, kept: Option<&Kept<S>>) -> Arc<Ring> {
        self.sealed.extend(self.current.replace(Arc::clone(&ring)));
        self.release_empty(kept);
        ring
    }

    /// Ends the sealed rings whose values were all taken out.
    fn release_empty<S>(&mut self, kept: Option<&Kept<S>>) {
        while let Some(ring) = self.sealed.pop_front() {
            if ring.waiting() > 0 {
                self.sealed.push_front(ring);
                return;
            }
            if let (Some(kept), Some(array)) = (kept, ring.array())
                && kept.is(array.memory)
            {
                kept.release(array.id);
            }
        }
    }

    /// The thread has ended. Its array is for the next owner, and a ring in the heap stays only as long as
    /// values are waiting.
    pub(super) fn leave(&mut self) {
        if let Some(ring) = &self.current
            && ring.array().is_none()
        {
            self.current = ring.fit();
        }
    }

    /// Ends the ring of a thread that has [left](Self::leave), after a drain.
    pub(super) fn end<S>(&mut self, kept: Option<&Kept<S>>) {
        self.current = self.current.take().filter(|ring| {
            let is_kept = |memory| kept.is_some_and(|kept| kept.is(memory));
            ring.waiting() > 0 || ring.array().is_some_and(|array| is_kept(array.memory))
        });
    }

    /// Moves all waiting values to `kept`, and lets the owner look for another ring at its next value. A value
    /// that the owner puts in meanwhile stays, and so do values for which there is no room.
    pub(super) fn move_to<S>(&mut self, kept: &Kept<S>) {
        if let Some(ring) = &self.current {
            ring.close();
        }
        let (mut moved, mut full) = (None::<Arc<Ring>>, VecDeque::new());
        let mut put = |slot, value| loop {
            if let Some(ring) = &moved
                && ring.put(slot, value) != Put::Full
            {
                return true;
            }
            let Some(ring) = in_memory(Some(kept)) else {
                return false;
            };
            full.extend(moved.replace(ring));
        };
        for ring in self.iter() {
            ring.take(u64::MAX, &mut put);
            if ring.waiting() > 0 {
                break;
            }
        }
        full.extend(moved);
        self.sealed.retain(|ring| ring.waiting() > 0);
        full.append(&mut self.sealed);
        self.sealed = full;
    }

    /// Lets the owner of a ring in the heap look for room in the memory at its next value.
    pub(super) fn look_for_room(&self) {
        if let Some(ring) = &self.current
            && ring.array().is_none()
        {
            ring.close();
        }
    }

    /// Takes values out, the oldest first, until `each` refuses one of a ring. Values of a ring in
    /// memory that outlives the process must not be elsewhere after the drain, and so may be refused.
    /// `each` gets a ring, the slot and the value. `false` if a value was refused.
    pub(super) fn take<S>(
        &mut self,
        kept: Option<&Kept<S>>,
        mut each: impl FnMut(&Ring, u32, f64) -> bool,
    ) -> bool {
        let is_refused = |ring: &Ring| {
            let mut is_refused = false;
            ring.take(u64::MAX, |slot, value| {
                is_refused = !each(ring, slot, value);
                !is_refused
            });
            is_refused
        };
        let is_complete = !self.iter().any(is_refused);
        self.release_empty(kept);
        is_complete
    }

    /// Takes out all but the newest `remaining` values.
    pub(super) fn take_oldest<S>(
        &mut self,
        remaining: u64,
        kept: Option<&Kept<S>>,
        mut each: impl FnMut(u32, f64),
    ) {
        let mut most = self.waiting().saturating_sub(remaining);
        for ring in self.iter() {
            most -= ring.take(most, |slot, value| {
                each(slot, value);
                true
            });
        }
        self.release_empty(kept);
    }

    /// Discards all values. Allocates nothing, and frees nothing.
    pub(super) fn discard(&self) {
        for ring in self.iter() {
            ring.take(u64::MAX, |_, _| true);
        }
    }

    /// Reads all waiting values, the oldest first.
    pub(super) fn read(&self, mut each: impl FnMut(u32, f64)) {
        self.iter().for_each(|ring| ring.read(&mut each));
    }

    /// The arrays in this memory, with the positions up to which values were taken.
    pub(super) fn arrays(&self, memory: u32) -> impl Iterator<Item = (u32, u64)> {
        self.iter().filter_map(move |ring| {
            let array = ring.array().filter(|array| array.memory == memory)?;
            Some((array.id, ring.taken()))
        })
    }

    fn waiting(&self) -> u64 {
        self.iter().map(Ring::waiting).sum()
    }

    /// All rings, the oldest first.
    fn iter(&self) -> impl Iterator<Item = &Ring> {
        self.sealed.iter().chain(&self.current).map(|ring| &**ring)
    }

    #[cfg(test)]
    #[allow(
        dead_code,
        reason = "each copy of this file is tested for other things"
    )]
    pub(super) fn count(&self) -> usize {
        self.iter().count()
    }
}

/// An empty ring in the memory; `None` if there is none, or if it has no room.
fn in_memory<S>(kept: Option<&Kept<S>>) -> Option<Arc<Ring>> {
    let (samples, memory) = kept?.samples()?;
    Some(Ring::in_memory(samples, memory))
}
