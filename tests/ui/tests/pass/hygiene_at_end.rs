//! Names of the user that could conflict with the code at the end of a call.
#![deny(warnings)]
#![allow(non_camel_case_types, nonstandard_style, dead_code, unused_macros)]

use ::dt_metrics::testing::capture;
use ::dt_metrics::{counted, measured, recorded, timed};

mod core {}
mod std {}
mod dt_metrics {}

struct Some;
struct Ok;
struct Err;
struct Result;
struct Option;
struct Pin;
struct Future;
struct Poll;
struct Infallible;
struct Outcome;
struct Returned;
struct Ended;
struct u64;
struct FnOnce;

const __DT_METRICS_INSTRUMENT: ::core::primitive::u64 = 2;
static instruments: ::core::primitive::u64 = 3;

macro_rules! matches { ($($t:tt)*) => { compile_error!("the user's") } }
macro_rules! panic { ($($t:tt)*) => { compile_error!("the user's") } }

/// Methods of everything, by value: found before methods that take a reference.
trait Everything: Sized {
    fn outcome(self) {}
    fn run(self) {}
    fn new(self) {}
    fn elapsed(self) {}
    fn as_str(self) {}
    fn registration(self) {}
    fn descriptor(self) {}
    fn take(self) {}
    fn poll(self) {}
    fn deref(self) {}
    fn keep(self) {}
}

impl<T> Everything for T {}

type Number = ::core::primitive::u8;
type Failed = ::core::result::Result<Number, ()>;

#[measured(
    name = "all",
    dims(state = state, kept = kept, by = by, returned = returned, outcome_ = outcome),
    ret_dims(ret_ = ret.is_ok(), instruments = instruments, own = __DT_METRICS_INSTRUMENT)
)]
#[counted(name = "all.counted", outcome, by = ended as ::core::primitive::u64)]
fn all(
    state: Number, kept: Number, kept0: Number, by: Number, ended: Number, returned: Number,
    outcome: Number, elapsed: Number, stopwatch: Number, guard: Number, _guard: Number,
    ret: Number, nanoseconds: Number, in_flight: Number, future: Number, value: Number,
) -> Failed {
    let sum = state + kept + kept0 + by + ended + returned + outcome + elapsed + stopwatch + guard;
    let sum = sum + ret + nanoseconds + in_flight + future + value;
    if sum == 0 {
        return ::core::result::Result::Err(());
    }
    ::core::result::Result::Ok(sum)
}

#[measured(name = "later", dims(state = state))]
async fn later(state: Number, returns: Number, _returns: Number) -> Failed {
    if returns == 0 {
        return ::core::result::Result::Err(());
    }
    ::core::result::Result::Ok(state + returns)
}

#[measured(name = "later.plain")]
async fn later_plain(state: Number, future: Number) -> Number {
    state + future
}

#[timed(name = "made", outcome, unit = "ns")]
fn made(call: Number) -> impl ::core::future::Future<Output = Number> {
    async move { call }
}

#[recorded(name = "value", value = *ret + one())]
fn recorded_value(value: Number) -> Number {
    value
}

fn one() -> Number {
    1
}

macro_rules! fragment {
    ($name:ident, $parameter:ident: $type:ty, $ret:expr, $key:literal, $body:block) => {
        #[counted(name = $key, outcome, dims(parameter = $parameter), ret_dims(twice = *ret + $ret))]
        fn $name($parameter: $type) -> $type $body
    };
}

fragment!(fragment, state: Number, 1, "fragment", { state });

#[measured]
fn main() {
    let seen = capture(|| {
        let _ = all(1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6);
        let mut later = ::core::pin::pin!(later(1, 2, 3));
        let waker = ::core::task::Waker::noop();
        let mut context = ::core::task::Context::from_waker(waker);
        let _ = ::core::future::Future::poll(later.as_mut(), &mut context);
        let _ = recorded_value(1);
        let _ = fragment(4);
    });
    let all = seen.counter("all.calls").with("state", 1).with("outcome", "ok").with("ret_", true);
    ::core::assert_eq!(all.with("instruments", 3).value(), 1, "{seen:?}");
    ::core::assert_eq!(seen.counter("all.counted").value(), 5);
    ::core::assert_eq!(seen.counter("later.calls").with("outcome", "ok").value(), 1, "{seen:?}");
    ::core::assert_eq!(seen.histogram("value").values(), [2.0]);
    ::core::assert_eq!(seen.counter("fragment").with("twice", 5).value(), 1);
}
