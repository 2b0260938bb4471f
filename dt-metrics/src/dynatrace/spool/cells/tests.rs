//! Tests of the file of cells.

mod explorer;
mod fork;
mod hostile;

use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::Resource;
use tempfile::TempDir;

use super::file::{CellFile, Full, NAME};
use super::header::{Header, Identity, LAYOUT};
use super::layout::HEADER;
use super::layout::header::{TOKEN, VERSION};
use super::recovery::{Found, Recovered, Source, read, recover};
use super::series::Measured;
use crate::descriptor::{Descriptor, Kind};
use crate::dynatrace::config::dimensions::Labels;
use crate::dynatrace::spool::handle::DirectoryHandle;
use crate::instrument::{self, Memory, OwnedValue};

const LIMIT: u64 = 1 << 20;

impl Source for Vec<u8> {
    fn read_at(&self, bytes: &mut [u8], position: u64) -> io::Result<()> {
        let position = usize::try_from(position).unwrap();
        let part = self.get(position..position + bytes.len());
        bytes.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

fn handle(directory: &TempDir) -> DirectoryHandle {
    DirectoryHandle::open(directory.path()).unwrap()
}

fn new_file(directory: &TempDir) -> CellFile {
    CellFile::create(&handle(directory), LIMIT, &labels()).unwrap()
}

/// Labels of each kind.
pub(crate) fn labels() -> Labels {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    Labels {
        prefix: Some("shop".into()),
        default_dimensions: vec![pair("env", "prod"), pair("empty", "")],
        host_dimensions: vec![pair("dt.entity.host", "HOST-1")],
        resource_dimensions: vec!["service.version".into()],
        instance: Some("instance-1".into()),
        resource: Resource::builder_empty()
            .with_schema_url(
                [
                    KeyValue::new("service.name", "checkout \u{1F980}"),
                    KeyValue::new("service.version", "1.2"),
                    KeyValue::new("port", 8_080_i64),
                    KeyValue::new("share", 0.25),
                    KeyValue::new("is_canary", true),
                    KeyValue::new("flags", Value::Array(Array::Bool(vec![true, false]))),
                    KeyValue::new("numbers", Value::Array(Array::I64(vec![-1, 2]))),
                    KeyValue::new("floats", Value::Array(Array::F64(vec![]))),
                    KeyValue::new("texts", Value::Array(Array::String(vec!["a".into()]))),
                ],
                "https://schema.example/1",
            )
            .build(),
    }
}

/// Turns the file in a directory into that of a process that has died.
pub(crate) fn die(directory: &Path) {
    disown_at(directory, another_process());
}

fn counter(name: &str, description: &str) -> &'static Descriptor {
    described(Kind::Counter, name, description)
}

fn histogram(name: &str) -> &'static Descriptor {
    described(Kind::Histogram, name, "")
}

fn described(kind: Kind, name: &str, description: &str) -> &'static Descriptor {
    let [name, description] = [name, description].map(|text| &*text.to_owned().leak());
    let descriptor = Descriptor::new(kind, name, "tests", "tests.rs", 1);
    Box::leak(Box::new(descriptor.with_description(description)))
}

/// The next process, on the same machine.
fn another_process() -> Identity {
    let current = Identity::current().unwrap();
    Identity {
        process: current.process + 1,
        ..current
    }
}

/// Makes the file that of a process that has died, or of any other one.
fn disown(directory: &TempDir, identity: Identity) {
    disown_at(directory.path(), identity);
}

/// Makes the file in a directory one with a newer layout.
pub(crate) fn renew(directory: &Path) {
    let path = directory.join(NAME);
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    set_word(&file, HEADER.word(VERSION), LAYOUT + 1);
}

/// Another token would be another file.
fn disown_at(directory: &Path, identity: Identity) {
    let path = directory.join(NAME);
    let mut options = std::fs::OpenOptions::new();
    let file = options.read(true).write(true).open(path).unwrap();
    let mut token = [0; 8];
    let position = u64::try_from(HEADER.word(TOKEN)).unwrap() * 8;
    file.read_exact_at(&mut token, position).unwrap();
    let token = u64::from_ne_bytes(token);
    let words = Header { token, identity }.to_words();
    for (index, word) in words.into_iter().enumerate() {
        set_word(&file, HEADER.word(index), word);
    }
}

