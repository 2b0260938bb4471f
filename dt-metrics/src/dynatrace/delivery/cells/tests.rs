use std::sync::Arc;
use std::time::SystemTime;
#[cfg(feature = "otlp")]
use std::time::{Duration, UNIX_EPOCH};

use tempfile::TempDir;

use crate::descriptor::{Descriptor, Kind};
use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::config::Config;
use crate::dynatrace::config::options::{DeliveryGuarantee, Options};
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::delivery::cells::{Cells, Recovery};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::health::DropReason;
use crate::dynatrace::request::{RequestId, SnapshotId};
use crate::dynatrace::spool::cells::tests::{die, labels, renew};
use crate::dynatrace::spool::directory::Directory;
use crate::dynatrace::spool::recipient::Recipient;
use crate::dynatrace::spool::slot::{Contents, Slot};
use crate::instrument::{Memory, OwnedValue};

fn cells(directory: &TempDir) -> (Directory, Cells) {
    let recipient = Recipient::of_test(Format::Lines);
    let (directory, _) = Directory::open(directory.path(), recipient, |_, _| ()).expect("a spool");
    let cells = Cells::create(&directory.slot, 1 << 20, &labels()).expect("a file");
    (directory, cells)
}

/// The process that finds the cells of another one, with no labels of its own.
struct Next {
    buffer: Arc<Buffer>,
    contents: Contents,
    bodies: Vec<Body>,
}

/// Lets a process count, and die.
fn after(format: Format, count: impl FnOnce(&Cells)) -> Next {
    after_requests(format, |cells, _| count(cells))
}

/// Lets a process count, write requests, and die.
fn after_requests(format: Format, count: impl FnOnce(&Cells, &Slot)) -> Next {
    let directory = TempDir::new().expect("a directory");
    let recipient = Recipient::of_test(format);
    let (opened, _) = Directory::open(directory.path(), recipient, |_, _| ()).expect("a spool");
    let cells = Cells::create(&opened.slot, 1 << 20, &labels()).expect("a file");
    count(&cells, &opened.slot);
    die(opened.slot.path());
    let options = Options {
        format,
        ..Options::default()
    };
    let config = Config::resolve(options, &|_| None).expect("valid");
    let buffer = Arc::new(Buffer::new(1 << 20, DeliveryGuarantee::AtLeastOnce));
    let mut recovery = Recovery::new(&config, &buffer);
    let mut contents = opened.slot.scan().expect("contents");
    assert!(recovery.recover(&opened.slot, &mut contents));
    let stored = contents.stored.iter();
    let bodies = stored.map(|stored| opened.slot.read(stored.id).expect("a request"));
    Next {
        buffer,
        bodies: bodies.collect(),
        contents,
    }
}

impl Next {
    /// The lines with counts.
    fn lines(&self) -> Vec<&str> {
        let bodies = self.bodies.iter();
        let texts = bodies.map(|body| str::from_utf8(body.bytes()).expect("text"));
        let lines = texts.flat_map(str::lines);
        lines.filter(|line| !line.starts_with('#')).collect()
    }
}

fn counter(name: &'static str, unit: &'static str) -> &'static Descriptor {
    let descriptor = Descriptor::new(Kind::Counter, name, "tests", "tests.rs", 1);
    Box::leak(Box::new(descriptor.with_unit(unit)))
}

/// Counts in a slot, under the first chunk number.
fn count(cells: &Cells, slot: u32, descriptor: &Descriptor, dimensions: usize, n: u64) {
    let keys = (0..dimensions).map(|index| &*format!("key_{index}").leak());
    let dimensions: Vec<_> = keys.map(|key| (key, OwnedValue::Bool(true))).collect();
    cells.file.assign(slot, 0, descriptor, &dimensions);
    cells.file.chunk(0).expect("room").add(slot as usize, n);
}

