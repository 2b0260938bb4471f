//! Assertions about the texts of an annotation, each reported at the text.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::LitStr;

use super::instrument::{Constants, DESCRIPTION, NAME, UNIT};
use crate::parse::annotation::Argument;
use crate::parse::args::Args;
use crate::parse::dims::Dimension;
use crate::parse::text::Text;
use crate::tokens::{at, emit, ident, private};

/// The assertions about the texts that all functions of an `impl` block inherit, as items.
pub(crate) fn of_block(args: &Args) -> TokenStream {
    let private = private(args.library.as_ref());
    let mut constants = Constants::default();
    let (items, checks) = all(&private, args, &mut constants);
    if items.is_empty() && checks.is_empty() {
        return TokenStream::new();
    }
    let constants = constants.items();
    emit!(const _: () = { #constants #items #checks };)
}

/// The assertions, as items and as statements.
///
/// In one constant, the compiler stops at the first assertion that fails, but it evaluates every
/// constant. Since an item takes longer to compile than a statement, only texts that look wrong get
/// a constant of their own, and only if there are several.
pub(crate) fn all(
    private: &TokenStream,
    args: &Args,
    constants: &mut Constants,
) -> (TokenStream, TokenStream) {
    let checks = checks(private, args, constants);
    let several = checks.iter().filter(|check| !check.plain).count() > 1;
    let (mut items, mut statements) = (TokenStream::new(), TokenStream::new());
    for Check { call, plain } in checks {
        if plain || !several {
            statements.extend(emit!(#call;));
        } else {
            items.extend(emit!(const _: () = #call;));
        }
    }
    (items, statements)
}

struct Check {
    call: TokenStream,
    /// Whether the text looks right. Only the library knows whether it is.
    plain: bool,
}

fn checks(private: &TokenStream, args: &Args, constants: &mut Constants) -> Vec<Check> {
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
                plain: matches!(text, Text::Literal(text) if is_plain(argument, text)),
                call: call(private, text, function, &value),
            });
        }
    }
    let dims = [
        (Argument::Dims, args.dims()),
        (Argument::RetDims, args.ret_dims()),
    ];
    for (argument, dims) in dims {
        if args.is_inherited(argument) {
            continue;
        }
        checks.extend(dims.iter().map(|Dimension { key, typed, .. }| Check {
            plain: is_plain(argument, key),
            call: call(
                private,
                typed,
                "check_dimension_key",
                &key.to_token_stream(),
            ),
        }));
    }
    checks
}

fn call(
    private: &TokenStream,
    typed: &impl ToTokens,
    function: &str,
    text: &TokenStream,
) -> TokenStream {
    let function = ident(function);
    at(typed, &emit!(#private::#function(#text)))
}

/// Whether a text is certainly right.
fn is_plain(argument: Argument, text: &LitStr) -> bool {
    let text = text.value();
    let is_short = text.len() <= 63;
    let are_sections = |first: fn(&u8) -> bool, inner: fn(&u8) -> bool| {
        text.split('.').all(|section| {
            section.as_bytes().first().is_some_and(first) && section.bytes().all(|c| inner(&c))
        })
    };
    match argument {
        Argument::Description => text.len() < 1 << 14,
        Argument::Unit => {
            let is_usual = |c: u8| c.is_ascii_alphanumeric() || b"%[]{}/_".contains(&c);
            is_short && !text.is_empty() && text.bytes().all(is_usual)
        }
        Argument::Name => {
            let inner = |c: &u8| c.is_ascii_alphanumeric() || b"_-".contains(c);
            is_short && are_sections(u8::is_ascii_alphabetic, inner) && !text.starts_with("dt.")
        }
        _ => {
            let inner = |c: &u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"_-".contains(c);
            is_short && are_sections(u8::is_ascii_lowercase, inner)
        }
    }
}
