//! Long outages.

use crate::dynatrace::buffer::Buffer;
use crate::dynatrace::config::options::{DeliveryGuarantee, Options};
use crate::dynatrace::delivery::report::Reporter;
use crate::dynatrace::delivery::sender::run;
use crate::dynatrace::delivery::sender::tests::unavailable;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::event::EventListener;
use crate::dynatrace::retry::outcome::{Attempt, Outcome};
use crate::dynatrace::tests::accounting::assert_accounted;
use crate::dynatrace::transport::Transport;
use std::cell::RefCell;
use std::time::Duration;
use tokio::time::Instant;

/// 1,000 lines of a usual length that were collected at the same time.
fn collection(cycle: u64) -> Body {
    let line = |series| {
        format!(
            "shop.orders.placed,region=eu-west-1,tier=gold,service.name=checkout,series={series} count,delta={cycle} 1764000000000"
        )
    };
    Body::of(&(0..1_000).map(line).collect::<Vec<_>>().join("\n"))
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_twenty_minutes_fits_the_buffer_and_arrives_in_order() {
    let buffer = Buffer::new(
        Options::default().buffer_limit_bytes,
        DeliveryGuarantee::default(),
    );
    let start = Instant::now();
    let script = Outage::until(start + Duration::from_secs(20 * 60));
    let counting = async {
        for cycle in 0..121 {
            assert!(buffer.enqueue(vec![collection(cycle)]));
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        buffer.stop();
    };
    let mut reporter = Reporter::new(EventListener::default());
    tokio::join!(run(&buffer, &script, &mut reporter), counting);
    let health = buffer.health();
    assert_eq!(
        (health.points_accepted, health.points_dropped),
        (121_000, 0)
    );
    assert_accounted(121_000, &health);
    let arrived = script.arrived.borrow();
    // The first request in parts.
    assert!(
        arrived.is_sorted() && (122..150).contains(&arrived.len()),
        "{arrived:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn requests_pending_for_an_hour_are_dropped_and_the_rest_arrives() {
    let buffer = Buffer::new(usize::MAX, DeliveryGuarantee::default());
    let start = Instant::now();
    let script = Outage::until(start + Duration::from_secs(90 * 60));
    let counting = async {
        for cycle in 0..120 {
            let line = format!("a count,delta={cycle} 1764000000000");
            assert!(buffer.enqueue(vec![Body::of(&line)]));
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        buffer.stop();
    };
    let mut reporter = Reporter::new(EventListener::default());
    tokio::join!(run(&buffer, &script, &mut reporter), counting);
    let health = buffer.health();
    assert_accounted(120, &health);
    assert_eq!(health.points_pending, 0, "{health:?}");
    assert_eq!(health.dropped["too_old"], health.points_dropped);
    assert!((31..=33).contains(&health.points_dropped), "{health:?}");
}

/// Answers with 503 for so long.
struct Outage {
    end: Instant,
    arrived: RefCell<Vec<u64>>,
}

impl Outage {
    fn until(end: Instant) -> Self {
        Self {
            end,
            arrived: RefCell::default(),
        }
    }
}

impl Transport for Outage {
    async fn send(&self, body: &Body) -> Attempt {
        if Instant::now() < self.end {
            return unavailable(None).into();
        }
        let (_, rest) = body.text().split_once("delta=").expect("a delta");
        let (delta, _) = rest.split_once(' ').expect("a time");
        self.arrived
            .borrow_mut()
            .push(delta.parse().expect("a number"));
        Outcome::Accepted.into()
    }
}
