//! Structs whose fields are dimensions.

use std::future::ready;
use std::panic::catch_unwind;
use std::sync::Arc;

use dt_metrics::testing::{capture, capture_async};
use dt_metrics::{
    DimensionValue, Dimensions, count, counted, gauge, in_flight, in_flight_guard, measured,
    record, recorded, timed, timer, up_down_counter,
};

#[derive(Clone, Copy, DimensionValue)]
enum Tier {
    Free,
    Gold,
}

#[derive(Clone, Dimensions)]
struct Tags<'a> {
    region: &'a str,
    tier: Tier,
    #[dimension(rename = "http.route")]
    route: String,
    shard: Option<u8>,
    #[dimension(skip)]
    secret: &'a str,
}

fn tags(region: &str) -> Tags<'_> {
    let _ = Tier::Free;
    Tags {
        region,
        tier: Tier::Gold,
        route: "/orders/and/a/long/route/which/is/not/short".to_owned(),
        shard: None,
        secret: "x",
    }
}

#[measured(name = "spread.measured", dims(kind = "a", ..tags, last = 1), ret_dims(len = ret.len()))]
fn everything(tags: Tags<'_>) -> String {
    let all = tags.region.to_owned() + tags.secret;
    drop(tags);
    all
}

#[test]
fn all_fields_are_dimensions_of_all_metrics() {
    let seen = capture(|| {
        (
            everything(tags("eu")),
            everything(tags("us")),
            everything(tags("eu")),
        )
    });
    let calls = seen
        .counter("spread.measured.calls")
        .with("kind", "a")
        .with("last", 1);
    let calls = calls
        .with("tier", "gold")
        .with("shard", None::<u8>)
        .with("secret", None::<&str>);
    let calls = calls.with("http.route", "/orders/and/a/long/route/which/is/not/short");
    assert_eq!(
        calls
            .clone()
            .with("region", "eu")
            .with("len", 3)
            .with("outcome", "ok")
            .value(),
        2
    );
    assert_eq!(calls.with("region", "us").value(), 1);
    let duration = seen
        .histogram("spread.measured.duration")
        .with("region", "eu");
    assert_eq!(duration.with("last", 1).count(), 2);
    assert_eq!(
        seen.up_down_counter("spread.measured.in_flight")
            .with("region", "eu")
            .value(),
        0
    );
}

#[counted(name = "spread.counted", dims(..tags))]
#[timed(name = "spread.timed", dims(..tags, region = "later"), unit = "ms")]
#[in_flight(name = "spread.in_flight", dims(region = "earlier", ..tags))]
#[recorded(name = "spread.recorded", value = n, dims(..tags))]
fn one_each(tags: &Tags<'_>, n: u32) -> u32 {
    assert!(n > 0, "nothing");
    n
}

#[test]
fn the_last_of_two_dimensions_with_the_same_key_counts() {
    let seen = capture(|| {
        one_each(&tags("eu"), 1);
        catch_unwind(|| one_each(&tags("eu"), 0)).unwrap_err();
    });
    assert_eq!(
        seen.counter("spread.counted").with("region", "eu").value(),
        2
    );
    assert_eq!(
        seen.histogram("spread.timed")
            .with("region", "later")
            .count(),
        2
    );
    assert_eq!(
        seen.histogram("spread.timed").with("region", "eu").count(),
        0
    );
    assert_eq!(
        seen.up_down_counter("spread.in_flight")
            .with("region", "eu")
            .value(),
        0
    );
    assert_eq!(
        seen.histogram("spread.recorded")
            .with("region", "eu")
            .values(),
        [1.0, 0.0]
    );
}

#[derive(Dimensions)]
struct Reply<T> {
    status: T,
    #[dimension(transparent)]
    cache: Option<Cache>,
}

#[derive(Dimensions)]
struct Cache {
    hit: bool,
    #[dimension(transparent)]
    nothing: Nothing,
}

#[derive(Dimensions)]
struct Nothing;

#[derive(Dimensions)]
struct Numbers(
    #[dimension(rename = "first")] u8,
    #[dimension(skip)] (),
    #[dimension(rename = "third")] f64,
);

