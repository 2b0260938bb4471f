//! Parameters that a closure takes over, so that they are dropped as those of a function are: the
//! last first, behind all that the body has.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{format_ident, quote_spanned};
use syn::{Attribute, FnArg, Pat, PatIdent, Receiver, Signature, Token, Type};

use crate::tokens::ours;

/// Statements for the beginning of the closure. The signature loses each `mut`, which the closure
/// has, and the parameters without a name get one.
///
/// What `used` names is used, whether or not the body names it, too.
pub(crate) fn take_over(
    signature: &mut Signature,
    body: &TokenStream,
    used: &TokenStream,
) -> TokenStream {
    let mut statements = TokenStream::new();
    for (place, input) in signature.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Receiver(receiver) => statements.extend(receive(receiver, body)),
            FnArg::Typed(input) => {
                let attrs: Vec<Attribute> = input
                    .attrs
                    .iter()
                    .filter(|attr| attr.path().is_ident("cfg"))
                    .cloned()
                    .collect();
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
                for (mutability, name) in taken {
                    let text = name.to_string();
                    let underscored = text.starts_with('_');
                    if underscored && is_trivial(&input.ty) && !mentions(body.clone(), &text) {
                        continue;
                    }
                    // To take it over is no use of it.
                    let allow = underscored.then(|| {
                        quote_spanned! {ours()=>
                            #[allow(
                                clippy::no_effect_underscore_binding,
                                clippy::used_underscore_binding,
                            )]
                        }
                    });
                    let is_used = mentions(used.clone(), &text);
                    let is_used = is_used.then(|| quote_spanned!(ours()=> let _ = &#name;));
                    statements.extend(quote_spanned! {ours()=>
                        #(#attrs)*
                        #[allow(clippy::shadow_same, clippy::min_ident_chars)]
                        #allow
                        let #mutability #name = #name;
                        #is_used
                    });
                }
            }
        }
    }
    statements
}

/// All of `self`: a closure takes only the fields that it names, if it names no more.
fn receive(receiver: &Receiver, body: &TokenStream) -> TokenStream {
    let this = &receiver.self_token;
    if mentions(body.clone(), "self") {
        quote_spanned!(ours()=> let _ = &#this;)
    } else {
        TokenStream::new()
    }
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Ident(ident) => ident == name,
        // Of a format string, perhaps.
        TokenTree::Literal(literal) => name != "self" && literal.to_string().contains(name),
        TokenTree::Punct(_) => false,
    })
}

/// Whether dropping a value of this type does nothing.
fn is_trivial(ty: &Type) -> bool {
    match ty {
        Type::Reference(_) | Type::Ptr(_) | Type::Never(_) | Type::FnPtr(_) => true,
        Type::Tuple(tuple) => tuple.elems.iter().all(is_trivial),
        Type::Path(path) => path.path.get_ident().is_some_and(|ident| {
            let name = ident.to_string();
            name.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        }),
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

/// The names that a pattern binds, with the `mut` that is taken from them.
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
                // `Point { mut x }` binds what it names.
                bindings(&mut field.pat, names);
            }
        }
        // Alternatives bind the same names; what a macro binds only the compiler knows.
        _ => {}
    }
}