#[test]
fn recovered_counts_have_the_labels_of_the_process_that_counted() {
    let next = after(Format::Lines, |cells| {
        count(cells, 0, counter("orders", ""), 1, 7);
    });
    let [line] = next.lines()[..] else {
        panic!("{:?}", next.lines());
    };
    for part in [
        "shop.orders,",
        "env=prod",
        "dt.entity.host=HOST-1",
        "service.version=1.2",
        "service.instance.id=instance-1",
        "service.name=",
        "key_0=true",
        " count,delta=7 ",
    ] {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn series_in_conflict_with_their_name_are_dropped_and_counted() {
    let next = after(Format::Lines, |cells| {
        count(cells, 0, counter("Jobs", "ms"), 0, 1);
        count(cells, 1, counter("jobs", "s"), 0, 2);
        count(cells, 2, counter("JOBS", ""), 0, 4);
        count(cells, 3, counter("jobs", "ms"), 1, 8);
    });
    let lines = next.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().all(|line| line.starts_with("shop.Jobs,")));
    for part in ["delta=5 ", "key_0=true"] {
        assert!(lines.iter().any(|line| line.contains(part)), "{lines:?}");
    }
    let health = next.buffer.health();
    assert_eq!(health.dropped[&DropReason::ConflictingDefinition], 1);
    assert_eq!((health.points_dropped, health.points_recovered), (1, 1));
}

fn histogram(name: &'static str, unit: &'static str) -> &'static Descriptor {
    let descriptor = Descriptor::new(Kind::Histogram, name, "tests", "tests.rs", 1);
    Box::leak(Box::new(descriptor.with_unit(unit)))
}

/// Records values in slots that have a series.
fn record(cells: &Cells, values: &[(u32, f64)]) {
    let samples = cells.file.samples().expect("room").samples;
    for (sample, (slot, value)) in samples[1..].iter().zip(values) {
        sample.put(*slot, *value);
    }
}

#[test]
fn recovered_values_are_summed_up_in_one_line_of_their_series() {
    let next = after(Format::Lines, |cells| {
        let region = |name| [("region", OwnedValue::Str(name))];
        cells
            .file
            .assign(0, 0, histogram("sizes", "By"), &region("eu".into()));
        cells
            .file
            .assign(1, 0, histogram("sizes", ""), &region("us".into()));
        record(cells, &[(0, 1.5), (1, 1e300), (0, -3.0), (0, 0.25)]);
        record(cells, &[(1, 7.0), (0, 2.0)]);
    });
    let mut lines = next.lines();
    lines.sort_unstable();
    let [eu, us] = lines[..] else {
        panic!("{lines:?}");
    };
    for (line, region, numbers) in [
        (eu, "region=eu", " gauge,min=-3,max=2,sum=0.75,count=4 "),
        (us, "region=us", " gauge,min=7,max=1e300,sum=1e300,count=2 "),
    ] {
        for part in ["shop.sizes,", "env=prod", region, numbers] {
            assert!(line.contains(part), "{line}");
        }
    }
}

#[test]
fn a_histogram_and_a_counter_with_the_same_name_are_in_conflict() {
    let next = after(Format::Lines, |cells| {
        cells.file.assign(0, 0, histogram("Mixed", ""), &[]);
        record(cells, &[(0, 1.5)]);
        count(cells, 1, counter("mixed", ""), 0, 7);
    });
    let lines = next.lines();
    assert!(
        lines.len() == 1 && lines[0].contains("count=1"),
        "{lines:?}"
    );
    let health = next.buffer.health();
    assert_eq!(health.dropped[&DropReason::ConflictingDefinition], 1);
}

#[test]
fn counts_that_cannot_be_sent_are_dropped_and_counted() {
    let next = after(Format::Lines, |cells| {
        count(cells, 0, counter("fine", ""), 0, 1);
        count(cells, 1, counter("wide", ""), 60, 2);
    });
    assert_eq!(next.lines().len(), 1, "{:?}", next.lines());
    let health = next.buffer.health();
    assert_eq!(health.dropped[&DropReason::TooManyDimensions], 1);
    assert_eq!((health.points_dropped, health.points_recovered), (1, 1));
    assert_eq!(next.contents.points(), 1);
}

#[cfg(feature = "otlp")]
#[test]
fn recovered_sums_begin_at_the_last_collection() {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    use prost::Message as _;

    let before = SystemTime::now() - Duration::from_secs(90);
    let next = after(Format::Otlp, |cells| {
        cells.file.snapshot(0, &[], &[]);
        assert!(cells.file.commit(2, before));
        count(cells, 0, counter("orders", "{order}"), 0, 7);
    });
    let request = ExportMetricsServiceRequest::decode(next.bodies[0].bytes()).expect("protobuf");
    let resource = &request.resource_metrics[0];
    assert_eq!(resource.schema_url, "https://schema.example/1");
    assert_eq!(
        resource
            .resource
            .as_ref()
            .expect("a resource")
            .attributes
            .len(),
        9
    );
    let metric = &resource.scope_metrics[0].metrics[0];
    assert_eq!((&*metric.name, &*metric.unit), ("shop.orders", "{order}"));
    let Some(Data::Sum(sum)) = &metric.data else {
        panic!("{metric:?}");
    };
    let point = &sum.data_points[0];
    let ms = |time: SystemTime| time.duration_since(UNIX_EPOCH).expect("later").as_millis();
    assert_eq!(
        u128::from(point.start_time_unix_nano / 1_000_000),
        ms(before)
    );
    assert!(point.time_unix_nano > point.start_time_unix_nano + 60_000_000_000);
}

