//! The way of every annotation: parse → validate → quote.

use proc_macro2::TokenStream;
use syn::{Error, Result};

use crate::annotations;
use crate::impl_block;
use crate::in_body::InBody;
use crate::parse::args::{Annotation, Args};
use crate::parse::item::{Function, Item};
use crate::parse::valid;
use crate::report::{self, Report};

/// An annotation of a function.
pub(crate) fn annotation(
    annotation: &Annotation,
    args: TokenStream,
    item: TokenStream,
    quote: fn(&Args, Function) -> TokenStream,
) -> TokenStream {
    expand(annotation, args, item.clone(), quote)
        .unwrap_or_else(|error| report::untouched(item, &error))
}

/// `#[measured]`, which also stands on `impl` blocks; a `skip` that is left stands in none.
pub(crate) fn measured(args: TokenStream, item: TokenStream) -> TokenStream {
    if impl_block::is_skip(&args) {
        let message = "`skip` leaves a function out of an `impl` block that has `#[measured]`: \
                       this one has not";
        let error = Error::new_spanned(args, message);
        return report::untouched(item, &error);
    }
    match impl_block::measured(&args, &item) {
        Some(expanded) => expanded.unwrap_or_else(|error| report::untouched(item, &error)),
        None => annotation(&annotations::MEASURED, args, item, annotations::measured),
    }
}

/// A macro in the body of a function.
pub(crate) fn in_body(in_body: &InBody, input: TokenStream) -> TokenStream {
    match in_body.parse(input) {
        Ok(args) => in_body.quote(&args),
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
    let mut args = Args::parse(args, annotation, &mut report);
    args.complete(annotation, &mut report);
    let function =
        report.note(Item::parse(item).and_then(|item| valid::function(item, annotation)));
    if let Some(function) = &function {
        report.note(valid::when(&args, function));
    }
    report.finish()?;
    Ok(function
        .map(|function| quote(&args, function))
        .unwrap_or_default())
}
