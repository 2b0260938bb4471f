//! `#[derive(DimensionValue)]`.

pub(crate) mod dimensions;

use proc_macro2::{Literal, Span, TokenStream};
use syn::ext::IdentExt;
use syn::{
    Attribute, Error, Fields, Generics, Ident, Item, LitStr, Member, Path, Type, Variant,
    parse_quote,
};

use crate::parse::annotation::{Annotation, Argument};
use crate::parse::args::Args;
use crate::report::{self, Report};
use crate::tokens::{at, emit, find_ident, private, variable};

/// `#[dimension(…)]` on an enum.
const ON_ENUM: Annotation = Annotation {
    written: "#[dimension]",
    takes: &[Argument::Crate],
    needs: &[],
    outcome: false,
};

/// `#[dimension(…)]` on a variant.
const ON_VARIANT: Annotation = Annotation {
    takes: &[Argument::Rename, Argument::Transparent, Argument::Skip],
    ..ON_ENUM
};

pub(crate) fn dimension_value(input: TokenStream) -> TokenStream {
    let mut report = Report::default();
    let derived = report
        .note(syn::parse2(input))
        .and_then(|item| Derived::read(item, &mut report));
    match (derived, report.finish()) {
        (Some(derived), Ok(())) => derived.quote(),
        (derived, Err(error)) => {
            let placeholder = derived.map(|derived| derived.placeholder());
            report::untouched(placeholder.unwrap_or_default(), &error)
        }
        // Only enums, structs and unions can be derived for.
        (None, Ok(())) => TokenStream::new(),
    }
}

/// The message about other types.
const GOES_ON: &str =
    "`#[derive(DimensionValue)]` goes on an enum: implement the trait for other types";

/// A type, and the value of each of its variants.
struct Derived {
    ident: Ident,
    generics: Generics,
    library: Option<Path>,
    variants: Vec<(Ident, Value)>,
}

/// The value of a variant.
enum Value {
    /// Its name, or that of `rename`.
    Name(LitStr),
    /// The value of its only field.
    Field(Member, Box<Type>),
    /// None: no dimension.
    None,
}

impl Derived {
    fn new(ident: Ident, generics: Generics) -> Self {
        Self {
            ident,
            generics,
            library: None,
            variants: Vec::new(),
        }
    }

    fn read(item: Item, report: &mut Report) -> Option<Self> {
        match item {
            Item::Enum(item) => {
                let mut derived = Self::new(item.ident, item.generics);
                derived.library = dimension(&item.attrs, &ON_ENUM, report).library;
                for variant in item.variants {
                    derived.variant(variant, report);
                }
                Some(derived)
            }
            Item::Struct(item) => {
                report.add(Error::new(item.struct_token.span, GOES_ON));
                Some(Self::new(item.ident, item.generics))
            }
            Item::Union(item) => {
                report.add(Error::new(item.union_token.span, GOES_ON));
                Some(Self::new(item.ident, item.generics))
            }
            _ => None,
        }
    }

    fn variant(&mut self, variant: Variant, report: &mut Report) {
        let args = dimension(&variant.attrs, &ON_VARIANT, report);
        let Variant { ident, fields, .. } = variant;
        let value = match (args.rename, args.transparent, args.skip) {
            (None, None, None) => {
                let name = snake_case(&ident.unraw().to_string());
                Value::Name(LitStr::new(&name, ident.span()))
            }
            (Some(name), None, None) => Value::Name(name),
            (None, None, Some(_)) => Value::None,
            (None, Some(word), None) => {
                let Some((member, ty)) = only(&fields) else {
                    let message = "`transparent` takes the value of the only field, and this \
                                   variant does not have exactly one";
                    report.add(Error::new(word.span(), message));
                    return;
                };
                Value::Field(member, Box::new(ty))
            }
            (_, Some(word), _) | (.., Some(word)) => {
                let message = "a variant has one of `rename`, `transparent` and `skip`";
                report.add(Error::new(word.span(), message));
                return;
            }
        };
        if let Value::Name(name) = &value {
            self.check(name, report);
        }
        self.variants.push((ident, value));
    }

    /// Checks that the value is none of those before.
    fn check(&self, name: &LitStr, report: &mut Report) {
        let text = name.value();
        let is_given = |(_, other): &(Ident, Value)| match other {
            Value::Name(other) => other.value() == text,
            Value::Field(..) | Value::None => false,
        };
        let message = if text.is_empty() {
            "the value of a dimension cannot be empty".to_owned()
        } else if self.variants.iter().any(is_given) {
            format!("two variants have the value `{text}`")
        } else {
            return;
        };
        report.add(Error::new(name.span(), message));
    }

    fn quote(&self) -> TokenStream {
        let names: Option<Vec<&LitStr>> = self
            .variants
            .iter()
            .map(|(_, value)| match value {
                Value::Name(name) => Some(name),
                Value::Field(..) | Value::None => None,
            })
            .collect();
        let items = match names {
            Some(names) => self.indexed(&names),
            None => self.looked_up(),
        };
        self.implementation(&items)
    }

