//! The code around each call of a function.

use proc_macro2::TokenStream;
use syn::Expr;

use crate::tokens::emit;

/// The code around each call.
pub(crate) struct Ends {
    /// Statements on entry. For a function that returns a future, they run at the call.
    pub(crate) entry: TokenStream,
    /// The variables of `entry` that are kept until the end of the call: a tuple.
    pub(crate) keeps: TokenStream,
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
    /// Then there are no statements to begin and to leave.
    pub(crate) at_site: bool,
    /// The condition for a returned value that counts as an error.
    pub(crate) err_if: Option<Expr>,
    /// The variables that `entry` binds.
    pub(crate) entered: Vec<TokenStream>,
    /// A closure that decides which items of a stream count as errors, if an argument has that
    /// condition.
    pub(crate) judge: Option<TokenStream>,
}

impl Ends {
    /// The closure for the events of a call that may outlive the function's, with closures for its end.
    pub(crate) fn record(
        &self,
        private: &TokenStream,
        leave: &TokenStream,
        tell: &TokenStream,
    ) -> TokenStream {
        let Self { keeps, begin, .. } = self;
        emit! {
            |__dt_metrics_stage, __dt_metrics_event| {
                #private::record(
                    __dt_metrics_stage,
                    __dt_metrics_event,
                    |#keeps| #begin,
                    #leave,
                    #tell,
                );
            }
        }
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
