//! Whether a boxed future can be put in another box, as far as its name tells.

use quote::ToTokens;
use syn::{
    GenericArgument, Generics, PathArguments, TypeParam, TypeParamBound, TypePath, WherePredicate,
};

use crate::values;

/// Whether this may be the name of a boxed future that lives for ever, with a value that is not
/// known to: `BoxFuture<T>`. The compiler wants to know that before it is put in another box.
///
/// What is said of the parameters of an `impl` block an annotation on a method does not see.
pub(crate) fn is_unknown(path: &TypePath, generics: &Generics) -> bool {
    let mut arguments = path
        .path
        .segments
        .iter()
        .filter_map(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(arguments) => Some(arguments.args.iter()),
            _ => None,
        })
        .flatten();
    let is_short = |argument: &GenericArgument| matches!(argument, GenericArgument::Lifetime(lifetime) if lifetime.ident != "static");
    let known = known(generics);
    let is_unknown = |argument: &GenericArgument| {
        let argument = argument.to_token_stream();
        let text = argument.to_string();
        values::depends(argument, &[]) && !known.iter().any(|parameter| parameter.ident == text)
    };
    !arguments.clone().any(is_short) && arguments.any(is_unknown)
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
