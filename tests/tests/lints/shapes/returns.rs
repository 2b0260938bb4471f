// Functions by return type.

use core::convert::Infallible;
use core::error::Error as AnyError;
use core::fmt::{self, Debug, Display, Error};
use core::iter::once;
use core::num::ParseIntError;
use core::ops::ControlFlow;
use core::task::Poll;
use std::io;
use std::panic::resume_unwind;

use super::super::ends::caught;
use super::annotated;

/// An alias of a type with a parameter.
type Parsed<T = u32> = Result<T, ParseIntError>;

/// An alias of a type without.
type Done = Parsed<()>;

#[annotated]
fn unit() {}

#[annotated]
#[expect(clippy::unused_unit)]
fn unit_in_words() -> () {
    nothing();
}

/// Does nothing.
const fn nothing() {}

#[annotated]
fn never() -> ! {
    resume_unwind(Box::new("expected"))
}

#[annotated]
fn never_in_a_loop() -> ! {
    let mut numbers = Vec::new();
    loop {
        numbers.push("");
        if numbers.len() > 3 {
            resume_unwind(Box::new(numbers));
        }
    }
}

#[annotated]
fn result(text: &str) -> Result<u32, ParseIntError> {
    text.parse()
}

#[annotated]
fn alias(text: &str) -> Parsed {
    let number: u32 = text.parse()?;
    Ok(number + 1)
}

#[annotated]
fn alias_of_alias(text: &str) -> Done {
    let _number: u32 = text.parse()?;
    Ok(())
}

#[annotated]
fn of_io(fails: bool) -> io::Result<()> {
    if fails {
        return Err(io::ErrorKind::Other.into());
    }
    Ok(())
}

#[annotated]
fn of_fmt(fails: bool) -> fmt::Result {
    if fails { Err(Error) } else { Ok(()) }
}

#[annotated]
fn boxed_error(text: &str) -> Result<u32, Box<dyn AnyError + Send + Sync>> {
    if text.is_empty() {
        return Err("empty".into());
    }
    Ok(text.parse()?)
}

#[annotated]
#[allow(clippy::unnecessary_wraps, reason = "falls silent with an outcome")]
fn infallible(number: u32) -> Result<u32, Infallible> {
    Ok(number)
}

#[annotated]
fn poll(text: &str) -> Poll<Parsed> {
    if text == "pending" {
        return Poll::Pending;
    }
    Poll::Ready(text.parse())
}

#[annotated]
fn option(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    Some(number)
}

#[annotated]
fn flow(number: u32) -> ControlFlow<u32> {
    if number > 1 {
        ControlFlow::Break(number)?;
    }
    ControlFlow::Continue(())
}

#[annotated]
#[expect(clippy::elidable_lifetime_names)]
fn iterator<'a>(numbers: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    numbers.iter().map(|number| number + 1)
}

#[annotated]
fn captured(numbers: &[u32]) -> impl DoubleEndedIterator<Item = &u32> + use<'_> {
    numbers.iter()
}

#[annotated]
fn closure(add: u32) -> impl Fn(u32) -> u32 {
    move |number| number + add
}

#[annotated]
fn closure_of_any_lifetime() -> impl for<'a> Fn(&'a str) -> &'a str {
    |text| text.trim()
}

#[annotated]
fn closure_over(text: &str) -> impl FnMut(&str) -> bool + '_ {
    move |other| text == other
}

#[annotated]
fn boxed() -> Box<dyn Fn(u32) -> u32> {
    Box::new(|number| number + 1)
}

#[annotated]
fn coerced(number: &u32) -> &dyn Debug {
    number
}

#[annotated]
fn boxed_iterator<'a>(text: &'a str) -> Box<dyn Iterator<Item = char> + 'a> {
    if text.is_empty() {
        Box::new(once('a'))
    } else {
        Box::new(text.chars())
    }
}

#[annotated]
fn slice() -> &'static [u32] {
    &[1, 2]
}

#[annotated]
fn pointer() -> fn(&str) -> usize {
    |text| text.len()
}

#[annotated]
fn opaque_result(text: &str) -> Result<impl Display + use<>, ParseIntError> {
    let number: u32 = text.parse()?;
    Ok(number)
}

#[annotated]
fn opaque_in_alias(text: &str) -> Parsed<impl Display + use<>> {
    let number: u32 = text.parse()?;
    Ok(number)
}

