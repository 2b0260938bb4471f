//! `timer!`, `in_flight_guard!` and `record!` with a `Duration`, wherever an expression can stand.
#![no_implicit_prelude]
#![deny(warnings)]
#![forbid(unsafe_code)]

extern crate std;

use ::dt_metrics::{in_flight, in_flight_guard, record, timed, timer};
use ::std::marker::{Send, Sync};
use ::std::ops::FnOnce;
use ::std::time::Duration;

const NAME: &str = "blocks.timer";
const MILLISECONDS: &str = "ms";
const BYTES: &str = "By";

mod units {
    pub const SECONDS: &str = "s";
}

fn sends<T: Send + Sync + 'static>(_: &T) {}

// The attribute and the macro have the same purpose, on a function and in it.
#[in_flight]
#[timed]
fn both(table: &str) {
    let timer = timer!(NAME, dims(table = table, shard = 1 + 1), unit = MILLISECONDS, boundaries = [1, 2.5]);
    sends(&timer);
    let busy = in_flight_guard!("blocks.busy", dims(table = table), unit = "1", description = "busy");
    sends(&busy);
    timer.discard();
}

fn generic<T: FnOnce() -> Duration>(f: T) -> Duration {
    let timer = timer! { "blocks.generic", unit = units::SECONDS, cardinality_limit = 3, };
    record!("blocks.waited", f());
    record!("blocks.waited", &f2(), unit = "s");
    record!("blocks.waited", &mut f2(), unit = units::SECONDS, boundaries = [0.1, 1]);
    record!("blocks.hours", f2(), unit = "h");
    record!("blocks.size", 1_u8, unit = BYTES, dims(of = "const"));
    record!("blocks.size", 1 + 1, unit = "By");
    record!("blocks.length", 2 * 2);
    timer.stop()
}

fn f2() -> Duration {
    Duration::from_millis(1)
}

async fn held() {
    let _timer = timer!("blocks.held");
    let _busy = in_flight_guard!("blocks.held.busy");
    ::std::future::ready(()).await;
}

fn main() {
    both("orders");
    generic(|| Duration::ZERO);
    sends(&held());
    let (_timer, _busy) = (timer!("blocks.pair"), in_flight_guard!("blocks.pair.busy"));
}
