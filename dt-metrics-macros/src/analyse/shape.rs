//! When a call of a function begins and ends, as far as the function reveals it.

use syn::{Error, Result, Type};

use super::boxed::Boxed;
use super::return_type::{Items, Output, boxed_value, future_value, stream_items};
use crate::parse::args::Args;
use crate::parse::item::Function;

/// How far a measured call extends.
pub(crate) enum Shape {
    /// The call is over when the function returns `output`.
    Call(Output),
    /// The function is `async`: its body is that of a future with this output.
    Async(Output),
    /// The function returns a future.
    Future {
        /// The type of its value, if an expansion can write it.
        value: Option<Type>,
    },
    /// The function returns a stream.
    Stream { items: Items },
    /// The function returns a future in a box, which its last expression makes.
    Boxed { future: Boxed, value: Type },
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
        if let Some(value) = boxed_value(&signature.output)
            && let Some(future) = Boxed::of(&function.body)
        {
            let value = value.clone();
            return Self::Boxed { future, value };
        }
        match output {
            Output::Future => Self::Future {
                value: future_value(&signature.output).cloned(),
            },
            Output::Stream => Self::Stream {
                items: stream_items(&signature.output),
            },
            // The closure that this takes would hide the caller.
            Output::Named { outlives } if !function.tracks_caller() => {
                match Boxed::of(&function.body) {
                    None if !outlives => Self::Call(output),
                    future => Self::ByType { future },
                }
            }
            other => Self::Call(other),
        }
    }

    /// Whether the values that are kept until the end must not borrow from the call.
    pub(crate) fn outlives_the_call(&self) -> bool {
        !matches!(self, Self::Call(_) | Self::Async(_))
    }
}

/// Checks that no argument mentions `ret` if the function returns a stream.
pub(crate) fn check_stream(args: &Args, function: &Function) -> Result<()> {
    let signature = &function.sig;
    let is_stream =
        signature.asyncness.is_none() && matches!(Output::of(signature), Output::Stream);
    match args.at_end().next() {
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