fn set_word(file: &std::fs::File, position: usize, word: u64) {
    let position = u64::try_from(position).unwrap() * 8;
    file.write_all_at(&word.to_ne_bytes(), position).unwrap();
}

fn recovered(directory: &TempDir) -> Recovered {
    match recover(&handle(directory), |_, _| None).unwrap() {
        Found::Counts(recovered) => *recovered,
        found => panic!("{found:?}"),
    }
}

fn names(recovered: &Recovered) -> Vec<(&str, u64)> {
    let series = recovered.series.iter();
    let counts = series.filter_map(|series| match series.measured {
        Measured::Counts(added) => Some((&*series.name, added)),
        Measured::Values { .. } => None,
    });
    counts.collect()
}

fn values(recovered: &Recovered) -> Vec<(&str, &[f64])> {
    let series = recovered.series.iter();
    let values = series.filter_map(|series| match &series.measured {
        Measured::Counts(_) => None,
        Measured::Values { values, .. } => Some((&*series.name, &**values)),
    });
    values.collect()
}

#[test]
fn a_series_comes_back_with_all_that_describes_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    let descriptor = Descriptor::new(Kind::Counter, "shop.orders", "tests", "tests.rs", 1)
        .with_unit("{order}")
        .with_description("Orders, at last");
    let dimensions = [
        ("region", OwnedValue::Str("Köln \u{1F980}".into())),
        ("is_new", OwnedValue::Bool(true)),
        ("shard", OwnedValue::I64(-7)),
        ("code", OwnedValue::U64(u64::MAX)),
        ("share", OwnedValue::F64(0.25)),
        ("letter", instrument::Value::ShortText('é'.into()).keep()),
        ("empty", OwnedValue::Str("".into())),
    ];
    file.assign(70, 0, &descriptor, &dimensions);
    file.chunk(1).unwrap().add(6, 41);
    file.chunk(1).unwrap().add(6, 1);
    disown(&directory, another_process());
    let recovered = recovered(&directory);
    let [series] = &*recovered.series else {
        panic!("{:?}", recovered.series);
    };
    assert_eq!(series.name, "shop.orders");
    assert_eq!(series.unit, "{order}");
    assert_eq!(series.description, "Orders, at last");
    assert!(matches!(series.measured, Measured::Counts(42)));
    let dimensions = format!("{:?}", series.dimensions);
    assert_eq!(
        dimensions,
        "[(\"region\", Str(\"Köln 🦀\")), (\"is_new\", Bool(true)), (\"shard\", I64(-7)), \
         (\"code\", U64(18446744073709551615)), (\"share\", F64(0.25)), (\"letter\", Str(\"é\")), \
         (\"empty\", Str(\"\"))]"
    );
}

#[test]
fn the_labels_of_the_process_come_back() {
    let directory = tempfile::tempdir().unwrap();
    drop(new_file(&directory));
    disown(&directory, another_process());
    assert_eq!(recovered(&directory).labels, labels());

    let long = Labels {
        prefix: None,
        instance: None,
        default_dimensions: vec![("long".into(), "x".repeat(60_000))],
        resource: Resource::builder_empty().build(),
        ..labels()
    };
    drop(CellFile::create(&handle(&directory), LIMIT, &long).unwrap());
    disown(&directory, another_process());
    assert_eq!(recovered(&directory).labels, long);

    let too_long = Labels {
        prefix: Some("x".repeat(70_000)),
        ..labels()
    };
    let error = CellFile::create(&handle(&directory), LIMIT, &too_long).unwrap_err();
    assert!(error.to_string().contains("longer than 64 KiB"), "{error}");
}

