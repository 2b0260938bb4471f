//! The outcome is derived from the type, under any name.

use std::task::Poll;

use dt_metrics::testing::capture;
use dt_metrics::{counted, recorded, timed};

type Renamed<T> = Result<T, String>;
type Twice<T> = Option<Option<Renamed<T>>>;
use std::io::Result as Io;

mod other {
    /// No `Result` but in name.
    #[derive(Debug, PartialEq)]
    pub enum Result {
        Err,
    }
}

macro_rules! returning {
    ($($function:ident: $type:ty;)+) => {$(
        #[counted(name = "returns", outcome)]
        fn $function(value: $type) -> $type {
            value
        }
    )+};
}

returning! {
    plain: Result<u8, ()>;
    renamed: Renamed<u8>;
    io: Io<u8>;
    format: std::fmt::Result;
    poll: Poll<Result<u8, ()>>;
    poll_option: Poll<Option<Result<u8, ()>>>;
    option: Option<Result<u8, ()>>;
    nested: Result<Result<u8, ()>, String>;
    inside: Result<Option<u8>, ()>;
    boxed: Result<Box<dyn Fn()>, Box<dyn std::error::Error>>;
    poll_nested: Poll<Result<Result<u8, ()>, String>>;
    poll_aliases: Poll<Option<Renamed<Io<u8>>>>;
    result_option: Result<Option<Result<u8, ()>>, String>;
    result_poll: Renamed<Poll<Result<u8, ()>>>;
    option_poll: Option<Poll<Result<u8, ()>>>;
    option_option: Twice<u8>;
    three_results: Result<Result<Result<u8, u8>, ()>, String>;
    three_layers: Result<Option<Poll<u8>>, ()>;
    other_result: other::Result;
    number: u8;
    text: Option<&'static str>;
}

#[counted(name = "returns", outcome)]
fn generic<T>(value: T) -> T {
    value
}

#[counted(name = "returns", outcome)]
fn generic_result<T, E>(value: Result<T, E>) -> Result<T, E> {
    value
}

trait Make {
    type Made;
    fn make(self) -> Self::Made;
}

impl Make for u8 {
    type Made = Result<u8, ()>;

    #[counted(name = "returns", outcome)]
    fn make(self) -> Self::Made {
        Err(())
    }
}

#[counted(name = "returns", outcome)]
fn made<M: Make>(make: M) -> M::Made {
    make.make()
}

#[counted(name = "returns", outcome = result)]
fn early(n: u8) -> Io<u8> {
    if n == 0 {
        return Err(std::io::Error::other("none"));
    }
    let text = if n == 1 { "one" } else { "2" };
    let number = text.parse::<u8>().map_err(std::io::Error::other)?;
    Ok(number)
}

/// Uses a value.
fn done<T>(_: T) {}

fn outcome(f: impl FnOnce()) -> &'static str {
    let seen = capture(f);
    let calls = seen.counter("returns");
    assert_eq!(calls.value(), 1, "{seen:?}");
    let is = |end: &&&str| calls.clone().with("outcome", **end).value() == 1;
    ["ok", "err"].iter().find(is).expect("an outcome")
}

#[test]
fn forms_of_result() {
    assert_eq!(outcome(|| done(plain(Ok(1)))), "ok");
    assert_eq!(outcome(|| done(plain(Err(())))), "err");
    assert_eq!(outcome(|| done(renamed(Err(String::new())))), "err");
    assert_eq!(outcome(|| done(io(Err(std::io::Error::other("a"))))), "err");
    assert_eq!(outcome(|| done(format(Err(std::fmt::Error)))), "err");
    assert_eq!(outcome(|| done(poll(Poll::Pending))), "ok");
    assert_eq!(outcome(|| done(poll(Poll::Ready(Err(()))))), "err");
    assert_eq!(outcome(|| done(poll_option(Poll::Ready(None)))), "ok");
    assert_eq!(
        outcome(|| done(poll_option(Poll::Ready(Some(Err(())))))),
        "err"
    );
    assert_eq!(outcome(|| done(option(None))), "ok");
    assert_eq!(outcome(|| done(option(Some(Err(()))))), "err");
    assert_eq!(outcome(|| done(nested(Ok(Ok(1))))), "ok");
    assert_eq!(outcome(|| done(nested(Ok(Err(()))))), "err");
    assert_eq!(outcome(|| done(nested(Err(String::new())))), "err");
    assert_eq!(outcome(|| done(inside(Ok(None)))), "ok");
    assert_eq!(outcome(|| done(boxed(Err("a".into())))), "err");
}

