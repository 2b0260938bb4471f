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
use crate::parse::text::{Text, nanoseconds, time_unit_length};
use crate::tokens::{Private, at, emit, ident, private};

/// The greatest amount that is added without a check.
const MAX_UNCHECKED: u64 = 1 << 16;

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
        Metric::Calls => (metric.method(), Some(by(&private, args))),
        Metric::Duration => ("start", Some(unit_length(&private, args))),
        Metric::InFlight => (metric.method(), None),
        Metric::Values => {
            let value = args.value.as_ref();
            let value = value.map(|value| recordable(&private, value, args.unit.as_ref()));
            (metric.method(), value)
        }
        Metric::Level => {
            let value = args.value.as_ref();
            (metric.method(), value.map(|value| number(&private, value)))
        }
        Metric::Change => {
            let value = args.value.as_ref();
            (
                metric.method(),
                value.map(|value| whole_number(&private, value, "i64", "integer")),
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
pub(crate) fn by(private: &Private, args: &Args) -> TokenStream {
    let by = args.by.as_ref();
    by.map_or_else(
        || emit!(1u64),
        |by| whole_number(private, by, "u64", "unsigned"),
    )
}

/// The length of the unit of durations in nanoseconds. For a path, the expression names the constant
/// with the unit, which is in the block of the static.
pub(crate) fn unit_length(private: &Private, args: &Args) -> TokenStream {
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

/// A number of any type, or a duration in this unit, as an `f64`. A duration is accepted if the unit is
/// one of time, or if there is none.
fn recordable(private: &Private, value: &Expr, unit: Option<&Text>) -> TokenStream {
    if Constant::of(value).is_some() {
        return number(private, value);
    }
    let (is_time, length) = match unit {
        None => (emit!(true), emit!(1e9f64)),
        Some(Text::Literal(unit)) => {
            let length = time_unit_length(&unit.value());
            let (is_time, length) = (length.is_some(), length.unwrap_or(1.0));
            let length = Literal::f64_suffixed(length);
            (emit!(#is_time), emit!(#length))
        }
        Some(path @ Text::Path(_)) => {
            let length = at(path, &emit!(#private::time_unit_length(#path)));
            let is_time = emit!({ #length != 0.0 });
            (
                is_time,
                emit!({ const __DT_METRICS_LENGTH: ::core::primitive::f64 = #length; __DT_METRICS_LENGTH }),
            )
        }
    };
    at(
        value,
        &emit!(#private::recordable::<#is_time, _>(#value, #length)),
    )
}

/// A number of any type as an `f64`. A literal is converted here: the compiler would have to choose
/// its type, and might warn about that.
pub(crate) fn number(private: &Private, value: &Expr) -> TokenStream {
    match Constant::of(value).and_then(|constant| constant.number()) {
        Some(number) => Literal::f64_suffixed(number).into_token_stream(),
        None => at(value, &emit!(#private::number(#value))),
    }
}

/// An integer of any type as a `number`, which is also the type of a literal. The library's function
/// `convert` accepts only types that can be such a number.
fn whole_number(private: &Private, value: &Expr, number: &str, convert: &str) -> TokenStream {
    let (number, convert) = (ident(number), ident(convert));
    let amount = emit! {
        #private::Amount::<::core::primitive::#number, _>::new(#value).__dt_metrics_amount()
    };
    let amount = at(value, &amount);
    let converted = at(value, &emit!(#private::#convert(#amount)));
    let by = if is_small(value) {
        emit!(__dt_metrics_by)
    } else {
        emit!(#private::Checked(__dt_metrics_by))
    };
    // Temporaries of the expression are dropped before the dimensions are evaluated.
    emit!({ let __dt_metrics_by = #converted; #by })
}

/// Whether an amount is a literal that is so small that sums of it never exceed their range.
fn is_small(value: &Expr) -> bool {
    match Constant::of(value) {
        Some(Constant::I64(value)) => value.unsigned_abs() <= MAX_UNCHECKED,
        Some(Constant::U64(value)) => value <= MAX_UNCHECKED,
        _ => false,
    }
}
