//! Expressions that record.

use proc_macro2::{Literal, TokenStream};
use quote::ToTokens;
use syn::Expr;

use super::instrument::{Constants, Instrument, UNIT};
use super::metric::Metric;
use super::{static_item, values};
use crate::analyse::scope::Place;
use crate::parse::args::Args;
use crate::parse::literal::Constant;
use crate::parse::text::{Text, nanoseconds};
use crate::tokens::{at, emit, ident, private};

/// The expression that records `metric` with its own static. Its value is a guard that records the
/// end of a call for [`Metric::Duration`] and [`Metric::InFlight`], and otherwise `()`.
pub(crate) fn record(metric: Metric, args: &Args, place: &Place<'_>) -> TokenStream {
    let private = private(args.library.as_ref());
    let mut constants = Constants::default();
    let instrument = Instrument::new(&private, args, place, metric, &mut constants);
    let ty = &instrument.ty;
    let set = instrument
        .dimensioned
        .then(|| values::passed(&private, args.dims(), "dimension"));
    let (method, operand) = match metric {
        Metric::Calls => (metric.method(), Some(by(args))),
        Metric::Duration => ("start", Some(unit_length(&private, args))),
        Metric::InFlight => (metric.method(), None),
        Metric::Values | Metric::Level => {
            let value = args.value.as_ref();
            (metric.method(), value.map(|value| number(&private, value)))
        }
        Metric::Change => {
            let value = args.value.as_ref();
            (
                metric.method(),
                value.map(|value| whole_number(value, "i64")),
            )
        }
    };
    let method = ident(method);
    let method = emit!(#ty::#method);
    if metric == Metric::Duration && matches!(args.time_unit(), Text::Path(_)) {
        let value = static_item::instruments(operand.as_ref());
        let block = static_item::block(&private, args, &[instrument], constants, &value);
        return emit! {
            match #block {
                (__dt_metrics_instrument, __dt_metrics_nanoseconds) => #method(__dt_metrics_instrument, __dt_metrics_nanoseconds, #set),
            }
        };
    }
    let value = static_item::instruments(None);
    let block = static_item::block(&private, args, &[instrument], constants, &value);
    let operand = operand.map(|operand| emit!(#operand,));
    emit!(#method(#block, #operand #set))
}

/// The number that a counter of calls adds: a `u64`.
pub(crate) fn by(args: &Args) -> TokenStream {
    let by = args.by.as_ref();
    by.map_or_else(|| emit!(1u64), |by| whole_number(by, "u64"))
}

/// The length of the unit of durations in nanoseconds. For a path, the expression names the constant
/// with the unit, which is in the block of the static.
pub(crate) fn unit_length(private: &TokenStream, args: &Args) -> TokenStream {
    match args.time_unit() {
        Text::Literal(literal) => {
            let length = nanoseconds(&literal.value()).unwrap_or(1.0);
            Literal::f64_suffixed(length).into_token_stream()
        }
        path @ Text::Path(_) => {
            let unit = ident(UNIT);
            at(&path, &emit!(#private::unit_nanoseconds(#unit)))
        }
    }
}

/// A number of any type as an `f64`. A literal is converted here: the compiler would have to choose
/// its type, and might warn about that.
pub(crate) fn number(private: &TokenStream, value: &Expr) -> TokenStream {
    match Constant::of(value).and_then(|constant| constant.number()) {
        Some(number) => Literal::f64_suffixed(number).into_token_stream(),
        None => at(value, &emit!(#private::number(#value))),
    }
}

/// A number of the type `number`. A wrong type is reported without mentioning the library.
fn whole_number(value: &Expr, number: &str) -> TokenStream {
    let number = ident(number);
    let number = at(value, &emit!(::core::primitive::#number));
    emit!({ let __dt_metrics_by: #number = #value; __dt_metrics_by })
}
