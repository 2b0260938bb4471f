//! What annotations record of calls whose end matters, and of functions that return futures.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::Index;

use crate::args::{Args, Dims, Outcome, Source, Text};
use crate::body::Function;
use crate::describe::{Constants, Described, Instrument};
use crate::place::Place;
use crate::record;
use crate::register;
use crate::span::{at, ours};
use crate::values::{self, Known, list};
use crate::wrap::{self, Asks, Ends, Shape};

/// Something that is recorded of a call.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Part {
    /// A counter: 1, or `by`.
    Calls,
    /// A histogram of the duration.
    Duration,
    /// An up-down counter of the calls that are going on.
    InFlight,
    /// A histogram of a value.
    Value,
}

impl Part {
    /// The kind of the instrument.
    const fn kind(self) -> &'static str {
        match self {
            Self::Calls => "Counter",
            Self::Duration | Self::Value => "Histogram",
            Self::InFlight => "UpDownCounter",
        }
    }

    /// The last section of its name.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Duration => "duration",
            Self::InFlight => "in_flight",
            Self::Value => "",
        }
    }

    /// The method that records, and the variable that it takes.
    const fn method(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Calls => ("add", Some("by")),
            Self::Duration => ("record", Some("elapsed")),
            Self::InFlight => ("enter", None),
            Self::Value => ("record", Some("value")),
        }
    }
}

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

fn variables(name: &str, count: usize) -> Vec<TokenStream> {
    let variable =
        |place| format_ident!("__dt_metrics_{name}{place}", span = ours()).into_token_stream();
    (0..count).map(variable).collect()
}

/// A variable of ours. It has such a name since it can shadow no static and no constant: these are
/// seen from everywhere.
fn variable(name: &str) -> TokenStream {
    word(&format!("__dt_metrics_{name}"))
}

fn word(name: &str) -> TokenStream {
    Ident::new(name, ours()).into_token_stream()
}

struct Measure<'a> {
    private: &'a TokenStream,
    args: &'a Args,
    parts: &'a [Part],
    /// The unit of durations.
    unit: Text,
    /// What is known only at the end of a call: then it is counted there.
    asks: Asks,
    kept: Vec<TokenStream>,
    shape: Shape,
}

/// The record of a part, by the method of an instrument.
struct Record {
    part: Part,
    method: TokenStream,
    instrument: TokenStream,
    dimensioned: bool,
}

