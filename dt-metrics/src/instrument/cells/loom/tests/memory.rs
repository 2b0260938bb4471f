//! Models of cells and values in memory that outlives the process.

use std::sync::{self, MutexGuard};

use loom::sync::Arc;
use loom::thread;

use super::{Owner, SLOT, drained, single, slots};
use crate::descriptor::Descriptor;
use crate::instrument::cells::loom::chunk::{self, Amount, Chunk};
use crate::instrument::cells::loom::entry::Lifetime;
use crate::instrument::cells::loom::memory::{Memory, Samples};
use crate::instrument::cells::loom::sample::RingSample;
use crate::instrument::cells::loom::slots::Slots;
use crate::instrument::dimension::value::OwnedValue;

/// Memory whose chunks and arrays can be looked at.
struct Looked {
    state: sync::Mutex<LookedState>,
    /// The length of an array.
    length: usize,
    /// The greatest number of arrays.
    most: usize,
}

#[derive(Default)]
struct LookedState {
    chunks: Vec<(usize, &'static Chunk)>,
    drained: Vec<u64>,
    arrays: Vec<Array>,
    made: u32,
}

struct Array {
    id: u32,
    samples: &'static [RingSample],
    /// The position of the last snapshot.
    taken: u64,
    is_released: bool,
}

impl Looked {
    /// Memory with room for as many arrays of this length.
    fn new(length: usize, most: usize) -> sync::Arc<Self> {
        sync::Arc::new(Self {
            state: sync::Mutex::default(),
            length,
            most,
        })
    }

    /// Memory with arrays of one value each.
    fn small() -> sync::Arc<Self> {
        Self::new(2, usize::MAX)
    }

    fn state(&self) -> MutexGuard<'_, LookedState> {
        self.state.lock().expect("no test panicked")
    }

    /// The sum of a slot's cells that no snapshot has.
    fn rest(&self, slot: u32) -> u64 {
        let state = self.state();
        let (number, cell) = chunk::position(slot);
        let chunks = state.chunks.iter().filter(|(it, _)| *it == number);
        let sum = chunks.fold(0_u64, |sum, (_, chunk)| sum.wrapping_add(chunk.get(cell)));
        let drained = state.drained.get(slot as usize);
        sum.wrapping_sub(drained.copied().unwrap_or(0))
    }

    /// The values that no snapshot has, as another process finds them.
    fn values(&self) -> Vec<f64> {
        let state = self.state();
        let arrays = state.arrays.iter();
        let samples = arrays.flat_map(|array| {
            let samples = array
                .samples
                .iter()
                .skip(usize::try_from(array.taken).unwrap());
            samples
                .map(RingSample::get)
                .take_while(|(slot, _)| *slot != u32::MAX)
        });
        samples.map(|(_, value)| value).collect()
    }

    /// How many arrays are in use.
    fn arrays(&self) -> usize {
        self.state().arrays.len()
    }
}

