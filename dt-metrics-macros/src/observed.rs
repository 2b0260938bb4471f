//! `#[observed]`: the function stays as it is, and beside it the library is told of it.

mod valid;

use std::hash::{DefaultHasher, Hash, Hasher};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::{Ident, Result, ReturnType};

use crate::analyse::scope::Place;
use crate::emit::instrument::{Constants, Described, Instrument, descriptor};
use crate::emit::static_item as register;
use crate::emit::values;
use crate::parse::args::{Annotation, Args, Argument};
use crate::parse::item::{Function, Item};
use crate::report::{self, Report};
use crate::tokens::{at, ours};

/// `#[observed]`.
pub(crate) const OBSERVED: Annotation = Annotation {
    written: "#[observed]",
    takes: &[
        Argument::Name,
        Argument::Description,
        Argument::Unit,
        Argument::Dims,
        Argument::Kind,
        Argument::Crate,
    ],
    needs: &[],
    outcome: false,
};

/// The function as it was, and what tells the library of it.
pub(crate) fn observed(args: TokenStream, item: TokenStream) -> TokenStream {
    match expand(args, item.clone()) {
        Ok(registration) => {
            let mut tokens = item;
            tokens.extend(registration);
            tokens
        }
        Err(error) => report::untouched(item, &error),
    }
}

fn expand(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut report = Report::default();
    let mut hasher = DefaultHasher::new();
    args.to_string().hash(&mut hasher);
    let args = Args::parse(args, &OBSERVED, &mut report);
    let function = report.note(Item::parse(item).and_then(valid::function));
    report.finish()?;
    Ok(function
        .map(|function| registration(&args, &function, hasher))
        .unwrap_or_default())
}

/// An item that holds the registration.
///
/// A macro cannot tell a function of an `impl` block that has no `self` from a free one. There the
/// compiler takes only few kinds of items, and a struct is none of them: it says so in one
/// message, at the function's name, and drops the struct with all that is in it. A `const _`,
/// though simpler, would be kept, and the function's name in it not found, or another found.
fn registration(args: &Args, function: &Function, mut hasher: DefaultHasher) -> TokenStream {
    let private = register::private(args.library.as_ref());
    let name = &function.sig.ident;
    let output = match &function.sig.output {
        ReturnType::Type(_, output) => output.to_token_stream(),
        ReturnType::Default => TokenStream::new(),
    };
    let mut callee = name.clone();
    callee.set_span(ours());

    let values = values::options(&private, args.dims.as_ref());
    let number = at(&output, &quote_spanned!(ours()=> #callee()));
    let answer = quote_spanned!(ours()=> #private::Answer::new(&#values, #number));
    let answer = at(&output, &answer);
    let described = Described {
        kind: "Observed",
        suffix: "",
        unit: args.unit.as_ref(),
        asked: &[],
    };
    let mut constants = Constants::default();
    let descriptor = descriptor(
        &private,
        args,
        &Place::on(function),
        &described,
        &mut constants,
    );
    let kind = Ident::new(args.kind.unwrap_or_default().written(), ours());
    let instrument = Instrument {
        ty: quote_spanned!(ours()=> #private::Observed),
        value: quote_spanned! {ours()=>
            #private::Observed::#kind(#descriptor, #private::returns_float(#callee), __DT_METRICS_ASK)
        },
        dimensioned: false,
    };
    let nothing = quote_spanned!(ours()=> 0usize);
    let registered = register::block(&private, args, &[instrument], constants, &nothing);

    // Other arguments, another name: a function may be observed twice.
    name.hash(&mut hasher);
    let item = format!("__DtMetricsObserved{:016X}", hasher.finish());
    let item = Ident::new(&item, ours());
    let mut attrs: TokenStream = function
        .attrs("cfg")
        .map(ToTokens::to_token_stream)
        .collect();
    if function.attrs("deprecated").next().is_some() {
        attrs.extend(quote_spanned!(ours()=> #[allow(deprecated)]));
    }
    // The user's expressions are outside of the block in which our items are.
    let block = quote_spanned! {ours()=> {
        const __DT_METRICS_ASK: fn() -> #private::Answer = || #answer;
        #registered
    }};
    let item = quote_spanned!(ours()=> struct #item(([(); #block],)););
    let item = at(name, &item);
    quote_spanned!(ours()=> #attrs #item)
}

#[cfg(test)]
mod tests;
