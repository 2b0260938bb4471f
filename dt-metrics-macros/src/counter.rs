//! The expression that adds to a counter.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::{Expr, Ident};

use crate::args::Args;
use crate::register::{self, DefaultName};
use crate::span::{at, ours};
use crate::values::{self, Known};

/// Adds to the counter that `args` describe: an expression of type `()`.
///
/// `generics` are the type and const parameters that are known to be in scope.
pub(crate) fn add(
    args: &Args,
    default: Option<&DefaultName<'_>>,
    generics: &[&Ident],
) -> TokenStream {
    let private = register::private(args.library.as_ref());
    let dims = args.dims.as_ref();
    let known = Known::of(dims, generics);
    let (counter, new) = match known {
        Known::Compiled => {
            let values = values::constants(&private, dims);
            (
                quote_spanned!(ours()=> Counter),
                quote_spanned!(ours()=> new(&__DT_METRICS_DESCRIPTOR, &#values)),
            )
        }
        Known::Once => {
            let values = values::options(&private, dims);
            (
                quote_spanned!(ours()=> Counter),
                quote_spanned!(ours()=> resolved(&__DT_METRICS_DESCRIPTOR, || #private::values(#values))),
            )
        }
        Known::Called => (
            quote_spanned!(ours()=> DimensionedCounter),
            quote_spanned!(ours()=> new(&__DT_METRICS_DESCRIPTOR)),
        ),
    };
    let instrument = register::instrument(&private, "Counter", args, default, &counter, &new);
    let by = args
        .by
        .as_ref()
        .map_or_else(|| quote_spanned!(ours()=> 1u64), number);
    let values = (known == Known::Called)
        .then(|| values::options(&private, dims))
        .into_iter();
    quote_spanned!(ours()=> #private::#counter::add(#instrument, #by #(, #values)*))
}

/// A number of the user's, of whose type the compiler speaks without a word about our functions.
fn number(by: &Expr) -> TokenStream {
    let number = at(by, &quote_spanned!(ours()=> ::core::primitive::u64));
    quote_spanned!(ours()=> { let by: #number = #by; by })
}
