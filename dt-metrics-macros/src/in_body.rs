//! `count!(name, number, argument = …)`.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, Ident, Result, Token, token};

use crate::args::{Annotation, Args, Argument, Text, separated};
use crate::counter;
use crate::report::Report;

const COUNT: Annotation = Annotation {
    written: "count!",
    takes: &[
        Argument::Dims,
        Argument::Description,
        Argument::Unit,
        Argument::MaxSeries,
        Argument::Crate,
    ],
    suffix: "",
};

/// Reads the input: the name, perhaps a number, then arguments.
pub(crate) fn parse(input: TokenStream) -> Result<Args> {
    let mut report = Report::default();
    let mut args = Args::default();
    let read = (|input: ParseStream<'_>| {
        read(&mut args, input, &mut report);
        Ok(())
    })
    .parse2(input);
    report.note(read);
    report.finish()?;
    Ok(args)
}

fn read(args: &mut Args, input: ParseStream<'_>, report: &mut Report) {
    let mut place = 0;
    separated(input, report, |report| {
        place += 1;
        match place {
            1 => args.name = report.note(Text::try_from(input.parse::<Expr>()?)),
            2 if !is_argument(input) => args.by = Some(input.parse()?),
            _ => args.argument(input, &COUNT, report)?,
        }
        Ok(())
    });
    if place == 0 {
        let message = "expected the name of a counter: write `count!(\"name\")`";
        report.note::<()>(Err(Error::new(Span::call_site(), message)));
    }
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

pub(crate) fn quote(args: &Args) -> TokenStream {
    counter::add(args, None, &[])
}
