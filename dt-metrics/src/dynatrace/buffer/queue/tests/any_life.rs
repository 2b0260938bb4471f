//! Whatever happens to a queue, each line is waiting, done or lost, and none is twice.

use crate::dynatrace::buffer::queue::Queue;
use crate::dynatrace::buffer::queue::tests::{body, now};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Event {
    Collection,
    Push(usize),
    Take,
    TakeInstead,
    TakeAside,
    SetAside,
    Finish,
    PutBack,
    StepAside,
    Split,
    Drop,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        Just(Event::Collection),
        (1_usize..6).prop_map(Event::Push),
        (1_usize..6).prop_map(Event::Push),
        Just(Event::Take),
        Just(Event::Take),
        Just(Event::TakeInstead),
        Just(Event::TakeAside),
        Just(Event::SetAside),
        Just(Event::Finish),
        Just(Event::PutBack),
        Just(Event::StepAside),
        Just(Event::Split),
        Just(Event::Drop),
    ];
    prop::collection::vec(event, 0..120)
}

/// Lines that no other request has, by their numbers.
fn lines(next: &mut u64, count: usize) -> String {
    let lines: Vec<_> = (0..count)
        .map(|_| {
            *next += 1;
            format!("m{next} gauge,1")
        })
        .collect();
    lines.join("\n")
}

proptest! {
    #[test]
    fn every_line_is_in_one_place(events in events(), limit in 20_usize..300) {
        let mut queue = Queue::new(limit);
        let (mut pushed, mut done, mut lost, mut next) = (0_u64, 0_u64, 0_u64, 0_u64);
        let mut in_flight = false;
        for event in events {
            match event {
                Event::Collection => queue.begin_collection(),
                Event::Push(count) => {
                    pushed += count as u64;
                    lost += queue.push(body(&lines(&mut next, count)), now());
                }
                Event::Take if !in_flight => in_flight = queue.take().is_some(),
                Event::TakeInstead if !in_flight => {
                    let first = queue.waiting.front().map(|one| one.place);
                    let other = first.and_then(|first| queue.take_instead_of(first));
                    in_flight = other.is_some();
                }
                Event::TakeAside if !in_flight => in_flight = queue.take_aside().is_some(),
                Event::Take | Event::TakeInstead | Event::TakeAside => {}
                Event::SetAside => {
                    let first = queue.waiting.iter().find(|one| !one.is_aside);
                    if let Some(place) = first.map(|first| first.place) {
                        prop_assert!(queue.set_aside(place));
                    }
                }
                Event::Finish => {
                    done += queue.finish().map_or(0, |batch| batch.body.points);
                    in_flight = false;
                }
                Event::PutBack => {
                    lost += queue.put_back();
                    in_flight = false;
                }
                Event::StepAside => {
                    lost += queue.step_aside().0;
                    in_flight = false;
                }
                Event::Split => {
                    if queue.split() {
                        in_flight = false;
                    }
                }
                Event::Drop => {
                    lost += queue.drop_in_flight();
                    in_flight = false;
                }
            }
            prop_assert_eq!(pushed, done + lost + queue.lines());
            // What is dropped first is the oldest.
            prop_assert!(queue.waiting.iter().is_sorted_by_key(|waiting| waiting.collection));
            let waiting = queue.waiting.iter().map(|waiting| waiting.place.sequence);
            let in_flight = queue.in_flight.iter().map(|batch| batch.place.sequence);
            let oldest = waiting.chain(in_flight).min();
            for sequence in 0..=queue.last_sequence() {
                let settled = oldest.is_none_or(|oldest| oldest > sequence);
                prop_assert_eq!(queue.is_settled(sequence), settled);
            }
        }
        lost += queue.put_back();
        while let Some(batch) = queue.take().or_else(|| queue.take_aside()) {
            done += batch.body.points;
            queue.finish();
        }
        prop_assert_eq!((pushed, queue.bytes()), (done + lost, 0));
    }
}
