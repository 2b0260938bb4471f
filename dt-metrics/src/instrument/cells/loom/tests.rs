//! Models of the cells: each holds for every interleaving of its threads.

use loom::sync::Arc;
use loom::thread;

use super::chunk::{self, Amount, Directory};
use super::entry::{Entry, Lifetime};
use super::ring::{Put, Ring};
use super::slots::{BlockId, SlotTable, Slots};
use super::sync::Mutex;

mod memory;

/// The name of slot 0 in these models; slot 1 also exists.
const SLOT: u32 = 0;

fn slots() -> Arc<Slots<&'static str>> {
    let slots = Slots {
        table: Mutex::new(SlotTable::new()),
    };
    let names = ["first", "second"];
    assert_eq!(slots.lock().register_range(names.into_iter()), Some(SLOT));
    Arc::new(slots)
}

/// One thread's side, which `thread.rs` keeps in thread-local storage.
struct Owner<'a> {
    slots: &'a Slots<&'static str>,
    block: BlockId,
    directory: Directory,
    ring: Option<std::sync::Arc<Ring>>,
}

impl<'a> Owner<'a> {
    fn new(slots: &'a Slots<&'static str>) -> Self {
        let (block, directory, ring) = slots.claim();
        Self {
            slots,
            block,
            directory,
            ring,
        }
    }

    fn add(&mut self, slot: u32, n: u64) {
        if !chunk::add(self.directory, slot, n) {
            self.directory = self.slots.add(self.block, slot, Amount::Unsigned(n));
        }
    }

    /// Adds a number of any size.
    fn add_in_range(&mut self, slot: u32, n: Amount) {
        if !chunk::add_in_range(self.directory, slot, n) {
            self.directory = self.slots.add(self.block, slot, n);
        }
    }

    /// Records a value; `false` if the largest ring is full.
    fn record(&mut self, slot: u32, value: f64) -> bool {
        let Self { slots, block, .. } = *self;
        let ring = self.ring.get_or_insert_with(|| slots.ring(block));
        if ring.put(slot, value) != Put::Full {
            return true;
        }
        let Some(further) = slots.further_ring(block).ring else {
            return false;
        };
        *ring = further;
        ring.put(slot, value) != Put::Full
    }
}

impl Drop for Owner<'_> {
    fn drop(&mut self) {
        self.slots.release(self.block);
    }
}

fn drained(slots: &Slots<&'static str>, slot: u32) -> i128 {
    let mut deltas = Vec::new();
    slots.lock().drain_all(|_, _| true, &mut deltas);
    deltas[slot as usize]
}

/// No cell can shrink.
fn unsigned(_: &&'static str) -> bool {
    false
}

/// No series is one of a pair.
fn single(_: &&'static str) -> Option<u64> {
    None
}

impl SlotTable<&'static str> {
    /// Drains the counts of all blocks.
    fn drain_all(
        &mut self,
        mut ready: impl FnMut(u32, &Entry<&'static str>) -> bool,
        deltas: &mut Vec<i128>,
    ) {
        deltas.clear();
        let mut part = 0;
        while self.drain_counts(part, unsigned, single, &mut ready, deltas) {
            part += 1;
        }
    }
}

#[test]
fn a_drain_against_increments_neither_loses_nor_doubles() {
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
        let during = drained(&slots, SLOT) + drained(&slots, SLOT);
        assert!(during <= 3);
        counting.join().unwrap();
        assert_eq!(during + drained(&slots, SLOT), 3);
    });
}

#[test]
fn a_drain_against_additions_that_exceed_a_cell_neither_loses_nor_doubles() {
    loom::model(|| {
        let slots = slots();
        let counting = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let mut owner = Owner::new(&slots);
                for n in [u64::MAX - 1, 2, u64::MAX] {
                    owner.add_in_range(SLOT, Amount::Unsigned(n));
                }
            })
        };
        let all = 2 * i128::from(u64::MAX) + 1;
        let during = drained(&slots, SLOT);
        assert!((0..=all).contains(&during));
        counting.join().unwrap();
        assert_eq!(during + drained(&slots, SLOT), all);
    });
}

