//! The static that holds the instruments of an annotation, and its entry in the program's list.

use proc_macro2::TokenStream;

use super::checks;
use super::instrument::{Constants, Instrument};
use crate::parse::args::Args;
use crate::tokens::{Private, emit, ident};

/// The value of a [`block`] that hands out its instruments: one, or a tuple. With the `length` of a
/// unit, which names a constant of the block, that comes with them.
pub(crate) fn instruments(length: Option<&TokenStream>) -> TokenStream {
    with_length(&emit!(&__DT_METRICS_INSTRUMENT), length)
}

/// `instruments`, with the `length` of a unit if there is one.
fn with_length(instruments: &TokenStream, length: Option<&TokenStream>) -> TokenStream {
    match length {
        None => instruments.clone(),
        Some(length) => emit! {
            const __DT_METRICS_NANOSECONDS: ::core::primitive::f64 = #length;
            (#instruments, __DT_METRICS_NANOSECONDS)
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
    private: &Private,
    args: &Args,
    instruments: &[Instrument],
    mut constants: Constants,
    value: &TokenStream,
) -> TokenStream {
    let checks = checks::all(private, args, &mut constants);
    let constants = constants.items();
    let (ty, made) = parts(instruments);
    let entry = entry(private, instruments);
    emit! {{
        #constants
        #checks
        static __DT_METRICS_INSTRUMENT: #ty = #made;
        #private::inventory::submit! { #entry }
        #value
    }}
}

/// The type and the value of the static with these instruments.
fn parts(instruments: &[Instrument]) -> (TokenStream, TokenStream) {
    if let [Instrument { ty, value, .. }] = instruments {
        return (ty.clone(), value.clone());
    }
    let types = instruments.iter().map(|instrument| &instrument.ty);
    let values = instruments.iter().map(|instrument| &instrument.value);
    (emit!((#(#types),*)), emit!((#(#values),*)))
}

/// The entry for the linker.
fn entry(private: &Private, instruments: &[Instrument]) -> TokenStream {
    let is_observed = instruments.iter().any(|instrument| instrument.observed);
    let ty = ident(if is_observed {
        "ObservedRegistration"
    } else {
        "Registration"
    });
    emit!(#private::#ty(&__DT_METRICS_INSTRUMENT))
}

/// A block with a function that hands out its static. The value of the block is that function, which a future
/// keeps instead of a reference since it has no size. With the `length` of a unit, that comes with it.
pub(crate) fn function(
    private: &Private,
    args: &Args,
    instruments: &[Instrument],
    mut constants: Constants,
    length: Option<&TokenStream>,
) -> TokenStream {
    let checks = checks::all(private, args, &mut constants);
    let constants = constants.items();
    let (ty, made) = parts(instruments);
    let entry = entry(private, instruments);
    let value = with_length(&emit!(__dt_metrics_site), length);
    emit! {{
        #constants
        #checks
        fn __dt_metrics_site() -> &'static #ty {
            static __DT_METRICS_INSTRUMENT: #ty = #made;
            #private::inventory::submit! { #entry }
            &__DT_METRICS_INSTRUMENT
        }
        #value
    }}
}
