//! Requests that fail by themselves, and endpoints that fail.

use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::buffer::flush::{FlushStart, Patience, flush};
use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::delivery::report::Reporter;
use crate::dynatrace::delivery::sender::tests::queue;
use crate::dynatrace::delivery::sender::{run, start};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::error::ExportError;
use crate::dynatrace::event::EventListener;
use crate::dynatrace::retry::outcome::{Attempt, Failure, Outcome};
use crate::dynatrace::tests::accounting::assert_accounted;
use crate::dynatrace::transport::Transport;
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// Answers by the content of a request, and records each request with its time.
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
    async fn send(&self, body: &Body) -> Attempt {
        let text = body.text().to_string();
        let outcome = (self.answer)(&text);
        if outcome == Outcome::Accepted {
            self.accepted.borrow_mut().push(text.clone());
        }
        self.sent.borrow_mut().push((self.start.elapsed(), text));
        outcome.into()
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
        // As firewalls answer.
        Outcome::Unauthorized {
            status: 403,
            message: "blocked".into(),
        },
        Outcome::Failed {
            failure: Failure::Ambiguous,
            message: "reset".into(),
        },
    ]
}

/// Sends for so long while collections come, one every ten seconds: a name and its number.
async fn collect<F: Fn(&str) -> Outcome>(
    buffer: &Buffer,
    endpoint: &Endpoint<F>,
    time: Duration,
    names: impl Fn(u64) -> &'static str,
) {
    let collecting = async {
        for number in 0..time.as_secs() / 10 {
            let body = Body::of(&format!("{}{number}", names(number)));
            assert!(buffer.enqueue(vec![body]));
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut reporter = Reporter::new(EventListener::default());
    let sending = async { tokio::join!(run(buffer, endpoint, &mut reporter), collecting) };
    assert!(tokio::time::timeout(time, sending).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_alone_holds_up_no_other_and_arrives_when_it_can() {
    for failure in failures() {
        let buffer = Buffer::new(10_000, DeliveryGuarantee::default());
        let healed = Cell::new(false);
        let endpoint = Endpoint::new(|text| {
            if text.starts_with("bad") && !healed.get() {
                failure.clone()
            } else {
                Outcome::Accepted
            }
        });
        let name = |number| if number == 3 { "bad" } else { "good" };
        collect(&buffer, &endpoint, 20 * MINUTE, name).await;
        let accepted = endpoint.accepted();
        assert_eq!(accepted.len(), 119, "{failure:?}: {accepted:?}");
        let waiting = buffer.health();
        assert_eq!((waiting.points_pending, waiting.points_dropped), (1, 0));
        assert_accounted(120, &waiting);
        // It alone is tried again, with pauses.
        let times = endpoint.times("bad");
        assert!((4..=90).contains(&times.len()), "{failure:?}: {times:?}");

        healed.set(true);
        collect(&buffer, &endpoint, 6 * MINUTE, |_| "later").await;
        assert!(endpoint.accepted().contains(&"bad3".to_owned()));
        let health = buffer.health();
        assert_eq!(health.points_pending + health.points_dropped, 0);
        assert_eq!(health.points_accepted, 120 + 36);
        assert_accounted(120 + 36, &health);
    }
}

#[tokio::test(start_paused = true)]
async fn many_that_fail_alone_are_tried_one_at_a_time() {
    let buffer = Buffer::new(100_000, DeliveryGuarantee::default());
    let endpoint = Endpoint::new(|text| {
        if text.starts_with("bad") {
            unavailable(503)
        } else {
            Outcome::Accepted
        }
    });
    // Also two in a row.
    let name = |number: u64| if number % 5 < 2 { "bad" } else { "good" };
    collect(&buffer, &endpoint, 20 * MINUTE, name).await;
    let health = buffer.health();
    // The last ones may wait for the next collection.
    assert!((68..=72).contains(&health.points_accepted), "{health:?}");
    let before = endpoint.times("bad").len();
    collect(&buffer, &endpoint, 20 * MINUTE, |_| "good").await;
    let health = buffer.health();
    assert_eq!((health.points_accepted, health.points_pending), (192, 48));
    assert_accounted(240, &health);
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
        let buffer = Buffer::new(100_000, DeliveryGuarantee::default());
        let down = Cell::new(true);
        let endpoint = Endpoint::new(|_| {
            if down.get() {
                failure.clone()
            } else {
                Outcome::Accepted
            }
        });
        collect(&buffer, &endpoint, 20 * MINUTE, |_| "line").await;
        let times = endpoint.times("");
        // Two for each of the longest pauses, and the attempts of the first minutes.
        assert!(
            times.len() <= 20 * 60 / 15 * 2 + 16,
            "{failure:?}: {times:?}"
        );
        assert_eq!(buffer.health().points_pending, 120);
        down.set(false);
        collect(&buffer, &endpoint, 6 * MINUTE, |_| "later").await;
        let accepted = endpoint.accepted();
        assert_eq!(accepted.len(), 120 + 36);
        assert_accounted(120 + 36, &buffer.health());
        // If the endpoint sets the time of the next attempt, only one of two requests is sent then.
        if failure != throttled(Some(20)) {
            let expected: Vec<_> = (0..120).map(|number| format!("line{number}")).collect();
            assert_eq!(accepted[..120], expected, "{failure:?}");
        }
    }
}

/// A request of a hundred lines, some of which contain a name.
fn hundred(number: u64, named: &[(u64, &str)]) -> Body {
    let line = |index| {
        let named = named.iter().find(|(named, _)| *named == index);
        match named {
            // This series comes back in each push.
            Some((_, name)) => format!("{name}{index} .{number}"),
            None => format!("good.{number}.{index}"),
        }
    };
    Body::of(&(0..100).map(line).collect::<Vec<_>>().join("\n"))
}

#[tokio::test(start_paused = true)]
async fn lines_that_fail_hold_up_no_other_line() {
    // Finding them takes as long as the pauses that the endpoint requests, if any.
    for failure in failures()
        .into_iter()
        .filter(|failure| *failure != throttled(Some(20)))
    {
        for bad in [&[(70, "bad")][..], &[(3, "bad"), (4, "bad"), (99, "bad")]] {
            let buffer = Buffer::new(1_000_000, DeliveryGuarantee::default());
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
                    assert!(buffer.enqueue(vec![hundred(number, named)]));
                    tokio::time::sleep(MINUTE).await;
                }
                std::future::pending::<()>().await;
            };
            let mut reporter = Reporter::new(EventListener::default());
            let sending =
                async { tokio::join!(run(&buffer, &endpoint, &mut reporter), collecting) };
            assert!(tokio::time::timeout(55 * MINUTE, sending).await.is_err());
            let health = buffer.health();
            let all_bad = 36 * bad.len() as u64;
            assert_eq!(health.points_dropped, 0, "{failure:?}");
            assert_accounted(4_000, &health);
            assert!(
                health.points_accepted >= 4_000 - all_bad,
                "{failure:?}, {bad:?}: {health:?}"
            );
            let sent = endpoint.sent.borrow().len();
            assert!(sent < 1_000 * bad.len(), "{sent}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_does_not_take_requests_apart() {
    let buffer = Buffer::new(1_000_000, DeliveryGuarantee::default());
    let down = Cell::new(true);
    let endpoint = Endpoint::new(|_| {
        if down.get() {
            unavailable(503)
        } else {
            Outcome::Accepted
        }
    });
    let mut reporter = Reporter::new(EventListener::default());
    let mut sending = std::pin::pin!(run(&buffer, &endpoint, &mut reporter));
    for number in 0..30 {
        assert!(buffer.enqueue(vec![hundred(number, &[])]));
        let _ = tokio::time::timeout(MINUTE, &mut sending).await;
    }
    down.set(false);
    let _ = tokio::time::timeout(MINUTE, &mut sending).await;
    let accepted = endpoint.accepted();
    // The first request in parts, one more for each minute and a half.
    assert!((30..=50).contains(&accepted.len()), "{}", accepted.len());
    let numbers = accepted.iter().flat_map(|text| text.split('\n'));
    let numbers: Vec<u64> = numbers
        .map(|line| line.split('.').nth(1).expect("a number"))
        .map(|number| number.parse().expect("a number"))
        .collect();
    assert!(numbers.is_sorted() && numbers.len() == 3_000, "{numbers:?}");
    assert_accounted(3_000, &buffer.health());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_the_requested_pause_is_over() {
    let buffer = Buffer::new(10_000, DeliveryGuarantee::default());
    let endpoint = Endpoint::new(|_| throttled(Some(20)));
    collect(&buffer, &endpoint, 20 * MINUTE, |_| "line").await;
    let times = endpoint.times("");
    assert!(times.len() > 30, "{times:?}");
    assert!(
        times.windows(2).all(|two| two[1] - two[0] >= 20),
        "{times:?}"
    );
    assert_accounted(120, &buffer.health());
}

#[tokio::test(start_paused = true)]
async fn a_failing_series_delays_other_series_for_seconds_and_later_not_at_all() {
    for failure in failures()
        .into_iter()
        .filter(|failure| *failure != throttled(Some(20)))
    {
        let buffer = Buffer::new(1_000_000, DeliveryGuarantee::default());
        let healed = Cell::new(false);
        let endpoint = Endpoint::new(|text| {
            if text.contains("bad") && !healed.get() {
                failure.clone()
            } else {
                Outcome::Accepted
            }
        });
        let accepted_after = |number: u64| {
            let sent = endpoint.sent.borrow();
            let last = sent.iter().rev();
            let mut of_this = last.filter(|(_, text)| text.contains(&format!("good {number}")));
            let (time, _) = of_this.next().expect("it was sent");
            time.saturating_sub(MINUTE * u32::try_from(number).expect("few"))
        };
        let collecting = async {
            for number in 0..10 {
                let good = (0..99).map(|index| format!("m{index},a=good {number}"));
                let lines: Vec<_> = good.chain([format!("m,a=bad {number}")]).collect();
                assert!(buffer.enqueue(vec![Body::of(&lines.join("\n"))]));
                tokio::time::sleep(MINUTE).await;
            }
            healed.set(true);
            tokio::time::sleep(6 * MINUTE).await;
        };
        let mut reporter = Reporter::new(EventListener::default());
        let sending = run(&buffer, &endpoint, &mut reporter);
        let _ =
            tokio::time::timeout(16 * MINUTE, async { tokio::join!(sending, collecting) }).await;
        assert!(accepted_after(0) < Duration::from_secs(5), "{failure:?}");
        for number in 1..10 {
            assert_eq!(accepted_after(number), Duration::ZERO, "{failure:?}");
        }
        // Once the endpoint takes the series, all of it arrives.
        let health = buffer.health();
        assert_eq!((health.points_accepted, health.points_pending), (1_000, 0));
        assert_accounted(1_000, &health);
    }
}

#[tokio::test(start_paused = true)]
async fn series_that_fail_anywhere_in_a_push_hold_up_no_other_at_any_interval() {
    for interval in [1, 10, 60].map(Duration::from_secs) {
        // A 404 may be an endpoint that is not there, and is tried again after 20 s or more.
        for failure in [unavailable(502), throttled(None), failures()[7].clone()] {
            let buffer = Buffer::new(1_000_000, DeliveryGuarantee::default());
            // The first line, the last one, two neighbours, and a dimension key.
            let is_bad = |series: u64| matches!(series, 0 | 57 | 58 | 99) || series % 40 == 7;
            let line = |push: u64, series: u64| {
                let key = if is_bad(series) { "blocked" } else { "free" };
                format!("m{series},{key}=x count,delta={push}")
            };
            let endpoint = Endpoint::new(|text| {
                if text.contains("blocked=") {
                    failure.clone()
                } else {
                    Outcome::Accepted
                }
            });
            let start = Instant::now();
            let late = RefCell::new(Vec::new());
            let collecting = async {
                for push in 0..20 {
                    let lines: Vec<_> = (0..100).map(|series| line(push, series)).collect();
                    assert!(buffer.enqueue(vec![Body::of(&lines.join("\n"))]));
                    let end = start + interval * u32::try_from(push + 1).expect("few");
                    tokio::time::sleep_until(end).await;
                    let missing = (push + 1) * 93 - buffer.health().points_accepted;
                    if missing > 0 {
                        late.borrow_mut().push((push, missing));
                    }
                }
            };
            let mut reporter = Reporter::new(EventListener::default());
            let sending = run(&buffer, &endpoint, &mut reporter);
            tokio::select! {
                () = sending => {}
                () = collecting => {}
            }
            // The failing series are found within seconds of the first push.
            let late = late.take();
            let last = late.last().map_or(0, |(push, _)| push + 1);
            let found = interval * u32::try_from(last).expect("few");
            assert!(
                found <= Duration::from_secs(10),
                "{interval:?} {failure:?}: {late:?}"
            );
            let health = buffer.health();
            assert_accounted(2_000, &health);
            assert_eq!(health.points_pending, 20 * 7, "{interval:?} {failure:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_is_tried_at_once_if_somebody_waits_for_it() {
    let buffer = Buffer::new(10_000, DeliveryGuarantee::default());
    let healed = Cell::new(false);
    let endpoint = Endpoint::new(|text| {
        if text.starts_with("bad") && !healed.get() {
            unavailable(500)
        } else {
            Outcome::Accepted
        }
    });
    let name = |number| if number == 0 { "bad" } else { "good" };
    collect(&buffer, &endpoint, 10 * MINUTE, name).await;
    healed.set(true);
    buffer.hurry();
    queue(&buffer, &["last"]);
    let sending = run_once(&buffer, &endpoint);
    let _ = tokio::time::timeout(Duration::from_secs(1), sending).await;
    let accepted = endpoint.accepted();
    assert_eq!(accepted[accepted.len() - 2..], ["last", "bad0"]);
    assert_accounted(61, &buffer.health());
}

#[test]
fn a_flush_reports_the_fate_of_a_dead_letter() {
    let buffer = Arc::new(Buffer::new(10_000, DeliveryGuarantee::default()));
    queue(&buffer, &["bad"]);
    queue(&buffer, &["good"]);
    assert!(buffer.lock().begin(1).is_some());
    buffer.lock().queue.bury_in_flight();
    let mark = FlushStart::now(&buffer);
    start(
        buffer.clone(),
        NotFound("bad"),
        EventListener::default(),
        std::future::ready(()),
    )
    .expect("a thread");
    let started = std::time::Instant::now();
    let error = flush(&buffer, mark, MINUTE, Patience::Full).expect_err("not found");
    assert!(matches!(error, ExportError::Refused { .. }), "{error:?}");
    assert!(started.elapsed() < MINUTE / 2);
    assert_eq!(buffer.health().points_accepted, 1);
    assert_eq!(buffer.stop().dropped, 1);
    assert_accounted(2, &buffer.health());
}

/// The requests that begin so are not found.
struct NotFound(&'static str);

impl Transport for NotFound {
    async fn send(&self, body: &Body) -> Attempt {
        if body.text().starts_with(self.0) {
            Outcome::Misdirected {
                status: 404,
                message: "not found".into(),
            }
            .into()
        } else {
            Outcome::Accepted.into()
        }
    }
}

async fn run_once<F: Fn(&str) -> Outcome>(buffer: &Buffer, endpoint: &Endpoint<F>) {
    run(
        buffer,
        endpoint,
        &mut Reporter::new(EventListener::default()),
    )
    .await;
}

/// The outcomes of an endpoint, one for each of so many attempts.
fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
    let failures = prop::sample::select(failures().to_vec());
    let outcome = prop_oneof![4 => failures, 1 => Just(Outcome::Accepted)];
    prop::collection::vec(outcome, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_line_is_accepted_once_despite_failures(outcomes in outcomes()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let buffer = Buffer::new(100_000, DeliveryGuarantee::default());
            let next = Cell::new(0);
            let endpoint = Endpoint::new(|_| {
                let outcome = outcomes.get(next.replace(next.get() + 1));
                outcome.cloned().unwrap_or(Outcome::Accepted)
            });
            collect(&buffer, &endpoint, 10 * MINUTE, |_| "line").await;
            // The longest pause of all.
            collect(&buffer, &endpoint, 50 * MINUTE, |_| "later").await;
            let mut accepted = endpoint.accepted();
            assert_eq!(accepted.len(), 60 + 300);
            accepted.sort();
            accepted.dedup();
            assert_eq!(accepted.len(), 60 + 300);
            let health = buffer.health();
            assert_eq!((health.points_accepted, health.points_dropped), (360, 0));
            assert_accounted(360, &health);
        });
    }
}