#[test]
fn two_threads_and_a_drain_add_up() {
    loom::model(|| {
        let slots = slots();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let slots = Arc::clone(&slots);
                thread::spawn(move || Owner::new(&slots).add(SLOT, 1))
            })
            .collect();
        let during = drained(&slots, SLOT);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(during + drained(&slots, SLOT), 2);
        assert!(slots.lock().blocks() <= 2);
    });
}

#[test]
fn an_adopted_block_goes_on_where_it_was_left() {
    loom::model(|| {
        let slots = slots();
        Owner::new(&slots).add(SLOT, 5);
        let adopting = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || Owner::new(&slots).add(SLOT, 2))
        };
        let during = drained(&slots, SLOT);
        assert!(during == 5 || during == 7);
        adopting.join().unwrap();
        assert_eq!(during + drained(&slots, SLOT), 7);
        assert_eq!(slots.lock().blocks(), 1);
    });
}

#[test]
fn a_block_changes_hands_between_threads_during_a_drain() {
    loom::model(|| {
        let slots = slots();
        let first = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || Owner::new(&slots).add(SLOT, 1))
        };
        let second = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || Owner::new(&slots).add(SLOT, 1))
        };
        first.join().unwrap();
        let during = drained(&slots, SLOT);
        assert!(during >= 1, "what happened before the drain is in it");
        second.join().unwrap();
        assert_eq!(during + drained(&slots, SLOT), 2);
    });
}

#[test]
fn adds_of_threads_without_a_block_are_kept() {
    loom::model(|| {
        let slots = slots();
        let late: Vec<_> = (0..2)
            .map(|_| {
                let slots = Arc::clone(&slots);
                thread::spawn(move || slots.add_shared(SLOT, Amount::Unsigned(1)))
            })
            .collect();
        let during = drained(&slots, SLOT);
        for thread in late {
            thread.join().unwrap();
        }
        assert_eq!(during + drained(&slots, SLOT), 2);
    });
}

#[test]
fn a_slot_that_is_not_ready_keeps_its_counts() {
    loom::model(|| {
        let slots = slots();
        let counting = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let mut owner = Owner::new(&slots);
                owner.add(SLOT, 1);
                owner.add(SLOT + 1, 1);
            })
        };
        let mut deltas = Vec::new();
        slots.lock().drain_all(|slot, _| slot == 1, &mut deltas);
        assert_eq!(deltas[0], 0);
        let during = deltas[1];
        counting.join().unwrap();
        slots.lock().drain_all(|_, _| true, &mut deltas);
        assert_eq!(deltas[0], 1);
        assert_eq!(during + deltas[1], 1);
    });
}

/// Ends an epoch as the pipeline does, and returns the counts of `slot` until then.
fn epoch(slots: &Slots<&'static str>, slot: u32) -> i128 {
    let mut deltas = Vec::new();
    let mut state = slots.lock();
    state.drain_all(|_, _| true, &mut deltas);
    state.end_epoch(|_| false);
    deltas[slot as usize]
}

#[test]
fn an_increment_under_way_while_its_series_retires_is_its_own() {
    loom::model(|| {
        let slots = slots();
        let slot = slots
            .lock()
            .register("passing", Lifetime::WhileUsed)
            .unwrap();
        assert!(slots.lock().hold(slot));
        let counting = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                // It has cached the slot, and has not noticed that the series is about to retire.
                let mut owner = Owner::new(&slots);
                owner.add(slot, 1);
                slots.lock().let_go(slot);
            })
        };
        let mut counted = 0;
        for _ in 0..4 {
            counted += epoch(&slots, slot);
        }
        // A new series may have the slot only when the increment was drained.
        let next = slots.lock().register("next", Lifetime::WhileUsed).unwrap();
        if next == slot {
            assert_eq!(counted, 1);
            assert_eq!(drained(&slots, slot), 0);
        }
        counting.join().unwrap();
        assert_eq!(counted + drained(&slots, slot), 1);
    });
}

