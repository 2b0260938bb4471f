//! Requests that fail while others pass.

use crate::dynatrace::buffer::Shared;
use crate::dynatrace::buffer::flush::{Patience, flush};
use crate::dynatrace::delivery::report::Reporter;
use crate::dynatrace::delivery::sender::tests::queue;
use crate::dynatrace::delivery::sender::{run, start};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::error::ExportError;
use crate::dynatrace::event::EventListener;
use crate::dynatrace::retry::outcome::{Failure, Outcome};
use crate::dynatrace::transport::Transport;
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// Answers by what is in a request, and notes what it was sent when.
struct Endpoint<F> {
    answer: F,
    start: Instant,
    sent: RefCell<Vec<(Duration, String)>>,
    accepted: RefCell<Vec<String>>,
}

impl<F: Fn(&str) -> Outcome> Endpoint<F> {
    fn new(answer: F) -> Self {
        Self {
            answer,
            start: Instant::now(),
            sent: RefCell::default(),
            accepted: RefCell::default(),
        }
    }

    /// When requests that begin so were sent, in seconds.
    fn times(&self, text: &str) -> Vec<u64> {
        let sent = self.sent.borrow();
        let times = sent.iter().filter(|(_, sent)| sent.starts_with(text));
        times.map(|(time, _)| time.as_secs()).collect()
    }

    fn accepted(&self) -> Vec<String> {
        self.accepted.borrow().clone()
    }
}

impl<F: Fn(&str) -> Outcome> Transport for Endpoint<F> {
    async fn send(&self, body: &Body) -> Outcome {
        let text = body.text().to_string();
        let outcome = (self.answer)(&text);
        if outcome == Outcome::Accepted {
            self.accepted.borrow_mut().push(text.clone());
        }
        self.sent.borrow_mut().push((self.start.elapsed(), text));
        outcome
    }
}

fn unavailable(status: u16) -> Outcome {
    Outcome::Unavailable {
        status,
        retry_after: None,
        message: "no".into(),
    }
}

fn throttled(seconds: Option<u64>) -> Outcome {
    Outcome::Throttled {
        retry_after: seconds.map(Duration::from_secs),
        message: "too many".into(),
    }
}

/// All that may be about one request only.
fn failures() -> [Outcome; 8] {
    [
        throttled(None),
        throttled(Some(20)),
        unavailable(500),
        unavailable(503),
        unavailable(504),
        Outcome::Misdirected {
            status: 404,
            message: "not found".into(),
        },
        // As firewalls say it.
        Outcome::Unauthorized {
            status: 403,
            message: "blocked".into(),
        },
        Outcome::Failed {
            failure: Failure::NoAnswer,
            message: "reset".into(),
        },
    ]
}

