//! How calls end: `outcome` and `when = …`.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Error, Expr, Ident, Result, Token};

use super::args::value;
use super::text::ungrouped;

/// The dimension `outcome`.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    /// Of any function.
    Any,
    /// Of a function that returns a form of `Result`, demanded by the word here.
    Fallible(Span),
}

impl Outcome {
    /// Reads what may stand behind the name: `= result`.
    pub(crate) fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(Token![=]) {
            return Ok(Self::Any);
        }
        let expected = "expected `result`: write `outcome` or `outcome = result`";
        let word = word(input, expected)?;
        if word == "result" {
            Ok(Self::Fallible(word.span()))
        } else {
            Err(Error::new(word.span(), expected))
        }
    }
}

/// The only outcome that is recorded.
#[derive(Clone)]
pub(crate) struct When {
    /// As the variant of the library's `Outcome`.
    pub(crate) variant: &'static str,
    /// As it was typed.
    pub(crate) word: Ident,
}

impl When {
    /// Reads `= outcome`.
    pub(crate) fn parse(input: ParseStream<'_>, key: &Ident) -> Result<Self> {
        if !input.peek(Token![=]) {
            let message = "`when` needs an outcome: write `when = err`";
            return Err(Error::new(key.span(), message));
        }
        let expected = "expected an outcome: `ok`, `err`, `panic` or `cancelled`";
        let word = word(input, expected)?;
        let variant = match word.unraw().to_string().as_str() {
            "ok" => "Ok",
            "err" => "Err",
            "panic" => "Panic",
            "cancelled" => "Cancelled",
            _ => return Err(Error::new(word.span(), expected)),
        };
        Ok(Self { variant, word })
    }
}

/// `= word`, of which everything is read whatever it is.
fn word(input: ParseStream<'_>, expected: &str) -> Result<Ident> {
    let wrong = |expr: Expr| Error::new_spanned(expr, expected);
    match ungrouped(value(input)?) {
        Expr::Path(path) => match path.path.get_ident() {
            Some(word) => Ok(word.clone()),
            None => Err(wrong(Expr::Path(path))),
        },
        other => Err(wrong(other)),
    }
}
