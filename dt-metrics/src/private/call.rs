//! Calls that are recorded when they end, however they end.

use core::future::Future;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;

use super::outcome::Outcome;

/// Records the end of a call or of a future that does not return.
pub trait Leave<S>: Fn(S, Outcome) -> Told<<Self as Leave<S>>::Returned> {
    /// The type of the value that it returns otherwise.
    type Returned;
}

impl<S, R, L: Fn(S, Outcome) -> Told<R>> Leave<S> for L {
    type Returned = R;
}

/// Carries the type that a call returns. The type of a closure that returns `Told<R>` determines
/// `R`, and yet the closure outlives any lifetime, whatever `R` is.
pub struct Told<R>(PhantomData<fn() -> R>);

impl<R> Told<R> {
    #[expect(clippy::new_without_default, reason = "named by expansions only")]
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

/// How far a call or a future is, which keeps `E` until its end.
pub enum Stage<E, S> {
    /// The values that it keeps are not yet known.
    NotEntered,
    NotBegun(E),
    /// `S` is made when it begins.
    Running(E, S),
    Over,
}

impl<E, S> Stage<E, S> {
    /// The state, if it is running. Then it is over.
    #[inline]
    fn end(&mut self) -> Option<(E, S)> {
        if let Self::Running(..) = self
            && let Self::Running(entered, state) = core::mem::replace(self, Self::Over)
        {
            return Some((entered, state));
        }
        None
    }
}

/// A step of a call that returns `R`.
pub enum Event<'a, R> {
    Begins,
    Returns(&'a R),
    /// It ends without a value that matters.
    Ends(Outcome),
}

/// Records an event of a call: `begin` makes the state that is kept until the end, `tell` records a value that
/// the call returned, and `leave` records every other end.
#[expect(clippy::needless_pass_by_value, reason = "the event of one call")]
#[inline]
pub fn record<E, S, R, L: Fn((E, S), Outcome) -> Told<R>>(
    stage: &mut Stage<E, S>,
    event: Event<'_, R>,
    begin: impl FnOnce(E) -> (E, S),
    leave: L,
    tell: impl Fn(&L, (E, S), &R),
) {
    match event {
        Event::Begins => {
            if let Stage::NotBegun(_) = stage
                && let Stage::NotBegun(entered) = core::mem::replace(stage, Stage::Over)
            {
                let (entered, running) = begin(entered);
                *stage = Stage::Running(entered, running);
            }
        }
        Event::Returns(returned) => {
            if let Some(state) = stage.end() {
                tell(&leave, state, returned);
            }
        }
        Event::Ends(outcome) => {
            if let Some(state) = stage.end() {
                leave(state, outcome);
            }
        }
    }
}

/// Records the events of a call.
pub trait Records {
    /// The values that the call keeps from its beginning to its end.
    type Entered;

    /// The values that the call keeps in addition while it runs, such as its start.
    type State;

    /// The type of the value that it returns.
    type Returned;

    fn record(
        &self,
        stage: &mut Stage<Self::Entered, Self::State>,
        event: Event<'_, Self::Returned>,
    );
}

/// Records by a function that captures nothing. This type has none of the generic parameters of an annotated
/// function but the types of the values that it keeps and returns.
pub struct Pointer<E, S, R>(pub(super) Record<E, S, R>);

/// A function that records the events of a call.
pub(super) type Record<E, S, R> = fn(&mut Stage<E, S>, Event<'_, R>);

impl<E, S, R> Records for Pointer<E, S, R> {
    type Entered = E;
    type State = S;
    type Returned = R;

    #[inline]
    fn record(&self, stage: &mut Stage<E, S>, event: Event<'_, R>) {
        (self.0)(stage, event);
    }
}

/// Records by a closure.
pub struct Closure<A, E, S, R>(A, PhantomData<fn(E, S, R)>);

impl<A, E, S, R> Closure<A, E, S, R> {
    #[inline]
    pub(super) const fn new(record: A) -> Self
    where
        A: Fn(&mut Stage<E, S>, Event<'_, R>),
    {
        Self(record, PhantomData)
    }
}

impl<E, S, R, A: Fn(&mut Stage<E, S>, Event<'_, R>)> Records for Closure<A, E, S, R> {
    type Entered = E;
    type State = S;
    type Returned = R;

    #[inline]
    fn record(&self, stage: &mut Stage<E, S>, event: Event<'_, R>) {
        (self.0)(stage, event);
    }
}

/// Stands for a type that makes the records of a future or a stream `F`.
pub trait Holds<F> {
    type Records: Records;
}

/// Stands for a [`Pointer`] that records a future. It does not name the value of the future.
pub struct Keeps<E, S>(PhantomData<fn() -> (E, S)>);

impl<F: Future, E, S> Holds<F> for Keeps<E, S> {
    type Records = Pointer<E, S, F::Output>;
}

impl<F, A: Records, D: Fn() -> Told<A>> Holds<F> for D {
    type Records = A;
}

/// The type of the value that a call returns whose records `D` stands for.
pub(super) type ReturnedTo<F, D> = <<D as Holds<F>>::Records as Records>::Returned;

/// The values that this call keeps from its beginning to its end.
pub(super) type EnteredOf<F, D> = <<D as Holds<F>>::Records as Records>::Entered;

/// Stands for `A`, but lives longer than any lifetime, whatever types `A` names.
#[inline]
pub(super) const fn told<A>() -> impl Fn() -> Told<A> + 'static {
    || Told::new()
}

/// The measurement of a future or a stream. If it is dropped while that runs, that was cancelled.
pub(super) struct Measurement<A: Records> {
    stage: Stage<A::Entered, A::State>,
    records: A,
}

impl<A: Records> Measurement<A> {
    #[inline]
    pub(super) const fn new(entered: A::Entered, records: A) -> Self {
        Self {
            stage: Stage::NotBegun(entered),
            records,
        }
    }

    /// A measurement that begins with [`Self::enter`].
    #[inline]
    pub(super) const fn not_entered(records: A) -> Self {
        Self {
            stage: Stage::NotEntered,
            records,
        }
    }

    #[inline]
    pub(super) const fn is_entered(&self) -> bool {
        !matches!(self.stage, Stage::NotEntered)
    }

    /// Begins the call, which keeps `entered`.
    #[inline]
    pub(super) fn enter(&mut self, entered: A::Entered) {
        self.stage = Stage::NotBegun(entered);
        self.begin();
    }

    #[inline]
    pub(super) fn begin(&mut self) {
        if let Stage::NotBegun(_) = self.stage {
            self.record(Event::Begins);
        }
    }

    #[inline]
    pub(super) fn record(&mut self, event: Event<'_, A::Returned>) {
        self.records.record(&mut self.stage, event);
    }

    /// Records an end, unless it is over or has not begun.
    #[inline]
    pub(super) fn end(&mut self, outcome: Outcome) {
        if let Stage::Running(..) = self.stage {
            self.record(Event::Ends(outcome));
        }
    }
}

impl<A: Records> Drop for Measurement<A> {
    #[inline]
    fn drop(&mut self) {
        self.end(Outcome::Cancelled);
    }
}

/// Records a panic when it is dropped, unless the call is over.
pub(super) struct OnPanic<'a, A: Records>(pub(super) &'a mut Measurement<A>);

impl<A: Records> Drop for OnPanic<'_, A> {
    #[inline]
    fn drop(&mut self) {
        self.0.end(Outcome::Panic);
    }
}