    /// The values in a static: a call needs no more than the index of one.
    fn indexed(&self, values: &[&LitStr]) -> TokenStream {
        let private = private(self.library.as_ref());
        let count = Literal::usize_suffixed(values.len());
        let arms = self.variants.iter().enumerate();
        let arms = arms.map(|(index, (ident, _))| {
            let ident = derived(ident);
            let index = Literal::usize_suffixed(index);
            emit!(Self::#ident { .. } => #index,)
        });
        emit! {
            const FIXED: ::core::option::Option<&'static [#private::Value<'static>]> = {
                static VALUES: [#private::Value<'static>; #count] =
                    [#(#private::Value::Str(#values)),*];
                ::core::option::Option::Some(&VALUES)
            };
            #[inline]
            fn fixed_index(&self) -> ::core::primitive::usize {
                match *self { #(#arms)* }
            }
            #[inline]
            fn dimension_value(&self) -> ::core::option::Option<#private::Value<'_>> {
                #private::fixed_value(self)
            }
        }
    }

    /// The value of each variant, of which some are not known before.
    fn looked_up(&self) -> TokenStream {
        let private = private(self.library.as_ref());
        let arms = self.variants.iter().map(|(ident, value)| {
            let ident = derived(ident);
            match value {
                Value::Name(name) => emit! {
                    Self::#ident { .. } => {
                        ::core::option::Option::Some(#private::Value::Str(#name))
                    }
                },
                Value::Field(member, ty) => {
                    let field = at(ty, &variable("field"));
                    let value = at(ty, &emit!(#private::value(#field)));
                    emit!(Self::#ident { #member: #field } => #value,)
                }
                Value::None => emit!(Self::#ident { .. } => ::core::option::Option::None,),
            }
        });
        emit! {
            fn dimension_value(&self) -> ::core::option::Option<#private::Value<'_>> {
                match self { #(#arms)* }
            }
        }
    }

    /// An implementation in place of one that could not be made: a missing one would cause further
    /// errors.
    fn placeholder(&self) -> TokenStream {
        let private = private(self.library.as_ref());
        self.implementation(&emit! {
            fn dimension_value(&self) -> ::core::option::Option<#private::Value<'_>> {
                ::core::option::Option::None
            }
        })
    }

    fn implementation(&self, items: &TokenStream) -> TokenStream {
        let private = private(self.library.as_ref());
        let ident = derived(&self.ident);
        let mut generics = self.generics.clone();
        for ty in self.generic_fields() {
            let clause = generics.make_where_clause();
            clause
                .predicates
                .push(parse_quote!(#ty: #private::DimensionValue));
        }
        let (parameters, arguments, bounds) = generics.split_for_impl();
        emit! {
            #[automatically_derived]
            impl #parameters #private::DimensionValue for #ident #arguments #bounds { #items }
        }
    }

    /// The types of `transparent` fields that depend on a type parameter.
    fn generic_fields(&self) -> impl Iterator<Item = &Type> {
        let types = self.variants.iter().filter_map(|(_, value)| match value {
            Value::Field(_, ty) => Some(&**ty),
            Value::Name(_) | Value::None => None,
        });
        types.filter(|ty| depends(&self.generics, ty))
    }
}

/// Whether a type depends on a type parameter.
fn depends(generics: &Generics, ty: &Type) -> bool {
    let mut parameters = generics.type_params();
    parameters.any(|parameter| find_ident(ty, |ident| *ident == parameter.ident).is_some())
}

/// The only field, if there is exactly one.
fn only(fields: &Fields) -> Option<(Member, Type)> {
    let mut all = fields.members().zip(fields);
    match (all.next(), all.next()) {
        (Some((member, field)), None) => Some((member, field.ty.clone())),
        _ => None,
    }
}

/// The arguments of all `#[dimension(…)]` among these attributes.
fn dimension(attrs: &[Attribute], takes: &Annotation, report: &mut Report) -> Args {
    let mut args = Args::default();
    for attr in attrs {
        if attr.path().is_ident("dimension")
            && let Some(list) = report.note(attr.meta.require_list())
        {
            args.join(list.tokens.clone(), takes, report);
        }
    }
    args
}

/// The user's name with the span of derived code, where using a deprecated name is not reported.
fn derived(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(Span::call_site().located_at(ident.span()));
    ident
}

/// The words of a `CamelCase` name in lower case, with `_` between.
///
/// A word begins at an upper-case letter after a lower-case letter or a digit, and at the last of
/// several upper-case letters if a lower-case one follows: `HTTPServer` becomes `http_server`,
/// `Http2` becomes `http2`, and `A1B` becomes `a1_b`.
fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before = '_';
    let mut rest = name.chars();
    while let Some(c) = rest.next() {
        let ends_capitals = || rest.clone().next().is_some_and(char::is_lowercase);
        if c.is_uppercase() && before != '_' && (!before.is_uppercase() || ends_capitals()) {
            out.push('_');
        }
        out.extend(c.to_lowercase());
        before = c;
    }
    out
}

#[cfg(test)]
mod tests;
