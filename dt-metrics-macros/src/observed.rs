//! `#[observed]`: the function stays as it is, and an item next to it registers it with the library.

use std::hash::{DefaultHasher, Hash, Hasher};

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Error, FnArg, Result, ReturnType, Safety, Signature, Type};

use crate::analyse::scope::{Known, Place};
use crate::emit::instrument::{Constants, Instrument, descriptor};
use crate::emit::{static_item, values};
use crate::parse::annotation::{Annotation, Argument};
use crate::parse::args::Args;
use crate::parse::dims::Source;
use crate::parse::item::{Function, Item};
use crate::report::{self, Report};
use crate::tokens::{at, emit, find_ident, ident, ours, private};

/// `#[observed]`.
const OBSERVED: Annotation = Annotation {
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

/// The function as it was, and its registration or the messages about its mistakes.
pub(crate) fn observed(args: TokenStream, item: TokenStream) -> TokenStream {
    match registration(args, item.clone()) {
        Ok(registration) => {
            let mut tokens = item;
            tokens.extend(registration);
            tokens
        }
        Err(error) => report::untouched(item, &error),
    }
}

fn registration(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut report = Report::default();
    // With other arguments, the item has another name: a function may be observed twice.
    let mut hasher = DefaultHasher::new();
    args.to_string().hash(&mut hasher);
    let args = Args::parse(args, &OBSERVED, &mut report);
    let function = report.note(Item::parse(item).and_then(function));
    if let Some(function) = &function {
        report.note(args.check_self(&function.sig));
    }
    let mut dims = args.dims().iter();
    if let Some(spread) = dims.find(|dimension| matches!(dimension.source, Source::Spread(_))) {
        let message =
            "`#[observed]` needs the keys of its dimensions: write `key = value` for each";
        report.add(Error::new_spanned(&spread.typed, message));
    }
    report.finish()?;
    Ok(function.map_or_else(TokenStream::new, |function| {
        function.sig.ident.hash(&mut hasher);
        registering(&args, &function, hasher.finish())
    }))
}

/// The item that registers a function.
///
/// A macro cannot distinguish a function without `self` in an `impl` block from a free function. In
/// an `impl` block the compiler accepts few kinds of items, and a struct is not one of them: it
/// reports that in one message, at the function's name, and drops the struct with all of its
/// content. It would keep a `const _`, which would be simpler, and not find the function's name in
/// it, or find another function with that name.
fn registering(args: &Args, function: &Function, hash: u64) -> TokenStream {
    let private = private(args.library.as_ref());
    let name = &function.sig.ident;
    let output = match &function.sig.output {
        ReturnType::Type(_, output) => output.to_token_stream(),
        ReturnType::Default => TokenStream::new(),
    };
    let mut callee = name.clone();
    callee.set_span(ours());

    let values = values::options(&private, args.dims());
    let number = at(&output, &emit!(#callee()));
    let observation = at(
        &output,
        &emit!(#private::Observation::of(&#values, #number)),
    );
    let mut constants = Constants::default();
    let place = Place::on(function, None);
    let mut descriptor = descriptor(&private, args, &place, None, &mut constants);
    if Known::of(args.dims(), &place) != Known::Called {
        descriptor.extend(emit!(.with_one_series()));
    }
    let kind = ident(args.kind.unwrap_or("gauge"));
    let instrument = Instrument {
        ty: emit!(#private::Observed),
        value: emit! {
            #private::Observed::#kind(#descriptor, #private::returns_float(#callee), __DT_METRICS_ASK)
        },
        dimensioned: false,
        observed: true,
    };
    let nothing = emit!(0usize);
    let registered = static_item::block(&private, args, &[instrument], constants, &nothing);

    let cfgs = function.attrs("cfg").map(ToTokens::to_token_stream);
    let mut attrs: TokenStream = cfgs.collect();
    if function.attrs("deprecated").next().is_some() {
        attrs.extend(emit!(#[allow(deprecated)]));
    }
    // The user's expressions are outside of the block with the items of the expansion.
    let block = emit! {{
        const __DT_METRICS_ASK: fn() -> ::core::option::Option<#private::Observation> = || #observation;
        #registered
    }};
    let item = ident(&format!("__DtMetricsObserved{hash:016X}"));
    let item = at(name, &emit!(struct #item(([(); #block],));));
    emit!(#attrs #item)
}

/// The wording for the type in messages.
const RETURNS: &str = "returns a number or an `Option` of one";

/// The function, if it can be observed. Only the compiler can check whether it is a free function,
/// and which type it returns.
fn function(item: Item) -> Result<Function> {
    let function = match item {
        Item::Function(function) => *function,
        Item::Bodiless(semicolon) => {
            let message = "`#[observed]` goes on a free function, which has a body";
            return Err(Error::new(semicolon.span, message));
        }
        other @ Item::Other(_) => return other.function(&OBSERVED),
    };
    let Signature {
        asyncness,
        safety,
        abi,
        generics,
        inputs,
        output,
        ident,
        ..
    } = &function.sig;
    let mut report = Report::default();
    let mut refuse = |tokens: &dyn ToTokens, why: &str| {
        let message = format!("an `#[observed]` function {why}");
        report.add(Error::new_spanned(tokens, message));
    };
    if let Some(asyncness) = asyncness {
        refuse(
            asyncness,
            "returns its value at once: remove `async`, and read a value that a task keeps up to \
             date",
        );
    }
    if let Safety::Unsafe(unsafety) = safety {
        refuse(
            unsafety,
            "is called by the library, which cannot check that the call is safe: remove `unsafe`",
        );
    }
    if let Some(abi) = abi {
        refuse(abi, "is called by the library, from Rust: remove `extern`");
    }
    if !generics.params.is_empty() {
        refuse(
            &generics.params,
            "cannot be generic, since the library calls it without arguments: remove the \
             parameters, or annotate a function that calls this one with concrete types",
        );
    }
    match inputs.first() {
        None => {}
        Some(FnArg::Receiver(_)) => refuse(
            &inputs,
            "cannot have `self`, since the library calls it without arguments: move it out of the `impl` block",
        ),
        Some(FnArg::Typed(_)) => refuse(
            &inputs,
            "cannot have parameters, since the library calls it without arguments: remove them, or \
             annotate a function that calls this one with values",
        ),
    }
    match output {
        ReturnType::Default => refuse(ident, RETURNS),
        ReturnType::Type(_, output) if matches!(**output, Type::Never(_) | Type::ImplTrait(_)) => {
            refuse(output, RETURNS);
        }
        ReturnType::Type(..) => {}
    }
    if inputs.is_empty()
        && let Some(this) = this(&function.body.stream())
    {
        refuse(
            &this,
            "is a free one, and only an `impl` block has a `Self`: move it out of the block, and \
             name the type",
        );
    }
    report.finish()?;
    Ok(function)
}

/// A `Self` that does not belong to an item in the body. It reveals that the function is in an
/// `impl` block, which a macro cannot see.
fn this(body: &TokenStream) -> Option<Ident> {
    const ITEMS: &[&str] = &["enum", "impl", "macro_rules", "struct", "trait", "union"];
    let item = find_ident(body, |ident| ITEMS.iter().any(|item| ident == item));
    match item {
        Some(_) => None,
        None => find_ident(body, |ident| ident == "Self"),
    }
}

#[cfg(test)]
mod tests;
