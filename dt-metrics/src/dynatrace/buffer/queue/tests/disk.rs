//! The queue with a spool: the disk is a map that carries out the tasks of `Spooled`.

use crate::dynatrace::buffer::queue::Queue;
use crate::dynatrace::buffer::spooled::Job;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::{Collected, RequestId, SnapshotId};
use crate::dynatrace::retry::bisection::Probe;
use crate::dynatrace::spool::slot::Stored;
use std::collections::BTreeMap;
use std::time::SystemTime;
mod any_life;

const SNAPSHOT: SnapshotId = SnapshotId {
    file: 7,
    number: 2,
    requests: None,
};

/// A disk that fails on request.
#[derive(Default)]
struct Disk {
    files: BTreeMap<RequestId, Body>,
    mark: Option<RequestId>,
    is_full: bool,
}

impl Disk {
    fn work_once(&mut self, queue: &mut Queue) -> Option<u64> {
        let job = queue.spooled.next_job()?;
        let mut lost = 0;
        match job {
            Job::Write { id, .. } if self.is_full => queue.spooled.not_written(id),
            Job::Write { id, body, .. } => {
                self.files.insert(id, body);
                queue.spooled.written(id);
            }
            Job::Remove { id } => {
                self.files.remove(&id);
                queue.spooled.done();
            }
            Job::Mark { sending } => {
                self.mark = sending;
                queue.spooled.done();
            }
            Job::Look { id } => {
                if !self.files.contains_key(&id) {
                    queue.write_in_flight_again(id);
                }
                queue.spooled.done();
            }
            Job::Readdress { .. } | Job::Grow => queue.spooled.done(),
            Job::Read { id } => match self.files.get(&id) {
                Some(body) => queue.fetched(id, body.clone()),
                None => lost = queue.not_fetched(id),
            },
        }
        Some(lost)
    }

    /// Returns how many lines were lost.
    fn work(&mut self, queue: &mut Queue) -> u64 {
        std::iter::from_fn(|| self.work_once(queue)).sum()
    }

    fn texts(&self) -> Vec<&str> {
        self.files.values().map(Body::text).collect()
    }
}

fn spooled(memory: usize, disk: u64) -> (Queue, Disk) {
    let mut queue = Queue::new(memory);
    queue.attach(disk, false);
    (queue, Disk::default())
}

fn push(queue: &mut Queue, text: &str) -> u64 {
    queue.push(Body::of(text), Collected::now(), false)
}

/// Takes one and answers it.
fn sent(queue: &mut Queue, disk: &mut Disk) -> Option<String> {
    let next = |queue: &mut Queue| queue.take().or_else(|| queue.take_dead_letter());
    let batch = next(queue).or_else(|| {
        disk.work(queue);
        next(queue)
    })?;
    queue.finish_in_flight();
    disk.work(queue);
    Some(batch.body.text().to_string())
}

fn all_sent(queue: &mut Queue, disk: &mut Disk) -> Vec<String> {
    std::iter::from_fn(|| sent(queue, disk)).collect()
}

#[test]
fn the_disk_has_pending_requests_and_nothing_else() {
    let (mut queue, mut disk) = spooled(100, 100);
    push(&mut queue, "a\nb");
    assert!(!queue.spooled.is_synced(1));
    disk.work(&mut queue);
    assert!(queue.spooled.is_synced(1));
    push(&mut queue, "c");
    disk.work(&mut queue);
    assert_eq!(disk.texts(), ["a\nb", "c"]);
    assert_eq!(queue.points_on_disk(), 3);
    queue.take();
    let _dropped = queue.put_back();
    disk.work(&mut queue);
    assert_eq!(disk.texts(), ["a\nb", "c"]);
    queue.take();
    assert_eq!(queue.points_on_disk(), 3);
    queue.finish_in_flight();
    assert!(!queue.spooled.is_synced(1));
    disk.work(&mut queue);
    assert_eq!(disk.texts(), ["c"]);
    assert_eq!(sent(&mut queue, &mut disk).as_deref(), Some("c"));
    assert!(disk.files.is_empty());
    assert_eq!((queue.points(), queue.bytes()), (0, 0));
}

