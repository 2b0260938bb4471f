//! The statements that record the end of a call.

use proc_macro2::{Ident, Span, TokenStream};
use syn::Expr;

use super::metric::Record;
use super::record::number;
use super::values::{self, list};
use crate::expander::allow_clippy;
use crate::parse::args::Args;
use crate::parse::dims::{Dimension, Source};
use crate::parse::word::Outcome;
use crate::tokens::{Private, at, emit, find_variable, ident, ours, variables};

/// The variable with the value of a dimension, at the place of its expression: thus an error in its
/// type is reported once.
pub(crate) fn variable_in_place(dimension: &Dimension, variable: &TokenStream) -> TokenStream {
    let value = emit!(&*#variable);
    match dimension.expr() {
        None => value,
        Some(expr) => at(expr, &value),
    }
}

/// The values that a call keeps from its beginning to its end.
pub(crate) fn pair(known: &[TokenStream], entered: &[TokenStream]) -> TokenStream {
    let entered = list(entered);
    emit!(((#(#known,)*), #entered))
}

/// The records that are made when a call ends.
pub(crate) struct AtEnd<'a> {
    pub(crate) private: &'a Private,
    pub(crate) args: &'a Args,
    pub(crate) records: Vec<Record>,
    /// The variables in `__dt_metrics_state` that were made on entry at the call.
    pub(crate) known: Vec<TokenStream>,
    /// The parameters among them, which expressions at the end read.
    pub(crate) copied: Vec<TokenStream>,
    /// The variables that were made on entry, and may have been handed over.
    pub(crate) entered: Vec<TokenStream>,
    /// The variables that were made when the call began.
    pub(crate) made: Vec<TokenStream>,
    /// The statement that takes the values of dimensions out of it.
    pub(crate) unpack: Option<TokenStream>,
    /// These values.
    pub(crate) kept: Vec<TokenStream>,
    /// The length of the unit of durations, if the duration is recorded.
    pub(crate) unit_length: Option<TokenStream>,
    /// The condition for a returned value that counts as an error.
    pub(crate) err_if: Option<&'a Expr>,
}

impl AtEnd<'_> {
    /// Records a call that did not return, but ended in `__dt_metrics_outcome`.
    pub(crate) fn leave(&self) -> TokenStream {
        let Self { private, args, .. } = self;
        // A value that is evaluated on return does not exist then.
        let all = args.value_at_end().is_none().then(|| {
            let absent = args
                .ret_dims()
                .iter()
                .map(|dimension| match dimension.source {
                    Source::Spread(_) => emit!(&#private::KeptSpread::none()),
                    Source::Literal(_) | Source::Expr(_) => emit!(&#private::ABSENT),
                });
            self.if_wanted(&self.records(&absent.collect::<Vec<_>>()))
        });
        let elapsed = self.elapsed();
        self.with_state(&emit!(#elapsed let _ = &__dt_metrics_outcome; #all))
    }

    /// Records a call that returned `__dt_metrics_returned`. Calls `__dt_metrics_leave`, which has
    /// the statements of [`Self::leave`], if no more than the outcome is of interest.
    pub(crate) fn tell(&self) -> TokenStream {
        let private = self.private;
        let at_return = self.outcome_of_returned();
        if self.args.takes_returned() || self.err_if.is_some() {
            return self.with_returned(at_return.as_ref());
        }
        let outcome = at_return
            .unwrap_or_else(|| emit!({ let _ = __dt_metrics_returned; #private::Outcome::Ok }));
        emit!(__dt_metrics_leave(__dt_metrics_state, #outcome);)
    }

    /// `statements` with the variables of the state.
    fn with_state(&self, statements: &TokenStream) -> TokenStream {
        let Self {
            known,
            entered,
            made,
            unpack,
            ..
        } = self;
        let kept = pair(known, entered);
        let allow = shadowing(&self.copied);
        // The parts of the state that are not used, a guard among them, are dropped last.
        emit! {
            #allow
            let (#kept, (#(#made,)*)) = __dt_metrics_state;
            #unpack
            #statements
            let _ = (#(&#known,)* #(&#entered,)* #(&#made,)*);
        }
    }

    /// The statement that stops the time, if that is recorded.
    fn elapsed(&self) -> Option<TokenStream> {
        let private = self.private;
        self.unit_length.as_ref().map(|length| {
            emit!(let __dt_metrics_elapsed = #private::Stopwatch::elapsed(__dt_metrics_stopwatch, #length);)
        })
    }

    /// The records of a call that returned, with values derived from the return value. A panic in
    /// the user's expressions ends the call like one in its body.
    fn with_returned(&self, outcome: Option<&TokenStream>) -> TokenStream {
        let Self { private, args, .. } = self;
        let ret = ret(args.at_end());
        let value = args.value_at_end().map(|value| {
            let value = number(private, value);
            emit!(let __dt_metrics_value = #value;)
        });
        let names = variables("ret", args.ret_dims().len());
        let values = values::all(private, args.ret_dims());
        let pattern = list(&names);
        let used = args.ret_dims().iter().zip(&names);
        let used: Vec<_> = used
            .map(|(dim, name)| variable_in_place(dim, name))
            .collect();
        let is_err = self.err_if.map(is_err);
        let otherwise = self
            .err_if
            .map(|_| emit!(if __dt_metrics_is_err { #private::Outcome::Err } else));
        let outcome =
            outcome.map(|outcome| emit!(let __dt_metrics_outcome = #otherwise { #outcome };));
        let all = self.if_wanted(&self.records(&used));
        let all = self.with_state(&emit!(#outcome #all));
        // The time that the expressions take does not count.
        let elapsed = self.elapsed();
        let elapsed = (elapsed.is_some() || !self.copied.is_empty()).then(|| {
            let parameters: Vec<String> = self.copied.iter().map(ToString::to_string).collect();
            let copied = |name: &TokenStream| match name.to_string() {
                text if text == "__dt_metrics_nanoseconds" => name.clone(),
                text if text == "__dt_metrics_stopwatch" => name.clone(),
                text if parameters.contains(&text) => name.clone(),
                _ => emit!(_),
            };
            let known: Vec<_> = self.known.iter().map(copied).collect();
            let entered: Vec<_> = self.entered.iter().map(copied).collect();
            let kept = pair(&known, &entered);
            let made = self.made.iter().map(copied);
            let allow = shadowing(&self.copied);
            emit!(#allow let (#kept, (#(#made,)*)) = __dt_metrics_state; #elapsed)
        });
        let shadows = allow_clippy!(clippy::shadow_unrelated, clippy::shadow_reuse);
        emit! {
            #elapsed
            let __dt_metrics_ending = #private::Ending::new(__dt_metrics_leave, __dt_metrics_state);
            #shadows
            let #ret = __dt_metrics_returned;
            let _ = &#ret;
            #is_err
            #value
            match #values {
                #pattern => {
                    if let ::core::option::Option::Some(__dt_metrics_state) = __dt_metrics_ending.end() {
                        #all
                    }
                }
            }
        }
    }

    /// The outcome of a call that returned, if an argument requires it.
    fn outcome_of_returned(&self) -> Option<TokenStream> {
        let Self { private, args, .. } = self;
        let outcome = outcome_of_returned(private);
        match args.outcome {
            Some(Outcome::Result(word)) => {
                let returned = Ident::new("__dt_metrics_returned", ours().located_at(word));
                let word = Ident::new("result", word);
                let check = at(&word, &emit!(#private::fallible(#returned)));
                Some(emit!({ #check; #outcome }))
            }
            None if args.when.is_none() => None,
            _ => Some(outcome),
        }
    }

    fn if_wanted(&self, statements: &TokenStream) -> TokenStream {
        let private = self.private;
        match &self.args.when {
            None => statements.clone(),
            Some(when) => {
                let variant = ident(when.variant);
                emit! {
                    if let #private::Outcome::#variant = __dt_metrics_outcome { #statements }
                }
            }
        }
    }

    /// All records, with the values from entry, those `at_end`, and the outcome.
    fn records(&self, at_end: &[TokenStream]) -> TokenStream {
        let outcome = self.args.outcome.map(|_| emit!(&__dt_metrics_outcome));
        let mut values = self.kept.clone();
        values.extend(at_end.iter().chain(&outcome).cloned());
        let each = self.records.iter().map(|record| record.with(&values));
        emit!(#(#each;)*)
    }
}

/// The attribute of a statement that binds these parameters once more, under their names.
pub(crate) fn shadowing(copied: &[TokenStream]) -> Option<TokenStream> {
    (!copied.is_empty()).then(|| {
        allow_clippy!(
            clippy::min_ident_chars,
            clippy::shadow_reuse,
            clippy::shadow_same,
            clippy::shadow_unrelated,
        )
    })
}

/// The outcome of a call that returned the value in `__dt_metrics_returned`.
pub(crate) fn outcome_of_returned(private: &Private) -> TokenStream {
    // Both look into two layers: types are usually nested as `Poll<Option<Result<Result<T, E>, F>>>`.
    emit! {
        #private::Returned::new(__dt_metrics_returned)
            .__dt_metrics_inner()
            .__dt_metrics_outcome()
    }
}

/// The statement that evaluates whether a returned value counts as an error.
pub(crate) fn is_err(err_if: &Expr) -> TokenStream {
    let ty = at(err_if, &emit!(::core::primitive::bool));
    emit!(let __dt_metrics_is_err: #ty = #err_if;)
}

/// The variable `ret`, with the span that it has in the user's expressions.
pub(crate) fn ret<'a>(exprs: impl IntoIterator<Item = &'a Expr>) -> Ident {
    let mut exprs = exprs.into_iter();
    let found = exprs.find_map(|expr| find_variable(expr, "ret"));
    Ident::new("ret", found.unwrap_or_else(Span::call_site))
}
