//! The return type of a function, as far as its signature reveals it.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{
    GenericArgument, Ident, Path, PathArguments, PathSegment, ReturnType, Signature, Token, Type,
    TypeParamBound, TypePath, WherePredicate,
};

use super::promise::{Closures, Promise};
use super::scope::{begins_path, looks_generic};
use crate::tokens::{any, emit, ends_in, is_ident, is_primitive, is_punct, is_writable, ours};

/// The kind of a function's return value.
#[derive(Clone, Copy)]
pub(crate) enum Output {
    /// `!`.
    Never,
    /// `impl Future`, with any further bounds.
    Future,
    /// `impl Stream`, with any further bounds.
    Stream,
    /// Any other `impl Trait`.
    Opaque,
    /// A type whose name may stand for a boxed future or stream.
    Named {
        /// Whether the compiler will accept that future in a further box: the type of its value
        /// has to outlive the box.
        outlives: bool,
    },
    /// A type that is not a future, and may be a form of `Result`.
    Value,
    /// A type that is neither.
    Plain,
}

impl Output {
    pub(crate) fn of(signature: &Signature) -> Self {
        let Some(ty) = written(&signature.output) else {
            return Self::Plain;
        };
        match ty {
            Type::Never(_) => Self::Never,
            Type::ImplTrait(ty) if Promise::of(ty).is_none() => Self::Opaque,
            Type::ImplTrait(ty) if has_bound(&ty.bounds, FUTURES) => Self::Future,
            Type::ImplTrait(ty) if has_bound(&ty.bounds, STREAMS) => Self::Stream,
            Type::ImplTrait(_) => Self::Opaque,
            Type::Path(path) => Self::path(path, signature),
            Type::Macro(_) => Self::Named { outlives: true },
            Type::Verbatim(_) | Type::Infer(_) => Self::Value,
            _ => Self::Plain,
        }
    }

    fn path(path: &TypePath, signature: &Signature) -> Self {
        let segments = &path.path.segments;
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            return Self::Value;
        };
        let is_single = segments.len() == 1 && path.qself.is_none();
        if is_single && is_type_parameter(&last.ident, signature) {
            return Self::Plain;
        }
        let is_associated = path.qself.is_some() || !is_single && first.ident == "Self";
        match last.ident.to_string().as_str() {
            "Box" if is_boxed_future(path) => Self::Named {
                outlives: outlives(path, signature, true),
            },
            "Result" | "Poll" | "Option" => Self::Value,
            "String" | "Vec" | "Box" | "Rc" | "Arc" | "Cow" | "HashMap" | "HashSet"
            | "BTreeMap" | "BTreeSet" | "VecDeque" | "PathBuf" | "OsString" | "Duration"
            | "Instant" | "Ordering" | "NonZero" => Self::Plain,
            name if is_single && is_primitive(name) => Self::Plain,
            "Pin" if !is_associated => Self::Named {
                outlives: outlives(path, signature, true),
            },
            _ => Self::Named {
                outlives: !is_associated && outlives(path, signature, false),
            },
        }
    }
}

/// The type without parentheses and invisible groups around it.
pub(crate) fn written(output: &ReturnType) -> Option<&Type> {
    let mut ty = returned(output)?;
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return Some(ty),
        };
    }
}

fn returned(output: &ReturnType) -> Option<&Type> {
    match output {
        ReturnType::Type(_, ty) => Some(ty),
        ReturnType::Default => None,
    }
}

/// Whether this is a boxed stream, as far as its name reveals that.
pub(crate) fn is_boxed_stream(output: &ReturnType) -> bool {
    let Some(Type::Path(path)) = written(output) else {
        return false;
    };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    let dyn_stream = || {
        let is_dyn = any(&last.arguments, |_, token| is_ident(token, "dyn"));
        is_dyn && any(&last.arguments, |_, token| is_ident(token, "Stream"))
    };
    match last.ident.to_string().as_str() {
        "BoxStream" | "LocalBoxStream" => true,
        "Pin" | "Box" => dyn_stream(),
        _ => false,
    }
}

/// Whether the type contains `impl Trait`.
pub(crate) fn has_impl(output: &ReturnType) -> bool {
    any(output, |_, token| is_ident(token, "impl"))
}

/// `T` of `impl Future<Output = T>`, if an expansion can write it.
pub(crate) fn future_value(output: &ReturnType) -> Option<&Type> {
    match written(output)? {
        Type::ImplTrait(future) => value(&future.bounds, "Output").filter(is_writable),
        _ => None,
    }
}

