//! When a call begins and ends, as far as its function tells.

use crate::analyse::boxed::Pinned;
use crate::analyse::return_type::Output;
use crate::parse::item::Function;

/// What a call is.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Shape {
    /// It is over when the function returns.
    Call,
    /// The body is that of a future.
    Async,
    /// It returns a future.
    Future,
    /// It returns a future in a box, which its last expression makes.
    Pinned,
    /// It may return a future in a box, which its last expression makes: only the type tells.
    PinnedByType,
    /// It may return a future in a box: only the type tells.
    ByType,
}

impl Shape {
    /// Whether what is kept until the end may borrow from the call.
    pub(crate) fn outlives_the_call(self) -> bool {
        !matches!(self, Self::Call | Self::Async)
    }

    pub(crate) fn of(function: &Function) -> Self {
        let signature = &function.sig;
        if signature.asyncness.is_some() {
            return Self::Async;
        }
        let output = Output::of(&signature.output, signature);
        let is_pinned = || Pinned::of(&function.body).is_some();
        // A closure would hide the caller.
        let tracks_caller = function.tracks_caller();
        match output {
            Output::Future { .. } => Self::Future,
            Output::Named { .. } | Output::Value
                if Output::pinned(&signature.output).is_some() && is_pinned() =>
            {
                Self::Pinned
            }
            Output::Named { .. } if !tracks_caller && is_pinned() => Self::PinnedByType,
            Output::Named { outlives: true, .. } if !tracks_caller => Self::ByType,
            _ => Self::Call,
        }
    }
}
