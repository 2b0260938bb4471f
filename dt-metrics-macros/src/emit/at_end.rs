//! What is recorded when a call ends.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

use super::measure::Measure;
use super::part::{Part, Record, variable, variables, word};
use crate::emit::record;
use crate::emit::values::{self, list};
use crate::emit::wrap::FutureEnds;
use crate::parse::args::{Args, Dims, Outcome, Source, Text};
use crate::tokens::{at, ours};

impl Measure<'_> {
    /// What is recorded at the end of a call.
    pub(crate) fn leave(&self, records: &[Record]) -> TokenStream {
        let private = self.private;
        let told = match (self.asks_value(), self.outcome_of_returned()) {
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
                        __dt_metrics_ended => {
                            let __dt_metrics_outcome = #private::Ended::outcome(&__dt_metrics_ended);
                            #without
                        }
                    }
                }
            }
        };
        self.timed(&told)
    }

    /// The same of a future, each of the two `ended`: completed with what was kept.
    pub(crate) fn future(
        &self,
        records: &[Record],
        ended: impl Fn(TokenStream) -> TokenStream,
    ) -> FutureEnds {
        let private = self.private;
        let at_return = self.outcome_of_returned();
        if self.asks_value() {
            let at_return = at_return
                .map(|outcome| quote_spanned!(ours()=> let __dt_metrics_outcome = #outcome;));
            let with = self.if_wanted(&self.with_returned(records));
            let tell = ended(self.timed(&quote_spanned!(ours()=> #at_return #with)));
            return FutureEnds {
                leave: ended(self.timed(&self.without_returned(records))),
                tell: quote_spanned!(ours()=> let _ = __dt_metrics_leave; #tell),
            };
        }
        let all = self.if_wanted(&self.records(records, &[]));
        let all = quote_spanned!(ours()=> let _ = &__dt_metrics_outcome; #all);
        let at_return = at_return.unwrap_or_else(
            || quote_spanned!(ours()=> { let _ = __dt_metrics_returned; #private::Outcome::Ok }),
        );
        FutureEnds {
            leave: ended(self.timed(&all)),
            tell: quote_spanned!(ours()=> __dt_metrics_leave(__dt_metrics_state, #at_return);),
        }
    }

    /// Whether what was returned is needed, not only whether it is an error.
    fn asks_value(&self) -> bool {
        self.args.ret_dims.is_some() || self.parts.contains(&Part::Value)
    }

    /// `records`, which may take how long the call took.
    fn timed(&self, records: &TokenStream) -> TokenStream {
        let private = self.private;
        let elapsed = self.parts.contains(&Part::Duration).then(|| {
            let nanoseconds = match self.unit {
                Text::Literal(_) => self.nanoseconds(),
                Text::Path(_) => variable("nanoseconds"),
            };
            quote_spanned!(ours()=> let __dt_metrics_elapsed = #private::Stopwatch::elapsed(__dt_metrics_stopwatch, #nanoseconds);)
        });
        quote_spanned!(ours()=> #elapsed #records)
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
        let outcome = quote_spanned!(ours()=> let _ = &__dt_metrics_outcome;);
        if self.parts.contains(&Part::Value) {
            return outcome;
        }
        let count = args.ret_dims.iter().flat_map(Dims::iter).count();
        let absent = quote_spanned!(ours()=> &#private::ABSENT);
        let all = self.if_wanted(&self.records(records, &vec![absent; count]));
        quote_spanned!(ours()=> #outcome #all)
    }

    /// The outcome of a call that returned, if it is asked for.
    fn outcome_of_returned(&self) -> Option<TokenStream> {
        let private = self.private;
        if self.args.outcome.is_none() && self.args.when.is_none() {
            return None;
        }
        let outcome = quote_spanned!(ours()=> #private::Returned::new(__dt_metrics_returned).__dt_metrics_outcome());
        Some(match self.args.outcome {
            Some(Outcome::Fallible(word)) => {
                let returned = Ident::new("__dt_metrics_returned", ours().located_at(word));
                let word = TokenStream::from(TokenTree::from(Ident::new("result", word)));
                let call = at(
                    &word,
                    &quote_spanned!(ours()=> #private::fallible(#returned)),
                );
                quote_spanned!(ours()=> { #call; #outcome })
            }
            _ => outcome,
        })
    }

    fn if_wanted(&self, statements: &TokenStream) -> TokenStream {
        let private = self.private;
        match &self.args.when {
            None => statements.clone(),
            Some(when) => {
                let variant = word(when.variant);
                quote_spanned! {ours()=>
                    if let #private::Outcome::#variant = __dt_metrics_outcome { #statements }
                }
            }
        }
    }

    /// The values that were kept.
    pub(crate) fn kept(&self) -> Vec<TokenStream> {
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