impl Memory for Looked {
    fn chunk(&self, number: usize) -> Option<&'static Chunk> {
        let chunk = Chunk::leak();
        self.state().chunks.push((number, chunk));
        Some(chunk)
    }

    fn assign(&self, _: u32, _: u64, _: &Descriptor, _: &[(&'static str, OwnedValue)]) {}

    fn samples(&self) -> Option<Samples> {
        let samples = (0..self.length).map(|_| RingSample::empty());
        let samples: &[_] = samples.collect::<Vec<_>>().leak();
        let mut state = self.state();
        if state.arrays.len() == self.most {
            return None;
        }
        state.made += 1;
        let id = state.made;
        state.arrays.push(Array {
            id,
            samples,
            taken: 1,
            is_released: false,
        });
        Some(Samples { id, samples })
    }

    fn release(&self, id: u32) {
        let mut state = self.state();
        let array = state.arrays.iter_mut().find(|array| array.id == id);
        let array = array.expect("an array is released once");
        assert!(!array.is_released);
        array.is_released = true;
    }

    fn snapshot(&self, first: u32, drained: &[u64], taken: &[(u32, u64)]) {
        assert_eq!(first, 0);
        let mut state = self.state();
        state.drained = drained.to_vec();
        state.arrays.retain(|array| !array.is_released);
        assert_eq!(taken.len(), state.arrays.len());
        for (id, taken) in taken {
            let array = state.arrays.iter_mut().find(|array| array.id == *id);
            array.expect("each array is in use").taken = *taken;
        }
    }

    fn abandon(&self) {}

    fn detach(&self) {}
}

/// Takes the values of the first block, which is the only one. The values of a slot that is `refused`
/// stay.
fn taken(slots: &Slots<&'static str>, refused: Option<u32>) -> Vec<f64> {
    let mut values = Vec::new();
    slots.lock().drain_values(1, single, |slot, _, value| {
        let is_taken = Some(slot) != refused;
        if is_taken {
            values.push(value);
        }
        is_taken
    });
    values
}

/// Takes the values of the first block, and makes a snapshot.
fn collected_values(slots: &Slots<&'static str>) -> Vec<f64> {
    let values = taken(slots, None);
    slots.lock().snapshot();
    values
}

/// Drains a slot, and returns the sum after the snapshot.
fn collected(slots: &Slots<&'static str>) -> i128 {
    let sum = drained(slots, SLOT);
    slots.lock().snapshot();
    sum
}

#[test]
fn a_thread_that_counts_while_its_cells_move_loses_nothing_and_the_rest_is_in_the_memory() {
    loom::model(|| {
        let slots = slots();
        let counting = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let mut owner = Owner::new(&slots);
                owner.add(SLOT, 1);
                owner.add(SLOT, 1);
                owner.add(SLOT, 1);
            })
        };
        let memory = Looked::small();
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        let during = collected(&slots);
        counting.join().unwrap();
        // An addition that was under way when the cells moved is there at the latest now.
        Owner::new(&slots).add(SLOT, 5);
        let rest = memory.rest(SLOT);
        let after = collected(&slots);
        assert_eq!(i128::from(rest), after);
        assert_eq!(memory.rest(SLOT), 0);
        assert_eq!(during + after, 8);
        // From now on, all is there.
        Owner::new(&slots).add(SLOT, 1);
        assert_eq!(memory.rest(SLOT), 1);
        assert_eq!(collected(&slots), 1);
    });
}

#[test]
fn counts_that_were_not_drained_before_cells_move_are_in_the_memory() {
    loom::model(|| {
        let slots = slots();
        let counting = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let mut owner = Owner::new(&slots);
                owner.add(SLOT, 1);
                owner.add(SLOT, 1);
            })
        };
        let mut idle = Owner::new(&slots);
        idle.add(SLOT, 8);
        assert_eq!(drained(&slots, SLOT) / 8, 1);
        idle.add(SLOT, 16);
        let memory = Looked::small();
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        assert_eq!(memory.rest(SLOT) & !7, 16);
        assert_eq!(slots.lock().total(SLOT) & !7, 24);
        counting.join().unwrap();
        assert_eq!(slots.lock().total(SLOT), 26);
    });
}

#[test]
fn cells_move_from_memory_to_memory() {
    loom::model(|| {
        let slots = slots();
        let [first, second] = [(); 2].map(|()| Looked::small());
        let mut owner = Owner::new(&slots);
        owner.add(SLOT, 1);
        slots.lock().keep_in(first.clone(), |_, _, _, _| ());
        owner.add(SLOT, 2);
        assert_eq!((first.rest(SLOT), collected(&slots)), (3, 3));
        owner.add(SLOT, 4);
        slots.lock().keep_in(second.clone(), |_, _, _, _| ());
        owner.add(SLOT, 8);
        // What was in the first one is in both: it is void by now.
        assert_eq!((first.rest(SLOT), second.rest(SLOT)), (4, 12));
        assert_eq!(collected(&slots), 12);
        assert_eq!(second.rest(SLOT), 0);
    });
}

