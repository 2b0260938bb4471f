//! The static of an annotation's instruments, and its entry in the program's list.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Path;

use crate::emit::checks;
use crate::emit::instrument::{Constants, Instrument};
use crate::parse::args::Args;
use crate::tokens::ours;

/// The module that holds what expansions name.
pub(crate) fn private(library: Option<&Path>) -> TokenStream {
    library.map_or_else(
        || quote_spanned!(ours()=> ::dt_metrics::private),
        |library| quote_spanned!(ours()=> #library::private),
    )
}

/// Items for a block whose value is `value`, which may name `__DT_METRICS_INSTRUMENT`: the instrument, or, of
/// several, the tuple.
///
/// Such items are in a scope of their own: no expression of the user's is inside, but for names,
/// units and descriptions, which have to be constants anyway, and values in `const { … }`.
///
/// One static, and one entry for the linker: each further item would cost the one who builds. So
/// the assertions are in the static's value.
pub(crate) fn block(
    private: &TokenStream,
    args: &Args,
    instruments: &[Instrument],
    mut constants: Constants,
    value: &TokenStream,
) -> TokenStream {
    let (items, checks) = checks::all(private, args, &mut constants);
    let constants = constants.items();
    let (ty, mut made, registration) = match instruments {
        [one] => {
            let Instrument { ty, value, .. } = one;
            let registration = quote_spanned!(ours()=> #ty::registration(&__DT_METRICS_INSTRUMENT));
            (ty.clone(), value.clone(), registration)
        }
        several => {
            let types = several.iter().map(|instrument| &instrument.ty);
            let values = several.iter().map(|instrument| &instrument.value);
            let places = (0..several.len()).map(syn::Index::from);
            let owners = several.iter().map(|instrument| &instrument.ty);
            let count = several.len();
            (
                quote_spanned!(ours()=> (#(#types),*)),
                quote_spanned!(ours()=> (#(#values),*)),
                // A static of its own: in Rust 1.88 the slice would not live as long.
                quote_spanned! {ours()=>
                    #private::Registration::Several({
                        static __DT_METRICS_DESCRIPTORS: [&#private::Descriptor; #count] =
                            [#(#owners::descriptor(&__DT_METRICS_INSTRUMENT.#places)),*];
                        &__DT_METRICS_DESCRIPTORS
                    })
                },
            )
        }
    };
    if !checks.is_empty() {
        made = quote_spanned!(ours()=> { #checks #made });
    }
    quote_spanned! {ours()=> {
        #constants
        #items
        static __DT_METRICS_INSTRUMENT: #ty = #made;
        #private::inventory::submit! { #registration }
        #value
    }}
}