#[test]
fn halves_replace_the_whole() {
    let (mut queue, mut disk) = spooled(100, 100);
    push(&mut queue, "a\nb\nc");
    disk.work(&mut queue);
    queue.take();
    assert!(queue.split_in_flight());
    // Whenever the process dies, nothing is missing, and duplicates are detected.
    disk.work_once(&mut queue);
    assert_eq!(disk.texts(), ["a\nb\nc", "b\nc"]);
    disk.work_once(&mut queue);
    assert_eq!(disk.texts(), ["a", "b\nc"]);
    assert_eq!(sent(&mut queue, &mut disk).as_deref(), Some("a"));
    assert_eq!(disk.texts(), ["b\nc"]);
    queue.take();
    assert_eq!(queue.drop_in_flight(), 2);
    disk.work(&mut queue);
    assert!(disk.files.is_empty());
}

#[test]
fn the_disk_marks_requests_that_may_have_been_sent() {
    let (mut queue, mut disk) = (Queue::new(100), Disk::default());
    queue.attach(100, true);
    for text in ["a\nb", "c"] {
        push(&mut queue, text);
    }
    disk.work(&mut queue);
    assert_eq!(disk.mark, None);
    queue.take();
    assert!(!queue.spooled.is_ready_to_send());
    disk.work(&mut queue);
    assert!(queue.spooled.is_ready_to_send());
    assert_eq!(disk.mark, Some(RequestId::of(1)));
    // Answered: it may be sent again.
    let _dropped = queue.put_back();
    disk.work(&mut queue);
    assert_eq!(disk.mark, None);
    queue.take();
    disk.work(&mut queue);
    // Its first half has its id.
    assert!(queue.split_in_flight());
    disk.work(&mut queue);
    assert_eq!(disk.mark, None);
    queue.take();
    disk.work(&mut queue);
    queue.finish_in_flight();
    // First the file, then the mark.
    disk.work_once(&mut queue);
    assert_eq!((disk.files.len(), disk.mark), (2, Some(RequestId::of(1))));
    disk.work(&mut queue);
    assert_eq!(disk.mark, None);
    assert_eq!(queue.drop_waiting(RequestId::of(2)), 1);
    disk.work(&mut queue);
    assert_eq!(disk.texts(), ["b"]);
}

#[test]
fn memory_is_bounded_and_the_disk_has_the_rest_in_order() {
    let (mut queue, mut disk) = spooled(3, 100);
    for text in ["aa", "bb", "cc", "dd"] {
        assert_eq!(push(&mut queue, text), 0);
        disk.work(&mut queue);
        assert!(queue.memory_bytes <= 3);
    }
    assert_eq!((queue.points(), queue.bytes()), (4, 8));
    assert_eq!(all_sent(&mut queue, &mut disk), ["aa", "bb", "cc", "dd"]);
}

#[test]
fn memory_is_bounded_even_if_the_disk_is_slow() {
    let (mut queue, mut disk) = spooled(3, 100);
    let lost: u64 = ["aa", "bb", "cc"]
        .map(|text| push(&mut queue, text))
        .iter()
        .sum();
    assert_eq!(lost, 2);
    disk.work(&mut queue);
    assert_eq!(disk.texts(), ["cc"]);
    assert_eq!(all_sent(&mut queue, &mut disk), ["cc"]);
}

#[test]
fn past_the_bound_of_the_disk_the_newest_survive_and_the_loss_is_counted() {
    let (mut queue, mut disk) = spooled(4, 4);
    let mut lost = 0;
    for text in ["aa", "bb", "cc", "dd", "ee"] {
        lost += push(&mut queue, text);
        disk.work(&mut queue);
        assert!(disk.texts().concat().len() <= 4);
    }
    assert_eq!(disk.texts(), ["dd", "ee"]);
    let sent = all_sent(&mut queue, &mut disk);
    // The oldest is still in memory.
    assert_eq!(sent, ["aa", "dd", "ee"]);
    assert_eq!(lost, 2);
    // A request that is too large for the disk is in memory only.
    push(&mut queue, "abcdef");
    disk.work(&mut queue);
    assert!(disk.files.is_empty());
}

