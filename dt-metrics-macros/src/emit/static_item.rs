//! The static that holds the instruments of an annotation, and its entry in the program's list.

use proc_macro2::TokenStream;
use syn::Index;

use super::checks;
use super::instrument::{Constants, Instrument};
use crate::parse::args::Args;
use crate::tokens::{emit, ident};

/// The value of a [`block`] that hands out its instruments: one, or a tuple. With the `length` of a
/// unit, which names a constant of the block, that comes with them.
pub(crate) fn instruments(length: Option<&TokenStream>) -> TokenStream {
    match length {
        None => emit!(&__DT_METRICS_INSTRUMENT),
        Some(length) => emit! {
            const __DT_METRICS_NANOSECONDS: ::core::primitive::f64 = #length;
            (&__DT_METRICS_INSTRUMENT, __DT_METRICS_NANOSECONDS)
        },
    }
}

/// A block with the static, whose value is `value`. It is a scope of its own: the only expressions
/// of the user in it are names, units and descriptions, which must be constants anyway, and values
/// in `const { … }`.
///
/// There is one static, and one entry for the linker, since each further item would add to the time
/// of a build.
pub(crate) fn block(
    private: &TokenStream,
    args: &Args,
    instruments: &[Instrument],
    mut constants: Constants,
    value: &TokenStream,
) -> TokenStream {
    let checks = checks::all(private, args, &mut constants);
    let constants = constants.items();
    let types: Vec<_> = instruments
        .iter()
        .map(|instrument| &instrument.ty)
        .collect();
    let values: Vec<_> = instruments
        .iter()
        .map(|instrument| &instrument.value)
        .collect();
    let (ty, made, registration) = if let ([ty], [value]) = (&types[..], &values[..]) {
        let registration = emit!(#ty::registration(&__DT_METRICS_INSTRUMENT));
        (emit!(#ty), emit!(#value), registration)
    } else {
        let places = (0..types.len()).map(Index::from);
        let count = ident(if types.len() == 2 { "Two" } else { "Three" });
        let registration = emit! {
            #private::Registration::#count(
                [#(#types::descriptor(&__DT_METRICS_INSTRUMENT.#places)),*]
            )
        };
        (emit!((#(#types),*)), emit!((#(#values),*)), registration)
    };
    emit! {{
        #constants
        #checks
        static __DT_METRICS_INSTRUMENT: #ty = #made;
        #private::inventory::submit! { #registration }
        #value
    }}
}

/// A block with a function that hands out its static, whose value is that function.
pub(crate) fn function(
    private: &TokenStream,
    args: &Args,
    instrument: &Instrument,
    mut constants: Constants,
) -> TokenStream {
    let checks = checks::all(private, args, &mut constants);
    let constants = constants.items();
    let Instrument { ty, value, .. } = instrument;
    emit! {{
        #constants
        #checks
        fn __dt_metrics_site() -> &'static #ty {
            static __DT_METRICS_INSTRUMENT: #ty = #value;
            #private::inventory::submit! { #ty::registration(&__DT_METRICS_INSTRUMENT) }
            &__DT_METRICS_INSTRUMENT
        }
        __dt_metrics_site
    }}
}
