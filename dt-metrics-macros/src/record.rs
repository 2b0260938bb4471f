//! The expression that records.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, LitStr};

use crate::args::{Args, Constant, Text, nanoseconds};
use crate::register::{self, Definition};
use crate::span::{at, ours};
use crate::values::{self, Known};

/// Where an expression stands.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place<'a> {
    /// The function, if it can give the instrument its name.
    pub(crate) function: Option<&'a Ident>,
    /// What the instrument is called after it.
    pub(crate) suffix: &'a str,
    /// The type and const parameters that are known to be in scope.
    pub(crate) generics: &'a [&'a Ident],
}

/// Adds to a counter: of type `()`.
pub(crate) fn count(args: &Args, place: &Place<'_>) -> TokenStream {
    let by = args
        .by
        .as_ref()
        .map_or_else(|| quote_spanned!(ours()=> 1u64), whole_number);
    let call = Call {
        kind: "Counter",
        method: "add",
        operand: Operand::Value(by),
        unit: args.unit.as_ref(),
    };
    call.quote(args, place)
}

/// Starts a timer: a guard.
pub(crate) fn time(args: &Args, place: &Place<'_>) -> TokenStream {
    let seconds = Text::Literal(LitStr::new("s", ours()));
    let unit = args.time_unit.as_ref().unwrap_or(&seconds);
    let operand = match unit {
        Text::Literal(literal) => {
            let length = Literal::f64_suffixed(nanoseconds(&literal.value()).unwrap_or(1.0));
            Operand::Value(length.into_token_stream())
        }
        Text::Path(_) => Operand::LengthOfUnit,
    };
    let call = Call {
        kind: "Histogram",
        method: "start",
        operand,
        unit: Some(unit),
    };
    call.quote(args, place)
}

/// Counts in: a guard that counts out.
pub(crate) fn enter(args: &Args, place: &Place<'_>) -> TokenStream {
    let call = Call {
        kind: "UpDownCounter",
        method: "enter",
        operand: Operand::None,
        unit: args.unit.as_ref(),
    };
    call.quote(args, place)
}

/// Replaces the value of a gauge: of type `()`.
pub(crate) fn set(args: &Args, place: &Place<'_>) -> TokenStream {
    let value = args.value.as_ref().map(|value| number(args, value));
    let call = Call {
        kind: "Gauge",
        method: "set",
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
    operand: Operand,
    unit: Option<&'a Text>,
}

/// What a method takes besides the values of dimensions.
enum Operand {
    None,
    Value(TokenStream),
    /// The length of the unit that a path stands for.
    LengthOfUnit,
}

impl Call<'_> {
    /// The call, on the instrument that `args` describe.
    fn quote(&self, args: &Args, place: &Place<'_>) -> TokenStream {
        let private = register::private(args.library.as_ref());
        let dims = args.dims.as_ref();
        let known = Known::of(dims, place.generics);
        let (new, values) = match known {
            Known::Compiled => {
                let values = values::constants(&private, dims);
                ("new", quote_spanned!(ours()=> &#values))
            }
            Known::Once => {
                let values = values::options(&private, dims);
                (
                    "resolved",
                    quote_spanned!(ours()=> || #private::values(#values)),
                )
            }
            Known::Called => {
                let values = values::template(&private, dims);
                ("new", quote_spanned!(ours()=> &#values))
            }
        };
        let (instrument, set) = match known {
            Known::Called => {
                let instrument = format!("Dimensioned{}", self.kind);
                (instrument, values::set(&private, dims))
            }
            Known::Compiled | Known::Once => (self.kind.to_owned(), TokenStream::new()),
        };
        let definition = Definition {
            instrument: &Ident::new(&instrument, ours()),
            new,
            values: &values,
            unit: self.unit,
        };
        self.on(&private, args, place, &definition, &set)
    }

    fn on(
        &self,
        private: &TokenStream,
        args: &Args,
        place: &Place<'_>,
        definition: &Definition<'_>,
        set: &TokenStream,
    ) -> TokenStream {
        let instrument = definition.instrument;
        let method = Ident::new(self.method, ours());
        let method = quote_spanned!(ours()=> #private::#instrument::#method);
        match &self.operand {
            Operand::None => {
                let instrument = register::instrument(private, args, place, definition);
                quote_spanned!(ours()=> #method(#instrument, #set))
            }
            Operand::Value(value) => {
                let instrument = register::instrument(private, args, place, definition);
                quote_spanned!(ours()=> #method(#instrument, #value, #set))
            }
            Operand::LengthOfUnit => {
                let both = register::instrument_and_unit(private, args, place, definition);
                quote_spanned! {ours()=>
                    match #both {
                        (instrument, nanoseconds) => #method(instrument, nanoseconds, #set),
                    }
                }
            }
        }
    }
}

/// A number of the user's, of whose type the compiler speaks without a word about our functions.
fn whole_number(by: &Expr) -> TokenStream {
    let number = at(by, &quote_spanned!(ours()=> ::core::primitive::u64));
    quote_spanned!(ours()=> { let by: #number = #by; by })
}

/// A number of any type as an `f64`. Of a literal the type is not left to the compiler, which might
/// have to tell that it chose one.
fn number(args: &Args, value: &Expr) -> TokenStream {
    if let Some(literal) = Constant::of(value).and_then(|constant| constant.number()) {
        return Literal::f64_suffixed(literal).into_token_stream();
    }
    let private = register::private(args.library.as_ref());
    at(value, &quote_spanned!(ours()=> #private::number(#value)))
}
