//! The file of cells, as the process that counts in it sees it.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::header::{Header, Identity};
use super::labels;
use super::layout::record::{self, MAX_LENGTH, further_blocks};
use super::layout::{
    BLOCK_WORDS, Block, Buffer, Commit, GROUP_BLOCKS, GROUP_BYTES, HALF_BLOCKS, HEADER, MAGIC,
    MAX_BYTES, NO_SAMPLE, SAMPLES, STEP, Tag, header, position,
};
use super::mapping::Mapping;
use super::series::{self, RecordKind};
use crate::descriptor::Descriptor;
use crate::dynatrace::config::dimensions::Labels;
use crate::dynatrace::spool::handle::DirectoryHandle;
use crate::instrument::{Chunk, Memory, OwnedValue, Samples};

/// The name of the file.
pub(crate) const NAME: &str = "cells";
/// Its name until it is complete.
const PART: &str = "cells.part";

/// The cells of this process in a file. The memory stays mapped while the process lives.
#[derive(Debug)]
pub(crate) struct CellFile {
    mapping: Mapping,
    header: Header,
    limit_bytes: u64,
    /// Whether this process was forked from the one that counts in the file.
    is_detached: AtomicBool,
    /// The lock of the slot, if the exporter has ended and the counts are left to the next process.
    held: Mutex<Option<Box<dyn Any + Send>>>,
    /// Nothing is allocated while it is locked, unless the slots are locked as well: an allocator may
    /// be measured.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: Vec<Block>,
    /// The first blocks of free halves. The blocks of a half may become free blocks, for good.
    halves: Vec<Block>,
    /// The sample arrays, by the number of their first block.
    arrays: BTreeMap<u32, Array>,
    /// The bytes of the file whose blocks are in use or free.
    bytes: u64,
    /// The blocks of the two baselines, by chunk number.
    baselines: BTreeMap<u32, [Block; 2]>,
    /// The records of the series that count now, by slot.
    current: HashMap<u32, Record>,
    /// Records whose counts or values may still be above the baseline.
    ended: Vec<Ended>,
    /// The last snapshot.
    last: Commit,
    /// The snapshot that was committed last. Its buffer is kept even if the file is void.
    kept: Commit,
    is_void: bool,
    /// Whether it stays void.
    is_abandoned: bool,
    /// The snapshot with which the ended records and the arrays were last compared.
    compared: u64,
    full: Option<Full>,
}

/// Lists of free blocks and of free halves.
#[derive(Debug)]
struct Room {
    free: Vec<Block>,
    halves: Vec<Block>,
}

/// The use of a sample array.
#[derive(Clone, Copy, Debug)]
enum Array {
    /// A thread may put values in.
    InUse,
    /// All values were taken, and there will be no more.
    Released,
    /// So says each snapshot since the one with this number.
    Taken(u64),
}

/// The blocks of a record.
#[derive(Debug)]
struct Record {
    kind: RecordKind,
    first: Block,
    further: Vec<Block>,
}

/// The record of a series that no longer has its slot.
#[derive(Debug)]
struct Ended {
    record: Record,
    slot: u32,
    /// When the series lost the slot: of a counter, the sum of the slot's cells; of a histogram, the number of
    /// a snapshot in which all its values were taken.
    end: u64,
}

/// Why further cells are in memory only.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Full {
    /// The file has reached its limit.
    #[error("the file of cells has reached its limit of {0} bytes")]
    Limit(u64),
    /// The file could not grow.
    #[error("the file of cells cannot grow: {0}")]
    Io(io::ErrorKind),
}

