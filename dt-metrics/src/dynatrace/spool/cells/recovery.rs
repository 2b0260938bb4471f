//! Reading the counts and values of a process that has died out of its file of cells.
//!
//! The file is read, never mapped: another process could cut it off meanwhile. Every number in it is
//! checked before use.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::file::NAME;
use super::header::{Header, Identity, LAYOUT};
use super::labels;
use super::layout::record::{self, MAX_LENGTH, further_blocks};
use super::layout::{
    BLOCK_WORDS, Block, Commit, GROUP_BLOCKS, GROUP_BYTES, HALF_BLOCKS, HEADER, MAGIC, MAX_BYTES,
    NO_SAMPLE, SAMPLES, SAMPLES_IN_BLOCK, Tag, header, low_half, position,
};
use super::series::{self, Measured, RecordKind, RecoveredSeries};
use crate::dynatrace::config::dimensions::Labels;
use crate::dynatrace::spool::handle::DirectoryHandle;

/// The contents of the file of a process that has died. The caller removes the file.
#[derive(Debug)]
pub(crate) enum Found {
    /// There is no file.
    Nothing,
    /// This process counts in the file. The file must stay.
    InUse,
    /// Nothing is recovered. All requests are delivered.
    Void,
    /// A newer version of this library can read the file, which must stay. Requests with this token and a number
    /// above the committed one, if there is one, must stay as well.
    Newer {
        token: u64,
        committed: Option<u64>,
    },
    Counts(Box<Recovered>),
}

/// A line of the last collection may have the time of the baseline.
const AFTER: Duration = Duration::from_millis(1);

/// The counts and values that the process had not put into requests on disk.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// The [token](super::CellFile::token) in the headers of the requests that the process wrote.
    pub(crate) token: u64,
    /// Requests with this token and a higher number are not delivered: their counts and values are in
    /// `series`.
    pub(crate) committed: u64,
    /// The labels of the process.
    pub(crate) labels: Labels,
    /// The time of the baseline.
    pub(crate) since: SystemTime,
    /// When the process counted last, as far as this is known. After its last collection, unless
    /// that is in the future, and never in the future.
    pub(crate) time: SystemTime,
    /// Counters with counts, and histograms with values. Several may have the same name and
    /// dimensions.
    pub(crate) series: Vec<RecoveredSeries>,
    /// How many counters and values are left out, since their numbers are impossible: a sum exceeded its range,
    /// or the file was altered.
    pub(crate) implausible: u64,
}

/// Why counts cannot be recovered. Then all requests of the process are delivered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Damaged(#[from] Damage),
}

/// Why a file has no counts that can be recovered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Damage {
    #[error("others can change it, or it has a second name")]
    Shared,
    #[error("it is not a file of cells, or its header was altered")]
    Header,
    #[error("it was written by an older version of this library (format {0})")]
    Version(u64),
    /// The file on disk may be older than the requests that were sent.
    #[error("the machine was restarted since")]
    Restarted,
    #[error("it is not complete")]
    CutOff,
    #[error("it is too large")]
    TooLarge,
    #[error("its block {0} was altered")]
    Block(u32),
}

/// Whether a file may have counts that a process can recover.
pub(crate) fn has_counts(directory: &DirectoryHandle) -> bool {
    match recover(directory, |_, _| None) {
        Ok(Found::Nothing | Found::InUse | Found::Void)
        | Err(Unreadable::Damaged(Damage::Restarted)) => false,
        Ok(Found::Counts(recovered)) => !recovered.series.is_empty() || recovered.implausible > 0,
        Ok(Found::Newer { .. }) | Err(_) => true,
    }
}

/// Reads the file in a slot that this process has locked. `collected` returns when the collection with a token and
/// a number was made, if all of its requests are on disk.
pub(crate) fn recover(
    directory: &DirectoryHandle,
    collected: impl Fn(u64, u64) -> Option<SystemTime>,
) -> Result<Found, Unreadable> {
    let file = match directory.open_file(NAME) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        file => file?,
    };
    let metadata = file.metadata()?;
    if !DirectoryHandle::is_private(&metadata) {
        return Err(Damage::Shared.into());
    }
    let (modified, now) = (metadata.modified()?, SystemTime::now());
    let mut found = read(&file, metadata.len(), Identity::current()?, collected)?;
    if let Found::Counts(recovered) = &mut found {
        recovered.time = recovered.time.max(modified).min(now);
    }
    Ok(found)
}

/// Bytes that can be read from any position.
pub(super) trait Source {
    fn read_at(&self, bytes: &mut [u8], position: u64) -> io::Result<()>;
}

