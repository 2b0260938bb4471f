//! Whatever happens to a queue, each data point is pending, delivered or dropped, and none is twice.

use proptest::prelude::*;

use crate::dynatrace::buffer::queue::Queue;
use crate::dynatrace::buffer::queue::tests::{body, now};
use crate::dynatrace::retry::bisection::Probe;

#[derive(Clone, Debug)]
enum Event {
    Push(usize),
    Take,
    TakeOther,
    TakeDeadLetter,
    Finish,
    PutBack,
    Split,
    SplitWaiting,
    Bury,
    Drop,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        2 => (1_usize..6).prop_map(Event::Push),
        2 => Just(Event::Take),
        1 => Just(Event::TakeOther),
        1 => Just(Event::TakeDeadLetter),
        1 => Just(Event::Finish),
        1 => Just(Event::PutBack),
        1 => Just(Event::Split),
        1 => Just(Event::SplitWaiting),
        1 => Just(Event::Bury),
        1 => Just(Event::Drop),
    ];
    prop::collection::vec(event, 0..120)
}

/// Lines of a few series.
fn lines(next: &mut u64, count: usize) -> String {
    let lines: Vec<_> = (0..count)
        .map(|_| {
            *next += 1;
            format!("m{} gauge,{next}", *next % 7)
        })
        .collect();
    lines.join("\n")
}

proptest! {
    #[test]
    fn every_data_point_is_in_one_place(events in events(), limit in 20_usize..300) {
        let mut queue = Queue::new(limit);
        let (mut pushed, mut done, mut lost, mut next) = (0_u64, 0_u64, 0_u64, 0_u64);
        for event in events {
            let is_free = queue.in_flight().is_none();
            let first = queue.waiting.front().map(|request| request.id);
            match event {
                Event::Push(count) => {
                    pushed += count as u64;
                    lost += queue.push(body(&lines(&mut next, count)), now(), false);
                }
                Event::Take if is_free => drop(queue.take()),
                Event::TakeOther if is_free => drop(first.and_then(|id| queue.take_other(id, Probe::Unrelated))),
                Event::TakeDeadLetter if is_free => drop(queue.take_dead_letter()),
                Event::Finish => done += queue.finish_in_flight().map_or(0, |request| request.points),
                Event::PutBack => lost += queue.put_back(),
                Event::Split => drop(queue.split_in_flight()),
                Event::SplitWaiting => first.into_iter().for_each(|id| queue.split_waiting(id)),
                Event::Bury if !queue.is_divisible() => queue.bury_in_flight(),
                Event::Take | Event::TakeOther | Event::TakeDeadLetter | Event::Bury => {}
                Event::Drop => lost += queue.drop_in_flight(),
            }
            prop_assert_eq!(pushed, done + lost + queue.points());
            // The oldest is dropped first.
            prop_assert!(queue.waiting.iter().is_sorted_by_key(|request| request.id));
            let pending = queue.waiting.iter().chain(&queue.in_flight);
            let oldest = pending.map(|request| request.id.sequence).min();
            for sequence in 0..=queue.last_sequence() {
                let settled = oldest.is_none_or(|oldest| oldest > sequence);
                prop_assert_eq!(queue.is_drained(sequence), settled);
            }
        }
        lost += queue.put_back();
        while queue.take().or_else(|| queue.take_dead_letter()).is_some() {
            done += queue.finish_in_flight().map_or(0, |request| request.points);
        }
        prop_assert_eq!((pushed, queue.bytes()), (done + lost, 0));
    }
}