impl CellFile {
    /// Creates the file in the directory of a slot, in place of an earlier one. It grows up to
    /// `limit_bytes`. The next process delivers its counts with these labels.
    pub(crate) fn create(
        directory: &DirectoryHandle,
        limit_bytes: u64,
        labels: &Labels,
    ) -> io::Result<Self> {
        let limit_bytes = limit_bytes.min(MAX_BYTES) / STEP * STEP;
        if limit_bytes == 0 {
            let error = format!("a file of cells needs at least {STEP} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
        }
        let labels = labels::to_bytes(labels);
        if labels.len() > MAX_LENGTH {
            let error = "the dimensions and the resource of this process are longer than 64 KiB";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
        }
        let header = Header::new(Identity::current()?);
        let created = Mapping::create(directory, PART)
            .and_then(|mapping| Self::begin(mapping, header, limit_bytes, &labels))
            .and_then(|file| directory.rename(PART, directory, NAME).map(|()| file));
        created.inspect_err(|_| {
            let _ = directory.remove(PART);
        })
    }

    /// Writes the header and the labels to an empty file.
    fn begin(
        mapping: Mapping,
        header: Header,
        limit_bytes: u64,
        labels: &[u8],
    ) -> io::Result<Self> {
        let now = milliseconds(SystemTime::now());
        let first = Commit {
            number: 1,
            buffer: Buffer::A,
        };
        let file = Self {
            mapping,
            header,
            limit_bytes,
            is_detached: AtomicBool::new(false),
            held: Mutex::new(None),
            state: Mutex::new(State {
                free: Vec::new(),
                halves: Vec::new(),
                arrays: BTreeMap::new(),
                bytes: 0,
                baselines: BTreeMap::new(),
                current: HashMap::new(),
                ended: Vec::new(),
                last: first,
                kept: first,
                is_void: false,
                is_abandoned: false,
                compared: first.number,
                full: None,
            }),
        };
        for (index, word) in header.to_words().into_iter().enumerate() {
            file.mapping.store(HEADER.word(index), word);
        }
        for index in header::TIMES {
            file.mapping.store(HEADER.word(index), now);
        }
        let blocks = file.take_blocks(&mut file.lock(), 1 + further_blocks(labels.len()));
        let blocks = blocks.ok_or(io::ErrorKind::StorageFull)?;
        file.write_record(&blocks, 0, header.token, labels);
        let first_block = blocks.first().map_or(0, |block| block.0.into());
        file.mapping.store(HEADER.word(header::LABELS), first_block);
        file.set_committed(first.to_word());
        file.mapping.store(0, MAGIC);
        Ok(file)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A random number that names this file in the headers of requests. Never 0.
    pub(crate) fn token(&self) -> u64 {
        self.header.token
    }

    /// The size of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.mapping.bytes()
    }

    /// Whether, and why, cells or series are in memory only that came last.
    pub(crate) fn full(&self) -> Option<Full> {
        (!self.is_detached()).then(|| self.lock().full).flatten()
    }

    /// The number of the last snapshot. A new file has snapshot 1, in which nothing is drained.
    pub(crate) fn pending(&self) -> u64 {
        if self.is_detached() {
            return 0;
        }
        self.lock().last.number
    }

    /// Makes the snapshot with this number the baseline: the requests of all collections up to
    /// the snapshot are on disk or settled. `collected` is the time of its collection. Returns `false`, and
    /// changes nothing, if there is a later snapshot by now.
    pub(crate) fn commit(&self, number: u64, collected: SystemTime) -> bool {
        if self.is_detached() {
            return false;
        }
        let mut state = self.lock();
        let last = state.last;
        if last.number != number || state.is_abandoned {
            return false;
        }
        let time = HEADER.word(header::TIMES[last.buffer.index()]);
        self.mapping.store(time, milliseconds(collected));
        self.set_committed(last.to_word());
        state.kept = last;
        state.is_void = false;
        true
    }

    /// The number of the baseline; 0 if the file is void. A new file has baseline 1.
    #[cfg(test)]
    pub(crate) fn committed(&self) -> u64 {
        let word = self.mapping.load(HEADER.word(header::COMMITTED));
        Commit::from_word(word).map_or(0, |commit| commit.number)
    }

    /// Makes the file void until the next commit: nothing is recovered from it. To be called before a
    /// request is sent whose number is above the baseline.
    pub(crate) fn void(&self) {
        if !self.is_detached() {
            let mut state = self.lock();
            state.is_void = true;
            self.set_committed(Commit::VOID);
        }
    }

    /// Whether nothing could be recovered from the file, as far as threads do not count meanwhile.
    pub(crate) fn is_drained(&self) -> bool {
        if self.is_detached() {
            return true;
        }
        let State {
            last,
            kept,
            is_void,
            ..
        } = *self.lock();
        if is_void || last.number != kept.number {
            return is_void;
        }
        let mut above: HashMap<u32, [u64; BLOCK_WORDS]> = HashMap::new();
        for block in (0..groups(self.bytes()) * GROUP_BLOCKS).map(Block) {
            let tag = Tag::from_word(self.mapping.load(block.tag()));
            let (number, is_baseline) = match tag.filter(|_| block.is_usable()) {
                Some(Tag::Chunk(number)) => (number, false),
                Some(Tag::Baseline(buffer, number)) if buffer == kept.buffer => (number, true),
                Some(Tag::Samples) => {
                    let taken = self.mapping.load(block.word(kept.buffer.index()));
                    let next = usize::try_from(taken).ok().filter(|next| *next < SAMPLES);
                    let next = next.map(|next| self.mapping.load(block.sample(next)));
                    if next.is_some_and(|slot| slot != NO_SAMPLE) {
                        return false;
                    }
                    continue;
                }
                _ => continue,
            };
            let sums = above.entry(number).or_insert([0; BLOCK_WORDS]);
            for (index, sum) in sums.iter_mut().enumerate() {
                let word = self.mapping.load(block.word(index));
                *sum = if is_baseline {
                    sum.wrapping_sub(word)
                } else {
                    sum.wrapping_add(word)
                };
            }
        }
        above.values().flatten().all(|sum| *sum == 0)
    }

    /// Keeps the lock of the slot until the process ends, or delivers the counts itself.
    pub(crate) fn hold(&self, lock: impl Any + Send) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.lock().is_abandoned {
            *held = Some(Box::new(lock));
        }
    }

