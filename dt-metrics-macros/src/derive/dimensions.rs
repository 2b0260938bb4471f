//! `#[derive(Dimensions)]`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Error, Field, Generics, Ident, Item, LitStr, Member, Path, Type, parse_quote};

use super::{ON_ENUM, ON_VARIANT, depends, derived, dimension};
use crate::parse::grammar::Kind;
use crate::report::{self, Report};
use crate::tokens::{at, emit, private};

/// A struct, and the dimensions that each of its fields adds.
struct Struct {
    ident: Ident,
    generics: Generics,
    library: Option<Path>,
    fields: Vec<(Member, Type, Part)>,
}

/// The dimensions that a field adds.
enum Part {
    /// A dimension with this key.
    Value(LitStr),
    /// The dimensions of the struct that it is.
    Dimensions,
}

pub(crate) fn dimensions(input: TokenStream) -> TokenStream {
    let mut report = Report::default();
    let read = report.note(syn::parse2(input));
    let read = read.and_then(|item| Struct::read(item, &mut report));
    match (read, report.finish()) {
        (Some(read), Ok(())) => read.quote(),
        (read, Err(error)) => {
            // A missing implementation would cause further errors.
            let placeholder = read.map(|mut read| {
                read.fields.clear();
                read.quote()
            });
            report::untouched(placeholder.unwrap_or_default(), &error)
        }
        // Only enums, structs and unions can be derived for.
        (None, Ok(())) => TokenStream::new(),
    }
}

impl Struct {
    fn new(ident: Ident, generics: Generics) -> Self {
        Self {
            ident,
            generics,
            library: None,
            fields: Vec::new(),
        }
    }

    fn read(item: Item, report: &mut Report) -> Option<Self> {
        let (keyword, other) = match item {
            Item::Struct(item) => {
                let mut read = Self::new(item.ident, item.generics);
                read.library = dimension(&item.attrs, &ON_ENUM, report).library;
                let members: Vec<Member> = item.fields.members().collect();
                for (member, field) in members.into_iter().zip(item.fields) {
                    read.field(member, field, report);
                }
                return Some(read);
            }
            Item::Enum(item) => (item.enum_token.span, Self::new(item.ident, item.generics)),
            Item::Union(item) => (item.union_token.span, Self::new(item.ident, item.generics)),
            _ => return None,
        };
        let message = "`#[derive(Dimensions)]` goes on a struct, whose fields are dimensions: an enum is \
                       one value, with `#[derive(DimensionValue)]`";
        report.add(Error::new(keyword, message));
        Some(other)
    }

    fn field(&mut self, member: Member, field: Field, report: &mut Report) {
        let args = dimension(&field.attrs, &ON_VARIANT, report);
        let part = match (args.rename, args.transparent, args.skip) {
            (None, None, Some(_)) => return,
            (None, Some(_), None) => Part::Dimensions,
            (Some(key), None, None) => {
                report.note(Kind::Key.check(&key.value(), &key));
                Part::Value(key)
            }
            (None, None, None) => {
                let Some(ident) = &field.ident else {
                    let message = "a field without a name needs the key of its dimension: write \
                                   `#[dimension(rename = \"…\")]` on it";
                    report.add(Error::new_spanned(&field.ty, message));
                    return;
                };
                let name = ident.unraw().to_string();
                report.note(Kind::Key.check(&name, ident));
                Part::Value(LitStr::new(&name, ident.span()))
            }
            (_, Some(word), _) | (.., Some(word)) => {
                let message = "a field has one of `rename`, `transparent` and `skip`";
                report.add(Error::new(word.span(), message));
                return;
            }
        };
        if let Part::Value(key) = &part {
            let is_given = |(_, _, other): &(Member, Type, Part)| match other {
                Part::Value(other) => other.value() == key.value(),
                Part::Dimensions => false,
            };
            if self.fields.iter().any(is_given) {
                let message = format!("dimension `{}` is given twice", key.value());
                report.add(Error::new(key.span(), message));
            }
        }
        self.fields.push((member, field.ty, part));
    }

    fn quote(&self) -> TokenStream {
        let private = private(self.library.as_ref());
        let ident = derived(&self.ident);
        let mut generics = self.generics.clone();
        let (mut keys, mut values) = (TokenStream::new(), TokenStream::new());
        for (member, ty, part) in &self.fields {
            let field = match member {
                Member::Named(ident) => derived(ident).into_token_stream(),
                Member::Unnamed(index) => index.to_token_stream(),
            };
            let field = emit!(&self.#field);
            let bound = match part {
                Part::Value(key) => {
                    keys.extend(emit!(each(#key);));
                    let value = at(ty, &emit!(#private::value(#field)));
                    values.extend(emit!(each(#value);));
                    emit!(#private::DimensionValue)
                }
                Part::Dimensions => {
                    keys.extend(emit!(<#ty as #private::Dimensions>::dimension_keys(each);));
                    let of_field = at(
                        ty,
                        &emit!(#private::Dimensions::dimension_values(#field, each)),
                    );
                    values.extend(emit!(#of_field;));
                    emit!(#private::Dimensions)
                }
            };
            if depends(&self.generics, ty) {
                let clause = generics.make_where_clause();
                clause.predicates.push(parse_quote!(#ty: #bound));
            }
        }
        let (parameters, arguments, bounds) = generics.split_for_impl();
        emit! {
            #[automatically_derived]
            impl #parameters #private::Dimensions for #ident #arguments #bounds {
                fn dimension_keys(each: &mut dyn ::core::ops::FnMut(&'static ::core::primitive::str)) {
                    let _ = &each;
                    #keys
                }
                fn dimension_values(
                    &self,
                    each: &mut dyn ::core::ops::FnMut(::core::option::Option<#private::Value<'_>>),
                ) {
                    let _ = &each;
                    #values
                }
            }
        }
    }
}
