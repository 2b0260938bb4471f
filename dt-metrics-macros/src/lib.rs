//! The annotations of dt-metrics. Programs name them through `dt_metrics`; this crate has the
//! macros alone, and its version is that of the library.
//!
//! Each macro has a page in `docs/`: what it takes, with examples that are tested, what it expands
//! to, what it costs, what it refuses.

mod analyse;
mod annotations;
mod derive;
mod emit;
mod expand;
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
    expand::annotation(
        &annotations::COUNTED,
        args.into(),
        item.into(),
        annotations::counted,
    )
    .into()
}

#[doc = include_str!("../docs/timed.md")]
#[proc_macro_attribute]
pub fn timed(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::annotation(
        &annotations::TIMED,
        args.into(),
        item.into(),
        annotations::timed,
    )
    .into()
}

#[doc = include_str!("../docs/in_flight.md")]
#[proc_macro_attribute]
pub fn in_flight(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::annotation(
        &annotations::IN_FLIGHT,
        args.into(),
        item.into(),
        annotations::in_flight,
    )
    .into()
}

#[doc = include_str!("../docs/recorded.md")]
#[proc_macro_attribute]
pub fn recorded(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::annotation(
        &annotations::RECORDED,
        args.into(),
        item.into(),
        annotations::recorded,
    )
    .into()
}

#[doc = include_str!("../docs/measured.md")]
#[proc_macro_attribute]
pub fn measured(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::measured(args.into(), item.into()).into()
}

#[doc = include_str!("../docs/observed.md")]
#[proc_macro_attribute]
pub fn observed(args: TokenStream, item: TokenStream) -> TokenStream {
    observed::observed(args.into(), item.into()).into()
}

#[doc = include_str!("../docs/count.md")]
#[proc_macro]
pub fn count(input: TokenStream) -> TokenStream {
    expand::in_body(&in_body::COUNT, input.into()).into()
}

#[doc = include_str!("../docs/gauge.md")]
#[proc_macro]
pub fn gauge(input: TokenStream) -> TokenStream {
    expand::in_body(&in_body::GAUGE, input.into()).into()
}

#[doc = include_str!("../docs/record.md")]
#[proc_macro]
pub fn record(input: TokenStream) -> TokenStream {
    expand::in_body(&in_body::RECORD, input.into()).into()
}

#[doc = include_str!("../docs/up_down_counter.md")]
#[proc_macro]
pub fn up_down_counter(input: TokenStream) -> TokenStream {
    expand::in_body(&in_body::UP_DOWN, input.into()).into()
}

#[doc = include_str!("../docs/dimension_value.md")]
#[proc_macro_derive(DimensionValue, attributes(dimension))]
pub fn dimension_value(input: TokenStream) -> TokenStream {
    derive::dimension_value(input.into()).into()
}
