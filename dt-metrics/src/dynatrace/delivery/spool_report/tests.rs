use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::delivery::spool_report::{Fault, SpoolReport};
use std::io;

/// The message about a result, if there is one.
fn said(
    report: &mut SpoolReport,
    buffer: &Buffer,
    fault: Fault,
    result: io::Result<()>,
) -> Option<String> {
    buffer.lock().health.last_error = None;
    report.note(buffer, fault, result);
    buffer.lock().health.last_error.take()
}

#[test]
fn a_fault_is_logged_once_until_it_is_over() {
    let buffer = Buffer::new(100, DeliveryGuarantee::default());
    let mut report = SpoolReport::new("/some/where".into());
    let full = || Err(io::ErrorKind::StorageFull.into());
    let mut say = |fault, result| said(&mut report, &buffer, fault, result);
    for _ in 0..2 {
        let first = say(Fault::Write, full()).expect("said");
        for part in ["/some/where", "cannot be written", "no storage space"] {
            assert!(first.contains(part), "{first}");
        }
        assert_eq!(say(Fault::Write, full()), None);
        assert!(say(Fault::Remove, full()).is_some_and(|text| text.contains("removed")));
        assert_eq!(say(Fault::Remove, full()), None);
        for fault in [Fault::Remove, Fault::Write, Fault::Write] {
            assert_eq!(say(fault, Ok(())), None);
        }
    }
}

#[test]
fn the_end_of_a_fault_is_seen_once() {
    let buffer = Buffer::new(100, DeliveryGuarantee::default());
    let mut report = SpoolReport::new("x".into());
    let mut note = |result| report.note(&buffer, Fault::Write, result);
    let full = || Err(io::ErrorKind::StorageFull.into());
    let seen = [
        note(Ok(())),
        note(full()),
        note(full()),
        note(Ok(())),
        note(Ok(())),
    ];
    assert_eq!(seen, [false, false, false, true, false]);
}