#[test]
fn requests_that_cannot_be_written_stay_in_memory_and_are_written_later() {
    let (mut queue, mut disk) = spooled(100, 100);
    disk.is_full = true;
    push(&mut queue, "a");
    push(&mut queue, "b");
    disk.work(&mut queue);
    assert_eq!((queue.points(), queue.points_on_disk()), (2, 0));
    assert!(queue.spooled.is_synced(2), "nobody waits for it");
    disk.is_full = false;
    push(&mut queue, "c");
    disk.work(&mut queue);
    assert_eq!(disk.texts(), ["c"]);
    queue.take();
    queue.write_again();
    disk.work(&mut queue);
    assert_eq!(disk.texts(), ["a", "b", "c"]);
    let _dropped = queue.put_back();
    assert_eq!(all_sent(&mut queue, &mut disk), ["a", "b", "c"]);
    assert!(disk.files.is_empty());
}

#[test]
fn a_half_that_cannot_be_written_leaves_no_whole_behind() {
    let (mut queue, mut disk) = spooled(100, 100);
    push(&mut queue, "a\nb");
    disk.work(&mut queue);
    queue.take();
    disk.is_full = true;
    assert!(queue.split_in_flight());
    disk.work(&mut queue);
    assert!(disk.files.is_empty(), "it would be sent twice");
    assert_eq!(all_sent(&mut queue, &mut disk), ["a", "b"]);
}

#[test]
fn files_missing_on_disk_are_lost_only_if_not_in_memory() {
    let (mut queue, mut disk) = spooled(6, 100);
    for text in ["aa", "bb\nb", "c", "d"] {
        push(&mut queue, text);
        disk.work(&mut queue);
    }
    disk.files.clear();
    assert_eq!(queue.compare(&[]), 2);
    disk.work(&mut queue);
    assert_eq!(
        disk.texts(),
        ["aa", "c", "d"],
        "those in memory are written again"
    );
    assert_eq!(queue.points(), 3);

    let (mut queue, mut disk) = spooled(4, 100);
    for text in ["#b\nb", "aaa"] {
        push(&mut queue, text);
        disk.work(&mut queue);
    }
    disk.files.clear();
    assert!(queue.take().is_none());
    assert_eq!(disk.work(&mut queue), 1);
    assert_eq!((queue.points(), queue.bytes()), (1, 3));
}

#[test]
fn requests_on_disk_at_the_end_stay_there() {
    let (mut queue, mut disk) = spooled(100, 100);
    for text in ["a\nb", "c", "d"] {
        push(&mut queue, text);
        disk.work(&mut queue);
    }
    queue.take();
    push(&mut queue, "written later");
    assert_eq!(queue.close(), 0);
    assert_eq!(queue.points(), 5);
    disk.work(&mut queue);
    assert_eq!(queue.detach(), 0);
    assert_eq!((queue.points(), queue.points_on_disk()), (5, 5));
    assert_eq!(disk.texts(), ["a\nb", "c", "d", "written later"]);

    let (mut queue, mut disk) = spooled(100, 100);
    disk.is_full = true;
    push(&mut queue, "a\nb");
    disk.work(&mut queue);
    assert_eq!(queue.close(), 2, "it is nowhere");
    let (mut queue, mut disk) = spooled(100, 100);
    disk.is_full = true;
    push(&mut queue, "a\nb");
    assert_eq!(queue.close(), 0, "it may yet be written");
    disk.work(&mut queue);
    assert_eq!(queue.detach(), 2);
    assert_eq!((queue.points(), queue.bytes()), (0, 0));
}

#[test]
fn without_the_disk_requests_in_memory_are_still_sent() {
    let (mut queue, mut disk) = spooled(4, 100);
    for text in ["aa", "bb", "c"] {
        push(&mut queue, text);
        disk.work(&mut queue);
    }
    assert_eq!(queue.detach(), 0);
    assert_eq!(queue.points(), 3);
    assert_eq!(all_sent(&mut queue, &mut disk), ["aa", "c"]);
    assert_eq!(queue.points(), 1, "the other is left to the next process");
}

