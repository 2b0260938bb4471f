//! `count!(name, number, argument = …)` and its kind.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, Ident, Result, Token, token};

use crate::analyse::scope::Place;
use crate::emit::record;
use crate::parse::args::{Annotation, Args, Argument, Text, separated};
use crate::report::Report;

/// A macro that records where it stands.
pub(crate) struct InBody {
    annotation: Annotation,
    /// How it is written at the least.
    example: &'static str,
    operand: Operand,
    record: fn(&Args, &Place<'_>) -> TokenStream,
}

/// What stands behind the name.
enum Operand {
    /// Perhaps a number to add.
    By,
    /// Always a value, and what messages call it.
    Value(&'static str),
}

/// `count!`.
pub(crate) const COUNT: InBody = InBody {
    annotation: Annotation {
        written: "count!",
        takes: &[
            Argument::Dims,
            Argument::Description,
            Argument::Unit,
            Argument::MaxSeries,
            Argument::Crate,
        ],
        needs: &[],
        outcome: false,
    },
    example: "count!(\"name\")",
    operand: Operand::By,
    record: record::count,
};

/// `gauge!`.
pub(crate) const GAUGE: InBody = InBody {
    annotation: Annotation {
        written: "gauge!",
        ..COUNT.annotation
    },
    example: "gauge!(\"name\", value)",
    operand: Operand::Value("the value to record"),
    record: record::set,
};

/// `record!`.
pub(crate) const RECORD: InBody = InBody {
    annotation: Annotation {
        written: "record!",
        ..COUNT.annotation
    },
    example: "record!(\"name\", value)",
    record: record::value,
    ..GAUGE
};

/// `up_down_counter!`.
pub(crate) const UP_DOWN: InBody = InBody {
    annotation: Annotation {
        written: "up_down_counter!",
        ..COUNT.annotation
    },
    example: "up_down_counter!(\"name\", -1)",
    operand: Operand::Value("the number to add"),
    record: record::change,
};

impl InBody {
    /// Reads the input: the name, the number or value, then arguments.
    pub(crate) fn parse(&self, input: TokenStream) -> Result<Args> {
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

    fn read(&self, args: &mut Args, input: ParseStream<'_>, report: &mut Report) {
        let mut place = 0;
        separated(input, report, |report| {
            place += 1;
            match (place, &self.operand) {
                (1, _) => args.name = report.note(Text::try_from(input.parse::<Expr>()?)),
                (2, Operand::By) if !is_argument(input) => args.by = Some(input.parse()?),
                (2, Operand::Value(what)) if is_argument(input) => {
                    return Err(input.error(self.expected(what)));
                }
                (_, Operand::By) if is_by(input) => return Err(by_name(args, input)?),
                (2, Operand::Value(_)) => args.value = Some(input.parse()?),
                _ => args.argument(input, &self.annotation, report)?,
            }
            Ok(())
        });
        let missing = match (place, &self.operand) {
            (0, _) => "the name of a metric",
            (1, Operand::Value(what)) if report.is_clean() => what,
            _ => return,
        };
        let error = Error::new(Span::call_site(), self.expected(missing));
        report.note::<()>(Err(error));
    }

    fn expected(&self, what: &str) -> String {
        format!("expected {what}: write `{}`", self.example)
    }

    pub(crate) fn quote(&self, args: &Args) -> TokenStream {
        (self.record)(args, &Place::default())
    }
}

/// Whether a number follows as `count!` does not take it, but `#[counted]` does.
fn is_by(input: ParseStream<'_>) -> bool {
    let key = input.fork().call(Ident::parse_any);
    is_argument(input) && key.is_ok_and(|key| key == "by")
}

/// The error for it, with what to write.
fn by_name(args: &Args, input: ParseStream<'_>) -> Result<Error> {
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

/// Whether an argument with a name follows, not the number.
fn is_argument(input: ParseStream<'_>) -> bool {
    let assigns = input.peek2(Token![=]) && !input.peek2(Token![==]);
    let called = input.peek2(token::Paren);
    match input.fork().call(Ident::parse_any) {
        Ok(key) => assigns || called && key == "dims",
        Err(_) => false,
    }
}
