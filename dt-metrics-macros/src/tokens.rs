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
    let mut places = typed
        .to_token_stream()
        .into_iter()
        .map(|token| token.span());
    let first = places.next().unwrap_or_else(ours);
    let last = places.last().unwrap_or(first);

    let mut tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    if let Some((end, start)) = tokens.split_last_mut() {
        for token in start {
            token.set_span(token.span().located_at(first));
        }
        end.set_span(end.span().located_at(last));
    }
    tokens.into_iter().collect()
}