/// Sends for so long while collections come, one every ten seconds: a name and its number.
async fn collect<F: Fn(&str) -> Outcome>(
    shared: &Shared,
    endpoint: &Endpoint<F>,
    time: Duration,
    names: impl Fn(u64) -> &'static str,
) {
    let collecting = async {
        for number in 0..time.as_secs() / 10 {
            let body = Body::of(&format!("{}{number}", names(number)));
            assert!(shared.enqueue(vec![body]));
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut reporter = Reporter::default();
    let sending = async { tokio::join!(run(shared, endpoint, &mut reporter), collecting) };
    assert!(tokio::time::timeout(time, sending).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_fails_alone_holds_up_the_others_for_minutes_at_the_most_and_arrives_when_it_can() {
    for failure in failures() {
        let shared = Shared::new(10_000);
        let healed = Cell::new(false);
        let endpoint = Endpoint::new(|text| {
            if text.starts_with("bad") && !healed.get() {
                failure.clone()
            } else {
                Outcome::Accepted
            }
        });
        let name = |number| if number == 3 { "bad" } else { "good" };
        collect(&shared, &endpoint, 20 * MINUTE, name).await;
        let accepted = endpoint.accepted();
        assert_eq!(accepted.len(), 119, "{failure:?}: {accepted:?}");
        let waiting = shared.health();
        assert_eq!((waiting.points_pending, waiting.points_dropped), (1, 0));
        // It alone is tried again, with pauses.
        let times = endpoint.times("bad");
        assert!((4..=90).contains(&times.len()), "{failure:?}: {times:?}");

        healed.set(true);
        collect(&shared, &endpoint, 6 * MINUTE, |_| "later").await;
        assert!(endpoint.accepted().contains(&"bad3".to_owned()));
        let health = shared.health();
        assert_eq!(health.points_pending + health.points_dropped, 0);
        assert_eq!(health.points_accepted, 120 + 36);
    }
}

#[tokio::test(start_paused = true)]
async fn many_that_fail_alone_are_tried_one_at_a_time() {
    let shared = Shared::new(100_000);
    let endpoint = Endpoint::new(|text| {
        if text.starts_with("bad") {
            unavailable(503)
        } else {
            Outcome::Accepted
        }
    });
    // Two in a row, too.
    let name = |number: u64| if number % 5 < 2 { "bad" } else { "good" };
    collect(&shared, &endpoint, 20 * MINUTE, name).await;
    let health = shared.health();
    // Some wait in turn, it may be.
    assert!((60..=72).contains(&health.points_accepted), "{health:?}");
    let before = endpoint.times("bad").len();
    collect(&shared, &endpoint, 20 * MINUTE, |_| "good").await;
    let health = shared.health();
    assert_eq!((health.points_accepted, health.points_pending), (192, 48));
    // The longest pauses are 15 seconds and more.
    let times = endpoint.times("bad").split_off(before);
    assert!((35..=85).contains(&times.len()), "{times:?}");
    // None is tried again and again while others wait.
    let sent = endpoint.sent.borrow();
    let bad = sent.iter().filter(|(_, text)| text.starts_with("bad"));
    let late: BTreeSet<_> = bad.skip(before).map(|(_, text)| text).collect();
    assert!(late.len() >= 12, "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_down_is_not_tried_more_often_and_all_arrives_in_order() {
    for failure in failures() {
        let shared = Shared::new(100_000);
        let down = Cell::new(true);
        let endpoint = Endpoint::new(|_| {
            if down.get() {
                failure.clone()
            } else {
                Outcome::Accepted
            }
        });
        collect(&shared, &endpoint, 20 * MINUTE, |_| "line").await;
        let times = endpoint.times("");
        // Two for each of the longest pauses, and those of the first minutes.
        assert!(
            times.len() <= 20 * 60 / 15 * 2 + 16,
            "{failure:?}: {times:?}"
        );
        assert_eq!(shared.health().points_pending, 120);
        down.set(false);
        collect(&shared, &endpoint, 6 * MINUTE, |_| "later").await;
        let accepted = endpoint.accepted();
        assert_eq!(accepted.len(), 120 + 36);
        // Where the endpoint says when to come back, it is one of two that comes then.
        if failure != throttled(Some(20)) {
            let expected: Vec<_> = (0..120).map(|number| format!("line{number}")).collect();
            assert_eq!(accepted[..120], expected, "{failure:?}");
        }
    }
}

/// A request of a hundred lines, some of which say which they are.
fn hundred(number: u64, named: &[(u64, &str)]) -> Body {
    let line = |index| {
        let named = named.iter().find(|(named, _)| *named == index);
        let name = named.map_or("good", |(_, name)| name);
        format!("{name}.{number}.{index}")
    };
    Body::of(&(0..100).map(line).collect::<Vec<_>>().join("\n"))
}

#[tokio::test(start_paused = true)]
async fn lines_that_fail_hold_up_no_other_line() {
    // To find out which they are takes as long as an endpoint asks for, if it does.
    for failure in failures()
        .into_iter()
        .filter(|failure| *failure != throttled(Some(20)))
    {
        for bad in [&[(70, "bad")][..], &[(3, "bad"), (4, "bad"), (99, "bad")]] {
            let shared = Shared::new(1_000_000);
            let endpoint = Endpoint::new(|text| {
                if text.contains("bad") {
                    failure.clone()
                } else {
                    Outcome::Accepted
                }
            });
            let collecting = async {
                for number in 0..40 {
                    // In all but a few of them.
                    let named = if number % 10 == 9 { &[] } else { bad };
                    assert!(shared.enqueue(vec![hundred(number, named)]));
                    tokio::time::sleep(MINUTE).await;
                }
                std::future::pending::<()>().await;
            };
            let mut reporter = Reporter::default();
            let sending =
                async { tokio::join!(run(&shared, &endpoint, &mut reporter), collecting) };
            assert!(tokio::time::timeout(55 * MINUTE, sending).await.is_err());
            let health = shared.health();
            let all_bad = 36 * bad.len() as u64;
            assert_eq!(health.points_dropped, 0, "{failure:?}");
            assert_eq!(health.points_accepted + health.points_pending, 4_000);
            // Where somebody has to do something, nothing is tried often.
            let is_slow = matches!(
                failure,
                Outcome::Misdirected { .. } | Outcome::Unauthorized { .. }
            );
            let least = if is_slow { 1_000 } else { 4_000 - all_bad };
            assert!(
                health.points_accepted >= least,
                "{failure:?}, {bad:?}: {health:?}"
            );
            let sent = endpoint.sent.borrow().len();
            assert!(sent < 1_000 * bad.len(), "{sent}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_does_not_take_requests_apart() {
    let shared = Shared::new(1_000_000);
    let down = Cell::new(true);
    let endpoint = Endpoint::new(|_| {
        if down.get() {
            unavailable(503)
        } else {
            Outcome::Accepted
        }
    });
    let mut reporter = Reporter::default();
    let mut sending = std::pin::pin!(run(&shared, &endpoint, &mut reporter));
    for number in 0..30 {
        assert!(shared.enqueue(vec![hundred(number, &[])]));
        let _ = tokio::time::timeout(MINUTE, &mut sending).await;
    }
    down.set(false);
    let _ = tokio::time::timeout(MINUTE, &mut sending).await;
    let accepted = endpoint.accepted();
    // The first of them in parts, one more for a minute and a half.
    assert!((30..=50).contains(&accepted.len()), "{}", accepted.len());
    let numbers = accepted.iter().flat_map(|text| text.split('\n'));
    let numbers: Vec<u64> = numbers
        .map(|line| line.split('.').nth(1).expect("a number"))
        .map(|number| number.parse().expect("a number"))
        .collect();
    assert!(numbers.is_sorted() && numbers.len() == 3_000, "{numbers:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_the_endpoint_asked_for_it() {
    let shared = Shared::new(10_000);
    let endpoint = Endpoint::new(|_| throttled(Some(20)));
    collect(&shared, &endpoint, 20 * MINUTE, |_| "line").await;
    let times = endpoint.times("");
    assert!(times.len() > 30, "{times:?}");
    assert!(
        times.windows(2).all(|two| two[1] - two[0] >= 20),
        "{times:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn order_is_kept_where_a_failure_passes_within_a_minute() {
    let shared = Shared::new(10_000);
    let start = Instant::now();
    let endpoint = Endpoint::new(|text| {
        if text == "line0" && start.elapsed() < MINUTE {
            unavailable(503)
        } else {
            Outcome::Accepted
        }
    });
    collect(&shared, &endpoint, 3 * MINUTE, |_| "line").await;
    let expected: Vec<_> = (0..18).map(|number| format!("line{number}")).collect();
    assert_eq!(endpoint.accepted(), expected);
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_aside_is_tried_at_once_if_somebody_waits_for_it() {
    let shared = Shared::new(10_000);
    let healed = Cell::new(false);
    let endpoint = Endpoint::new(|text| {
        if text.starts_with("bad") && !healed.get() {
            unavailable(500)
        } else {
            Outcome::Accepted
        }
    });
    let name = |number| if number == 0 { "bad" } else { "good" };
    collect(&shared, &endpoint, 10 * MINUTE, name).await;
    healed.set(true);
    shared.retry_now();
    queue(&shared, &["last"]);
    let sending = run_once(&shared, &endpoint);
    let _ = tokio::time::timeout(Duration::from_secs(1), sending).await;
    let accepted = endpoint.accepted();
    assert_eq!(accepted[accepted.len() - 2..], ["last", "bad0"]);
}

#[test]
fn a_flush_says_what_becomes_of_one_that_waits_aside() {
    let shared = Arc::new(Shared::new(10_000));
    queue(&shared, &["bad"]);
    queue(&shared, &["good"]);
    let first = shared.lock().begin().map(|batch| batch.place);
    shared.lock().put_back();
    shared.lock().queue.set_aside(first.expect("it waits"));
    let mark = shared.mark();
    start(
        shared.clone(),
        NotFound("bad"),
        EventListener::default(),
        std::future::ready(()),
    )
    .expect("a thread");
    let started = std::time::Instant::now();
    let error = flush(&shared, mark, MINUTE, Patience::Full).expect_err("not found");
    assert!(matches!(error, ExportError::Refused { .. }), "{error:?}");
    assert!(started.elapsed() < MINUTE / 2);
    assert_eq!(shared.health().points_accepted, 1);
    assert_eq!(shared.stop().lost, 1);
}

/// The requests that begin so are not found.
struct NotFound(&'static str);

impl Transport for NotFound {
    async fn send(&self, body: &Body) -> Outcome {
        if body.text().starts_with(self.0) {
            Outcome::Misdirected {
                status: 404,
                message: "not found".into(),
            }
        } else {
            Outcome::Accepted
        }
    }
}

async fn run_once<F: Fn(&str) -> Outcome>(shared: &Shared, endpoint: &Endpoint<F>) {
    run(shared, endpoint, &mut Reporter::default()).await;
}

/// What an endpoint does with each of so many attempts.
fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
    let failures = prop::sample::select(failures().to_vec());
    let outcome = prop_oneof![4 => failures, 1 => Just(Outcome::Accepted)];
    prop::collection::vec(outcome, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_fails_when_all_is_accepted_once(outcomes in outcomes()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let shared = Shared::new(100_000);
            let next = Cell::new(0);
            let endpoint = Endpoint::new(|_| {
                let outcome = outcomes.get(next.replace(next.get() + 1));
                outcome.cloned().unwrap_or(Outcome::Accepted)
            });
            collect(&shared, &endpoint, 10 * MINUTE, |_| "line").await;
            // The longest pause of all.
            collect(&shared, &endpoint, 50 * MINUTE, |_| "later").await;
            let mut accepted = endpoint.accepted();
            assert_eq!(accepted.len(), 60 + 300);
            accepted.sort();
            accepted.dedup();
            assert_eq!(accepted.len(), 60 + 300);
            let health = shared.health();
            assert_eq!((health.points_accepted, health.points_dropped), (360, 0));
        });
    }
}
