//! Records of calls whose end matters, and of functions that return futures.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, Index};

use super::at_end::{AtEnd, is_err, pair, ret, shadowing, variable_in_place};
use super::ends::{Asks, Copied, Ends, Handed};
use super::instrument::{self, Constants, Instrument};
use super::metric::{Metric, Record};
use super::record::{by, number, unit_length};
use super::static_item;
use super::take_over::{copied, mentions_parameter, without_self};
use super::values::{self, list};
use super::wrap::wrap;
use crate::analyse::scope::{Known, Place};
use crate::analyse::shape::Shape;
use crate::expander::allow_clippy;
use crate::parse::args::Args;
use crate::parse::dims::Dimension;
use crate::parse::item::Function;
use crate::parse::text::Text;
use crate::parse::word::Outcome;
use crate::tokens::{Private, emit, ident, private, variable, variables};

/// Whether a statement or a guard before the body is not enough.
pub(crate) fn is_needed(args: &Args, function: &Function) -> bool {
    asks(args, false) != Asks::Nothing
        || Shape::of(function).outlives_the_call()
        || function.awaits_measured().is_some()
}

/// For a stream, its items are judged while it runs.
fn asks(args: &Args, is_stream: bool) -> Asks {
    let judges = args.err_if.is_some() && !is_stream;
    if args.takes_returned() || judges || matches!(args.outcome, Some(Outcome::Result(_))) {
        Asks::Returned
    } else if args.outcome.is_some() || args.when.is_some() {
        Asks::Outcome
    } else {
        Asks::Nothing
    }
}

/// The function with `metrics` of its calls recorded. It is in an `impl` block of the type `ty` if
/// there is one. The `metrics` are one of `several` that the annotation can have.
pub(crate) fn measured(
    args: &Args,
    ty: Option<&str>,
    metrics: &[Metric],
    several: bool,
    function: Function,
) -> TokenStream {
    let private = private(args.library.as_ref());
    let shape = Shape::of(&function);
    let mut place = Place::on(&function, ty);
    place.several = several;
    let mut measure = Measure::new(&private, args, metrics, &shape, &place);
    let at_end = args.at_end().map(ToTokens::to_token_stream).collect();
    measure.copied = if shape.may_be_nested() {
        copied(&function.sig, &at_end)
    } else {
        Copied {
            captures: mentions_parameter(&function.sig, &at_end),
            ..Copied::default()
        }
    };
    let ends = measure.ends(&place);
    wrap(&private, shape, function, &ends)
}

