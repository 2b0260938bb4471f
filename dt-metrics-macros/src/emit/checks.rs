//! Assertions about texts whose values only the compiler can evaluate, each reported at the text.

use proc_macro2::TokenStream;

use super::instrument::{Constants, DESCRIPTION, NAME, UNIT};
use crate::parse::annotation::Argument;
use crate::parse::args::Args;
use crate::parse::text::Text;
use crate::tokens::{Private, at, emit, ident, private};

/// The assertions about the texts that all functions of an `impl` block inherit, as items.
pub(crate) fn of_block(args: &Args) -> TokenStream {
    let private = private(args.library.as_ref());
    let mut constants = Constants::default();
    let checks = all(&private, args, &mut constants);
    if checks.is_empty() {
        return TokenStream::new();
    }
    let constants = constants.items();
    emit!(const _: () = { #constants #checks };)
}

/// The assertions, as items: in one constant, the compiler would stop at the first one that fails.
pub(crate) fn all(private: &Private, args: &Args, constants: &mut Constants) -> TokenStream {
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
        if let Some(text @ Text::Path(_)) = text
            && !args.is_inherited(argument)
        {
            let (function, value) = (ident(function), constants.text(text, name));
            let check = at(text, &emit!(#private::#function(#value)));
            checks.extend(emit!(const _: () = #check;));
        }
    }
    checks
}