/// Recovery makes histograms with the same buckets as the pipeline does.
#[cfg(feature = "otlp")]
#[test]
fn recovered_values_are_in_the_buckets_of_their_instrument() {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    use prost::Message as _;

    let before = SystemTime::now() - Duration::from_secs(90);
    let next = after(Format::Otlp, |cells| {
        cells.file.snapshot(0, &[], &[]);
        assert!(cells.file.commit(2, before));
        let sizes = Descriptor::new(Kind::Histogram, "a.sizes", "tests", "tests.rs", 1);
        let sizes = sizes.with_boundaries(&[1.0, 10.0]);
        cells.file.assign(0, 0, &sizes, &[]);
        cells.file.assign(1, 0, histogram("b.time", "s"), &[]);
        cells.file.assign(2, 0, histogram("c.any", "By"), &[]);
        record(
            cells,
            &[(0, 0.5), (0, 1.0), (0, 11.0), (1, 0.03), (2, 30.0)],
        );
    });
    let request = ExportMetricsServiceRequest::decode(next.bodies[0].bytes()).expect("protobuf");
    let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
    let mut found: Vec<_> = metrics
        .iter()
        .map(|metric| {
            let Some(Data::Histogram(data)) = &metric.data else {
                panic!("{metric:?}");
            };
            let point = &data.data_points[0];
            let since = before
                .duration_since(UNIX_EPOCH)
                .expect("later")
                .as_millis();
            assert_eq!(u128::from(point.start_time_unix_nano / 1_000_000), since);
            assert!(point.time_unix_nano > point.start_time_unix_nano + 60_000_000_000);
            let filled = point.bucket_counts.iter().position(|count| *count > 0);
            let first = filled.expect("a value");
            let bounds = &point.explicit_bounds;
            let summary = (point.min, point.max, point.sum, point.count);
            (&*metric.name, bounds.len(), first, bounds[first], summary)
        })
        .collect();
    found.sort_by_key(|(name, ..)| *name);
    let one = |value| (Some(value), Some(value), Some(value), 1);
    assert_eq!(
        found,
        [
            (
                "shop.a.sizes",
                2,
                0,
                1.0,
                (Some(0.5), Some(11.0), Some(12.5), 3)
            ),
            // 25 to 50 ms of the semantic conventions.
            ("shop.b.time", 14, 3, 0.05, one(0.03)),
            // 25 to 50 of the SDK.
            ("shop.c.any", 15, 4, 50.0, one(30.0)),
        ]
    );
}

#[test]
fn requests_that_are_sent_before_they_are_on_disk_make_the_file_void_until_the_next_collection() {
    let directory = TempDir::new().expect("a directory");
    let (_directory, cells) = cells(&directory);
    for is_on_disk in [true, false, true] {
        cells.file.snapshot(0, &[], &[]);
        let snapshot = cells.snapshot().expect("it has its slot");
        cells.end(snapshot, is_on_disk);
        let committed = cells.file.committed();
        assert_eq!(committed, if is_on_disk { snapshot.number } else { 0 });
    }
}

#[test]
fn a_snapshot_that_is_not_the_last_one_any_more_makes_the_file_void() {
    let directory = TempDir::new().expect("a directory");
    let (_directory, cells) = cells(&directory);
    cells.file.snapshot(0, &[], &[]);
    let snapshot = cells.snapshot().expect("it has its slot");
    cells.file.snapshot(0, &[], &[]);
    cells.end(snapshot, true);
    assert_eq!(cells.file.committed(), 0);
}

#[test]
fn a_slot_that_is_lost_is_never_committed_again() {
    let directory = TempDir::new().expect("a directory");
    let (_directory, cells) = cells(&directory);
    cells.file.snapshot(0, &[], &[]);
    let snapshot = cells.snapshot().expect("it has its slot");
    cells.lose();
    assert_eq!(cells.snapshot(), None);
    cells.end(snapshot, true);
    assert_eq!(cells.file.committed(), 0);
}