/// The expression of a guard that records `metric`, regardless of the outcome of the call, if the
/// library can make these records.
pub(crate) fn held(
    args: &Args,
    ty: Option<&str>,
    metric: Metric,
    function: &Function,
) -> Option<TokenStream> {
    let private = private(args.library.as_ref());
    let shape = Shape::of(function);
    let place = Place::on(function, ty);
    let metrics = [metric];
    let measure = Measure::new(&private, args, &metrics, &shape, &place);
    let Ends { entry, .. } = measure.ends_at_site(&place, measure.site()?);
    let at = if measure.is_async() {
        variable("instruments")
    } else {
        emit!(#private::At(__dt_metrics_instruments))
    };
    Some(emit!({ #entry #private::held(#at) }))
}

/// The dimensions whose values are taken on entry and kept until the end, each with a variable.
fn kept<'a>(args: &'a Args, place: &Place<'_>) -> Vec<(&'a Dimension, TokenStream)> {
    let is_needed = match Known::of(args.dims(), place) {
        Known::Called => true,
        Known::Once => args.outcome.is_some() || !args.ret_dims().is_empty(),
        Known::Compiled => false,
    };
    let dims = args.dims().iter();
    let dims = dims.filter(|dimension| is_needed && dimension.expr().is_some());
    let dims: Vec<_> = dims.collect();
    let variables = variables("kept", dims.len());
    dims.into_iter().zip(variables).collect()
}

/// The variables that there are.
fn variables_if(names: &[(&str, bool)]) -> Vec<TokenStream> {
    let names = names.iter().filter(|(_, exists)| *exists);
    names.map(|(name, _)| variable(name)).collect()
}

struct Measure<'a> {
    private: &'a Private,
    args: &'a Args,
    metrics: &'a [Metric],
    outlives_the_call: bool,
    /// Whether the library can make the records in a function of this shape.
    at_site: bool,
    shape: &'a Shape,
    /// The condition for an item of a stream that counts as an error.
    judge: Option<&'a Expr>,
    kept: Vec<(&'a Dimension, TokenStream)>,
    copied: Copied,
}

impl<'a> Measure<'a> {
    fn new(
        private: &'a Private,
        args: &'a Args,
        metrics: &'a [Metric],
        shape: &'a Shape,
        place: &Place<'_>,
    ) -> Self {
        Self {
            private,
            args,
            metrics,
            outlives_the_call: shape.outlives_the_call(),
            at_site: shape.can_be_at_site(),
            shape,
            judge: args
                .err_if
                .as_ref()
                .filter(|_| matches!(shape, Shape::Stream { .. })),
            kept: kept(args, place),
            copied: Copied::default(),
        }
    }

    const fn is_async(&self) -> bool {
        matches!(self.shape, Shape::Async(_))
    }

    /// Whether a future or a stream keeps the instruments.
    const fn kept_by_future(&self) -> bool {
        matches!(
            self.shape,
            Shape::Async(_) | Shape::Future { .. } | Shape::Stream { .. } | Shape::Boxed { .. }
        )
    }

    fn ends(self, place: &Place<'_>) -> Ends {
        let Self { private, args, .. } = self;
        let asks = asks(args, self.judge.is_some());
        let has = |metric| self.metrics.contains(&metric);
        if let Some(site) = self.site() {
            return self.ends_at_site(place, site);
        }
        let mut constants = Constants::default();
        let (instruments, records) = self.instruments(place, &mut constants);
        let (at_begin, at_end): (Vec<Record>, Vec<Record>) =
            records.into_iter().partition(|record| match record.metric {
                Metric::Calls | Metric::Values => asks == Asks::Nothing,
                other => other == Metric::InFlight,
            });

        let unit_length = has(Metric::Duration).then(|| unit_length(private, args));
        let is_path = matches!(args.time_unit(), Text::Path(_));
        let path_length = unit_length.as_ref().filter(|_| is_path);
        let block = if self.kept_by_future() {
            static_item::function(private, args, &instruments, constants, path_length)
        } else {
            let value = static_item::instruments(path_length);
            static_item::block(private, args, &instruments, constants, &value)
        };
        let mut entry = match path_length {
            None => emit!(let __dt_metrics_instruments = #block;),
            Some(_) => {
                emit!(let (__dt_metrics_instruments, __dt_metrics_nanoseconds) = #block;)
            }
        };
        let (later, evaluated, unpack) = self.evaluate();

        let kept = self.kept.iter();
        let kept: Vec<_> = kept
            .map(|(dim, name)| variable_in_place(dim, name))
            .collect();
        let begin = self.begin(&at_begin, &kept, unpack.as_ref());

        let mut entered = variables_if(&[
            ("instruments", true),
            ("nanoseconds", path_length.is_some()),
        ]);
        let has_end = !at_end.is_empty();
        let mut known = variables_if(&[
            ("nanoseconds", path_length.is_some()),
            (
                "instruments",
                has_end || self.is_async() || self.outlives_the_call,
            ),
        ]);
        entry.extend(self.copied.statement.clone());
        entered.extend(self.copied.variables.iter().cloned());
        if self.judge.is_none() {
            known.extend(self.copied.variables.iter().cloned());
        }
        let keeps = pair(&known, &evaluated);
        let made = variables_if(&[
            ("in_flight", has(Metric::InFlight)),
            ("stopwatch", has(Metric::Duration)),
        ]);
        let at_end = AtEnd {
            private,
            args,
            known: known.clone(),
            copied: self.copied.variables.clone(),
            entered: evaluated.clone(),
            made: made.clone(),
            unpack: unpack.filter(|_| !at_end.is_empty()),
            kept,
            unit_length: match path_length {
                Some(_) => Some(variable("nanoseconds")),
                None => unit_length,
            },
            records: at_end,
            err_if: args.err_if.as_ref().filter(|_| self.judge.is_none()),
        };
        let handed = if self.is_async() && !evaluated.is_empty() {
            Some(Handed {
                statements: later,
                entered: evaluated,
            })
        } else {
            entry.extend(later);
            entered.extend(evaluated);
            None
        };
        Ends {
            entry,
            handed,
            begin: emit!({ #begin (#keeps, (#(#made,)*)) }),
            keeps,
            known,
            leave: at_end.leave(),
            tell: self.at_end(at_end.tell()),
            uses: self.uses(),
            uses_at_end: args.at_end().map(ToTokens::to_token_stream).collect(),
            asks,
            have_names: args.have_names(),
            at_site: false,
            err_if: at_end.err_if.cloned(),
            entered,
            judge: self.judge(),
            copied: self.copied,
        }
    }

    /// The statements that run when a call begins.
    fn begin(
        &self,
        records: &[Record],
        kept: &[TokenStream],
        unpack: Option<&TokenStream>,
    ) -> TokenStream {
        let private = self.private;
        let mut begin = TokenStream::new();
        for record in records {
            let call = record.with(kept);
            begin.extend(if record.metric == Metric::InFlight {
                emit!(let __dt_metrics_in_flight = #call;)
            } else {
                emit!(#call;)
            });
        }
        if !records.is_empty() {
            begin = emit!(#unpack #begin);
        }
        if self.metrics.contains(&Metric::Duration) {
            begin.extend(emit!(let __dt_metrics_stopwatch = #private::Stopwatch::start();));
        }
        begin
    }

    /// The library's type that records all of this, if it depends on nothing but how a call ends and
    /// how long it took.
    fn site(&self) -> Option<&'static str> {
        let Self { args, .. } = self;
        let is_simple =
            self.at_site && self.kept.is_empty() && args.by.is_none() && args.when.is_none();
        let is_simple = is_simple && args.err_if.is_none();
        match (self.metrics, asks(args, self.judge.is_some())) {
            _ if !is_simple => None,
            ([Metric::Calls], Asks::Nothing) => Some("Begins"),
            ([Metric::Duration], Asks::Nothing) => Some("Durations"),
            ([Metric::InFlight], Asks::Nothing) => Some("Flights"),
            ([Metric::Calls], Asks::Outcome) => Some("Counts"),
            ([Metric::Duration], Asks::Outcome) => Some("Times"),
            ([Metric::Calls, Metric::Duration, Metric::InFlight], Asks::Outcome) => {
                Some("Measures")
            }
            _ => None,
        }
    }

    fn ends_at_site(&self, place: &Place<'_>, site: &str) -> Ends {
        let Self { private, args, .. } = *self;
        let mut constants = Constants::default();
        let has_duration = self.metrics.contains(&Metric::Duration);
        let length = has_duration.then(|| unit_length(private, args));
        let ty = ident(site);
        let value = if let ([_, _, ..], Some(length)) = (self.metrics, &length) {
            instrument::measures(private, args, place, length, &mut constants)
        } else {
            let (instruments, _) = self.instruments(place, &mut constants);
            let values = instruments.into_iter().map(|instrument| instrument.value);
            let values = values.chain(length);
            emit!(#private::#ty::new(#(#values),*))
        };
        let site = Instrument {
            value,
            ty: emit!(#private::#ty),
            dimensioned: true,
            observed: false,
        };
        let block = if self.is_async() {
            static_item::function(private, args, &[site], constants, None)
        } else {
            let value = static_item::instruments(None);
            static_item::block(private, args, &[site], constants, &value)
        };
        Ends {
            entry: emit!(let __dt_metrics_instruments = #block;),
            handed: None,
            keeps: emit!(()),
            known: Vec::new(),
            begin: emit!(()),
            leave: TokenStream::new(),
            tell: TokenStream::new(),
            uses: TokenStream::new(),
            uses_at_end: TokenStream::new(),
            asks: asks(args, self.judge.is_some()),
            have_names: args.have_names(),
            at_site: true,
            err_if: None,
            entered: vec![variable("instruments")],
            copied: Copied::default(),
            judge: None,
        }
    }

    /// The closure that decides which items of a stream count as errors, in addition to items that
    /// are an `Err`.
    fn judge(&self) -> Option<TokenStream> {
        let err_if = self.judge?;
        let ret = ret([err_if]);
        let is_err = self.at_end(is_err(err_if));
        let Copied {
            variables,
            captures,
            ..
        } = &self.copied;
        let copied = (!captures).then(|| emit!(__dt_metrics_copied,));
        let allow = shadowing(variables);
        let bind = (!captures).then(|| emit!(#allow let (#(#variables,)*) = __dt_metrics_copied;));
        let shadows = allow_clippy!(clippy::shadow_unrelated, clippy::shadow_reuse);
        Some(emit! {
            move |#copied __dt_metrics_returned| {
                #bind
                #shadows
                let #ret = __dt_metrics_returned;
                let _ = &#ret;
                #is_err
                __dt_metrics_is_err
            }
        })
    }

    fn instruments(
        &self,
        place: &Place<'_>,
        constants: &mut Constants,
    ) -> (Vec<Instrument>, Vec<Record>) {
        let each = self.metrics.iter().enumerate().map(|(index, &metric)| {
            let made = Instrument::new(self.private, self.args, place, metric, constants);
            let ty = &made.ty;
            let method = ident(metric.method());
            let index = Index::from(index);
            let record = Record {
                metric,
                method: emit!(#ty::#method),
                instrument: match (self.metrics, self.kept_by_future()) {
                    ([_], false) => variable("instruments"),
                    ([_], true) => emit!(__dt_metrics_instruments()),
                    (_, false) => emit!(&__dt_metrics_instruments.#index),
                    (_, true) => emit!(&__dt_metrics_instruments().#index),
                },
                quantity: match metric {
                    Metric::Calls if self.args.by.is_none() => Some(emit!(1u64)),
                    Metric::Calls => Some(variable("by")),
                    Metric::Duration => Some(variable("elapsed")),
                    Metric::InFlight => None,
                    Metric::Values | Metric::Level | Metric::Change => Some(variable("value")),
                },
                dimensioned: made.dimensioned,
            };
            (made, record)
        });
        each.unzip()
    }

    /// The statements that evaluate the user's expressions on entry, the variables that they bind, and the
    /// statement that takes the values of dimensions out again.
    fn evaluate(&self) -> (TokenStream, Vec<TokenStream>, Option<TokenStream>) {
        let Self { private, args, .. } = *self;
        let mut statements = TokenStream::new();
        let has_by = self.metrics.contains(&Metric::Calls) && args.by.is_some();
        if has_by {
            let by = by(private, args);
            statements.extend(emit!(let __dt_metrics_by = #by;));
        }
        let value = args.value_on_entry();
        if let Some(value) = value {
            let value = number(private, value);
            statements.extend(emit!(let __dt_metrics_value = #value;));
        }
        let unpack = self.keep(&mut statements);
        let variables = variables_if(&[
            ("by", has_by),
            ("value", value.is_some()),
            ("kept", unpack.is_some()),
        ]);
        (statements, variables, unpack)
    }

    /// `statements` at the end of a call, with a variable in place of `self` if that was copied.
    fn at_end(&self, statements: TokenStream) -> TokenStream {
        if self.copied.statement.is_empty() {
            statements
        } else {
            without_self(statements)
        }
    }

    /// Keeps the values of dimensions on entry. Returns the statement that takes them out again.
    fn keep(&self, entry: &mut TokenStream) -> Option<TokenStream> {
        if self.kept.is_empty() {
            return None;
        }
        let function = if self.outlives_the_call {
            "keep_any"
        } else {
            "keep"
        };
        let values = values::passed(self.private, self.args.dims(), function);
        entry.extend(emit!(let __dt_metrics_kept = #values;));
        let names: Vec<_> = self.kept.iter().map(|(_, name)| name.clone()).collect();
        let names = list(&names);
        Some(emit!(let #names = &__dt_metrics_kept;))
    }

    /// The user's expressions that are evaluated on entry.
    fn uses(&self) -> TokenStream {
        let mut uses = self.args.by.to_token_stream();
        self.args.value_on_entry().to_tokens(&mut uses);
        for (dimension, _) in &self.kept {
            dimension.expr().to_tokens(&mut uses);
        }
        uses
    }
}
