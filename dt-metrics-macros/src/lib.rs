//! The macros of dt-metrics. Programs use them through the crate `dt_metrics`, whose version this
//! crate shares.
//!
//! Each macro has a page in `docs/` with its arguments, tested examples, its expansion, its cost and
//! the mistakes that it reports.

mod analyse;
mod annotations;
mod derive;
mod emit;
mod expander;
mod impl_block;
mod in_body;
mod observed;
mod parse;
mod report;
mod tokens;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

#[doc = include_str!("../docs/counted.md")]
#[proc_macro_attribute]
pub fn counted(args: TokenStream, item: TokenStream) -> TokenStream {
    annotations::COUNTED.expand(args.into(), item.into()).into()
}

#[doc = include_str!("../docs/timed.md")]
#[proc_macro_attribute]
pub fn timed(args: TokenStream, item: TokenStream) -> TokenStream {
    annotations::TIMED.expand(args.into(), item.into()).into()
}

#[doc = include_str!("../docs/in_flight.md")]
#[proc_macro_attribute]
pub fn in_flight(args: TokenStream, item: TokenStream) -> TokenStream {
    annotations::IN_FLIGHT
        .expand(args.into(), item.into())
        .into()
}

#[doc = include_str!("../docs/recorded.md")]
#[proc_macro_attribute]
pub fn recorded(args: TokenStream, item: TokenStream) -> TokenStream {
    annotations::RECORDED
        .expand(args.into(), item.into())
        .into()
}

#[doc = include_str!("../docs/measured.md")]
#[proc_macro_attribute]
pub fn measured(args: TokenStream, item: TokenStream) -> TokenStream {
    impl_block::measured(args.into(), item.into()).into()
}

#[doc = include_str!("../docs/observed.md")]
#[proc_macro_attribute]
pub fn observed(args: TokenStream, item: TokenStream) -> TokenStream {
    observed::observed(args.into(), item.into()).into()
}

#[doc = include_str!("../docs/count.md")]
#[proc_macro]
pub fn count(input: TokenStream) -> TokenStream {
    in_body::COUNT.expand(input.into()).into()
}

#[doc = include_str!("../docs/gauge.md")]
#[proc_macro]
pub fn gauge(input: TokenStream) -> TokenStream {
    in_body::GAUGE.expand(input.into()).into()
}

#[doc = include_str!("../docs/record.md")]
#[proc_macro]
pub fn record(input: TokenStream) -> TokenStream {
    in_body::RECORD.expand(input.into()).into()
}

#[doc = include_str!("../docs/timer.md")]
#[proc_macro]
pub fn timer(input: TokenStream) -> TokenStream {
    in_body::TIMER.expand(input.into()).into()
}

// Attributes and other macros share their names, so this one cannot be called `in_flight`.
#[doc = include_str!("../docs/in_flight_guard.md")]
#[proc_macro]
pub fn in_flight_guard(input: TokenStream) -> TokenStream {
    in_body::IN_FLIGHT.expand(input.into()).into()
}

#[doc = include_str!("../docs/up_down_counter.md")]
#[proc_macro]
pub fn up_down_counter(input: TokenStream) -> TokenStream {
    in_body::UP_DOWN_COUNTER.expand(input.into()).into()
}

#[doc = include_str!("../docs/dimension_value.md")]
#[proc_macro_derive(DimensionValue, attributes(dimension))]
pub fn dimension_value(input: TokenStream) -> TokenStream {
    derive::dimension_value(input.into()).into()
}

#[doc = include_str!("../docs/dimensions.md")]
#[proc_macro_derive(Dimensions, attributes(dimension))]
pub fn dimensions(input: TokenStream) -> TokenStream {
    derive::dimensions::dimensions(input.into()).into()
}
