//! The size that an annotation adds to a future, which stays `Send`.

use std::future::Future;

use dt_metrics::{counted, in_flight, measured, recorded, timed};

macro_rules! variants {
    ($($name:ident: [$($attribute:tt)*];)+) => {$(
        $($attribute)*
        async fn $name(bytes: [u8; 64]) -> Result<u8, ()> {
            tokio::task::yield_now().await;
            Ok(bytes[0])
        }
    )+};
}

variants! {
    bare: [];
    counts: [#[counted]];
    times: [#[timed]];
    flies: [#[in_flight]];
    tells: [#[counted(outcome)]];
    measures: [#[measured]];
}

fn size<F: Future + Send>(future: &F) -> usize {
    size_of_val(future)
}

/// The documentation of the annotations contains this figure.
#[test]
fn sizes() {
    let bare = size(&bare([0; 64]));
    let more = |future: usize| future - bare;
    let sizes = [
        more(size(&counts([0; 64]))),
        more(size(&times([0; 64]))),
        more(size(&flies([0; 64]))),
        more(size(&tells([0; 64]))),
        more(size(&measures([0; 64]))),
    ];
    // The parameters are there once.
    assert!(sizes.iter().all(|more| *more <= 16), "{sizes:?}");
    assert_eq!((sizes[0], sizes[2]), (0, 0), "{sizes:?}");
}

macro_rules! nest {
    ($w:ident) => {
        $w($w($w($w($w($w($w($w($w($w($w($w(async { 1_u32 }))))))))))))
    };
}

macro_rules! nested {
    ($($name:ident: [$($attribute:tt)*];)+) => {$(
        $($attribute)*
        async fn $name<F: Future>(future: F) -> F::Output {
            future.await
        }
    )+};
}

nested! {
    bare_around: [];
    measured_around: [#[measured]];
    told_around: [#[counted(outcome)] #[timed]];
    timed_first_around: [#[timed] #[counted(outcome)]];
    outcomes_around: [#[counted(outcome)]];
}

/// The length of the name of a type, which is part of the names of the functions of that type. The future is
/// not made: in a debug build, it might not fit on the stack.
fn name<F>(_: impl FnOnce() -> F) -> usize {
    std::any::type_name::<F>().len()
}

/// A future of a generic function names the future around which it is once: named twice, the name of
/// twelve would be 4,096 times as long.
#[test]
fn names_of_nested_futures_grow_with_their_depth() {
    let bare = name(|| nest!(bare_around));
    let names = [
        name(|| nest!(measured_around)),
        name(|| nest!(told_around)),
        name(|| nest!(timed_first_around)),
    ];
    assert!(
        names.iter().all(|name| *name <= 6 * bare),
        "{bare}: {names:?}"
    );
}

/// Generic functions with each kind of argument, in a module of async functions and in one of functions that
/// return `impl Future`.
macro_rules! forms {
    ($($name:ident: [$($attribute:tt)*];)+) => {
        mod asynchronous {
            use super::*;

            $($($attribute)*
            pub(super) async fn $name<F: Future<Output = u32>>(future: F) -> u32 {
                future.await
            })+

            pub(super) fn names() -> Vec<(&'static str, usize)> {
                vec![$((stringify!($name), name(|| nest!($name)))),+]
            }
        }

        #[expect(clippy::redundant_async_block, reason = "a future around another one")]
        mod returned {
            use super::*;

            $($($attribute)*
            pub(super) fn $name<F: Future<Output = u32>>(future: F) -> impl Future<Output = u32> {
                async move { future.await }
            })+

            pub(super) fn names() -> Vec<(&'static str, usize)> {
                vec![$((stringify!($name), name(|| nest!($name)))),+]
            }
        }
    };
}

forms! {
    all: [#[measured]];
    by: [#[counted(by = REGION.len())]];
    when: [#[counted(when = ok)]];
    judged: [#[measured(err_if = *ret > 5)]];
    judged_by_macro: [#[counted(err_if = matches!(ret, 6..))]];
    returned_dims: [#[measured(ret_dims(even = *ret % 2 == 0))]];
    entered_value: [#[recorded(name = "nested.entered", value = REGION.len())]];
    returned_value: [#[recorded(name = "nested.returned", value = *ret)]];
    without_duration: [#[measured(duration = false)]];
    without_in_flight: [#[measured(in_flight = false)]];
    timed_dims: [#[timed(dims(region = REGION.len()))]];
    counted_dims: [#[counted(dims(region = REGION.len()))]];
    told: [#[counted(outcome)] #[timed]];
    several: [
        #[counted(err_if = *ret > 5)]
        #[timed(ret_dims(even = *ret % 2 == 0))]
        #[in_flight(dims(region = "eu"))]
    ];
}

static REGION: &str = "eu";

/// The names of twelve futures in each other: that of a level is added to the name of the next one. If a
/// type named the future twice, the name would be 4,096 times as long.
#[test]
fn no_argument_makes_names_of_nested_futures_grow_exponentially() {
    let bare = name(|| nest!(bare_around));
    let names = asynchronous::names();
    let names = names.into_iter().chain(returned::names());
    let longer: Vec<_> = names.filter(|(_, name)| *name > 50 * bare).collect();
    assert!(longer.is_empty(), "{bare}: {longer:?}");
}

/// Arguments that read the parameters, on entry or on return, on functions that return a future of any kind.
#[expect(clippy::redundant_async_block, reason = "a future around another one")]
mod of_parameters {
    use super::*;

    #[measured(dims(size = size_of_val(&future)))]
    pub(super) fn sized<F: Future<Output = u32>>(future: F) -> impl Future<Output = u32> {
        async move { future.await }
    }

    #[measured(dims(size = size_of_val(&future)))]
    pub(super) async fn sized_later<F: Future>(future: F) -> F::Output {
        future.await
    }

    #[counted(outcome, by = size_of_val(&future))]
    pub(super) async fn summed<F: Future<Output = u32>>(future: F) -> u32 {
        if false {
            return 0;
        }
        future.await
    }

    #[recorded(name = "nested.size", value = size_of_val(&future), outcome)]
    pub(super) async fn recorded_later<F: Future<Output = u32>>(future: F) -> u32 {
        future.await
    }

    #[counted(outcome, dims(size = size_of_val(&future)))]
    #[timed(outcome, dims(region = REGION.len()))]
    #[in_flight]
    pub(super) async fn stacked<F: Future<Output = u32>>(future: F) -> u32 {
        future.await
    }

    #[measured(err_if = *ret > limit)]
    pub(super) async fn limited_later<F: Future<Output = u32>>(future: F, limit: u32) -> u32 {
        future.await
    }

    #[measured(dims(limit = limit), ret_dims(over = *ret > limit))]
    pub(super) async fn limited_twice<F: Future<Output = u32>>(future: F, limit: u32) -> u32 {
        future.await
    }

    #[recorded(name = "nested.rest", value = i64::from(limit) - i64::from(*ret))]
    pub(super) fn limited<F: Future<Output = u32>>(
        future: F,
        limit: u32,
    ) -> impl Future<Output = u32> {
        async move { future.await }
    }
}

/// The size of a future, which is not made.
fn size_of_made<F>(_: impl FnOnce() -> F) -> usize {
    size_of::<F>()
}

/// [`nest`] for functions with a limit.
macro_rules! nest_limited {
    ($w:path) => {
        $w(
            $w(
                $w(
                    $w(
                        $w(
                            $w($w($w($w($w($w($w(async { 1_u32 }, 5), 5), 5), 5), 5), 5), 5),
                            5,
                        ),
                        5,
                    ),
                    5,
                ),
                5,
            ),
            5,
        )
    };
}

#[test]
fn expressions_that_read_parameters_keep_them_once_and_names_short() {
    use of_parameters::{limited, limited_later, limited_twice, recorded_later};
    use of_parameters::{sized, sized_later, stacked, summed};

    macro_rules! measure {
        ($nest:ident: $($name:ident)+) => {
            [$((stringify!($name), name(|| $nest!($name)), size_of_made(|| $nest!($name)))),+]
        };
    }
    let bare = size(&nest!(bare_around));
    let bare_name = name(|| nest!(bare_around));
    let seen = measure!(nest: sized sized_later summed recorded_later stacked);
    let limited = measure!(nest_limited: limited limited_later limited_twice);
    let seen: Vec<_> = seen.into_iter().chain(limited).collect();
    // A level keeps some values and doubles them. Three copies of the parameter would be over a thousand times
    // as large.
    let wrong: Vec<_> = seen
        .iter()
        .filter(|(_, name, size)| *name > 50 * bare_name || *size > 80 * bare)
        .collect();
    assert!(wrong.is_empty(), "{bare_name}, {bare}: {wrong:?}");
}

/// Without annotation, a future is twice as large as the one around which it is. The next level
/// doubles the size that a level adds, so that each byte counts.
#[test]
fn a_level_of_nested_futures_adds_few_bytes() {
    let bare = size(&nest!(bare_around));
    let sizes = [
        size(&nest!(measured_around)),
        size(&nest!(told_around)),
        size(&nest!(timed_first_around)),
    ];
    assert!(
        sizes.iter().all(|size| *size <= 7 * bare),
        "{bare}: {sizes:?}"
    );
    assert!(size(&nest!(outcomes_around)) <= 2 * bare);
}

/// The compiler keeps a parameter that is awaited twice: as the parameter, and while it is awaited.
/// Annotations do not keep it once more, however many there are.
#[test]
fn nested_futures_are_there_as_often_as_without_annotations() {
    async fn leaf() -> [u8; 1024] {
        let bytes = [1; 1024];
        tokio::task::yield_now().await;
        bytes
    }
    let bare = size(&bare_around(bare_around(bare_around(leaf()))));
    let sizes = [
        size(&measured_around(measured_around(measured_around(leaf())))),
        size(&told_around(told_around(told_around(leaf())))),
        size(&timed_first_around(timed_first_around(timed_first_around(
            leaf(),
        )))),
    ];
    assert!(
        sizes.iter().all(|size| *size <= bare + 8 * 100),
        "{bare}: {sizes:?}"
    );
}
