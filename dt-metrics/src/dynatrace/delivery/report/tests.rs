use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::buffer::events::Event;
use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::delivery::report::{News, Reporter, report_events};
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::event::{DeliveryEvent, EventListener};
use crate::dynatrace::health::DropReason;
use crate::dynatrace::retry::outcome::{Failure, Outcome};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

fn refused() -> Outcome {
    Outcome::Failed {
        failure: Failure::NobodyListens { here: false },
        message: "refused".into(),
    }
}

fn unavailable(status: u16) -> Outcome {
    Outcome::Unavailable {
        status,
        retry_after: None,
        message: "later".into(),
    }
}

#[test]
fn a_fault_and_its_end_are_one_event_each() {
    let mut reporter = Reporter::new(EventListener::default());
    let start = Instant::now();
    for (seconds, outcome, expected) in [
        (0, Outcome::Accepted, News::Nothing),
        (0, refused(), News::Failing),
        (1, refused(), News::Nothing),
        (1, unavailable(503), News::Failing),
        (2, unavailable(503), News::Nothing),
        (3, unavailable(500), News::Failing),
        (4, Outcome::Accepted, News::Recovered),
        (5, Outcome::Accepted, News::Nothing),
        (500, unavailable(500), News::Failing),
        (1_000, unavailable(500), News::Nothing),
    ] {
        let now = start + Duration::from_secs(seconds);
        assert_eq!(reporter.news(&outcome, now), expected, "{seconds}");
    }
}

#[test]
fn an_intermittent_fault_is_one_event_per_minute() {
    let mut reporter = Reporter::new(EventListener::default());
    let start = Instant::now();
    let mut told = Vec::new();
    for seconds in 0..=130 {
        let outcome = if seconds % 2 == 0 {
            unavailable(503)
        } else {
            Outcome::Accepted
        };
        let now = start + Duration::from_secs(seconds);
        match reporter.news(&outcome, now) {
            News::Nothing => {}
            telling => told.push((seconds, telling)),
        }
    }
    assert_eq!(
        told,
        [
            (0, News::Failing),
            (1, News::Recovered),
            (60, News::Failing),
            (61, News::Recovered),
            (120, News::Failing),
            (121, News::Recovered)
        ]
    );
}

#[test]
fn a_fault_that_returns_soon_and_stays_is_reported_in_the_end() {
    let mut reporter = Reporter::new(EventListener::default());
    let start = Instant::now();
    let mut at = |seconds, outcome| {
        let now = start + Duration::from_secs(seconds);
        reporter.news(&outcome, now)
    };
    assert_eq!(at(0, refused()), News::Failing);
    assert_eq!(at(1, Outcome::Accepted), News::Recovered);
    assert_eq!(at(2, refused()), News::Nothing);
    assert_eq!(at(59, refused()), News::Nothing);
    assert_eq!(at(61, refused()), News::Failing);
    assert_eq!(at(200, refused()), News::Nothing);
}

#[tokio::test(start_paused = true)]
async fn losses_are_events_at_once_and_then_once_per_minute() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now();
    let noted = told.clone();
    let listener = EventListener::new(move |event| {
        let DeliveryEvent::PointsDropped { points, reason, .. } = event else {
            return;
        };
        assert_eq!(*reason, DropReason::BufferFull);
        noted
            .lock()
            .unwrap()
            .push((start.elapsed().as_secs(), *points));
    });
    let buffer = Buffer::new(1, DeliveryGuarantee::default());
    let losing = async {
        for _ in 0..65 {
            assert!(buffer.enqueue(vec![Body::of("a"), Body::of("b")]));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        tokio::time::sleep(Duration::from_secs(100)).await;
        buffer.stop();
    };
    tokio::join!(report_events(&buffer, &listener), losing);
    // The last of them with the end of the next interval, though none followed.
    let told = told.lock().unwrap().clone();
    assert_eq!(told[0], (0, 1));
    assert!(
        told.iter().map(|(time, _)| *time).eq([0, 60, 120]),
        "{told:?}"
    );
    assert_eq!(told.iter().map(|(_, lines)| lines).sum::<u64>(), 129);
    assert_eq!(buffer.health().dropped["buffer_full"], 129);
}

#[tokio::test(start_paused = true)]
async fn points_and_spool_and_lines_do_not_wait_for_each_other() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now();
    let noted = told.clone();
    let listener = EventListener::new(move |event| {
        let text = event.to_string();
        noted
            .lock()
            .unwrap()
            .push((start.elapsed().as_secs(), text));
    });
    let buffer = Buffer::new(1, DeliveryGuarantee::default());
    let losing = async {
        for second in 0..5 {
            buffer.report_dropped(DropReason::Negative, Some("size"), 1);
            if second == 1 {
                buffer.update(|state| state.drop_points(DropReason::TooOld, 7));
            }
            if second >= 2 {
                buffer.update(|state| {
                    state
                        .events
                        .add(Event::Delivery(DeliveryEvent::SpoolFailing {
                            reason: "full".into(),
                        }));
                });
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        tokio::time::sleep(Duration::from_secs(100)).await;
        for metric in 0..1_000 {
            buffer.report_dropped(DropReason::NotFinite, Some(&metric.to_string()), 1);
        }
        tokio::time::sleep(Duration::from_secs(100)).await;
        buffer.stop();
    };
    tokio::join!(report_events(&buffer, &listener), losing);
    let told = told.lock().unwrap().clone();
    let expected = [
        (
            0,
            "1 data points dropped of the metric \"size\": ",
            "(`negative`)",
        ),
        (1, "7 data points dropped: ", "(`too_old`)"),
        (2, "full", ""),
        (
            60,
            "4 data points dropped of the metric \"size\": ",
            "(`negative`)",
        ),
        (62, "full", ""),
    ];
    for ((second, text), (expected, begins, ends)) in told.iter().zip(expected) {
        assert_eq!(*second, expected);
        assert!(text.starts_with(begins) && text.ends_with(ends), "{text}");
    }
    // If very many metrics are affected, only some are named.
    let rest: Vec<_> = told[expected.len()..]
        .iter()
        .map(|(_, text)| text)
        .collect();
    assert!(rest.len() < 30, "{rest:?}");
    assert!(
        rest.iter()
            .any(|text| text.contains("data points dropped: ")),
        "{rest:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_panics_does_not_affect_other_watchers() {
    let listener = EventListener::new(|_| panic!("as a program may"));
    let mut reporter = Reporter::new(listener.clone());
    reporter.report(&refused(), false);
    reporter.report(&Outcome::Accepted, false);
}
