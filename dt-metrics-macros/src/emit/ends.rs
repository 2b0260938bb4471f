//! The code around each call of a function.

use proc_macro2::{Ident, TokenStream};
use syn::{Expr, Type};

use super::at_end::{outcome_of_returned, shadowing};
use crate::tokens::{Private, any, emit, ident, is_punct};

/// The code around each call.
pub(crate) struct Ends {
    /// Statements on entry. For a function that returns a future, they run at the call.
    pub(crate) entry: TokenStream,
    /// Further statements on entry, which the future of an `async fn` runs at its first poll.
    pub(crate) handed: Option<Handed>,
    /// The variables of `entry` that are kept until the end of the call, and those of `handed`: a pair of a tuple
    /// and a list.
    pub(crate) keeps: TokenStream,
    /// The variables in the tuple.
    pub(crate) known: Vec<TokenStream>,
    /// The expression whose value is kept until the end: `keeps`, and a tuple of the values that are made where
    /// the call begins to run.
    pub(crate) begin: TokenStream,
    /// Statements at the end of a call that does not return, with the value of `begin` in
    /// `__dt_metrics_state`, and `__dt_metrics_outcome`.
    pub(crate) leave: TokenStream,
    /// Statements at the end of a call that returns, with `__dt_metrics_state`, a reference to the
    /// value in `__dt_metrics_returned`, and a function with the statements of `leave` in
    /// `__dt_metrics_leave`.
    pub(crate) tell: TokenStream,
    /// The user's expressions in `entry`.
    pub(crate) uses: TokenStream,
    /// The user's expressions in `tell`.
    pub(crate) uses_at_end: TokenStream,
    pub(crate) asks: Asks,
    /// Whether the statements name something of the user's, or check a type.
    pub(crate) have_names: bool,
    /// Whether `__dt_metrics_instruments` of `entry` are a site at which the library makes the records.
    /// Then there are no statements to begin, to leave and to tell.
    pub(crate) at_site: bool,
    /// The condition for a returned value that counts as an error.
    pub(crate) err_if: Option<Expr>,
    /// The variables that `entry` binds.
    pub(crate) entered: Vec<TokenStream>,
    /// The parameters in `keeps`.
    pub(crate) copied: Copied,
    /// A closure that decides which items of a stream count as errors, if an argument has that
    /// condition.
    pub(crate) judge: Option<TokenStream>,
}

/// Statements on entry whose variables a future hands over to its measurement.
pub(crate) struct Handed {
    pub(crate) statements: TokenStream,
    pub(crate) entered: Vec<TokenStream>,
}

/// Parameters that expressions at the end of a call read, and which therefore have to be `Copy`.
#[derive(Default)]
pub(crate) struct Copied {
    /// The parameters. A variable stands for `self`.
    pub(crate) variables: Vec<TokenStream>,
    /// The statement that binds that variable.
    pub(crate) statement: TokenStream,
    /// Whether closures capture the parameters instead.
    pub(crate) captures: bool,
}

impl Ends {
    /// All statements on entry, where they are in one place.
    pub(crate) fn whole_entry(&self) -> TokenStream {
        let handed = self.handed.as_ref().map(|handed| &handed.statements);
        let entry = &self.entry;
        emit!(#entry #handed)
    }

    /// All variables that these statements bind.
    pub(crate) fn all_entered(&self) -> Vec<TokenStream> {
        let handed = self.handed.iter().flat_map(|handed| &handed.entered);
        self.entered.iter().chain(handed).cloned().collect()
    }

    /// The closure for the events of a call that may outlive the function's, with closures for its end.
    /// `value` is the type of the value that the call returns, if known.
    pub(crate) fn record(&self, private: &Private, value: Option<&Type>) -> TokenStream {
        let Self { keeps, begin, .. } = self;
        let (leave, tell) = (self.leave_closure(private), self.tell_closure(value));
        let begin = match shadowing(&self.copied.variables) {
            None => emit!(|#keeps| #begin),
            Some(allow) => {
                emit!(|__dt_metrics_entered| { #allow let #keeps = __dt_metrics_entered; #begin })
            }
        };
        emit! {
            |__dt_metrics_stage, __dt_metrics_event| {
                #private::record(
                    __dt_metrics_stage,
                    __dt_metrics_event,
                    #begin,
                    #leave,
                    #tell,
                );
            }
        }
    }

    /// The value that is kept until a call begins, and the closure for the events of the call, separated by a
    /// comma. `value` is the type of the value that the call returns, if known.
    ///
    /// The closure takes over the parameters that the user's expressions mention: it lives as long as
    /// a future that the function returns.
    pub(crate) fn recording(&self, private: &Private, value: Option<&Type>) -> TokenStream {
        let record = self.record(private, value);
        let keeps = &self.keeps;
        let takes = self.copied.captures.then(|| emit!(move));
        emit!(#keeps, #takes #record)
    }

    /// The library's function with this `name`, or its variant that takes a closure which captures.
    pub(crate) fn function_of_library(&self, name: &str) -> Ident {
        if self.copied.captures {
            ident(&format!("{name}_capturing"))
        } else {
            ident(name)
        }
    }

    /// The closure for the end of a call that does not return.
    pub(crate) fn leave_closure(&self, private: &Private) -> TokenStream {
        let leave = &self.leave;
        emit!(|__dt_metrics_state, __dt_metrics_outcome| { #leave #private::Told::new() })
    }

    /// The closure for the end of a call that returns. `value` is the type of that, if known.
    pub(crate) fn tell_closure(&self, value: Option<&Type>) -> TokenStream {
        let tell = &self.tell;
        let value = value.map(|value| emit!(: &#value));
        emit!(|__dt_metrics_leave, __dt_metrics_state, __dt_metrics_returned #value| { #tell })
    }

    /// The expression that derives the outcome from a value of the type `of`. The compiler finds it
    /// by the type alone: a closure would have all generic parameters of the function, and so would
    /// each future around this one.
    pub(crate) fn judge_by_type(&self, private: &Private, of: &TokenStream) -> TokenStream {
        if self.asks == Asks::Nothing {
            return emit!(#private::Items);
        }
        // Both look into two layers: types are usually nested as `Poll<Option<Result<Result<T, E>, F>>>`.
        emit!(#of.__dt_metrics_inner().__dt_metrics_judge())
    }

    /// The closure that derives the outcome from the value in `__dt_metrics_returned`, whose type
    /// cannot be written.
    pub(crate) fn judge_by_value(&self, private: &Private) -> TokenStream {
        if self.asks == Asks::Nothing {
            return emit!(|_| #private::Outcome::Ok);
        }
        let outcome = outcome_of_returned(private);
        emit! {
            |__dt_metrics_returned| { #outcome }
        }
    }
}

/// The library's `OutcomeOf` this type.
pub(crate) fn outcome_type(private: &Private, ty: Option<&TokenStream>) -> TokenStream {
    match ty {
        // If it is unknown, the compiler's advice is the same as for the signature.
        Some(ty) if !any(ty, |_, token| is_punct(token, '<')) => {
            emit!(#private::OutcomeOf::of(&|| -> #ty { #private::never() }))
        }
        ty => emit!(#private::OutcomeOf::<#ty>::new()),
    }
}

/// The information about an ended call that the records require.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Asks {
    Nothing,
    /// How it ended.
    Outcome,
    /// The value that it returned.
    Returned,
}