#[test]
fn a_result_within_other_types() {
    assert_eq!(outcome(|| done(poll_nested(Poll::Pending))), "ok");
    assert_eq!(outcome(|| done(poll_nested(Poll::Ready(Ok(Ok(1)))))), "ok");
    assert_eq!(
        outcome(|| done(poll_nested(Poll::Ready(Ok(Err(())))))),
        "err"
    );
    assert_eq!(
        outcome(|| done(poll_nested(Poll::Ready(Err(String::new()))))),
        "err"
    );
    let inside = || Err(std::io::Error::other("a"));
    assert_eq!(
        outcome(|| done(poll_aliases(Poll::Ready(Some(Ok(inside())))))),
        "err"
    );
    assert_eq!(outcome(|| done(poll_aliases(Poll::Ready(None)))), "ok");
    assert_eq!(outcome(|| done(result_option(Ok(None)))), "ok");
    assert_eq!(outcome(|| done(result_option(Ok(Some(Err(())))))), "err");
    assert_eq!(outcome(|| done(result_option(Err(String::new())))), "err");
    assert_eq!(outcome(|| done(result_poll(Ok(Poll::Pending)))), "ok");
    assert_eq!(
        outcome(|| done(result_poll(Ok(Poll::Ready(Err(())))))),
        "err"
    );
    assert_eq!(outcome(|| done(option_poll(None))), "ok");
    assert_eq!(
        outcome(|| done(option_poll(Some(Poll::Ready(Err(())))))),
        "err"
    );
    assert_eq!(outcome(|| done(option_option(Some(None)))), "ok");
    assert_eq!(
        outcome(|| done(option_option(Some(Some(Err(String::new())))))),
        "err"
    );
    assert_eq!(outcome(|| done(three_results(Ok(Ok(Ok(1)))))), "ok");
    assert_eq!(outcome(|| done(three_results(Ok(Ok(Err(1)))))), "err");
    assert_eq!(outcome(|| done(three_results(Ok(Err(()))))), "err");
    assert_eq!(outcome(|| done(three_layers(Ok(None)))), "ok");
    assert_eq!(outcome(|| done(three_layers(Err(())))), "err");
    assert_eq!(outcome(|| done(required(true))), "ok");
    assert_eq!(outcome(|| done(required(false))), "err");
    assert_eq!(outcome(|| done(required_in_three(None))), "ok");
    assert_eq!(
        outcome(|| done(required_in_three(Some(Some(Poll::Ready(Err(()))))))),
        "err"
    );
}

#[counted(name = "returns", outcome = result)]
fn required(well: bool) -> Poll<Result<Result<u8, ()>, String>> {
    Poll::Ready(Ok(if well { Ok(1) } else { Err(()) }))
}

/// A `Result` behind three layers.
type Deep = Option<Option<Poll<Result<u8, ()>>>>;

#[counted(name = "returns", outcome = result)]
fn required_in_three(value: Deep) -> Deep {
    value
}

#[test]
fn values_other_than_results_are_ok() {
    assert_eq!(outcome(|| done(other_result(other::Result::Err))), "ok");
    assert_eq!(outcome(|| assert_eq!(number(1), 1)), "ok");
    assert_eq!(outcome(|| assert_eq!(text(None), None)), "ok");
    assert_eq!(outcome(|| done(generic(Err::<u8, u8>(1)))), "ok");
    assert_eq!(outcome(|| done(generic_result(Err::<u8, u8>(1)))), "err");
    assert_eq!(outcome(|| done(1_u8.make())), "err");
}

#[test]
fn an_associated_type_of_a_parameter_is_ok() {
    let seen = capture(|| done(made(1_u8)));
    assert_eq!(
        seen.counter("returns").with("outcome", "ok").value(),
        1,
        "{seen:?}"
    );
    assert_eq!(
        seen.counter("returns").with("outcome", "err").value(),
        1,
        "{seen:?}"
    );
}

#[test]
fn every_way_out() {
    assert_eq!(outcome(|| done(early(0))), "err");
    assert_eq!(outcome(|| done(early(1))), "err");
    assert_eq!(outcome(|| done(early(2))), "ok");
}

#[counted(name = "only.err", when = err)]
#[timed(name = "only.ok", when = ok, outcome, dims(n = n))]
#[recorded(name = "only.value", value = ret.unwrap_or(0), when = ok)]
fn only(n: u8) -> Result<u8, ()> {
    n.checked_sub(1).ok_or(())
}

#[test]
fn only_matching_ones() {
    let seen = capture(|| {
        for n in [0, 0, 3] {
            let _ = only(n);
        }
    });
    assert_eq!(seen.counter("only.err").value(), 2);
    let ok = seen.histogram("only.ok");
    assert_eq!(ok.with("outcome", "ok").with("n", 3).count(), 1, "{seen:?}");
    assert_eq!(seen.histogram("only.value").values(), [2.0]);
}