#[test]
fn only_the_last_snapshot_is_committed() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    assert_eq!((file.pending(), file.committed()), (1, 1));
    file.assign(0, 0, counter("a", ""), &[]);
    let chunk = file.chunk(0).unwrap();
    chunk.add(0, 10);
    file.snapshot(0, &[10], &[]);
    chunk.add(0, 5);
    file.snapshot(0, &[15], &[]);
    assert!(!file.commit(2, SystemTime::now()));
    assert_eq!((file.pending(), file.committed()), (3, 1));
    assert!(file.commit(3, SystemTime::now()));
    assert_eq!((file.pending(), file.committed()), (3, 3));
    chunk.add(0, 2);
    file.snapshot(0, &[17], &[]);
    file.void();
    assert_eq!((file.pending(), file.committed()), (4, 0));
    assert!(file.commit(4, SystemTime::now()));
    assert_eq!(file.committed(), 4);
    chunk.add(0, 1);
    disown(&directory, another_process());
    let recovered = recovered(&directory);
    assert_eq!(names(&recovered), [("a", 1)]);
    assert_eq!(recovered.committed, 4);
}

#[test]
fn a_void_file_has_nothing_to_recover() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    file.assign(0, 0, counter("a", ""), &[]);
    file.chunk(0).unwrap().add(0, 10);
    file.void();
    disown(&directory, another_process());
    let found = recover(&handle(&directory), |_, _| None).unwrap();
    assert!(matches!(found, Found::Void), "{found:?}");
}

#[test]
fn series_that_do_not_only_grow_are_not_recovered() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    let chunk = file.chunk(0).unwrap();
    file.assign(0, 0, counter("a", ""), &[]);
    chunk.add(0, 3);
    // Another series has the slot now.
    let kind = Kind::UpDownCounter;
    let up_down = Descriptor::new(kind, "b", "tests", "tests.rs", 1);
    file.assign(0, 3, &up_down, &[]);
    chunk.add(0, 100);
    disown(&directory, another_process());
    assert_eq!(names(&recovered(&directory)), [("a", 3)]);
}

#[test]
fn values_come_back_with_all_that_describes_their_series() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    let boundaries: &[f64] = &[-1.0, 0.0, 2.5e10];
    let sizes = Descriptor::new(Kind::Histogram, "shop.sizes", "tests", "tests.rs", 1)
        .with_unit("By")
        .with_description("Sizes")
        .with_boundaries(boundaries);
    let region = ("region", OwnedValue::Str("eu".into()));
    file.assign(0, 0, &sizes, &[region]);
    let sums = Descriptor::new(Kind::Histogram, "no.buckets", "tests", "tests.rs", 1);
    file.assign(64, 7, &sums.with_boundaries(&[]), &[]);
    file.assign(70, 7, histogram("default"), &[]);
    let [first, second] = [file.samples(), file.samples()].map(Option::unwrap);
    assert_ne!(first.id, second.id);
    for (sample, (slot, value)) in (1..).zip([(0, 1.5), (70, -3.0), (0, 1e300), (0, 1.5)]) {
        first.samples[sample].put(slot, value);
    }
    second.samples[1].put(64, 0.0);
    second.samples[2].put(0, f64::MIN_POSITIVE);
    disown(&directory, another_process());
    let recovered = recovered(&directory);
    let series: Vec<_> = recovered
        .series
        .iter()
        .map(|series| {
            let Measured::Values { values, boundaries } = &series.measured else {
                panic!("{series:?}");
            };
            let name = &*series.name;
            (name, &**values, boundaries.as_deref(), &*series.unit)
        })
        .collect();
    let all = [1.5, 1e300, 1.5, f64::MIN_POSITIVE];
    assert_eq!(
        series,
        [
            ("shop.sizes", &all[..], Some(boundaries), "By"),
            ("no.buckets", &[0.0][..], Some(&[][..]), ""),
            ("default", &[-3.0][..], None, ""),
        ]
    );
    assert_eq!(recovered.series[0].description, "Sizes");
    assert_eq!(recovered.series[0].dimensions.len(), 1);
    assert_eq!(recovered.implausible, 0);
}

