//! Whether a function can be observed.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Error, FnArg, Result, ReturnType, Safety, Signature, Type};

use super::OBSERVED;
use crate::parse::item::{Function, Item};
use crate::parse::valid;
use crate::report::Report;

/// What messages say of the type.
const RETURNS: &str = "returns `u64`, `i64` or `f64`";

/// The function to be observed that `item` has to be. Whether it is a free one, and the type that
/// it returns, only the compiler knows.
pub(super) fn function(item: Item) -> Result<Function> {
    let function = match item {
        Item::Function(function) => *function,
        Item::Bodiless(semicolon) => {
            let message = "`#[observed]` goes on a free function, which has a body";
            return Err(Error::new(semicolon.span, message));
        }
        other @ Item::Other(_) => return valid::function(other, &OBSERVED),
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
        report.note::<()>(Err(Error::new_spanned(tokens, message)));
    };
    if let Some(asyncness) = asyncness {
        refuse(
            asyncness,
            "gives its value at once: remove `async`, and read a value here that a task keeps up \
             to date",
        );
    }
    if let Safety::Unsafe(unsafety) = safety {
        refuse(
            unsafety,
            "is called by the library, which cannot know when that is safe: remove `unsafe`",
        );
    }
    if let Some(abi) = abi {
        refuse(abi, "is called by the library, from Rust: remove `extern`");
    }
    if !generics.params.is_empty() {
        refuse(
            &generics.params,
            "cannot be generic, since nobody says for which parameters to ask: remove them, or \
             annotate a function that calls this one with some",
        );
    }
    match inputs.first() {
        None => {}
        Some(FnArg::Receiver(_)) => refuse(
            &inputs,
            "is a free one, since nobody says which `self` to ask: move it out of the `impl` block",
        ),
        Some(FnArg::Typed(_)) => refuse(
            &inputs,
            "has no parameters, since nobody says what to ask: remove them, or annotate a function \
             that calls this one with some",
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
        && let Some(this) = this(function.body.stream())
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

/// A `Self` that is not that of an item in the body: where it stands tells no macro, but this does.
fn this(body: TokenStream) -> Option<Ident> {
    const ITEMS: &[&str] = &["enum", "impl", "macro_rules", "struct", "trait", "union"];
    fn find(tokens: TokenStream, name: &dyn Fn(&Ident) -> bool) -> Option<Ident> {
        tokens.into_iter().find_map(|token| match token {
            TokenTree::Group(group) => find(group.stream(), name),
            TokenTree::Ident(ident) if name(&ident) => Some(ident),
            _ => None,
        })
    }
    let item = find(body.clone(), &|ident| {
        ITEMS.iter().any(|item| ident == item)
    });
    match item {
        Some(_) => None,
        None => find(body, &|ident| ident == "Self"),
    }
}
