//! The queue in memory; with a spool: see `disk`.

use crate::dynatrace::buffer::queue::Queue;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::{Collected, MAX_AGE};
use crate::dynatrace::retry::bisection::Probe;
use std::time::Duration;
use tokio::time::Instant;
mod any_life;
mod disk;

fn now() -> Collected {
    Collected::now()
}

fn body(text: &str) -> Body {
    Body::of(text)
}

fn taken(queue: &mut Queue) -> Option<String> {
    let text = queue.take()?.body.text().to_string();
    queue.finish_in_flight();
    Some(text)
}

#[test]
fn requests_leave_in_order_and_are_counted_until_answered() {
    let mut queue = Queue::new(100);
    assert_eq!(
        (
            queue.push(body("a\nb"), now(), false),
            queue.push(body("c"), now(), false)
        ),
        (0, 0)
    );
    assert_eq!((queue.points(), queue.bytes()), (3, 4));
    assert!(queue.take().is_some());
    assert_eq!((queue.points(), queue.bytes()), (3, 4));
    assert!(!queue.is_drained(1));
    queue.finish_in_flight();
    assert_eq!((queue.points(), queue.bytes()), (1, 1));
    assert!(queue.is_drained(1) && !queue.is_drained(2));
    assert_eq!(taken(&mut queue).as_deref(), Some("c"));
    assert!(queue.is_drained(2));
    assert!(queue.take().is_none());
}

#[test]
fn a_request_that_failed_goes_first() {
    let mut queue = Queue::new(100);
    let _dropped = queue.push(body("a"), now(), false);
    let _dropped = queue.push(body("b"), now(), false);
    queue.take();
    assert_eq!(queue.put_back(), 0);
    let again = queue.take().expect("still there");
    assert_eq!((again.body.text(), again.is_repeated), ("a", true));
}

#[test]
fn the_oldest_make_room_but_not_the_one_in_flight() {
    let mut queue = Queue::new(6);
    let _dropped = queue.push(body("aa\na"), now(), false);
    queue.take();
    assert_eq!(queue.push(body("bbb\nb"), now(), false), 0);
    assert_eq!(queue.push(body("cc"), now(), false), 2);
    assert_eq!((queue.points(), queue.bytes()), (3, 6));
    assert_eq!(queue.put_back(), 0);
    assert_eq!(queue.push(body("d"), now(), false), 2);
    assert_eq!(taken(&mut queue).as_deref(), Some("cc"));
    assert_eq!(queue.push(body("far too long"), now(), false), 2);
    assert_eq!((queue.points(), queue.bytes()), (0, 0));
}

#[test]
fn halves_keep_their_place() {
    let mut queue = Queue::new(100);
    let _dropped = queue.push(body("a\nb\nc"), now(), false);
    let _dropped = queue.push(body("d"), now(), false);
    queue.take();
    assert!(queue.split_in_flight());
    assert!(!queue.is_drained(1));
    assert_eq!(taken(&mut queue).as_deref(), Some("a"));
    assert!(!queue.is_drained(1));
    queue.take();
    assert!(queue.split_in_flight());
    assert_eq!(taken(&mut queue).as_deref(), Some("b"));
    queue.take();
    assert!(!queue.split_in_flight(), "a single line has no halves");
    queue.finish_in_flight();
    assert!(queue.is_drained(1));
    assert_eq!(taken(&mut queue).as_deref(), Some("d"));
    assert_eq!((queue.points(), queue.bytes()), (0, 0));
}

#[test]
fn remaining_points_are_counted_at_the_end() {
    let mut queue = Queue::new(100);
    let _dropped = queue.push(body("a\nb"), now(), false);
    let _dropped = queue.push(body("c"), now(), false);
    queue.take();
    assert_eq!(queue.close(), 3);
    assert_eq!((queue.points(), queue.bytes()), (0, 0));
    assert!(queue.is_drained(queue.last_sequence()));
    assert_eq!(queue.put_back(), 0);
    assert!(queue.take().is_none());
}