    /// Whether the file is still in the directory.
    pub(crate) fn is_in_place(&self, directory: &DirectoryHandle) -> bool {
        self.mapping
            .is_file(|file| directory.has_in_place(NAME, file))
    }

    /// Removes the file, if it is still in the directory, and closes it. Its memory stays, since threads may count
    /// there.
    pub(crate) fn remove(&self, directory: &DirectoryHandle) -> io::Result<()> {
        if self.is_detached() {
            return Ok(());
        }
        if self.is_in_place(directory) {
            directory.remove(NAME)?;
        }
        self.mapping.close();
        Ok(())
    }

    /// Whether the file has a record of the series that counts in the slot.
    #[cfg(test)]
    pub(super) fn is_recorded(&self, slot: u32) -> bool {
        self.lock().current.contains_key(&slot)
    }

    fn is_detached(&self) -> bool {
        self.is_detached.load(Ordering::Relaxed)
    }

    fn set_committed(&self, word: u64) {
        self.mapping.store(HEADER.word(header::COMMITTED), word);
    }

    fn set_tag(&self, block: Block, tag: Tag) {
        self.mapping.store(block.tag(), tag.to_word());
    }

    /// Grows the file if less than a quarter of it is free, so that hardly any thread that counts has to wait for
    /// the disk. To be called where such a wait does no harm.
    pub(crate) fn grow_ahead(&self) {
        if self.is_detached() {
            return;
        }
        let bytes = {
            let state = self.lock();
            let free = state.free.len() + state.halves.len() * HALF_BLOCKS as usize;
            let all = groups(state.bytes) as usize * GROUP_BLOCKS as usize;
            let has_room = free >= all / 4 && !state.halves.is_empty();
            if has_room || state.bytes >= self.limit_bytes {
                return;
            }
            state.bytes
        };
        // If this fails, whoever needs the room reports it.
        if self.mapping.grow(bytes, self.limit_bytes).is_ok() {
            let mut room = self.room();
            self.put_in_use(&mut self.lock(), &mut room);
        }
    }

