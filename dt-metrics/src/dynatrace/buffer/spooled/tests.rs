use crate::dynatrace::buffer::spooled::{Job, Spooled};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::{Collected, RequestId};
use std::time::UNIX_EPOCH;

fn write(sequence: u64, text: &str) -> Job {
    Job::Write {
        id: RequestId::of(sequence),
        collected: UNIX_EPOCH,
        body: Body::of(text),
        snapshot: None,
    }
}

fn attached() -> Spooled {
    let mut spooled = Spooled::default();
    spooled.attach(u64::MAX, true);
    spooled
}

fn write_body(spooled: &mut Spooled, id: RequestId, text: &str) {
    spooled.want_written(id, &Collected::at(UNIX_EPOCH), &Body::of(text), None);
}

fn discard(spooled: &mut Spooled, id: RequestId) {
    spooled.found(id, 1);
    spooled.want_removed(id);
}

fn jobs(spooled: &mut Spooled) -> Vec<Job> {
    std::iter::from_fn(|| {
        let job = spooled.next_job();
        spooled.done();
        job
    })
    .collect()
}

#[test]
fn the_oldest_comes_first_and_reading_before_it() {
    let mut spooled = attached();
    write_body(&mut spooled, RequestId::of(3), "c");
    discard(&mut spooled, RequestId::of(1));
    write_body(&mut spooled, RequestId::of(2), "b");
    spooled.want_read(RequestId::of(7));
    let expected = [
        Job::Read {
            id: RequestId::of(7),
        },
        Job::Remove {
            id: RequestId::of(1),
        },
        write(2, "b"),
        write(3, "c"),
    ];
    assert_eq!(jobs(&mut spooled), expected);
}

#[test]
fn the_last_word_about_a_file_counts() {
    let mut spooled = attached();
    write_body(&mut spooled, RequestId::of(1), "a\nb");
    write_body(&mut spooled, RequestId::of(1), "b");
    write_body(&mut spooled, RequestId::of(2), "c");
    spooled.want_read(RequestId::of(2));
    discard(&mut spooled, RequestId::of(2));
    let expected = [
        write(1, "b"),
        Job::Remove {
            id: RequestId::of(2),
        },
    ];
    assert_eq!(jobs(&mut spooled), expected);
}

#[test]
fn tasks_in_progress_are_not_settled() {
    let mut spooled = attached();
    assert!(spooled.is_synced(u64::MAX));
    write_body(&mut spooled, RequestId::of(2), "b");
    write_body(&mut spooled, RequestId::of(4), "d");
    assert!(spooled.is_synced(1) && !spooled.is_synced(2));
    assert_eq!(spooled.next_job(), Some(write(2, "b")));
    assert!(!spooled.is_synced(2));
    discard(&mut spooled, RequestId::of(2));
    spooled.done();
    assert!(!spooled.is_synced(2), "the last word is another");
    assert_eq!(
        spooled.next_job(),
        Some(Job::Remove {
            id: RequestId::of(2)
        })
    );
    spooled.done();
    assert!(spooled.is_synced(3) && !spooled.is_synced(4));
}

#[test]
fn a_divided_request_is_replaced_from_its_end() {
    let part = |part| RequestId { sequence: 1, part };
    let mut spooled = attached();
    discard(&mut spooled, part(0));
    write_body(&mut spooled, part(0), "a");
    write_body(&mut spooled, part(1), "b");
    let jobs = jobs(&mut spooled);
    let [Job::Write { id: first, .. }, Job::Write { id: second, .. }] = &jobs[..] else {
        panic!("{jobs:?}");
    };
    assert_eq!((*first, *second), (part(1), part(0)));
}

#[test]
fn requests_that_may_have_been_sent_stay_marked_until_their_file_is_gone() {
    let mark = |sequence| Job::Mark {
        sending: Some(RequestId::of(sequence)),
    };
    let mut spooled = attached();
    assert!(spooled.is_ready_to_send());
    spooled.mark(Some(RequestId::of(1)));
    assert!(!spooled.is_ready_to_send());
    assert_eq!(spooled.next_job(), Some(mark(1)));
    assert!(!spooled.is_ready_to_send() && spooled.is_synced(1));
    spooled.done();
    assert!(spooled.is_ready_to_send());
    spooled.mark(Some(RequestId::of(1)));
    assert_eq!(spooled.next_job(), None, "it says so");
    spooled.mark(None);
    discard(&mut spooled, RequestId::of(1));
    spooled.mark(Some(RequestId::of(2)));
    let expected = [
        Job::Remove {
            id: RequestId::of(1),
        },
        mark(2),
    ];
    assert_eq!(jobs(&mut spooled), expected);
}
