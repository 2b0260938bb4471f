//! What annotations record of calls whose end matters, and of functions that return futures.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::Index;

pub(crate) use super::part::Part;
use super::part::{Record, variable, variables, word};
use crate::analyse::scope::Place;
use crate::analyse::shape::Shape;
use crate::emit::instrument::{Constants, Described, Instrument};
use crate::emit::record;
use crate::emit::static_item as register;
use crate::emit::values::{self, Known, list};
use crate::emit::wrap::{self, Asks, Ends};
use crate::parse::args::{Args, Dims, Outcome, Source, Text};
use crate::parse::item::Function;
use crate::tokens::ours;

/// Whether something before the body is not enough.
pub(crate) fn is_needed(args: &Args, function: &Function) -> bool {
    asks(args) != Asks::Nothing || Shape::of(function).outlives_the_call()
}

/// What is known only at the end of a call.
fn asks(args: &Args) -> Asks {
    let fallible = matches!(args.outcome, Some(Outcome::Fallible(_)));
    if fallible || args.ret_dims.is_some() || args.value.is_some() {
        Asks::Returned
    } else if args.outcome.is_some() || args.when.is_some() {
        Asks::Outcome
    } else {
        Asks::Nothing
    }
}

/// `function`, which is one of the type `ty` if there is one, with `parts` of its calls recorded.
pub(crate) fn measured(
    args: &Args,
    ty: Option<&str>,
    parts: &[Part],
    function: Function,
) -> TokenStream {
    let private = register::private(args.library.as_ref());
    let shape = Shape::of(&function);
    let place = Place {
        several: parts.len() > 1,
        ..Place::on(&function).of(ty, &function.sig.ident)
    };
    let measure = Measure {
        private: &private,
        args,
        parts,
        unit: record::time_unit(args),
        asks: asks(args),
        kept: kept(args, &place),
        shape,
    };
    let ends = measure.ends(&place);
    wrap::wrap(&private, shape, function, &ends)
}

/// The variables with the values of dimensions that are taken on entry.
fn kept(args: &Args, place: &Place<'_>) -> Vec<TokenStream> {
    let dims = args.dims.as_ref();
    let called = match Known::of(dims, &place.generics) {
        Known::Called => true,
        Known::Once => !args.keys_at_end().is_empty(),
        Known::Compiled => false,
    };
    let values = dims.into_iter().flat_map(Dims::iter);
    let values = values.filter(|value| called && !matches!(value.source, Source::Literal(_)));
    variables("kept", values.count())
}

pub(crate) struct Measure<'a> {
    pub(crate) private: &'a TokenStream,
    pub(crate) args: &'a Args,
    pub(crate) parts: &'a [Part],
    /// The unit of durations.
    pub(crate) unit: Text,
    /// What is known only at the end of a call: then it is counted there.
    pub(crate) asks: Asks,
    pub(crate) kept: Vec<TokenStream>,
    pub(crate) shape: Shape,
}