#[annotated]
fn nested(text: &str) -> Option<Result<Vec<u32>, ParseIntError>> {
    if text.is_empty() {
        return None;
    }
    Some(text.split(',').map(str::parse).collect())
}

#[annotated]
fn tuple() -> (u32, &'static str) {
    (1, "a")
}

#[test]
#[allow(clippy::default_numeric_fallback, clippy::too_many_lines, reason = "a table")]
fn each_is_recorded_once() {
    let check = |function: &str, ends: &[&str], run: &mut dyn FnMut()| {
        super::RECORDS.check(module_path!(), function, ends, run);
    };
    check("unit", &["ok"], &mut || unit());
    check("unit_in_words", &["ok"], &mut || unit_in_words());
    check("never", &["panic"], &mut || drop(caught(|| never())));
    check("never_in_a_loop", &["panic"], &mut || drop(caught(|| never_in_a_loop())));
    check("result", &["ok", "err"], &mut || {
        assert_eq!(result("1"), Ok(1));
        assert!(result("a").is_err());
    });
    check("alias", &["ok", "err"], &mut || {
        assert_eq!(alias("1"), Ok(2));
        assert!(alias("a").is_err());
    });
    check("alias_of_alias", &["ok", "err"], &mut || {
        assert_eq!(alias_of_alias("1"), Ok(()));
        assert!(alias_of_alias("a").is_err());
    });
    check("of_io", &["ok", "err"], &mut || {
        assert!(of_io(false).is_ok());
        assert!(of_io(true).is_err());
    });
    check("of_fmt", &["ok", "err"], &mut || {
        assert_eq!(of_fmt(false), Ok(()));
        assert_eq!(of_fmt(true), Err(Error));
    });
    check("boxed_error", &["ok", "err", "err"], &mut || {
        assert!(boxed_error("1").is_ok());
        assert!(boxed_error("").is_err());
        assert!(boxed_error("a").is_err());
    });
    check("infallible", &["ok"], &mut || assert_eq!(infallible(1), Ok(1)));
    check("poll", &["ok", "ok", "err"], &mut || {
        assert_eq!(poll("1"), Poll::Ready(Ok(1)));
        assert_eq!(poll("pending"), Poll::Pending);
        assert!(matches!(poll("a"), Poll::Ready(Err(_))));
    });
    check("option", &["ok"; 2], &mut || {
        assert_eq!(option("1"), Some(1));
        assert_eq!(option("a"), None);
    });
    check("flow", &["ok"; 2], &mut || {
        assert_eq!(flow(1), ControlFlow::Continue(()));
        assert_eq!(flow(2), ControlFlow::Break(2));
    });
    check("iterator", &["ok"], &mut || assert!(iterator(&[1, 2]).eq([2, 3])));
    check("captured", &["ok"], &mut || assert!(captured(&[1, 2]).rev().eq(&[2, 1])));
    check("closure", &["ok"], &mut || assert_eq!(closure(1)(2), 3));
    check("closure_of_any_lifetime", &["ok"], &mut || {
        assert_eq!(closure_of_any_lifetime()(" a "), "a");
    });
    check("closure_over", &["ok"], &mut || assert!(closure_over("a")("a")));
    check("boxed", &["ok"], &mut || assert_eq!(boxed()(1), 2));
    check("coerced", &["ok"], &mut || assert_eq!(format!("{:?}", coerced(&1)), "1"));
    check("boxed_iterator", &["ok"; 2], &mut || {
        assert_eq!(boxed_iterator("b").count() + boxed_iterator("").count(), 2);
    });
    check("slice", &["ok"], &mut || assert_eq!(slice(), [1, 2]));
    check("pointer", &["ok"], &mut || assert_eq!(pointer()("a"), 1));
    check("opaque_result", &["ok", "err"], &mut || {
        assert!(opaque_result("1").is_ok_and(|number| number.to_string() == "1"));
        assert!(opaque_result("a").is_err());
    });
    check("opaque_in_alias", &["ok", "err"], &mut || {
        assert!(opaque_in_alias("1").is_ok_and(|number| number.to_string() == "1"));
        assert!(opaque_in_alias("a").is_err());
    });
    check("nested", &["ok", "ok", "err"], &mut || {
        assert_eq!(nested(""), None);
        assert_eq!(nested("1,2"), Some(Ok(vec![1, 2])));
        assert!(nested("a").is_some_and(|parsed| parsed.is_err()));
    });
    check("tuple", &["ok"], &mut || assert_eq!(tuple(), (1, "a")));
}
