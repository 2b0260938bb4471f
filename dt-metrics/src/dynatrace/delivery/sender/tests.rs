//! The order of attempts and pauses, on a clock of their own.

use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::buffer::flush::{FlushStart, Patience, flush};
use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::delivery::report::Reporter;
use crate::dynatrace::delivery::sender::{run, start};
use crate::dynatrace::delivery::settle::{Next, settle};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::event::EventListener;
use crate::dynatrace::retry::outcome::{Attempt, Failure, Outcome};
use crate::dynatrace::tests::accounting::assert_accounted;
use crate::dynatrace::transport::Transport;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;
mod bisection;
mod disk;
mod outage;
mod window;

/// Answers as scripted, and records the time and the request of each attempt.
struct Script {
    outcomes: RefCell<VecDeque<Outcome>>,
    attempts: RefCell<Vec<(Duration, String)>>,
    start: Instant,
}

impl Script {
    fn new(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        Self {
            outcomes: RefCell::new(outcomes.into_iter().collect()),
            attempts: RefCell::default(),
            start: Instant::now(),
        }
    }

    fn times(&self) -> Vec<u64> {
        self.attempts
            .borrow()
            .iter()
            .map(|(time, _)| time.as_secs())
            .collect()
    }

    fn texts(&self) -> Vec<String> {
        self.attempts
            .borrow()
            .iter()
            .map(|(_, text)| text.clone())
            .collect()
    }
}

impl Transport for Script {
    async fn send(&self, body: &Body) -> Attempt {
        self.attempts
            .borrow_mut()
            .push((self.start.elapsed(), body.text().to_string()));
        let outcome = self.outcomes.borrow_mut().pop_front();
        match outcome {
            Some(outcome) => outcome.into(),
            None => std::future::pending().await,
        }
    }
}

fn queue(buffer: &Buffer, texts: &[&str]) {
    let bodies = texts.iter().map(|text| Body::of(text));
    assert!(buffer.enqueue(bodies.collect()));
}

fn unavailable(seconds: Option<u64>) -> Outcome {
    let retry_after = seconds.map(Duration::from_secs);
    Outcome::Unavailable {
        status: 503,
        retry_after,
        message: "later".into(),
    }
}

async fn send_all(buffer: &Buffer, script: &Script) {
    run(buffer, script, &mut Reporter::new(EventListener::default())).await;
}

/// Runs for so long on the clock of the test, which leaps when nothing else is to be done.
async fn run_for(buffer: &Buffer, script: &Script, time: Duration) {
    let _ = tokio::time::timeout(time, send_all(buffer, script)).await;
}

#[tokio::test(start_paused = true)]
async fn requests_are_tried_until_they_are_answered() {
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    let no_answer = Outcome::Failed {
        failure: Failure::Ambiguous,
        message: "reset".into(),
    };
    let script = Script::new([
        unavailable(None),
        no_answer,
        Outcome::Accepted,
        Outcome::Accepted,
    ]);
    queue(&buffer, &["a", "b"]);
    run_for(&buffer, &script, Duration::from_secs(60)).await;
    assert_eq!(script.texts(), ["a", "a", "a", "b"]);
    let health = buffer.health();
    assert_eq!(
        (
            health.points_accepted,
            health.retries,
            health.requests_failed
        ),
        (2, 2, 2)
    );
    assert_eq!(health.requests_unanswered, 1);
    assert_accounted(2, &health);
}

#[tokio::test(start_paused = true)]
async fn pauses_are_as_long_as_the_server_requests() {
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    let script = Script::new([
        unavailable(Some(7)),
        unavailable(Some(86_400)),
        Outcome::Accepted,
    ]);
    queue(&buffer, &["a"]);
    run_for(&buffer, &script, Duration::from_secs(1_000)).await;
    assert_eq!(script.times(), [0, 7, 307]);
    assert_accounted(1, &buffer.health());
}