#[test]
fn a_probe_is_a_part_of_the_same_request_or_another_one() {
    let mut queue = Queue::new(100);
    let _dropped = queue.push(body("a\nb\nc\nd"), now(), false);
    let _dropped = queue.push(body("e"), now(), false);
    let whole = queue.take().expect("the first").id;
    assert!(queue.split_in_flight());
    let probe = queue.take_other(whole, Probe::Part).expect("a half");
    assert_eq!(probe.body.text(), "c\nd");
    let _dropped = queue.put_back();
    let probe = queue.take_other(whole, Probe::Unrelated).expect("another");
    assert_eq!(probe.body.text(), "e");
    queue.finish_in_flight();
    queue.take_other(whole, Probe::Part);
    queue.finish_in_flight();
    let probe = queue.take_other(whole, Probe::Part).expect("itself");
    assert_eq!(probe.body.text(), "a\nb");
}

#[test]
fn a_request_is_guilty_if_another_one_passed_since_it_failed() {
    let is_guilty = |queue: &Queue| queue.is_proven_guilty(queue.in_flight().expect("one"));
    let mut queue = Queue::new(100);
    for text in ["a", "b", "c\nd"] {
        let _dropped = queue.push(body(text), now(), false);
    }
    queue.take();
    queue.finish_in_flight();
    let failing = queue.take().expect("b").id;
    assert!(!is_guilty(&queue), "what passed before proves nothing");
    let _dropped = queue.put_back();
    queue.take();
    assert!(!is_guilty(&queue), "nothing passed");
    let _dropped = queue.put_back();
    queue.take_other(failing, Probe::Unrelated);
    assert!(queue.split_in_flight());
    queue.take_other(failing, Probe::Unrelated);
    queue.finish_in_flight();
    queue.take();
    assert!(is_guilty(&queue));
    let _dropped = queue.put_back();
    queue.take_other(failing, Probe::Unrelated);
    assert!(is_guilty(&queue), "the other half passed");
}

#[test]
fn lines_of_a_dead_series_travel_by_themselves() {
    let mut queue = Queue::new(1_000);
    let _dropped = queue.push(body("bad gauge,1"), now(), false);
    let _dropped = queue.push(body("#bad gauge\nbad gauge,2\ngood gauge,2"), now(), false);
    queue.take();
    queue.bury_in_flight();
    let _dropped = queue.push(body("good gauge,3\nbad gauge,3"), now(), false);
    assert_eq!(
        taken(&mut queue).as_deref(),
        Some("#bad gauge\ngood gauge,2")
    );
    assert_eq!(taken(&mut queue).as_deref(), Some("good gauge,3"));
    assert!(queue.take().is_none());
    assert_eq!(queue.dead_series().len(), 1);
    assert_eq!(queue.points(), 3);

    // The oldest of a series is next. Once it passes, the series is dead no longer.
    let letter = queue.take_dead_letter().expect("a dead letter");
    assert_eq!(letter.body.text(), "bad gauge,1");
    queue.finish_in_flight();
    assert!(queue.dead_series().is_empty());
    assert_eq!(taken(&mut queue).as_deref(), Some("bad gauge,2"));
    assert_eq!(taken(&mut queue).as_deref(), Some("bad gauge,3"));
    assert_eq!((queue.points(), queue.bytes()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_too_old_are_dropped_and_counted() {
    let mut queue = Queue::new(100);
    let _dropped = queue.push(body("a\nb"), now(), false);
    tokio::time::advance(MAX_AGE / 2).await;
    let _dropped = queue.push(body("c"), now(), false);
    assert_eq!(queue.drop_old(Instant::now()), 0);
    tokio::time::advance(MAX_AGE / 2 + Duration::from_secs(1)).await;
    assert_eq!(queue.drop_old(Instant::now()), 2);
    assert_eq!((queue.points(), queue.bytes()), (1, 1));
    assert!(queue.is_drained(1) && !queue.is_drained(2));
    // In flight: it may already have arrived.
    queue.take();
    tokio::time::advance(MAX_AGE).await;
    assert_eq!(queue.drop_old(Instant::now()), 0);
    let _dropped = queue.put_back();
    assert_eq!(queue.drop_old(Instant::now()), 1);
}