#[test]
fn a_sample_array_is_used_to_its_end_and_again_once_its_values_are_in_the_baseline() {
    let directory = tempfile::tempdir().unwrap();
    let file = CellFile::create(&handle(&directory), 64 * 1024, &labels()).unwrap();
    file.assign(0, 0, histogram("a"), &[]);
    let [first, second] = [file.samples(), file.samples()].map(Option::unwrap);
    assert!(file.samples().is_none(), "the file has two groups");
    assert_eq!(file.full(), Some(Full::Limit(64 * 1024)));
    assert_eq!(first.samples.len(), 1_024);
    for sample in &first.samples[1..] {
        sample.put(0, 1.0);
    }
    second.samples[1].put(0, 2.0);
    let recovers = |expected: usize| {
        let image = std::fs::read(directory.path().join(NAME)).unwrap();
        let found = read(&image, image.len() as u64, another_process(), |_, _| None).unwrap();
        let Found::Counts(recovered) = found else {
            panic!("{found:?}");
        };
        let found: usize = values(&recovered).iter().map(|(_, all)| all.len()).sum();
        assert_eq!((found, recovered.implausible), (expected, 0));
    };
    recovers(1_024);
    file.release(first.id);
    file.release(first.id);
    assert!(file.samples().is_none(), "its values are in no snapshot");
    recovers(1_024);
    file.snapshot(0, &[], &[(second.id, 1)]);
    assert!(file.samples().is_none(), "the snapshot is not committed");
    recovers(1_024);
    file.snapshot(0, &[], &[(second.id, 2)]);
    assert!(file.commit(3, SystemTime::now()));
    recovers(0);
    second.samples[2].put(0, 2.0);
    recovers(1);
    // In the other buffer the values were not taken.
    file.snapshot(0, &[], &[(second.id, 3)]);
    let again = file.samples().unwrap();
    assert_eq!(again.id, first.id);
    recovers(1);
    again.samples[1].put(0, 3.0);
    recovers(2);
    assert!(file.commit(4, SystemTime::now()));
    recovers(1);
}

#[test]
fn values_do_not_come_back_from_a_void_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    file.assign(0, 0, histogram("a"), &[]);
    let array = file.samples().unwrap();
    array.samples[1].put(0, 1.0);
    file.snapshot(0, &[], &[(array.id, 2)]);
    file.void();
    array.samples[2].put(0, 2.0);
    file.snapshot(0, &[], &[(array.id, 2)]);
    assert!(file.commit(3, SystemTime::now()));
    disown(&directory, another_process());
    assert_eq!(values(&recovered(&directory)), [("a", &[2.0][..])]);
}

/// The counts of a series that lost its slot do not suffer from the cells of the next one, which shrink.
#[test]
fn a_timer_in_the_slot_of_an_ended_counter_is_not_implausible() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    let chunk = file.chunk(0).unwrap();
    file.assign(0, 0, counter("a", ""), &[]);
    chunk.add(0, 3);
    file.snapshot(0, &[3], &[]);
    assert!(file.commit(2, SystemTime::now()));
    file.assign(0, 3, histogram("b"), &[]);
    let array = file.samples().unwrap();
    array.samples[1].put(0, 0.25);
    // A timer that started on another thread ends here.
    chunk.add(0, u64::MAX);
    disown(&directory, another_process());
    let recovered = recovered(&directory);
    assert_eq!(names(&recovered), []);
    assert_eq!(values(&recovered), [("b", &[0.25][..])]);
    assert_eq!(recovered.implausible, 0);
}

#[test]
fn series_without_counts_take_nothing_from_others() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    let chunk = file.chunk(0).unwrap();
    file.assign(1, 0, counter("filler", ""), &[]);
    file.assign(0, 0, counter("first", ""), &[]);
    chunk.add(0, 3);
    file.assign(0, 3, counter("idle", ""), &[]);
    file.assign(1, 0, counter("no.filler", ""), &[]);
    file.snapshot(0, &[0; 2], &[]);
    assert!(file.commit(file.pending(), SystemTime::now()));
    // The last series gets the block of the filler, before the blocks of the other records.
    for _ in 9..125 {
        file.chunk(0).unwrap();
    }
    file.assign(0, 3, counter("last", ""), &[]);
    assert!(file.is_recorded(0) && file.bytes() == 64 * 1024);
    disown(&directory, another_process());
    let recovered = recovered(&directory);
    assert_eq!(names(&recovered), [("first", 3)]);
    assert_eq!(recovered.implausible, 0);
}

