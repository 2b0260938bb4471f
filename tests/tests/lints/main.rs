//! An annotation adds no diagnostic to a function, and takes none away: each `#[expect]` here would
//! also hold without the annotation.
#![deny(
    warnings,
    clippy::pedantic,
    clippy::nursery,
    future_incompatible,
    let_underscore,
    missing_debug_implementations,
    nonstandard_style,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unsafe_op_in_unsafe_fn,
    unused,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results
)]
// From the restriction group: lints that some programs deny, and that expansions must not violate.
#![deny(
    clippy::absolute_paths,
    clippy::as_conversions,
    clippy::default_numeric_fallback,
    clippy::let_underscore_untyped,
    clippy::missing_docs_in_private_items,
    clippy::module_name_repetitions,
    clippy::redundant_type_annotations,
    clippy::separated_literal_suffix,
    clippy::shadow_unrelated,
    clippy::std_instead_of_core,
    clippy::unseparated_literal_suffix
)]

mod guards;
mod observed;
mod shapes;
mod streams;
#[allow(dead_code, unreachable_pub, reason = "read by lints only")]
pub mod twins;
mod values;

use core::cmp::Ordering;
use core::fmt::{self, Display, Error, Formatter};
use core::future::{Future, ready};

use std::panic::{catch_unwind, resume_unwind};

use dt_metrics::{count, counted, in_flight, timed};
use tokio::runtime::Builder;

/// The region.
const REGION: &str = "eu";

#[counted]
#[timed]
#[in_flight]
fn empty() {}

#[counted]
#[timed]
#[in_flight]
#[rustfmt::skip]
fn one_line(number: u32) -> u32 { number + 1 }

#[counted]
#[timed]
#[in_flight]
#[rustfmt::skip]
fn one_call() { empty() }

#[counted]
#[timed]
#[in_flight]
#[rustfmt::skip]
fn one_call_in_braces() { empty(); }

#[counted]
#[timed]
#[in_flight]
fn items_first() -> u32 {
    use core::cmp::max;

    const ONE: u32 = 1;

    #[counted]
    #[timed]
    #[in_flight]
    fn inner(number: u32) -> u32 {
        max(number, ONE)
    }

    inner(2)
}

#[counted]
#[timed]
#[in_flight]
#[expect(clippy::items_after_statements)]
fn items_last() -> u32 {
    let number = one_line(1);

    #[counted]
    #[timed]
    #[in_flight]
    fn inner(number: u32) -> u32 {
        number + 1
    }

    inner(number)
}

#[counted]
#[timed]
#[in_flight]
fn macro_first() -> u32 {
    macro_rules! one {
        () => {
            1
        };
    }

    one!()
}

#[counted(dims(region = "eu", version = const { env!("CARGO_PKG_VERSION") }))]
#[timed(dims(region = "eu", version = const { env!("CARGO_PKG_VERSION") }))]
#[in_flight(dims(region = "eu", version = const { env!("CARGO_PKG_VERSION") }))]
fn constant_dimensions() {}

#[counted(name = "lints.dimensions", dims(region = REGION, name = name, length = name.len()))]
#[timed(dims(region = REGION, name = name, length = name.len()))]
#[in_flight(dims(region = REGION, name = name, length = name.len()))]
fn dimensions(name: &str) -> usize {
    name.len()
}

#[counted(outcome, dims(number = number, length = text.len()))]
fn patterns(
    (number, _): (u32, String),
    (Ok(text) | Err(text)): Result<String, String>,
) -> Result<u32, String> {
    if text.is_empty() {
        Err(text)
    } else {
        Ok(number)
    }
}

#[counted(by = numbers.iter().sum())]
#[timed]
#[in_flight]
fn amount(numbers: &[u64]) -> usize {
    numbers.len()
}

#[counted]
#[timed]
#[in_flight]
#[expect(clippy::needless_pass_by_value)]
fn by_value(name: String) -> usize {
    name.len()
}

#[counted]
#[timed]
#[in_flight]
fn moved(name: String) -> String {
    name
}

#[counted]
#[timed]
#[in_flight]
#[expect(clippy::needless_return)]
fn needless_return() -> u32 {
    return 1;
}

#[counted]
#[timed]
#[in_flight]
#[expect(clippy::let_and_return)]
fn let_and_return() -> u32 {
    let number = one_line(1);
    number
}

#[counted]
#[timed]
#[in_flight]
#[expect(clippy::unused_async)]
async fn needless_async() -> u32 {
    1
}

#[counted]
#[timed]
#[in_flight]
async fn asynchronous(number: u32) -> u32 {
    ready(number).await + 1
}

#[counted]
#[timed]
#[in_flight]
fn future() -> impl Future<Output = u32> {
    ready(1)
}

#[counted]
#[timed]
#[in_flight]
#[counted]
#[expect(unreachable_code)]
fn unreachable() -> u32 {
    resume_unwind(Box::new(()));
    1
}

#[counted]
#[timed]
#[in_flight]
#[expect(unused_variables)]
fn unused_parameter(number: u32) {}

#[counted]
#[timed]
#[in_flight]
#[expect(unused_mut)]
fn unused_mut() -> u32 {
    let mut number = one_line(1);
    number + 1
}

#[counted]
#[timed]
#[in_flight]
#[expect(dead_code)]
fn unused() {}

