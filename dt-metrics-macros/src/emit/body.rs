//! Bodies in expansions: where they were, with something done around them, or in a closure that
//! takes the parameters over.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::{FnArg, Pat, PatIdent, PatType, Receiver, Signature, Token, Type};

use crate::analyse::return_type::is_primitive;
use crate::tokens::{any, emit, ours};

/// The body with `entry` run before it.
///
/// The body becomes the tail of a block at the same place in the source. Thus its value, its
/// temporaries and the parameters are dropped as before, its items are not in the scope of `entry`,
/// and the compiler's messages about it do not change.
///
/// `#[cfg(all())]` is always true. Without an attribute, a body of one line would seem to have a
/// needless pair of braces (`unused_braces`), and `allow` is an error where that lint is forbidden.
pub(crate) fn entered(body: &Group, entry: &TokenStream) -> TokenStream {
    emit!(#entry; #[cfg(all())] #body)
}

/// The body with the value of `guard` held while it runs.
///
/// The body becomes the tail of a block in the edition of this crate, whatever the user's is: all
/// that the body owns is dropped first, temporaries of its last expression included, then the guard,
/// then the parameters. An arm of a `match` would not do, since a closure in it would not see which
/// type is expected. For the attribute see [`entered`].
pub(crate) fn guarded(body: &Group, guard: &TokenStream) -> TokenStream {
    emit! {
        {
            let __dt_metrics_guard = #guard;
            #[cfg(all())] #body
        }
    }
}

/// The statements that take the parameters over into a closure with the body. They are dropped as
/// those of a function are: after everything in the body, the last one first.
///
/// In the signature, each `mut` is removed, since the closure has it, and parameters without a name
/// get one.
///
/// Parameters that `used` mentions count as used even if the body does not mention them.
pub(crate) fn take_over(
    signature: &mut Signature,
    body: &TokenStream,
    used: &TokenStream,
) -> TokenStream {
    let inputs = signature.inputs.iter_mut().enumerate();
    let statements = inputs.map(|(place, input)| match input {
        FnArg::Receiver(receiver) => receive(receiver, body),
        FnArg::Typed(input) => take(input, place, body, used),
    });
    statements.collect()
}

/// Takes all of `self`: a closure would take only the fields that it names.
fn receive(receiver: &Receiver, body: &TokenStream) -> TokenStream {
    let this = &receiver.self_token;
    if mentions(body, "self") {
        emit!(let _ = &#this;)
    } else {
        TokenStream::new()
    }
}

fn take(input: &mut PatType, place: usize, body: &TokenStream, used: &TokenStream) -> TokenStream {
    let mut taken = Vec::new();
    if let Pat::Wild(_) = &*input.pat {
        if !is_trivial(&input.ty) {
            let name = format_ident!("_arg{place}", span = ours());
            *input.pat = by_value(name.clone());
            taken.push((None, name));
        }
    } else {
        bindings(&mut input.pat, &mut taken);
    }
    let attrs = input
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cfg"));
    let attrs: TokenStream = attrs.map(ToTokens::to_token_stream).collect();
    let mut statements = TokenStream::new();
    for (mutability, name) in taken {
        let text = name.to_string();
        let underscored = text.starts_with('_');
        if underscored && is_trivial(&input.ty) && !mentions(body, &text) {
            continue;
        }
        // Taking a parameter over is not a use of it.
        let allow = underscored.then(|| {
            emit! {
                #[allow(
                    clippy::no_effect_underscore_binding,
                    clippy::used_underscore_binding,
                )]
            }
        });
        let is_used = mentions(used, &text).then(|| emit!(let _ = &#name;));
        statements.extend(emit! {
            #attrs
            #[allow(clippy::shadow_same, clippy::min_ident_chars)]
            #allow
            let #mutability #name = #name;
            #is_used
        });
    }
    statements
}

/// Whether `name` occurs as an identifier or in a literal, which may be a format string.
fn mentions(tokens: &TokenStream, name: &str) -> bool {
    any(tokens, |_, token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Literal(literal) => name != "self" && literal.to_string().contains(name),
        TokenTree::Group(_) | TokenTree::Punct(_) => false,
    })
}

/// Whether dropping a value of this type does nothing.
fn is_trivial(ty: &Type) -> bool {
    match ty {
        Type::Reference(_) | Type::Ptr(_) | Type::Never(_) | Type::FnPtr(_) => true,
        Type::Tuple(tuple) => tuple.elems.iter().all(is_trivial),
        Type::Path(path) => {
            let name = path.path.get_ident();
            name.is_some_and(|name| is_primitive(&name.to_string()))
        }
        _ => false,
    }
}

fn by_value(ident: Ident) -> Pat {
    Pat::Ident(PatIdent {
        attrs: Vec::new(),
        by_ref: None,
        mutability: None,
        ident,
        subpat: None,
    })
}

/// Adds the names that a pattern binds, each with its `mut`, which is removed from the pattern.
fn bindings(pattern: &mut Pat, names: &mut Vec<(Option<Token![mut]>, Ident)>) {
    match pattern {
        Pat::Ident(binding) => {
            let mutability = match binding.by_ref {
                None => binding.mutability.take(),
                Some(_) => None,
            };
            names.push((mutability, binding.ident.clone()));
            if let Some((_, inner)) = &mut binding.subpat {
                bindings(inner, names);
            }
        }
        Pat::Paren(pattern) => bindings(&mut pattern.pat, names),
        Pat::Reference(pattern) => bindings(&mut pattern.pat, names),
        Pat::Slice(pattern) => pattern.elems.iter_mut().for_each(|p| bindings(p, names)),
        Pat::Tuple(pattern) => pattern.elems.iter_mut().for_each(|p| bindings(p, names)),
        Pat::TupleStruct(pattern) => pattern.elems.iter_mut().for_each(|p| bindings(p, names)),
        Pat::Struct(pattern) => {
            for field in &mut pattern.fields {
                // `Point { mut x }` has a pattern, too.
                bindings(&mut field.pat, names);
            }
        }
        // Other patterns bind nothing, or nothing that a macro can see.
        _ => {}
    }
}