#[tokio::test(start_paused = true)]
async fn new_lines_do_not_cut_a_pause_short_but_a_flush_does() {
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    let script = Script::new([
        unavailable(Some(100)),
        unavailable(Some(100)),
        Outcome::Accepted,
    ]);
    queue(&buffer, &["a"]);
    run_for(&buffer, &script, Duration::from_secs(10)).await;
    drop(script);

    let script = Script::new([unavailable(Some(100)), Outcome::Accepted, Outcome::Accepted]);
    let meanwhile = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        queue(&buffer, &["b"]);
        tokio::time::sleep(Duration::from_secs(20)).await;
        buffer.hurry();
        std::future::pending::<()>().await;
    };
    let _dropped = buffer.lock().queue.put_back();
    let _ = tokio::time::timeout(Duration::from_secs(90), async {
        tokio::select! {
            () = send_all(&buffer, &script) => {}
            () = meanwhile => {}
        }
    })
    .await;
    assert_eq!(script.times(), [0, 40, 40]);
    assert_eq!(script.texts(), ["a", "a", "b"]);
    assert_accounted(2, &buffer.health());
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_tried_slowly() {
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    let refused = || Outcome::Unauthorized {
        status: 401,
        message: "no".into(),
    };
    let script = Script::new([refused(), refused(), Outcome::Accepted]);
    queue(&buffer, &["a"]);
    run_for(&buffer, &script, Duration::from_secs(600)).await;
    let times = script.times();
    assert!(times[1] >= 15 && times[2] >= times[1] + 30, "{times:?}");
    assert_eq!(buffer.health().points_accepted, 1);
    assert_accounted(1, &buffer.health());
}

