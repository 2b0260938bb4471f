//! The order of attempts and pauses, on a clock of their own.

use crate::dynatrace::buffer::Shared;
use crate::dynatrace::buffer::flush::{Patience, flush};
use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::delivery::report::Reporter;
use crate::dynatrace::delivery::sender::{run, start};
use crate::dynatrace::delivery::settle::Step;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::event::EventListener;
use crate::dynatrace::retry::outcome::{Failure, Outcome};
use crate::dynatrace::transport::Transport;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;
mod aside;
mod disk;
mod outage;

/// Answers as told, and notes when it was asked what.
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
    async fn send(&self, body: &Body) -> Outcome {
        self.attempts
            .borrow_mut()
            .push((self.start.elapsed(), body.text().to_string()));
        let outcome = self.outcomes.borrow_mut().pop_front();
        match outcome {
            Some(outcome) => outcome,
            None => std::future::pending().await,
        }
    }
}

fn queue(shared: &Shared, texts: &[&str]) {
    let bodies = texts.iter().map(|text| Body::of(text));
    assert!(shared.enqueue(bodies.collect()));
}

fn unavailable(seconds: Option<u64>) -> Outcome {
    let retry_after = seconds.map(Duration::from_secs);
    Outcome::Unavailable {
        status: 503,
        retry_after,
        message: "later".into(),
    }
}

async fn send_all(shared: &Shared, script: &Script) {
    run(shared, script, &mut Reporter::default()).await;
}

