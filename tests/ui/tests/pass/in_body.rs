//! `count!`, `gauge!`, `record!` and `up_down_counter!` wherever an expression can stand.
#![deny(warnings)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use dt_metrics::{count, gauge, record, up_down_counter};

const NAME: &str = "in_body.path";

fn tail() {
    count!("in_body.tail")
}

fn generic<T: AsRef<str>>(value: T) -> usize {
    count!("in_body.generic", dims(value = value.as_ref()));
    value.as_ref().len()
}

fn arms(n: Option<u32>) {
    match n {
        Some(n) if n > 1 => count!("in_body.arm", u64::from(n)),
        Some(_) => count! { "in_body.braces" },
        None => count!("in_body.arm", description = "",),
    }
}

fn gauges(n: u8, shared: &&i128, exclusive: &mut f32) {
    gauge!("in_body.gauge", n);
    gauge!("in_body.gauge", 5);
    gauge!("in_body.gauge", -1.5);
    gauge!("in_body.gauge", shared);
    gauge!("in_body.gauge", exclusive);
    gauge!("in_body.gauge", &n, unit = "1", dims(n = n, kind = "a"));
    gauge!("in_body.gauge", [1u64, 2].iter().sum::<u64>(), description = "", cardinality_limit = 5,);
    gauge!(NAME_OF_GAUGE, usize::MAX as f64 / f64::from(n), dims(text = "a"));
    gauge! { "in_body.gauge", if n == 1 { u128::MAX } else { 2 } }
    let () = gauge!("in_body.gauge", "text".len());
    let closure = |n: isize| gauge!("in_body.gauge", n);
    closure(1);
}

const NAME_OF_GAUGE: &str = "in_body.gauge.path";

fn values(n: u8, shared: &&i128, exclusive: &mut f32) {
    record!("in_body.record", n);
    record!("in_body.record", 5);
    record!("in_body.record", -1.5);
    record!("in_body.record", shared);
    record!("in_body.record", exclusive);
    record!("in_body.record", "text".len(), unit = "By", dims(route = "/", n = n));
    record!(NAME_OF_RECORD, [1u64, 2].iter().sum::<u64>(), description = "", cardinality_limit = 5,);
    record! { "in_body.record", if n == 1 { u128::MAX } else { 2 } }
    let () = record!("in_body.record", &n);
    let closure = |n: isize| record!("in_body.record", n);
    closure(1);
}

const NAME_OF_RECORD: &str = "in_body.record.path";

fn sums(n: i64) {
    up_down_counter!("in_body.up_down_counter", 1);
    up_down_counter!("in_body.up_down_counter", -1);
    up_down_counter!("in_body.up_down_counter", n);
    up_down_counter!("in_body.up_down_counter", -n, unit = "1", dims(n = n, kind = "a"));
    up_down_counter!("in_body.up_down_counter", n - 2 * n, description = "", cardinality_limit = 5,);
    up_down_counter!(NAME_OF_UP_DOWN, [1, -2].iter().sum());
    up_down_counter! { "in_body.up_down_counter", if n == 1 { -1 } else { i64::from(2_u8) } }
    let () = up_down_counter!("in_body.up_down_counter", "text".len() as i64);
    let closure = |n| up_down_counter!("in_body.up_down_counter", n);
    closure(1);
}

const NAME_OF_UP_DOWN: &str = "in_body.up_down_counter.path";

fn main() {
    gauges(1, &&2, &mut 3.5);
    values(1, &&2, &mut 3.5);
    sums(1);
    count!(NAME);
    count!(NAME, 25);
    count!(NAME, 25, dims("dimension-1" = "value-1"));
    count!(NAME, dims("dimension-1" = "value-1"),);
    count! { NAME, if NAME.is_empty() { 1 } else { 2 } }
    count![NAME, [1, 2].iter().sum()];
    let () = count!("in_body.value");
    let closure = |n| count!("in_body.closure", n, dims(n = n));
    closure(2);
    for i in 0..3 {
        count!("in_body.loop", i, dims(i = i));
    }
    let mut same = 2;
    same += 1;
    count!("in_body.compared", u64::from(same == 3));
    tail();
    assert_eq!(generic("a"), 1);
    arms(None);
    arms(Some(1));
    arms(Some(2));
    let future = async {
        count!("in_body.async", std::future::ready(1).await);
    };
    assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready());
}
