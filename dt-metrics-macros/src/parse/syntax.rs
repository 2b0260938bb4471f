//! Pieces of syntax that arguments consist of.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{Error, Expr, Ident, Path, Result, Token, parenthesized, token};

use crate::report::Report;

/// Reads comma-separated elements to the end of `input`.
///
/// After a syntax error, the rest of the input cannot be checked. Any other error is only noted by
/// `element`, and reading continues.
pub(crate) fn separated(
    input: ParseStream<'_>,
    report: &mut Report,
    mut element: impl FnMut(&mut Report) -> Result<()>,
) {
    while !input.is_empty() {
        let read = element(report).and_then(|()| comma(input));
        if report.note(read).is_none() {
            // Unread tokens would be reported as unexpected.
            let _rest = input.parse::<TokenStream>();
        }
    }
}

fn comma(input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() || input.parse::<Option<Token![,]>>()?.is_some() {
        return Ok(());
    }
    Err(input.error("expected `,`"))
}

/// Reads `= expr`.
pub(crate) fn value(input: ParseStream<'_>) -> Result<Expr> {
    let equals = input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(equals.span, "expected a value after `=`"));
    }
    input.parse()
}

/// Reads `= path`.
pub(crate) fn path(input: ParseStream<'_>) -> Result<Path> {
    input.parse::<Token![=]>()?;
    let start = input.fork();
    let expected = "expected the path of the library, such as `crate::metrics`";
    input
        .call(Path::parse_mod_style)
        .map_err(|_| start.error(expected))
}

/// Reads the value of an unknown argument in any form.
pub(crate) fn skip(input: ParseStream<'_>) -> Result<()> {
    if input.peek(Token![=]) {
        value(input)?;
    } else if input.peek(token::Paren) {
        let content;
        parenthesized!(content in input);
        content.parse::<TokenStream>()?;
    }
    Ok(())
}

/// The identifier that an expression consists of.
pub(crate) fn word(expr: Expr, expected: &str) -> Result<Ident> {
    let expr = ungrouped(expr);
    let word = match &expr {
        Expr::Path(path) => path.path.get_ident().cloned(),
        _ => None,
    };
    word.ok_or_else(|| Error::new_spanned(expr, expected))
}

/// Takes off the invisible group around a fragment such as `$name:expr` of `macro_rules!`.
pub(crate) fn ungrouped(mut expr: Expr) -> Expr {
    while let Expr::Group(group) = expr {
        expr = *group.expr;
    }
    expr
}