/// `T` of `impl Stream<Item = T>`, if an expansion can write it.
pub(crate) fn stream_item(output: &ReturnType) -> Option<&Type> {
    match written(output)? {
        Type::ImplTrait(stream) => value(&stream.bounds, "Item").filter(is_writable),
        _ => None,
    }
}

/// The bounds of an `impl Future` or `impl Stream`.
pub(crate) fn promise(output: &ReturnType) -> Option<Promise> {
    match written(output)? {
        Type::ImplTrait(ty) => Promise::of(ty),
        _ => None,
    }
}

/// The closures in the type, each an `impl Fn`, and the type as an item can have it.
pub(crate) fn closures(output: &ReturnType) -> Option<(Closures, Type)> {
    if has_impl(output) {
        Closures::of(written(output)?)
    } else {
        None
    }
}

/// `T` of `Pin<Box<dyn Future<Output = T>>>`, or of one with `impl Future`, if an expansion can write it.
pub(crate) fn boxed_value(output: &ReturnType) -> Option<&Type> {
    value(boxed_bounds(output)?, "Output").filter(is_writable)
}

/// The bounds of `Pin<Box<dyn Future>>`, or of one with `impl Future`.
fn boxed_bounds(output: &ReturnType) -> Option<&Punctuated<TypeParamBound, Token![+]>> {
    let bounds = match argument(argument(written(output)?, "Pin")?, "Box")? {
        Type::TraitObject(object) => &object.bounds,
        Type::ImplTrait(future) => &future.bounds,
        _ => return None,
    };
    has_bound(bounds, &["Future"]).then_some(bounds)
}

/// Whether the type is a boxed future, or has a part that no expansion can write and is one by its names.
/// The names of types and traits may be the user's own, but hardly their paths.
pub(crate) fn is_boxed_for_certain(output: &ReturnType) -> bool {
    let (Some(Type::Path(pin)), Some(bounds)) = (written(output), boxed_bounds(output)) else {
        return false;
    };
    let mut futures = bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => Some(&bound.path),
        _ => None,
    });
    has_impl(output)
        || pin.path.segments.len() > 1
            && futures.any(|path| {
                let last = path.segments.last();
                path.segments.len() > 1 && last.is_some_and(|last| last.ident == "Future")
            })
}

/// Whether `Box<…>` holds a future or a stream.
fn is_boxed_future(path: &TypePath) -> bool {
    let boxed = Type::Path(path.clone());
    match argument(&boxed, "Box") {
        Some(Type::TraitObject(object)) => {
            has_bound(&object.bounds, FUTURES) || has_bound(&object.bounds, STREAMS)
        }
        _ => false,
    }
}

/// Whether an expansion can have a variable of this type.
pub(crate) fn can_be_told(output: &ReturnType) -> bool {
    written(output).is_some_and(is_writable)
}

/// Whether the type, or a type in it, has the name of a `Result`.
pub(crate) fn mentions_result(output: &ReturnType) -> bool {
    any(
        output,
        |_, token| matches!(token, TokenTree::Ident(name) if is_result_name(name)),
    )
}

fn is_result_name(name: &Ident) -> bool {
    name.to_string().ends_with("Result")
}

/// The return type of a closure with the same body: `_` replaces each `impl Trait`, which a closure
/// cannot have. `None` where the compiler has to infer all of it.
pub(crate) fn closure_output(output: &ReturnType) -> Option<TokenStream> {
    match output {
        ReturnType::Default => Some(emit!(())),
        ReturnType::Type(_, ty) if matches!(**ty, Type::ImplTrait(_)) => None,
        ReturnType::Type(_, ty) => {
            let mut ty = (**ty).clone();
            infer_impl(&mut ty);
            Some(ty.into_token_stream())
        }
    }
}

/// The names of traits that only futures have.
const FUTURES: &[&str] = &["Future", "FusedFuture", "TryFuture"];

/// The names of traits that only streams have.
const STREAMS: &[&str] = &["Stream", "FusedStream", "TryStream"];

/// Whether the name of some bound is one of `names`.
fn has_bound<'a>(bounds: impl IntoIterator<Item = &'a TypeParamBound>, names: &[&str]) -> bool {
    bounds.into_iter().any(|bound| {
        trait_name(bound).is_some_and(|name| names.iter().any(|wanted| name.ident == *wanted))
    })
}

/// The last segment of a bound, unless that is a lifetime.
fn trait_name(bound: &TypeParamBound) -> Option<&PathSegment> {
    match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    }
}

