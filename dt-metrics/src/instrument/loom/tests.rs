use loom::sync::Arc;
use loom::thread;

use super::chunk::{self, Directory};
use super::slots::{BlockId, Slots, State};
use super::sync::Mutex;

/// The name of slot 0 in these models; slot 1 exists too.
const SLOT: u32 = 0;

fn slots() -> Arc<Slots<&'static str>> {
    let slots = Slots {
        state: Mutex::new(State::new()),
    };
    assert_eq!(slots.register(|| None, || "first", |_| ()), Some(SLOT));
    assert_eq!(slots.register(|| None, || "second", |_| ()), Some(SLOT + 1));
    Arc::new(slots)
}

/// A thread's side, as `local` does it with thread-local storage.
struct Owner<'a> {
    slots: &'a Slots<&'static str>,
    block: BlockId,
    directory: Directory,
}

impl<'a> Owner<'a> {
    fn new(slots: &'a Slots<&'static str>) -> Self {
        let (block, directory) = slots.claim();
        Self {
            slots,
            block,
            directory,
        }
    }

    fn add(&mut self, slot: u32, n: u64) {
        if !chunk::add(self.directory, slot, n) {
            self.directory = self.slots.extend(self.block, slot);
            assert!(chunk::add(self.directory, slot, n));
        }
    }
}

impl Drop for Owner<'_> {
    fn drop(&mut self) {
        self.slots.release(self.block);
    }
}

fn drained(slots: &Slots<&'static str>, slot: u32) -> u64 {
    let mut deltas = Vec::new();
    slots.drain(|_| true, &mut deltas);
    deltas[slot as usize]
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
        assert!(slots.blocks() <= 2);
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
        assert_eq!(slots.blocks(), 1);
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
                thread::spawn(move || slots.add_shared(SLOT, 1))
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
        slots.drain(|slot| slot == 1, &mut deltas);
        assert_eq!(deltas[0], 0);
        let during = deltas[1];
        counting.join().unwrap();
        slots.drain(|_| true, &mut deltas);
        assert_eq!(deltas[0], 1);
        assert_eq!(during + deltas[1], 1);
    });
}

#[test]
fn a_series_registered_by_two_threads_has_one_slot() {
    loom::model(|| {
        let slots = slots();
        let known = Arc::new(loom::sync::atomic::AtomicU64::new(0));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (slots, known) = (Arc::clone(&slots), Arc::clone(&known));
                thread::spawn(move || {
                    use loom::sync::atomic::Ordering::Relaxed;
                    slots.register(
                        || {
                            Some(known.load(Relaxed))
                                .filter(|n| *n != 0)
                                .and_then(|n| n.try_into().ok())
                        },
                        || "third",
                        |slot| known.store(slot.into(), Relaxed),
                    )
                })
            })
            .collect();
        let slots: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        assert_eq!(slots, [Some(2), Some(2)]);
    });
}
