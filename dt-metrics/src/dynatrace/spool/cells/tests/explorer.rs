//! A model of a process with a file of cells and requests on disk, which is killed after every store.
//!
//! After each store to the file, and after each change of the disk, recovery reads the file as it is.
//! For each series, the sum of delivered counts, counts in requests that are kept, and recovered counts
//! must be exactly the sum of all counts. So must each value of a histogram be there exactly once.

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
use super::super::series::{Measured, RecoveredSeries};
use super::{another_process, described, handle, labels};
use crate::descriptor::Kind;
use crate::instrument::{Chunk, Memory, RingSample};

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
    /// A thread records a value in one of the slots that have a series.
    Record {
        thread: usize,
        slot: usize,
    },
    /// A timer of a histogram starts or ends.
    Timer {
        thread: usize,
        slot: usize,
    },
    /// A thread's sample array is taken as full.
    Fill {
        thread: usize,
    },
    /// The values of a thread are taken before the next collection.
    Take {
        thread: usize,
    },
    /// A new series gets a vacant slot or a new slot.
    Series {
        is_histogram: bool,
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
    /// The file grows, if it is nearly full.
    Grow,
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
        6 => (0..THREADS, any::<prop::sample::Index>()).prop_map(|(thread, slot)| Step::Record {
            thread,
            slot: slot.index(SLOTS),
        }),
        1 => (0..THREADS, 0..SLOTS).prop_map(|(thread, slot)| Step::Timer { thread, slot }),
        1 => (0..THREADS).prop_map(|thread| Step::Fill { thread }),
        1 => (0..THREADS).prop_map(|thread| Step::Take { thread }),
        4 => (any::<bool>(), text).prop_map(|(is_histogram, text)| Step::Series { is_histogram, text }),
        3 => (0..SLOTS).prop_map(|slot| Step::Retire { slot }),
        3 => Just(Step::Collect),
        3 => Just(Step::Write),
        3 => Just(Step::Commit),
        1 => Just(Step::Grow),
        2 => (0_usize..8).prop_map(|request| Step::Send { request }),
    ]
}

fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 1_u64..5, 1 => 1_u64..1 << 50]
}

/// Something that was measured, by its series.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Measurement {
    Counts(usize),
    /// Each value is another number.
    Value(usize, u64),
}

/// How often something was measured.
type Counts = BTreeMap<Measurement, u64>;

fn counts_of(series: RecoveredSeries) -> Counts {
    let id = series.name.strip_prefix("series.").unwrap();
    let id = id.parse().unwrap();
    match series.measured {
        Measured::Counts(added) => Counts::from([(Measurement::Counts(id), added)]),
        Measured::Values { values, .. } => {
            let mut counts = Counts::new();
            for value in values {
                *counts
                    .entry(Measurement::Value(id, value.to_bits()))
                    .or_default() += 1;
            }
            counts
        }
    }
}

/// A request with counts by series.
#[derive(Clone, Debug)]
struct Request {
    number: u64,
    /// The size of its collection, for the last request of it.
    size: Option<usize>,
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
    /// The stops since a sample array began to be emptied, while it is. Few of these stops are checked.
    emptying: Option<u64>,
    failure: Option<String>,
}