/// The type behind `name =` of a bound.
fn value<'a>(bounds: impl IntoIterator<Item = &'a TypeParamBound>, name: &str) -> Option<&'a Type> {
    let mut arguments = bounds.into_iter().filter_map(trait_name);
    arguments.find_map(|bound| match &bound.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::AssocType(associated) if associated.ident == name => {
                    Some(&associated.ty)
                }
                _ => None,
            })
        }
        _ => None,
    })
}

/// `T` of `name<T>`.
fn argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) if last.ident == name => {
            match arguments.args.first()? {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_type_parameter(name: &Ident, signature: &Signature) -> bool {
    let mut parameters = signature.generics.type_params();
    parameters.any(|parameter| parameter.ident == *name)
}

/// Whether all generic parameters in a type are known to outlive it, if it stands for a boxed
/// future. `BoxFuture<T>` is one whose box is `'static`, which `T` may not be.
///
/// An annotation on a method does not see the parameters of the `impl` block. Names that look like
/// them count as such, unless the type is `spelled_out` as a boxed future or has a lifetime: then it
/// is more likely that the block has the bound.
fn outlives(path: &TypePath, signature: &Signature, spelled_out: bool) -> bool {
    let has_lifetime = has_lifetime(path);
    let is_generic = |name: &Ident| {
        is_type_parameter(name, signature) || !has_lifetime && !spelled_out && looks_generic(name)
    };
    let may_be_short_lived = |name: &Ident| {
        is_generic(name)
            && !has_lifetime_bound(name, signature)
            && !(has_lifetime && is_borrowed(name, signature))
    };
    let mut segments = path.path.segments.iter();
    !segments.any(|segment| begins_path(&segment.arguments, may_be_short_lived))
}

/// Whether a type has a lifetime other than `'static`.
fn has_lifetime(path: &TypePath) -> bool {
    any(path, |before, token| match token {
        TokenTree::Ident(name) => ends_in(before, '\'') && name != "static",
        other => is_punct(other, '&'),
    })
}

/// Whether the signature bounds a type parameter by a lifetime.
fn has_lifetime_bound(name: &Ident, signature: &Signature) -> bool {
    let generics = &signature.generics;
    let is_lifetime = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(_));
    let predicates = generics
        .where_clause
        .iter()
        .flat_map(|clause| &clause.predicates);
    let mut clauses = predicates.filter_map(|predicate| match predicate {
        WherePredicate::Type(predicate) => Some((&predicate.bounded_ty, &predicate.bounds)),
        _ => None,
    });
    generics
        .type_params()
        .any(|parameter| parameter.ident == *name && parameter.bounds.iter().any(is_lifetime))
        || clauses.any(|(ty, bounds)| {
            name == &ty.to_token_stream().to_string() && bounds.iter().any(is_lifetime)
        })
}

/// Whether an argument borrows a value of a type parameter: the borrow implies that the parameter
/// outlives its lifetime.
fn is_borrowed(name: &Ident, signature: &Signature) -> bool {
    signature.inputs.iter().any(|input| {
        any(
            input,
            |_, token| matches!(token, TokenTree::Ident(ident) if ident == name),
        ) && any(input, |_, token| is_punct(token, '&'))
            && !any(input, |_, token| is_ident(token, "impl"))
    })
}

/// Replaces each `impl Trait` by `_`.
fn infer_impl(ty: &mut Type) {
    match ty {
        Type::ImplTrait(_) => {
            *ty = Type::Infer(syn::TypeInfer {
                attrs: Vec::new(),
                underscore_token: syn::Token![_](ours()),
            });
        }
        Type::Array(array) => infer_impl(&mut array.elem),
        Type::Group(group) => infer_impl(&mut group.elem),
        Type::Paren(paren) => infer_impl(&mut paren.elem),
        Type::Ptr(pointer) => infer_impl(&mut pointer.elem),
        Type::Reference(reference) => infer_impl(&mut reference.elem),
        Type::Slice(slice) => infer_impl(&mut slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(infer_impl),
        Type::Path(path) => infer_in(&mut path.path),
        Type::TraitObject(object) => {
            for bound in &mut object.bounds {
                if let TypeParamBound::Trait(bound) = bound {
                    infer_in(&mut bound.path);
                }
            }
        }
        _ => {}
    }
}

/// Replaces each `impl Trait` in the arguments of a path.
fn infer_in(path: &mut Path) {
    for segment in &mut path.segments {
        let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else {
            continue;
        };
        for argument in &mut arguments.args {
            match argument {
                GenericArgument::Type(ty) => infer_impl(ty),
                GenericArgument::AssocType(associated) => infer_impl(&mut associated.ty),
                _ => {}
            }
        }
    }
}
