//! The mistakes found so far, all told in one compile.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Result};

/// Collects errors, each at the token it is about.
#[derive(Default)]
pub(crate) struct Report(Option<Error>);

impl Report {
    /// Keeps the value; notes the error.
    pub(crate) fn note<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                match &mut self.0 {
                    Some(first) => first.combine(error),
                    first => *first = Some(error),
                }
                None
            }
        }
    }

    /// Whether nothing was noted.
    pub(crate) fn is_clean(&self) -> bool {
        self.0.is_none()
    }

    /// All that was noted, as one error.
    pub(crate) fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// What stands in place of an expansion that failed: the item as it was written, so that nothing
/// else fails for want of it, and the messages.
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