    /// Empty lists with room for all blocks.
    fn room(&self) -> Room {
        let groups = groups(self.bytes()) as usize;
        Room {
            free: Vec::with_capacity(groups * GROUP_BLOCKS as usize),
            halves: Vec::with_capacity(groups),
        }
    }

    /// Hands out the blocks of the bytes that the file has grown by. Allocates nothing, and frees nothing: `room` has
    /// the new lists, and gets the old ones.
    fn put_in_use(&self, state: &mut State, room: &mut Room) {
        let (old, new) = (groups(state.bytes), groups(self.bytes()));
        let has_room = room.free.capacity() >= new as usize * GROUP_BLOCKS as usize
            && room.halves.capacity() >= new as usize;
        if old == new || !has_room {
            return;
        }
        state.bytes = u64::from(new) * GROUP_BYTES;
        // Without this number, nobody could see that the file was cut off.
        self.mapping.store(HEADER.word(header::GROUPS), new.into());
        // The first ones are taken first.
        let blocks = (old * GROUP_BLOCKS..new * GROUP_BLOCKS).map(Block).rev();
        for block in blocks {
            if block.is_half() {
                room.halves.push(block);
            } else if block.is_usable() && !block.is_in_half() {
                room.free.push(block);
            }
        }
        room.free.append(&mut state.free);
        room.halves.append(&mut state.halves);
        std::mem::swap(&mut room.free, &mut state.free);
        std::mem::swap(&mut room.halves, &mut state.halves);
    }

    /// Takes free blocks; `None` if there is not enough room for all of them.
    fn take_blocks(&self, state: &mut State, count: usize) -> Option<Vec<Block>> {
        if state.free.len() < count {
            self.free_committed(state);
        }
        while state.free.len() < count {
            if let Some(half) = state.halves.pop() {
                state.free.splice(0..0, half.half().rev());
            } else {
                self.grow(state)?;
            }
        }
        state.full = None;
        let start = state.free.len() - count;
        Some(state.free.drain(start..).rev().collect())
    }

    /// Takes a free half; `None` if there is none.
    fn take_half(&self, state: &mut State) -> Option<Block> {
        if state.halves.is_empty() {
            self.free_committed(state);
        }
        while state.halves.is_empty() {
            self.grow(state)?;
        }
        state.full = None;
        state.halves.pop()
    }

    /// Makes the file larger; `None` if that is impossible.
    fn grow(&self, state: &mut State) -> Option<()> {
        // Otherwise it has grown already.
        if state.bytes == self.bytes() {
            if state.bytes >= self.limit_bytes {
                state.full.get_or_insert(Full::Limit(self.limit_bytes));
                return None;
            }
            if let Err(error) = self.mapping.grow(state.bytes, self.limit_bytes) {
                state.full.get_or_insert(Full::Io(error.kind()));
                return None;
            }
        }
        self.put_in_use(state, &mut self.room());
        Some(())
    }

    /// Sets a block to zeros.
    fn clear(&self, block: Block) {
        for position in (0..BLOCK_WORDS).map(|index| block.word(index)) {
            if self.mapping.load(position) != 0 {
                self.mapping.store(position, 0);
            }
        }
    }

    /// Frees the records and arrays whose counts and values are all below the baseline that was committed
    /// last, or below the one that comes next if there is none.
    fn free_committed(&self, state: &mut State) {
        let kept = if state.is_void {
            state.last
        } else {
            state.kept
        };
        if std::mem::replace(&mut state.compared, kept.number) == kept.number {
            return;
        }
        let State {
            ended,
            free,
            halves,
            arrays,
            baselines,
            ..
        } = state;
        ended.retain_mut(|ended| {
            let is_needed = match ended.record.kind {
                RecordKind::Counter => {
                    let (number, cell) = position(ended.slot);
                    let drained = baselines.get(&number).map_or(0, |blocks| {
                        self.mapping.load(blocks[kept.buffer.index()].word(cell))
                    });
                    ended.end.wrapping_sub(drained).cast_signed() > 0
                }
                RecordKind::Histogram => ended.end > kept.number,
            };
            if !is_needed {
                self.set_tag(ended.record.first, Tag::None);
                free.append(&mut ended.record.further);
                free.push(ended.record.first);
            }
            is_needed
        });
        arrays.retain(|first, array| {
            let is_needed = !matches!(array, Array::Taken(number) if *number <= kept.number);
            if !is_needed {
                self.set_tag(Block(*first), Tag::None);
                halves.push(Block(*first));
            }
            is_needed
        });
    }