#[counted]
#[timed]
#[in_flight]
#[expect(clippy::many_single_char_names, clippy::too_many_arguments)]
#[rustfmt::skip]
fn many(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u32) -> u32 {
    a + b + c + d + e + f + g + h
}

#[counted]
#[timed]
#[in_flight]
#[expect(clippy::semicolon_if_nothing_returned)]
fn no_semicolon() {
    empty();
    empty()
}

#[counted]
#[timed]
#[in_flight]
#[expect(clippy::question_mark)]
fn question_mark(number: Option<u32>) -> Option<u32> {
    let Some(number) = number else {
        return None;
    };
    Some(number + 1)
}

#[counted]
#[timed]
#[in_flight]
#[expect(clippy::unnecessary_wraps)]
fn wraps(number: u32) -> Option<u32> {
    Some(number)
}

#[counted]
#[timed]
#[in_flight]
#[must_use]
fn must_use() -> u32 {
    1
}

#[counted]
#[timed]
#[in_flight]
fn never() -> ! {
    resume_unwind(Box::new(()))
}

#[counted]
#[timed]
#[in_flight]
fn generic<T: Display + ?Sized>(value: &T) -> String {
    count!("lints.generic", dims(value = value.to_string()));
    value.to_string()
}

#[counted]
#[timed]
#[in_flight]
fn recursive(number: u32) -> u32 {
    if number == 0 {
        0
    } else {
        recursive(number - 1)
    }
}

/// A function for others.
///
/// # Panics
///
/// Reads.
#[counted]
#[timed]
#[in_flight]
#[expect(clippy::missing_errors_doc)]
pub fn public(number: u32) -> Result<u32, Error> {
    assert!(number > 0, "is zero");
    Ok(number)
}

/// An order.
#[derive(Debug, Default)]
struct Order {
    /// Its number.
    number: u64,
}

impl Order {
    #[counted]
    #[timed]
    #[in_flight]
    fn new(number: u64) -> Self {
        Self { number }
    }

    #[counted(by = self.number, dims(number = self.number))]
    #[timed(dims(number = self.number))]
    #[in_flight(dims(number = self.number))]
    fn number(&self) -> u64 {
        self.number
    }

    #[counted]
    #[timed]
    #[in_flight]
    fn set(&mut self, number: u64) -> &mut Self {
        self.number = number;
        self
    }

    #[counted]
    #[timed]
    #[in_flight]
    #[expect(clippy::unused_self)]
    fn unused_self(&self) {}
}

impl Display for Order {
    #[counted(dims(kind = const { REGION }))]
    #[timed(dims(kind = const { REGION }))]
    #[in_flight(dims(kind = const { REGION }))]
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)
    }
}

/// A number that is copied, and ordered by hand.
#[derive(Copy, Debug, Eq, PartialEq)]
struct Number(u32);

impl Ord for Number {
    #[counted]
    #[timed]
    #[in_flight]
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

#[expect(clippy::expl_impl_clone_on_copy)]
impl Clone for Number {
    #[counted]
    #[timed]
    #[in_flight]
    fn clone(&self) -> Self {
        *self
    }
}

impl PartialOrd for Number {
    #[counted]
    #[timed]
    #[in_flight]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[counted]
#[timed]
#[in_flight]
#[expect(clippy::needless_return)]
fn clone(number: u32) -> u32 {
    return number;
}

#[test]
fn expansions_are_clean() {
    fn run(future: impl Future<Output = u32>) -> u32 {
        let runtime = Builder::new_current_thread().build();
        runtime.unwrap().block_on(future)
    }

    empty();
    one_call();
    one_call_in_braces();
    constant_dimensions();
    assert_eq!(patterns((1, String::new()), Ok("a".to_owned())), Ok(1));
    unused_parameter(1);
    no_semicolon();
    assert_eq!(one_line(1), 2);
    assert_eq!(items_first(), 2);
    assert_eq!(items_last(), 3);
    assert_eq!(macro_first(), 1);
    assert_eq!(dimensions("name"), 4);
    assert_eq!(amount(&[1, 2]), 2);
    assert_eq!(by_value("name".to_owned()), 4);
    assert_eq!(moved("name".to_owned()), "name");
    assert_eq!(needless_return() + let_and_return() + unused_mut(), 6);
    assert_eq!(run(needless_async()), 1);
    assert_eq!(run(asynchronous(1)), 2);
    assert_eq!(run(future()), 1);
    assert!(catch_unwind(unreachable).is_err());
    assert!(catch_unwind(|| never()).is_err());
    assert_eq!(many(1, 1, 1, 1, 1, 1, 1, 1), 8);
    assert_eq!(question_mark(Some(1)), Some(2));
    assert_eq!(wraps(1), Some(1));
    assert_eq!(must_use(), 1);
    assert_eq!(generic("value"), "value");
    assert_eq!(recursive(2), 0);
    assert_eq!(public(1), Ok(1));

    assert!(Clone::clone(&Number(1)) < Number(clone(2)));

    let mut order = Order::new(1);
    order.unused_self();
    assert_eq!(order.set(2).number(), 2);
    assert_eq!(order.to_string(), "2");
    for number in [1, 2] {
        count!("lints.loop", number, dims(number = number), unit = "1");
    }
}
