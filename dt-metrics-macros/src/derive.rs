//! `#[derive(DimensionValue)]`.

use proc_macro2::{Literal, Span, TokenStream};
use syn::ext::IdentExt;
use syn::{Attribute, Error, Fields, Generics, Ident, Item, LitStr, Path, Variant};

use crate::parse::annotation::{Annotation, Argument};
use crate::parse::args::Args;
use crate::report::{self, Report};
use crate::tokens::{emit, private};

/// `#[dimension(…)]` on an enum.
const ON_ENUM: Annotation = Annotation {
    written: "#[dimension]",
    takes: &[Argument::Crate],
    needs: &[],
    outcome: false,
};

/// `#[dimension(…)]` on a variant.
const ON_VARIANT: Annotation = Annotation {
    takes: &[Argument::Rename],
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
const GOES_ON: &str = "`#[derive(DimensionValue)]` goes on an enum without fields: implement the \
                       trait for other types";

/// A type, and the value of each of its variants.
struct Derived {
    ident: Ident,
    generics: Generics,
    library: Option<Path>,
    variants: Vec<(Ident, Fields, LitStr)>,
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
        let Variant { ident, fields, .. } = variant;
        let value = dimension(&variant.attrs, &ON_VARIANT, report)
            .rename
            .unwrap_or_else(|| LitStr::new(&snake_case(&ident.unraw().to_string()), ident.span()));
        let text = value.value();
        if !fields.is_empty() {
            report.add(Error::new_spanned(&fields, GOES_ON));
        } else if text.is_empty() {
            let message = "the value of a dimension cannot be empty";
            report.add(Error::new(value.span(), message));
        } else if self
            .variants
            .iter()
            .any(|(_, _, other)| other.value() == text)
        {
            let message = format!("two variants have the value `{text}`");
            report.add(Error::new(value.span(), message));
        }
        self.variants.push((ident, fields, value));
    }

    fn quote(&self) -> TokenStream {
        let private = private(self.library.as_ref());
        let count = Literal::usize_suffixed(self.variants.len());
        let values = self.variants.iter().map(|(_, _, value)| value);
        let arms = self
            .variants
            .iter()
            .enumerate()
            .map(|(index, (ident, fields, _))| {
                let ident = derived(ident);
                let index = Literal::usize_suffixed(index);
                emit!(Self::#ident #fields => #index,)
            });
        self.implementation(&emit! {
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
        })
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
        let (parameters, arguments, bounds) = self.generics.split_for_impl();
        emit! {
            #[automatically_derived]
            impl #parameters #private::DimensionValue for #ident #arguments #bounds { #items }
        }
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
