//! Three libraries that use the facade in their own ways, next to an annotated function.

use dt_metrics::counted;

use super::{THREADS, installed, on_threads};

/// Looks its handles up for each value.
mod http {
    pub(super) fn serve(route: &'static str, bytes: u32) {
        metrics::counter!("http.requests", "route" => route).increment(1);
        metrics::gauge!("http.open").increment(1);
        metrics::histogram!("http.body", "route" => route).record(bytes);
        metrics::gauge!("http.open").decrement(1);
    }
}

/// Keeps its handles, and clones them.
mod cache {
    use metrics::{Counter, Histogram};

    #[derive(Clone)]
    pub(super) struct Cache {
        hits: Counter,
        sizes: Histogram,
    }

    impl Cache {
        pub(super) fn new(name: &str) -> Self {
            Self {
                hits: metrics::counter!("cache.hits", "cache" => name.to_owned()),
                sizes: metrics::histogram!("cache.sizes", "cache" => name.to_owned()),
            }
        }

        pub(super) fn hit(&self, size: u32) {
            self.hits.increment(2);
            self.sizes.record_many(f64::from(size), 3);
        }
    }
}

/// Keeps its own totals, and hands them over.
mod driver {
    use std::sync::atomic::{AtomicU64, Ordering};

    static PACKETS: AtomicU64 = AtomicU64::new(0);

    pub(super) fn receive() {
        PACKETS.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("driver.packets").absolute(PACKETS.load(Ordering::Relaxed));
        metrics::gauge!("driver.level", "side" => "left").set(0.25);
    }
}

#[counted(name = "annotated.calls")]
fn annotated() {}

#[test]
fn all_metrics_of_three_libraries_arrive_next_to_metrics_of_annotations() {
    let installed = installed();
    let users = cache::Cache::new("users");
    on_threads(|thread| {
        let (users, orders) = (users.clone(), cache::Cache::new("orders"));
        for _ in 0..1_000 {
            http::serve(if thread % 2 == 0 { "/even" } else { "/odd" }, thread);
            users.hit(thread);
            orders.hit(1);
            driver::receive();
            annotated();
        }
    });

    let calls = THREADS * 1_000;
    let (all, half) = (f64::from(calls), f64::from(calls / 2));
    for (route, sum) in [("/even", 12_000.0), ("/odd", 16_000.0)] {
        let route = [("route", route)];
        assert_eq!(installed.total("http.requests", &route), half);
        let body = installed.received("http.body", &route);
        assert_eq!(body, (u64::from(calls / 2), sum));
    }
    assert_eq!(
        installed.total("http.open", &[]),
        0.0,
        "as many ended as began"
    );
    for (cache, sum) in [("users", 28_000.0 * 3.0), ("orders", all * 3.0)] {
        let cache = [("cache", cache)];
        assert_eq!(installed.total("cache.hits", &cache), 2.0 * all);
        let sizes = installed.received("cache.sizes", &cache);
        assert_eq!(sizes, (u64::from(calls) * 3, sum));
    }
    assert_eq!(installed.total("driver.packets", &[]), all);
    assert_eq!(installed.total("driver.level", &[("side", "left")]), 0.25);
    assert_eq!(installed.total("annotated.calls", &[]), all);
}