impl Source for File {
    fn read_at(&self, bytes: &mut [u8], position: u64) -> io::Result<()> {
        let mut file = self;
        file.seek(SeekFrom::Start(position))?;
        file.read_exact(bytes)
    }
}

type Words = [u64; BLOCK_WORDS];

/// By chunk number. Chunks of zeros are left out.
type Cells = HashMap<u32, Box<Words>>;

fn read_block(source: &impl Source, block: Block) -> io::Result<Words> {
    let mut bytes = [0; BLOCK_WORDS * 8];
    source.read_at(&mut bytes, block.word(0) as u64 * 8)?;
    let mut words = [0; BLOCK_WORDS];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_ne_bytes(*bytes);
    }
    Ok(words)
}

/// Reads a file with so many bytes. The time is just after the baseline.
pub(super) fn read(
    source: &impl Source,
    bytes: u64,
    reader: Identity,
    collected: impl Fn(u64, u64) -> Option<SystemTime>,
) -> Result<Found, Unreadable> {
    if bytes < GROUP_BYTES {
        return Err(Damage::CutOff.into());
    }
    if bytes > MAX_BYTES {
        return Err(Damage::TooLarge.into());
    }
    let tags = read_block(source, Block(0))?;
    if tags[0] != MAGIC {
        return Err(Damage::Header.into());
    }
    let words = read_block(source, HEADER)?;
    let version = words[header::VERSION];
    if version > LAYOUT {
        let commit = Commit::from_word(words[header::COMMITTED]);
        return Ok(Found::Newer {
            token: words[header::TOKEN],
            committed: commit.map(|commit| commit.number),
        });
    }
    if version != LAYOUT {
        return Err(Damage::Version(version).into());
    }
    let header = Header::from_words(&words).ok_or(Damage::Header)?;
    if header.identity == reader {
        return Ok(Found::InUse);
    }
    if header.identity.boot != reader.boot {
        return Err(Damage::Restarted.into());
    }
    let Some(mut commit) = Commit::from_word(words[header::COMMITTED]) else {
        return Ok(Found::Void);
    };
    let since = Duration::from_millis(words[header::TIMES[commit.buffer.index()]]);
    let mut since = UNIX_EPOCH.checked_add(since).ok_or(Damage::Header)?;
    // The process died before it could commit this one.
    let next = Commit {
        number: words[header::NUMBERS[commit.buffer.other().index()]],
        buffer: commit.buffer.other(),
    };
    if next.number > commit.number
        && let Some(time) = collected(header.token, next.number)
    {
        (commit, since) = (next, time);
    }
    let groups = words[header::GROUPS];
    if groups > bytes / GROUP_BYTES {
        return Err(Damage::CutOff.into());
    }
    let groups = u32::try_from(groups).map_err(|_| Damage::Header)?;
    let blocks = Blocks::read(source, groups, commit)?;
    let labels = blocks.labels(source, words[header::LABELS], header.token)?;
    let (series, implausible) = blocks.series(source, commit)?;
    Ok(Found::Counts(Box::new(Recovered {
        token: header.token,
        committed: commit.number,
        labels,
        since,
        time: since.checked_add(AFTER).ok_or(Damage::Header)?,
        series,
        implausible,
    })))
}

/// The record of a series that measured in a slot.
struct Record {
    first: Block,
    kind: RecordKind,
    /// The sum of the slot's cells when the series got the slot.
    origin: u64,
    /// If the series lost the slot: of a counter, the sum then; of a histogram, the number of a snapshot in which
    /// all its values were taken.
    end: Option<u64>,
}

/// All blocks in use.
#[derive(Default)]
struct Blocks {
    /// The sums of the cells.
    totals: Cells,
    baseline: Cells,
    /// By slot.
    records: BTreeMap<u32, Vec<Record>>,
    /// The values above the baseline, by slot.
    values: HashMap<u32, Vec<f64>>,
    /// How many values have an impossible number or slot.
    implausible: u64,
    count: u32,
}

impl Blocks {
    fn read(source: &impl Source, groups: u32, commit: Commit) -> Result<Self, Unreadable> {
        let mut all = Self {
            count: groups.saturating_mul(GROUP_BLOCKS),
            ..Self::default()
        };
        for tags in (0..all.count).step_by(GROUP_BLOCKS as usize) {
            let words = read_block(source, Block(tags))?;
            if tags > 0 && words[0] != 0 {
                return Err(Damage::Block(tags).into());
            }
            let has_samples = words[HALF_BLOCKS as usize] == Tag::Samples.to_word();
            for (block, word) in (tags..).map(Block).zip(words).skip(1) {
                let tag = Tag::from_word(word);
                let is_part = has_samples && block.is_in_half() && !block.is_half();
                let tag = tag.filter(|tag| block.is_usable() && !is_part || *tag == Tag::None);
                all.add(source, block, tag, commit)?;
            }
        }
        Ok(all)
    }

