//! Tests of the mailbox.

use std::sync::mpsc;
use std::thread::spawn;

use super::{CAPACITY, Mailbox, Refused};

#[test]
fn commands_come_in_their_order_until_the_thread_ends() {
    let mailbox = Mailbox::new();
    let sender = mailbox.clone();
    let (started, begins) = mpsc::channel();
    let thread = spawn(move || {
        let opened = mailbox.open();
        started.send(()).unwrap();
        let mut sum = Vec::new();
        while sum.len() < 1_000 {
            match opened.next() {
                Some(number) => sum.push(number),
                // Without a limit: each command wakes the thread.
                None => opened.wait(None),
            }
        }
        sum
    });
    begins.recv().unwrap();
    for number in 0..1_000 {
        let mut command = number;
        while let Err(Refused::Full(refused)) = sender.send(command) {
            command = refused;
        }
    }
    assert!(thread.join().unwrap().into_iter().eq(0..1_000));
    assert_eq!(sender.send(0), Err(Refused::Closed));
}

#[test]
fn commands_that_nobody_takes_are_refused_and_dropped_at_the_end() {
    let mailbox = Mailbox::new();
    let (reply, replies) = mpsc::channel::<()>();
    for _ in 0..CAPACITY {
        mailbox.send(reply.clone()).unwrap();
    }
    assert!(matches!(mailbox.send(reply.clone()), Err(Refused::Full(_))));
    drop(reply);
    drop(mailbox.open());
    // No sender is left.
    assert!(replies.recv().is_err());
}