#[test]
fn sums_may_wrap() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    let start = u64::MAX - 4;
    file.chunk(0).unwrap().add(0, start);
    file.snapshot(0, &[start], &[]);
    file.commit(2, SystemTime::now());
    let other = file.chunk(0).unwrap();
    file.assign(0, start, counter("a", ""), &[]);
    other.add(0, 8);
    file.assign(0, start.wrapping_add(8), counter("b", ""), &[]);
    other.add(0, 9);
    disown(&directory, another_process());
    assert_eq!(names(&recovered(&directory)), [("a", 8), ("b", 9)]);
}

#[test]
fn an_impossible_sum_is_not_delivered() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    let chunk = file.chunk(0).unwrap();
    for (slot, name) in [(0, "too.much"), (1, "drained.more"), (2, "fine")] {
        file.assign(slot, 0, counter(name, ""), &[]);
    }
    chunk.add(0, 1 << 63);
    chunk.add(1, 5);
    chunk.add(2, i64::MAX.cast_unsigned());
    file.snapshot(1, &[6], &[]);
    file.commit(2, SystemTime::now());
    disown(&directory, another_process());
    let recovered = recovered(&directory);
    assert_eq!(names(&recovered), [("fine", i64::MAX.cast_unsigned())]);
    assert_eq!(recovered.implausible, 2);
}

#[test]
fn the_time_is_that_of_the_last_change_and_not_before_the_last_collection() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    let path = directory.path().join(NAME);
    let now = SystemTime::now();
    let ago = |seconds| now - Duration::from_secs(seconds);
    let round = |time: SystemTime| now.duration_since(time).unwrap().as_secs_f64().round();
    for (collected, modified, expected) in [(60, 30, 30.0), (30, 60, 30.0), (30, 0, 0.0)] {
        file.snapshot(0, &[], &[]);
        assert!(file.commit(file.pending(), ago(collected)));
        let identity = another_process();
        disown(&directory, identity);
        let writer = std::fs::File::options().write(true).open(&path).unwrap();
        writer.set_modified(ago(modified)).unwrap();
        assert!((round(recovered(&directory).time) - expected).abs() < 0.1);
    }
    // A line of the last collection may have its time.
    let last = now - Duration::from_secs(5);
    file.snapshot(0, &[], &[]);
    assert!(file.commit(file.pending(), last));
    disown(&directory, another_process());
    let writer = std::fs::File::options().write(true).open(&path).unwrap();
    writer.set_modified(last).unwrap();
    let Recovered { since, time, .. } = recovered(&directory);
    let ms = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_millis()
    };
    assert_eq!((ms(since), ms(time)), (ms(last), ms(last) + 1));
    // Neither is in the future.
    file.snapshot(0, &[], &[]);
    assert!(file.commit(file.pending(), now + Duration::from_secs(3_600)));
    assert!(recovered(&directory).time <= SystemTime::now());
}

#[test]
fn a_process_leaves_the_file_it_counts_in() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    let found = recover(&handle(&directory), |_, _| None).unwrap();
    assert!(matches!(found, Found::InUse), "{found:?}");
    file.remove(&handle(&directory)).unwrap();
    let found = recover(&handle(&directory), |_, _| None).unwrap();
    assert!(matches!(found, Found::Nothing), "{found:?}");
}

/// The files that this process has open in a directory.
fn open_files(directory: &TempDir) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let targets = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    targets
        .filter(|target| target.starts_with(directory.path()) && target != directory.path())
        .count()
}

