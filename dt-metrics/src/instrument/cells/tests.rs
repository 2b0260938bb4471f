//! Rings of the real sizes, in memory that outlives the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use super::chunk::Chunk;
use super::entry::Lifetime;
use super::memory::{Memory, Samples};
use super::ring::{Put, Ring};
use super::rings::Further;
use super::sample::RingSample;
use super::slots::{BlockId, SlotTable, Slots};
use super::sync::{self, DUE, RING, SAMPLES};
use crate::descriptor::Descriptor;
use crate::instrument::dimension::value::OwnedValue;

/// Memory that uses arrays again.
#[derive(Default)]
struct Reused(Mutex<State>);

#[derive(Default)]
struct State {
    arrays: Vec<&'static [RingSample]>,
    free: Vec<u32>,
    released: Vec<u32>,
    taken: Vec<(u32, u64)>,
}

impl Reused {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panicked")
    }

    /// The values that no snapshot has, of the arrays that the last snapshot has.
    fn values(&self) -> Vec<f64> {
        let state = self.state();
        let arrays = state.taken.iter().flat_map(|(id, taken)| {
            let samples = state.arrays[*id as usize].iter();
            let samples = samples.skip(usize::try_from(*taken).unwrap());
            samples
                .map(RingSample::get)
                .take_while(|(slot, _)| *slot != u32::MAX)
        });
        arrays.map(|(_, value)| value).collect()
    }
}

impl Memory for Reused {
    fn chunk(&self, _: usize) -> Option<&'static Chunk> {
        None
    }

    fn assign(&self, _: u32, _: u64, _: &Descriptor, _: &[(&'static str, OwnedValue)]) {}

    fn samples(&self) -> Option<Samples> {
        let mut state = self.state();
        let samples: Vec<_> = (0..SAMPLES).map(|_| RingSample::empty()).collect();
        let samples: &[_] = samples.leak();
        let id = state.free.pop().unwrap_or_else(|| {
            state.arrays.push(samples);
            u32::try_from(state.arrays.len() - 1).unwrap()
        });
        state.arrays[id as usize] = samples;
        Some(Samples { id, samples })
    }

    fn release(&self, id: u32) {
        self.state().released.push(id);
    }

    fn snapshot(&self, _: u32, _: &[u64], taken: &[(u32, u64)]) {
        let mut state = self.state();
        let State { free, released, .. } = &mut *state;
        free.append(released);
        state.taken = taken.to_vec();
    }

    fn abandon(&self) {}

    fn detach(&self) {}
}

fn slots(memory: &Arc<Reused>) -> Slots<()> {
    let slots = Slots {
        table: sync::Mutex::new(SlotTable::new()),
    };
    assert_eq!(slots.lock().register((), Lifetime::Static), Some(0));
    let memory: Arc<dyn Memory> = Arc::clone(memory) as _;
    slots.lock().keep_in(memory, |_, _, _, ()| ());
    slots
}

/// One thread's side, which `thread.rs` keeps in thread-local storage.
struct Owner<'a> {
    slots: &'a Slots<()>,
    block: BlockId,
    ring: Arc<Ring>,
}

impl<'a> Owner<'a> {
    fn new(slots: &'a Slots<()>) -> Self {
        let (block, _, _) = slots.claim();
        let ring = slots.ring(block);
        Self { slots, block, ring }
    }

    /// Records a value, and returns whether it is time to take values out; `None` if there is no room.
    fn record(&mut self, value: f64) -> Option<bool> {
        match self.ring.put(0, value) {
            Put::Done => Some(false),
            Put::Due => Some(true),
            Put::Full => {
                let Further { ring, is_due } = self.slots.further_ring(self.block);
                self.ring = ring?;
                assert_eq!(self.ring.put(0, value), Put::Done);
                Some(is_due)
            }
        }
    }
}

fn take(slots: &Slots<()>, values: &mut Vec<f64>) {
    // The first block, which is the only one.
    let each = |_: u32, _: &_, value| {
        values.push(value);
        true
    };
    assert!(slots.lock().drain_values(1, |()| None, each));
}

fn numbers(numbers: core::ops::Range<u32>) -> Vec<f64> {
    numbers.map(f64::from).collect()
}

#[test]
fn a_ring_is_as_small_as_its_two_sides() {
    // Each thread that records has one, and its stack has one while the ring is made.
    assert_eq!(size_of::<Ring>(), 256);
}

#[test]
fn a_thread_that_records_much_loses_nothing_and_uses_arrays_again() {
    const VALUES: u32 = 100_000;
    let memory = Arc::new(Reused::default());
    let slots = slots(&memory);
    let is_done = AtomicBool::new(false);
    let mut values = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut owner = Owner::new(&slots);
            for value in numbers(0..VALUES) {
                while owner.record(value).is_none() {
                    thread::yield_now();
                }
            }
            is_done.store(true, Ordering::Release);
        });
        let mut is_last = false;
        while !is_last {
            is_last = is_done.load(Ordering::Acquire);
            // The block is there once the thread has begun.
            if slots.lock().blocks() > 0 {
                take(&slots, &mut values);
                let mut table = slots.lock();
                table.snapshot();
                let rest = memory.values();
                drop(table);
                let next = u32::try_from(values.len()).unwrap();
                let end = next + u32::try_from(rest.len()).unwrap();
                assert_eq!(rest, numbers(next..end));
            }
        }
    });
    assert_eq!(values, numbers(0..VALUES));
    // All values would need 98 arrays.
    assert!(memory.state().arrays.len() <= 3 * RING / SAMPLES);
}

#[test]
fn it_is_time_to_take_values_before_there_is_no_room() {
    let memory = Arc::new(Reused::default());
    let slots = slots(&memory);
    let mut owner = Owner::new(&slots);
    let (mut due, mut recorded) = (None, 0);
    while let Some(is_due) = owner.record(f64::from(recorded)) {
        if is_due {
            due.get_or_insert(recorded);
        }
        recorded += 1;
    }
    let array = u32::try_from(SAMPLES - 1).unwrap();
    assert_eq!(recorded, u32::try_from(RING).unwrap() / array * array);
    let due = u64::from(due.expect("it was time"));
    assert!((DUE..DUE + SAMPLES as u64).contains(&due), "{due}");
    let mut values = Vec::new();
    take(&slots, &mut values);
    assert_eq!(values, numbers(0..recorded));
    assert!(owner.record(0.0).is_some());
}

#[test]
fn no_value_is_outside_of_the_memory_while_others_are_waiting() {
    let memory = Arc::new(Reused::default());
    let slots = slots(&memory);
    let mut owner = Owner::new(&slots);
    for value in numbers(0..500) {
        assert!(owner.record(value).is_some());
    }
    take(&slots, &mut Vec::new());
    let mut end = 500;
    while owner.record(f64::from(end)).is_some() {
        end += 1;
    }
    slots.lock().snapshot();
    assert_eq!(memory.values(), numbers(500..end));
}

#[test]
fn the_oldest_values_of_all_arrays_are_given_up_first() {
    let memory = Arc::new(Reused::default());
    let slots = slots(&memory);
    let mut owner = Owner::new(&slots);
    for value in numbers(0..6_000) {
        assert!(owner.record(value).is_some());
    }
    slots.lock().give_up_values(Some(owner.block), |()| None);
    slots.lock().snapshot();
    let newest = numbers(6_000 - 4_096..6_000);
    assert_eq!(memory.values(), newest);
    let mut values = Vec::new();
    take(&slots, &mut values);
    assert_eq!((values, slots.lock().given_up()), (newest, 6_000 - 4_096));
}
