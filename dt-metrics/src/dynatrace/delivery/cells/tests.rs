use tempfile::TempDir;

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::delivery::cells::Cells;
use crate::dynatrace::spool::directory::Directory;
use crate::dynatrace::spool::recipient::Recipient;
use crate::instrument::Memory;

fn cells(directory: &TempDir) -> (Directory, Cells) {
    let recipient = Recipient::of_test(Format::Lines);
    let (directory, _) = Directory::open(directory.path(), recipient, |_, _| ()).expect("a spool");
    let cells = Cells::create(&directory.slot, 1 << 20).expect("a file");
    (directory, cells)
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