    /// Ends the record of the series that had the slot until now. `end` is the sum of the slot's cells.
    fn end_record(&self, state: &mut State, slot: u32, end: u64) {
        if let Some(record) = state.current.remove(&slot) {
            let end = match record.kind {
                RecordKind::Counter => end,
                RecordKind::Histogram if self.has_values(state, slot) => state.last.number,
                RecordKind::Histogram => state.kept.number,
            };
            self.mapping.store(record.first.word(record::END), end);
            self.set_tag(record.first, Tag::Ended(slot));
            state.ended.push(Ended { record, slot, end });
        }
    }

    /// Whether there are values of a slot above the baseline that was committed last.
    fn has_values(&self, state: &State, slot: u32) -> bool {
        let State {
            kept, last, arrays, ..
        } = state;
        let has_values = |first: Block| {
            let taken = self.mapping.load(first.word(kept.buffer.index()));
            let taken = usize::try_from(taken).unwrap_or(SAMPLES);
            (taken..SAMPLES)
                .map(|index| self.mapping.load(first.sample(index)))
                .take_while(|found| *found != NO_SAMPLE)
                .any(|found| found == u64::from(slot))
        };
        // A series that loses its slot has been idle for some snapshots.
        last.number > kept.number && arrays.keys().any(|first| has_values(Block(*first)))
    }

    /// Writes a record to free blocks. It counts once the first one has its tag.
    fn write_record(&self, blocks: &[Block], slot: u32, origin: u64, bytes: &[u8]) {
        let mut words = bytes.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            for (byte, value) in word.iter_mut().zip(chunk) {
                *byte = *value;
            }
            u64::from_le_bytes(word)
        });
        let mut nexts = blocks.iter().skip(1).map(|block| u64::from(block.0));
        for (index, block) in blocks.iter().enumerate() {
            let data = if index == 0 {
                let length =
                    (u64::from(series::checksum(slot, origin, bytes)) << 32) | bytes.len() as u64;
                self.mapping.store(block.word(record::ORIGIN), origin);
                self.mapping.store(block.word(record::END), 0);
                self.mapping.store(block.word(record::LENGTH), length);
                self.mapping
                    .store(block.word(record::NEXT), nexts.next().unwrap_or(0));
                record::DATA
            } else {
                self.mapping.store(block.word(0), nexts.next().unwrap_or(0));
                1
            };
            for (position, word) in (data..BLOCK_WORDS).zip(&mut words) {
                self.mapping.store(block.word(position), word);
            }
        }
    }
}

