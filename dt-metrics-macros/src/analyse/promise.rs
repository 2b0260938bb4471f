//! The bounds of an `impl Future` or `impl Stream`, as far as an expansion can check whether another
//! type has them.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident};
use syn::punctuated::Punctuated;
use syn::{
    AngleBracketedGenericArguments, BoundLifetimes, Expr, GenericArgument, Ident, Lifetime, Path,
    PathArguments, ReturnType, Token, TraitBound, Type, TypeImplTrait, TypeParamBound,
};

use crate::tokens::{any, emit, ident, is_ident, is_primitive, is_writable, ours};

/// The bounds that a function promises, for an item of the expansion. Parameters of the function are not in
/// scope there: parameters of the item replace them.
#[derive(Default)]
pub(crate) struct Promise {
    lifetimes: Vec<(Option<Lifetime>, Lifetime)>,
    /// Types, each with the parameter of the item that replaces it, and whether it has to be `Sized`.
    types: Vec<(Ident, Type, bool)>,
    bounds: Punctuated<TypeParamBound, Token![+]>,
}

/// Traits that the compiler implements. Whether a measured future or stream has them follows from
/// the wrapped future or stream, and the compiler may find out only at the end of the function.
const AUTO: &[&str] = &[
    "RefUnwindSafe",
    "Send",
    "Sized",
    "Sync",
    "Unpin",
    "UnwindSafe",
];

/// The parameter of an item for the type of the future's value or of the stream's items.
pub(crate) const RETURNED: &str = "R";

fn is_auto(bound: &TraitBound) -> bool {
    let last = bound.path.segments.last();
    bound.maybe.is_some()
        || last.is_some_and(|last| {
            last.arguments.is_none() && AUTO.iter().any(|name| last.ident == *name)
        })
}

impl Promise {
    /// `None` if no item can have these bounds.
    pub(crate) fn of(ty: &TypeImplTrait) -> Option<Self> {
        let mut promise = Self::default();
        for bound in &ty.bounds {
            match bound {
                TypeParamBound::Trait(bound) if is_auto(bound) => {}
                TypeParamBound::Trait(bound) => promise.add(bound)?,
                TypeParamBound::Lifetime(_) | TypeParamBound::PreciseCapture(_) => {}
                _ => return None,
            }
        }
        Some(promise)
    }

    /// Adds the bounds of a closure, and returns them. `None` if there are none, or if no item can have them.
    fn add_closure(&mut self, ty: &TypeImplTrait) -> Option<Punctuated<TypeParamBound, Token![+]>> {
        let mut bounds = Punctuated::new();
        for bound in &ty.bounds {
            let TypeParamBound::Trait(bound) = bound else {
                continue;
            };
            let mut bound = bound.clone();
            let higher = bound.lifetimes.as_ref();
            if let Some(last) = bound.path.segments.last_mut()
                && let PathArguments::Parenthesized(arguments) = &mut last.arguments
            {
                for argument in &mut arguments.inputs {
                    self.replace(&mut argument.ty, higher, true)?;
                }
                if let ReturnType::Type(_, output) = &mut arguments.output {
                    self.replace(output, higher, true)?;
                }
                bounds.push(TypeParamBound::Trait(bound));
            }
        }
        (!bounds.is_empty()).then_some(bounds)
    }

    fn add(&mut self, bound: &TraitBound) -> Option<()> {
        let mut bound = bound.clone();
        self.replace_in(&mut bound.path, bound.lifetimes.as_ref())?;
        self.bounds.push(TypeParamBound::Trait(bound));
        Some(())
    }

