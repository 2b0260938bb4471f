//! Annotations that do their work on entry: before the body, which stays as it is.

use proc_macro2::TokenStream;
use syn::{GenericParam, Ident};

use crate::args::{Annotation, Args, Argument};
use crate::body::Function;
use crate::record::{self, Place};

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

/// `#[timed]`.
pub(crate) const TIMED: Annotation = Annotation {
    written: "#[timed]",
    takes: &[
        Argument::Name,
        Argument::Description,
        Argument::TimeUnit,
        Argument::Boundaries,
        Argument::Dims,
        Argument::MaxSeries,
        Argument::Crate,
    ],
    suffix: "duration",
};

/// `#[in_flight]`.
pub(crate) const IN_FLIGHT: Annotation = Annotation {
    written: "#[in_flight]",
    takes: &[
        Argument::Name,
        Argument::Description,
        Argument::Unit,
        Argument::Dims,
        Argument::MaxSeries,
        Argument::Crate,
    ],
    suffix: "in_flight",
};

/// Counts the calls; those of an `async fn` when its body begins to run, at the first poll.
pub(crate) fn counted(args: &Args, function: Function) -> TokenStream {
    let entry = on(&COUNTED, args, &function, record::count);
    function.entered(&entry)
}

/// Times the calls, from there to the end of the body by any way.
pub(crate) fn timed(args: &Args, function: Function) -> TokenStream {
    let timer = on(&TIMED, args, &function, record::time);
    function.guarded(&timer)
}

/// Counts the calls that are going on.
pub(crate) fn in_flight(args: &Args, function: Function) -> TokenStream {
    let entered = on(&IN_FLIGHT, args, &function, record::enter);
    function.guarded(&entered)
}

fn on(
    annotation: &Annotation,
    args: &Args,
    function: &Function,
    record: fn(&Args, &Place<'_>) -> TokenStream,
) -> TokenStream {
    let generics = function.sig.generics.params.iter().filter_map(parameter);
    let place = Place {
        function: Some(&function.sig.ident),
        suffix: annotation.suffix,
        generics: &generics.collect::<Vec<_>>(),
    };
    record(args, &place)
}

fn parameter(parameter: &GenericParam) -> Option<&Ident> {
    match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    }
}
