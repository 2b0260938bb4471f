//! The queue in memory; with a spool: see `disk`.

use crate::dynatrace::buffer::queue::Queue;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::{Collected, MAX_AGE};
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
    queue.finish();
    Some(text)
}

#[test]
fn requests_leave_in_order_and_are_counted_until_answered() {
    let mut queue = Queue::new(100);
    assert_eq!(
        (
            queue.push(body("a\nb"), now()),
            queue.push(body("c"), now())
        ),
        (0, 0)
    );
    assert_eq!((queue.lines(), queue.bytes()), (3, 4));
    assert!(queue.take().is_some());
    assert_eq!((queue.lines(), queue.bytes()), (3, 4));
    assert!(!queue.is_settled(1));
    queue.finish();
    assert_eq!((queue.lines(), queue.bytes()), (1, 1));
    assert!(queue.is_settled(1) && !queue.is_settled(2));
    assert_eq!(taken(&mut queue).as_deref(), Some("c"));
    assert!(queue.is_settled(2));
    assert!(queue.take().is_none());
}

#[test]
fn a_request_that_failed_goes_first() {
    let mut queue = Queue::new(100);
    queue.push(body("a"), now());
    queue.push(body("b"), now());
    queue.take();
    assert_eq!(queue.put_back(), 0);
    let again = queue.take().expect("still there");
    assert_eq!((again.body.text(), again.attempts), ("a", 2));
}

#[test]
fn the_oldest_make_room_but_not_the_one_in_flight() {
    let mut queue = Queue::new(6);
    queue.push(body("aa\na"), now());
    queue.take();
    assert_eq!(queue.push(body("bbb\nb"), now()), 0);
    assert_eq!(queue.push(body("cc"), now()), 2);
    assert_eq!((queue.lines(), queue.bytes()), (3, 6));
    assert_eq!(queue.put_back(), 0);
    assert_eq!(queue.push(body("d"), now()), 2);
    assert_eq!(taken(&mut queue).as_deref(), Some("cc"));
    assert_eq!(queue.push(body("far too long"), now()), 2);
    assert_eq!((queue.lines(), queue.bytes()), (0, 0));
}

#[test]
fn halves_keep_their_place() {
    let mut queue = Queue::new(100);
    queue.push(body("a\nb\nc"), now());
    queue.push(body("d"), now());
    queue.take();
    assert!(queue.split());
    assert!(!queue.is_settled(1));
    assert_eq!(taken(&mut queue).as_deref(), Some("a"));
    assert!(!queue.is_settled(1));
    queue.take();
    assert!(queue.split());
    assert_eq!(taken(&mut queue).as_deref(), Some("b"));
    queue.take();
    assert!(!queue.split(), "a single line has no halves");
    queue.finish();
    assert!(queue.is_settled(1));
    assert_eq!(taken(&mut queue).as_deref(), Some("d"));
    assert_eq!((queue.lines(), queue.bytes()), (0, 0));
}

#[test]
fn what_is_left_at_the_end_is_counted() {
    let mut queue = Queue::new(100);
    queue.push(body("a\nb"), now());
    queue.push(body("c"), now());
    queue.take();
    assert_eq!(queue.close(), 3);
    assert_eq!((queue.lines(), queue.bytes()), (0, 0));
    assert!(queue.is_settled(queue.last_sequence()));
    assert_eq!(queue.put_back(), 0);
    assert!(queue.take().is_none());
}

#[test]
fn metadata_is_lost_with_its_request_and_only_then() {
    let mut queue = Queue::new(14);
    queue.push(body("#a\na"), now());
    queue.take();
    queue.finish();
    assert!(queue.take_lost_metadata().is_empty());
    for text in ["#b\nb\n#c\nc", "#b\nb\nd"] {
        queue.push(body(text), now());
    }
    assert_eq!(queue.take_lost_metadata(), ["b".into(), "c".into()]);
    assert!(queue.take_lost_metadata().is_empty());
    queue.take();
    assert_eq!(queue.drop_in_flight(), 2);
    assert_eq!(queue.take_lost_metadata(), ["b".into()]);
    assert_eq!(queue.drop_in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_goes_and_is_counted() {
    let mut queue = Queue::new(100);
    queue.push(body("a\nb"), now());
    tokio::time::advance(MAX_AGE / 2).await;
    queue.push(body("c"), now());
    assert_eq!(queue.drop_old(Instant::now()), 0);
    tokio::time::advance(MAX_AGE / 2 + Duration::from_secs(1)).await;
    assert_eq!(queue.drop_old(Instant::now()), 2);
    assert_eq!((queue.lines(), queue.bytes()), (1, 1));
    assert!(queue.is_settled(1) && !queue.is_settled(2));
    // In flight: nobody knows whether it arrives.
    queue.take();
    tokio::time::advance(MAX_AGE).await;
    assert_eq!(queue.drop_old(Instant::now()), 0);
    queue.put_back();
    assert_eq!(queue.drop_old(Instant::now()), 1);
}
