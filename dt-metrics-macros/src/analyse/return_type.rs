//! What a function returns, as far as its signature tells.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{
    GenericArgument, Ident, PathArguments, PathSegment, ReturnType, Signature, Type, TypeImplTrait,
    TypeParamBound, TypePath,
};

use crate::analyse::outlives;
use crate::tokens::ours;

/// The return type of a function.
pub(crate) enum Output<'a> {
    /// `!`.
    Never,
    /// `impl Future`, whose other bounds are such that any future of the same value has them.
    Future {
        /// The type of its value, if it can be written elsewhere.
        value: Option<&'a Type>,
    },
    /// Another `impl Trait`.
    Opaque,
    /// A type whose name may stand for a boxed future.
    Named {
        ty: &'a Type,
        /// Whether that can be put in another box.
        outlives: bool,
    },
    /// A type that is no future, and may be a form of `Result`.
    Value,
    /// A type that is neither.
    Plain,
}

impl<'a> Output<'a> {
    pub(crate) fn of(output: &'a ReturnType, signature: &Signature) -> Self {
        let ReturnType::Type(_, output) = output else {
            return Self::Plain;
        };
        let mut ty = &**output;
        loop {
            ty = match ty {
                Type::Group(group) => &group.elem,
                Type::Paren(paren) => &paren.elem,
                _ => break,
            };
        }
        match ty {
            Type::Never(_) => Self::Never,
            Type::ImplTrait(bounds) if is_future(bounds) => Self::Future {
                value: value(bounds.bounds.iter()),
            },
            Type::ImplTrait(_) => Self::Opaque,
            Type::Path(path) => Self::path(path, ty, signature),
            Type::Macro(_) => Self::Named { ty, outlives: true },
            Type::Verbatim(_) | Type::Infer(_) => Self::Value,
            _ => Self::Plain,
        }
    }

    fn path(path: &TypePath, ty: &'a Type, signature: &Signature) -> Self {
        let last = path.path.segments.last();
        let Some(last) = last.map(|segment| segment.ident.to_string()) else {
            return Self::Value;
        };
        let single = path.path.segments.len() == 1 && path.qself.is_none();
        if single
            && signature
                .generics
                .type_params()
                .any(|parameter| parameter.ident == last)
        {
            return Self::Plain;
        }
        let first = path.path.segments.first();
        let is_associated =
            path.qself.is_some() || !single && first.is_some_and(|first| first.ident == "Self");
        match last.as_str() {
            "Result" | "Poll" | "Option" => Self::Value,
            "String" | "Vec" | "Box" | "Rc" | "Arc" | "Cow" | "HashMap" | "HashSet"
            | "BTreeMap" | "BTreeSet" | "VecDeque" | "PathBuf" | "OsString" | "Duration"
            | "Instant" | "Ordering" | "NonZero" => Self::Plain,
            // Primitive types.
            name if single
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) =>
            {
                Self::Plain
            }
            // Only the function can say what type that is.
            _ if !is_writable(ty) => Self::Value,
            // Where it is spelled out it is known to be a future.
            "Pin" if !is_associated => Self::Named {
                ty,
                outlives: !outlives::is_said_of_none(path, signature),
            },
            _ => Self::Named {
                ty,
                outlives: !is_associated && !outlives::is_unknown(path, signature),
            },
        }
    }

    /// Whether the type has `impl Trait` in it.
    pub(crate) fn has_impl(output: &ReturnType) -> bool {
        matches!(output, ReturnType::Type(_, ty) if !is_writable(ty))
    }

    /// The type of the value of `Pin<Box<dyn Future<Output = T>>>`, or of one with `impl Future`.
    pub(crate) fn pinned(output: &ReturnType) -> Option<&Type> {
        let ReturnType::Type(_, ty) = output else {
            return None;
        };
        match argument(argument(ty, "Pin")?, "Box")? {
            Type::TraitObject(object) => value(object.bounds.iter()),
            Type::ImplTrait(future) => value(future.bounds.iter()),
            _ => None,
        }
    }

    /// Whether its name is that of a `Result`.
    pub(crate) fn is_result(output: &ReturnType) -> bool {
        let ReturnType::Type(_, ty) = output else {
            return false;
        };
        let Type::Path(path) = &**ty else {
            return false;
        };
        let last = path.path.segments.last();
        is_writable(ty) && last.is_some_and(|last| last.ident.to_string().ends_with("Result"))
    }

    /// Whether its name, or a name in it, is that of a `Result`.
    pub(crate) fn is_named_result(output: &ReturnType) -> bool {
        output.to_token_stream().into_iter().any(
            |token| matches!(token, TokenTree::Ident(name) if name.to_string().ends_with("Result")),
        )
    }

    /// The type for a closure with the same body, with `_` in place of what only a function can
    /// say; `None` where the compiler has to find it out.
    pub(crate) fn closure(output: &ReturnType) -> Option<TokenStream> {
        match output {
            ReturnType::Default => Some(quote_spanned!(ours()=> ())),
            ReturnType::Type(_, ty) if matches!(**ty, Type::ImplTrait(_)) => None,
            ReturnType::Type(_, ty) => {
                let mut ty = (**ty).clone();
                infer_impl(&mut ty);
                Some(ty.into_token_stream())
            }
        }
    }
}

/// Whether a future of the same output is of this type, too, whatever else it is.
fn is_future(bounds: &TypeImplTrait) -> bool {
    let mut future = false;
    for bound in &bounds.bounds {
        if let TypeParamBound::Trait(bound) = bound {
            match bound.path.segments.last() {
                Some(PathSegment { ident, .. }) if ident == "Future" => future = true,
                Some(PathSegment { ident, .. }) if is_auto(ident) => {}
                _ => return false,
            }
        }
    }
    future
}

/// The type behind `Output =`.
fn value<'a>(mut bounds: impl Iterator<Item = &'a TypeParamBound>) -> Option<&'a Type> {
    bounds.find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let PathArguments::AngleBracketed(arguments) = &bound.path.segments.last()?.arguments
        else {
            return None;
        };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(output) if is_writable(&output.ty) => Some(&output.ty),
            _ => None,
        })
    })
}

/// `T` of `name<T>`.
fn argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// Whether a closure can say a type: one without `impl Trait` and without `!`.
fn is_writable(ty: &Type) -> bool {
    fn has_impl(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => has_impl(group.stream()),
            TokenTree::Ident(ident) => ident == "impl",
            TokenTree::Punct(punct) => punct.as_char() == '!',
            TokenTree::Literal(_) => false,
        })
    }
    !has_impl(ty.to_token_stream())
}

fn is_auto(ident: &Ident) -> bool {
    ["Send", "Sync", "Unpin", "Sized"]
        .iter()
        .any(|auto| ident == auto)
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
        Type::Path(path) => {
            for segment in &mut path.path.segments {
                let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else {
                    continue;
                };
                for argument in &mut arguments.args {
                    if let GenericArgument::Type(ty) = argument {
                        infer_impl(ty);
                    }
                }
            }
        }
        _ => {}
    }
}