    fn add(
        &mut self,
        source: &impl Source,
        block: Block,
        tag: Option<Tag>,
        commit: Commit,
    ) -> Result<(), Unreadable> {
        let damage = Damage::Block(block.0);
        match tag.ok_or(damage)? {
            Tag::None => {}
            Tag::Chunk(number) => {
                let words = read_block(source, block)?;
                if words != [0; BLOCK_WORDS] {
                    let sums = self
                        .totals
                        .entry(number)
                        .or_insert_with(|| Box::new([0; BLOCK_WORDS]));
                    for (sum, cell) in sums.iter_mut().zip(words) {
                        *sum = sum.wrapping_add(cell);
                    }
                }
            }
            Tag::Baseline(buffer, number) => {
                let words = read_block(source, block)?;
                if buffer == commit.buffer
                    && words != [0; BLOCK_WORDS]
                    && self.baseline.insert(number, Box::new(words)).is_some()
                {
                    return Err(damage.into());
                }
            }
            Tag::Record(slot) => {
                let words = read_block(source, block)?;
                self.add_record(block, slot, &words, None).ok_or(damage)?;
            }
            Tag::Ended(slot) => {
                let words = read_block(source, block)?;
                let end = words[record::END];
                self.add_record(block, slot, &words, Some(end))
                    .ok_or(damage)?;
            }
            Tag::Samples if block.is_half() => self.add_samples(source, block, commit)?,
            Tag::Samples => return Err(damage.into()),
        }
        Ok(())
    }

    /// `None` if the words are not those of a record.
    fn add_record(
        &mut self,
        first: Block,
        slot: u32,
        words: &Words,
        end: Option<u64>,
    ) -> Option<()> {
        let record = Record {
            first,
            kind: RecordKind::from_word(words[record::DATA])?,
            origin: words[record::ORIGIN],
            end,
        };
        self.records.entry(slot).or_default().push(record);
        Some(())
    }

    /// Adds the samples above the baseline. An array is filled from front to back.
    fn add_samples(
        &mut self,
        source: &impl Source,
        first: Block,
        commit: Commit,
    ) -> Result<(), Unreadable> {
        let taken = read_block(source, first)?[commit.buffer.index()];
        let taken = usize::try_from(taken).unwrap_or(usize::MAX);
        if !(1..=SAMPLES).contains(&taken) {
            self.implausible += 1;
            return Ok(());
        }
        let blocks = first.half().zip((0..).step_by(SAMPLES_IN_BLOCK));
        for (block, start) in blocks.filter(|(_, start)| start + SAMPLES_IN_BLOCK > taken) {
            let words = read_block(source, block)?;
            let samples = words.as_chunks().0.iter();
            for [slot, value] in samples.skip(taken.saturating_sub(start)) {
                if *slot == NO_SAMPLE {
                    return Ok(());
                }
                let value = f64::from_bits(*value);
                match u32::try_from(*slot) {
                    Ok(slot) if value.is_finite() => {
                        self.values.entry(slot).or_default().push(value);
                    }
                    _ => self.implausible += 1,
                }
            }
        }
        Ok(())
    }

    /// The series with counts or values above the baseline, and how many counters and values are left out.
    fn series(
        mut self,
        source: &impl Source,
        commit: Commit,
    ) -> Result<(Vec<RecoveredSeries>, u64), Unreadable> {
        let (mut series, mut implausible) = (Vec::new(), self.implausible);
        let mut values = std::mem::take(&mut self.values);
        for (slot, records) in &self.records {
            let counters: Vec<_> = of_kind(records, RecordKind::Counter).collect();
            let drained = cell(&self.baseline, *slot);
            let total = cell(&self.totals, *slot);
            if let Some(counts) = divide(&counters, drained, total) {
                for (record, added) in counts {
                    let measured = Measured::Counts(added);
                    series.push(self.describe(source, *slot, record, measured)?);
                }
            } else {
                implausible += 1;
            }
            let Some(values) = values.remove(slot) else {
                continue;
            };
            // A series loses its slot when all its values have long been taken. So if one lost the slot since
            // the baseline, it is not clear whose the values are.
            let is_ended = |record: &&Record| record.end.is_some_and(|end| end <= commit.number);
            let histograms: Vec<_> = of_kind(records, RecordKind::Histogram)
                .filter(|record| !is_ended(record))
                .collect();
            match *histograms {
                // There was no room for the record.
                [] => {}
                [record] if record.end.is_none() => {
                    let measured = Measured::Values {
                        values,
                        boundaries: None,
                    };
                    series.push(self.describe(source, *slot, record, measured)?);
                }
                _ => implausible += values.len() as u64,
            }
        }
        Ok((series, implausible))
    }

