//! Whether a boxed future can be put in another box, as far as its name tells: the compiler wants to
//! know that its value, too, lives as long as the box.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    GenericArgument, Generics, PathArguments, Signature, TypeParam, TypeParamBound, TypePath,
    WherePredicate,
};

use crate::emit::values;

/// Whether this may be the name of a boxed future with a value that is not known to live so long:
/// `BoxFuture<T>`.
///
/// What is said of the parameters of an `impl` block an annotation on a method does not see.
pub(crate) fn is_unknown(path: &TypePath, signature: &Signature) -> bool {
    if is_short(path) {
        return is_said_of_none(path, signature);
    }
    let known = known(&signature.generics);
    let is_unknown = |argument: &GenericArgument| {
        let argument = argument.to_token_stream();
        let text = argument.to_string();
        values::depends(argument, &[]) && !known.iter().any(|parameter| parameter.ident == text)
    };
    let segments = path.path.segments.iter();
    let mut arguments = segments
        .filter_map(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(arguments) => Some(arguments.args.iter()),
            _ => None,
        })
        .flatten();
    arguments.any(is_unknown)
}

/// Whether it has a parameter of the function, of which nothing says how long it lives: neither a
/// bound nor an argument that is borrowed.
pub(crate) fn is_said_of_none(path: &TypePath, signature: &Signature) -> bool {
    let is_short = is_short(path);
    let known = known(&signature.generics);
    let is_borrowed = |parameter: &TypeParam| {
        signature.inputs.iter().any(|input| {
            let input = input.to_token_stream();
            has(&input, &parameter.ident) && has(&input, &'&') && !has(&input, &"impl")
        })
    };
    signature.generics.type_params().any(|parameter| {
        has(&path.to_token_stream(), &parameter.ident)
            && !known.iter().any(|known| known.ident == parameter.ident)
            && !(is_short && is_borrowed(parameter))
    })
}

/// Whether it has a lifetime that is not `'static`.
fn is_short(path: &TypePath) -> bool {
    has_lifetime(path.to_token_stream())
}

fn has_lifetime(tokens: TokenStream) -> bool {
    let mut quoted = false;
    tokens.into_iter().any(|token| {
        let is_lifetime = match &token {
            TokenTree::Group(group) => has_lifetime(group.stream()),
            TokenTree::Ident(name) => quoted && name != "static",
            TokenTree::Punct(punct) => punct.as_char() == '&',
            TokenTree::Literal(_) => false,
        };
        quoted = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
        is_lifetime
    })
}

fn has(tokens: &TokenStream, wanted: &impl ToString) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => has(&group.stream(), wanted),
        token => token.to_string() == wanted.to_string(),
    })
}

/// The parameters of a function of which it is said how long they live.
fn known(generics: &Generics) -> Vec<&TypeParam> {
    let is_said = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(_));
    let clause = generics.where_clause.iter();
    let predicates = clause.flat_map(|clause| &clause.predicates);
    let said: Vec<String> = predicates
        .filter_map(|predicate| match predicate {
            WherePredicate::Type(predicate) if predicate.bounds.iter().any(is_said) => {
                Some(predicate.bounded_ty.to_token_stream().to_string())
            }
            _ => None,
        })
        .collect();
    generics
        .type_params()
        .filter(|parameter| {
            parameter.bounds.iter().any(is_said) || said.iter().any(|ty| parameter.ident == ty)
        })
        .collect()
}
