//! Collects errors, so that one compile reports every mistake in an annotation.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Result};

/// The errors so far, each at the token that caused it.
#[derive(Default)]
pub(crate) struct Report(Option<Error>);

impl Report {
    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            first => *first = Some(error),
        }
    }

    /// Keeps the value, or adds the error.
    pub(crate) fn note<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.0.is_none()
    }

    /// All errors as one.
    pub(crate) fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// The messages and the item as it was written, in place of an expansion that failed: a missing
/// item would cause further errors.
pub(crate) fn untouched(item: TokenStream, error: &Error) -> TokenStream {
    let mut tokens = error.to_compile_error();
    tokens.extend(item);
    tokens
}

/// The messages as an expression.
pub(crate) fn expression(error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    quote!({ #errors })
}
