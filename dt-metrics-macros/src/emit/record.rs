//! The expression that records.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, LitStr};

use crate::analyse::scope::Place;
use crate::emit::instrument::{Constants, Described, Instrument, UNIT};
use crate::emit::static_item as register;
use crate::emit::values;
use crate::parse::args::{Args, Constant, Text, nanoseconds};
use crate::tokens::{at, ours};

/// What a counter adds, as a `u64`.
pub(crate) fn by(args: &Args) -> TokenStream {
    let by = args.by.as_ref();
    by.map_or_else(
        || quote_spanned!(ours()=> 1u64),
        |by| whole_number(by, "u64"),
    )
}

/// Adds to a counter: of type `()`.
pub(crate) fn count(args: &Args, place: &Place<'_>) -> TokenStream {
    let by = by(args);
    let call = Call {
        kind: "Counter",
        suffix: "calls",
        method: "add",
        operand: Operand::Value(by),
        unit: args.unit.as_ref(),
    };
    call.quote(args, place)
}

/// The unit of durations.
pub(crate) fn time_unit(args: &Args) -> Text {
    let unit = args.time_unit.clone();
    unit.unwrap_or_else(|| Text::Literal(LitStr::new("s", ours())))
}

/// The length of a unit of time, in nanoseconds; of a path, an expression that names the constant
/// in the static's block.
pub(crate) fn length(private: &TokenStream, unit: &Text) -> TokenStream {
    match unit {
        Text::Literal(literal) => {
            Literal::f64_suffixed(nanoseconds(&literal.value()).unwrap_or(1.0)).into_token_stream()
        }
        Text::Path(_) => {
            let name = Ident::new(UNIT, ours());
            at(
                unit,
                &quote_spanned!(ours()=> #private::unit_nanoseconds(#name)),
            )
        }
    }
}

/// Starts a timer: a guard.
pub(crate) fn time(args: &Args, place: &Place<'_>) -> TokenStream {
    let private = register::private(args.library.as_ref());
    let unit = time_unit(args);
    let length = length(&private, &unit);
    let operand = match &unit {
        Text::Literal(_) => Operand::Value(length),
        Text::Path(_) => Operand::LengthOfUnit(length),
    };
    let call = Call {
        kind: "Histogram",
        suffix: "duration",
        method: "start",
        operand,
        unit: Some(&unit),
    };
    call.quote(args, place)
}

/// Counts in: a guard that counts out.
pub(crate) fn enter(args: &Args, place: &Place<'_>) -> TokenStream {
    let call = Call {
        kind: "UpDownCounter",
        suffix: "in_flight",
        method: "enter",
        operand: Operand::None,
        unit: args.unit.as_ref(),
    };
    call.quote(args, place)
}

/// Replaces the value of a gauge: of type `()`.
pub(crate) fn set(args: &Args, place: &Place<'_>) -> TokenStream {
    let value = args.value.as_ref().map(|value| number(args, value));
    give(value, "Gauge", "set", args, place)
}

/// Adds to an up-down counter: of type `()`.
pub(crate) fn change(args: &Args, place: &Place<'_>) -> TokenStream {
    let by = args.value.as_ref().map(|by| whole_number(by, "i64"));
    give(by, "UpDownCounter", "add", args, place)
}

/// Adds a value to a distribution: of type `()`.
pub(crate) fn value(args: &Args, place: &Place<'_>) -> TokenStream {
    let value = args.value.as_ref().map(|value| number(args, value));
    give(value, "Histogram", "record", args, place)
}

/// Gives what the user wrote to an instrument that has no default name.
fn give(
    value: Option<TokenStream>,
    kind: &str,
    method: &str,
    args: &Args,
    place: &Place<'_>,
) -> TokenStream {
    let call = Call {
        kind,
        suffix: "",
        method,
        operand: value.map_or(Operand::None, Operand::Value),
        unit: args.unit.as_ref(),
    };
    call.quote(args, place)
}

/// What is done with an instrument.
struct Call<'a> {
    /// The kind of the instrument, which is also the name of its type.
    kind: &'a str,
    method: &'a str,
    /// The last section of a default name.
    suffix: &'a str,
    operand: Operand,
    unit: Option<&'a Text>,
}

/// What a method takes besides the values of dimensions.
enum Operand {
    None,
    Value(TokenStream),
    /// The length of the unit that a path stands for.
    LengthOfUnit(TokenStream),
}

impl Call<'_> {
    /// The call, on the instrument that `args` describe.
    fn quote(&self, args: &Args, place: &Place<'_>) -> TokenStream {
        let private = register::private(args.library.as_ref());
        let described = Described {
            kind: self.kind,
            suffix: self.suffix,
            unit: self.unit,
            asked: &[],
        };
        let mut constants = Constants::default();
        let instrument = Instrument::new(&private, args, place, &described, &mut constants);
        let set = if instrument.dimensioned {
            values::set(&private, args.dims.as_ref())
        } else {
            TokenStream::new()
        };
        let method = Ident::new(self.method, ours());
        let ty = &instrument.ty;
        let method = quote_spanned!(ours()=> #ty::#method);
        let value = match &self.operand {
            Operand::None | Operand::Value(_) => quote_spanned!(ours()=> &__DT_METRICS_INSTRUMENT),
            Operand::LengthOfUnit(length) => quote_spanned! {ours()=>
                const __DT_METRICS_NANOSECONDS: ::core::primitive::f64 = #length;
                (&__DT_METRICS_INSTRUMENT, __DT_METRICS_NANOSECONDS)
            },
        };
        let block = register::block(&private, args, &[instrument], constants, &value);
        match &self.operand {
            Operand::None => quote_spanned!(ours()=> #method(#block, #set)),
            Operand::Value(value) => quote_spanned!(ours()=> #method(#block, #value, #set)),
            Operand::LengthOfUnit(_) => quote_spanned! {ours()=>
                match #block {
                    (__dt_metrics_instrument, __dt_metrics_nanoseconds) => #method(__dt_metrics_instrument, __dt_metrics_nanoseconds, #set),
                }
            },
        }
    }
}

/// A number of the user's, of whose type the compiler speaks without a word about our functions.
fn whole_number(by: &Expr, number: &str) -> TokenStream {
    let number = Ident::new(number, ours());
    let number = at(by, &quote_spanned!(ours()=> ::core::primitive::#number));
    quote_spanned!(ours()=> { let __dt_metrics_by: #number = #by; __dt_metrics_by })
}

/// A number of any type as an `f64`. Of a literal the type is not left to the compiler, which might
/// have to tell that it chose one.
pub(crate) fn number(args: &Args, value: &Expr) -> TokenStream {
    if let Some(literal) = Constant::of(value).and_then(|constant| constant.number()) {
        return Literal::f64_suffixed(literal).into_token_stream();
    }
    let private = register::private(args.library.as_ref());
    at(value, &quote_spanned!(ours()=> #private::number(#value)))
}
