//! Values that the future of an `async fn` evaluates at its first poll, and hands over to its measurement.
//!
//! The future has the parameters, so it has to evaluate expressions that mention them. If a second future
//! around it did, that would keep the parameters once more, at each level of nested futures.

use core::cell::RefCell;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::instrument::expanded::{AnyValue, Checked, Kept, KeptSpread};

thread_local! {
    /// The values of a future that was polled on this thread, until the poll returns to its measurement. It is
    /// empty at all other times.
    static HANDED: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

/// A value on its way.
pub enum Value {
    U64(u64),
    F64(f64),
    Kept(Kept<AnyValue>),
    Spread(KeptSpread),
}

/// A value, or a list of values, that can be handed over.
pub trait Handed: Sized {
    /// Adds the value behind the `values`.
    fn hand(self, values: &mut Vec<Value>);

    /// Takes the value from the end of the `values`.
    fn take(values: &mut Vec<Value>) -> Option<Self>;
}

impl Handed for () {
    #[inline]
    fn hand(self, _: &mut Vec<Value>) {}

    #[inline]
    fn take(_: &mut Vec<Value>) -> Option<()> {
        Some(())
    }
}

impl<A: Handed, B: Handed> Handed for (A, B) {
    #[inline]
    fn hand(self, values: &mut Vec<Value>) {
        self.0.hand(values);
        self.1.hand(values);
    }

    #[inline]
    fn take(values: &mut Vec<Value>) -> Option<Self> {
        let rest = B::take(values)?;
        Some((A::take(values)?, rest))
    }
}

macro_rules! handed {
    ($([$($generics:tt)*] $ty:ty, $variant:ident: $to:expr, $from:expr;)+) => {$(
        impl<$($generics)*> Handed for $ty {
            #[inline]
            fn hand(self, values: &mut Vec<Value>) {
                values.push(Value::$variant($to(self)));
            }

            #[inline]
            fn take(values: &mut Vec<Value>) -> Option<Self> {
                match values.pop() {
                    Some(Value::$variant(value)) => Some($from(value)),
                    _ => None,
                }
            }
        }
    )+};
}

handed! {
    [] u64, U64: core::convert::identity, core::convert::identity;
    [] Checked<u64>, U64: |by: Self| by.0, Checked;
    [] f64, F64: core::convert::identity, core::convert::identity;
    [V: ?Sized] Kept<V>, Kept: Kept::erased, Kept::of_type;
    [] KeptSpread, Spread: core::convert::identity, core::convert::identity;
}

/// Stands for the values that a future hands over, of the type `I`.
pub struct Slot<I>(PhantomData<fn() -> I>);

impl<I> Clone for Slot<I> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for Slot<I> {}

/// The compiler infers the type from the future that hands values over.
#[inline]
#[must_use]
pub const fn slot<I>() -> Slot<I> {
    Slot(PhantomData)
}

/// Hands `values` over. The result has to be awaited at once: it returns to the measurement around the
/// future, which takes the values and polls the future again.
///
/// At the end of a thread, when its storage is gone, the call is not measured.
#[inline]
pub fn hand<I: Handed>(_: Slot<I>, values: I) -> Handover {
    let handed = HANDED.try_with(|handed| {
        let Ok(mut handed) = handed.try_borrow_mut() else {
            return false;
        };
        values.hand(&mut handed);
        true
    });
    Handover(handed.unwrap_or(false))
}

/// The values that the future handed over which has just been polled, if any.
#[inline]
pub(super) fn take<I: Handed>() -> Option<I> {
    let taken = HANDED.try_with(|handed| I::take(&mut *handed.try_borrow_mut().ok()?));
    taken.ok().flatten()
}

/// Is pending once if values were handed over.
pub struct Handover(bool);

impl Future for Handover {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if core::mem::take(&mut self.0) {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}