#[test]
fn a_kept_cell_that_begins_again_leaves_nothing_for_the_next_process_but_the_rest() {
    loom::model(|| {
        let slots = slots();
        let memory = Looked::small();
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        let mut owner = Owner::new(&slots);
        owner.add_in_range(SLOT, Amount::Unsigned(u64::MAX - 1));
        assert_eq!(collected(&slots), i128::from(u64::MAX - 1));
        owner.add_in_range(SLOT, Amount::Unsigned(1));
        assert_eq!(memory.rest(SLOT), 1);
        owner.add_in_range(SLOT, Amount::Unsigned(3));
        slots.lock().snapshot();
        assert_eq!(memory.rest(SLOT), 4);
        owner.add_in_range(SLOT, Amount::Unsigned(2));
        assert_eq!(collected(&slots), 6);
        assert_eq!(memory.rest(SLOT), 0);
    });
}

#[test]
fn each_value_is_in_a_snapshot_or_in_the_memory() {
    loom::model(|| {
        let slots = slots();
        let memory = Looked::small();
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        let recording = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let mut owner = Owner::new(&slots);
                let values = [1.0, 2.0, 3.0].into_iter();
                values
                    .filter(|value| owner.record(SLOT, *value))
                    .collect::<Vec<_>>()
            })
        };
        let mut values = collected_values(&slots);
        // Until the next snapshot, these are in the memory as well.
        taken(&slots, None);
        let recorded = recording.join().unwrap();
        values.append(&mut memory.values());
        assert_eq!(values, recorded);
    });
}

#[test]
fn an_array_is_taken_while_its_owner_fills_it() {
    loom::model(|| {
        let slots = slots();
        let memory = Looked::new(4, usize::MAX);
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        let recording = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let mut owner = Owner::new(&slots);
                let values = [1.0, 2.0, 3.0, 4.0].into_iter();
                values
                    .filter(|value| owner.record(SLOT, *value))
                    .collect::<Vec<_>>()
            })
        };
        let mut values = collected_values(&slots);
        let recorded = recording.join().unwrap();
        let rest = memory.values();
        assert_eq!(collected_values(&slots), rest);
        values.extend(rest);
        assert_eq!(values, recorded);
        assert_eq!(memory.values(), [0.0; 0]);
    });
}

#[test]
fn a_thread_that_records_while_its_ring_is_closed_loses_nothing() {
    loom::model(|| {
        let slots = slots();
        let memory = Looked::small();
        let recording = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let mut owner = Owner::new(&slots);
                let values = [1.0, 2.0, 3.0].into_iter();
                values
                    .filter(|value| owner.record(SLOT, *value))
                    .collect::<Vec<_>>()
            })
        };
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        let mut values = taken(&slots, None);
        let recorded = recording.join().unwrap();
        values.extend(taken(&slots, None));
        assert_eq!(values, recorded);
        slots.lock().snapshot();
        // From now on, all is there.
        Owner::new(&slots).record(SLOT, 5.0);
        assert_eq!(memory.values(), [5.0]);
    });
}

#[test]
fn a_thread_that_records_while_its_ring_moves_back_loses_nothing() {
    loom::model(|| {
        let slots = slots();
        // Room for one array, which is full.
        let memory = Looked::new(2, 1);
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        let mut owner = Owner::new(&slots);
        assert!(owner.record(SLOT, 1.0));
        assert!(owner.record(SLOT, 2.0));
        assert_eq!(memory.values(), [1.0]);
        drop(owner);
        let recording = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let mut owner = Owner::new(&slots);
                let values = [3.0, 4.0].into_iter();
                values
                    .filter(|value| owner.record(SLOT, *value))
                    .collect::<Vec<_>>()
            })
        };
        let mut values = collected_values(&slots);
        let recorded = recording.join().unwrap();
        values.append(&mut collected_values(&slots));
        assert_eq!(values, [vec![1.0, 2.0], recorded].concat());
        assert_eq!(memory.values(), [0.0; 0]);
    });
}

#[test]
fn without_room_a_thread_records_in_the_heap_until_the_next_snapshot() {
    loom::model(|| {
        let slots = slots();
        // Room for one array.
        let memory = Looked::new(2, 1);
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        let mut owner = Owner::new(&slots);
        for value in [1.0, 2.0] {
            assert!(owner.record(SLOT, value));
        }
        assert_eq!(memory.values(), [1.0]);
        assert_eq!(taken(&slots, None), [1.0, 2.0]);
        // Its array is in use until then.
        assert!(owner.record(SLOT, 3.0));
        assert_eq!(memory.values(), [1.0]);
        assert_eq!(collected_values(&slots), [3.0]);
        assert!(owner.record(SLOT, 4.0));
        assert_eq!(memory.values(), [4.0]);
        // There is no room again.
        slots.lock().snapshot();
        assert!(owner.record(SLOT, 5.0));
        assert_eq!(memory.values(), [4.0]);
        assert_eq!(collected_values(&slots), [4.0, 5.0]);
    });
}