/// Runs `body` as a call that is over when it returns. `event` makes the event of its end.
#[inline]
pub(super) fn run_until_return<A: Records, F>(
    entered: A::Entered,
    records: A,
    body: impl FnOnce() -> F,
    event: impl FnOnce(&F) -> Event<'_, A::Returned>,
) -> F {
    let mut measurement = Measurement::new(entered, records);
    measurement.begin();
    let on_panic = OnPanic(&mut measurement);
    let returned = body();
    on_panic.0.record(event(&returned));
    returned
}

/// A call until its end, while its body runs or while expressions of the user are evaluated for that end. If one of
/// them panics, the call ends like one that panics.
pub struct Ending<'a, S, L: Leave<S>> {
    leave: &'a L,
    state: Option<S>,
}

impl<'a, S, L: Leave<S>> Ending<'a, S, L> {
    #[inline]
    pub const fn new(leave: &'a L, state: S) -> Self {
        Self {
            leave,
            state: Some(state),
        }
    }

    /// The state, which is there: nothing panicked.
    #[inline]
    pub fn end(self) -> Option<S> {
        // Nothing is left to drop.
        ManuallyDrop::new(self).state.take()
    }
}

impl<S, L: Leave<S>> Drop for Ending<'_, S, L> {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            (self.leave)(state, Outcome::Panic);
        }
    }
}

/// Runs `body`. At its end, calls `tell` with the value that it returned, or `leave` if it panics.
///
/// The compiler infers the types of the closures' parameters from `body`, which is therefore first.
#[inline]
pub fn run<R, S, L: Fn(S, Outcome) -> Told<R>>(
    body: impl FnOnce() -> R,
    state: S,
    leave: L,
    tell: impl Fn(&L, S, &R),
) -> R {
    // For each body, the compiler builds less of this than of a [`Guard`].
    let ending = Ending::new(&leave, state);
    let returned = body();
    if let Some(state) = ending.end() {
        tell(&leave, state, &returned);
    }
    returned
}

/// A guard for a call whose body has to stay where it is. If it does not receive the returned
/// value, the call panicked if a panic began while the guard lived.
pub struct Guard<R, S, L: Fn(S, Outcome) -> Told<R>> {
    state: Option<S>,
    leave: L,
    unless_told: Outcome,
    panicking: bool,
    returned: PhantomData<fn(&R)>,
}

impl<R, S, L: Fn(S, Outcome) -> Told<R>> Guard<R, S, L> {
    /// The call ends in `unless_told` if [`Self::tell`] is not called.
    #[inline]
    pub fn new(state: S, leave: L, unless_told: Outcome) -> Self {
        Self {
            state: Some(state),
            leave,
            unless_told,
            panicking: unless_told != Outcome::Panic && std::thread::panicking(),
            returned: PhantomData,
        }
    }

    /// Ends a call that returned.
    #[inline]
    pub fn tell(self, returned: &R, tell: impl Fn(&L, S, &R)) {
        // Nothing is left to drop. If the compiler had to keep the guard for that, it would have it on
        // the stack a second time.
        let mut this = ManuallyDrop::new(self);
        if let Some(state) = this.state.take() {
            tell(&this.leave, state, returned);
        }
    }
}

impl<R, S, L: Fn(S, Outcome) -> Told<R>> Drop for Guard<R, S, L> {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            let outcome = match self.unless_told {
                Outcome::Panic => Outcome::Panic,
                other if self.panicking || !std::thread::panicking() => other,
                _ => Outcome::Panic,
            };
            (self.leave)(state, outcome);
        }
    }
}