#[test]
fn a_series_that_is_looked_up_while_it_retires_is_held_or_gone() {
    loom::model(|| {
        let slots = slots();
        let slot = slots
            .lock()
            .register("passing", Lifetime::WhileUsed)
            .unwrap();
        // The instrument's table of its series.
        let table = Arc::new(Mutex::new(Some(slot)));
        let looking_up = {
            let (slots, table) = (Arc::clone(&slots), Arc::clone(&table));
            thread::spawn(move || {
                let mut owner = Owner::new(&slots);
                let table = table.lock().unwrap();
                let held = table.is_some_and(|slot| slots.lock().hold(slot));
                drop(table);
                if held {
                    owner.add(slot, 1);
                }
                held
            })
        };
        let mut counted = 0;
        for _ in 0..5 {
            let mut deltas = Vec::new();
            let mut state = slots.lock();
            state.drain_all(|_, _| true, &mut deltas);
            counted += deltas[slot as usize];
            let leaving = state.end_epoch(|_| false);
            drop(state);
            if leaving.contains(&slot) {
                *table.lock().unwrap() = None;
            }
        }
        let next = slots.lock().register("next", Lifetime::WhileUsed).unwrap();
        let held = looking_up.join().unwrap();
        assert_eq!(counted + drained(&slots, slot), i128::from(held));
        assert!(!held || next != slot, "somebody holds it still");
    });
}

#[test]
fn a_series_stays_while_it_is_bound_and_loses_nothing_when_it_is_unbound() {
    loom::model(|| {
        let slots = slots();
        let slot = slots.lock().register("bound", Lifetime::WhileUsed).unwrap();
        assert!(slots.lock().hold(slot));
        assert!(slots.lock().bind(slot));
        let measuring = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                // Idle for any time, it adds without a look at the table.
                let mut owner = Owner::new(&slots);
                owner.add(slot, 1);
                assert!(slots.lock().unbind(slot));
            })
        };
        let mut counted = 0;
        for _ in 0..5 {
            counted += epoch(&slots, slot);
        }
        // Another series may have the slot only when the series was unbound and drained.
        let next = slots.lock().register("next", Lifetime::WhileUsed).unwrap();
        if next == slot {
            assert_eq!(counted, 1);
        }
        measuring.join().unwrap();
        assert_eq!(counted + drained(&slots, slot), 1);
    });
}

#[test]
fn a_series_that_is_bound_while_it_retires_stays_or_is_gone() {
    loom::model(|| {
        let slots = slots();
        let slot = slots.lock().register("bound", Lifetime::WhileUsed).unwrap();
        // The instrument's table of its series.
        let table = Arc::new(Mutex::new(Some(slot)));
        let binding = {
            let (slots, table) = (Arc::clone(&slots), Arc::clone(&table));
            thread::spawn(move || {
                let mut owner = Owner::new(&slots);
                let table = table.lock().unwrap();
                let held = table.is_some_and(|slot| slots.lock().hold(slot));
                drop(table);
                // It may retire between the two.
                let bound = held && slots.lock().bind(slot);
                if bound {
                    owner.add(slot, 1);
                }
                bound
            })
        };
        let mut counted = 0;
        for _ in 0..5 {
            let mut deltas = Vec::new();
            let mut state = slots.lock();
            state.drain_all(|_, _| true, &mut deltas);
            counted += deltas[slot as usize];
            let leaving = state.end_epoch(|_| false);
            drop(state);
            if leaving.contains(&slot) {
                *table.lock().unwrap() = None;
            }
        }
        let next = slots.lock().register("next", Lifetime::WhileUsed).unwrap();
        let bound = binding.join().unwrap();
        assert_eq!(counted + drained(&slots, slot), i128::from(bound));
        assert!(!bound || next != slot, "a handle has it still");
    });
}