#[test]
fn values_move_from_memory_to_memory_and_stay_until_they_are_taken() {
    loom::model(|| {
        let slots = slots();
        let [first, second] = [(); 2].map(|()| Looked::new(4, usize::MAX));
        slots.lock().keep_in(first.clone(), |_, _, _, _| ());
        let mut owner = Owner::new(&slots);
        assert!(owner.record(SLOT, 1.0));
        slots.lock().keep_in(second.clone(), |_, _, _, _| ());
        assert!(owner.record(SLOT, 2.0));
        // What was in the first one is in both: it is void by now.
        assert_eq!(
            (first.values(), second.values()),
            (vec![1.0], vec![1.0, 2.0])
        );
        assert_eq!(collected_values(&slots), [1.0, 2.0]);
        assert_eq!((first.values(), second.values()), (vec![1.0], vec![]));
    });
}

#[test]
fn values_from_before_there_was_memory_are_there_as_far_as_there_is_room() {
    for (room, moved) in [(0, 0), (1, 1), (2, 2), (3, 2)] {
        loom::model(move || {
            let slots = slots();
            let memory = Looked::new(2, room);
            let mut owner = Owner::new(&slots);
            for value in [1.0, 2.0] {
                assert!(owner.record(SLOT, value));
            }
            slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
            assert_eq!(memory.values(), [1.0, 2.0][..moved]);
            assert_eq!(collected_values(&slots), [1.0, 2.0]);
            assert_eq!(memory.values(), [0.0; 0]);
            assert!(owner.record(SLOT, 3.0));
            assert_eq!(memory.values().len(), room.min(1));
            assert_eq!(collected_values(&slots), [3.0]);
        });
    }
}

#[test]
fn values_for_which_there_is_no_room_stay_in_the_memory_before() {
    loom::model(|| {
        let slots = slots();
        slots.lock().keep_in(Looked::small(), |_, _, _, _| ());
        let mut owner = Owner::new(&slots);
        for value in [1.0, 2.0] {
            assert!(owner.record(SLOT, value));
        }
        let second = Looked::new(2, 1);
        slots.lock().keep_in(second.clone(), |_, _, _, _| ());
        assert_eq!(second.values(), [1.0]);
        assert_eq!(collected_values(&slots), [1.0, 2.0]);
        assert!(owner.record(SLOT, 3.0));
        assert_eq!(second.values(), [3.0]);
    });
}

#[test]
fn the_next_owner_of_a_closed_ring_looks_for_room() {
    loom::model(|| {
        let slots = slots();
        let memory = Looked::small();
        let recording = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || assert!(Owner::new(&slots).record(SLOT, 1.0)))
        };
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        recording.join().unwrap();
        // The other value may be in the heap, if it was put in when the ring was closed.
        assert!(Owner::new(&slots).record(SLOT, 2.0));
        assert!(memory.values().ends_with(&[2.0]));
        assert_eq!(collected_values(&slots), [1.0, 2.0]);
    });
}

#[test]
fn arrays_of_memory_that_was_left_are_used_up() {
    loom::model(|| {
        let slots = slots();
        let memory = Looked::new(4, usize::MAX);
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        let mut owner = Owner::new(&slots);
        assert!(owner.record(SLOT, 1.0));
        slots.lock().leave_memory(&(memory.clone() as _));
        assert_eq!(collected_values(&slots), [1.0]);
        for value in [2.0, 3.0] {
            assert!(owner.record(SLOT, value));
        }
        assert_eq!(memory.values(), [1.0, 2.0, 3.0]);
        assert_eq!(collected_values(&slots), [2.0, 3.0]);
        assert!(owner.record(SLOT, 4.0));
        assert_eq!((memory.arrays(), slots.lock().rings()), (1, 1));
        assert_eq!(memory.values(), [1.0, 2.0, 3.0]);
        assert_eq!(collected_values(&slots), [4.0]);
    });
}

