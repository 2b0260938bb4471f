//! Whether an annotation can stand where it stands.

use syn::{Error, Result, ReturnType};

use crate::parse::args::{Annotation, Args};
use crate::parse::item::{Function, Item};

/// The function that `item` has to be.
pub(crate) fn function(item: Item, annotation: &Annotation) -> Result<Function> {
    let written = annotation.written;
    match item {
        Item::Function(function) => match &function.sig.constness {
            None => Ok(*function),
            Some(constness) => Err(Error::new(
                constness.span,
                format!(
                    "`{written}` records at run time, which a `const fn` cannot: remove `const`, or \
                     annotate the functions that call it"
                ),
            )),
        },
        Item::Bodiless(semicolon) => Err(Error::new(
            semicolon.span,
            format!(
                "`{written}` needs a function with a body: annotate the implementations instead"
            ),
        )),
        Item::Other(token) => {
            let place = if annotation.outcome {
                "a function or an `impl` block"
            } else {
                "a function"
            };
            let message =
                format!("`{written}` goes on {place}: move it to the functions to be measured");
            Err(Error::new(token.span(), message))
        }
    }
}

/// Whether `when`, if it stands on the function itself, can ever come true.
pub(crate) fn when(args: &Args, function: &Function) -> Result<()> {
    match &args.when {
        Some(when)
            if when.variant == "Err" && matches!(function.sig.output, ReturnType::Default) =>
        {
            let message = "`when = err` never records here: the function returns nothing, so no \
                           `Err`; return a `Result`, or write `when = panic` or `when = cancelled`";
            Err(Error::new(when.word.span(), message))
        }
        _ => Ok(()),
    }
}