#[test]
fn abandoned_requests_are_sent_first() {
    let (mut queue, mut disk) = spooled(100, 100);
    for text in ["a", "#b\nb"] {
        push(&mut queue, text);
    }
    disk.work(&mut queue);
    let stored: Vec<_> = disk
        .files
        .iter()
        .map(|(id, body)| Stored::new(*id, SystemTime::now(), body))
        .collect();
    let mut queue = Queue::new(100);
    queue.attach(100, false);
    assert_eq!(queue.restore(&stored, 7), 0);
    assert_eq!(
        (queue.points(), queue.points_on_disk(), queue.bytes()),
        (2, 2, 5)
    );
    push(&mut queue, "new");
    assert!(!queue.is_drained(2) && queue.last_sequence() == 8);
    disk.work(&mut queue);
    assert_eq!(all_sent(&mut queue, &mut disk), ["a", "#b\nb", "new"]);
    assert!(disk.files.is_empty());
}

#[test]
fn a_collection_with_a_snapshot_is_sent_when_it_is_complete_and_written() {
    let (mut queue, mut disk) = spooled(1_000, 1_000);
    assert_eq!(push(&mut queue, "before"), 0);
    assert_eq!(disk.work(&mut queue), 0);
    queue.begin_collection(Some(SNAPSHOT));
    assert_eq!(push(&mut queue, "a"), 0);
    assert_eq!(queue.push(Body::of("b"), Collected::now(), true), 0);
    assert!(!queue.is_on_disk());
    let jobs = std::iter::from_fn(|| {
        let job = queue.spooled.next_job()?;
        if let Job::Write { id, .. } = &job {
            queue.spooled.written(*id);
        }
        Some(job)
    });
    let written: Vec<_> = jobs
        .filter_map(|job| match job {
            Job::Write { snapshot, .. } => Some(snapshot),
            _ => None,
        })
        .collect();
    // The last one tells how many there are.
    let last = SnapshotId {
        requests: Some(2),
        ..SNAPSHOT
    };
    assert_eq!(written, [Some(SNAPSHOT), Some(last)]);
    assert!(queue.is_on_disk());
    // Earlier requests are sent meanwhile.
    assert_eq!(all_sent(&mut queue, &mut disk), ["before"]);
    queue.end_collection();
    assert_eq!(all_sent(&mut queue, &mut disk), ["a", "b"]);
}

#[test]
fn requests_that_are_held_are_on_disk_even_if_earlier_ones_are_not() {
    let (mut queue, mut disk) = spooled(1_000, 1_000);
    disk.is_full = true;
    assert_eq!(push(&mut queue, "before"), 0);
    assert_eq!(disk.work(&mut queue), 0);
    disk.is_full = false;
    queue.begin_collection(Some(SNAPSHOT));
    assert_eq!(push(&mut queue, "held"), 0);
    assert!(!queue.is_on_disk());
    assert_eq!(disk.work(&mut queue), 0);
    assert!(queue.is_on_disk());
    assert_eq!(disk.texts(), ["held"]);
}

#[test]
fn a_request_that_is_held_is_not_tried_in_place_of_another_one() {
    let (mut queue, _) = spooled(1_000, 1_000);
    assert_eq!(push(&mut queue, "suspect"), 0);
    let suspect = queue.take().expect("pending").id;
    assert_eq!(queue.put_back(), 0);
    queue.begin_collection(Some(SNAPSHOT));
    assert_eq!(push(&mut queue, "held"), 0);
    assert!(!queue.has_other(suspect, Probe::Unrelated));
    queue.end_collection();
    assert!(queue.has_other(suspect, Probe::Unrelated));
}

#[test]
fn a_spool_is_crowded_before_it_drops_requests() {
    let (mut queue, mut disk) = spooled(1_000, 100);
    queue.spooled.set_cell_bytes(60);
    assert_eq!(push(&mut queue, &"x".repeat(30)), 0);
    assert!(!queue.is_crowded());
    assert_eq!(push(&mut queue, "y"), 0);
    assert!(queue.is_crowded());
    assert_eq!(disk.work(&mut queue), 0);
    assert_eq!(disk.files.len(), 2);
}

#[test]
fn bodies_that_are_on_disk_as_well_do_not_crowd_the_memory() {
    let (mut queue, mut disk) = spooled(100, 1_000);
    for _ in 0..2 {
        assert_eq!(push(&mut queue, &"x".repeat(40)), 0);
    }
    assert!(queue.is_crowded());
    assert_eq!(disk.work(&mut queue), 0);
    assert!(!queue.is_crowded());
}