#[test]
fn the_next_owner_of_a_block_goes_on_in_its_array() {
    loom::model(|| {
        let slots = slots();
        let memory = Looked::new(4, usize::MAX);
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        assert!(Owner::new(&slots).record(SLOT, 1.0));
        assert_eq!(collected_values(&slots), [1.0]);
        let recording = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || assert!(Owner::new(&slots).record(SLOT, 2.0)))
        };
        let during = taken(&slots, None);
        recording.join().unwrap();
        assert_eq!((memory.arrays(), memory.values()), (1, vec![2.0]));
        assert_eq!([during, collected_values(&slots)].concat(), [2.0]);
    });
}

#[test]
fn a_full_array_is_released_once_its_values_were_taken() {
    loom::model(|| {
        let slots = slots();
        let memory = Looked::small();
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        let mut owner = Owner::new(&slots);
        for value in [1.0, 2.0] {
            assert!(owner.record(SLOT, value));
        }
        assert!(!owner.record(SLOT, 3.0), "too many values are waiting");
        slots.lock().snapshot();
        assert_eq!((memory.arrays(), memory.values()), (2, vec![1.0, 2.0]));
        assert_eq!(collected_values(&slots), [1.0, 2.0]);
        assert_eq!((memory.arrays(), memory.values()), (1, vec![]));
        assert!(owner.record(SLOT, 3.0));
        slots.lock().snapshot();
        assert_eq!((memory.arrays(), memory.values()), (1, vec![3.0]));
    });
}

#[test]
fn a_refused_value_stays_in_the_memory_and_keeps_the_slots_of_later_values() {
    loom::model(|| {
        let slots = slots();
        let memory = Looked::new(4, usize::MAX);
        slots.lock().keep_in(memory.clone(), |_, _, _, _| ());
        let later = slots.lock().register("later", Lifetime::WhileUsed).unwrap();
        let mut owner = Owner::new(&slots);
        assert!(owner.record(SLOT, 1.0));
        assert!(owner.record(SLOT + 1, 2.0));
        assert!(owner.record(later, 3.0));
        assert_eq!(taken(&slots, Some(SLOT + 1)), [1.0]);
        for _ in 0..8 {
            assert_eq!(taken(&slots, Some(SLOT + 1)), [0.0; 0]);
            let mut table = slots.lock();
            table.end_epoch(|_| false);
            table.snapshot();
            drop(table);
            assert_eq!(memory.values(), [2.0, 3.0]);
        }
        assert_ne!(
            slots.lock().register("next", Lifetime::WhileUsed),
            Some(later)
        );
        assert_eq!(collected_values(&slots), [2.0, 3.0]);
        assert_eq!(memory.values(), [0.0; 0]);
    });
}

#[test]
fn values_of_all_rings_are_watched_once() {
    loom::model(|| {
        let slots = slots();
        slots.lock().keep_in(Looked::small(), |_, _, _, _| ());
        let mut owner = Owner::new(&slots);
        assert!(owner.record(SLOT, 1.0));
        slots.lock().begin_watch(|_| false, single);
        assert!(owner.record(SLOT, 2.0));
        taken(&slots, None);
        assert!(owner.record(SLOT, 3.0));
        assert!(owner.record(SLOT, 4.0));
        let watched = slots.lock().end_watch(|_| false).values;
        assert_eq!(watched, [(SLOT, 2.0), (SLOT, 3.0), (SLOT, 4.0)]);
    });
}

#[test]
fn a_forked_child_goes_on_without_the_values_of_its_parent() {
    loom::model(|| {
        let slots = slots();
        slots.lock().keep_in(Looked::small(), |_, _, _, _| ());
        let mut owner = Owner::new(&slots);
        assert!(owner.record(SLOT, 1.0));
        assert!(owner.record(SLOT, 2.0));
        slots.lock().fence(Some(owner.block), |_| ());
        slots.lock().disown();
        assert!(owner.record(SLOT, 3.0));
        assert_eq!(taken(&slots, None), [3.0]);
    });
}
