use std::sync::atomic::AtomicBool;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tempfile::TempDir;

use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::delivery::cells::Cells;
use crate::dynatrace::delivery::spooler::{Exit, wait};
use crate::dynatrace::spool::cells::tests::labels;
use crate::dynatrace::spool::directory::Directory;
use crate::dynatrace::spool::recipient::Recipient;

/// Nobody commits the counts any more, and this process may deliver them from memory.
#[test]
fn a_spooler_that_panics_makes_its_cells_void() {
    let directory = TempDir::new().expect("a directory");
    let recipient = Recipient::of_test(Format::Lines);
    let (opened, _) = Directory::open(directory.path(), recipient, |_, _| ()).expect("a spool");
    let cells = Cells::create(&opened.slot, 1 << 20, &labels()).expect("a file");
    let cells = Arc::new(cells);
    assert_eq!(cells.file().committed(), 1);
    let buffer = Arc::new(Buffer::new(1 << 20, DeliveryGuarantee::AtLeastOnce));
    buffer.lock().queue.attach(1 << 20, false);
    let exit = Exit(Arc::clone(&buffer), Some(Arc::clone(&cells)));
    let spooler = std::thread::spawn(move || {
        let _exit = exit;
        panic!("in the spooler");
    });
    assert!(spooler.join().is_err());
    assert_eq!(cells.file().committed(), 0);
    assert!(!buffer.lock().queue.spooled.is_attached());
}

/// A disk that hangs delays the start less than counts that are recovered.
#[test]
fn a_start_waits_longer_for_a_recovery_than_for_a_disk() {
    let (open, recovery) = (Duration::ZERO, Duration::from_secs(60));
    let (opened, result) = mpsc::sync_channel(0);
    assert_eq!(wait(&result, &AtomicBool::new(false), open, recovery), None);
    let sender = std::thread::spawn(move || opened.send("spool"));
    assert_eq!(
        wait(&result, &AtomicBool::new(true), open, recovery),
        Some("spool")
    );
    assert!(sender.join().expect("no panic").is_ok());
}
