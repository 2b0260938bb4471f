//! Macros in the body of a function: `count!(name, number, argument = …)` and its kind.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, Ident, Result, Token, token};

use crate::analyse::scope::Place;
use crate::emit::metric::Metric;
use crate::emit::record::record;
use crate::parse::annotation::{Annotation, Argument};
use crate::parse::args::Args;
use crate::parse::grammar::Kind;
use crate::parse::literal::amount;
use crate::parse::syntax::separated;
use crate::parse::text::text;
use crate::report::{self, Report};

/// A macro that records where it is called.
pub(crate) struct InBody {
    annotation: Annotation,
    /// The shortest call.
    example: &'static str,
    value: Value,
    metric: Metric,
}

/// The arguments after the name.
#[derive(Clone, Copy)]
enum Value {
    /// Arguments.
    None,
    /// A number that can be omitted.
    Amount,
    /// A value with this name in messages.
    Required(&'static str),
}

/// `count!`.
pub(crate) const COUNT: InBody = InBody {
    annotation: Annotation {
        written: "count!",
        takes: &[
            Argument::Dims,
            Argument::Description,
            Argument::Unit,
            Argument::CardinalityLimit,
            Argument::Crate,
        ],
        needs: &[],
        outcome: false,
    },
    example: "count!(\"name\")",
    value: Value::Amount,
    metric: Metric::Calls,
};

/// `gauge!`.
pub(crate) const GAUGE: InBody = InBody {
    annotation: Annotation {
        written: "gauge!",
        ..COUNT.annotation
    },
    example: "gauge!(\"name\", value)",
    value: Value::Required("the value to record"),
    metric: Metric::Level,
};

/// `record!`.
pub(crate) const RECORD: InBody = InBody {
    annotation: Annotation {
        written: "record!",
        takes: &[
            Argument::Dims,
            Argument::Description,
            Argument::Unit,
            Argument::Boundaries,
            Argument::CardinalityLimit,
            Argument::Crate,
        ],
        ..COUNT.annotation
    },
    example: "record!(\"name\", value)",
    metric: Metric::Values,
    ..GAUGE
};

/// `up_down_counter!`.
pub(crate) const UP_DOWN_COUNTER: InBody = InBody {
    annotation: Annotation {
        written: "up_down_counter!",
        ..COUNT.annotation
    },
    example: "up_down_counter!(\"name\", -1)",
    value: Value::Required("the number to add"),
    metric: Metric::Change,
};

/// `timer!`.
pub(crate) const TIMER: InBody = InBody {
    annotation: Annotation {
        written: "timer!",
        takes: &[
            Argument::Dims,
            Argument::Description,
            Argument::TimeUnit,
            Argument::Boundaries,
            Argument::CardinalityLimit,
            Argument::Crate,
        ],
        ..COUNT.annotation
    },
    example: "timer!(\"name\")",
    value: Value::None,
    metric: Metric::Duration,
};

/// `in_flight_guard!`.
pub(crate) const IN_FLIGHT: InBody = InBody {
    annotation: Annotation {
        written: "in_flight_guard!",
        ..COUNT.annotation
    },
    example: "in_flight_guard!(\"name\")",
    value: Value::None,
    metric: Metric::InFlight,
};

impl InBody {
    /// The expression that records, or the messages about its mistakes.
    pub(crate) fn expand(&self, input: TokenStream) -> TokenStream {
        match self.parse(input) {
            Ok(args) => record(self.metric, &args, &Place::default()),
            Err(error) => report::expression(&error),
        }
    }

    fn parse(&self, input: TokenStream) -> Result<Args> {
        let mut report = Report::default();
        let mut args = Args::default();
        let read = (|input: ParseStream<'_>| {
            self.read(&mut args, input, &mut report);
            Ok(())
        })
        .parse2(input);
        report.note(read);
        args.complete(&self.annotation, &mut report);
        report.finish()?;
        Ok(args)
    }

    /// Reads the name, the value, then arguments.
    fn read(&self, args: &mut Args, input: ParseStream<'_>, report: &mut Report) {
        let mut place = 0;
        separated(input, report, |report| {
            place += 1;
            match (place, self.value) {
                (1, _) => args.name = report.note(text(input.parse()?, Kind::Name)),
                (2, Value::Amount) if !is_argument(input) => {
                    args.by = report.note(amount(input.parse()?));
                }
                (2, Value::Required(value)) if is_argument(input) => {
                    return Err(input.error(self.expected(value)));
                }
                (_, Value::Amount) if is_by(input) => return Err(by_has_no_name(args, input)?),
                (2, Value::Required(_)) => args.value = Some(input.parse()?),
                (2, Value::None) if !is_argument(input) && !input.peek2(token::Paren) => {
                    let message = format!(
                        "`{}` takes no value: write `{}`",
                        self.annotation.written,
                        self.example_for(args)
                    );
                    return Err(Error::new_spanned(input.parse::<Expr>()?, message));
                }
                _ => args.argument(input, &self.annotation, report)?,
            }
            Ok(())
        });
        let missing = match (place, self.value) {
            (0, _) => "the name of a metric",
            (1, Value::Required(value)) if report.is_clean() => value,
            _ => return,
        };
        report.add(Error::new(Span::call_site(), self.expected(missing)));
    }

    /// The shortest call with the name that was given.
    fn example_for(&self, args: &Args) -> String {
        let name = args.name.as_ref();
        let name = name.map(|name| name.to_token_stream().to_string());
        self.example
            .replace("\"name\"", name.as_deref().unwrap_or("\"name\""))
    }

    fn expected(&self, what: &str) -> String {
        format!("expected {what}: write `{}`", self.example)
    }
}

/// Whether `by = …` follows, as in `#[counted]`.
fn is_by(input: ParseStream<'_>) -> bool {
    let key = input.fork().call(Ident::parse_any);
    is_argument(input) && key.is_ok_and(|key| key == "by")
}

/// The error for `by = …`, with the form that `count!` takes.
fn by_has_no_name(args: &Args, input: ParseStream<'_>) -> Result<Error> {
    let key: Ident = input.parse()?;
    input.parse::<Token![=]>()?;
    let number = match input.parse::<Expr>()? {
        plain @ (Expr::Lit(_) | Expr::Path(_)) => plain.into_token_stream().to_string(),
        _ => "…".to_owned(),
    };
    let name = match &args.name {
        Some(name) => name.to_token_stream().to_string(),
        None => "…".to_owned(),
    };
    let message = format!("the number has no name: write `count!({name}, {number})`");
    Ok(Error::new(key.span(), message))
}

/// Whether an argument with a name follows, and not the value.
fn is_argument(input: ParseStream<'_>) -> bool {
    let assigns = input.peek2(Token![=]) && !input.peek2(Token![==]);
    let called = input.peek2(token::Paren);
    match input.fork().call(Ident::parse_any) {
        Ok(key) => assigns || called && key == "dims",
        Err(_) => false,
    }
}
