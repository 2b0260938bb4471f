//! Every kind of value.
#![deny(warnings)]

use std::borrow::Cow;
use std::sync::Arc;

use dt_metrics::{DimensionValue, count, counted, gauge, in_flight, timed};

const REGION: &str = "eu";

struct User {
    tier: String,
    age: Option<u8>,
}

impl User {
    fn name(&self) -> Cow<'_, str> {
        "a".into()
    }
}

#[counted(dims(
    text = "a", raw = r#"a"b"#, yes = true, zero = 0, big = 5_000_000_000, biggest = 0xffff_ffff_ffff_ffff,
    negative = -5, least = -9_223_372_036_854_775_808, small = -5i8, unsigned = 5u16, size = 5usize,
    signed_size = -5isize, binary = 0b11, float = 1.5, negative_float = -1.5e3, single = 1.1f32, whole = 2f64,
    parenthesised = ("a"),
))]
fn literals() {}

#[counted(dims(
    constant = const { REGION }, version = const { env!("CARGO_PKG_VERSION") }, sum = const { 1 + 1 },
    none = const { None::<&str> }, literal = "a",
))]
fn constants() {}

#[derive(Clone, Copy, DimensionValue)]
enum Plan {
    Free,
    Paid,
}

#[counted(dims(plan = plan, other = Plan::Paid, borrowed = &plan, yes = true, flag = flag, not = !flag))]
#[timed(dims(plan = plan, n = 1, flag = flag, last = "a"))]
#[in_flight(dims(n = 1, plan = plan, constant = const { Plan::Free }))]
fn fixed(plan: Plan, flag: bool) {
    gauge!("fixed", 1, dims(plan = plan, constant = const { Plan::Free }));
    gauge!("fixed.constant", 1, dims(constant = const { Plan::Free }));
    let _ = (plan, flag);
}

#[counted(dims(
    tier = user.tier, age = user.age, name = user.name(), borrowed = &user.tier, text = text, slice = &text[..1],
    deref = *text, sum = *n + 1, compared = *n == 1, negated = -*n, cast = *n as u8, closure = (|| 1)(),
    block = { let n = *n; n }, branch = if *n > 1 { "many" } else { "one" }, shared = shared, const_too = const { REGION },
    matched = match *n { 1 => "one", _ => "many" }, unit = "u", turbofish = "1".parse::<u8>().unwrap_or_default(),
    formatted = format!("{n}"), range = (0..3).len(), optional = Some("a"), nothing = None::<u8>,
))]
fn runtime(user: &User, text: &str, n: &i32, shared: Arc<str>) {
    drop(shared);
    let _ = (user, text, n);
}

#[counted(by = bytes.len() as u64, dims(first = bytes.first().copied()))]
#[timed(dims(first = bytes.first().copied()))]
#[in_flight(dims(first = bytes.first()))]
fn moved(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

#[counted(by = 1 + n as u64 * 2)]
fn computed(n: u8) -> u8 {
    n
}

fn generic<T: Default + Into<u64>, const N: usize>() {
    #[timed(dims(n = const { M }, name = const { M > 1 }))]
    #[counted(dims(n = const { M }, name = const { M > 1 }))]
    fn inner<const M: usize>() {}
    inner::<N>();
    count!("generic", T::default().into(), dims(n = N, m = const { N }));
}

struct Sized<const N: usize>;

impl<const N: usize> Sized<N> {
    #[counted(dims(n = const { N }))]
    #[in_flight(dims(n = const { N }))]
    fn method(&self) {}
}

fn main() {
    literals();
    constants();
    runtime(&User { tier: "gold".into(), age: Some(3) }, "text", &1, "shared".into());
    assert_eq!(moved(vec![1]), [1]);
    assert_eq!(computed(1), 1);
    generic::<u8, 3>();
    fixed(Plan::Free, true);
    Sized::<3>.method();
}