#[test]
fn a_file_that_is_not_needed_any_more_is_closed() {
    for is_removed in [true, false] {
        let directory = tempfile::tempdir().unwrap();
        let file = new_file(&directory);
        let chunk = file.chunk(0).unwrap();
        assert_eq!(open_files(&directory), 1);
        if is_removed {
            file.remove(&handle(&directory)).unwrap();
        } else {
            file.abandon();
        }
        assert_eq!(open_files(&directory), 0);
        // Its memory stays.
        chunk.add(0, 1);
        assert_eq!(chunk.get(0), 1);
        while file.chunk(0).is_some() {}
        assert!(matches!(file.full(), Some(Full::Io(_))));
        file.detach();
        assert_eq!(chunk.get(0), 1);
    }
}

#[test]
fn only_the_own_file_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let first = new_file(&directory);
    let second = new_file(&directory);
    assert_ne!(first.token(), second.token());
    first.remove(&handle(&directory)).unwrap();
    assert!(directory.path().join(NAME).exists());
    second.remove(&handle(&directory)).unwrap();
    assert!(!directory.path().join(NAME).exists());
    second.remove(&handle(&directory)).unwrap();
}

#[test]
fn the_file_grows_up_to_its_limit() {
    let directory = tempfile::tempdir().unwrap();
    let limit = 192 * 1024;
    let file = CellFile::create(&handle(&directory), limit + 1_000, &labels()).unwrap();
    assert_eq!(file.bytes(), 64 * 1024);
    let mut chunks = Vec::new();
    while let Some(chunk) = file.chunk(chunks.len() / 3) {
        assert_eq!(file.full(), None);
        chunk.add(chunks.len() % 64, 1);
        chunks.push(chunk);
    }
    assert_eq!(file.bytes(), limit);
    assert_eq!(file.full(), Some(Full::Limit(limit)));
    let length = std::fs::metadata(directory.path().join(NAME)).unwrap();
    assert_eq!(length.len(), limit);
    assert!(length.blocks() * 512 >= limit, "{}", length.blocks());
    // 6 groups with 63 blocks each but for the header: a chunk each, and two baselines for three.
    assert!(chunks.len() > 200, "{}", chunks.len());
    file.assign(0, 0, counter("no.room", &"x".repeat(2_000)), &[]);
    assert!(!file.is_recorded(0));
    for (index, chunk) in chunks.iter().enumerate() {
        chunk.add(index % 64, 1);
    }
}

#[test]
fn the_file_grows_ahead_once_it_is_nearly_full() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    file.grow_ahead();
    assert_eq!(file.bytes(), 64 * 1024, "most of it is free");
    for _ in 0..100 {
        file.chunk(0).unwrap();
    }
    assert_eq!(file.bytes(), 64 * 1024);
    file.grow_ahead();
    assert_eq!(file.bytes(), 128 * 1024);
    file.grow_ahead();
    assert_eq!(file.bytes(), 128 * 1024);
    // The new blocks are used.
    for _ in 0..100 {
        file.chunk(0).unwrap();
    }
    assert_eq!(file.bytes(), 128 * 1024);
    // Never beyond the limit.
    let limit = 64 * 1024;
    let file = CellFile::create(&handle(&directory), limit, &labels()).unwrap();
    while file.chunk(0).is_some() {}
    file.grow_ahead();
    assert_eq!(
        (file.bytes(), file.full()),
        (limit, Some(Full::Limit(limit)))
    );
}

#[test]
fn a_file_is_full_only_as_long_as_there_is_no_room() {
    let directory = tempfile::tempdir().unwrap();
    let file = CellFile::create(&handle(&directory), 64 * 1024, &labels()).unwrap();
    let chunk = file.chunk(0).unwrap();
    let mut round = 0_u64;
    // While the file is void, nothing is recovered from it.
    file.void();
    while file.full().is_none() {
        file.assign(0, round, counter("a", ""), &[]);
        chunk.add(0, 1);
        round += 1;
    }
    file.snapshot(0, &[round], &[]);
    file.assign(0, round, counter("last", ""), &[]);
    assert_eq!(file.full(), None);
    chunk.add(0, 5);
    assert!(file.commit(file.pending(), SystemTime::now()));
    disown(&directory, another_process());
    assert_eq!(names(&recovered(&directory)), [("last", 5)]);
}