/// Writes two requests of the last snapshot; the last one has the number of all of them, or none.
fn write_collection(cells: &Cells, slot: &Slot, requests: Option<u64>) {
    let (file, number) = (cells.file.token(), cells.file.pending());
    for (sequence, requests) in [(1, None), (2, requests)] {
        let body = Body::of(&format!("shop.part.{sequence} gauge,1"));
        let snapshot = SnapshotId {
            file,
            number,
            requests,
        };
        let id = RequestId::of(sequence);
        let written = slot.write(id, SystemTime::now(), &body, Some(snapshot));
        written.expect("room");
    }
}

#[test]
fn a_collection_that_was_not_committed_is_kept_if_all_of_it_is_on_disk() {
    for (requests, is_kept) in [(Some(2), true), (Some(3), false), (None, false)] {
        let next = after_requests(Format::Lines, |cells, slot| {
            count(cells, 0, counter("orders", ""), 0, 7);
            cells.file.snapshot(0, &[7], &[]);
            write_collection(cells, slot, requests);
            count(cells, 1, counter("later", ""), 0, 2);
        });
        let lines = next.lines();
        let has = |part: &str| lines.iter().any(|line| line.starts_with(part));
        assert!(has("shop.later,"), "{lines:?}");
        assert_eq!(
            has("shop.part.1 ") && has("shop.part.2 "),
            is_kept,
            "{lines:?}"
        );
        assert_eq!(has("shop.orders,"), !is_kept, "{lines:?}");
        assert_eq!(lines.len(), if is_kept { 3 } else { 2 }, "{lines:?}");
    }
}

#[test]
fn cells_of_a_newer_version_stay_with_the_requests_that_need_them() {
    let directory = TempDir::new().expect("a directory");
    let open = || {
        let recipient = Recipient::of_test(Format::Lines);
        Directory::open(directory.path(), recipient, |_, _| ()).expect("a spool")
    };
    let path = {
        let (opened, _) = open();
        let cells = Cells::create(&opened.slot, 1 << 20, &labels()).expect("a file");
        cells.file.snapshot(0, &[], &[]);
        write_collection(&cells, &opened.slot, Some(2));
        let body = Body::of("before gauge,1");
        let id = RequestId::of(3);
        let written = opened.slot.write(id, SystemTime::now(), &body, None);
        written.expect("room");
        opened.slot.path().to_owned()
    };
    die(&path);
    renew(&path);
    let (own, _) = open();
    assert_ne!(own.slot.path(), path, "another slot has room for cells");
    let config = Config::resolve(Options::default(), &|_| None).expect("valid");
    let buffer = Arc::new(Buffer::new(1 << 20, DeliveryGuarantee::AtLeastOnce));
    let mut recovery = Recovery::new(&config, &buffer);
    let mut sequence = 0;
    let next = || {
        sequence += 1;
        sequence
    };
    let found = own.adopt(1 << 20, 1 << 20, next, |slot, contents| {
        assert!(!recovery.recover(slot, contents));
    });
    assert_eq!((found.stored.len(), found.passed_over), (1, 3));
    let left = std::fs::read_dir(&path)
        .expect("there")
        .map(|entry| entry.expect("there"));
    let left = left.map(|entry| entry.file_name().into_string().expect("a name"));
    let mut left: Vec<_> = left
        .filter(|name| name.contains("cells") || name.contains("lines"))
        .collect();
    left.sort();
    assert_eq!(left.len(), 3, "{left:?}");
    assert_eq!(left[2], "cells");
}

/// A subscriber of the program that panics at each event.
struct Panicking;

impl tracing::Subscriber for Panicking {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        panic!("in a subscriber");
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_subscriber_that_panics_does_not_end_a_recovery() {
    let _guard = tracing::subscriber::set_default(Panicking);
    let next = after(Format::Lines, |cells| {
        count(cells, 0, counter("fine", ""), 0, 1);
        count(cells, 1, counter("wide", ""), 60, 2);
    });
    assert_eq!(next.lines().len(), 1, "{:?}", next.lines());

    let directory = TempDir::new().expect("a directory");
    let (opened, _cells) = cells(&directory);
    std::fs::write(opened.slot.path().join("cells"), "torn").expect("written");
    let config = Config::resolve(Options::default(), &|_| None).expect("valid");
    let buffer = Arc::new(Buffer::new(1 << 20, DeliveryGuarantee::AtLeastOnce));
    let mut contents = Contents::default();
    let mut recovery = Recovery::new(&config, &buffer);
    assert!(recovery.recover(&opened.slot, &mut contents));
    assert_eq!(contents.damaged, 1);
}
