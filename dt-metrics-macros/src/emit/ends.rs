//! The code around each call of a function.

use proc_macro2::TokenStream;
use syn::Expr;

use crate::expander::allow_clippy;
use crate::tokens::emit;

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
    /// Then there are no statements to begin and to leave.
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
    pub(crate) fn record(
        &self,
        private: &TokenStream,
        leave: &TokenStream,
        tell: &TokenStream,
    ) -> TokenStream {
        let Self { keeps, begin, .. } = self;
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
