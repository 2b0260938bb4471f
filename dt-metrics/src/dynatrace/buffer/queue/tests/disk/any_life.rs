//! Whatever happens, nothing is lost or doubled.

use crate::dynatrace::buffer::queue::tests::disk::{all_sent, push, spooled};
use crate::dynatrace::retry::bisection::Probe;
use proptest::prelude::*;

use crate::dynatrace::buffer::queue::Request;
use crate::dynatrace::encode::body::Body;

/// The events that can happen, in any order.
#[derive(Clone, Copy, Debug)]
enum Event {
    Push(u8),
    Take,
    TakeOther,
    TakeDeadLetter,
    Bury,
    Finish,
    Drop,
    PutBack,
    Split,
    Work,
    Full(bool),
    Wipe,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (1..6u8).prop_map(Event::Push),
        6 => Just(Event::Take),
        1 => Just(Event::TakeOther),
        1 => Just(Event::TakeDeadLetter),
        1 => Just(Event::Bury),
        4 => Just(Event::Finish),
        1 => Just(Event::Drop),
        3 => Just(Event::PutBack),
        2 => Just(Event::Split),
        12 => Just(Event::Work),
        1 => any::<bool>().prop_map(Event::Full),
        1 => Just(Event::Wipe),
    ]
}

fn request_text(request: &Request) -> &str {
    request.body.as_ref().map_or("", Body::text)
}

/// The numbers of lines.
fn numbers(text: &str) -> Vec<String> {
    let numbers = text.split('\n').map(|line| line.rsplit(' ').next());
    numbers
        .map(|number| number.expect("one").to_owned())
        .collect()
}

proptest! {
    /// Every line is delivered, dropped and counted, or still there; no line is delivered twice;
    /// memory and disk are bounded; at the end the pending requests are on the disk.
    #[test]
    fn nothing_is_lost_or_doubled(
        events in prop::collection::vec(event(), 1..200),
        memory in 4_usize..40,
        limit in 4_u64..80,
    ) {
        let (mut queue, mut disk) = spooled(memory, limit);
        let (mut pushed, mut lost) = (0_u64, 0_u64);
        let mut delivered = Vec::new();
        let is_ordered = !events.iter().any(|event| {
            matches!(event, Event::TakeOther | Event::Bury)
        });
        for event in events {
            match event {
                Event::Push(lines) => {
                    let lines: Vec<_> = (0..u64::from(lines))
                        .map(|line| pushed + line)
                        .map(|line| format!("m{} {line:03}", line % 7))
                        .collect();
                    pushed += lines.len() as u64;
                    lost += push(&mut queue, &lines.join("\n"));
                }
                Event::Take if queue.in_flight().is_none() => drop(queue.take()),
                Event::Finish => {
                    if let Some(request) = queue.finish_in_flight() {
                        delivered.extend(numbers(request_text(&request)));
                    }
                }
                Event::Drop => lost += queue.drop_in_flight(),
                Event::PutBack => lost += queue.put_back(),
                Event::Split => drop(queue.split_in_flight()),
                Event::Work => lost += disk.work_once(&mut queue).unwrap_or(0),
                Event::Full(full) => disk.is_full = full,
                Event::Wipe => {
                    disk.files.clear();
                    lost += queue.compare(&[]);
                }
                Event::TakeOther if queue.in_flight().is_none() => {
                    let first = queue.waiting.front().map(|request| request.id);
                    drop(first.and_then(|first| queue.take_other(first, Probe::Unrelated)));
                }
                Event::TakeDeadLetter if queue.in_flight().is_none() => {
                    drop(queue.take_dead_letter());
                }
                Event::Bury if !queue.is_divisible() => queue.bury_in_flight(),
                Event::Take | Event::TakeOther | Event::TakeDeadLetter | Event::Bury => {}
            }
            prop_assert_eq!(delivered.len() as u64 + lost + queue.points(), pushed);
            // The request that is about to be sent, and the halves of one, may come on top.
            prop_assert!(queue.memory_bytes <= memory + 2 * 24);
        }
        disk.is_full = false;
        lost += queue.put_back();
        lost += disk.work(&mut queue);
        queue.write_again();
        disk.work(&mut queue);
        let on_disk: u64 = disk.files.values().map(|body| body.points).sum();
        prop_assert_eq!(on_disk, queue.points_on_disk());
        prop_assert!(disk.texts().concat().len() as u64 <= limit);
        delivered.extend(
            all_sent(&mut queue, &mut disk)
                .iter()
                .flat_map(|text| numbers(text)),
        );
        prop_assert_eq!(delivered.len() as u64 + lost, pushed);
        prop_assert!(disk.files.is_empty());
        let mut once = delivered.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), delivered.len(), "once");
        prop_assert!(!is_ordered || once == delivered, "in order");
    }
}