#[tokio::test(start_paused = true)]
async fn halves_are_sent_at_once_and_a_lone_line_is_dropped() {
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    let large = || Outcome::TooLarge {
        message: "413".into(),
    };
    let script = Script::new([large(), large(), Outcome::Accepted, large()]);
    queue(&buffer, &["a\nb"]);
    run_for(&buffer, &script, Duration::from_secs(1)).await;
    assert_eq!(script.texts(), ["a\nb", "a", "b", "a"]);
    assert_eq!(script.times(), [0, 0, 0, 0]);
    let health = buffer.health();
    assert_eq!(
        (
            health.points_accepted,
            health.points_dropped,
            health.retries
        ),
        (1, 1, 1)
    );
    assert_accounted(2, &health);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_answers_413_to_everything_gets_pauses() {
    for pushes in [1, 5] {
        let buffer = Buffer::new(100_000, DeliveryGuarantee::default());
        let large = || Outcome::TooLarge {
            message: "413".into(),
        };
        let script = Script::new((0..1_000).map(|_| large()));
        for push in 0..pushes {
            let lines: Vec<_> = (0..64).map(|line| format!("line{push}.{line}")).collect();
            queue(&buffer, &[&lines.join("\n")]);
        }
        run_for(&buffer, &script, Duration::from_secs(600)).await;
        let times = script.times();
        // At once only as far as one line, and another one in its place.
        let at_once = times.iter().filter(|time| **time == 0).count();
        assert!((7..=12).contains(&at_once), "{times:?}");
        // Later two at a time, with pauses of 15 to 30 seconds.
        assert!(
            (30..=120).contains(&times.len()),
            "{}: {times:?}",
            times.len()
        );
        let health = buffer.health();
        assert_eq!(
            (health.points_pending, health.points_dropped),
            (64 * pushes, 0)
        );
        assert_accounted(64 * pushes, &health);

        // Everything arrives once the endpoint takes it.
        let script = Script::new((0..1_000).map(|_| Outcome::Accepted));
        run_for(&buffer, &script, Duration::from_secs(60)).await;
        assert_eq!(buffer.health().points_accepted, 64 * pushes);
        assert_accounted(64 * pushes, &buffer.health());
    }
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_an_attempt_and_a_pause() {
    for outcomes in [vec![], vec![unavailable(Some(300))]] {
        let attempts = outcomes.len() as u64;
        let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
        let script = Script::new(outcomes);
        queue(&buffer, &["a", "b\nc"]);
        let stop = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(buffer.stop().dropped, 3);
        };
        tokio::join!(send_all(&buffer, &script), stop);
        let health = buffer.health();
        assert_eq!((health.points_dropped, health.points_pending), (3, 0));
        assert_eq!(health.requests_unanswered, 1 - attempts);
        assert_accounted(3, &health);
        assert!(!buffer.enqueue(Vec::new()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_before_the_first_attempt_makes_no_second_one() {
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    let script = Script::new([unavailable(Some(100)), Outcome::Accepted]);
    queue(&buffer, &["a"]);
    buffer.hurry();
    run_for(&buffer, &script, Duration::from_secs(200)).await;
    assert_eq!(script.times(), [0, 100]);
    assert_accounted(1, &buffer.health());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_the_end_changes_nothing() {
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    queue(&buffer, &["a"]);
    let outgoing = buffer.next(1).await.expect("a request");
    buffer.stop();
    let next = settle(&buffer, outgoing.id, &Outcome::Accepted);
    assert_eq!(next, Next::Request);
    let health = buffer.health();
    assert_eq!(
        (
            health.points_accepted,
            health.points_dropped,
            health.requests_accepted
        ),
        (0, 1, 0)
    );
    assert_accounted(1, &health);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_not_taken_holds_up_no_other_and_its_series_is_retried() {
    let misdirected = || Outcome::Misdirected {
        status: 404,
        message: "not found".into(),
    };
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    let script = Script::new([
        Outcome::Accepted,
        misdirected(),
        Outcome::Accepted,
        misdirected(),
        Outcome::Accepted,
        Outcome::Accepted,
    ]);
    queue(&buffer, &["a", "b", "c"]);
    queue(&buffer, &["b later"]);
    run_for(&buffer, &script, Duration::from_secs(60)).await;
    assert_eq!(script.texts(), ["a", "b", "c", "b", "b", "b later"]);
    let times = script.times();
    assert_eq!(times[3], 0, "{times:?}");
    assert!(times[4] >= 15, "{times:?}");
    assert_accounted(4, &buffer.health());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_url_is_tried_slowly_however_many_requests_wait() {
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    let wrong = || Outcome::Misdirected {
        status: 404,
        message: "not found".into(),
    };
    let script = Script::new([(); 40].map(|()| wrong()));
    queue(&buffer, &["a", "b"]);
    queue(&buffer, &["c"]);
    run_for(&buffer, &script, Duration::from_secs(100)).await;
    let texts = script.texts();
    assert_eq!(texts[..4], ["a", "b", "a", "c"]);
    assert!(texts.len() <= 10, "{texts:?}");
    assert_eq!(buffer.health().points_pending, 3);
    assert_accounted(3, &buffer.health());
}

#[tokio::test(start_paused = true)]
async fn ambiguous_requests_are_sent_again_or_dropped_by_guarantee() {
    for (policy, texts, lost) in [
        (DeliveryGuarantee::AtLeastOnce, &["a", "a", "b"][..], 0),
        (DeliveryGuarantee::AtMostOnce, &["a", "b"], 1),
    ] {
        let buffer = Buffer::new(1_000, policy);
        let failed = |failure| Outcome::Failed {
            failure,
            message: "no".into(),
        };
        let script = Script::new([
            failed(Failure::Ambiguous),
            Outcome::Accepted,
            Outcome::Accepted,
        ]);
        queue(&buffer, &["a", "b"]);
        run_for(&buffer, &script, Duration::from_secs(60)).await;
        assert_eq!(script.texts(), texts);
        let health = buffer.health();
        assert_eq!(
            (health.requests_unanswered, health.points_dropped),
            (1, lost)
        );
        // Certainly not sent: sent again in any case.
        let script = Script::new([
            failed(Failure::NobodyListens { here: true }),
            failed(Failure::Connect),
            Outcome::Accepted,
        ]);
        queue(&buffer, &["c"]);
        run_for(&buffer, &script, Duration::from_secs(60)).await;
        assert_eq!(script.texts(), ["c", "c", "c"]);
        assert_eq!(buffer.health().requests_unanswered, 1);
        assert_accounted(3, &buffer.health());
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_renewed_is_tried_at_once() {
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    let refused = Outcome::Unauthorized {
        status: 401,
        message: "no".into(),
    };
    let script = Script::new([refused, Outcome::Accepted]);
    queue(&buffer, &["a"]);
    let renew = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        buffer.hurry();
        std::future::pending::<()>().await;
    };
    let _ = tokio::time::timeout(Duration::from_secs(9), async {
        tokio::join!(send_all(&buffer, &script), renew)
    })
    .await;
    assert_eq!(script.times(), [0, 3]);
    assert_eq!(buffer.health().points_accepted, 1);
    assert_accounted(1, &buffer.health());
}

/// Fails in a way that nobody foresees, then accepts.
struct Panics(AtomicU32);

impl Transport for Panics {
    async fn send(&self, _body: &Body) -> Attempt {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        assert!(before > 0, "as a subscriber may, or a library");
        Outcome::Accepted.into()
    }
}

#[test]
fn a_panic_on_the_thread_ends_one_attempt_only() {
    let buffer = Arc::new(Buffer::new(1_000, DeliveryGuarantee::default()));
    start(
        buffer.clone(),
        Panics(AtomicU32::new(0)),
        EventListener::default(),
        std::future::ready(()),
    )
    .expect("a thread");
    queue(&buffer, &["a"]);
    flush(
        &buffer,
        FlushStart::now(&buffer),
        Duration::from_secs(30),
        Patience::Full,
    )
    .expect("sent again");
    let health = buffer.health();
    assert_eq!((health.points_accepted, health.requests_unanswered), (1, 1));
    assert_accounted(1, &health);
    assert_eq!(buffer.stop().dropped, 0);
}

#[tokio::test(start_paused = true)]
async fn a_flush_reports_a_rejected_request_among_accepted_requests() {
    let rejected = Outcome::Rejected {
        status: 400,
        message: "malformed".into(),
    };
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    let script = Script::new([Outcome::Accepted, rejected, Outcome::Accepted]);
    queue(&buffer, &["a"]);
    run_for(&buffer, &script, Duration::from_secs(1)).await;
    let start = FlushStart::now(&buffer);
    queue(&buffer, &["b", "c"]);
    run_for(&buffer, &script, Duration::from_secs(1)).await;
    let error = flush(&buffer, start, Duration::ZERO, Patience::Full).expect_err("b was rejected");
    assert!(error.to_string().contains("malformed"), "{error}");
    assert_eq!(buffer.health().points_accepted, 2);
    assert_accounted(3, &buffer.health());
}

#[test]
fn after_a_panic_the_guarantee_decides_about_a_request_that_may_have_been_sent() {
    for (guarantee, pending) in [
        (DeliveryGuarantee::AtLeastOnce, 1),
        (DeliveryGuarantee::AtMostOnce, 0),
    ] {
        let buffer = Buffer::new(1_000, guarantee);
        queue(&buffer, &["a"]);
        assert!(buffer.lock().begin(1).is_some());
        buffer.attempt_panicked();
        let health = buffer.health();
        assert_eq!(health.points_pending, pending);
        assert_eq!(health.points_dropped, 1 - pending);
        assert_eq!(health.requests_unanswered, 1);
        assert_accounted(1, &health);
    }
}

#[test]
fn the_losses_of_a_stop_are_reported_once() {
    let buffer = Buffer::new(1_000, DeliveryGuarantee::default());
    buffer.lock().queue.attach(1_000, false);
    queue(&buffer, &["a"]);
    assert_eq!(buffer.stop().spooled, 1);
    assert_eq!(buffer.stop().spooled, 0);
    assert_accounted(1, &buffer.health());
}
