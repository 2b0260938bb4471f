//! `record!` and `up_down_counter!`, over real HTTP.

use std::thread;

use crate::common::export::{gauges, payloads};
use crate::common::{AMPLE, server, to};
use dt_metrics::testing::capture;
use dt_metrics::{Kind, catalog, count, counted, gauge, record, up_down_counter};
use dt_metrics_local::protocol::Payload;

fn record_payload(route: &str, bytes: &[u8]) {
    record!(
        "in_body.payload",
        bytes.len(),
        unit = "By",
        dims(route = route)
    );
}

#[test]
fn values_are_summarized_by_series() {
    own_process!();
    // Before there is a pipeline, on a thread that has ended by then.
    thread::spawn(|| record_payload("/a", &[0; 100]))
        .join()
        .unwrap();
    let server = server();
    let metrics = to(&server).install().unwrap();
    thread::scope(|scope| {
        for thread in 1..=4 {
            scope.spawn(move || {
                for size in 0..10 {
                    record_payload("/a", &vec![0; thread * size]);
                    record_payload("/b", &[0; 7]);
                }
            });
        }
    });
    record!("in_body.ratio", 0.25_f32);
    record!("in_body.ratio", &-4);
    for no_number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        record!("in_body.ratio", no_number);
    }
    metrics.flush(AMPLE).unwrap();
    record!("in_body.ratio", u128::from(9_u8));
    metrics.shutdown(AMPLE).unwrap();

    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    let summary = |min, max, sum, count| Payload::Summary {
        min,
        max,
        sum,
        count,
    };
    let sizes = payloads(&server, "in_body.payload");
    assert_eq!(sizes.len(), 2, "{sizes:?}");
    assert!(sizes.contains(&summary(0.0, 100.0, 550.0, 41)), "{sizes:?}");
    assert!(sizes.contains(&summary(7.0, 7.0, 280.0, 40)), "{sizes:?}");
    assert_eq!(
        payloads(&server, "in_body.ratio"),
        [summary(-4.0, 0.25, -3.75, 2), summary(9.0, 9.0, 9.0, 1)]
    );
    let catalog = catalog();
    let sizes = catalog
        .iter()
        .find(|descriptor| descriptor.name == "in_body.payload");
    let sizes = sizes.unwrap();
    assert_eq!((sizes.kind, sizes.unit), (Kind::Histogram, "By"));
    assert_eq!(sizes.dimension_keys, ["route"]);
}

#[test]
fn sums_are_of_all_threads_and_stay() {
    own_process!();
    up_down_counter!("in_body.sessions", 5);
    let server = server();
    let metrics = to(&server).install().unwrap();
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for _ in 0..100 {
                    up_down_counter!("in_body.sessions", 2);
                    up_down_counter!("in_body.sessions", -1);
                    up_down_counter!("in_body.queue", -thread, dims(shard = thread), unit = "1");
                }
            });
        }
    });
    metrics.flush(AMPLE).unwrap();
    metrics.flush(AMPLE).unwrap();
    up_down_counter!("in_body.sessions", -500);
    up_down_counter!("in_body.queue", 7, dims(shard = 3));
    metrics.shutdown(AMPLE).unwrap();

    assert!(server.rejected().is_empty(), "{:?}", server.rejected());
    assert_eq!(
        gauges(&server, "in_body.sessions", &[]),
        [405.0, 405.0, -95.0]
    );
    for (shard, levels_of_shard) in [
        ("1", [-100.0, -100.0, -100.0]),
        ("3", [-300.0, -300.0, -293.0]),
    ] {
        assert_eq!(
            gauges(&server, "in_body.queue", &[("shard", shard)]),
            levels_of_shard
        );
    }
}

#[counted(name = "in_body.any.by", by = bytes.len(), outcome)]
fn by(bytes: &[u8]) -> Result<(), ()> {
    if bytes.is_empty() { Err(()) } else { Ok(()) }
}

#[counted(name = "in_body.any.async", by = *more)]
async fn by_async(more: &u128) -> u128 {
    tokio::task::yield_now().await;
    *more
}

#[test]
fn counters_add_unsigned_integers_of_every_type() {
    let seen = capture(|| {
        count!("in_body.any", 1_u8);
        count!("in_body.any", u16::MAX, dims(a = 1));
        count!("in_body.any", [1, 2, 3].len());
        count!("in_body.any", &&4_u32);
        count!("in_body.any", u128::from(5_u8));
        count!("in_body.any", 2 * 3);
        count!("in_body.most", u128::MAX);
        by(&[0; 7]).unwrap();
        by(&[]).unwrap_err();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(by_async(&8));
    });
    let added = seen.counter("in_body.any").value();
    assert_eq!(added, 1 + 65_535 + 3 + 4 + 5 + 6);
    assert_eq!(seen.counter("in_body.most").value(), u64::MAX);
    assert_eq!(seen.counter("in_body.any.by").value(), 7);
    assert_eq!(seen.counter("in_body.any.async").value(), 8);
}

#[test]
fn up_down_counters_add_integers_and_gauges_take_numbers_of_every_type() {
    let seen = capture(|| {
        up_down_counter!("in_body.any.level", vec![1, 2].len());
        up_down_counter!("in_body.any.level", -3_i8, dims(a = 1));
        up_down_counter!("in_body.any.level", &i128::from(4_i32));
        up_down_counter!("in_body.any.level", -(1 + 1));
        up_down_counter!("in_body.any.most", u64::MAX);
        up_down_counter!("in_body.any.least", i128::MIN);
        gauge!("in_body.any.gauge", 1_u128);
        gauge!("in_body.any.gauge", -2_isize);
        gauge!("in_body.any.gauge", 0.5_f32);
    });
    assert_eq!(seen.up_down_counter("in_body.any.level").value(), 1);
    assert_eq!(seen.up_down_counter("in_body.any.most").value(), i64::MAX);
    assert_eq!(seen.up_down_counter("in_body.any.least").value(), i64::MIN);
    assert_eq!(seen.gauge("in_body.any.gauge").values(), [1.0, -2.0, 0.5]);
}
