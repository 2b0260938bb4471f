//! `dims(key = expr, …)`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{
    Error, Expr, ExprConst, ExprLit, ExprUnary, Ident, Lit, LitInt, LitStr, Result, Token, UnOp,
};

use super::args::{separated, value};
use super::text::ungrouped;
use crate::report::Report;

/// Dimensions in the order written, no key twice.
#[derive(Default)]
pub(crate) struct Dims(Vec<Dimension>);

pub(crate) struct Dimension {
    pub(crate) key: LitStr,
    /// The key as it was typed.
    pub(crate) typed: TokenStream,
    pub(crate) source: Source,
}

/// Where the value of a dimension comes from.
pub(crate) enum Source {
    /// A literal.
    Literal(Constant),
    /// `const { … }`.
    Const(ExprConst),
    /// Any other expression.
    Expr(Expr),
}

/// A value that is known while the program is compiled.
#[derive(Clone)]
pub(crate) enum Constant {
    Str(LitStr),
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
}

impl Dims {
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Dimension> {
        self.0.iter()
    }

    pub(crate) fn read(input: ParseStream<'_>, report: &mut Report) -> Self {
        let mut dims = Self::default();
        separated(input, report, |report| {
            let (key, typed) = key(input)?;
            if input.is_empty() || input.peek(Token![,]) {
                let message = format!("a dimension needs a value: write `{typed} = …`");
                report.note::<()>(Err(Error::new_spanned(typed, message)));
                return Ok(());
            }
            let source = Source::from(value(input)?);
            dims.0.push(Dimension { key, typed, source });
            Ok(())
        });
        dims
    }
}

/// An identifier, a dotted path of them, or a string literal; as a literal and as typed.
fn key(input: ParseStream<'_>) -> Result<(LitStr, TokenStream)> {
    if let Ok(literal) = input.fork().parse::<TokenTree>()
        && let Ok(literal) = syn::parse2::<LitStr>(literal.into())
    {
        input.parse::<TokenTree>()?;
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

impl From<Expr> for Source {
    fn from(expr: Expr) -> Self {
        let expr = ungrouped(expr);
        match Constant::of(&expr) {
            Some(constant) => Self::Literal(constant),
            None => match expr {
                Expr::Const(block) => Self::Const(block),
                other => Self::Expr(other),
            },
        }
    }
}

impl Constant {
    /// The value of a literal; `None` for any other expression, and for literals that are not
    /// values of dimensions or not in the range of their type: the compiler tells about those.
    pub(crate) fn of(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::Lit(ExprLit { lit, attrs, .. }) if attrs.is_empty() => match lit {
                Lit::Str(literal) => Some(Self::Str(literal.clone())),
                Lit::Bool(literal) => Some(Self::Bool(literal.value)),
                Lit::Int(literal) => Self::int(literal, ""),
                Lit::Float(literal) => Self::float(literal.base10_digits(), literal.suffix(), ""),
                _ => None,
            },
            Expr::Unary(ExprUnary {
                op: UnOp::Neg(_),
                expr,
                ..
            }) => match &**expr {
                Expr::Lit(ExprLit {
                    lit: Lit::Int(literal),
                    ..
                }) => Self::int(literal, "-"),
                Expr::Lit(ExprLit {
                    lit: Lit::Float(literal),
                    ..
                }) => Self::float(literal.base10_digits(), literal.suffix(), "-"),
                _ => None,
            },
            _ => None,
        }
    }

    /// The nearest `f64`, if this is a number.
    #[expect(clippy::cast_precision_loss, reason = "as documented")]
    pub(crate) fn number(&self) -> Option<f64> {
        match *self {
            Self::I64(value) => Some(value as f64),
            Self::U64(value) => Some(value as f64),
            Self::F64(value) => Some(value),
            Self::Str(_) | Self::Bool(_) => None,
        }
    }

    fn int(literal: &LitInt, sign: &str) -> Option<Self> {
        let digits = format!("{sign}{}", literal.base10_digits());
        let signed = |value: Option<i64>| value.map(Self::I64);
        let unsigned = |value: Option<u64>| value.map(Self::U64);
        match literal.suffix() {
            "" | "i64" | "isize" => match digits.parse() {
                Err(_) if literal.suffix().is_empty() => unsigned(digits.parse().ok()),
                parsed => signed(parsed.ok()),
            },
            "i8" => signed(digits.parse::<i8>().ok().map(i64::from)),
            "i16" => signed(digits.parse::<i16>().ok().map(i64::from)),
            "i32" => signed(digits.parse::<i32>().ok().map(i64::from)),
            "u8" => unsigned(digits.parse::<u8>().ok().map(u64::from)),
            "u16" => unsigned(digits.parse::<u16>().ok().map(u64::from)),
            "u32" => unsigned(digits.parse::<u32>().ok().map(u64::from)),
            "u64" | "usize" => unsigned(digits.parse().ok()),
            "f32" | "f64" => Self::float(literal.base10_digits(), literal.suffix(), sign),
            _ => None,
        }
    }

    fn float(digits: &str, suffix: &str, sign: &str) -> Option<Self> {
        let digits = format!("{sign}{digits}");
        let value = match suffix {
            "f32" => digits.parse::<f32>().ok().map(f64::from),
            _ => digits.parse::<f64>().ok(),
        };
        value.filter(|value| value.is_finite()).map(Self::F64)
    }
}
