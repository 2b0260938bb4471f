use crate::dynatrace::buffer::spooled::{Job, Journal};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::RequestId;
use std::time::UNIX_EPOCH;

fn write(sequence: u64, text: &str) -> Job {
    Job::Write {
        place: RequestId::of(sequence),
        collected: UNIX_EPOCH,
        body: Body::of(text),
    }
}

fn jobs(journal: &mut Journal) -> Vec<Job> {
    std::iter::from_fn(|| {
        let job = journal.next();
        journal.done();
        job
    })
    .collect()
}

#[test]
fn the_oldest_comes_first_and_reading_before_it() {
    let mut journal = Journal::default();
    journal.write(RequestId::of(3), UNIX_EPOCH, Body::of("c"));
    journal.remove(RequestId::of(1));
    journal.write(RequestId::of(2), UNIX_EPOCH, Body::of("b"));
    journal.read(RequestId::of(7));
    let expected = [
        Job::Read {
            place: RequestId::of(7),
        },
        Job::Remove {
            place: RequestId::of(1),
        },
        write(2, "b"),
        write(3, "c"),
    ];
    assert_eq!(jobs(&mut journal), expected);
}

#[test]
fn the_last_word_about_a_file_counts() {
    let mut journal = Journal::default();
    journal.write(RequestId::of(1), UNIX_EPOCH, Body::of("a\nb"));
    journal.write(RequestId::of(1), UNIX_EPOCH, Body::of("b"));
    journal.write(RequestId::of(2), UNIX_EPOCH, Body::of("c"));
    journal.read(RequestId::of(2));
    journal.remove(RequestId::of(2));
    let expected = [
        write(1, "b"),
        Job::Remove {
            place: RequestId::of(2),
        },
    ];
    assert_eq!(jobs(&mut journal), expected);
}

#[test]
fn what_is_being_done_is_not_settled() {
    let mut journal = Journal::default();
    assert!(journal.is_settled(u64::MAX));
    journal.write(RequestId::of(2), UNIX_EPOCH, Body::of("b"));
    journal.write(RequestId::of(4), UNIX_EPOCH, Body::of("d"));
    assert!(journal.is_settled(1) && !journal.is_settled(2));
    assert_eq!(journal.next(), Some(write(2, "b")));
    assert!(!journal.is_settled(2));
    journal.remove(RequestId::of(2));
    journal.done();
    assert!(!journal.is_settled(2), "the last word is another");
    assert_eq!(
        journal.next(),
        Some(Job::Remove {
            place: RequestId::of(2)
        })
    );
    journal.done();
    assert!(journal.is_settled(3) && !journal.is_settled(4));
}

#[test]
fn a_divided_request_is_replaced_from_its_end() {
    let part = |part| RequestId { sequence: 1, part };
    let mut journal = Journal::default();
    journal.remove(part(0));
    journal.write(part(0), UNIX_EPOCH, Body::of("a"));
    journal.write(part(1), UNIX_EPOCH, Body::of("b"));
    let places: Vec<_> = jobs(&mut journal).iter().filter_map(Job::place).collect();
    assert_eq!(places, [part(1), part(0)]);
}

#[test]
fn what_may_have_been_sent_is_marked_until_its_file_is_gone() {
    let mark = |sequence| Job::Mark {
        sending: Some(RequestId::of(sequence)),
    };
    let mut journal = Journal::default();
    assert!(journal.is_marked());
    journal.mark(Some(RequestId::of(1)));
    assert!(!journal.is_marked());
    assert_eq!(journal.next(), Some(mark(1)));
    assert!(!journal.is_marked() && journal.is_settled(1));
    journal.done();
    assert!(journal.is_marked());
    journal.mark(Some(RequestId::of(1)));
    assert_eq!(journal.next(), None, "it says so");
    journal.mark(None);
    journal.remove(RequestId::of(1));
    journal.mark(Some(RequestId::of(2)));
    let expected = [
        Job::Remove {
            place: RequestId::of(1),
        },
        mark(2),
    ];
    assert_eq!(jobs(&mut journal), expected);
}