impl Measure<'_> {
    fn ends(&self, place: &Place<'_>) -> Ends {
        let Self { private, args, .. } = *self;
        let mut constants = Constants::default();
        let (instruments, records) = self.instruments(place, &mut constants);
        let (at_begin, at_end): (Vec<Record>, Vec<Record>) =
            records.into_iter().partition(|record| match record.part {
                Part::Calls => self.asks == Asks::Nothing,
                Part::InFlight => true,
                Part::Duration | Part::Value => false,
            });
        let nanoseconds = self.nanoseconds();
        let unit_is_path = matches!(self.unit, Text::Path(_));
        let mut entry = TokenStream::new();
        let mut state = Vec::new();

        if unit_is_path && self.parts.contains(&Part::Duration) {
            let value = quote_spanned! {ours()=>
                const __DT_METRICS_NANOSECONDS: ::core::primitive::f64 = #nanoseconds;
                (&__DT_METRICS_INSTRUMENT, __DT_METRICS_NANOSECONDS)
            };
            let block = register::block(private, args, &instruments, constants, &value);
            entry.extend(quote_spanned!(ours()=> let (__dt_metrics_instruments, __dt_metrics_nanoseconds) = #block;));
            state.push("nanoseconds");
        } else {
            let value = quote_spanned!(ours()=> &__DT_METRICS_INSTRUMENT);
            let block = register::block(private, args, &instruments, constants, &value);
            entry.extend(quote_spanned!(ours()=> let __dt_metrics_instruments = #block;));
        }
        if !at_end.is_empty() {
            state.push("instruments");
        }
        if self.parts.contains(&Part::Calls) {
            let by = record::by(args);
            entry.extend(quote_spanned!(ours()=> let __dt_metrics_by = #by;));
        }
        let unpack = self.keep(&mut entry);

        let mut begin = TokenStream::new();
        for record in &at_begin {
            let call = record.with(&self.kept());
            begin.extend(if record.part == Part::InFlight {
                state.push("in_flight");
                quote_spanned!(ours()=> let __dt_metrics_in_flight = #call;)
            } else {
                quote_spanned!(ours()=> #call;)
            });
        }
        if !at_begin.is_empty() {
            begin = quote_spanned!(ours()=> #unpack #begin);
        }
        if at_end.iter().any(|record| record.part == Part::Calls) {
            state.push("by");
        }
        if unpack.is_some() {
            state.push("kept");
        }
        if self.parts.contains(&Part::Duration) {
            let start = quote_spanned!(ours()=> #private::Stopwatch::start());
            begin.extend(quote_spanned!(ours()=> let __dt_metrics_stopwatch = #start;));
            state.push("stopwatch");
        }

        let state: Vec<TokenStream> = state.into_iter().map(variable).collect();
        let made = (!state.is_empty()).then(|| quote_spanned!(ours()=> (#(#state,)*)));
        let unpack = (!at_end.is_empty()).then_some(unpack).flatten();
        // What is kept and not used, the guard among it, goes last.
        let ended = |records: TokenStream| {
            quote_spanned! {ours()=>
                let (#(#state,)*) = __dt_metrics_state;
                #unpack
                #records
                let _ = (#(&#state,)*);
            }
        };
        Ends {
            entry,
            begin: quote_spanned!(ours()=> { #begin #made }),
            leave: ended(self.leave(&at_end)),
            future: self.future(&at_end, ended),
            uses: self.uses(),
            asks: self.asks,
        }
    }

    /// The expressions that are evaluated on entry.
    fn uses(&self) -> TokenStream {
        let mut uses = self.args.by.to_token_stream();
        if !self.kept.is_empty() {
            for dimension in self.args.dims.iter().flat_map(Dims::iter) {
                match &dimension.source {
                    Source::Literal(_) => {}
                    Source::Const(block) => block.to_tokens(&mut uses),
                    Source::Expr(expr) => expr.to_tokens(&mut uses),
                }
            }
        }
        uses
    }

    /// Keeps the values of entry; returns the statement that takes them out of what was kept.
    fn keep(&self, entry: &mut TokenStream) -> Option<TokenStream> {
        if self.kept.is_empty() {
            return None;
        }
        let private = self.private;
        let keep = if self.shape.outlives_the_call() {
            "keep_any"
        } else {
            "keep"
        };
        let values = values::each(private, self.args.dims.as_ref(), keep);
        entry.extend(quote_spanned!(ours()=> let __dt_metrics_kept = #values;));
        let kept = list(&self.kept);
        Some(quote_spanned!(ours()=> let #kept = &__dt_metrics_kept;))
    }

    fn instruments(
        &self,
        place: &Place<'_>,
        constants: &mut Constants,
    ) -> (Vec<Instrument>, Vec<Record>) {
        let asked = self.args.keys_at_end();
        let each = self.parts.iter().enumerate().map(|(index, part)| {
            let described = Described {
                kind: part.kind(),
                suffix: part.suffix(),
                unit: match part {
                    Part::Duration => Some(&self.unit),
                    _ => self.args.unit.as_ref(),
                },
                asked: match part {
                    Part::InFlight => &[],
                    _ => &asked,
                },
            };
            let made = Instrument::new(self.private, self.args, place, &described, constants);
            let ty = &made.ty;
            let method = word(part.method().0);
            let index = Index::from(index);
            let record = Record {
                part: *part,
                method: quote_spanned!(ours()=> #ty::#method),
                instrument: if let [_] = self.parts {
                    variable("instruments")
                } else {
                    quote_spanned!(ours()=> &__dt_metrics_instruments.#index)
                },
                dimensioned: made.dimensioned,
            };
            (made, record)
        });
        each.unzip()
    }

    pub(crate) fn nanoseconds(&self) -> TokenStream {
        record::length(self.private, &self.unit)
    }
}
