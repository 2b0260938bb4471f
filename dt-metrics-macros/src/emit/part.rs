//! What is recorded of a call.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};

use crate::emit::values::list;
use crate::tokens::ours;

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
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Calls => "Counter",
            Self::Duration | Self::Value => "Histogram",
            Self::InFlight => "UpDownCounter",
        }
    }

    /// The last section of its name.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Duration => "duration",
            Self::InFlight => "in_flight",
            Self::Value => "",
        }
    }

    /// The method that records, and the variable that it takes.
    pub(crate) const fn method(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Calls => ("add", Some("by")),
            Self::Duration => ("record", Some("elapsed")),
            Self::InFlight => ("enter", None),
            Self::Value => ("record", Some("value")),
        }
    }
}

/// The record of a part, by the method of an instrument.
pub(crate) struct Record {
    pub(crate) part: Part,
    pub(crate) method: TokenStream,
    pub(crate) instrument: TokenStream,
    pub(crate) dimensioned: bool,
}

impl Record {
    /// The expression that records.
    pub(crate) fn with(&self, values: &[TokenStream]) -> TokenStream {
        let Self {
            method, instrument, ..
        } = self;
        let operand = self.part.method().1.map(variable);
        let set = self.dimensioned.then(|| list(values));
        let arguments = operand.iter().chain(&set);
        quote_spanned!(ours()=> #method(#instrument, #(#arguments),*))
    }
}

pub(crate) fn variables(name: &str, count: usize) -> Vec<TokenStream> {
    let variable =
        |place| format_ident!("__dt_metrics_{name}{place}", span = ours()).into_token_stream();
    (0..count).map(variable).collect()
}

/// A variable of ours. It has such a name since it can shadow no static and no constant: these are
/// seen from everywhere.
pub(crate) fn variable(name: &str) -> TokenStream {
    word(&format!("__dt_metrics_{name}"))
}

pub(crate) fn word(name: &str) -> TokenStream {
    Ident::new(name, ours()).into_token_stream()
}
