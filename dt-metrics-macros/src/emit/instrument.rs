//! The constant expressions that make instruments and their descriptors.

use proc_macro2::{Literal, TokenStream};
use quote::ToTokens;
use syn::LitStr;

use super::metric::Metric;
use super::values;
use crate::analyse::scope::{Known, Place};
use crate::parse::annotation::Argument;
use crate::parse::args::Args;
use crate::parse::text::Text;
use crate::tokens::{Private, emit, ident, ours};

/// An instrument in an expansion.
pub(crate) struct Instrument {
    pub(crate) ty: TokenStream,
    /// The constant expression that makes it.
    pub(crate) value: TokenStream,
    /// Whether each record passes the values of its dimensions.
    pub(crate) dimensioned: bool,
    /// Whether it is polled.
    pub(crate) observed: bool,
}

/// Constants for the paths to texts that a descriptor names. Each is written once, so that an error
/// in it is reported once.
#[derive(Default)]
pub(crate) struct Constants(Vec<(&'static str, TokenStream)>);

pub(crate) const NAME: &str = "__DT_METRICS_NAME";
pub(crate) const UNIT: &str = "__DT_METRICS_UNIT";
pub(crate) const DESCRIPTION: &str = "__DT_METRICS_DESCRIPTION";

impl Constants {
    /// The text, as a literal or the name of a constant.
    pub(crate) fn text(&mut self, text: &Text, name: &'static str) -> TokenStream {
        match text {
            Text::Literal(literal) => literal.to_token_stream(),
            Text::Path(path) => {
                let constant = ident(name);
                if self.0.iter().all(|(other, _)| *other != name) {
                    let item = emit!(const #constant: &::core::primitive::str = #path;);
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
        private: &Private,
        args: &Args,
        place: &Place<'_>,
        metric: Metric,
        constants: &mut Constants,
    ) -> Self {
        let known = Known::of(args.dims(), place);
        let at_end = match metric {
            Metric::InFlight => 0,
            _ => args.ret_dims().len() + usize::from(args.outcome.is_some()),
        };
        let dimensioned = known == Known::Called || at_end > 0;
        let descriptor = descriptor(private, args, place, Some(metric), constants);
        let (new, values) = if dimensioned {
            let values = values::template(private, args.dims(), at_end);
            ("new", emit!(&#values))
        } else if known == Known::Once {
            let values = values::options(private, args.dims());
            ("resolved", emit!(|| #private::values(#values)))
        } else {
            let values = values::constants(private, args.dims());
            ("new", emit!(&#values))
        };
        let prefix = if dimensioned { "Dimensioned" } else { "" };
        let ty = ident(&format!("{prefix}{}", metric.kind()));
        let ty = emit!(#private::#ty);
        let new = ident(new);
        Self {
            value: emit!(#ty::#new(#descriptor, #values)),
            ty,
            dimensioned,
            observed: false,
        }
    }
}

/// The constant expression that makes the library's `Measures`: all metrics of `#[measured]`, with the
/// `length` of the unit of durations.
pub(crate) fn measures(
    private: &Private,
    args: &Args,
    place: &Place<'_>,
    length: &TokenStream,
    constants: &mut Constants,
) -> TokenStream {
    let ty = emit!(#private::Measures);
    let text = text_of_description(args, place);
    let text = text.map(|text| constants.text(&text, DESCRIPTION));
    if place.line.is_none() && args.describe_only() {
        let (path, function) = path_of(place, "");
        let text = text.unwrap_or_else(|| emit!(""));
        return emit!(#ty::of_path(#path, #function, #text));
    }
    let mut annotation = match &args.name {
        Some(name) => {
            let name = constants.text(name, NAME);
            let function = place.function.as_deref().unwrap_or_default();
            let name = match function_in_name(args, function) {
                "" => name,
                function => under(private, &name, function, ""),
            };
            described(private, &name)
        }
        None => described_path(private, place, ""),
    };
    let unit = constants.text(&args.time_unit(), UNIT);
    let text = text.map(|text| emit!(.with_description(#text)));
    // The library adds the outcome's key to none.
    let details = details(args, place, !args.dims().is_empty(), true);
    annotation.extend(emit!(.with_unit(#unit) #text #details));
    let values = if args.dims().is_empty() {
        emit!([])
    } else {
        values::template(private, args.dims(), 1)
    };
    if args.objective.is_none() {
        return emit!(#ty::new(#annotation, &#values, #length));
    }
    let objectives = [Metric::Calls, Metric::Duration];
    let objectives = objectives.map(|metric| {
        let objective = objective(private, args, Some(metric));
        objective.map_or_else(
            || emit!(::core::option::Option::None),
            |objective| emit!(::core::option::Option::Some(#objective)),
        )
    });
    emit!(#ty::with_objectives(#annotation, &#values, #length, [#(#objectives),*]))
}

/// The descriptor of `metric`, or of an observed metric if there is none.
pub(crate) fn descriptor(
    private: &Private,
    args: &Args,
    place: &Place<'_>,
    metric: Option<Metric>,
    constants: &mut Constants,
) -> TokenStream {
    let mut descriptor = named(private, args, place, metric, constants);
    let unit = match metric {
        Some(Metric::Duration) => Some(args.time_unit()),
        _ => args.unit.clone(),
    };
    if let Some(unit) = unit {
        let unit = constants.text(&unit, UNIT);
        descriptor.extend(emit!(.with_unit(#unit)));
    }
    if let Some(description) = description(private, args, place, metric, constants) {
        descriptor.extend(emit!(.with_description(#description)));
    }
    let has_boundaries = matches!(metric, Some(Metric::Duration | Metric::Values));
    let has_end = metric != Some(Metric::InFlight);
    descriptor.extend(details(args, place, has_end, has_boundaries));
    if let Some(objective) = objective(private, args, metric) {
        descriptor.extend(emit!(.with_objective(#objective)));
    }
    descriptor
}

/// The calls that set the properties other than texts.
fn details(args: &Args, place: &Place<'_>, has_end: bool, has_boundaries: bool) -> TokenStream {
    let mut details = TokenStream::new();
    let mut keys: Vec<_> = args
        .dims()
        .iter()
        .filter_map(|dimension| dimension.key.clone())
        .collect();
    if has_end {
        keys.extend(args.keys_at_end());
    }
    if !keys.is_empty() {
        details.extend(emit!(.with_dimension_keys(&[#(#keys),*])));
    }
    if let Some(boundaries) = args.boundaries.as_ref().filter(|_| has_boundaries) {
        let boundaries = boundaries.iter().copied().map(Literal::f64_suffixed);
        details.extend(emit!(.with_boundaries(&[#(#boundaries),*])));
    }
    if let Some(limit) = args.cardinality_limit {
        let limit = Literal::u32_suffixed(limit);
        details.extend(emit!(.with_cardinality_limit(#limit)));
    }
    if let Some(line) = place.line {
        let line = Literal::u32_suffixed(line);
        details.extend(emit!(.with_line(#line)));
    }
    details
}

/// The objective that `metric` measures, if there is one.
fn objective(private: &Private, args: &Args, metric: Option<Metric>) -> Option<TokenStream> {
    let objective = args.objective.as_ref()?;
    match metric {
        Some(Metric::Calls) => {
            let ratio = Literal::f64_suffixed(objective.success.as_ref()?.ratio);
            Some(emit!(#private::success(#ratio)))
        }
        Some(Metric::Duration) => {
            let latency = objective.latency.as_ref()?;
            let nanoseconds = Literal::u64_suffixed(latency.nanoseconds);
            let percentile = Literal::f64_suffixed(latency.percentile);
            Some(emit!(#private::latency(#nanoseconds, #percentile)))
        }
        _ => None,
    }
}

/// The description of an annotation, by default the first sentence of the function's documentation.
fn text_of_description(args: &Args, place: &Place<'_>) -> Option<Text> {
    let summary = || {
        let summary = place.summary.as_ref()?;
        Some(Text::Literal(LitStr::new(summary, ours())))
    };
    args.description.clone().or_else(summary)
}

/// The description of an instrument. If an annotation has several metrics, each description ends with the
/// noun of its metric.
fn description(
    private: &Private,
    args: &Args,
    place: &Place<'_>,
    metric: Option<Metric>,
    constants: &mut Constants,
) -> Option<TokenStream> {
    let text = text_of_description(args, place)?;
    let part = metric.filter(|_| place.several).map(Metric::part);
    let description = match (&text, part) {
        (text, None) => constants.text(text, DESCRIPTION),
        (Text::Literal(literal), Some(part)) => {
            let text = literal.value();
            let sentence = text.strip_suffix('.').unwrap_or(&text);
            let part = if sentence.is_empty() {
                String::new()
            } else {
                format!("{sentence}: {part}")
            };
            LitStr::new(&part, literal.span()).into_token_stream()
        }
        (path @ Text::Path(_), Some(part)) => {
            let text = constants.text(path, DESCRIPTION);
            emit! {{
                const __DT_METRICS_JOINED: &[::core::primitive::u8] =
                    &#private::joined::<{ #private::joined_length(#text, #part) }>(#text, #part);
                #private::joined_text(__DT_METRICS_JOINED)
            }}
        }
    };
    Some(description)
}

/// A descriptor with nothing but a name and the place.
///
/// The default name is `crate.module.function.suffix`, whose beginning only the compiler can
/// evaluate. If an annotation has several metrics, the suffix of each metric is appended to the
/// annotation's `name`.
fn named(
    private: &Private,
    args: &Args,
    place: &Place<'_>,
    metric: Option<Metric>,
    constants: &mut Constants,
) -> TokenStream {
    let function = place.function.as_deref().unwrap_or_default();
    let suffix = metric.map_or("", Metric::suffix);
    let name = match (&args.name, metric) {
        (Some(name), _) if place.several => {
            let name = constants.text(name, NAME);
            under(private, &name, function_in_name(args, function), suffix)
        }
        (Some(name), _) => constants.text(name, NAME),
        (None, None) => emit! {
            #private::DefaultName::as_str(
                &#private::DefaultName::new(::core::module_path!(), #function, #suffix)
            )
        },
        (None, Some(_)) => return described_path(private, place, suffix),
    };
    described(private, &name)
}

/// The descriptor of an annotation with this name.
fn described(private: &Private, name: &TokenStream) -> TokenStream {
    emit!(#private::describe(#name, ::core::module_path!()))
}

/// The descriptor of an annotation whose name is made at run time: this is the cheapest to compile.
fn described_path(private: &Private, place: &Place<'_>, suffix: &str) -> TokenStream {
    let (path, function) = path_of(place, suffix);
    emit!(#private::describe_path(#path, #function))
}

/// The path of the function, and how many bytes at its end come after the module.
fn path_of(place: &Place<'_>, suffix: &str) -> (TokenStream, usize) {
    let function = place.function.as_deref().unwrap_or_default();
    let mut path = format!("::{function}");
    if !suffix.is_empty() {
        path = format!("{path}::{suffix}");
    }
    let length = path.len();
    (
        emit!(::core::concat!(::core::module_path!(), #path)),
        length,
    )
}

/// The part of a given name that is the function's: a name on an `impl` block is for all of its
/// functions.
fn function_in_name<'a>(args: &Args, function: &'a str) -> &'a str {
    if args.is_inherited(Argument::Name) {
        function.rsplit("::").next().unwrap_or_default()
    } else {
        ""
    }
}

/// The name with these further sections.
fn under(private: &Private, name: &TokenStream, function: &str, suffix: &str) -> TokenStream {
    emit!(#private::DefaultName::as_str(&#private::DefaultName::under(#name, #function, #suffix)))
}
