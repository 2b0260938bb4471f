//! The arguments of annotations and macros: one parser for the whole family.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, Ident, LitStr, Path, Result, ReturnType, Signature};

use super::annotation::{Annotation, Argument};
use super::dims::{Dimension, dims};
use super::grammar::Kind;
use super::literal::{amount, boundaries, cardinality_limit, condition, flag};
use super::objective::Objective;
use super::syntax::{path, separated, skip, value};
use super::text::{Text, literal, text, time_unit};
use super::word::{Outcome, When, kind};
use crate::report::Report;
use crate::tokens::{find_variable, ours};

/// The key of the dimension that `outcome` adds.
const OUTCOME: &str = "outcome";

/// The arguments that were given, each at most once.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) name: Option<Text>,
    pub(crate) description: Option<Text>,
    pub(crate) unit: Option<Text>,
    time_unit: Option<Text>,
    pub(crate) boundaries: Option<Vec<f64>>,
    dims: Option<Vec<Dimension>>,
    ret_dims: Option<Vec<Dimension>>,
    pub(crate) by: Option<Expr>,
    pub(crate) kind: Option<&'static str>,
    /// The value to record. In a macro it stands without a name.
    pub(crate) value: Option<Expr>,
    pub(crate) outcome: Option<Outcome>,
    /// The condition for a returned value that counts as an error.
    pub(crate) err_if: Option<Expr>,
    pub(crate) when: Option<When>,
    duration: Option<Flag>,
    in_flight: Option<Flag>,
    pub(crate) objective: Option<Objective>,
    pub(crate) cardinality_limit: Option<u32>,
    pub(crate) rename: Option<LitStr>,
    /// The word, where it stands.
    pub(crate) transparent: Option<Ident>,
    pub(crate) skip: Option<Ident>,
    pub(crate) library: Option<Path>,
    /// Arguments of the `impl` block around the function.
    inherited: Vec<Argument>,
}

/// Whether an instrument is recorded.
#[derive(Clone, Copy)]
struct Flag {
    is_recorded: bool,
    /// The place of the argument.
    span: Span,
}

