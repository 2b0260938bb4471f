//! The arguments of annotations and macros: one parser for the whole family.
//!
//! Each annotation says which arguments it takes. What users typed keeps its tokens, so each
//! error stands at what it is about.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Path, Result, Token, parenthesized, token};

pub(crate) use super::annotation::{Annotation, Argument};
pub(crate) use super::boundaries::Boundaries;
pub(crate) use super::dims::{Constant, Dimension, Dims, Source};
pub(crate) use super::kind::Kind;
pub(crate) use super::outcome::{Outcome, When};
pub(crate) use super::text::Text;
use super::text::{literal, ungrouped};
pub(crate) use super::time::{nanoseconds, time_unit};
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
    pub(crate) ret_dims: Option<Dims>,
    pub(crate) by: Option<Expr>,
    pub(crate) kind: Option<Kind>,
    /// The value to record; of a macro, it stands without a name.
    pub(crate) value: Option<Expr>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) when: Option<When>,
    pub(crate) cardinality_limit: Option<u32>,
    pub(crate) rename: Option<LitStr>,
    pub(crate) library: Option<Path>,
    inherited: Vec<Argument>,
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
            Argument::Dims => set_once(&mut self.dims, &key, Ok(dims(input, &key, report)?)),
            Argument::RetDims => set_once(&mut self.ret_dims, &key, Ok(dims(input, &key, report)?)),
            Argument::Value => set_once(&mut self.value, &key, Ok(value(input)?)),
            Argument::Outcome => set_once(&mut self.outcome, &key, Outcome::parse(input)),
            Argument::When => set_once(&mut self.when, &key, When::parse(input, &key)),
            Argument::By => set_once(&mut self.by, &key, Ok(value(input)?)),
            Argument::Kind => set_once(&mut self.kind, &key, Kind::try_from(value(input)?)),
            Argument::MaxSeries => set_once(
                &mut self.cardinality_limit,
                &key,
                at_least_one(value(input)?),
            ),
            Argument::Rename => set_once(&mut self.rename, &key, literal(value(input)?)),
            Argument::Crate => set_once(&mut self.library, &key, Ok(path(input)?)),
        };
        report.note(set);
        Ok(())
    }
}

impl Args {
    /// The keys of the dimensions whose values are known only when a call ends.
    pub(crate) fn keys_at_end(&self) -> Vec<LitStr> {
        let ret_dims = self.ret_dims.iter().flat_map(Dims::iter);
        let outcome = self
            .outcome
            .map(|_| LitStr::new(OUTCOME, Span::mixed_site()));
        ret_dims
            .map(|dimension| dimension.key.clone())
            .chain(outcome)
            .collect()
    }

    /// Takes what is not given from `others`, which are checked elsewhere.
    pub(crate) fn inherit(&mut self, others: Self) {
        let inherited = &mut self.inherited;
        let mut take = |argument| inherited.push(argument);
        inherit(&mut self.name, others.name, || take(Argument::Name));
        inherit(&mut self.description, others.description, || {
            take(Argument::Description);
        });
        inherit(&mut self.time_unit, others.time_unit, || {});
        inherit(&mut self.boundaries, others.boundaries, || {});
        inherit(&mut self.dims, others.dims, || take(Argument::Dims));
        inherit(&mut self.ret_dims, others.ret_dims, || {
            take(Argument::RetDims);
        });
        inherit(&mut self.outcome, others.outcome, || {});
        inherit(&mut self.when, others.when, || {});
        inherit(&mut self.cardinality_limit, others.cardinality_limit, || {});
        inherit(&mut self.library, others.library, || {});
    }

    /// Whether an argument is that of the `impl` block around.
    pub(crate) fn is_inherited(&self, argument: Argument) -> bool {
        self.inherited.contains(&argument)
    }

    /// Completes the arguments, and notes what is wrong with them together.
    pub(crate) fn complete(&mut self, annotation: &Annotation, report: &mut Report) {
        if annotation.outcome {
            self.outcome.get_or_insert(Outcome::Any);
        }
        if report.is_clean() {
            let missing = annotation.missing(|argument| match argument {
                Argument::Name => self.name.is_some(),
                Argument::Value => self.value.is_some(),
                _ => true,
            });
            if let Some(missing) = missing {
                report.note::<()>(Err(missing));
            }
        }
        let mut keys: Vec<String> = Vec::new();
        if self.outcome.is_some() {
            keys.push(OUTCOME.to_owned());
        }
        for Dimension { key, typed, .. } in
            self.dims.iter().chain(&self.ret_dims).flat_map(Dims::iter)
        {
            let key = key.value();
            if keys.contains(&key) {
                let message = format!("dimension `{key}` is given twice");
                report.note::<()>(Err(Error::new_spanned(typed, message)));
            }
            keys.push(key);
        }
    }
}

fn inherit<T>(slot: &mut Option<T>, other: Option<T>, taken: impl FnOnce()) {
    if slot.is_none() && other.is_some() {
        *slot = other;
        taken();
    }
}

/// The key of the dimension that `outcome` adds.
const OUTCOME: &str = "outcome";

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
pub(crate) fn value(input: ParseStream<'_>) -> Result<Expr> {
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
fn dims(input: ParseStream<'_>, name: &Ident, report: &mut Report) -> Result<Dims> {
    if !input.peek(token::Paren) {
        return Err(input.error(format!("expected `(`: write `{name}(key = value)`")));
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
