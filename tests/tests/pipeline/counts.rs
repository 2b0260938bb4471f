//! The number of calls arrives, over real HTTP.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::common::{AMPLE, server, to};
use dt_metrics::{count, counted};
use dt_metrics_local::Server;

#[counted(name = "e2e.plain", unit = "{call}", dims(region = "eu", tier = 1))]
fn plain() {}

#[counted(name = "e2e.dimensioned", dims(worker = worker, even = worker.is_multiple_of(2)))]
fn dimensioned(worker: u64) {}

#[counted(name = "e2e.future", by = amount)]
async fn future(amount: u64) {
    tokio::task::yield_now().await;
}

#[counted(
    name = "e2e.many",
    by = amount,
    dims(id = id, odd = (id % 2 == 1).then_some("yes"), host = id.is_multiple_of(3).then(|| Ipv4Addr::from(id)))
)]
fn many(id: u32, amount: u64) {}

struct Cart {
    items: u32,
}

impl Cart {
    #[counted]
    fn add(&mut self) {
        self.items += 1;
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn every_call_of_eight_threads_arrives_once_while_pushes_go_on() {
    const CALLS: u64 = 50_000;
    own_process!();

    // Before there is a pipeline, on a thread that has ended by then.
    thread::spawn(|| (0..100).for_each(|_| plain()))
        .join()
        .unwrap();

    let server = Server::builder().token("secret").start().unwrap();
    let metrics = to(&server)
        .api_token("secret")
        .prefix("shop")
        .default_dimension("env", "test")
        .push_interval(Duration::from_millis(10))
        .install()
        .unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|worker| {
                scope.spawn(move || {
                    for _ in 0..CALLS {
                        plain();
                        dimensioned(worker);
                    }
                    block_on(async {
                        for _ in 0..100 {
                            future(3).await;
                        }
                    });
                })
            })
            .collect();
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                metrics.flush(AMPLE).unwrap();
            }
        });
        for worker in workers {
            worker.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    metrics.shutdown(AMPLE).unwrap();

    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    let total = |key, dimensions: &[(&str, &str)]| server.counter_total(key, dimensions);
    let plain = [("region", "eu"), ("tier", "1"), ("env", "test")];
    assert_eq!(total("shop.e2e.plain", &plain), (8 * CALLS + 100) as f64);
    for worker in 0..8 {
        let (worker, even) = (worker.to_string(), (worker % 2 == 0).to_string());
        let series = [("worker", &*worker), ("even", &*even), ("env", "test")];
        assert_eq!(total("shop.e2e.dimensioned", &series), CALLS as f64);
    }
    assert_eq!(total("shop.e2e.future", &[]), 2_400.0);

    for request in server.requests() {
        assert_eq!(request.status, 202);
        assert_eq!(
            request.content_type.as_deref(),
            Some("text/plain; charset=utf-8")
        );
        let agent = request.user_agent.unwrap();
        assert!(agent.starts_with("dt-metrics/"), "{agent}");
    }
    let health = metrics.health();
    assert_eq!(health.points_accepted, server.lines().len() as u64);
    assert_eq!((health.points_rejected, health.points_dropped), (0, 0));
}

#[test]
fn a_method_has_a_default_name_and_count_adds_in_the_middle() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    let mut cart = Cart { items: 0 };
    cart.add();
    assert_eq!(cart.items, 1);
    count!("MyCounter", 25, dims("dimension-1" = "value-1"));
    count!("MyCounter", 5, dims("dimension-1" = "value-1"));
    count!("MyCounter");
    metrics.flush(AMPLE).unwrap();

    assert_eq!(server.counter_total("pipeline.counts.add.calls", &[]), 1.0);
    assert_eq!(
        server.counter_total("MyCounter", &[("dimension-1", "value-1")]),
        30.0
    );
    assert_eq!(server.counter_total("MyCounter", &[]), 31.0);
}

#[test]
fn unchanged_series_are_not_sent_again() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    count!("e2e.once");
    metrics.flush(AMPLE).unwrap();
    metrics.flush(AMPLE).unwrap();
    metrics.shutdown(AMPLE).unwrap();
    let lines = server.lines();
    assert_eq!(
        lines.iter().filter(|line| line.key == "e2e.once").count(),
        1
    );
}

#[test]
fn combinations_beyond_the_limit_are_counted_together() {
    #[counted(name = "e2e.limited", cardinality_limit = 5, dims(id = id))]
    fn limited(id: u32) {
        let _ = id;
    }
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    (0..100).for_each(limited);
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(server.counter_total("e2e.limited", &[]), 100.0);
    let overflow = [("otel.metric.overflow", "true")];
    assert_eq!(server.counter_total("e2e.limited", &overflow), 95.0);
}

#[counted(name = "e2e.freed", dims(user), cardinality_limit = 1)]
fn count_in_the_only_place(user: &str) {}

#[test]
fn a_series_that_is_idle_frees_its_place_whichever_threads_flush() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    for user in ["a", "b", "c"] {
        count_in_the_only_place(user);
        for _ in 0..5 {
            metrics.flush(AMPLE).unwrap();
        }
    }
    metrics.shutdown(AMPLE).unwrap();
    for user in ["a", "b", "c"] {
        assert_eq!(server.counter_total("e2e.freed", &[("user", user)]), 1.0);
    }
}

#[test]
fn each_of_many_series_gets_its_own_counts() {
    // More than are handed over at a time.
    const SERIES: u32 = 700;
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    for round in 1..=2 {
        // In the second round, some series do not move.
        for id in (0..SERIES).step_by(round) {
            many(id, u64::from(id) + 1);
        }
        metrics.flush(AMPLE).unwrap();
    }
    metrics.shutdown(AMPLE).unwrap();
    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    for id in 0..SERIES {
        let (text, host) = (id.to_string(), Ipv4Addr::from(id).to_string());
        let mut dimensions = vec![("id", &*text)];
        if id % 2 == 1 {
            dimensions.push(("odd", "yes"));
        }
        if id.is_multiple_of(3) {
            dimensions.push(("host", &*host));
        }
        let rounds = if id.is_multiple_of(2) { 2 } else { 1 };
        let expected = f64::from(rounds * (id + 1));
        let counted = server.counter_total("e2e.many", &dimensions);
        assert_eq!(counted, expected, "{dimensions:?}");
    }
}
