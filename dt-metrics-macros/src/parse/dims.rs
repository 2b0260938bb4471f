//! `dims(key = expr, …)`.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Error, Expr, Ident, LitStr, Result, Token, parenthesized, parse_quote, token};

use super::grammar::Kind;
use super::literal::Constant;
use super::syntax::{separated, ungrouped, value};
use crate::report::Report;

/// One dimension, or the dimensions of a struct.
pub(crate) struct Dimension {
    /// The key. A struct has its own.
    pub(crate) key: Option<LitStr>,
    /// The key, or the spread struct, as it was typed.
    pub(crate) typed: TokenStream,
    pub(crate) source: Source,
    /// How the value of the expression becomes a text, if it is not the value of the dimension.
    pub(crate) format: Option<Format>,
}

/// `%` or `?` before an expression. Each names a constructor in the library.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    Display,
    Debug,
}

impl Format {
    pub(crate) const fn constructor(self) -> &'static str {
        match self {
            Self::Display => "display",
            Self::Debug => "debug",
        }
    }
}

/// Where the value of a dimension comes from.
pub(crate) enum Source {
    Literal(Constant),
    /// Any other expression, `const { … }` among them.
    Expr(Expr),
    /// `..expr`: a struct whose fields are dimensions.
    Spread(Expr),
}

impl Dimension {
    /// The expression, if the value is not a literal.
    pub(crate) fn expr(&self) -> Option<&Expr> {
        match &self.source {
            Source::Literal(_) => None,
            Source::Expr(expr) | Source::Spread(expr) => Some(expr),
        }
    }
}

/// Reads the list behind the argument `name`, in parentheses.
pub(crate) fn dims(
    input: ParseStream<'_>,
    name: &Ident,
    report: &mut Report,
) -> Result<Vec<Dimension>> {
    if !input.peek(token::Paren) {
        return Err(input.error(format!("expected `(`: write `{name}(key = value)`")));
    }
    let content;
    parenthesized!(content in input);
    let mut dims = Vec::new();
    separated(&content, report, |report| {
        if content.peek(Token![..]) {
            dims.push(spread(&content, name)?);
            return Ok(());
        }
        let (key, typed) = key(&content)?;
        let mut format = None;
        let expr = if content.is_empty() || content.peek(Token![,]) {
            // `tier` is short for `tier = tier`.
            let Ok(variable) = syn::parse2::<Ident>(typed.clone()) else {
                let message = format!("a dimension needs a value: write `{typed} = …`");
                report.add(Error::new_spanned(typed, message));
                return Ok(());
            };
            parse_quote!(#variable)
        } else {
            let value;
            (format, value) = formatted(&content)?;
            ungrouped(value)
        };
        report.note(Kind::Key.check(&key.value(), &typed));
        let source = match Constant::of(&expr) {
            Some(constant) if format.is_none() => Source::Literal(constant),
            _ => Source::Expr(expr),
        };
        dims.push(Dimension {
            key: Some(key),
            typed,
            source,
            format,
        });
        Ok(())
    });
    Ok(dims)
}

/// Reads `..expr` in the list behind the argument `name`.
fn spread(input: ParseStream<'_>, name: &Ident) -> Result<Dimension> {
    let dots: Token![..] = input.parse()?;
    if input.is_empty() || input.peek(Token![,]) {
        let message = format!(
            "expected a struct after `..`: write `{name}(..tags)`, where the type of `tags` derives \
             `Dimensions`"
        );
        return Err(Error::new_spanned(dots, message));
    }
    let expr = ungrouped(input.parse()?);
    Ok(Dimension {
        key: None,
        typed: quote!(#dots #expr),
        source: Source::Spread(expr),
        format: None,
    })
}

/// Reads `= expr`, `= %expr` or `= ?expr`.
fn formatted(input: ParseStream<'_>) -> Result<(Option<Format>, Expr)> {
    let format = if input.peek2(Token![%]) {
        Format::Display
    } else if input.peek2(Token![?]) {
        Format::Debug
    } else {
        return Ok((None, value(input)?));
    };
    input.parse::<Token![=]>()?;
    let sign: TokenTree = input.parse()?;
    if input.is_empty() || input.peek(Token![,]) {
        let message = format!("expected an expression after `{sign}`");
        return Err(Error::new(sign.span(), message));
    }
    Ok((Some(format), input.parse()?))
}

/// Reads an identifier, a dotted path of them, or a string literal; returns it as a literal, and as
/// it was typed.
fn key(input: ParseStream<'_>) -> Result<(LitStr, TokenStream)> {
    if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        return Ok((literal.clone(), literal.into_token_stream()));
    }
    let first = input.call(section)?;
    let mut text = first.unraw().to_string();
    let mut typed = first.to_token_stream();
    while let Some(dot) = input.parse::<Option<Token![.]>>()? {
        let next = input.call(section)?;
        text.push('.');
        text.push_str(&next.unraw().to_string());
        dot.to_tokens(&mut typed);
        next.to_tokens(&mut typed);
    }
    Ok((LitStr::new(&text, first.span()), typed))
}

fn section(input: ParseStream<'_>) -> Result<Ident> {
    let expected = "expected the key of a dimension: an identifier, a dotted path such as \
                    `http.route`, or a string literal";
    input
        .call(Ident::parse_any)
        .map_err(|_| input.error(expected))
}