impl Flag {
    fn parse(input: ParseStream<'_>, key: &Ident) -> Result<Self> {
        Ok(Self {
            is_recorded: flag(input, key)?,
            span: key.span(),
        })
    }
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
            separated(input, report, |report| self.argument(input, takes, report));
            Ok(())
        })
        .parse2(args);
        report.note(read);
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
            report.add(takes.unknown(&key));
            return skip(input);
        };
        let set = match argument {
            Argument::Name => once(&mut self.name, &key, text(value(input)?, Kind::Name)),
            Argument::Description => {
                let description = text(value(input)?, Kind::Description);
                once(&mut self.description, &key, description)
            }
            Argument::Unit => once(&mut self.unit, &key, text(value(input)?, Kind::Unit)),
            Argument::TimeUnit => once(&mut self.time_unit, &key, time_unit(value(input)?)),
            Argument::Boundaries => once(&mut self.boundaries, &key, boundaries(value(input)?)),
            Argument::Dims => once(&mut self.dims, &key, Ok(dims(input, &key, report)?)),
            Argument::RetDims => once(&mut self.ret_dims, &key, Ok(dims(input, &key, report)?)),
            Argument::Value => once(&mut self.value, &key, Ok(value(input)?)),
            Argument::Outcome => once(&mut self.outcome, &key, Outcome::parse(input)),
            Argument::ErrIf => once(&mut self.err_if, &key, condition(input, &key)),
            Argument::Duration => once(&mut self.duration, &key, Flag::parse(input, &key)),
            Argument::InFlight => once(&mut self.in_flight, &key, Flag::parse(input, &key)),
            Argument::Objective => {
                let objective = Objective::parse(input, &key, report)?;
                once(&mut self.objective, &key, Ok(objective))
            }
            Argument::When => once(&mut self.when, &key, When::parse(input, &key)),
            Argument::By => once(&mut self.by, &key, amount(value(input)?)),
            Argument::Kind => once(&mut self.kind, &key, kind(value(input)?)),
            Argument::CardinalityLimit => {
                let limit = cardinality_limit(value(input)?);
                once(&mut self.cardinality_limit, &key, limit)
            }
            Argument::Rename => once(&mut self.rename, &key, literal(value(input)?)),
            Argument::Transparent => once(&mut self.transparent, &key, Ok(key.clone())),
            Argument::Skip => once(&mut self.skip, &key, Ok(key.clone())),
            Argument::Crate => once(&mut self.library, &key, Ok(path(input)?)),
        };
        report.note(set);
        Ok(())
    }

    /// The dimensions whose values are taken on entry.
    pub(crate) fn dims(&self) -> &[Dimension] {
        self.dims.as_deref().unwrap_or_default()
    }

    /// The dimensions whose values are taken from the returned value.
    pub(crate) fn ret_dims(&self) -> &[Dimension] {
        self.ret_dims.as_deref().unwrap_or_default()
    }

    /// The unit of durations.
    pub(crate) fn time_unit(&self) -> Text {
        let unit = self.time_unit.clone();
        unit.unwrap_or_else(|| Text::Literal(LitStr::new("s", ours())))
    }

    /// Whether the duration of calls is recorded.
    pub(crate) fn records_duration(&self) -> bool {
        self.duration.is_none_or(|flag| flag.is_recorded)
    }

    /// Whether the calls in flight are counted.
    pub(crate) fn records_in_flight(&self) -> bool {
        self.in_flight.is_none_or(|flag| flag.is_recorded)
    }

    /// Whether the returned value itself is recorded, not only whether it is an error.
    pub(crate) fn takes_returned(&self) -> bool {
        self.ret_dims.is_some() || self.value_at_end().is_some()
    }

    /// The value to record, if it is evaluated on return, since it mentions `ret`.
    pub(crate) fn value_at_end(&self) -> Option<&Expr> {
        let value = self.value.as_ref();
        value.filter(|value| find_variable(value, "ret").is_some())
    }

    /// The value to record, if it is evaluated on entry.
    pub(crate) fn value_on_entry(&self) -> Option<&Expr> {
        let value = self.value.as_ref();
        value.filter(|value| find_variable(value, "ret").is_none())
    }

    /// Whether no argument sets more of the instruments than their description and their outcome.
    pub(crate) fn describe_only(&self) -> bool {
        self.name.is_none()
            && self.time_unit.is_none()
            && self.boundaries.is_none()
            && self.dims().is_empty()
            && self.objective.is_none()
            && self.cardinality_limit.is_none()
    }

    /// Whether the compiler has to see the arguments: they name something, or their type is checked.
    pub(crate) fn have_names(&self) -> bool {
        let texts = [&self.name, &self.description, &self.unit, &self.time_unit];
        let mut texts = texts.into_iter().flatten();
        let mut dims = self.dims().iter().chain(self.ret_dims());
        texts.any(|text| matches!(text, Text::Path(_)))
            || dims.any(|dimension| dimension.expr().is_some())
            || self.by.is_some()
            || self.value.is_some()
            || self.err_if.is_some()
            || matches!(self.outcome, Some(Outcome::Result(_)))
            || self.library.is_some()
    }

    /// The user's expressions that are evaluated on return.
    pub(crate) fn at_end(&self) -> impl Iterator<Item = &Expr> {
        self.recorded_at_end().chain(&self.err_if)
    }

    /// The expressions whose values are recorded.
    pub(crate) fn recorded_at_end(&self) -> impl Iterator<Item = &Expr> {
        let dims = self.ret_dims().iter().filter_map(Dimension::expr);
        dims.chain(self.value_at_end())
    }

    /// The place where the arguments mention `self`: the arguments of the `impl` block around if
    /// `inherited`, otherwise the function's own arguments.
    pub(crate) fn mention_of_self(&self, inherited: bool) -> Option<Span> {
        let dims = [
            (Argument::Dims, self.dims()),
            (Argument::RetDims, self.ret_dims()),
        ];
        let dims = dims.into_iter();
        let dims = dims.filter(|(argument, _)| self.is_inherited(*argument) == inherited);
        let dims = dims.flat_map(|(_, dims)| dims).filter_map(Dimension::expr);
        let is_err = self.err_if.iter();
        let is_err = is_err.filter(|_| self.is_inherited(Argument::ErrIf) == inherited);
        let own = self.by.iter().chain(&self.value).filter(|_| !inherited);
        dims.chain(is_err)
            .chain(own)
            .find_map(|expr| find_variable(expr, "self"))
    }

    /// Checks that the arguments mention `self` only if the function has one.
    pub(crate) fn check_self(&self, function: &Signature) -> Result<()> {
        match self.mention_of_self(false) {
            Some(span) if function.receiver().is_none() => {
                let name = &function.ident;
                let message = format!(
                    "`{name}` has no `self`: take the value from a parameter of `{name}`, or \
                     remove it"
                );
                Err(Error::new(span, message))
            }
            _ => Ok(()),
        }
    }

    /// The keys of the dimensions whose values are known only when a call ends.
    pub(crate) fn keys_at_end(&self) -> Vec<LitStr> {
        let ret_dims = self.ret_dims().iter();
        let keys = ret_dims.filter_map(|dimension| dimension.key.clone());
        let outcome = self.outcome.map(|_| LitStr::new(OUTCOME, ours()));
        keys.chain(outcome).collect()
    }

    /// Takes arguments that the function does not set from the `impl` block around. The block's own
    /// expansion checks their texts.
    pub(crate) fn inherit(&mut self, block: Self) {
        fn take<T>(own: &mut Option<T>, block: Option<T>) -> bool {
            let taken = own.is_none() && block.is_some();
            if taken {
                *own = block;
            }
            taken
        }
        let taken = [
            (Argument::Name, take(&mut self.name, block.name)),
            (
                Argument::Description,
                take(&mut self.description, block.description),
            ),
            (
                Argument::TimeUnit,
                take(&mut self.time_unit, block.time_unit),
            ),
            (
                Argument::Boundaries,
                take(&mut self.boundaries, block.boundaries),
            ),
            (Argument::Dims, take(&mut self.dims, block.dims)),
            (Argument::RetDims, take(&mut self.ret_dims, block.ret_dims)),
            (Argument::Outcome, take(&mut self.outcome, block.outcome)),
            (Argument::ErrIf, take(&mut self.err_if, block.err_if)),
            (Argument::When, take(&mut self.when, block.when)),
            (Argument::Duration, take(&mut self.duration, block.duration)),
            (
                Argument::InFlight,
                take(&mut self.in_flight, block.in_flight),
            ),
            (
                Argument::Objective,
                take(&mut self.objective, block.objective),
            ),
            (
                Argument::CardinalityLimit,
                take(&mut self.cardinality_limit, block.cardinality_limit),
            ),
            (Argument::Crate, take(&mut self.library, block.library)),
        ];
        let taken = taken.into_iter().filter(|(_, taken)| *taken);
        self.inherited.extend(taken.map(|(argument, _)| argument));
    }

    /// Whether an argument comes from the `impl` block around.
    pub(crate) fn is_inherited(&self, argument: Argument) -> bool {
        self.inherited.contains(&argument)
    }

    /// Completes the arguments, and checks them against each other.
    pub(crate) fn complete(&mut self, annotation: &Annotation, report: &mut Report) {
        if annotation.outcome || self.err_if.is_some() {
            self.outcome.get_or_insert(Outcome::Any);
        }
        if report.is_clean() {
            let missing = annotation.missing(|argument| match argument {
                Argument::Name => self.name.is_some(),
                Argument::Value => self.value.is_some(),
                _ => true,
            });
            if let Some(missing) = missing {
                report.add(missing);
            }
        }
        self.check_parts(report);
        let mut keys: Vec<String> = self.outcome.iter().map(|_| OUTCOME.to_owned()).collect();
        for Dimension { key, typed, .. } in self.dims().iter().chain(self.ret_dims()) {
            let Some(key) = key else { continue };
            let key = key.value();
            if keys.contains(&key) {
                let message = format!("dimension `{key}` is given twice");
                report.add(Error::new_spanned(typed, message));
            }
            keys.push(key);
        }
    }

    /// Checks that no argument is about an instrument that is left out, and that an objective can be
    /// judged. Arguments of the `impl` block around were checked there.
    pub(crate) fn check_parts(&self, report: &mut Report) {
        let is_own = |argument| !self.is_inherited(argument);
        let left_out = self.duration.filter(|flag| !flag.is_recorded);
        if let Some(flag) = left_out {
            let about = [
                (Argument::TimeUnit, self.time_unit.is_some()),
                (Argument::Boundaries, self.boundaries.is_some()),
            ];
            for (argument, given) in about {
                if given && is_own(argument) {
                    let written = argument.written();
                    let message = format!(
                        "`duration = false` leaves out the duration, which `{written}` describes: \
                         remove one of the two"
                    );
                    report.add(Error::new(flag.span, message));
                }
            }
        }
        let Some(objective) = &self.objective else {
            return;
        };
        if let (Some(latency), Some(_)) = (&objective.latency, left_out)
            && is_own(Argument::Objective)
        {
            let message = "a latency needs the duration, which `duration = false` leaves out: \
                           remove one of the two";
            report.add(Error::new(latency.span, message));
        }
        if let (Some(success), Some(When { word, .. })) = (&objective.success, &self.when)
            && (is_own(Argument::Objective) || is_own(Argument::When))
        {
            let message = format!(
                "the share of successful calls needs all calls, and `when = {word}` records some: \
                 remove one of the two"
            );
            report.add(Error::new(success.span, message));
        }
    }

    /// Checks that a function with this return type can have the outcome in `when`.
    pub(crate) fn check_when(&self, output: &ReturnType) -> Result<()> {
        match &self.when {
            Some(When {
                variant: "Err",
                word,
            }) if self.err_if.is_none() && matches!(output, ReturnType::Default) => {
                let message = "`when = err` never records here: the function returns nothing, so \
                               no `Err`; return a `Result`, or write `when = panic` or \
                               `when = cancelled`";
                Err(Error::new(word.span(), message))
            }
            _ => Ok(()),
        }
    }
}

fn key(input: ParseStream<'_>, annotation: &Annotation) -> Result<Ident> {
    if input.peek(LitStr) && annotation.takes.contains(&Argument::Name) {
        return Err(input.error("an argument needs its name: write `name = \"…\"`"));
    }
    input
        .call(Ident::parse_any)
        .map_err(|_| input.error(format!("expected {}", annotation.list())))
}

/// Puts `value` into `slot`, unless something is there already.
fn once<T>(slot: &mut Option<T>, key: &Ident, value: Result<T>) -> Result<()> {
    if slot.is_some() {
        return Err(Error::new(key.span(), format!("`{key}` is given twice")));
    }
    *slot = Some(value?);
    Ok(())
}
