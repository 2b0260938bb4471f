//! Annotated functions of which only the outcome of a call, its duration and the calls in flight are
//! recorded. The records are made here, so that expansions need no closures for them.
//!
//! The types have none of the function's generic parameters: a future of such a function names only
//! its body, however deep such futures are nested. The state of a call is as small as possible,
//! since each level of nested futures, and each call of a recursion, keeps it.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::outcome::{OUTCOMES, Outcome};
use super::stream::Judge;
use crate::descriptor::{Descriptor, Registered};
use crate::instrument::expanded::{
    Counter, DimensionedCounter, DimensionedHistogram, Histogram, Measures, Stopwatch,
    UpDownCounter,
};

/// The instruments of an annotated function.
pub trait Site: Sized + Sync + 'static {
    /// Kept while a call runs.
    type Running: Running;

    /// Whether the records depend on the outcome.
    const TELLS_OUTCOME: bool;

    /// Records that a call begins.
    fn begin(&'static self) -> Self::Running;

    /// Records the end of a call.
    fn end(&'static self, running: Self::Running, outcome: Outcome);
}

/// The state that is kept while a call runs.
pub trait Running: Copy + Send + Sync + Unpin + 'static {
    /// The progress of a future, with the state that is kept while it runs. It has no alignment,
    /// which would add padding to each level of nested futures.
    type Progress: Copy + Send + Sync + Unpin + 'static;

    const NOT_BEGUN: Self::Progress;

    const OVER: Self::Progress;

    fn progress(self) -> Self::Progress;

    fn is_not_begun(progress: Self::Progress) -> bool;

    /// `None` if the future does not run.
    fn running(progress: Self::Progress) -> Option<Self>;
}

/// How far a future is of whose start nothing is kept.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Stage {
    NotBegun,
    Running,
    Over,
}

impl Running for () {
    type Progress = Stage;

    const NOT_BEGUN: Stage = Stage::NotBegun;

    const OVER: Stage = Stage::Over;

    #[inline]
    fn progress(self) -> Stage {
        Stage::Running
    }

    #[inline]
    fn is_not_begun(progress: Stage) -> bool {
        progress == Stage::NotBegun
    }

    #[inline]
    fn running(progress: Stage) -> Option<()> {
        (progress == Stage::Running).then_some(())
    }
}

/// Not the [bits](Stopwatch::to_bits) of any stopwatch.
const NOT_BEGUN: u64 = u64::MAX;

/// Not the bits of any stopwatch.
const OVER: u64 = u64::MAX - 1;

impl Running for Stopwatch {
    type Progress = [u8; 8];

    const NOT_BEGUN: [u8; 8] = NOT_BEGUN.to_ne_bytes();

    const OVER: [u8; 8] = OVER.to_ne_bytes();

    #[inline]
    fn progress(self) -> [u8; 8] {
        self.to_bits().to_ne_bytes()
    }

    #[inline]
    fn is_not_begun(progress: [u8; 8]) -> bool {
        u64::from_ne_bytes(progress) == NOT_BEGUN
    }

    #[inline]
    fn running(progress: [u8; 8]) -> Option<Self> {
        match u64::from_ne_bytes(progress) {
            NOT_BEGUN | OVER => None,
            bits => Some(Self::from_bits(bits)),
        }
    }
}

/// Counts calls by their outcome.
pub struct Counts(DimensionedCounter);

impl Counts {
    #[must_use]
    pub const fn new(calls: DimensionedCounter) -> Self {
        Self(calls.with_series(OUTCOMES))
    }
}

impl Registered for Counts {
    fn for_each(&'static self, each: &mut dyn FnMut(&'static Descriptor)) {
        self.0.for_each(each);
    }
}

impl Site for Counts {
    type Running = ();

    const TELLS_OUTCOME: bool = true;

    #[inline]
    fn begin(&'static self) {}

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
}

impl Registered for Begins {
    fn for_each(&'static self, each: &mut dyn FnMut(&'static Descriptor)) {
        self.0.for_each(each);
    }
}

impl Site for Begins {
    type Running = ();

    const TELLS_OUTCOME: bool = false;

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
}

