//! The static of an annotation's instruments, and its entry in the program's list.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::{Ident, Path};

use crate::args::{Args, Argument, Dimension, Dims};
use crate::describe::{Constants, DESCRIPTION, Instrument, NAME, UNIT};
use crate::span::{at, ours};

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
    let checks = checks(private, args, &mut constants);
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
            (
                quote_spanned!(ours()=> (#(#types),*)),
                quote_spanned!(ours()=> (#(#values),*)),
                quote_spanned! {ours()=>
                    #private::Registration::Several(
                        &[#(#owners::descriptor(&__DT_METRICS_INSTRUMENT.#places)),*]
                    )
                },
            )
        }
    };
    if !checks.is_empty() {
        made = quote_spanned!(ours()=> { #checks #made });
    }
    quote_spanned! {ours()=> {
        #constants
        static __DT_METRICS_INSTRUMENT: #ty = #made;
        #private::inventory::submit! { #registration }
        #value
    }}
}

/// Assertions about what all functions of an `impl` block inherit, as an item.
pub(crate) fn assertions(args: &Args) -> TokenStream {
    let private = private(args.library.as_ref());
    let mut constants = Constants::default();
    let checks = checks(&private, args, &mut constants);
    if checks.is_empty() {
        return TokenStream::new();
    }
    let constants = constants.items();
    quote_spanned!(ours()=> const _: () = { #constants #checks };)
}

/// Assertions, each reported at what it is about.
fn checks(private: &TokenStream, args: &Args, constants: &mut Constants) -> TokenStream {
    let texts = [
        (Argument::Name, &args.name, "check_name", NAME),
        (Argument::Unit, &args.unit, "check_unit", UNIT),
        (
            Argument::Description,
            &args.description,
            "check_description",
            DESCRIPTION,
        ),
    ];
    let mut checks = TokenStream::new();
    for (argument, text, function, name) in texts {
        if let Some(text) = text
            && !args.is_inherited(argument)
        {
            let value = constants.text(text, name);
            checks.extend(check(private, text, function, &value));
        }
    }
    let dims = [
        (Argument::Dims, &args.dims),
        (Argument::RetDims, &args.ret_dims),
    ];
    let dims = dims
        .into_iter()
        .filter(|(argument, _)| !args.is_inherited(*argument))
        .filter_map(|(_, dims)| dims.as_ref())
        .flat_map(Dims::iter);
    for Dimension { key, typed, .. } in dims {
        let key = key.to_token_stream();
        checks.extend(check(private, typed, "check_dimension_key", &key));
    }
    checks
}

fn check(
    private: &TokenStream,
    typed: &impl ToTokens,
    function: &str,
    text: &TokenStream,
) -> TokenStream {
    let function = Ident::new(function, ours());
    let call = at(typed, &quote_spanned!(ours()=> #private::#function(#text)));
    quote_spanned!(ours()=> #call;)
}