impl Memory for CellFile {
    fn chunk(&self, number: usize) -> Option<&'static Chunk> {
        let number = u32::try_from(number).ok()?;
        if self.is_detached() || Tag::from_word(Tag::Chunk(number).to_word()).is_none() {
            return None;
        }
        let mut state = self.lock();
        let state = &mut *state;
        let is_first = !state.baselines.contains_key(&number);
        // The baselines get their room now, so that a snapshot never needs any.
        let mut blocks = self
            .take_blocks(state, if is_first { 3 } else { 1 })?
            .into_iter();
        let chunk = blocks.next()?;
        if let (Some(a), Some(b)) = (blocks.next(), blocks.next()) {
            for (block, buffer) in [(a, Buffer::A), (b, Buffer::B)] {
                self.clear(block);
                self.set_tag(block, Tag::Baseline(buffer, number));
            }
            state.baselines.insert(number, [a, b]);
        }
        self.clear(chunk);
        self.set_tag(chunk, Tag::Chunk(number));
        self.mapping.chunk(chunk)
    }

    fn assign(
        &self,
        slot: u32,
        origin: u64,
        descriptor: &Descriptor,
        dimensions: &[(&'static str, OwnedValue)],
    ) {
        if self.is_detached() {
            return;
        }
        let mut state = self.lock();
        let state = &mut *state;
        // Even if there is no room for the next record: this one has no share in the counts to come.
        self.end_record(state, slot, origin);
        if let Some(kind) = RecordKind::of(descriptor.kind)
            && let Some(bytes) = series::to_bytes(kind, descriptor, dimensions)
            && let Some(mut blocks) = self.take_blocks(state, 1 + further_blocks(bytes.len()))
        {
            self.write_record(&blocks, slot, origin, &bytes);
            let further = blocks.split_off(1);
            if let Some(first) = blocks.pop() {
                self.set_tag(first, Tag::Record(slot));
                let record = Record {
                    kind,
                    first,
                    further,
                };
                state.current.insert(slot, record);
            }
        }
    }

    fn samples(&self) -> Option<Samples> {
        if self.is_detached() {
            return None;
        }
        let mut state = self.lock();
        let first = self.take_half(&mut state)?;
        let samples = self.mapping.samples(first)?;
        for buffer in [Buffer::A, Buffer::B] {
            self.mapping.store(first.word(buffer.index()), 1);
        }
        for position in (1..SAMPLES).map(|index| first.sample(index)) {
            if self.mapping.load(position) != NO_SAMPLE {
                self.mapping.store(position, NO_SAMPLE);
            }
        }
        self.set_tag(first, Tag::Samples);
        state.arrays.insert(first.0, Array::InUse);
        let id = first.0;
        Some(Samples { id, samples })
    }

    fn release(&self, id: u32) {
        if self.is_detached() {
            return;
        }
        if let Some(array @ Array::InUse) = self.lock().arrays.get_mut(&id) {
            *array = Array::Released;
        }
    }

    fn snapshot(&self, first: u32, drained: &[u64], taken: &[(u32, u64)]) {
        if self.is_detached() {
            return;
        }
        let mut state = self.lock();
        let state = &mut *state;
        let buffer = state.kept.buffer.other();
        let number = state.last.number + 1;
        state.last = Commit { number, buffer };
        let set_taken = |first: u32, taken| {
            let position = Block(first).word(buffer.index());
            if self.mapping.load(position) != taken {
                self.mapping.store(position, taken);
            }
        };
        let complete = HEADER.word(header::NUMBERS[buffer.index()]);
        self.mapping.store(complete, 0);
        for (first, array) in &mut state.arrays {
            if let Array::Released = array {
                *array = Array::Taken(number);
            }
            if let Array::Taken(_) = array {
                set_taken(*first, SAMPLES as u64);
            }
        }
        for (first, taken) in taken {
            if let Some(Array::InUse) = state.arrays.get(first) {
                set_taken(*first, *taken);
            }
        }
        for (number, blocks) in &state.baselines {
            let block = blocks[buffer.index()];
            for cell in 0..BLOCK_WORDS {
                let slot = *number as usize * BLOCK_WORDS + cell;
                let index = slot.checked_sub(first as usize);
                let Some(drained) = index.and_then(|index| drained.get(index)) else {
                    continue;
                };
                let position = block.word(cell);
                if self.mapping.load(position) != *drained {
                    self.mapping.store(position, *drained);
                }
            }
        }
        self.mapping.store(complete, number);
    }

    fn abandon(&self) {
        if self.is_detached() {
            return;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut state = self.lock();
            state.is_abandoned = true;
            state.is_void = true;
            self.set_committed(Commit::VOID);
        }
        // Only now, since another process may read the file from now on.
        *held = None;
        self.mapping.close();
    }

    fn detach(&self) {
        if !self.is_detached.swap(true, Ordering::Relaxed) {
            self.mapping.detach();
        }
    }
}

/// How many groups so many bytes have.
fn groups(bytes: u64) -> u32 {
    u32::try_from(bytes / GROUP_BYTES).unwrap_or(0)
}

/// Milliseconds since 1970.
fn milliseconds(time: SystemTime) -> u64 {
    let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
