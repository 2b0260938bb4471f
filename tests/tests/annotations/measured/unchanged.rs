//! A function behaves, and its parameters are dropped, as without annotations.

use std::cell::RefCell;
use std::panic::Location;
use std::task::Poll;

use dt_metrics::testing::capture;
use dt_metrics::{counted, in_flight, measured, timed};

thread_local! {
    static DROPPED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

struct Noted(&'static str);

impl Drop for Noted {
    fn drop(&mut self) {
        DROPPED.with_borrow_mut(|dropped| dropped.push(self.0));
    }
}

macro_rules! both {
    ($(
        $bare:ident $annotated:ident
        ($($parameters:tt)*) -> $output:ty $body:block
        in ($($arguments:expr),*);
    )+) => {
        $(
            fn $bare($($parameters)*) -> $output $body

            #[measured]
            #[counted(name = "both", outcome)]
            fn $annotated($($parameters)*) -> $output $body
        )+

        #[test]
        fn parameters_go_in_their_order() {
            $(
                let _ = $bare($($arguments),*);
                let expected = DROPPED.take();
                let _ = $annotated($($arguments),*);
                assert_eq!(DROPPED.take(), expected, stringify!($bare));
            )+
        }
    };
}

#[allow(
    unused_variables,
    unused_mut,
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps
)]
mod orders {
    use super::*;

    both! {
        simple simple_measured
        (a: Noted, b: Noted, c: Noted) -> Result<(), ()> {
            let d = Noted("d");
            Ok(())
        } in (Noted("a"), Noted("b"), Noted("c"));

        moved moved_measured
        (a: Noted, b: Noted, c: Noted) -> Result<Noted, ()> {
            let d = a;
            drop(b);
            Ok(c)
        } in (Noted("a"), Noted("b"), Noted("c"));

        unnamed unnamed_measured
        (a: Noted, _: Noted, _b: Noted, mut c: Noted) -> Option<()> {
            c.0 = "changed";
            None
        } in (Noted("a"), Noted("_"), Noted("_b"), Noted("c"));

        patterns patterns_measured
        ((a, b): (Noted, Noted), [c, d]: [Noted; 2]) -> Result<u8, Noted> {
            Err(d)
        } in ((Noted("a"), Noted("b")), [Noted("c"), Noted("d")]);

        early early_measured
        (a: Noted, b: Vec<Noted>) -> Result<u8, ()> {
            for noted in b {
                if noted.0 == "b1" {
                    return Err(());
                }
            }
            Ok(1)
        } in (Noted("a"), vec![Noted("b0"), Noted("b1"), Noted("b2")]);
    }
}

struct Place {
    name: String,
    next: Option<Box<Place>>,
}

#[measured]
impl Place {
    fn name_mut(&mut self) -> &mut String {
        &mut self.name
    }

    fn last(&mut self) -> Result<&mut Self, ()> {
        match self.next {
            Some(ref mut next) => next.last(),
            None => Ok(self),
        }
    }

    fn into_name(self: Box<Self>) -> Result<String, Box<Self>> {
        if self.name.is_empty() {
            return Err(self);
        }
        Ok(self.name)
    }

    fn parts(self) -> Option<(String, Option<Box<Self>>)> {
        Some((self.name, self.next))
    }
}

#[test]
fn receivers_of_every_kind() {
    let mut place = Place {
        name: "a".to_owned(),
        next: Some(Box::new(Place {
            name: String::new(),
            next: None,
        })),
    };
    place.name_mut().push('b');
    place.last().unwrap().name.push('c');
    let (name, next) = place.parts().unwrap();
    assert_eq!(
        (name.as_str(), next.unwrap().into_name().ok().as_deref()),
        ("ab", Some("c"))
    );
}

#[track_caller]
#[timed]
#[in_flight]
#[counted]
fn caller() -> &'static Location<'static> {
    Location::caller()
}

#[track_caller]
#[measured]
fn caller_of_plain() -> u32 {
    Location::caller().line()
}

type Line = Result<u32, u32>;

macro_rules! callers {
    ($($function:ident: $type:ty, $value:expr;)+) => {$(
        #[track_caller]
        #[counted(name = "callers", outcome)]
        fn $function(well: bool) -> $type {
            let line = Location::caller().line();
            let value: Result<u32, u32> = if well { Ok(line) } else { Err(line) };
            let made: fn(Result<u32, u32>) -> $type = $value;
            made(value)
        }
    )+};
}