/// Runs for so long on the clock of the test, which leaps when nothing else is to be done.
async fn run_for(shared: &Shared, script: &Script, time: Duration) {
    let _ = tokio::time::timeout(time, send_all(shared, script)).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_is_tried_until_it_is_answered_and_the_next_waits() {
    let shared = Shared::new(1_000);
    let no_answer = Outcome::Failed {
        failure: Failure::NoAnswer,
        message: "reset".into(),
    };
    let script = Script::new([
        unavailable(None),
        no_answer,
        Outcome::Accepted,
        Outcome::Accepted,
    ]);
    queue(&shared, &["a", "b"]);
    run_for(&shared, &script, Duration::from_secs(60)).await;
    assert_eq!(script.texts(), ["a", "a", "a", "b"]);
    let health = shared.health();
    assert_eq!(
        (
            health.points_accepted,
            health.retries,
            health.requests_failed
        ),
        (2, 2, 2)
    );
    assert_eq!(health.requests_unanswered, 1);
}

#[tokio::test(start_paused = true)]
async fn pauses_are_as_long_as_the_server_asks() {
    let shared = Shared::new(1_000);
    let script = Script::new([
        unavailable(Some(7)),
        unavailable(Some(86_400)),
        Outcome::Accepted,
    ]);
    queue(&shared, &["a"]);
    run_for(&shared, &script, Duration::from_secs(1_000)).await;
    assert_eq!(script.times(), [0, 7, 307]);
}

#[tokio::test(start_paused = true)]
async fn new_lines_do_not_cut_a_pause_short_but_a_flush_does() {
    let shared = Shared::new(1_000);
    let script = Script::new([
        unavailable(Some(100)),
        unavailable(Some(100)),
        Outcome::Accepted,
    ]);
    queue(&shared, &["a"]);
    run_for(&shared, &script, Duration::from_secs(10)).await;
    drop(script);

    let script = Script::new([unavailable(Some(100)), Outcome::Accepted, Outcome::Accepted]);
    let meanwhile = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        queue(&shared, &["b"]);
        tokio::time::sleep(Duration::from_secs(20)).await;
        shared.hurry(&mut shared.lock());
        std::future::pending::<()>().await;
    };
    shared.lock().queue.put_back();
    let _ = tokio::time::timeout(Duration::from_secs(90), async {
        tokio::select! {
            () = send_all(&shared, &script) => {}
            () = meanwhile => {}
        }
    })
    .await;
    assert_eq!(script.times(), [0, 40, 40]);
    assert_eq!(script.texts(), ["a", "a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_to_be_spread_waits_after_each_collection_unless_somebody_waits() {
    let shared = Shared::new(1_000);
    shared.lock().spread = Duration::from_secs(7);
    let script = Script::new([(); 5].map(|()| Outcome::Accepted));
    let collecting = async {
        queue(&shared, &["a", "b"]);
        tokio::time::sleep(Duration::from_secs(10)).await;
        queue(&shared, &["c"]);
        tokio::time::sleep(Duration::from_secs(10)).await;
        queue(&shared, &["d"]);
        tokio::time::sleep(Duration::from_secs(1)).await;
        shared.hurry(&mut shared.lock());
        queue(&shared, &["e"]);
        std::future::pending::<()>().await;
    };
    let _ = tokio::time::timeout(Duration::from_secs(60), async {
        tokio::join!(send_all(&shared, &script), collecting)
    })
    .await;
    assert_eq!(script.texts(), ["a", "b", "c", "d", "e"]);
    assert_eq!(script.times(), [7, 7, 17, 21, 28]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_tried_slowly() {
    let shared = Shared::new(1_000);
    let refused = || Outcome::Unauthorized {
        status: 401,
        message: "no".into(),
    };
    let script = Script::new([refused(), refused(), Outcome::Accepted]);
    queue(&shared, &["a"]);
    run_for(&shared, &script, Duration::from_secs(600)).await;
    let times = script.times();
    assert!(times[1] >= 15 && times[2] >= times[1] + 30, "{times:?}");
    assert_eq!(shared.health().points_accepted, 1);
}

#[tokio::test(start_paused = true)]
async fn halves_are_sent_at_once_and_a_lone_line_is_dropped() {
    let shared = Shared::new(1_000);
    let large = || Outcome::TooLarge {
        message: "413".into(),
    };
    let script = Script::new([large(), large(), Outcome::Accepted]);
    queue(&shared, &["a\nb"]);
    run_for(&shared, &script, Duration::from_secs(1)).await;
    assert_eq!(script.texts(), ["a\nb", "a", "b"]);
    assert_eq!(script.times(), [0, 0, 0]);
    let health = shared.health();
    assert_eq!(
        (
            health.points_accepted,
            health.points_dropped,
            health.retries
        ),
        (1, 1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_an_attempt_and_a_pause() {
    for outcomes in [vec![], vec![unavailable(Some(300))]] {
        let attempts = outcomes.len() as u64;
        let shared = Shared::new(1_000);
        let script = Script::new(outcomes);
        queue(&shared, &["a", "b\nc"]);
        let stop = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(shared.stop().lost, 3);
        };
        tokio::join!(send_all(&shared, &script), stop);
        let health = shared.health();
        assert_eq!((health.points_dropped, health.points_pending), (3, 0));
        assert_eq!(health.requests_unanswered, 1 - attempts);
        assert!(!shared.enqueue(Vec::new()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_before_the_first_attempt_makes_no_second_one() {
    let shared = Shared::new(1_000);
    let script = Script::new([unavailable(Some(100)), Outcome::Accepted]);
    queue(&shared, &["a"]);
    shared.hurry(&mut shared.lock());
    run_for(&shared, &script, Duration::from_secs(200)).await;
    assert_eq!(script.times(), [0, 100]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_the_end_changes_nothing() {
    let shared = Shared::new(1_000);
    queue(&shared, &["a"]);
    assert!(shared.next().await.is_some());
    shared.stop();
    assert_eq!(shared.settle(&Outcome::Accepted), Step::Next);
    let health = shared.health();
    assert_eq!(
        (
            health.points_accepted,
            health.points_dropped,
            health.requests_accepted
        ),
        (0, 1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_that_only_others_get_past_holds_up_no_other_of_its_collection() {
    let misdirected = || Outcome::Misdirected {
        status: 404,
        message: "not found".into(),
    };
    let shared = Shared::new(1_000);
    let script = Script::new([
        Outcome::Accepted,
        misdirected(),
        Outcome::Accepted,
        misdirected(),
        Outcome::Accepted,
        Outcome::Accepted,
    ]);
    queue(&shared, &["a", "b", "c"]);
    queue(&shared, &["b later"]);
    run_for(&shared, &script, Duration::from_secs(60)).await;
    assert_eq!(script.texts(), ["a", "b", "c", "b", "b", "b later"]);
    let times = script.times();
    assert_eq!(times[3], 0, "{times:?}");
    assert!(times[4] >= 15, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_url_is_tried_slowly_however_many_requests_wait() {
    let shared = Shared::new(1_000);
    let wrong = || Outcome::Misdirected {
        status: 404,
        message: "not found".into(),
    };
    let script = Script::new([(); 40].map(|()| wrong()));
    queue(&shared, &["a", "b"]);
    queue(&shared, &["c"]);
    run_for(&shared, &script, Duration::from_secs(100)).await;
    let texts = script.texts();
    assert_eq!(texts[..4], ["a", "b", "a", "b"]);
    assert!(texts.len() <= 10, "{texts:?}");
    assert_eq!(shared.health().points_pending, 3);
}

#[tokio::test(start_paused = true)]
async fn ambiguous_requests_are_sent_again_or_not_as_asked() {
    for (policy, texts, lost) in [
        (DeliveryGuarantee::AtLeastOnce, &["a", "a", "b"][..], 0),
        (DeliveryGuarantee::AtMostOnce, &["a", "b"], 1),
    ] {
        let shared = Shared::with(1_000, policy);
        let failed = |failure| Outcome::Failed {
            failure,
            message: "no".into(),
        };
        let script = Script::new([
            failed(Failure::NoAnswer),
            Outcome::Accepted,
            Outcome::Accepted,
        ]);
        queue(&shared, &["a", "b"]);
        run_for(&shared, &script, Duration::from_secs(60)).await;
        assert_eq!(script.texts(), texts);
        let health = shared.health();
        assert_eq!(
            (health.requests_unanswered, health.points_dropped),
            (1, lost)
        );
        // Certainly not sent: sent again in any case.
        let script = Script::new([
            failed(Failure::Refused { here: true }),
            failed(Failure::Connect),
            Outcome::Accepted,
        ]);
        queue(&shared, &["c"]);
        run_for(&shared, &script, Duration::from_secs(60)).await;
        assert_eq!(script.texts(), ["c", "c", "c"]);
        assert_eq!(shared.health().requests_unanswered, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_renewed_is_tried_at_once() {
    let shared = Shared::new(1_000);
    let refused = Outcome::Unauthorized {
        status: 401,
        message: "no".into(),
    };
    let script = Script::new([refused, Outcome::Accepted]);
    queue(&shared, &["a"]);
    let renew = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        shared.retry_now();
        std::future::pending::<()>().await;
    };
    let _ = tokio::time::timeout(Duration::from_secs(9), async {
        tokio::join!(send_all(&shared, &script), renew)
    })
    .await;
    assert_eq!(script.times(), [0, 3]);
    assert_eq!(shared.health().points_accepted, 1);
}

/// Fails in a way that nobody foresees, then accepts.
struct Panics(AtomicU32);

impl Transport for Panics {
    async fn send(&self, _body: &Body) -> Outcome {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        assert!(before > 0, "as a subscriber may, or a library");
        Outcome::Accepted
    }
}

#[test]
fn a_panic_on_the_thread_ends_an_attempt_and_no_more() {
    let shared = Arc::new(Shared::new(1_000));
    start(
        shared.clone(),
        Panics(AtomicU32::new(0)),
        EventListener::default(),
        std::future::ready(()),
    )
    .expect("a thread");
    queue(&shared, &["a"]);
    flush(
        &shared,
        shared.mark(),
        Duration::from_secs(30),
        Patience::Full,
    )
    .expect("sent again");
    let health = shared.health();
    assert_eq!((health.points_accepted, health.requests_unanswered), (1, 1));
    assert_eq!(shared.stop().lost, 0);
}
