//! A model of a process with a file of cells and requests on disk, which is killed after every store.
//!
//! After each store to the file, and after each change of the disk, recovery reads the file as it is.
//! For each series, the sum of delivered counts, counts in requests that are kept, and recovered counts
//! must be exactly the sum of all counts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::super::file::{CellFile, NAME};
use super::super::mapping::stops;
use super::super::recovery::{Found, read};
use super::{another_process, counter, handle, labels};
use crate::instrument::{Chunk, Memory};

/// The first slot in the file.
const FIRST: u32 = 128;
/// The slots of the model are some of the slots of the file, so that there are many chunks.
const STRIDE: usize = 19;
const SLOTS: usize = 40;
const THREADS: usize = 3;
const CELLS: usize = 64;

/// What happens in the process.
#[derive(Clone, Debug)]
enum Step {
    /// A thread counts in one of the slots that have a series.
    Count {
        thread: usize,
        slot: usize,
        n: u64,
    },
    /// A new series gets a vacant slot or a new slot.
    Series {
        text: usize,
    },
    /// A series of which everything was drained loses its slot.
    Retire {
        slot: usize,
    },
    Collect,
    /// The oldest request in memory is written to the disk.
    Write,
    /// Everything is written, and the last snapshot is committed.
    Commit,
    /// A request is delivered, and its file is removed.
    Send {
        request: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let text = prop_oneof![5 => Just(0), 5 => 0_usize..800, 1 => 0_usize..12_000];
    prop_oneof![
        6 => (0..THREADS, any::<prop::sample::Index>(), amount()).prop_map(|(thread, slot, n)| Step::Count {
            thread,
            slot: slot.index(SLOTS),
            n
        }),
        4 => text.prop_map(|text| Step::Series { text }),
        3 => (0..SLOTS).prop_map(|slot| Step::Retire { slot }),
        3 => Just(Step::Collect),
        3 => Just(Step::Write),
        3 => Just(Step::Commit),
        2 => (0_usize..8).prop_map(|request| Step::Send { request }),
    ]
}

fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 1_u64..5, 1 => 1_u64..1 << 50]
}

type Counts = BTreeMap<usize, u64>;

/// A request with counts by series.
#[derive(Clone, Debug)]
struct Request {
    number: u64,
    counts: Counts,
}

/// Everything that survives the process, apart from the file, and the counts to compare with.
#[derive(Default)]
struct Outside {
    disk: Vec<Request>,
    delivered: Counts,
    /// Without the series that the file has no room for.
    counted: Counts,
    stops: u64,
    failure: Option<String>,
}

impl Outside {
    /// Recovers from the file as it is now.
    fn check(&mut self, file: &File) {
        self.stops += 1;
        if self.failure.is_none()
            && let Err(failure) = self.compare(file)
        {
            self.failure = Some(failure);
        }
    }

    fn compare(&self, file: &File) -> Result<(), String> {
        let length = file.metadata().unwrap().len();
        let mut image = vec![0; usize::try_from(length).unwrap()];
        file.read_exact_at(&mut image, 0).unwrap();
        let found = read(&image, length, another_process()).map_err(|error| error.to_string())?;
        let mut sums = self.delivered.clone();
        let mut add = |counts: &Counts| {
            for (series, n) in counts {
                *sums.entry(*series).or_default() += n;
            }
        };
        match found {
            Found::Void => {
                self.disk.iter().for_each(|request| add(&request.counts));
                let is_more = |(series, n): (&usize, &u64)| *n > self.counted[series];
                if sums.iter().any(is_more) {
                    return Err(format!("void: {sums:?} of {:?}", self.counted));
                }
            }
            Found::Counts(recovered) => {
                if recovered.implausible > 0 {
                    return Err("implausible counts".into());
                }
                if recovered.committed > 1 && recovered.since != time(recovered.committed) {
                    return Err(format!("the time {:?}", recovered.since));
                }
                let kept = self.disk.iter();
                let kept = kept.filter(|request| request.number <= recovered.committed);
                kept.for_each(|request| add(&request.counts));
                for series in recovered.series {
                    let id = series
                        .name
                        .strip_prefix("series.")
                        .unwrap()
                        .parse()
                        .unwrap();
                    add(&Counts::from([(id, series.added)]));
                }
                if sums != self.counted {
                    return Err(format!("{sums:?} is not {:?}", self.counted));
                }
            }
            found => return Err(format!("{found:?}")),
        }
        Ok(())
    }
}

