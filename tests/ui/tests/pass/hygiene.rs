//! Names of the user's that an expansion could trip over.
#![deny(warnings)]
#![allow(non_camel_case_types, non_upper_case_globals, nonstandard_style, dead_code, unused_macros)]

use ::dt_metrics::{count, counted, gauge, in_flight, observed, record, timed, up_down_counter};

mod core {}
mod std {}
mod alloc {}
mod dt_metrics {}
mod inventory {}
mod private {}

struct Option;
struct Some;
struct None;
struct Ok;
struct Err;
struct Result;
struct Vec;
struct Box;
struct str;
struct u8;
struct u32;
struct u64;
struct usize;
struct bool;
struct Counter;
struct Value;
struct Text;
struct Descriptor;
struct DefaultName;
struct f64;
struct Histogram;
struct DimensionedHistogram;
const VALUES: ::core::primitive::u64 = 2;
trait DimensionValue {}
trait Fn {}
trait Sync {}

const NAME: &::core::primitive::str = "hygiene.name";
const __DT_METRICS_DESCRIPTOR: ::core::primitive::u64 = 2;
const __DT_METRICS_INSTRUMENT: ::core::primitive::u64 = 2;

macro_rules! module_path { () => { compile_error!("the user's") } }
macro_rules! file { () => { compile_error!("the user's") } }
macro_rules! line { () => { compile_error!("the user's") } }
macro_rules! submit { ($($t:tt)*) => { compile_error!("the user's") } }
macro_rules! vec { ($($t:tt)*) => { compile_error!("the user's") } }
macro_rules! panic { ($($t:tt)*) => { compile_error!("the user's") } }

#[counted]
fn plain(value: ::core::primitive::u64) -> ::core::primitive::u64 {
    value
}

#[counted(
    name = NAME,
    by = __DT_METRICS_DESCRIPTOR + by + __DT_METRICS_INSTRUMENT,
    dims(value = value, descriptor = __DT_METRICS_DESCRIPTOR, name = NAME, a = const { NAME })
)]
fn named(by: ::core::primitive::u64, value: ::core::primitive::bool) {
    let __DT_METRICS_COUNTER = by;
    let _ = (value, __DT_METRICS_COUNTER);
}

#[timed(unit = UNIT, dims(guard = _guard, instrument = instrument, unit = UNIT))]
#[in_flight(dims(guard = _guard, instrument = instrument, nanoseconds = nanoseconds))]
fn guarded(_guard: ::core::primitive::u8, instrument: &::core::primitive::str, nanoseconds: ::core::primitive::bool) {
    let _ = (_guard, instrument, nanoseconds);
}

#[observed(dims(instrument = __DT_METRICS_INSTRUMENT, name = NAME, a = const { NAME }))]
fn asked() -> ::core::primitive::f64 {
    1.5
}

struct Answer;
struct Observed;
struct i64;

const UNIT: &::core::primitive::str = "us";
const __DT_METRICS_UNIT: ::core::primitive::u64 = 2;
const __DT_METRICS_NANOSECONDS: ::core::primitive::u64 = 2;

#[derive(::dt_metrics::DimensionValue)]
enum Some_ {
    None,
    Some,
    Self_,
}

#[counted(name = "hygiene.dims", dims(kind = KIND, local = kind()))]
fn items_of_the_body() -> &'static ::core::primitive::str {
    // Not these: the arguments are read outside of the body.
    const KIND: () = ();
    fn kind() {}
    kind();
    let () = KIND;
    "body"
}

const KIND: &::core::primitive::str = "outside";

fn kind() -> &'static ::core::primitive::str {
    "outside"
}

fn main() {
    plain(1);
    named(1, true);
    items_of_the_body();
    guarded(1, "a", true);
    gauge!("hygiene.gauge", VALUES, dims(some = Some_::None, other = Some_::Some, third = Some_::Self_));
    let by = 3;
    let value = "a";
    record!("hygiene.record", VALUES, dims(value = value));
    up_down_counter!("hygiene.up_down_counter", by, dims(value = value, by = by));
    ::core::assert_eq!(asked(), 1.5);
    let by = 3;
    count!("hygiene.count", by + __DT_METRICS_DESCRIPTOR, dims(value = value, by = by));
}