callers! {
    caller_of_result: Result<u32, u32>, |value| value;
    caller_of_alias: Line, |value| value;
    caller_of_poll: Poll<Line>, Poll::Ready;
}

#[track_caller]
#[counted(name = "callers", outcome)]
fn caller_with_question_mark(well: bool) -> Line {
    let line = Location::caller().line();
    let more = if well { Ok(0) } else { Err(line) }?;
    Ok(line + more)
}

#[track_caller]
#[counted(name = "callers", outcome)]
fn caller_without_error(well: bool) -> Option<u32> {
    let line = well.then(|| Location::caller().line())?;
    Some(line)
}

#[test]
fn the_caller_and_the_outcome() {
    let outcome = |end: &str, call: &dyn Fn()| {
        let seen = capture(call);
        let calls = seen.counter("callers");
        assert_eq!(calls.with("outcome", end).value(), 1, "{seen:?}");
    };
    outcome("ok", &|| assert_eq!(caller_of_result(true), Ok(line!())));
    outcome("err", &|| assert_eq!(caller_of_result(false), Err(line!())));
    outcome("ok", &|| assert_eq!(caller_of_alias(true), Ok(line!())));
    outcome("err", &|| assert_eq!(caller_of_alias(false), Err(line!())));
    outcome("err", &|| {
        assert_eq!(caller_of_poll(false), Poll::Ready(Err(line!())));
    });
    outcome("err", &|| {
        assert_eq!(caller_with_question_mark(false), Err(line!()));
    });
    outcome("ok", &|| {
        assert_eq!(caller_with_question_mark(true), Ok(line!()));
    });
    outcome("ok", &|| assert!(caller_without_error(false).is_none()));
}

#[test]
fn the_caller_is_the_caller() {
    assert_eq!(caller().line(), line!());
    assert_eq!(caller_of_plain(), line!());
}

#[measured]
fn compose<A, B, C>(f: impl Fn(A) -> B, g: impl Fn(B) -> C) -> impl Fn(A) -> C {
    move |a| g(f(a))
}

#[measured]
fn first_word() -> impl Fn(&str) -> &str {
    |text| text.split(' ').next().unwrap_or(text)
}

type Length = Box<dyn Fn(&str) -> usize>;

#[measured]
fn handlers() -> Result<Vec<Length>, String> {
    Ok(vec![Box::new(|text| text.len() + 1), Box::new(str::len)])
}

#[measured]
fn numbers(to: u32) -> Result<impl Iterator<Item = u32> + Clone, String> {
    if to == 0 {
        return Err("none".to_owned());
    }
    Ok((0..to).filter(|n| n % 2 == 1))
}

#[measured]
async fn read(
    source: &mut impl Iterator<Item = String>,
) -> Result<u32, Box<dyn std::error::Error>> {
    let line = source.next().ok_or("nothing")?;
    tokio::task::yield_now().await;
    Ok(line.parse()?)
}

#[tokio::test]
async fn types_that_have_to_be_inferred() {
    assert_eq!(compose(|n: u8| n + 1, |n: u8| n.to_string())(1), "2");
    assert_eq!(first_word()("a b"), "a");
    assert_eq!(handlers().unwrap()[0]("abc"), 4);
    assert_eq!(numbers(6).unwrap().clone().sum::<u32>(), 9);
    assert!(numbers(0).is_err());
    let mut lines = ["5".to_owned(), "x".to_owned()].into_iter();
    assert_eq!(read(&mut lines).await.unwrap(), 5);
    assert!(read(&mut lines).await.is_err());
    assert_eq!(read(&mut lines).await.unwrap_err().to_string(), "nothing");
}

#[measured(name = "recursive")]
fn factorial(n: u64) -> Option<u64> {
    if n == 0 {
        return Some(1);
    }
    n.checked_mul(factorial(n - 1)?)
}

#[test]
fn each_call_of_a_recursion_counts() {
    let seen = capture(|| assert_eq!(factorial(5), Some(120)));
    assert_eq!(seen.counter("recursive.calls").value(), 6);
    assert_eq!(seen.up_down_counter("recursive.in_flight").value(), 0);
}
