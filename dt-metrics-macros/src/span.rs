//! Where the tokens of an expansion stand.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;

/// Of tokens that are ours: their names do not meet the user's.
pub(crate) fn ours() -> Span {
    Span::mixed_site()
}

/// `tokens` of ours, reported at `typed`, from its first token to its last.
///
/// Spans cannot be joined; but an expression reaches from its first token to its last.
pub(crate) fn at(typed: &impl ToTokens, tokens: &TokenStream) -> TokenStream {
    let mut typed = typed
        .to_token_stream()
        .into_iter()
        .map(|token| token.span());
    let first = typed.next().unwrap_or_else(ours);
    let last = typed.last().unwrap_or(first);
    let count = tokens.clone().into_iter().count();
    let place = |i| if i + 1 < count { first } else { last };
    let move_to = |(i, mut token): (usize, TokenTree)| {
        let span = token.span().located_at(place(i));
        token.set_span(span);
        token
    };
    tokens
        .clone()
        .into_iter()
        .enumerate()
        .map(move_to)
        .collect()
}