impl Outside {
    /// Recovers from the file as it is now.
    fn check(&mut self, file: &File) {
        self.stops += 1;
        if let Some(stops) = &mut self.emptying {
            *stops += 1;
            if *stops > 8 && !stops.is_multiple_of(61) {
                return;
            }
        }
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
        let is_complete = |number: u64| {
            let all = self.disk.iter().filter(|it| it.number == number);
            let size = all.clone().find_map(|it| it.size);
            size == Some(all.count())
        };
        let complete = |_, number| is_complete(number).then(|| time(number));
        let found = read(&image, length, another_process(), complete);
        let found = found.map_err(|error| error.to_string())?;
        let mut sums = self.delivered.clone();
        let mut add = |counts: &Counts| {
            for (series, n) in counts {
                *sums.entry(*series).or_default() += n;
            }
        };
        match found {
            Found::Void => {
                self.disk.iter().for_each(|request| add(&request.counts));
                let is_more = |(measurement, n): (&Measurement, &u64)| {
                    self.counted
                        .get(measurement)
                        .is_none_or(|counted| n > counted)
                };
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
                    add(&counts_of(series));
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
    /// By thread, the sample arrays in use. A thread fills the last one, unless it is full.
    arrays: Vec<Vec<Array>>,
    /// How many values there were.
    values: u64,
    /// Values that were taken, and are in no request.
    taken: Counts,
    /// The series of each slot.
    slots: Vec<Option<Series>>,
    series: usize,
    /// Requests that are not on disk.
    memory: Vec<Request>,
}

/// The series of a slot.
#[derive(Clone, Copy, Debug)]
struct Series {
    id: usize,
    is_histogram: bool,
    /// Whether a timer runs.
    is_timed: bool,
    /// The last collection in which the series was.
    last: u64,
}

/// A sample array of a thread.
struct Array {
    id: u32,
    samples: &'static [RingSample],
    /// The values in it: their slot, and the measurement if the file has a record of the series.
    values: Vec<(usize, Option<Measurement>)>,
    taken: usize,
    is_full: bool,
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
            arrays: (0..THREADS).map(|_| Vec::new()).collect(),
            values: 0,
            taken: Counts::new(),
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
        let mut sums = (0_u64, 0_u64);
        for (cells, chunks) in self.cells.iter().zip(&self.chunks) {
            let sum = cells.get(&number).map_or(0, |cells| cells[cell]);
            let seen = chunks.get(&number).map_or(0, |(_, seen)| seen[cell]);
            sums = (sums.0.wrapping_add(sum), sums.1.wrapping_add(seen));
        }
        sums
    }

    /// Whether a series may lose its slot: a series that was not used for several collections.
    fn is_idle(&self, slot: usize) -> bool {
        let (sum, drained) = self.sums(slot);
        let Some(series) = self.slots[slot].filter(|_| sum == drained) else {
            return false;
        };
        let committed = self.file.committed();
        let is_waiting = |array: &Array| {
            let values = array.values.iter().skip(array.taken);
            values.into_iter().any(|(of, _)| *of == slot)
        };
        let is_taken = |(measurement, _): (&Measurement, &u64)| matches!(measurement, Measurement::Value(id, _) if *id == series.id);
        !series.is_histogram
            // Each collection in which it was is either on disk or the file is void.
            || (!series.is_timed
                && (committed == 0 || series.last <= committed)
                && !self.arrays.iter().flatten().any(is_waiting)
                && !self.taken.iter().any(is_taken))
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Count { thread, slot, n } => self.count(thread, slot, n),
            Step::Record { thread, slot } => self.record(thread, slot),
            Step::Timer { thread, slot } => self.start_or_end_timer(thread, slot),
            Step::Fill { thread } => {
                if let Some(array) = self.arrays[thread].last_mut() {
                    array.is_full = true;
                }
            }
            Step::Take { thread } => self.take(thread),
            Step::Series { is_histogram, text } => self.assign(is_histogram, text),
            Step::Retire { slot } => {
                if let Some(slot) = slot.checked_rem(self.slots.len())
                    && self.is_idle(slot)
                {
                    self.slots[slot] = None;
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
            Step::Grow => self.file.grow_ahead(),
            Step::Send { request } => self.send(request),
        }
        let outside = self.outside.borrow();
        assert_eq!(outside.failure, None, "after stop {}", outside.stops);
    }

    /// A slot with a series of this kind.
    fn slot_with(&self, slot: usize, is_histogram: bool) -> Option<(usize, Series)> {
        let slot = slot.checked_rem(self.slots.len())?;
        let series = self.slots[slot].filter(|series| series.is_histogram == is_histogram)?;
        Some((slot, series))
    }

    fn count(&mut self, thread: usize, slot: usize, n: u64) {
        let Some((slot, series)) = self.slot_with(slot, false) else {
            return;
        };
        let (public, ..) = Self::number(slot);
        if self.add(thread, slot, n) && self.file.is_recorded(public) {
            let counts = Measurement::Counts(series.id);
            *self.outside.borrow_mut().counted.entry(counts).or_default() += n;
        }
        self.stop();
    }

    /// Adds to a cell; `false` if there is no room for it.
    fn add(&mut self, thread: usize, slot: usize, n: u64) -> bool {
        let (_, number, cell) = Self::number(slot);
        if !self.chunks[thread].contains_key(&number) {
            let Some(chunk) = self.file.chunk(number) else {
                return false; // Counted in memory.
            };
            self.chunks[thread].insert(number, (chunk, [0; CELLS]));
            self.cells[thread].insert(number, [0; CELLS]);
        }
        let (chunk, _) = self.chunks[thread][&number];
        chunk.add(cell, n);
        let cell = &mut self.cells[thread].get_mut(&number).unwrap()[cell];
        *cell = cell.wrapping_add(n);
        true
    }

    fn start_or_end_timer(&mut self, thread: usize, slot: usize) {
        if let Some((slot, series)) = self.slot_with(slot, true) {
            let n = if series.is_timed { u64::MAX } else { 1 };
            if self.add(thread, slot, n) {
                self.slots[slot].as_mut().unwrap().is_timed = !series.is_timed;
            }
            self.stop();
        }
    }

    fn record(&mut self, thread: usize, slot: usize) {
        let Some((slot, series)) = self.slot_with(slot, true) else {
            return;
        };
        if self.arrays[thread].last().is_none_or(|array| array.is_full) {
            self.outside.borrow_mut().emptying = Some(0);
            let samples = self.file.samples();
            self.outside.borrow_mut().emptying = None;
            self.stop();
            let Some(samples) = samples else {
                return; // Recorded in memory.
            };
            self.arrays[thread].push(Array {
                id: samples.id,
                samples: samples.samples,
                values: Vec::new(),
                taken: 0,
                is_full: false,
            });
        }
        let (public, ..) = Self::number(slot);
        let value = f64::from_bits(self.values + 1);
        self.values += 1;
        let measurement = Measurement::Value(series.id, value.to_bits());
        let measurement = self.file.is_recorded(public).then_some(measurement);
        let array = self.arrays[thread].last_mut().unwrap();
        array.samples[array.values.len() + 1].put(public, value);
        array.values.push((slot, measurement));
        if let Some(measurement) = measurement {
            self.outside.borrow_mut().counted.insert(measurement, 1);
        }
        self.stop();
    }

    /// Takes the values of a thread, and gives its full arrays back.
    fn take(&mut self, thread: usize) {
        let file = &self.file;
        let taken = &mut self.taken;
        self.arrays[thread].retain_mut(|array| {
            let values = array.values[array.taken..].iter();
            taken.extend(values.filter_map(|(_, measurement)| Some(((*measurement)?, 1))));
            array.taken = array.values.len();
            if array.is_full {
                file.release(array.id);
            }
            !array.is_full
        });
    }

    fn assign(&mut self, is_histogram: bool, text: usize) {
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
        let kind = if is_histogram {
            Kind::Histogram
        } else {
            Kind::Counter
        };
        let descriptor = described(kind, &format!("series.{}", self.series), &"x".repeat(text));
        self.file.assign(public, origin, descriptor, &[]);
        self.slots[slot] = Some(Series {
            id: self.series,
            is_histogram,
            is_timed: false,
            last: 0,
        });
        self.series += 1;
    }

    fn collect(&mut self) {
        let (mut requests, mut drained) = ([Counts::new(), Counts::new()], Vec::new());
        let number = self.file.pending() + 1;
        for slot in 0..self.slots.len() {
            let (sum, before) = self.sums(slot);
            let (public, ..) = Self::number(slot);
            if let Some(series) = &mut self.slots[slot]
                && sum != before
            {
                series.last = number;
                if !series.is_histogram && self.file.is_recorded(public) {
                    requests[slot % 2].insert(Measurement::Counts(series.id), sum - before);
                }
            }
            drained.resize(slot * STRIDE, 0);
            drained.push(sum);
        }
        for (chunks, cells) in self.chunks.iter_mut().zip(&self.cells) {
            for (number, (_, seen)) in chunks {
                *seen = cells[number];
            }
        }
        (0..THREADS).for_each(|thread| self.take(thread));
        for (measurement, n) in std::mem::take(&mut self.taken) {
            if let Measurement::Value(id, value) = measurement {
                requests[usize::from(value % 2 == 0)].insert(measurement, n);
                let mut series = self.slots.iter_mut().flatten();
                if let Some(series) = series.find(|series| series.id == id) {
                    series.last = number;
                }
            }
        }
        let arrays = self.arrays.iter().flatten();
        let taken: Vec<_> = arrays
            .map(|array| (array.id, array.taken as u64 + 1))
            .collect();
        self.file.snapshot(FIRST, &drained, &taken);
        assert_eq!(self.file.pending(), number);
        let requests = requests.into_iter().filter(|counts| !counts.is_empty());
        let requests: Vec<_> = requests.collect();
        let size = requests.len();
        let last = |index| (index == size).then_some(size);
        self.memory
            .extend((1..).zip(requests).map(|(index, counts)| Request {
                number,
                size: last(index),
                counts,
            }));
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
        room in 4_usize..110,
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
            let is_histogram = round % 4 == 0;
            model.run(&Step::Series { is_histogram, text });
        }
        for slot in 0..8 {
            let thread = slot % THREADS;
            model.run(&Step::Count { thread, slot, n: 1 });
            model.run(&Step::Record { thread, slot });
            model.run(&Step::Timer { thread, slot });
        }
        model.run(&Step::Take { thread: round % 3 });
        if round % 5 == 0 {
            model.run(&Step::Fill { thread: round % 3 });
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
    let values = outside.counted.keys();
    let values = values.filter(|it| matches!(it, Measurement::Value(..)));
    assert!(values.count() > 50);
}

/// The halves of a file that cannot grow are arrays, then free, then arrays again, then blocks.
#[test]
fn the_explorer_stops_while_arrays_are_used_again() {
    let mut model = Model::new(64 << 10, 115);
    let series = |is_histogram| Step::Series {
        is_histogram,
        text: 0,
    };
    model.run(&series(true));
    let mut arrays = std::collections::BTreeSet::new();
    let mut used = 0;
    for round in 0..12 {
        for thread in 0..THREADS {
            for _ in 0..=round % 3 {
                model.run(&Step::Record { thread, slot: 0 });
            }
            used += model.arrays[thread].len();
            arrays.extend(model.arrays[thread].iter().map(|array| array.id));
        }
        model.run(&Step::Fill {
            thread: round % THREADS,
        });
        model.run(&Step::Take {
            thread: round % THREADS,
        });
        model.run(&Step::Collect);
        model.run(&Step::Send { request: 0 });
        model.run(&Step::Write);
        if round % 2 == 1 {
            model.run(&Step::Commit);
        }
    }
    // The third thread has none before the first array is free again.
    assert!(arrays.len() == 2 && used > 8, "{arrays:?}, {used}");
    assert_eq!(model.file.bytes(), 64 << 10);
    for _ in 0..4 {
        (0..THREADS).for_each(|thread| model.run(&Step::Fill { thread }));
        model.run(&Step::Collect);
        model.run(&Step::Commit);
    }
    // Their blocks are records now.
    for _ in 0..SLOTS {
        model.run(&Step::Series {
            is_histogram: true,
            text: 500,
        });
    }
    model.run(&Step::Record { thread: 0, slot: 1 });
    let recorded = (0..SLOTS).filter(|slot| {
        let (public, ..) = Model::number(*slot);
        model.file.is_recorded(public)
    });
    assert!(recorded.count() > 35);
}

/// With few free blocks, each new series gets the blocks of an earlier one, and so do cells and baselines.
#[test]
fn the_explorer_stops_while_blocks_are_used_again() {
    let mut model = Model::new(64 << 10, 28);
    let series = |text| Step::Series {
        is_histogram: false,
        text,
    };
    let mut slots = 3;
    (0..slots).for_each(|_| model.run(&series(600)));
    for round in 0..36 {
        (0..slots).for_each(|slot| model.count(0, slot, 1));
        model.run(&Step::Collect);
        // Its counts are not in the baseline yet.
        model.run(&Step::Retire {
            slot: round % slots,
        });
        model.run(&series(600));
        (0..slots).for_each(|slot| model.count(0, slot, 1));
        model.run(&Step::Commit);
        if round == 12 || round == 24 {
            // The next slots have other chunk numbers.
            model.run(&Step::Collect);
            model.run(&Step::Commit);
            (0..slots).for_each(|slot| model.run(&Step::Retire { slot }));
            slots += 3;
            (0..slots).for_each(|_| model.run(&series(0)));
        }
    }
    assert_eq!(model.file.bytes(), 64 << 10);
    let numbers = model.chunks[0].len();
    assert!(
        numbers == 3 && model.series > 45,
        "{numbers}, {}",
        model.series
    );
    let outside = model.outside.borrow();
    assert!(outside.counted.len() > 40, "{}", outside.counted.len());
}