impl Record {
    /// The expression that records.
    fn with(&self, values: &[TokenStream]) -> TokenStream {
        let Self {
            method, instrument, ..
        } = self;
        let operand = self.part.method().1.map(variable);
        let set = self.dimensioned.then(|| list(values));
        let arguments = operand.iter().chain(&set);
        quote_spanned!(ours()=> #method(#instrument, #(#arguments),*))
    }
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
        let leave = self.leave(&at_end);
        Ends {
            entry,
            begin: quote_spanned!(ours()=> { #begin #made }),
            // What is kept and not used, the guard among it, goes last.
            leave: quote_spanned! {ours()=>
                let (#(#state,)*) = __dt_metrics_state;
                #unpack
                #leave
                let _ = (#(&#state,)*);
            },
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

    fn nanoseconds(&self) -> TokenStream {
        record::length(self.private, &self.unit)
    }

    /// What is recorded at the end.
    fn leave(&self, records: &[Record]) -> TokenStream {
        let private = self.private;
        let elapsed = self.parts.contains(&Part::Duration).then(|| {
            let nanoseconds = match self.unit {
                Text::Literal(_) => self.nanoseconds(),
                Text::Path(_) => variable("nanoseconds"),
            };
            quote_spanned!(ours()=> let __dt_metrics_elapsed = #private::Stopwatch::elapsed(__dt_metrics_stopwatch, #nanoseconds);)
        });
        let told = self.tell(records);
        quote_spanned!(ours()=> #elapsed #told)
    }

    /// The records, in the cases in which they are made.
    fn tell(&self, records: &[Record]) -> TokenStream {
        let Self { private, args, .. } = *self;
        let asks_outcome = args.outcome.is_some() || args.when.is_some();
        let asks_ret = args.ret_dims.is_some() || self.parts.contains(&Part::Value);
        let at_return = asks_outcome.then(|| self.outcome_of_returned());
        match (asks_ret, at_return) {
            (false, None) => {
                let all = self.records(records, &[]);
                quote_spanned!(ours()=> let _ = &__dt_metrics_ended; #all)
            }
            (false, Some(at_return)) => {
                let all = self.if_wanted(&self.records(records, &[]));
                quote_spanned! {ours()=>
                    let __dt_metrics_outcome = match __dt_metrics_ended {
                        #private::Ended::Returned(__dt_metrics_returned) => #at_return,
                        __dt_metrics_ended => #private::Ended::outcome(&__dt_metrics_ended),
                    };
                    #all
                }
            }
            (true, at_return) => {
                let at_return = at_return
                    .map(|outcome| quote_spanned!(ours()=> let __dt_metrics_outcome = #outcome;));
                let with = self.if_wanted(&self.with_returned(records));
                let without = self.without_returned(records);
                quote_spanned! {ours()=>
                    match __dt_metrics_ended {
                        #private::Ended::Returned(__dt_metrics_returned) => { #at_return #with }
                        __dt_metrics_ended => { #without }
                    }
                }
            }
        }
    }

    /// The records of a call that returned, with the values of what it returned.
    fn with_returned(&self, records: &[Record]) -> TokenStream {
        let args = self.args;
        let ret = ret(args);
        let value = args.value.as_ref().map(|value| {
            let value = record::number(args, value);
            quote_spanned!(ours()=> let __dt_metrics_value = #value;)
        });
        let names = variables("ret", args.ret_dims.iter().flat_map(Dims::iter).count());
        let values = values::all(self.private, args.ret_dims.as_ref());
        let pattern = list(&names);
        let used = args.ret_dims.iter().flat_map(Dims::iter).zip(&names);
        let used = used.map(|(dimension, name)| value_in_its_place(&dimension.source, name));
        let all = self.records(records, &used.collect::<Vec<_>>());
        quote_spanned! {ours()=>
            #[allow(clippy::shadow_unrelated, clippy::shadow_reuse)]
            let #ret = __dt_metrics_returned;
            let _ = &#ret;
            #value
            match #values { #pattern => { #all } }
        }
    }

    /// The records of a call that did not return: there is no value then.
    fn without_returned(&self, records: &[Record]) -> TokenStream {
        let Self { private, args, .. } = *self;
        if self.parts.contains(&Part::Value) {
            return quote_spanned!(ours()=> let _ = &__dt_metrics_ended;);
        }
        let outcome = quote_spanned!(ours()=> let __dt_metrics_outcome = #private::Ended::outcome(&__dt_metrics_ended); let _ = &__dt_metrics_outcome;);
        let count = args.ret_dims.iter().flat_map(Dims::iter).count();
        let absent = quote_spanned!(ours()=> &#private::ABSENT);
        let all = self.if_wanted(&self.records(records, &vec![absent; count]));
        quote_spanned!(ours()=> #outcome #all)
    }

    /// The outcome of a call that returned.
    fn outcome_of_returned(&self) -> TokenStream {
        let private = self.private;
        let outcome = quote_spanned!(ours()=> #private::Returned::new(__dt_metrics_returned).__dt_metrics_outcome());
        match self.args.outcome {
            Some(Outcome::Fallible(word)) => {
                let returned = Ident::new("__dt_metrics_returned", ours().located_at(word));
                let word = TokenStream::from(TokenTree::from(Ident::new("fallible", word)));
                let call = at(
                    &word,
                    &quote_spanned!(ours()=> #private::fallible(#returned)),
                );
                quote_spanned!(ours()=> { #call; #outcome })
            }
            _ => outcome,
        }
    }

    fn if_wanted(&self, statements: &TokenStream) -> TokenStream {
        let private = self.private;
        match &self.args.when {
            None => statements.clone(),
            Some(when) => {
                let variant = word(when.0);
                quote_spanned! {ours()=>
                    if let #private::Outcome::#variant = __dt_metrics_outcome { #statements }
                }
            }
        }
    }

    /// The values that were kept.
    fn kept(&self) -> Vec<TokenStream> {
        let dims = self.args.dims.iter().flat_map(Dims::iter);
        let dims = dims.filter(|dimension| !matches!(dimension.source, Source::Literal(_)));
        let kept = dims.zip(&self.kept);
        kept.map(|(dimension, name)| value_in_its_place(&dimension.source, name))
            .collect()
    }

    /// All records, with the values of entry and those that are known at the end.
    fn records(&self, records: &[Record], asked: &[TokenStream]) -> TokenStream {
        let outcome = self
            .args
            .outcome
            .map(|_| quote_spanned!(ours()=> &__dt_metrics_outcome));
        let mut values = self.kept();
        values.extend(asked.iter().chain(&outcome).cloned());
        let each = records.iter().map(|record| record.with(&values));
        quote_spanned!(ours()=> #(#each;)*)
    }
}

/// The variable with the value of an expression, which stands where that stands: so what is wrong
/// with its type is said only once.
fn value_in_its_place(source: &Source, name: &TokenStream) -> TokenStream {
    let value = quote_spanned!(ours()=> &*#name);
    match source {
        Source::Literal(_) => value,
        Source::Const(block) => at(block, &value),
        Source::Expr(expr) => at(expr, &value),
    }
}

/// The variable with what was returned, as the user's expressions name it.
fn ret(args: &Args) -> Ident {
    let values = args.ret_dims.iter().flat_map(Dims::iter);
    let mut tokens: TokenStream = values
        .filter_map(|dimension| match &dimension.source {
            Source::Expr(expr) => Some(expr.to_token_stream()),
            Source::Literal(_) | Source::Const(_) => None,
        })
        .collect();
    args.value.to_tokens(&mut tokens);
    find(tokens, "ret").unwrap_or_else(|| Ident::new("ret", Span::call_site()))
}

fn find(tokens: TokenStream, name: &str) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Group(group) => find(group.stream(), name),
        TokenTree::Ident(ident) if ident == name => Some(ident),
        _ => None,
    })
}
