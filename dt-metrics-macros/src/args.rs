//! The arguments of annotations and macros: one parser for the whole family.
//!
//! Each annotation says which arguments it takes. What users typed keeps its tokens, so each
//! error stands at what it is about.

mod annotation;
mod boundaries;
mod dims;
mod text;
mod time;

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Path, Result, Token, parenthesized, token};

pub(crate) use self::annotation::{Annotation, Argument};
pub(crate) use self::boundaries::Boundaries;
pub(crate) use self::dims::{Constant, Dimension, Dims, Source};
pub(crate) use self::text::Text;
use self::text::{literal, ungrouped};
pub(crate) use self::time::{nanoseconds, time_unit};
use crate::report::Report;

/// What was given, each at most once.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) name: Option<Text>,
    pub(crate) description: Option<Text>,
    pub(crate) unit: Option<Text>,
    pub(crate) time_unit: Option<Text>,
    pub(crate) boundaries: Option<Boundaries>,
    pub(crate) dims: Option<Dims>,
    pub(crate) by: Option<Expr>,
    /// The value to record, which stands without a name.
    pub(crate) value: Option<Expr>,
    pub(crate) max_series: Option<u32>,
    pub(crate) rename: Option<LitStr>,
    pub(crate) library: Option<Path>,
}

impl Args {
    /// Reads the arguments of an attribute.
    pub(crate) fn parse(args: TokenStream, takes: &Annotation, report: &mut Report) -> Self {
        let mut parsed = Self::default();
        parsed.join(args, takes, report);
        parsed
    }

    /// Reads the arguments of a further attribute.
    pub(crate) fn join(&mut self, args: TokenStream, takes: &Annotation, report: &mut Report) {
        let read = (|input: ParseStream<'_>| {
            self.read(input, takes, report);
            Ok(())
        })
        .parse2(args);
        report.note(read);
    }

    /// Reads arguments to the end of `input`; after a mistake in the syntax nothing more can be
    /// said of what follows, after any other mistake reading goes on.
    fn read(&mut self, input: ParseStream<'_>, takes: &Annotation, report: &mut Report) {
        separated(input, report, |report| self.argument(input, takes, report));
    }

    /// Reads one argument with a name.
    pub(crate) fn argument(
        &mut self,
        input: ParseStream<'_>,
        takes: &Annotation,
        report: &mut Report,
    ) -> Result<()> {
        let key = key(input, takes)?;
        let Some(argument) = takes.argument(&key) else {
            report.note::<()>(Err(takes.unknown(&key)));
            return skip(input);
        };
        let set = match argument {
            Argument::Name => set_once(&mut self.name, &key, Text::try_from(value(input)?)),
            Argument::Description => {
                set_once(&mut self.description, &key, Text::try_from(value(input)?))
            }
            Argument::Unit => set_once(&mut self.unit, &key, Text::try_from(value(input)?)),
            Argument::TimeUnit => set_once(&mut self.time_unit, &key, time_unit(value(input)?)),
            Argument::Boundaries => set_once(
                &mut self.boundaries,
                &key,
                Boundaries::try_from(value(input)?),
            ),
            Argument::Dims => set_once(&mut self.dims, &key, Ok(dims(input, report)?)),
            Argument::By => set_once(&mut self.by, &key, Ok(value(input)?)),
            Argument::MaxSeries => {
                set_once(&mut self.max_series, &key, at_least_one(value(input)?))
            }
            Argument::Rename => set_once(&mut self.rename, &key, literal(value(input)?)),
            Argument::Crate => set_once(&mut self.library, &key, Ok(path(input)?)),
        };
        report.note(set);
        Ok(())
    }
}

/// Reads what `each` reads, with commas between, to the end of `input`.
pub(crate) fn separated(
    input: ParseStream<'_>,
    report: &mut Report,
    mut each: impl FnMut(&mut Report) -> Result<()>,
) {
    while !input.is_empty() {
        let read = each(report).and_then(|()| comma(input));
        if report.note(read).is_none() {
            // What is left unread would be reported as unexpected.
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

fn key(input: ParseStream<'_>, takes: &Annotation) -> Result<Ident> {
    if input.peek(LitStr) && takes.names() {
        return Err(input.error("an argument needs its name: write `name = \"…\"`"));
    }
    input
        .call(Ident::parse_any)
        .map_err(|_| input.error(format!("expected {}", takes.list())))
}

/// `= expr`.
fn value(input: ParseStream<'_>) -> Result<Expr> {
    let equals = input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(equals.span, "expected a value after `=`"));
    }
    input.parse()
}

/// `= path`.
fn path(input: ParseStream<'_>) -> Result<Path> {
    input.parse::<Token![=]>()?;
    let path = input.fork().call(Path::parse_mod_style);
    path.map_err(|_| input.error("expected the path of the library, such as `crate::metrics`"))?;
    input.call(Path::parse_mod_style)
}

/// `(key = expr, …)`.
fn dims(input: ParseStream<'_>, report: &mut Report) -> Result<Dims> {
    if !input.peek(token::Paren) {
        return Err(input.error("expected `(`: write `dims(key = value)`"));
    }
    let content;
    parenthesized!(content in input);
    Ok(Dims::read(&content, report))
}

/// The value of an argument that is not known, whatever it is.
fn skip(input: ParseStream<'_>) -> Result<()> {
    if input.peek(Token![=]) {
        value(input)?;
    } else if input.peek(token::Paren) {
        let content;
        parenthesized!(content in input);
        content.parse::<TokenStream>()?;
    }
    Ok(())
}

fn at_least_one(value: Expr) -> Result<u32> {
    let value = ungrouped(value);
    let wrong = || Error::new_spanned(&value, "expected a whole number from 1 to 4294967295");
    let Expr::Lit(ExprLit {
        lit: Lit::Int(int), ..
    }) = &value
    else {
        return Err(wrong());
    };
    int.base10_parse().ok().filter(|&n| n > 0).ok_or_else(wrong)
}

/// Puts `value` into `slot`, unless something is there already.
fn set_once<T>(slot: &mut Option<T>, key: &Ident, value: Result<T>) -> Result<()> {
    if slot.is_some() {
        return Err(Error::new(key.span(), format!("`{key}` is given twice")));
    }
    *slot = Some(value?);
    Ok(())
}