#[test]
fn a_ring_hands_over_each_value_once_and_in_order() {
    loom::model(|| {
        let slots = slots();
        let recording = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let mut owner = Owner::new(&slots);
                let values = [1.0, 2.0, 3.0].into_iter();
                values.filter(|value| !owner.record(SLOT, *value)).count()
            })
        };
        let mut seen = Vec::new();
        let mut take = || {
            // Drains the first block, which is the only one.
            slots.lock().drain_values(1, single, |slot, _, value| {
                assert_eq!(slot, SLOT);
                seen.push(value);
                true
            });
        };
        take();
        take();
        let refused = recording.join().unwrap();
        take();
        assert_eq!(seen.len() + refused, 3);
        assert!(seen.is_sorted(), "{seen:?}");
    });
}

#[test]
fn values_of_a_thread_that_has_ended_are_taken_once_and_its_ring_goes() {
    loom::model(|| {
        let slots = slots();
        let recording = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || assert!(Owner::new(&slots).record(SLOT, 1.0)))
        };
        let mut taken = 0;
        let mut take = || {
            // The first block, which is the only one.
            slots.lock().drain_values(1, single, |_, _, _| {
                taken += 1;
                true
            });
        };
        take();
        recording.join().unwrap();
        take();
        assert_eq!(taken, 1);
        assert_eq!(slots.lock().rings(), 0);
    });
}

#[test]
fn a_timer_pins_its_series_until_its_value_is_taken() {
    loom::model(|| {
        let slots = slots();
        let slot = slots.lock().register("timed", Lifetime::WhileUsed).unwrap();
        let (block, _, _) = slots.claim();
        let ring = slots.ring(block);
        let directory = slots.add(block, slot, Amount::Unsigned(0));
        assert!(slots.lock().hold(slot));
        let mut taken = 0;
        let mut epoch = |slots: &Slots<&'static str>| {
            let mut deltas = Vec::new();
            let mut state = slots.lock();
            state.drain_values(block.part(), single, |_, entry, _| {
                assert_eq!(entry.series, "timed");
                taken += 1;
                true
            });
            drop(state);
            let mut state = slots.lock();
            state.drain_all(|_, _| true, &mut deltas);
            state.end_epoch(|series| *series == "timed");
        };
        // It retires, and the thread that holds it has not noticed.
        (0..3).for_each(|_| epoch(&slots));
        assert!(slots.lock().is_retired(slot));
        let timing = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                assert!(chunk::add(directory, slot, 1));
                slots.lock().let_go(slot);
                assert_ne!(ring.put(slot, 1.0), Put::Full);
                assert!(chunk::add_release(directory, slot, u64::MAX));
            })
        };
        (0..2).for_each(|_| epoch(&slots));
        // Has the slot if it was given free; then no value of the other comes any more.
        slots.lock().register("next", Lifetime::WhileUsed).unwrap();
        epoch(&slots);
        timing.join().unwrap();
        epoch(&slots);
        assert_eq!(taken, 1);
    });
}

#[test]
fn a_count_and_its_value_are_in_the_same_drain() {
    /// Slot 0 counts the calls whose values are recorded for slot 1.
    fn pair(series: &&'static str) -> Option<u64> {
        ["first", "second"].contains(series).then_some(7)
    }
    loom::model(|| {
        let slots = slots();
        let calling = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let mut owner = Owner::new(&slots);
                for _ in 0..2 {
                    owner.add(SLOT, 1);
                    assert!(owner.record(SLOT + 1, 1.0));
                }
            })
        };
        // In between, values may be taken out alone, to make room.
        let mut values = 0;
        slots.lock().drain_values(1, pair, |_, _, _| {
            values += 1;
            true
        });
        let mut count = 0;
        let mut drain = |slots: &Slots<&'static str>| {
            let mut table = slots.lock();
            let mut deltas = Vec::new();
            // The first block, which is the only one.
            table.drain_values(1, pair, |_, _, _| {
                values += 1;
                true
            });
            table.drain_counts(1, unsigned, pair, |_, _| true, &mut deltas);
            count += deltas[SLOT as usize];
            assert_eq!(count, values);
            count
        };
        drain(&slots);
        calling.join().unwrap();
        assert_eq!(drain(&slots), 2);
    });
}
