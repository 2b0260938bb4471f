//! Several requests in flight: which ones, and that nothing is lost, doubled or out of order.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::delivery::report::Reporter;
use crate::dynatrace::delivery::sender::run;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::event::EventListener;
use crate::dynatrace::retry::outcome::{Attempt, Failure, Outcome};
use crate::dynatrace::tests::accounting::assert_accounted;
use crate::dynatrace::transport::Transport;

const MAX_IN_FLIGHT: usize = 3;

/// The answer to a request.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Accepted,
    /// No connection: another request would fare no better.
    Unreachable,
    Unavailable,
    Forbidden,
    TooLarge,
    /// Accepted, but the client does not know.
    Lost,
}

impl Answer {
    fn is_of_the_endpoint(self) -> bool {
        matches!(self, Self::Accepted | Self::Unreachable)
    }

    fn outcome(self) -> Outcome {
        let message = String::from("a failure");
        match self {
            Self::Accepted => Outcome::Accepted,
            Self::Unreachable => Outcome::Failed {
                failure: Failure::Connect,
                message,
            },
            Self::Unavailable => Outcome::Unavailable {
                status: 503,
                retry_after: None,
                message,
            },
            Self::Forbidden => Outcome::Unauthorized {
                status: 403,
                message,
            },
            Self::TooLarge => Outcome::TooLarge { message },
            Self::Lost => Outcome::Failed {
                failure: Failure::Ambiguous,
                message,
            },
        }
    }
}

/// Answers in any order, and checks which requests are in flight.
#[derive(Default)]
struct Endpoint {
    /// The answers to come, and their delays; then all is accepted.
    plan: RefCell<Vec<(Answer, Duration)>>,
    /// The collections of the requests in flight.
    in_flight: RefCell<Vec<u64>>,
    most_in_flight: Cell<usize>,
    /// A request failed, and none that was sent since then was accepted.
    is_failing: Cell<bool>,
    /// The lines that were accepted.
    arrived: RefCell<Vec<String>>,
}

impl Endpoint {
    fn check(&self) {
        let in_flight = self.in_flight.borrow();
        assert!(in_flight.len() <= MAX_IN_FLIGHT);
        let collections: BTreeSet<_> = in_flight.iter().collect();
        assert!(
            collections.len() <= 1,
            "of several collections: {in_flight:?}"
        );
        assert!(
            in_flight.len() == 1 || !self.is_failing.get(),
            "the endpoint fails: {in_flight:?}"
        );
        let most = self.most_in_flight.get().max(in_flight.len());
        self.most_in_flight.set(most);
    }
}

impl Transport for Endpoint {
    fn max_in_flight(&self) -> usize {
        MAX_IN_FLIGHT
    }

    async fn send(&self, body: &Body) -> Attempt {
        let collection = collection(body.text().lines().next().expect("a line"));
        let was_failing = self.is_failing.get();
        self.in_flight.borrow_mut().push(collection);
        self.check();
        let next = self.plan.borrow_mut().pop();
        let (answer, delay) = next.unwrap_or((Answer::Accepted, Duration::from_millis(50)));
        tokio::time::sleep(delay).await;
        let mut in_flight = self.in_flight.borrow_mut();
        let index = in_flight.iter().position(|it| *it == collection);
        in_flight.swap_remove(index.expect("in flight"));
        if matches!(answer, Answer::Accepted | Answer::Lost) {
            let lines = body.text().lines().map(str::to_owned);
            self.arrived.borrow_mut().extend(lines);
        }
        match answer {
            Answer::Accepted if was_failing => self.is_failing.set(false),
            Answer::Accepted => {}
            _ => self.is_failing.set(true),
        }
        answer.outcome().into()
    }
}

fn collection(line: &str) -> u64 {
    let (_, number) = line.rsplit_once(',').expect("a value");
    number.parse().expect("the number of the collection")
}

/// Adds a collection of requests with so many lines each; its number is the value of its lines.
fn collect(buffer: &Buffer, number: u64, requests: &[usize]) -> u64 {
    buffer.begin_collection(None);
    let mut series = 0;
    for lines in requests {
        let lines: Vec<_> = (0..*lines)
            .map(|line| format!("m{} gauge,{number}", series + line))
            .collect();
        series += lines.len();
        assert!(buffer.enqueue(vec![Body::of(&lines.join("\n"))]));
    }
    series as u64
}