    /// Replaces names that are not in scope in an item.
    fn replace_in(&mut self, path: &mut Path, higher: Option<&BoundLifetimes>) -> Option<()> {
        let last = path.segments.len().checked_sub(1)?;
        for (place, segment) in path.segments.iter_mut().enumerate() {
            match &mut segment.arguments {
                PathArguments::None => {}
                PathArguments::AngleBracketed(arguments) if place == last => {
                    self.replace_arguments(arguments, higher)?;
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn replace_arguments(
        &mut self,
        arguments: &mut AngleBracketedGenericArguments,
        higher: Option<&BoundLifetimes>,
    ) -> Option<()> {
        let mut kept = Punctuated::new();
        for argument in arguments.args.iter().cloned() {
            kept.push(match argument {
                GenericArgument::Lifetime(lifetime) => {
                    GenericArgument::Lifetime(self.lifetime(Some(lifetime), higher))
                }
                GenericArgument::Type(mut ty) => {
                    self.replace_lifetimes(&mut ty, higher)?;
                    GenericArgument::Type(ty)
                }
                argument @ GenericArgument::Const(Expr::Lit(_)) => argument,
                // The type that is measured has the same associated types.
                GenericArgument::Constraint(_) => continue,
                GenericArgument::AssocType(associated) if !is_writable(&associated.ty) => continue,
                GenericArgument::AssocType(mut associated) if associated.generics.is_none() => {
                    let is_value = associated.ident == "Output" || associated.ident == "Item";
                    associated.ty = if is_value && higher.is_none() {
                        let returned = ident(RETURNED);
                        syn::parse_quote!(#returned)
                    } else {
                        self.parameter(associated.ty, higher)?
                    };
                    GenericArgument::AssocType(associated)
                }
                _ => return None,
            });
        }
        arguments.args = kept;
        Some(())
    }

    /// The lifetime in an item for one in the function.
    fn lifetime(
        &mut self,
        lifetime: Option<Lifetime>,
        higher: Option<&BoundLifetimes>,
    ) -> Lifetime {
        let named = lifetime.filter(|lifetime| lifetime.ident != "_");
        if let Some(named) = &named {
            if named.ident == "static" || is_bound_by(higher, named) {
                return named.clone();
            }
            let mut known = self.lifetimes.iter();
            if let Some((_, known)) = known.find(|(known, _)| known.as_ref() == Some(named)) {
                return known.clone();
            }
        }
        let name = format!("'__dt_metrics_{}", self.lifetimes.len());
        let new = Lifetime::new(&name, ours());
        self.lifetimes.push((named, new.clone()));
        new
    }

    /// The parameter of an item for a type in the function.
    fn parameter(&mut self, ty: Type, higher: Option<&BoundLifetimes>) -> Option<Type> {
        higher.is_none().then(|| self.new_parameter(ty, false))
    }

    fn new_parameter(&mut self, ty: Type, is_sized: bool) -> Type {
        let name = format_ident!("__DtMetrics{}", self.types.len(), span = ours());
        self.types.push((name.clone(), ty, is_sized));
        syn::parse_quote!(#name)
    }

    /// Replaces each type that has no lifetime of a closure's call by a parameter, and all other
    /// lifetimes.
    fn replace(
        &mut self,
        ty: &mut Type,
        higher: Option<&BoundLifetimes>,
        is_sized: bool,
    ) -> Option<()> {
        if !has_lifetime_of_call(ty, higher) {
            *ty = self.new_parameter(ty.clone(), is_sized);
            return Some(());
        }
        match ty {
            Type::Group(group) => self.replace(&mut group.elem, higher, is_sized),
            Type::Paren(paren) => self.replace(&mut paren.elem, higher, is_sized),
            Type::Slice(slice) => self.replace(&mut slice.elem, higher, true),
            Type::Tuple(tuple) => {
                let mut elements = tuple.elems.iter_mut();
                elements.try_for_each(|element| self.replace(element, higher, true))
            }
            Type::Reference(reference) => {
                if let Some(lifetime) = &mut reference.lifetime {
                    self.replace_lifetime(lifetime, higher);
                }
                self.replace(&mut reference.elem, higher, false)
            }
            Type::Path(path) if path.qself.is_none() => self.replace_each(&mut path.path, higher),
            Type::TraitObject(object) => {
                object.bounds.iter_mut().try_for_each(|bound| match bound {
                    TypeParamBound::Lifetime(lifetime) => {
                        self.replace_lifetime(lifetime, higher);
                        Some(())
                    }
                    TypeParamBound::Trait(bound) if bound.lifetimes.is_none() => {
                        self.replace_each(&mut bound.path, higher)
                    }
                    _ => None,
                })
            }
            _ => None,
        }
    }

    /// [`Self::replace`] in the arguments of a path.
    fn replace_each(&mut self, path: &mut Path, higher: Option<&BoundLifetimes>) -> Option<()> {
        for segment in &mut path.segments {
            let arguments = match &mut segment.arguments {
                PathArguments::None => continue,
                PathArguments::AngleBracketed(arguments) => arguments,
                PathArguments::Parenthesized(_) => return None,
            };
            for argument in &mut arguments.args {
                match argument {
                    GenericArgument::Lifetime(lifetime) => self.replace_lifetime(lifetime, higher),
                    GenericArgument::Type(ty) if !is_certain(ty) => {
                        self.replace(ty, higher, true)?;
                    }
                    GenericArgument::AssocType(associated) => {
                        self.replace(&mut associated.ty, higher, true)?;
                    }
                    GenericArgument::Type(_) | GenericArgument::Const(Expr::Lit(_)) => {}
                    _ => return None,
                }
            }
        }
        Some(())
    }

    fn replace_lifetime(&mut self, lifetime: &mut Lifetime, higher: Option<&BoundLifetimes>) {
        if lifetime.ident != "_" {
            *lifetime = self.lifetime(Some(lifetime.clone()), higher);
        }
    }

    /// Replaces the lifetimes in a type of which all parts are known not to be parameters.
    fn replace_lifetimes(&mut self, ty: &mut Type, higher: Option<&BoundLifetimes>) -> Option<()> {
        match ty {
            Type::Group(group) => self.replace_lifetimes(&mut group.elem, higher),
            Type::Paren(paren) => self.replace_lifetimes(&mut paren.elem, higher),
            Type::Slice(slice) => self.replace_lifetimes(&mut slice.elem, higher),
            Type::Reference(reference) => {
                let lifetime = reference.lifetime.take();
                reference.lifetime = Some(self.lifetime(lifetime, higher));
                self.replace_lifetimes(&mut reference.elem, higher)
            }
            Type::Tuple(tuple) => {
                let mut elements = tuple.elems.iter_mut();
                elements.try_for_each(|element| self.replace_lifetimes(element, higher))
            }
            ty => is_certain(ty).then_some(()),
        }
    }

    /// The parameters of an item with these bounds: lifetimes and types.
    pub(crate) fn parameters(&self) -> TokenStream {
        let lifetimes = self.lifetimes.iter().map(|(_, lifetime)| lifetime);
        let types = self.types.iter().map(|(name, _, is_sized)| {
            let unsized_too = (!is_sized).then(|| emit!(?::core::marker::Sized));
            emit!(#name: #unsized_too)
        });
        emit!(#(#lifetimes,)* #(#types,)*)
    }

    /// The types among these parameters.
    pub(crate) fn types(&self) -> impl Iterator<Item = &Ident> {
        self.types.iter().map(|(name, ..)| name)
    }

    /// The types in the function that these stand for.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Type> {
        self.types.iter().map(|(_, ty, _)| ty)
    }
}

/// The closures in a return type, from whose bounds the compiler infers the types of their parameters.
#[derive(Default)]
pub(crate) struct Closures {
    promise: Promise,
    closures: Vec<(Ident, Punctuated<TypeParamBound, Token![+]>)>,
}

impl Closures {
    /// The closures in `ty`, and `ty` with parameters of an item in place of them and of all types that may not
    /// be in scope there. `None` if there are no closures, or if no item can have such a type.
    pub(crate) fn of(ty: &Type) -> Option<(Self, Type)> {
        let mut closures = Self::default();
        let mut ty = ty.clone();
        closures.take(&mut ty)?;
        (!closures.closures.is_empty()).then_some((closures, ty))
    }

    fn take(&mut self, ty: &mut Type) -> Option<()> {
        if !any(ty, |_, token| is_ident(token, "impl")) {
            *ty = self.promise.new_parameter(syn::parse_quote!(_), true);
            return Some(());
        }
        match ty {
            Type::ImplTrait(closure) => {
                *ty = match self.promise.add_closure(closure) {
                    None => self.promise.new_parameter(syn::parse_quote!(_), true),
                    Some(bounds) => {
                        let name = format_ident!("R{}", self.closures.len(), span = ours());
                        self.closures.push((name.clone(), bounds));
                        syn::parse_quote!(#name)
                    }
                };
                Some(())
            }
            Type::Group(group) => self.take(&mut group.elem),
            Type::Paren(paren) => self.take(&mut paren.elem),
            Type::Tuple(tuple) => tuple.elems.iter_mut().try_for_each(|ty| self.take(ty)),
            // Elsewhere the compiler does not look for the type either.
            _ => None,
        }
    }

    /// The parameters of the item.
    pub(crate) fn parameters(&self) -> TokenStream {
        let parameters = self.promise.parameters();
        let (names, bounds): (Vec<_>, Vec<_>) = self
            .closures
            .iter()
            .map(|(name, bounds)| (name, bounds))
            .unzip();
        emit!(#parameters #(#names: #bounds,)*)
    }

    /// The arguments for these parameters.
    pub(crate) fn arguments(&self) -> TokenStream {
        let types = self.promise.arguments();
        let closures = self.closures.iter().map(|_| emit!(_));
        emit!(#(#types,)* #(#closures,)*)
    }
}

impl ToTokens for Promise {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.bounds.to_tokens(tokens);
    }
}

/// Whether a type is certainly none of the function's parameters.
fn is_certain(ty: &Type) -> bool {
    match ty {
        Type::Path(path) if path.qself.is_none() => {
            let name = path.path.get_ident();
            name.is_some_and(|name| is_primitive(&name.to_string()))
        }
        _ => false,
    }
}

/// Whether a type has a lifetime that each call of a closure chooses.
fn has_lifetime_of_call(ty: &Type, higher: Option<&BoundLifetimes>) -> bool {
    let has = |ty: &Type| has_lifetime_of_call(ty, higher);
    let is_of_call = |lifetime: &Lifetime| lifetime.ident == "_" || is_bound_by(higher, lifetime);
    let path_has = |path: &Path| {
        path.segments
            .iter()
            .any(|segment| match &segment.arguments {
                PathArguments::AngleBracketed(arguments) => {
                    arguments.args.iter().any(|it| match it {
                        GenericArgument::Lifetime(lifetime) => is_of_call(lifetime),
                        GenericArgument::Type(ty) => has(ty),
                        GenericArgument::AssocType(associated) => has(&associated.ty),
                        _ => false,
                    })
                }
                // Here a lifetime without a name is one of another call.
                _ => false,
            })
    };
    match ty {
        Type::Reference(reference) => {
            reference.lifetime.as_ref().is_none_or(is_of_call) || has(&reference.elem)
        }
        Type::Array(array) => has(&array.elem),
        Type::Group(group) => has(&group.elem),
        Type::Paren(paren) => has(&paren.elem),
        Type::Ptr(pointer) => has(&pointer.elem),
        Type::Slice(slice) => has(&slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter().any(has),
        Type::Path(path) => {
            path.qself.as_ref().is_some_and(|own| has(&own.ty)) || path_has(&path.path)
        }
        Type::TraitObject(object) => object.bounds.iter().any(|bound| match bound {
            TypeParamBound::Trait(bound) => path_has(&bound.path),
            TypeParamBound::Lifetime(lifetime) => is_of_call(lifetime),
            _ => false,
        }),
        _ => false,
    }
}

fn is_bound_by(higher: Option<&BoundLifetimes>, lifetime: &Lifetime) -> bool {
    let text = lifetime.to_string();
    higher.is_some_and(|higher| {
        let lifetimes = higher.lifetimes.iter();
        lifetimes
            .map(ToTokens::to_token_stream)
            .any(|bound| bound.to_string() == text)
    })
}