    fn describe(
        &self,
        source: &impl Source,
        slot: u32,
        record: &Record,
        measured: Measured,
    ) -> Result<RecoveredSeries, Unreadable> {
        let bytes = self.record(source, record.first, slot, record.origin)?;
        Ok(series::from_bytes(&bytes, measured).ok_or(Damage::Block(record.first.0))?)
    }

    fn labels(&self, source: &impl Source, first: u64, token: u64) -> Result<Labels, Unreadable> {
        let first = u32::try_from(first).map_err(|_| Damage::Header)?;
        if first >= self.count {
            return Err(Damage::Header.into());
        }
        let bytes = self.record(source, Block(first), 0, token)?;
        Ok(labels::from_bytes(&bytes).ok_or(Damage::Block(first))?)
    }

    /// The contents of a record.
    fn record(
        &self,
        source: &impl Source,
        first: Block,
        slot: u32,
        origin: u64,
    ) -> Result<Vec<u8>, Unreadable> {
        let damage = Damage::Block(first.0);
        let words = read_block(source, first)?;
        let word = words[record::LENGTH];
        let (length, checksum) = (low_half(word) as usize, word >> 32);
        if length > MAX_LENGTH {
            return Err(damage.into());
        }
        let mut bytes = Vec::with_capacity(length);
        append(&mut bytes, &words[record::DATA..], length);
        let mut next = words[record::NEXT];
        for _ in 0..further_blocks(length) {
            let block = u32::try_from(next).ok().filter(|block| *block < self.count);
            let words = read_block(source, Block(block.ok_or(damage)?))?;
            append(&mut bytes, &words[1..], length);
            next = words[0];
        }
        if u64::from(series::checksum(slot, origin, &bytes)) != checksum {
            return Err(damage.into());
        }
        Ok(bytes)
    }
}

/// Appends words, up to a length.
fn append(bytes: &mut Vec<u8>, words: &[u64], length: usize) {
    let all = words.iter().flat_map(|word| word.to_le_bytes());
    bytes.extend(all.take(length - bytes.len().min(length)));
}

/// The cell of a slot.
fn cell(cells: &Cells, slot: u32) -> u64 {
    let (number, cell) = position(slot);
    cells.get(&number).map_or(0, |words| words[cell])
}

fn of_kind(records: &[Record], kind: RecordKind) -> impl Iterator<Item = &Record> {
    records.iter().filter(move |record| record.kind == kind)
}

/// Divides the additions to a slot since the baseline among the counters that had the slot one after
/// another; `None` if the numbers are impossible.
fn divide<'a>(records: &[&'a Record], drained: u64, total: u64) -> Option<Vec<(&'a Record, u64)>> {
    // Sums wrap, so they are compared by their distance from the baseline.
    let from_baseline = |sum: u64| sum.wrapping_sub(drained).cast_signed();
    let is_below = |record: &&Record| record.end.is_some_and(|end| from_baseline(end) <= 0);
    if records.iter().all(is_below) {
        // Further additions to the slot are those of a series of another kind, which may shrink.
        return Some(Vec::new());
    }
    let added = from_baseline(total);
    if added < 0 {
        return None;
    }
    let mut ranges = Vec::with_capacity(records.len());
    for &record in records {
        let begin = from_baseline(record.origin);
        let end = record.end.map_or(added, from_baseline);
        if begin > end || end > added {
            return None;
        }
        ranges.push((begin, end, record));
    }
    // The series that still has the slot is the last one, even if nothing was counted in it.
    ranges.sort_by_key(|(begin, end, record)| (*begin, *end, record.end.is_none()));
    let is_divided = ranges
        .iter()
        .zip(ranges.iter().skip(1))
        .all(|((_, end, record), (next, ..))| end <= next && record.end.is_some());
    if !is_divided {
        return None;
    }
    let counts = ranges.into_iter().filter_map(|(begin, end, record)| {
        let added = u64::try_from(end - begin.max(0)).ok()?;
        (added > 0).then_some((record, added))
    });
    Some(counts.collect())
}
