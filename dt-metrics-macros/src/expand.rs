//! The way of every annotation: parse → validate → quote.

use proc_macro2::TokenStream;
use syn::Result;

use crate::args::{Annotation, Args};
use crate::body::{Function, Item};
use crate::report::{self, Report};
use crate::{in_body, sync, valid};

/// `#[counted]`.
pub(crate) fn counted(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(&sync::COUNTED, args, item.clone(), sync::counted)
        .unwrap_or_else(|error| report::untouched(item, &error))
}

/// `count!`.
pub(crate) fn count(input: TokenStream) -> TokenStream {
    match in_body::parse(input) {
        Ok(args) => in_body::quote(&args),
        Err(error) => report::expression(&error),
    }
}

/// The four lines that annotations of functions share.
fn expand(
    annotation: &Annotation,
    args: TokenStream,
    item: TokenStream,
    quote: fn(&Args, Function) -> TokenStream,
) -> Result<TokenStream> {
    let mut report = Report::default();
    let args = Args::parse(args, annotation, &mut report);
    let function =
        report.note(Item::parse(item).and_then(|item| valid::function(item, annotation)));
    report.finish()?;
    Ok(function
        .map(|function| quote(&args, function))
        .unwrap_or_default())
}