impl Registered for Flights {
    fn for_each(&'static self, each: &mut dyn FnMut(&'static Descriptor)) {
        self.0.for_each(each);
    }
}

impl Site for Flights {
    type Running = ();

    const TELLS_OUTCOME: bool = false;

    #[inline]
    fn begin(&'static self) {
        self.0.add(1);
    }

    #[inline]
    fn end(&'static self, (): (), _: Outcome) {
        self.0.add(-1);
    }
}

/// Records the duration of calls with any outcome.
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
}

impl Registered for Durations {
    fn for_each(&'static self, each: &mut dyn FnMut(&'static Descriptor)) {
        self.duration.for_each(each);
    }
}

impl Site for Durations {
    type Running = Stopwatch;

    const TELLS_OUTCOME: bool = false;

    #[inline]
    fn begin(&'static self) -> Stopwatch {
        Stopwatch::start()
    }

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
            duration: duration.with_series(OUTCOMES),
            nanoseconds,
        }
    }
}

impl Registered for Times {
    fn for_each(&'static self, each: &mut dyn FnMut(&'static Descriptor)) {
        self.duration.for_each(each);
    }
}

impl Site for Times {
    type Running = Stopwatch;

    const TELLS_OUTCOME: bool = true;

    #[inline]
    fn begin(&'static self) -> Stopwatch {
        Stopwatch::start()
    }

    fn end(&'static self, stopwatch: Stopwatch, outcome: Outcome) {
        let elapsed = stopwatch.elapsed(self.nanoseconds);
        self.duration.record(elapsed, (&outcome, ()));
    }
}

impl Site for Measures {
    type Running = Stopwatch;

    const TELLS_OUTCOME: bool = true;

    fn begin(&'static self) -> Stopwatch {
        self.enter();
        Stopwatch::start()
    }

    fn end(&'static self, stopwatch: Stopwatch, outcome: Outcome) {
        let elapsed = stopwatch.elapsed(self.nanoseconds());
        self.leave(&outcome, elapsed);
    }
}

/// Runs `body` between records at `site`, with the outcome that `judge` derives from the value.
#[inline]
#[expect(clippy::needless_pass_by_value, reason = "a judge has no size")]
pub fn run_at<R, S: Site, J: Judge<R>>(site: &'static S, judge: J, body: impl FnOnce() -> R) -> R {
    let guard = guard_at(site, Outcome::Panic);
    let returned = body();
    guard.returned(&judge, &returned);
    returned
}

/// A guard for a call whose body has to stay where it is. The call ends in `unless_told` if the
/// guard receives no other outcome.
#[inline]
pub fn guard_at<S: Site>(site: &'static S, unless_told: Outcome) -> GuardAt<S> {
    GuardAt {
        site,
        unless_told,
        panicking: S::TELLS_OUTCOME && unless_told != Outcome::Panic && std::thread::panicking(),
        running: site.begin(),
    }
}

/// A guard for a call. If it does not receive the returned value, the call panicked if a panic
/// began while the guard lived.
pub struct GuardAt<S: Site> {
    site: &'static S,
    running: S::Running,
    unless_told: Outcome,
    panicking: bool,
}

impl<S: Site> GuardAt<S> {
    /// Ends a call that returned this value. It is a function of its own since the compiler builds it once
    /// for each type of value, and the function around a body once for each body.
    #[inline]
    fn returned<R, J: Judge<R>>(self, judge: &J, returned: &R) {
        self.__dt_metrics_end(Outcome::of(!judge.is_err(returned)));
    }

    /// Ends a call that returned.
    #[inline]
    pub fn __dt_metrics_end(self, outcome: Outcome) {
        // Nothing is left to drop. If the compiler had to keep the guard for that, it would have it on
        // the stack a second time.
        let Self { site, running, .. } = *core::mem::ManuallyDrop::new(self);
        site.end(running, outcome);
    }
}

impl<S: Site> Drop for GuardAt<S> {
    #[inline]
    fn drop(&mut self) {
        let is_panic = S::TELLS_OUTCOME
            && self.unless_told != Outcome::Panic
            && !self.panicking
            && std::thread::panicking();
        let outcome = if is_panic {
            Outcome::Panic
        } else {
            self.unless_told
        };
        self.site.end(self.running, outcome);
    }
}

