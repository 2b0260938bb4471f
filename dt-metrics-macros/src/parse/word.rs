//! Arguments whose value is one word: `kind = …`, `outcome = …` and `when = …`.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Error, Expr, Ident, Result, Token};

use super::syntax::{value, word};

/// Reads the kind of an observed metric, which is also the name of a constructor in the library.
pub(crate) fn kind(expr: Expr) -> Result<&'static str> {
    let expected = "expected `gauge`, `counter` or `up_down_counter`";
    let word = word(expr, expected)?;
    ["gauge", "counter", "up_down_counter"]
        .into_iter()
        .find(|kind| word == kind)
        .ok_or_else(|| Error::new(word.span(), expected))
}

/// The dimension `outcome`.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    /// Derived from whatever type the function returns.
    Any,
    /// `outcome = result`: the function has to return a form of `Result`. The span is that of the
    /// word, where the compiler reports any other type.
    Result(Span),
}

impl Outcome {
    /// Reads the optional `= result`.
    pub(crate) fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(Token![=]) {
            return Ok(Self::Any);
        }
        let expected = "expected `result`: write `outcome` or `outcome = result`";
        let word = word(value(input)?, expected)?;
        if word == "result" {
            Ok(Self::Result(word.span()))
        } else {
            Err(Error::new(word.span(), expected))
        }
    }
}

/// The only outcome that is recorded.
pub(crate) struct When {
    /// The variant of the library's `Outcome`.
    pub(crate) variant: &'static str,
    /// The word as it was typed.
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
        let word = word(value(input)?, expected)?;
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
