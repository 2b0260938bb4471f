//! The value of a static that holds an instrument: what the annotation says of it.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Ident, LitStr};

use crate::analyse::scope::Place;
use crate::emit::values::{self, Known};
use crate::parse::args::{Args, Argument, Boundaries, Dims, Text};
use crate::tokens::ours;

/// What distinguishes the instruments of one annotation.
pub(crate) struct Described<'a> {
    /// The kind, which is also the name of its type.
    pub(crate) kind: &'a str,
    /// The last section of its name.
    pub(crate) suffix: &'a str,
    /// The unit of its values.
    pub(crate) unit: Option<&'a Text>,
    /// The keys whose values are known only when a call ends.
    pub(crate) asked: &'a [LitStr],
}

/// An instrument, as the expansion writes it.
pub(crate) struct Instrument {
    /// Its type.
    pub(crate) ty: TokenStream,
    /// The constant expression that makes it.
    pub(crate) value: TokenStream,
    /// Whether each record tells the values of its dimensions.
    pub(crate) dimensioned: bool,
}

/// Constants that the static's value names: each is written out once only, so that what is wrong
/// with it is said once.
#[derive(Default)]
pub(crate) struct Constants(Vec<(&'static str, TokenStream)>);

impl Constants {
    /// A text for use in a static.
    pub(crate) fn text(&mut self, text: &Text, name: &'static str) -> TokenStream {
        match text {
            Text::Literal(literal) => literal.to_token_stream(),
            Text::Path(path) => {
                let constant = Ident::new(name, ours());
                if self.0.iter().all(|(other, _)| *other != name) {
                    let item = quote_spanned! {ours()=>
                        const #constant: &::core::primitive::str = #path;
                    };
                    self.0.push((name, item));
                }
                constant.into_token_stream()
            }
        }
    }

    pub(crate) fn items(&self) -> TokenStream {
        self.0.iter().map(|(_, item)| item.clone()).collect()
    }
}

impl Instrument {
    pub(crate) fn new(
        private: &TokenStream,
        args: &Args,
        place: &Place<'_>,
        described: &Described<'_>,
        constants: &mut Constants,
    ) -> Self {
        let dims = args.dims.as_ref();
        let known = Known::of(dims, &place.generics);
        let dimensioned = known == Known::Called || !described.asked.is_empty();
        let descriptor = descriptor(private, args, place, described, constants);
        let (new, values) = match known {
            _ if dimensioned => {
                let values = values::template(private, dims, described.asked.len());
                ("new", quote_spanned!(ours()=> &#values))
            }
            Known::Once => {
                let values = values::options(private, dims);
                let values = quote_spanned!(ours()=> || #private::values(#values));
                ("resolved", values)
            }
            Known::Compiled | Known::Called => {
                let values = values::constants(private, dims);
                ("new", quote_spanned!(ours()=> &#values))
            }
        };
        let prefix = if dimensioned { "Dimensioned" } else { "" };
        let ty = Ident::new(&format!("{prefix}{}", described.kind), ours());
        let ty = quote_spanned!(ours()=> #private::#ty);
        let new = Ident::new(new, ours());
        Self {
            value: quote_spanned!(ours()=> #ty::#new(#descriptor, #values)),
            ty,
            dimensioned,
        }
    }
}

pub(crate) fn descriptor(
    private: &TokenStream,
    args: &Args,
    place: &Place<'_>,
    described: &Described<'_>,
    constants: &mut Constants,
) -> TokenStream {
    let describe = describe(private, args, place, described, constants);
    let mut with = TokenStream::new();
    if let Some(unit) = described.unit {
        let unit = constants.text(unit, UNIT);
        with.extend(quote_spanned!(ours()=> .with_unit(#unit)));
    }
    if let Some(description) = &args.description {
        let description = constants.text(description, DESCRIPTION);
        with.extend(quote_spanned!(ours()=> .with_description(#description)));
    }
    let keys = args.dims.iter().flat_map(Dims::iter);
    let mut keys = keys
        .map(|dimension| &dimension.key)
        .chain(described.asked)
        .peekable();
    if keys.peek().is_some() {
        with.extend(quote_spanned!(ours()=> .with_dimension_keys(&[#(#keys),*])));
    }
    if let Some(Boundaries(boundaries)) = &args.boundaries
        && described.kind == "Histogram"
    {
        let boundaries = boundaries.iter().copied().map(Literal::f64_suffixed);
        with.extend(quote_spanned!(ours()=> .with_boundaries(&[#(#boundaries),*])));
    }
    if let Some(cardinality_limit) = args.cardinality_limit {
        let cardinality_limit = Literal::u32_suffixed(cardinality_limit);
        with.extend(quote_spanned!(ours()=> .with_cardinality_limit(#cardinality_limit)));
    }
    if let Some(line) = place.line {
        let line = Literal::u32_suffixed(line);
        with.extend(quote_spanned!(ours()=> .with_line(#line)));
    }
    quote_spanned!(ours()=> #describe #with)
}

pub(crate) const NAME: &str = "__DT_METRICS_NAME";
pub(crate) const UNIT: &str = "__DT_METRICS_UNIT";
pub(crate) const DESCRIPTION: &str = "__DT_METRICS_DESCRIPTION";

/// The description with the name that was given, with the suffix where the annotation makes several
/// instruments; else with `crate.module.function.suffix`, of which only the compiler knows the
/// first part.
fn describe(
    private: &TokenStream,
    args: &Args,
    place: &Place<'_>,
    described: &Described<'_>,
    constants: &mut Constants,
) -> TokenStream {
    let function = place.function.as_deref().unwrap_or_default();
    let suffix = described.suffix;
    let name = match &args.name {
        Some(name) if place.several => {
            let name = constants.text(name, NAME);
            // Of an `impl` block, it is that of all functions.
            let function = if args.is_inherited(Argument::Name) {
                function.rsplit("::").next().unwrap_or_default()
            } else {
                ""
            };
            quote_spanned! {ours()=>
                #private::DefaultName::as_str(
                    &#private::DefaultName::under(#name, #function, #suffix)
                )
            }
        }
        Some(name) => constants.text(name, NAME),
        // These are not many.
        None if described.kind == "Observed" => quote_spanned! {ours()=>
            #private::DefaultName::as_str(
                &#private::DefaultName::new(::core::module_path!(), #function, #suffix)
            )
        },
        None => {
            let path = format!("::{function}::{suffix}");
            let length = path.len();
            return quote_spanned! {ours()=>
                #private::describe_path(
                    ::core::concat!(::core::module_path!(), #path),
                    #length
                )
            };
        }
    };
    quote_spanned!(ours()=> #private::describe(#name, ::core::module_path!()))
}