#[test]
fn a_file_is_drained_once_all_its_counts_are_committed() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    assert!(file.is_drained());
    file.assign(0, 0, counter("a", ""), &[]);
    let chunks = [
        file.chunk(0).unwrap(),
        file.chunk(0).unwrap(),
        file.chunk(2).unwrap(),
    ];
    assert!(file.is_drained());
    chunks[1].add(0, 3);
    assert!(!file.is_drained());
    file.snapshot(0, &[3], &[]);
    assert!(!file.is_drained(), "nothing is committed");
    assert!(file.commit(2, SystemTime::now()));
    assert!(file.is_drained());
    chunks[0].add(0, 1);
    assert!(!file.is_drained());
    file.snapshot(0, &[4], &[]);
    assert!(file.commit(3, SystemTime::now()));
    let array = file.samples().unwrap();
    assert!(file.is_drained());
    array.samples[1].put(0, 0.5);
    assert!(!file.is_drained(), "a value is there");
    file.snapshot(0, &[4], &[(array.id, 2)]);
    assert!(!file.is_drained());
    assert!(file.commit(4, SystemTime::now()));
    assert!(file.is_drained());
    array.samples[2].put(0, 0.5);
    file.void();
    assert!(file.is_drained(), "nothing is recovered");
}

#[test]
fn a_file_that_was_abandoned_stays_void() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    let lock = Arc::new(());
    file.hold(Arc::clone(&lock));
    assert_eq!(Arc::strong_count(&lock), 2);
    file.snapshot(0, &[1], &[]);
    file.abandon();
    assert_eq!(Arc::strong_count(&lock), 1, "the lock is free");
    assert!(!file.commit(file.pending(), SystemTime::now()));
    file.hold(Arc::clone(&lock));
    assert_eq!(Arc::strong_count(&lock), 1);
    disown(&directory, another_process());
    let found = recover(&handle(&directory), |_, _| None).unwrap();
    assert!(matches!(found, Found::Void), "{found:?}");
}

#[test]
fn a_snapshot_is_the_baseline_if_its_collection_is_complete_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    file.assign(0, 0, counter("a", ""), &[]);
    let chunk = file.chunk(0).unwrap();
    chunk.add(0, 3);
    file.snapshot(0, &[3], &[]);
    assert!(file.commit(2, SystemTime::now()));
    chunk.add(0, 5);
    file.snapshot(0, &[8], &[]);
    chunk.add(0, 7);
    disown(&directory, another_process());
    let time = SystemTime::now() - Duration::from_secs(60);
    for (complete, committed, added) in [(2, 2, 12), (3, 3, 7), (4, 2, 12)] {
        let collected = |token, number| {
            assert_eq!(token, file.token());
            (number == complete).then_some(time)
        };
        let found = recover(&handle(&directory), collected).unwrap();
        let Found::Counts(recovered) = found else {
            panic!("{found:?}");
        };
        assert_eq!(recovered.committed, committed);
        assert_eq!(recovered.since == time, committed == 3);
        assert_eq!(names(&recovered), [("a", added)]);
    }
}

#[test]
fn a_limit_below_one_step_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let error = CellFile::create(&handle(&directory), 65_535, &labels()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn new_series_in_place_of_old_ones_take_no_further_room() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    let chunk = file.chunk(0).unwrap();
    for round in 0..3_000_u32 {
        let text = "x".repeat(round as usize % 5 * 300);
        let slot = round % 8;
        let origin = u64::from(round / 8);
        file.assign(
            slot,
            origin,
            counter(&format!("series.{round}"), &text),
            &[],
        );
        chunk.add(slot as usize, 1);
        let drained: Vec<_> = (0..8)
            .map(|slot| u64::from((round + 8 - slot) / 8))
            .collect();
        file.snapshot(0, &drained, &[]);
        assert!(file.commit(file.pending(), SystemTime::now()));
    }
    assert_eq!(file.bytes(), 64 * 1024);
    chunk.add(0, 4);
    disown(&directory, another_process());
    assert_eq!(names(&recovered(&directory)), [("series.2992", 4)]);
}