#[counted(name = "spread.ret", ret_dims(..ret, first = 1), err_if = ret.status > 499)]
fn reply(status: u16, hit: Option<bool>) -> Reply<u16> {
    assert!(status > 0, "no status");
    let nothing = Nothing;
    Reply {
        status,
        cache: hit.map(|hit| Cache { hit, nothing }),
    }
}

#[counted(name = "spread.async", dims(..*tags), ret_dims(..ret.as_ref().ok()))]
async fn asynchronous(tags: Arc<Tags<'static>>, n: u8) -> Result<Numbers, ()> {
    ready(tags).await;
    if n == 0 {
        Err(())
    } else {
        Ok(Numbers(n, (), 0.5))
    }
}

#[test]
fn returned_structs() {
    let seen = capture(|| {
        reply(200, Some(true));
        reply(500, None);
        catch_unwind(|| reply(0, None).status).unwrap_err();
    });
    let replies = seen.counter("spread.ret");
    assert_eq!(
        replies
            .clone()
            .with("status", 200)
            .with("hit", true)
            .with("first", 1)
            .value(),
        1
    );
    let failed = replies
        .clone()
        .with("status", 500)
        .with("hit", None::<bool>);
    assert_eq!(failed.with("outcome", "err").value(), 1);
    assert_eq!(
        replies
            .with("outcome", "panic")
            .with("status", None::<u16>)
            .value(),
        1
    );
}

fn is_send<T: Send>(future: T) -> T {
    future
}

#[tokio::test]
async fn futures_that_are_sent() {
    let seen = capture_async(async {
        for n in [0, 1] {
            let call = asynchronous(Arc::new(tags("eu")), n);
            let _ = is_send(call).await;
        }
    })
    .await;
    let calls = seen
        .counter("spread.async")
        .with("region", "eu")
        .with("tier", "gold");
    assert_eq!(calls.clone().with("first", 1).with("third", 0.5).value(), 1);
    assert_eq!(calls.with("first", None::<u8>).value(), 1);
}

#[counted(name = "spread.generic", dims(..dimensions))]
fn generic<D: Dimensions>(dimensions: D) {}

#[test]
fn a_generic_function_distinguishes_structs() {
    #[derive(Dimensions)]
    struct A {
        a: u8,
    }
    #[derive(Dimensions)]
    struct B {
        b: u8,
    }
    let seen = capture(|| {
        generic(A { a: 1 });
        generic(B { b: 1 });
        generic(Box::new(A { a: 1 }));
        generic(None::<A>);
    });
    let calls = seen.counter("spread.generic");
    assert_eq!(calls.clone().with("a", 1).value(), 2);
    assert_eq!(calls.clone().with("b", 1).value(), 1);
    assert_eq!(calls.value(), 4);
}

#[test]
fn in_bodies() {
    let tags = tags("eu");
    let seen = capture(|| {
        count!("spread.count", 2, dims(..tags));
        record!("spread.record", 3, dims(..&tags, kind = "b"));
        gauge!("spread.gauge", 4, dims(..tags.clone()));
        up_down_counter!("spread.sum", 5, dims(..Nothing, ..tags));
        drop(timer!("spread.timer", dims(..Numbers(1, (), 3.0))));
        drop(in_flight_guard!("spread.guard", dims(..tags)));
    });
    assert_eq!(seen.counter("spread.count").with("region", "eu").value(), 2);
    let recorded = seen
        .histogram("spread.record")
        .with("region", "eu")
        .with("kind", "b");
    assert_eq!(recorded.values(), [3.0]);
    assert_eq!(
        seen.gauge("spread.gauge").with("region", "eu").value(),
        Some(4.0)
    );
    assert_eq!(
        seen.up_down_counter("spread.sum")
            .with("tier", "gold")
            .value(),
        5
    );
    assert_eq!(
        seen.histogram("spread.timer")
            .with("first", 1)
            .with("third", 3)
            .count(),
        1
    );
    assert_eq!(
        seen.up_down_counter("spread.guard")
            .with("region", "eu")
            .value(),
        0
    );
}
