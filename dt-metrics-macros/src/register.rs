//! The statics behind an annotation: descriptor, instrument, and the entry in the program's list.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Ident, Path};

use crate::args::{Args, Boundaries, Dimension, Dims, Text};
use crate::record::Place;
use crate::span::{at, ours};

/// The static that holds an instrument.
pub(crate) struct Definition<'a> {
    /// Its type.
    pub(crate) instrument: &'a Ident,
    /// The function that makes it of a descriptor.
    pub(crate) new: &'a str,
    /// What that takes besides.
    pub(crate) values: &'a TokenStream,
    /// The unit of its values.
    pub(crate) unit: Option<&'a Text>,
}

/// The module that holds what expansions name.
pub(crate) fn private(library: Option<&Path>) -> TokenStream {
    library.map_or_else(
        || quote_spanned!(ours()=> ::dt_metrics::private),
        |library| quote_spanned!(ours()=> #library::private),
    )
}

/// A block whose value is the instrument, a `&'static`.
///
/// Its items are in a scope of their own: no expression of the user's is inside, but for names,
/// units and descriptions, which have to be constants anyway, and values in `const { … }`.
pub(crate) fn instrument(
    private: &TokenStream,
    args: &Args,
    place: &Place<'_>,
    definition: &Definition<'_>,
) -> TokenStream {
    let items = items(private, args, place, definition);
    quote_spanned!(ours()=> { #items &__DT_METRICS_INSTRUMENT })
}

/// A block whose value is the instrument, and the length of the unit that a path stands for.
pub(crate) fn instrument_and_unit(
    private: &TokenStream,
    args: &Args,
    place: &Place<'_>,
    definition: &Definition<'_>,
) -> TokenStream {
    let items = items(private, args, place, definition);
    let call = quote_spanned!(ours()=> #private::unit_nanoseconds(__DT_METRICS_UNIT));
    let call = at(&definition.unit, &call);
    quote_spanned! {ours()=> {
        #items
        const __DT_METRICS_NANOSECONDS: ::core::primitive::f64 = #call;
        (&__DT_METRICS_INSTRUMENT, __DT_METRICS_NANOSECONDS)
    }}
}

/// One static, and one entry for the linker: each further item would cost the one who builds. So
/// the assertions are in the static's value.
fn items(
    private: &TokenStream,
    args: &Args,
    place: &Place<'_>,
    definition: &Definition<'_>,
) -> TokenStream {
    let Definition {
        instrument, values, ..
    } = definition;
    let new = Ident::new(definition.new, ours());
    let mut constants = TokenStream::new();
    let descriptor = descriptor(private, args, place, definition.unit, &mut constants);
    let mut value = quote_spanned!(ours()=> #private::#instrument::#new(#descriptor, #values));
    let checks = checks(private, args);
    if !checks.is_empty() {
        value = quote_spanned!(ours()=> { #checks #value });
    }
    quote_spanned! {ours()=>
        #constants
        static __DT_METRICS_INSTRUMENT: #private::#instrument = #value;
        #private::inventory::submit! { __DT_METRICS_INSTRUMENT.registration() }
    }
}

fn descriptor(
    private: &TokenStream,
    args: &Args,
    place: &Place<'_>,
    unit: Option<&Text>,
    constants: &mut TokenStream,
) -> TokenStream {
    let name = match (&args.name, place.function) {
        (Some(name), _) => constant(name, "__DT_METRICS_NAME", constants),
        (None, Some(function)) => default_name(private, function, place.suffix),
        (None, None) => TokenStream::new(),
    };
    let mut with = TokenStream::new();
    if let Some(unit) = unit {
        let unit = constant(unit, "__DT_METRICS_UNIT", constants);
        with.extend(quote_spanned!(ours()=> .with_unit(#unit)));
    }
    if let Some(description) = &args.description {
        let description = constant(description, "__DT_METRICS_DESCRIPTION", constants);
        with.extend(quote_spanned!(ours()=> .with_description(#description)));
    }
    if let Some(dims) = &args.dims {
        let keys = dims.iter().map(|dimension| &dimension.key);
        with.extend(quote_spanned!(ours()=> .with_dimension_keys(&[#(#keys),*])));
    }
    if let Some(Boundaries(boundaries)) = &args.boundaries {
        let boundaries = boundaries.iter().copied().map(Literal::f64_suffixed);
        with.extend(quote_spanned!(ours()=> .with_boundaries(&[#(#boundaries),*])));
    }
    if let Some(max_series) = args.max_series {
        let max_series = Literal::u32_suffixed(max_series);
        with.extend(quote_spanned!(ours()=> .with_max_series(#max_series)));
    }
    quote_spanned!(ours()=> #private::describe(#name, ::core::module_path!()) #with)
}

/// A text for use in a static. A path is written out once only, so that what is wrong with it is
/// said once.
fn constant(text: &Text, name: &str, constants: &mut TokenStream) -> TokenStream {
    match text {
        Text::Literal(literal) => literal.to_token_stream(),
        Text::Path(path) => {
            let name = Ident::new(name, ours());
            constants.extend(quote_spanned! {ours()=>
                const #name: &::core::primitive::str = #path;
            });
            name.into_token_stream()
        }
    }
}

/// `crate.module.function.suffix`, of which only the compiler knows the first part.
fn default_name(private: &TokenStream, function: &Ident, suffix: &str) -> TokenStream {
    let function = function.to_string();
    quote_spanned! {ours()=>
        #private::DefaultName::new(::core::module_path!(), #function, #suffix).as_str()
    }
}

/// Assertions, each reported at what it is about.
fn checks(private: &TokenStream, args: &Args) -> TokenStream {
    let texts = [
        (&args.name, "check_name", "__DT_METRICS_NAME"),
        (&args.unit, "check_unit", "__DT_METRICS_UNIT"),
        (
            &args.description,
            "check_description",
            "__DT_METRICS_DESCRIPTION",
        ),
    ];
    let mut checks = TokenStream::new();
    for (text, function, name) in texts {
        if let Some(text) = text {
            let value = constant(text, name, &mut TokenStream::new());
            checks.extend(check(private, text, function, &value));
        }
    }
    for Dimension { key, typed, .. } in args.dims.iter().flat_map(Dims::iter) {
        checks.extend(check(
            private,
            typed,
            "check_dimension_key",
            &key.to_token_stream(),
        ));
    }
    checks
}

fn check(
    private: &TokenStream,
    typed: &impl ToTokens,
    function: &str,
    text: &TokenStream,
) -> TokenStream {
    let function = Ident::new(function, ours());
    let call = at(typed, &quote_spanned!(ours()=> #private::#function(#text)));
    quote_spanned!(ours()=> #call;)
}
