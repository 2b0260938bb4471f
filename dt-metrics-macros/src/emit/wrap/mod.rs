//! Functions with something done when a call begins and when it ends, by the shape of the function. May import the
//! rest of `emit`, and what that may import.

use proc_macro2::TokenStream;

use self::function::Wrapped;
use super::as_written::{as_written, entry};
use super::ends::Ends;
use crate::analyse::shape::Shape;
use crate::expander::Expander;
use crate::parse::item::Function;
use crate::tokens::Private;

mod async_fn;
mod boxed;
mod call;
mod function;
mod promised;

/// The function with `ends` around its calls; for clippy, the function as it was written.
pub(crate) fn wrap(
    private: &Private,
    shape: Shape,
    function: Function,
    ends: &Ends,
) -> TokenStream {
    if Expander::current() == Expander::Clippy
        && let Some(entry) = entry(private, &shape, &function, ends)
    {
        return as_written(function, &entry);
    }
    let mut wrapped = Wrapped {
        private,
        function,
        ends,
        matched: Vec::new(),
    };
    let block = match shape {
        Shape::Call(output) => call::call(&mut wrapped, output),
        Shape::Async(output) => async_fn::async_fn(&mut wrapped, output),
        Shape::Future { value, promise } => {
            promised::future(&mut wrapped, value.as_ref(), &promise)
        }
        Shape::Stream { item, promise } => promised::stream(&mut wrapped, item.as_ref(), &promise),
        Shape::Boxed { future, value } => boxed::boxed(&mut wrapped, future, value.as_ref()),
        Shape::ByType { future } => boxed::by_type(&mut wrapped, future),
    };
    wrapped.function.with(block)
}
