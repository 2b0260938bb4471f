//! Annotations that do their work on entry: before the body, which stays as it is.

use proc_macro2::TokenStream;
use syn::{GenericParam, Ident};

use crate::args::{Annotation, Args, Argument};
use crate::body::Function;
use crate::counter;
use crate::register::DefaultName;

/// `#[counted]`.
pub(crate) const COUNTED: Annotation = Annotation {
    written: "#[counted]",
    takes: &[
        Argument::Name,
        Argument::Description,
        Argument::Unit,
        Argument::Dims,
        Argument::By,
        Argument::MaxSeries,
        Argument::Crate,
    ],
    suffix: "calls",
};

/// Counts the calls; those of an `async fn` when its body begins to run, at the first poll.
pub(crate) fn counted(args: &Args, function: Function) -> TokenStream {
    let name = DefaultName {
        function: &function.sig.ident,
        suffix: COUNTED.suffix,
    };
    let generics = function.sig.generics.params.iter().filter_map(parameter);
    let entry = counter::add(args, Some(&name), &generics.collect::<Vec<_>>());
    function.entered(&entry)
}

fn parameter(parameter: &GenericParam) -> Option<&Ident> {
    match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    }
}
