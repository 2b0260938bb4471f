//! The annotations of dt-metrics. Programs name them through `dt_metrics`.

mod args;
mod body;

mod counter;
mod expand;
mod in_body;
mod register;
mod report;
mod span;
mod sync;
mod valid;
mod values;

use proc_macro::TokenStream;

/// Counts.
#[proc_macro_attribute]
pub fn counted(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::counted(args.into(), item.into()).into()
}

/// Counts.
#[proc_macro]
pub fn count(input: TokenStream) -> TokenStream {
    expand::count(input.into()).into()
}
