//! Where the tokens of an expansion stand.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// Of tokens that are ours: their names do not meet the user's.
pub(crate) fn ours() -> Span {
    Span::mixed_site()
}

/// Calls the check `function` of what users typed: ours, but reported at `typed`, from its first
/// token to its last.
pub(crate) fn call_at(
    typed: &impl ToTokens,
    function: &TokenStream,
    argument: &TokenStream,
) -> TokenStream {
    let mut typed = typed
        .to_token_stream()
        .into_iter()
        .map(|token| token.span());
    let first = typed.next().unwrap_or_else(ours);
    let last = typed.last().unwrap_or(first);
    let function = located(function.clone(), first);
    let argument = quote_spanned!(ours().located_at(last)=> (#argument));
    quote_spanned!(ours().located_at(first)=> #function #argument)
}

fn located(tokens: TokenStream, place: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            let span = token.span().located_at(place);
            token.set_span(span);
            token
        })
        .collect()
}
