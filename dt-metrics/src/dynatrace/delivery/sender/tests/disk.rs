//! Sending waits for the disk, but not for one that hangs.

use crate::dynatrace::buffer::spooled::Job;
use crate::dynatrace::buffer::{Buffer, DiskTask};
use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::delivery::sender::tests::{Script, queue, run_for};
use crate::dynatrace::health::DropReason;
use crate::dynatrace::retry::outcome::Outcome;
use crate::dynatrace::tests::accounting::assert_accounted;
use std::time::{Duration, Instant};

fn spooled() -> Buffer {
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    buffer.lock().queue.attach(1_000, false);
    buffer
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_until_the_one_before_is_off_the_disk_or_the_disk_hangs() {
    let buffer = spooled();
    let script = Script::new([Outcome::Accepted, Outcome::Accepted, Outcome::Accepted]);
    queue(&buffer, &["a", "b", "c"]);
    run_for(&buffer, &script, Duration::from_secs(60)).await;
    assert_eq!(script.texts(), ["a", "b", "c"]);
    // One that hangs is waited for once.
    assert_eq!(script.times(), [0, 1, 1]);
    assert_accounted(3, &buffer.health());
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_does_its_work_is_waited_for() {
    let buffer = spooled();
    let script = Script::new([Outcome::Accepted, Outcome::Accepted]);
    queue(&buffer, &["a", "b"]);
    let disk = async {
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            buffer.update(|state| match state.queue.spooled.next_job() {
                Some(Job::Write { id, .. }) => state.queue.spooled.written(id),
                _ => state.queue.spooled.done(),
            });
        }
        buffer.stop();
    };
    tokio::join!(run_for(&buffer, &script, Duration::from_secs(60)), disk);
    let attempts = script.attempts.borrow();
    let second = attempts[1].0;
    // It removes the first file before it writes the second file.
    assert!(
        second >= Duration::from_millis(100) && second < Duration::from_secs(1),
        "{second:?}"
    );
    assert!(!buffer.lock().disk_is_slow);
    assert_accounted(2, &buffer.health());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_another_process_has_taken_is_not_sent() {
    let buffer = spooled();
    let script = Script::new([Outcome::Accepted]);
    queue(&buffer, &["a"]);
    buffer.update(|state| match state.queue.spooled.next_job() {
        Some(Job::Write { id, .. }) => state.queue.spooled.written(id),
        other => panic!("the request is to be written: {other:?}"),
    });
    let disk = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        buffer.update(|state| {
            let job = state.queue.spooled.next_job();
            assert!(matches!(job, Some(Job::Look { .. })), "{job:?}");
            let points = state.queue.give_up_written();
            state.drop_points(DropReason::SpoolDamaged, points);
            state.queue.spooled.done();
        });
    };
    tokio::join!(run_for(&buffer, &script, Duration::from_secs(60)), disk);
    assert!(script.texts().is_empty());
    assert_accounted(1, &buffer.health());
}

#[test]
fn a_disk_is_slow_until_it_has_caught_up() {
    let buffer = spooled();
    queue(&buffer, &["a"]);
    buffer.wait_for_disk(Some(Instant::now()));
    assert!(
        !buffer.lock().disk_is_slow,
        "only the caller was in a hurry"
    );
    buffer.wait_for_disk(None);
    assert!(buffer.lock().disk_is_slow);
    let DiskTask::Job(Job::Write { id, .. }) = buffer.disk_task(Instant::now()) else {
        panic!("the request is to be written");
    };
    buffer.update(|state| state.queue.spooled.written(id));
    let idle = buffer.disk_task(Instant::now());
    assert!(matches!(idle, DiskTask::Adopt));
    assert!(!buffer.lock().disk_is_slow);
}
