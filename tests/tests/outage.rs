//! Whatever the server does for a while, what is counted is what arrives.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::{AMPLE, alone, server, to};
use dt_metrics::count;
use dt_metrics_local::{Answer, Server};

/// How long the server is out of order.
const OUTAGE: Duration = Duration::from_secs(4);

/// Numbers that a seed brings back.
struct Random(u64);

impl Random {
    fn seeded() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let seed = now.as_secs() ^ u64::from(now.subsec_nanos()) << 32;
        println!("seed {seed}");
        Self(seed)
    }

    /// Below `end`.
    fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ (bits >> 31)) % end
    }
}

/// One fault, or none.
fn disturb(server: &Server, random: &mut Random) {
    const STATUSES: [u16; 6] = [408, 500, 502, 503, 504, 507];
    let status = STATUSES[usize::try_from(random.below(6)).unwrap()];
    match random.below(6) {
        0 => {}
        1 => server
            .answer_next(Answer::new(429).header("Retry-After", "1"), 1)
            .unwrap(),
        2 => {
            let date = "Sun, 06 Nov 1994 08:49:37 GMT";
            let answer = Answer::new(503).header("Retry-After", date);
            server.answer_next(answer, 1).unwrap();
        }
        3 => {
            server.hold_next(1);
            std::thread::sleep(Duration::from_millis(random.below(300)));
            server.release();
        }
        _ => server.answer_next(status, 1).unwrap(),
    }
}

#[test]
fn deltas_received_are_the_calls_made() {
    let _turn = alone();
    let server = server();
    let metrics = to(&server)
        .push_interval(Duration::from_millis(20))
        .install()
        .unwrap();
    let over = AtomicBool::new(false);
    let calls: u64 = std::thread::scope(|scope| {
        let counting: Vec<_> = (0..3)
            .map(|thread| {
                let over = &over;
                scope.spawn(move || {
                    let mut calls = 0;
                    while !over.load(Ordering::Relaxed) {
                        for kind in 0..10 {
                            count!("outage.calls", dims(thread = thread, kind = kind));
                            calls += 1;
                        }
                        std::thread::yield_now();
                    }
                    calls
                })
            })
            .collect();
        let mut random = Random::seeded();
        let end = Instant::now() + OUTAGE;
        while Instant::now() < end {
            let before = server.requests().len();
            disturb(&server, &mut random);
            // One at a time, so that none is left at the end.
            server.wait_for(OUTAGE, |state| state.requests().len() > before);
        }
        over.store(true, Ordering::Relaxed);
        counting.into_iter().map(|t| t.join().unwrap()).sum()
    });
    metrics.flush(AMPLE).unwrap();
    assert_eq!(server.counter_total("outage.calls", &[]), calls as f64);
    let health = metrics.health();
    assert_eq!(health.lines_ok, server.totals().lines, "{health:?}");
    assert_eq!(
        (health.lines_invalid, health.lines_dropped),
        (0, 0),
        "{health:?}"
    );
    assert_eq!(health.requests_ambiguous, 0, "{health:?}");
    assert!(health.requests_failed > 1, "{health:?}");
    assert_in_order(&server);
    metrics.shutdown(AMPLE).unwrap();
}

/// Each series by itself.
fn assert_in_order(server: &Server) {
    let mut last = std::collections::BTreeMap::new();
    for line in server.lines() {
        let time = line.timestamp_ms;
        let before = last.insert((line.key.clone(), line.dimensions.clone()), time);
        assert!(before.is_none_or(|before| before <= time), "{line:?}");
    }
}