/// The place of a site: a function that hands out the instruments, which a future keeps instead of a
/// reference since it has no size, or [`At`].
pub trait Place: Copy {
    type Site: Site;

    fn site(self) -> &'static Self::Site;
}

impl<S: Site, P: Fn() -> &'static S + Copy> Place for P {
    type Site = S;

    #[inline]
    fn site(self) -> &'static S {
        self()
    }
}

/// A place that is known by reference.
pub struct At<S: 'static>(pub &'static S);

impl<S: 'static> Clone for At<S> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: 'static> Copy for At<S> {}

impl<S: Site> Place for At<S> {
    type Site = S;

    #[inline]
    fn site(self) -> &'static S {
        self.0
    }
}

/// A guard for a call of which nothing is recorded that depends on the outcome.
pub struct Held<P: Place> {
    at: P,
    progress: Progress<P>,
}

/// Begins a call that ends when the guard is dropped.
#[inline]
pub fn held<P: Place>(at: P) -> Held<P> {
    Held {
        at,
        progress: at.site().begin().progress(),
    }
}

impl<P: Place> Drop for Held<P> {
    #[inline]
    fn drop(&mut self) {
        if let Some(running) = <P::Site as Site>::Running::running(self.progress) {
            self.at.site().end(running, Outcome::Ok);
        }
    }
}

/// How far a call at `P` is.
type Progress<P> = <<<P as Place>::Site as Site>::Running as Running>::Progress;

/// The call of a future. If it is dropped while the future runs, that was cancelled.
struct Call<P: Place> {
    at: P,
    progress: Progress<P>,
}

impl<P: Place> Call<P> {
    #[inline]
    fn begin(&mut self) {
        if <P::Site as Site>::Running::is_not_begun(self.progress) {
            self.progress = self.at.site().begin().progress();
        }
    }

    #[inline]
    fn end(&mut self, outcome: Outcome) {
        if let Some(running) = <P::Site as Site>::Running::running(self.progress) {
            self.progress = <P::Site as Site>::Running::OVER;
            self.at.site().end(running, outcome);
        }
    }
}

impl<P: Place> Drop for Call<P> {
    #[inline]
    fn drop(&mut self) {
        self.end(Outcome::Cancelled);
    }
}

/// Ends a call with a panic when it is dropped, unless the call is over.
struct OnPanic<'a, P: Place>(&'a mut Call<P>);

impl<P: Place> Drop for OnPanic<'_, P> {
    #[inline]
    fn drop(&mut self) {
        self.0.end(Outcome::Panic);
    }
}

pin_project! {
    /// A future that is measured from its first poll until it is done or dropped.
    pub struct MeasuredAt<F, P: Place, J> {
        // The first field, so that everything in the future is dropped before the call ends.
        #[pin]
        future: F,
        call: Call<P>,
        judge: J,
    }
}

/// `future`, measured at the site that `at` hands out, with the outcome that `judge` derives from its
/// value.
#[inline]
pub const fn measured_at<F, P, J>(future: F, at: P, judge: J) -> MeasuredAt<F, P, J>
where
    F: Future,
    P: Place,
    J: Judge<F::Output>,
{
    MeasuredAt {
        future,
        call: Call {
            at,
            progress: <P::Site as Site>::Running::NOT_BEGUN,
        },
        judge,
    }
}

/// `future`, measured at the site that `at` hands out, with the outcome that `judge` derives from its value.
#[inline]
pub const fn measured_by<F: Future, P: Place>(
    future: F,
    at: P,
    judge: fn(&F::Output) -> Outcome,
) -> MeasuredAt<F, P, By<F::Output>> {
    measured_at(future, at, By(judge))
}

/// Judges by a function that captures nothing.
pub struct By<R>(fn(&R) -> Outcome);

impl<R> Judge<R> for By<R> {
    #[inline]
    fn is_err(&self, returned: &R) -> bool {
        matches!((self.0)(returned), Outcome::Err)
    }
}

impl<F: Future, P: Place, J: Judge<F::Output>> Future for MeasuredAt<F, P, J> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let call = OnPanic(this.call);
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
