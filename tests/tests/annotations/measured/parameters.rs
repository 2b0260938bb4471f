//! Parameters live as long as in the same functions without annotations, and are dropped in the
//! same order: each function is there without an annotation and with several.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use dt_metrics::testing::capture;
use dt_metrics::{counted, in_flight, measured, recorded, timed};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

thread_local! {
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn see(event: impl Into<String>) {
    SEEN.with_borrow_mut(|seen| seen.push(event.into()));
}

/// Reports when it is dropped.
pub struct Noted(&'static str);

impl Drop for Noted {
    fn drop(&mut self) {
        see(self.0);
    }
}

pub struct Job {
    name: Noted,
    number: u32,
    #[expect(dead_code, reason = "dropped")]
    rest: Noted,
}

pub struct Wrapped(Noted, Noted);

const fn job() -> Job {
    Job {
        name: Noted("name"),
        number: 1,
        rest: Noted("rest"),
    }
}

/// Ready at the second poll.
async fn pause() {
    see("pause");
    let mut polled = false;
    poll_fn(|_| {
        if std::mem::replace(&mut polled, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    see("resume");
}

type Running = Pin<Box<dyn Future<Output = ()>>>;

/// A future of a function with any return type.
fn running<T: 'static>(future: impl Future<Output = T> + 'static) -> Running {
    Box::pin(async move {
        let _ = future.await;
        see("over");
    })
}

macro_rules! shape {
    (#[$annotation:meta] $pattern:pat) => {
        #[$annotation]
        pub async fn pattern_of_a_macro($pattern: (Noted, Noted), _: Noted) -> Result<u32, ()> {
            super::pause().await;
            Ok(0)
        }
    };
}

macro_rules! shapes {
    ($module:ident: #[$annotation:meta]) => {
        #[allow(
            unused_variables,
            unused_mut,
            clippy::needless_pass_by_value,
            clippy::toplevel_ref_arg,
            clippy::unnecessary_wraps,
            clippy::unused_self,
            clippy::collection_is_never_read
        )]
        mod $module {
            use super::*;

            struct Own(Noted);

            impl Own {
                #[$annotation]
                async fn self_unnamed(self, b: Noted) -> Result<u32, ()> {
                    pause().await;
                    Ok(1)
                }

                #[$annotation]
                async fn self_named(mut self, (_, b): (Noted, Noted)) -> Result<u32, ()> {
                    self.0 = Noted("changed");
                    pause().await;
                    see(self.0.0);
                    Ok(1)
                }

                #[$annotation]
                async fn self_boxed(self: Box<Self>, _b: Noted) -> Result<u32, ()> {
                    pause().await;
                    Ok(1)
                }

                #[$annotation]
                fn self_changed_at_once(
                    mut self,
                    (_, b): (Noted, Noted),
                    c: Noted,
                ) -> Result<u32, ()> {
                    self.0 = Noted("changed");
                    if self.0.0.is_empty() {
                        drop(c);
                        return Err(());
                    }
                    Ok(1)
                }

                #[$annotation]
                fn self_at_once(self, (_, b): (Noted, Noted)) -> Result<u32, ()> {
                    see(self.0.0);
                    Ok(1)
                }
            }

            #[$annotation]
            async fn named(a: Noted, _b: Noted, mut c: Noted, _: Noted) -> Result<u32, ()> {
                pause().await;
                Ok(1)
            }

            #[$annotation]
            async fn fields(a: Noted, Job { number, .. }: Job, b: Noted) -> Result<u32, ()> {
                pause().await;
                Ok(number)
            }

            #[$annotation]
            async fn moved(
                a: Noted,
                Job { name, .. }: Job,
                (b, _): (Noted, Noted),
            ) -> Result<u32, ()> {
                drop(name);
                pause().await;
                drop(b);
                Ok(1)
            }

            #[$annotation]
            async fn parts(
                [_, b]: [Noted; 2],
                (c, ..): (Noted, Noted, Noted),
                Wrapped(_, d): Wrapped,
                (): (),
            ) -> Result<u32, ()> {
                pause().await;
                Err(())
            }

            #[$annotation]
            async fn nothing_bound(
                Job { .. }: Job,
                (_, _): (Noted, Noted),
                [..]: [Noted; 1],
            ) -> Result<u32, ()> {
                pause().await;
                Ok(1)
            }

            #[$annotation]
            async fn by_reference(
                ref a: Noted,
                Job {
                    ref name,
                    ref mut number,
                    ..
                }: Job,
                ref mut b: Noted,
                ref whole @ Wrapped(ref c, _): Wrapped,
            ) -> Result<u32, ()> {
                *number += 1;
                see(a.0);
                pause().await;
                see(name.0);
                b.0 = "changed";
                see(whole.1.0);
                Ok(*number)
            }

            #[$annotation]
            async fn mutable_parts(
                (mut a, _): (Noted, Noted),
                Wrapped(b, mut c): Wrapped,
            ) -> Result<u32, ()> {
                a.0 = "changed";
                pause().await;
                c.0 = "changed too";
                Ok(1)
            }

            #[$annotation]
            async fn configured(
                #[cfg(any())] _: Noted,
                #[cfg(all())] (a, _): (Noted, Noted),
                #[cfg(all())] _: Noted,
                #[cfg(any())] (b, _): (Noted, Noted),
            ) -> Result<u32, ()> {
                pause().await;
                Ok(1)
            }

            #[$annotation]
            async fn opaque(_: impl Sized, (a, _): (impl Sized, impl Sized)) -> Result<u32, ()> {
                pause().await;
                Ok(1)
            }

            #[$annotation]
            async fn panics(
                (a, _): (Noted, Noted),
                b: Noted,
                Job { number, .. }: Job,
            ) -> Result<u32, ()> {
                pause().await;
                panic_any(number)
            }

            #[$annotation]
            async fn never((a, _): (Noted, Noted), _: Noted) -> Result<u32, ()> {
                pause().await;
                std::future::pending().await
            }

            #[$annotation]
            fn returns_future(
                (a, _): (Noted, Noted),
                b: Noted,
                _: Noted,
            ) -> impl Future<Output = Result<u32, ()>> {
                see("called");
                async move {
                    let b = b;
                    pause().await;
                    Ok(1)
                }
            }

            #[$annotation]
            fn boxed(
                (_, a): (Noted, Noted),
                ref b: Noted,
                _: Noted,
            ) -> Pin<Box<dyn Future<Output = Result<u32, ()>>>> {
                see(b.0);
                Box::pin(async move {
                    let a = a;
                    pause().await;
                    Ok(1)
                })
            }

            shape!(
                #[$annotation]
                (a, _)
            );
            mod swapped {
                use super::*;
                shape!(
                    #[$annotation]
                    (_, a)
                );
            }

            trait Served {
                async fn serve(self, both: (Noted, Noted)) -> Result<u32, ()>;

                #[$annotation]
                async fn provided(self, _: Noted, (_, b): (Noted, Noted)) -> Result<u32, ()>
                where
                    Self: Sized,
                {
                    pause().await;
                    Ok(1)
                }
            }

            impl Served for Noted {
                #[$annotation]
                async fn serve(self, (_, a): (Noted, Noted)) -> Result<u32, ()> {
                    pause().await;
                    Ok(1)
                }
            }

            #[$annotation]
            fn at_once(a: Noted, (_, b): (Noted, Noted)) -> Result<u32, ()> {
                let c = Noted("local");
                Ok(1)
            }

            #[$annotation]
            fn fields_at_once(
                Job { name, .. }: Job,
                a: Noted,
                Job { number, .. }: Job,
            ) -> Result<u32, ()> {
                Ok(number)
            }

            #[$annotation]
            fn references_at_once(
                a: Noted,
                ref b: Noted,
                Wrapped(ref mut c, _): Wrapped,
            ) -> Result<u32, ()> {
                see(b.0);
                c.0 = "changed";
                Err(())
            }

            #[$annotation]
            fn moved_at_once(
                _: Noted,
                Job { name, .. }: Job,
                [a, _]: [Noted; 2],
            ) -> Result<u32, ()> {
                drop(name);
                Ok(1)
            }

            fn at_once_as_future(call: impl FnOnce() -> Result<u32, ()> + 'static) -> Running {
                running(async move { call() })
            }

            /// The calls, by name.
            pub fn calls() -> Vec<(&'static str, fn() -> Running)> {
                vec![
                    ("self_unnamed", || {
                        running(Own(Noted("self")).self_unnamed(Noted("b")))
                    }),
                    ("self_named", || {
                        running(Own(Noted("self")).self_named((Noted("_"), Noted("b"))))
                    }),
                    ("self_boxed", || {
                        running(Box::new(Own(Noted("self"))).self_boxed(Noted("b")))
                    }),
                    ("self_changed_at_once", || {
                        at_once_as_future(|| {
                            Own(Noted("self"))
                                .self_changed_at_once((Noted("_"), Noted("b")), Noted("c"))
                        })
                    }),
                    ("self_at_once", || {
                        at_once_as_future(|| {
                            Own(Noted("self")).self_at_once((Noted("_"), Noted("b")))
                        })
                    }),
                    ("named", || {
                        running(named(Noted("a"), Noted("b"), Noted("c"), Noted("_")))
                    }),
                    ("fields", || running(fields(Noted("a"), job(), Noted("b")))),
                    ("moved", || {
                        running(moved(Noted("a"), job(), (Noted("b"), Noted("_"))))
                    }),
                    ("parts", || {
                        running(parts(
                            [Noted("_0"), Noted("b")],
                            (Noted("c"), Noted(".."), Noted("...")),
                            Wrapped(Noted("_1"), Noted("d")),
                            (),
                        ))
                    }),
                    ("nothing_bound", || {
                        running(nothing_bound(
                            job(),
                            (Noted("_0"), Noted("_1")),
                            [Noted("..")],
                        ))
                    }),
                    ("by_reference", || {
                        running(by_reference(
                            Noted("a"),
                            job(),
                            Noted("b"),
                            Wrapped(Noted("c"), Noted("_")),
                        ))
                    }),
                    ("mutable_parts", || {
                        running(mutable_parts(
                            (Noted("a"), Noted("_")),
                            Wrapped(Noted("b"), Noted("c")),
                        ))
                    }),
                    ("configured", || {
                        running(configured((Noted("a"), Noted("_0")), Noted("_1")))
                    }),
                    ("opaque", || {
                        running(opaque(Noted("_0"), (Noted("a"), Noted("_1"))))
                    }),
                    ("panics", || {
                        running(panics((Noted("a"), Noted("_")), Noted("b"), job()))
                    }),
                    ("never", || {
                        running(never((Noted("a"), Noted("_0")), Noted("_1")))
                    }),
                    ("returns_future", || {
                        running(returns_future(
                            (Noted("a"), Noted("_0")),
                            Noted("b"),
                            Noted("_1"),
                        ))
                    }),
                    ("boxed", || {
                        running(boxed((Noted("_0"), Noted("a")), Noted("b"), Noted("_1")))
                    }),
                    ("pattern_of_a_macro", || {
                        running(pattern_of_a_macro((Noted("a"), Noted("b")), Noted("_")))
                    }),
                    ("swapped", || {
                        running(swapped::pattern_of_a_macro(
                            (Noted("a"), Noted("b")),
                            Noted("_"),
                        ))
                    }),
                    ("serve", || {
                        running(Noted("self").serve((Noted("_"), Noted("a"))))
                    }),
                    ("provided", || {
                        running(Noted("self").provided(Noted("_0"), (Noted("_1"), Noted("b"))))
                    }),
                    ("at_once", || {
                        at_once_as_future(|| at_once(Noted("a"), (Noted("_"), Noted("b"))))
                    }),
                    ("fields_at_once", || {
                        at_once_as_future(|| fields_at_once(job(), Noted("a"), job()))
                    }),
                    ("references_at_once", || {
                        at_once_as_future(|| {
                            references_at_once(
                                Noted("a"),
                                Noted("b"),
                                Wrapped(Noted("c"), Noted("_")),
                            )
                        })
                    }),
                    ("moved_at_once", || {
                        at_once_as_future(|| {
                            moved_at_once(Noted("_0"), job(), [Noted("a"), Noted("_1")])
                        })
                    }),
                ]
            }
        }
    };
}

shapes!(bare: #[allow(unused)]);
shapes!(measures: #[measured]);
shapes!(times: #[timed]);
shapes!(flies: #[in_flight]);
shapes!(counts: #[counted]);
shapes!(tells: #[counted(outcome)]);
shapes!(fails: #[timed(when = err)]);
shapes!(records: #[recorded(name = "parameters.records", value = ret.unwrap_or(0), unit = "1")]);
shapes!(returned: #[measured(ret_dims(ok = ret.is_ok()))]);
shapes!(dimensioned: #[measured(dims(zone = "a", number = 1))]);
// The names of the instruments contain the names of parameters.
shapes!(stacked: #[cfg_attr(
    all(),
    measured,
    counted(name = "parameters.a.b.c", unit = "{name}", outcome),
    timed(name = "parameters.number", description = "{name} {a} {b}")
)]);

/// Polls a future up to `polls` times and drops it. Returns the events of this.
fn events(start: fn() -> Running, polls: usize) -> Vec<String> {
    SEEN.take();
    let mut future = start();
    see("started");
    for _ in 0..polls {
        let mut context = Context::from_waker(Waker::noop());
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
        if !matches!(polled, Ok(Poll::Pending)) {
            break;
        }
    }
    see("dropping");
    drop(future);
    SEEN.take()
}

type Calls = Vec<(&'static str, fn() -> Running)>;

fn assert_as_bare(annotated: Calls) {
    assert_same(bare::calls(), annotated);
}

fn assert_same(bare: Calls, annotated: Calls) {
    for ((name, bare), (same, annotated)) in bare.into_iter().zip(annotated) {
        assert_eq!(name, same);
        for polls in 0..=2 {
            let expected = events(bare, polls);
            assert_eq!(events(annotated, polls), expected, "{name}, {polls} polls");
        }
    }
}

#[test]
fn measured_functions_drop_parameters_as_before() {
    assert_as_bare(measures::calls());
}

#[test]
fn timed_functions_drop_parameters_as_before() {
    assert_as_bare(times::calls());
}

#[test]
fn functions_in_flight_drop_parameters_as_before() {
    assert_as_bare(flies::calls());
}

#[test]
fn counted_functions_drop_parameters_as_before() {
    assert_as_bare(counts::calls());
    assert_as_bare(tells::calls());
    assert_as_bare(fails::calls());
}

#[test]
fn functions_with_several_annotations_drop_parameters_as_before() {
    assert_as_bare(stacked::calls());
}

#[test]
fn functions_whose_value_is_used_drop_parameters_as_before() {
    assert_as_bare(records::calls());
    assert_as_bare(returned::calls());
    assert_as_bare(dimensioned::calls());
}

/// Holds a permit in every kind of function that is a future.
macro_rules! holders {
    ($module:ident: $(#[$annotation:meta])*) => {
        mod $module {
            use super::*;

            pub struct Owner {
                _permit: OwnedSemaphorePermit,
            }

            impl Owner {
                $(#[$annotation])*
                async fn by_owner(self) -> Result<u32, ()> {
                    pause().await;
                    Ok(1)
                }

                $(#[$annotation])*
                async fn by_boxed_owner(self: Box<Self>) -> Result<u32, ()> {
                    pause().await;
                    Ok(1)
                }
            }

            trait Holds {
                async fn hold(self) -> Result<u32, ()>;
            }

            impl Holds for Owner {
                $(#[$annotation])*
                async fn hold(self) -> Result<u32, ()> {
                    pause().await;
                    Ok(1)
                }
            }

            $(#[$annotation])*
            async fn unnamed(_: OwnedSemaphorePermit) -> Result<u32, ()> {
                pause().await;
                Ok(1)
            }

            $(#[$annotation])*
            async fn underscored(_permit: OwnedSemaphorePermit) -> Result<u32, ()> {
                pause().await;
                Ok(1)
            }

            $(#[$annotation])*
            async fn in_tuple((number, _): (u32, OwnedSemaphorePermit)) -> Result<u32, ()> {
                pause().await;
                Ok(number)
            }

            $(#[$annotation])*
            async fn in_struct(Owner { .. }: Owner) -> Result<u32, ()> {
                pause().await;
                Ok(1)
            }

            $(#[$annotation])*
            async fn in_array([..]: [OwnedSemaphorePermit; 1]) -> Result<u32, ()> {
                pause().await;
                Ok(1)
            }

            $(#[$annotation])*
            async fn by_reference(ref _permit: OwnedSemaphorePermit) -> Result<u32, ()> {
                pause().await;
                Ok(1)
            }

            $(#[$annotation])*
            async fn generic<T>(_: T) -> Result<u32, ()> {
                pause().await;
                Ok(1)
            }

            $(#[$annotation])*
            async fn opaque(_: impl Sized, _one: impl Sized) -> Result<u32, ()> {
                pause().await;
                Ok(1)
            }

            $(#[$annotation])*
            async fn with_opaque_output(_: OwnedSemaphorePermit) -> Result<impl Sized, ()> {
                pause().await;
                Ok(1)
            }

            $(#[$annotation])*
            #[must_use]
            async fn must_be_used(_: OwnedSemaphorePermit) -> Result<u32, ()> {
                pause().await;
                Ok(1)
            }

            $(#[$annotation])*
            fn returned(permit: OwnedSemaphorePermit) -> impl Future<Output = Result<u32, ()>> {
                async move {
                    let _permit = permit;
                    pause().await;
                    Ok(1)
                }
            }

            $(#[$annotation])*
            fn boxed(permit: OwnedSemaphorePermit) -> Pin<Box<dyn Future<Output = Result<u32, ()>>>> {
                Box::pin(async move {
                    let _permit = permit;
                    pause().await;
                    Ok(1)
                })
            }

            $(#[$annotation])*
            fn by_alias(permit: OwnedSemaphorePermit) -> BoxFuture {
                let future = async move {
                    let _permit = permit;
                    pause().await;
                    Ok(1)
                };
                Box::pin(future)
            }

            /// The functions, by name.
            pub fn all() -> Vec<(&'static str, fn(OwnedSemaphorePermit) -> Running)> {
                vec![
                    ("by_owner", |permit| running(Owner { _permit: permit }.by_owner())),
                    ("by_boxed_owner", |permit| {
                        running(Box::new(Owner { _permit: permit }).by_boxed_owner())
                    }),
                    ("hold", |permit| running(Owner { _permit: permit }.hold())),
                    ("unnamed", |permit| running(unnamed(permit))),
                    ("underscored", |permit| running(underscored(permit))),
                    ("in_tuple", |permit| running(in_tuple((1, permit)))),
                    ("in_struct", |permit| running(in_struct(Owner { _permit: permit }))),
                    ("in_array", |permit| running(in_array([permit]))),
                    ("by_reference", |permit| running(by_reference(permit))),
                    ("generic", |permit| running(generic(permit))),
                    ("opaque", |permit| running(opaque(permit, 1))),
                    ("with_opaque_output", |permit| running(with_opaque_output(permit))),
                    ("must_be_used", |permit| running(must_be_used(permit))),
                    ("returned", |permit| running(returned(permit))),
                    ("boxed", |permit| running(boxed(permit))),
                    ("by_alias", |permit| running(by_alias(permit))),
                ]
            }
        }
    };
}

type BoxFuture = Pin<Box<dyn Future<Output = Result<u32, ()>>>>;

holders!(held_by_bare:);
holders!(held_by_measured: #[measured]);
holders!(held_by_timed: #[timed]);
holders!(held_by_in_flight: #[in_flight]);
holders!(held_by_counted: #[counted]);
holders!(held_by_outcome: #[counted(outcome)]);
holders!(held_by_recorded: #[recorded(name = "parameters.held", value = ret.map_or(0, |_| 1), unit = "1")]);
holders!(held_by_returned: #[timed(ret_dims(ok = ret.is_ok()))]);
holders!(held_by_several: #[measured] #[counted(name = "parameters.several", outcome)] #[timed(name = "parameters.time")]);

#[test]
fn a_permit_is_held_until_the_future_ends_or_is_dropped() {
    let functions = [
        held_by_bare::all(),
        held_by_measured::all(),
        held_by_timed::all(),
        held_by_in_flight::all(),
        held_by_counted::all(),
        held_by_outcome::all(),
        held_by_recorded::all(),
        held_by_returned::all(),
        held_by_several::all(),
    ];
    for (kind, functions) in functions.into_iter().enumerate() {
        for (name, function) in functions {
            // Dropped before a poll, dropped while it runs, and polled to its end.
            for polls in 0..=2 {
                let semaphore = Arc::new(Semaphore::new(1));
                let permit = semaphore.clone().try_acquire_owned().unwrap();
                let mut future = function(permit);
                for poll in 0..polls {
                    assert_eq!(
                        semaphore.available_permits(),
                        0,
                        "{kind}: {name}, poll {poll}"
                    );
                    let polled = future
                        .as_mut()
                        .poll(&mut Context::from_waker(Waker::noop()));
                    assert_eq!(polled.is_ready(), poll == 1, "{kind}: {name}");
                }
                let held = usize::from(polls < 2);
                assert_eq!(
                    semaphore.available_permits(),
                    1 - held,
                    "{kind}: {name}, {polls} polls"
                );
                drop(future);
                assert_eq!(
                    semaphore.available_permits(),
                    1,
                    "{kind}: {name}, {polls} polls"
                );
            }
        }
    }
}

/// Patterns whose names further annotations mention.
#[counted(outcome)]
#[timed(name = "parameters.named", dims(zone = zone))]
async fn named_by_others((zone, _): (&'static str, Noted), _: Noted) -> Result<u32, ()> {
    pause().await;
    Ok(1)
}

#[measured(dims(number = number))]
async fn named_by_itself(_a: Noted, Job { number, .. }: Job) -> Result<u32, ()> {
    pause().await;
    Ok(number)
}

fn at_once_as_future<T: 'static>(call: impl FnOnce() -> T + 'static) -> Running {
    running(async move { call() })
}

/// Functions whose annotations name the variables of patterns.
macro_rules! naming {
    ($module:ident, $number:ident $name:ident: $(#[$annotation:meta])*) => {
        #[allow(
            unused_variables,
            clippy::needless_pass_by_value,
            clippy::toplevel_ref_arg,
            clippy::unnecessary_wraps,
            clippy::unused_async
        )]
        mod $module {
            use super::*;

            $(#[$annotation])*
            fn fields(a: Noted, Job { number: $number, .. }: Job, (_, $name): (Noted, Noted)) -> Result<u32, ()> {
                see("fields");
                Ok($number)
            }

            $(#[$annotation])*
            fn early(Job { number: $number, .. }: Job, [_, $name]: [Noted; 2], z: Noted) -> Result<Noted, ()> {
                if $number > 1 {
                    return Err(());
                }
                Ok($name)
            }

            $(#[$annotation])*
            fn plain(Job { number: $number, name: $name, .. }: Job, _: Noted) -> u32 {
                if $number > 1 {
                    return 2;
                }
                $number
            }

            $(#[$annotation])*
            fn mutable(
                Job { number: mut $number, .. }: Job,
                (_, ref mut $name): (Noted, Noted),
                z: Noted,
            ) -> Result<u32, ()> {
                $name.0 = "changed";
                $number += 1;
                Ok($number)
            }

            $(#[$annotation])*
            fn alternatives(
                (Ok((_, $name)) | Err($name)): Result<(Noted, Noted), Noted>,
                whole @ Job { number: $number, .. }: Job,
            ) -> Result<u32, ()> {
                see($name.0);
                drop(whole);
                Ok($number)
            }

            $(#[$annotation])*
            async fn later(Job { number: $number, .. }: Job, Wrapped(_, $name): Wrapped, z: Noted) -> Result<u32, ()> {
                pause().await;
                Ok($number)
            }

            $(#[$annotation])*
            async fn later_borrowed((_, Job { number: $number, .. }): (Noted, Job), ref $name: Noted) -> u32 {
                pause().await;
                $number
            }

            $(#[$annotation])*
            fn promised(Job { number: $number, .. }: Job, $name: Noted) -> impl Future<Output = Result<u32, ()>> {
                see("promised");
                async move {
                    pause().await;
                    Ok($number)
                }
            }

            $(#[$annotation])*
            fn boxed(
                Job { number: $number, .. }: Job,
                (_, $name): (Noted, Noted),
            ) -> Pin<Box<dyn Future<Output = Result<u32, ()>>>> {
                if $number > 1 {
                    return Box::pin(async { Err(()) });
                }
                Box::pin(async move {
                    let _name = $name;
                    pause().await;
                    Ok($number)
                })
            }

            pub fn calls() -> Vec<(&'static str, fn() -> Running)> {
                fn pair() -> (Noted, Noted) {
                    (Noted("_0"), Noted("_1"))
                }
                vec![
                    ("fields", || at_once_as_future(|| fields(Noted("a"), job(), pair()))),
                    ("early", || at_once_as_future(|| early(job(), pair().into(), Noted("z")))),
                    ("plain", || at_once_as_future(|| plain(job(), Noted("_")))),
                    ("mutable", || at_once_as_future(|| mutable(job(), pair(), Noted("z")))),
                    ("alternatives", || at_once_as_future(|| alternatives(Ok(pair()), job()))),
                    ("later", || {
                        running(later(job(), Wrapped(Noted("_0"), Noted("_1")), Noted("z")))
                    }),
                    ("later_borrowed", || {
                        running(later_borrowed((Noted("_"), job()), Noted("b")))
                    }),
                    ("promised", || running(promised(job(), Noted("b")))),
                    ("boxed", || running(boxed(job(), pair()))),
                ]
            }
        }
    };
}

naming!(named_bare, number name:);
naming!(named_in_dims, number name: #[measured(dims(number = number, length = name.0.len()))]);
naming!(named_in_text, number name: #[counted(outcome, dims(both = format!("{number}{}", name.0)))]);
naming!(named_in_amount, number name: #[counted(by = u64::from(number), dims(name = name.0))]);
naming!(named_when, number name: #[timed(when = ok, dims(name = name.0, number = const { 1 }))]);
naming!(named_at_end, number name: #[measured(ret_dims(more = size_of_val(ret) + number as usize))]);
naming!(named_in_condition, number name: #[counted(err_if = size_of_val(ret) < number as usize, dims(name = name.0))]);
naming!(named_in_value, number name: #[recorded(name = "parameters.value", value = number, outcome)]);
naming!(named_outside, number name: #[counted(dims(number = number))] #[timed] #[in_flight]);

#[test]
fn functions_whose_arguments_name_variables_of_patterns_drop_parameters_as_before() {
    for annotated in [
        named_in_dims::calls(),
        named_in_text::calls(),
        named_in_amount::calls(),
        named_when::calls(),
        named_at_end::calls(),
        named_in_condition::calls(),
        named_in_value::calls(),
        named_outside::calls(),
    ] {
        assert_same(named_bare::calls(), annotated);
    }
}

#[test]
fn unbound_parts_live_even_if_dimensions_name_variables_of_patterns() {
    let seen = capture(|| {
        let mut future = running(named_by_others(("a", Noted("_0")), Noted("_1")));
        let mut context = Context::from_waker(Waker::noop());
        SEEN.take();
        assert!(future.as_mut().poll(&mut context).is_pending());
        assert_eq!(SEEN.take(), ["pause"]);
        assert!(future.as_mut().poll(&mut context).is_ready());
        assert_eq!(SEEN.take(), ["resume", "_1", "_0", "over"]);

        let mut future = running(named_by_itself(Noted("a"), job()));
        assert!(future.as_mut().poll(&mut context).is_pending());
        assert_eq!(SEEN.take(), ["pause"]);
        drop(future);
    });
    let timed = seen.histogram("parameters.named");
    assert_eq!(timed.with("zone", "a").count(), 1);
}
