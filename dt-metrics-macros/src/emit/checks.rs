//! Assertions about the texts of an annotation, each reported at what it is about.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::{Ident, LitStr};

use crate::emit::instrument::{Constants, DESCRIPTION, NAME, UNIT};
use crate::emit::static_item::private;
use crate::parse::args::{Args, Argument, Dimension, Text};
use crate::tokens::{at, ours};

/// Assertions about what all functions of an `impl` block inherit, as items.
pub(crate) fn of_block(args: &Args) -> TokenStream {
    let private = private(args.library.as_ref());
    let mut constants = Constants::default();
    let (items, checks) = all(&private, args, &mut constants);
    if items.is_empty() && checks.is_empty() {
        return TokenStream::new();
    }
    let constants = constants.items();
    quote_spanned!(ours()=> const _: () = { #constants #items #checks };)
}

/// The assertions, as items and as statements.
///
/// The compiler stops at the first that fails in a constant, but asks all constants. One costs the
/// one who builds more than a statement does: so only texts that look wrong have theirs, if there
/// are several.
pub(crate) fn all(
    private: &TokenStream,
    args: &Args,
    constants: &mut Constants,
) -> (TokenStream, TokenStream) {
    let checks = each(private, args, constants);
    let several = checks.iter().filter(|check| !check.plain).count() > 1;
    let (mut items, mut statements) = (TokenStream::new(), TokenStream::new());
    for Check { call, plain } in checks {
        if plain || !several {
            statements.extend(quote_spanned!(ours()=> #call;));
        } else {
            items.extend(quote_spanned!(ours()=> const _: () = #call;));
        }
    }
    (items, statements)
}

struct Check {
    call: TokenStream,
    /// Whether the text looks right; what is right only the library knows.
    plain: bool,
}

fn each(private: &TokenStream, args: &Args, constants: &mut Constants) -> Vec<Check> {
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
    let mut checks = Vec::new();
    for (argument, text, function, name) in texts {
        if let Some(text) = text
            && !args.is_inherited(argument)
        {
            let value = constants.text(text, name);
            checks.push(Check {
                call: call(private, text, function, &value),
                plain: matches!(text, Text::Literal(text) if is_plain(argument, text)),
            });
        }
    }
    let dims = [
        (Argument::Dims, &args.dims),
        (Argument::RetDims, &args.ret_dims),
    ];
    let dims = dims
        .into_iter()
        .filter(|(argument, _)| !args.is_inherited(*argument))
        .filter_map(|(argument, dims)| Some((argument, dims.as_ref()?)))
        .flat_map(|(argument, dims)| dims.iter().map(move |dimension| (argument, dimension)));
    checks.extend(dims.map(|(argument, Dimension { key, typed, .. })| Check {
        call: call(
            private,
            typed,
            "check_dimension_key",
            &key.to_token_stream(),
        ),
        plain: is_plain(argument, key),
    }));
    checks
}

fn is_plain(argument: Argument, text: &LitStr) -> bool {
    let text = text.value();
    let is_name = |first: fn(&u8) -> bool, inner: fn(&u8) -> bool| {
        text.split('.').all(|section| {
            section.as_bytes().first().is_some_and(first) && section.bytes().all(|c| inner(&c))
        })
    };
    let is_short = text.len() <= 63;
    match argument {
        Argument::Description => text.len() < 1 << 14,
        Argument::Unit => {
            is_short
                && !text.is_empty()
                && text
                    .bytes()
                    .all(|c| c.is_ascii_alphanumeric() || b"%[]{}/_".contains(&c))
        }
        Argument::Name => {
            let inner = |c: &u8| c.is_ascii_alphanumeric() || b"_-".contains(c);
            is_short && is_name(u8::is_ascii_alphabetic, inner) && !text.starts_with("dt.")
        }
        _ => {
            let inner = |c: &u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"_-".contains(c);
            is_short && is_name(u8::is_ascii_lowercase, inner)
        }
    }
}

fn call(
    private: &TokenStream,
    typed: &impl ToTokens,
    function: &str,
    text: &TokenStream,
) -> TokenStream {
    let function = Ident::new(function, ours());
    at(typed, &quote_spanned!(ours()=> #private::#function(#text)))
}
