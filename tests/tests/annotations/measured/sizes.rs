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

/// Values of dimensions that are evaluated on entry, with the parameter.
#[expect(clippy::redundant_async_block, reason = "a future around another one")]
#[measured(dims(size = size_of_val(&future)))]
fn sized<F: Future<Output = u32>>(future: F) -> impl Future<Output = u32> {
    async move { future.await }
}

#[measured(dims(size = size_of_val(&future)))]
async fn sized_later<F: Future<Output = u32>>(future: F) -> u32 {
    future.await
}

#[test]
fn nested_futures_with_dimensions_of_their_parameters() {
    let bare = name(|| nest!(bare_around));
    assert!(name(|| nest!(sized)) <= 50 * bare);
    assert!(name(|| nest!(sized_later)) <= 50 * bare);
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
