//! Annotated functions of which only the outcome of a call, its duration and the calls in flight are
//! recorded. The records are made here, so that expansions need no closures for them.
//!
//! The types have none of the function's generic parameters: a future of such a function names only
//! its body, however deep such futures are nested.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::call::{Guard, Told};
use super::outcome::Outcome;
use super::stream::Judge;
use crate::descriptor::Registration;
use crate::instrument::expanded::{
    Counter, DimensionedCounter, DimensionedHistogram, Histogram, InFlight, Stopwatch,
    UpDownCounter,
};

/// The instruments of an annotated function.
pub trait Site: Sized + Sync + 'static {
    /// Kept while a call runs.
    type Running: Send + Sync + Unpin + 'static;

    /// Records that a call begins.
    fn begin(&'static self) -> Self::Running;

    /// Records the end of a call.
    fn end(&'static self, running: Self::Running, outcome: Outcome);
}

/// Counts calls by their outcome.
pub struct Counts(DimensionedCounter);

impl Counts {
    #[must_use]
    pub const fn new(calls: DimensionedCounter) -> Self {
        Self(calls)
    }

    #[must_use]
    pub const fn registration(&'static self) -> Registration {
        self.0.registration()
    }
}

impl Site for Counts {
    type Running = ();

    #[inline]
    fn begin(&'static self) {}

    #[inline]
    fn end(&'static self, (): (), outcome: Outcome) {
        self.0.add(1, (&outcome, ()));
    }
}

/// Counts calls when they begin.
pub struct Begins(Counter);

impl Begins {
    #[must_use]
    pub const fn new(calls: Counter) -> Self {
        Self(calls)
    }

    #[must_use]
    pub const fn registration(&'static self) -> Registration {
        self.0.registration()
    }
}

impl Site for Begins {
    type Running = ();

    #[inline]
    fn begin(&'static self) {
        self.0.add(1);
    }

    #[inline]
    fn end(&'static self, (): (), _: Outcome) {}
}

/// Counts the calls in flight.
pub struct Flights(UpDownCounter);

impl Flights {
    #[must_use]
    pub const fn new(in_flight: UpDownCounter) -> Self {
        Self(in_flight)
    }

    #[must_use]
    pub const fn registration(&'static self) -> Registration {
        self.0.registration()
    }
}

impl Site for Flights {
    type Running = InFlight;

    #[inline]
    fn begin(&'static self) -> InFlight {
        self.0.enter()
    }

    #[inline]
    fn end(&'static self, in_flight: InFlight, _: Outcome) {
        drop(in_flight);
    }
}

/// Records the duration of calls, whatever their outcome.
pub struct Durations {
    duration: Histogram,
    nanoseconds: f64,
}

impl Durations {
    /// The unit of durations has this many `nanoseconds`.
    #[must_use]
    pub const fn new(duration: Histogram, nanoseconds: f64) -> Self {
        Self {
            duration,
            nanoseconds,
        }
    }

    #[must_use]
    pub const fn registration(&'static self) -> Registration {
        self.duration.registration()
    }
}

impl Site for Durations {
    type Running = Stopwatch;

    #[inline]
    fn begin(&'static self) -> Stopwatch {
        Stopwatch::start()
    }

    #[inline]
    fn end(&'static self, stopwatch: Stopwatch, _: Outcome) {
        self.duration.record(stopwatch.elapsed(self.nanoseconds));
    }
}

/// Records the duration of calls by their outcome.
pub struct Times {
    duration: DimensionedHistogram,
    nanoseconds: f64,
}

impl Times {
    /// The unit of durations has this many `nanoseconds`.
    #[must_use]
    pub const fn new(duration: DimensionedHistogram, nanoseconds: f64) -> Self {
        Self {
            duration,
            nanoseconds,
        }
    }

    #[must_use]
    pub const fn registration(&'static self) -> Registration {
        self.duration.registration()
    }
}

impl Site for Times {
    type Running = Stopwatch;

    #[inline]
    fn begin(&'static self) -> Stopwatch {
        Stopwatch::start()
    }

    #[inline]
    fn end(&'static self, stopwatch: Stopwatch, outcome: Outcome) {
        let elapsed = stopwatch.elapsed(self.nanoseconds);
        self.duration.record(elapsed, (&outcome, ()));
    }
}

/// Counts calls and records their duration, both by their outcome, and counts the calls in flight.
pub struct Measures {
    calls: DimensionedCounter,
    duration: DimensionedHistogram,
    in_flight: UpDownCounter,
    nanoseconds: f64,
}

impl Measures {
    /// The unit of durations has this many `nanoseconds`.
    #[must_use]
    pub const fn new(
        calls: DimensionedCounter,
        duration: DimensionedHistogram,
        in_flight: UpDownCounter,
        nanoseconds: f64,
    ) -> Self {
        Self {
            calls,
            duration,
            in_flight,
            nanoseconds,
        }
    }

    #[must_use]
    pub const fn registration(&'static self) -> Registration {
        Registration::Three([
            self.calls.descriptor(),
            self.duration.descriptor(),
            self.in_flight.descriptor(),
        ])
    }
}

impl Site for Measures {
    type Running = (InFlight, Stopwatch);

    #[inline]
    fn begin(&'static self) -> (InFlight, Stopwatch) {
        (self.in_flight.enter(), Stopwatch::start())
    }

    #[inline]
    fn end(&'static self, (in_flight, stopwatch): (InFlight, Stopwatch), outcome: Outcome) {
        let elapsed = stopwatch.elapsed(self.nanoseconds);
        self.calls.add(1, (&outcome, ()));
        self.duration.record(elapsed, (&outcome, ()));
        drop(in_flight);
    }
}

/// Runs `body` between records at `site`, with the outcome that `judge` derives from the value.
#[inline]
pub fn run_at<R, S: Site>(
    body: impl FnOnce() -> R,
    site: &'static S,
    judge: impl Fn(&R) -> Outcome,
) -> R {
    let call = OnPanic(&mut Call {
        site,
        progress: Progress::Running(site.begin()),
    });
    let returned = body();
    call.0.end(judge(&returned));
    returned
}

/// A guard for a call whose body has to stay where it is. The call ends in `unless_told` if the guard
/// is not told otherwise.
#[inline]
pub fn guard_at<R, S: Site>(
    site: &'static S,
    unless_told: Outcome,
) -> Guard<R, S::Running, impl Fn(S::Running, Outcome) -> Told<R>> {
    let leave = move |running, outcome| {
        site.end(running, outcome);
        Told::new()
    };
    Guard::new(site.begin(), leave, unless_told)
}

/// How far a call is.
struct Call<S: Site> {
    site: &'static S,
    progress: Progress<S::Running>,
}

enum Progress<R> {
    NotBegun,
    Running(R),
    Over,
}

impl<S: Site> Call<S> {
    #[inline]
    fn begin(&mut self) {
        if let Progress::NotBegun = self.progress {
            self.progress = Progress::Running(self.site.begin());
        }
    }

    #[inline]
    fn end(&mut self, outcome: Outcome) {
        if let Progress::Running(_) = self.progress
            && let Progress::Running(running) =
                core::mem::replace(&mut self.progress, Progress::Over)
        {
            self.site.end(running, outcome);
        }
    }
}

/// Ends a call with a panic when it is dropped, unless the call is over.
struct OnPanic<'a, S: Site>(&'a mut Call<S>);

impl<S: Site> Drop for OnPanic<'_, S> {
    #[inline]
    fn drop(&mut self) {
        self.0.end(Outcome::Panic);
    }
}

/// The call of a future. If it is dropped while the future runs, that was cancelled.
struct Cancellable<S: Site>(Call<S>);

impl<S: Site> Drop for Cancellable<S> {
    #[inline]
    fn drop(&mut self) {
        self.0.end(Outcome::Cancelled);
    }
}

pin_project! {
    /// A future that is measured from its first poll until it is done or dropped.
    pub struct MeasuredAt<F, S: Site, J> {
        // The first field, so that everything in the future is dropped before the call ends.
        #[pin]
        future: F,
        call: Cancellable<S>,
        judge: J,
    }
}

/// `future`, measured at `site`, with the outcome that `judge` derives from its value.
#[inline]
pub const fn measured_at<F, S, J>(future: F, site: &'static S, judge: J) -> MeasuredAt<F, S, J>
where
    F: Future,
    S: Site,
    J: Judge<F::Output>,
{
    MeasuredAt {
        future,
        call: Cancellable(Call {
            site,
            progress: Progress::NotBegun,
        }),
        judge,
    }
}

/// `future`, measured at `site`, with the outcome that the closure `judge` derives from its value.
#[inline]
pub const fn measured_by<F, S, J>(future: F, site: &'static S, judge: J) -> MeasuredAt<F, S, By<J>>
where
    F: Future,
    S: Site,
    J: Fn(&F::Output) -> Outcome,
{
    measured_at(future, site, By(judge))
}

/// Judges by a closure.
pub struct By<J>(J);

impl<R, J: Fn(&R) -> Outcome> Judge<R> for By<J> {
    #[inline]
    fn is_err(&self, returned: &R) -> bool {
        matches!((self.0)(returned), Outcome::Err)
    }
}

impl<F: Future, S: Site, J: Judge<F::Output>> Future for MeasuredAt<F, S, J> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let call = OnPanic(&mut this.call.0);
        call.0.begin();
        let polled = this.future.poll(context);
        if let Poll::Ready(returned) = &polled {
            call.0.end(Outcome::of(!this.judge.is_err(returned)));
        }
        // The poll did not panic, but the future may still be running.
        core::mem::forget(call);
        polled
    }
}
