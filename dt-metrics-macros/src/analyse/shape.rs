//! When a call of a function begins and ends, as far as the function reveals it.

use syn::{Error, Result, Type};

use super::boxed::Boxed;
use super::promise::Promise;
use super::return_type::{
    Output, boxed_value, future_value, has_impl, is_boxed_for_certain, is_boxed_stream, promise,
    stream_item,
};
use crate::parse::args::Args;
use crate::parse::item::Function;

/// How far a measured call extends.
pub(crate) enum Shape {
    /// The call is over when the function returns `output`.
    Call(Output),
    /// The function is `async`: its body is that of a future with this output.
    Async(Output),
    /// The function returns a future, if the type of that has the name of one.
    Future {
        /// The type of its value, if an expansion can write it.
        value: Option<Type>,
        promise: Promise,
    },
    /// The function returns a stream, if the type of that has the name of one.
    Stream {
        /// The type of its items, if an expansion can write it.
        item: Option<Type>,
        promise: Promise,
    },
    /// The function returns a future in a box, which its last expression makes.
    Boxed {
        future: Boxed,
        /// The type of its value, if an expansion can write it.
        value: Option<Type>,
    },
    /// The function may return a future or a stream in a box: only the type reveals it. If it does, its last
    /// expression may make the box.
    ByType { future: Option<Boxed> },
}

impl Shape {
    pub(crate) fn of(function: &Function) -> Self {
        let signature = &function.sig;
        let output = Output::of(signature);
        if signature.asyncness.is_some() {
            return Self::Async(output);
        }
        if is_boxed_for_certain(&signature.output)
            && let Some(future) = Boxed::of(&function.body)
        {
            let value = boxed_value(&signature.output).cloned();
            return Self::Boxed { future, value };
        }
        match (output, promise(&signature.output)) {
            (Output::Future, Some(promise)) => Self::Future {
                value: future_value(&signature.output).cloned(),
                promise,
            },
            (Output::Stream, Some(promise)) => Self::Stream {
                item: stream_item(&signature.output).cloned(),
                promise,
            },
            // The closure that this takes would hide the caller.
            (Output::Named { outlives }, _) if !function.tracks_caller() => {
                // For a type of which the body decides, that has to be looked at first.
                let is_known = !has_impl(&signature.output);
                match Boxed::of(&function.body).filter(|_| is_known) {
                    None if !outlives => Self::Call(output),
                    future => Self::ByType { future },
                }
            }
            (other, _) => Self::Call(other),
        }
    }

    /// Whether the library can make the records of a call at one site.
    pub(crate) fn can_be_at_site(&self) -> bool {
        matches!(
            self,
            Self::Call(_) | Self::Async(_) | Self::ByType { future: None }
        )
    }

    /// Whether a call may return a future or a stream that names the function's type parameters, without a box.
    pub(crate) fn may_be_nested(&self) -> bool {
        matches!(
            self,
            Self::Async(_) | Self::Future { .. } | Self::Stream { .. }
        )
    }

    /// Whether the values that are kept until the end must not borrow from the call.
    pub(crate) fn outlives_the_call(&self) -> bool {
        !matches!(self, Self::Call(_) | Self::Async(_))
    }
}

/// Checks that no argument records `ret` if the function returns a stream, and that the items of a stream
/// can be judged.
pub(crate) fn check_stream(args: &Args, function: &Function) -> Result<()> {
    let signature = &function.sig;
    if let Some(err_if) = &args.err_if
        && signature.asyncness.is_none()
        && is_boxed_stream(&signature.output)
    {
        let name = &signature.ident;
        let message = format!(
            "`{name}` returns a boxed stream, whose items `err_if` does not see: return \
             `impl Stream`, or make an item an `Err` if it is an error"
        );
        return Err(Error::new_spanned(err_if, message));
    }
    let is_stream =
        signature.asyncness.is_none() && matches!(Output::of(signature), Output::Stream);
    match args.recorded_at_end().next() {
        Some(expr) if is_stream => {
            let name = &signature.ident;
            let message = format!(
                "`{name}` returns a stream, which has no value at its end: record its items in the \
                 body, with `record!` or `count!`"
            );
            Err(Error::new_spanned(expr, message))
        }
        _ => Ok(()),
    }
}