fn time(number: u64) -> std::time::SystemTime {
    UNIX_EPOCH + Duration::from_secs(number)
}

/// The process, with everything that dies with it.
struct Model {
    _directory: TempDir,
    file: CellFile,
    reader: Rc<File>,
    outside: Rc<RefCell<Outside>>,
    /// By thread and chunk number, with the values that the drain has seen.
    chunks: Vec<BTreeMap<usize, (&'static Chunk, [u64; CELLS])>>,
    /// The values of the cells.
    cells: Vec<BTreeMap<usize, [u64; CELLS]>>,
    /// The series of each slot.
    slots: Vec<Option<usize>>,
    series: usize,
    /// Requests that are not on disk.
    memory: Vec<Request>,
}

impl Model {
    /// A process whose file has room for some blocks before blocks are used again, or the file
    /// grows.
    fn new(limit_bytes: u64, room: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = CellFile::create(&handle(&directory), limit_bytes, &labels()).unwrap();
        for _ in room..118 {
            file.chunk(1_000).unwrap();
        }
        let reader = Rc::new(File::open(directory.path().join(NAME)).unwrap());
        let outside = Rc::new(RefCell::new(Outside::default()));
        let (at_stop, seen) = (outside.clone(), reader.clone());
        stops::set(Some(Box::new(move || at_stop.borrow_mut().check(&seen))));
        Self {
            _directory: directory,
            file,
            reader,
            outside,
            chunks: vec![BTreeMap::new(); THREADS],
            cells: vec![BTreeMap::new(); THREADS],
            slots: Vec::new(),
            series: 0,
            memory: Vec::new(),
        }
    }

    fn stop(&self) {
        self.outside.borrow_mut().check(&self.reader);
    }

    fn number(slot: usize) -> (u32, usize, usize) {
        let slot = slot * STRIDE + FIRST as usize;
        (u32::try_from(slot).unwrap(), slot / CELLS, slot % CELLS)
    }

    /// The sum of a slot's cells, and how much of it was drained.
    fn sums(&self, slot: usize) -> (u64, u64) {
        let (_, number, cell) = Self::number(slot);
        let mut sums = (0, 0);
        for (cells, chunks) in self.cells.iter().zip(&self.chunks) {
            sums.0 += cells.get(&number).map_or(0, |cells| cells[cell]);
            sums.1 += chunks.get(&number).map_or(0, |(_, seen)| seen[cell]);
        }
        sums
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Count { thread, slot, n } => self.count(thread, slot, n),
            Step::Series { text } => self.assign(text),
            Step::Retire { slot } => {
                if let Some(slot) = slot.checked_rem(self.slots.len()) {
                    let (sum, drained) = self.sums(slot);
                    if sum == drained {
                        self.slots[slot] = None;
                    }
                }
            }
            Step::Collect => self.collect(),
            Step::Write => self.write(),
            Step::Commit => {
                while !self.memory.is_empty() {
                    self.write();
                }
                let number = self.file.pending();
                assert!(!self.file.commit(number - 1, UNIX_EPOCH), "an old number");
                assert!(self.file.commit(number, time(number)));
                assert_eq!(self.file.committed(), number);
                self.stop();
            }
            Step::Send { request } => self.send(request),
        }
        let outside = self.outside.borrow();
        assert_eq!(outside.failure, None, "after stop {}", outside.stops);
    }