/// Sends until nothing is pending.
async fn send_all(buffer: &Buffer, endpoint: &Endpoint) {
    let drained = async {
        while buffer.health().points_pending > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let mut reporter = Reporter::new(EventListener::default());
    tokio::select! {
        () = run(buffer, endpoint, &mut reporter) => {}
        () = drained => {}
    }
}

#[tokio::test(start_paused = true)]
async fn requests_of_a_collection_are_sent_together_once_one_was_accepted() {
    let buffer = Buffer::new(10_000, DeliveryGuarantee::default());
    let endpoint = Endpoint::default();
    let start = tokio::time::Instant::now();
    for number in 0..2 {
        collect(&buffer, number, &[1; 7]);
    }
    send_all(&buffer, &endpoint).await;
    assert_eq!(endpoint.most_in_flight.get(), MAX_IN_FLIGHT);
    // One, then three and three; three, three and one.
    assert_eq!(start.elapsed().as_millis() / 50, 6);
    assert_accounted(14, &buffer.health());
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_one_request_is_sent_at_a_time_until_one_is_accepted() {
    let buffer = Buffer::new(10_000, DeliveryGuarantee::default());
    let endpoint = Endpoint::default();
    let moment = Duration::from_millis(50);
    let mut plan = vec![
        (Answer::Accepted, moment),
        // Three at a time: the last answer comes after the failure, and changes nothing.
        (Answer::Unavailable, moment),
        (Answer::Accepted, moment),
        (Answer::Accepted, 2 * moment),
        // The failed one, by itself.
        (Answer::Unavailable, moment),
    ];
    plan.reverse();
    *endpoint.plan.borrow_mut() = plan;
    collect(&buffer, 0, &[1; 9]);
    send_all(&buffer, &endpoint).await;
    let health = buffer.health();
    assert_eq!((health.points_accepted, health.requests_failed), (9, 2));
    assert_accounted(9, &health);
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_company_is_not_evidence_against_a_request() {
    for answer in [Answer::Unavailable, Answer::Forbidden] {
        let buffer = Buffer::new(10_000, DeliveryGuarantee::default());
        let endpoint = Endpoint::default();
        let moment = Duration::from_millis(50);
        let mut plan = vec![
            (Answer::Accepted, moment),
            (answer, moment),
            (Answer::Accepted, 2 * moment),
            (Answer::Accepted, 2 * moment),
        ];
        plan.reverse();
        *endpoint.plan.borrow_mut() = plan;
        collect(&buffer, 0, &[2; 5]);
        send_all(&buffer, &endpoint).await;
        let health = buffer.health();
        // It was not halved.
        assert_eq!(health.requests_accepted, 5, "{answer:?}");
        assert_eq!(health.retries, 1);
        assert_accounted(10, &health);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_counts_all_requests_in_flight() {
    let buffer = Buffer::new(10_000, DeliveryGuarantee::default());
    let endpoint = Endpoint::default();
    collect(&buffer, 0, &[1; 9]);
    let mut reporter = Reporter::new(EventListener::default());
    let sending = run(&buffer, &endpoint, &mut reporter);
    let _ = tokio::time::timeout(Duration::from_millis(70), sending).await;
    assert_eq!(buffer.stop().dropped, 8);
    let health = buffer.health();
    assert_eq!((health.points_accepted, health.requests_unanswered), (1, 3));
    assert_accounted(9, &health);
}

fn any_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        8 => Just(Answer::Accepted),
        2 => Just(Answer::Unreachable),
        2 => Just(Answer::Unavailable),
        1 => Just(Answer::Forbidden),
        1 => Just(Answer::TooLarge),
        1 => Just(Answer::Lost),
    ]
}

fn any_plan() -> impl Strategy<Value = Vec<(Answer, Duration)>> {
    let delay = (1_u64..300).prop_map(Duration::from_millis);
    let plan = prop::collection::vec((any_answer(), delay), 0..40);
    // Without failures that may be a request's own fault, after which others may overtake it.
    (plan, any::<bool>()).prop_map(|(mut plan, is_ordered)| {
        plan.retain(|(answer, _)| !is_ordered || answer.is_of_the_endpoint());
        plan
    })
}

proptest! {
    #[test]
    fn every_line_arrives_whatever_fails_and_in_order_if_only_the_endpoint_fails(
        collections in prop::collection::vec(prop::collection::vec(1_usize..5, 1..8), 1..6),
        plan in any_plan(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let is_ordered = plan.iter().all(|(answer, _)| answer.is_of_the_endpoint());
        let lost = plan.iter().filter(|(answer, _)| matches!(answer, Answer::Lost));
        let lost = lost.count() as u64;
        let may_be_dropped = plan.iter().any(|(answer, _)| matches!(answer, Answer::TooLarge));
        let (buffer, endpoint) = runtime.block_on(async {
            let buffer = Buffer::new(1_000_000, DeliveryGuarantee::default());
            let endpoint = Endpoint {
                plan: RefCell::new(plan),
                ..Endpoint::default()
            };
            for (number, requests) in (0..).zip(&collections) {
                collect(&buffer, number, requests);
            }
            send_all(&buffer, &endpoint).await;
            (buffer, endpoint)
        });
        let expected: usize = collections.iter().flatten().sum();
        let health = buffer.health();
        assert_accounted(expected as u64, &health);
        prop_assert_eq!(health.points_accepted + health.points_dropped, expected as u64);
        prop_assert!(may_be_dropped || health.points_dropped == 0);
        prop_assert!(health.requests_unanswered <= lost);
        let arrived = endpoint.arrived.borrow();
        let once: BTreeSet<_> = arrived.iter().collect();
        prop_assert!(once.len() as u64 >= health.points_accepted, "every line");
        prop_assert!(lost > 0 || arrived.len() as u64 == health.points_accepted, "once");
        let mut newest = BTreeMap::new();
        for line in arrived.iter().filter(|_| is_ordered) {
            let (series, _) = line.split_once(' ').expect("a payload");
            let before = newest.insert(series, collection(line));
            prop_assert!(before < Some(collection(line)), "{} after {:?}", line, before);
        }
    }
}