    fn count(&mut self, thread: usize, slot: usize, n: u64) {
        let Some(slot) = slot.checked_rem(self.slots.len()) else {
            return;
        };
        let (public, number, cell) = Self::number(slot);
        let Some(series) = self.slots[slot] else {
            return;
        };
        if !self.chunks[thread].contains_key(&number) {
            let Some(chunk) = self.file.chunk(number) else {
                return; // Counted in memory.
            };
            self.chunks[thread].insert(number, (chunk, [0; CELLS]));
            self.cells[thread].insert(number, [0; CELLS]);
        }
        let (chunk, _) = self.chunks[thread][&number];
        chunk.add(cell, n);
        self.cells[thread].get_mut(&number).unwrap()[cell] += n;
        if self.file.is_recorded(public) {
            *self.outside.borrow_mut().counted.entry(series).or_default() += n;
        }
        self.stop();
    }

    fn assign(&mut self, text: usize) {
        let slot = match self.slots.iter().position(Option::is_none) {
            Some(slot) => slot,
            None if self.slots.len() < SLOTS => {
                self.slots.push(None);
                self.slots.len() - 1
            }
            None => return,
        };
        let (public, ..) = Self::number(slot);
        let (origin, _) = self.sums(slot);
        let descriptor = counter(&format!("series.{}", self.series), &"x".repeat(text));
        self.file.assign(public, origin, descriptor, &[]);
        self.slots[slot] = Some(self.series);
        self.series += 1;
    }

    fn collect(&mut self) {
        let (mut requests, mut drained) = ([Counts::new(), Counts::new()], Vec::new());
        for slot in 0..self.slots.len() {
            let (sum, before) = self.sums(slot);
            let (public, ..) = Self::number(slot);
            if let Some(series) = self.slots[slot]
                && sum > before
                && self.file.is_recorded(public)
            {
                requests[slot % 2].insert(series, sum - before);
            }
            drained.resize(slot * STRIDE, 0);
            drained.push(sum);
        }
        for (chunks, cells) in self.chunks.iter_mut().zip(&self.cells) {
            for (number, (_, seen)) in chunks {
                *seen = cells[number];
            }
        }
        self.file.snapshot(FIRST, &drained, &[]);
        let number = self.file.pending();
        let requests = requests.into_iter().filter(|counts| !counts.is_empty());
        self.memory
            .extend(requests.map(|counts| Request { number, counts }));
    }

    fn write(&mut self) {
        if !self.memory.is_empty() {
            let request = self.memory.remove(0);
            self.outside.borrow_mut().disk.push(request);
            self.stop();
        }
    }

    fn send(&mut self, request: usize) {
        let on_disk = self.outside.borrow().disk.len();
        let number = match self.outside.borrow().disk.get(request) {
            Some(request) => request.number,
            None => match self.memory.get(request - on_disk) {
                Some(request) => request.number,
                None => return,
            },
        };
        if number > self.file.committed() {
            self.file.void();
        }
        let mut outside = self.outside.borrow_mut();
        let request = if request < on_disk {
            outside.disk.remove(request)
        } else {
            self.memory.remove(request - on_disk)
        };
        for (series, n) in request.counts {
            *outside.delivered.entry(series).or_default() += n;
        }
        drop(outside);
        self.stop();
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        stops::set(None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn a_kill_after_any_store_loses_and_repeats_nothing(
        is_small in any::<bool>(),
        room in 4_usize..50,
        steps in vec(step(), 1..120),
    ) {
        let mut model = Model::new(if is_small { 64 << 10 } else { 1 << 20 }, room);
        for step in steps {
            model.run(&step);
        }
    }
}

#[test]
fn the_explorer_stops_in_the_middle_of_everything() {
    let mut model = Model::new(1 << 20, 20);
    for round in 0..40 {
        for text in [0, 600, if round % 8 == 0 { 6_000 } else { 0 }] {
            model.run(&Step::Series { text });
        }
        for slot in 0..8 {
            let thread = slot % THREADS;
            model.run(&Step::Count { thread, slot, n: 1 });
        }
        model.run(&Step::Collect);
        model.run(&Step::Retire { slot: round % 8 });
        model.run(&Step::Send { request: round % 5 });
        model.run(&Step::Write);
        if round % 3 == 0 {
            model.run(&Step::Commit);
        }
    }
    let outside = model.outside.borrow();
    assert!(outside.stops > 1_000, "{}", outside.stops);
    assert!(model.file.bytes() > 64 << 10);
    assert!(outside.counted.values().sum::<u64>() > 200);
}
