//! Tokens that the macros write, with their spans, and searches in tokens that users wrote.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::Path;

/// Quotes tokens of the expansion. Their names are hygienic: they do not meet the user's.
macro_rules! emit {
    ($($tokens:tt)*) => { ::quote::quote_spanned!($crate::tokens::ours()=> $($tokens)*) };
}
pub(crate) use emit;

/// The span of tokens that the user did not write.
pub(crate) fn ours() -> Span {
    Span::mixed_site()
}

/// A name in the expansion.
pub(crate) fn ident(name: &str) -> Ident {
    Ident::new(name, ours())
}

/// A variable in the expansion. The prefix keeps it apart from the user's statics and constants:
/// these are visible despite the hygiene, and a variable cannot shadow them.
pub(crate) fn variable(name: &str) -> TokenStream {
    ident(&format!("__dt_metrics_{name}")).into_token_stream()
}

/// Variables with a number behind their name.
pub(crate) fn variables(name: &str, count: usize) -> Vec<TokenStream> {
    let numbers = 0..count;
    numbers
        .map(|number| variable(&format!("{name}{number}")))
        .collect()
}

/// The path of the module of the library with the items that expansions name.
///
/// An expansion names it many times. To append a [`TokenStream`] takes calls of the compiler, and to append these
/// tokens one by one takes none.
pub(crate) struct Private(Vec<TokenTree>);

impl ToTokens for Private {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.0);
    }
}

/// The path in the `library`, or in the one with the usual name.
pub(crate) fn private(library: Option<&Path>) -> Private {
    let path = library.map_or_else(
        || emit!(::dt_metrics::private),
        |library| emit!(#library::private),
    );
    Private(path.into_iter().collect())
}

/// `tokens` of the expansion, reported by the compiler at the user's input.
///
/// Spans cannot be joined, but an expression reaches from its first token to its last: all tokens
/// get the place of the first token that was typed, and the last one gets that of the last.
pub(crate) fn at(typed: &impl ToTokens, tokens: &TokenStream) -> TokenStream {
    let typed = typed.to_token_stream().into_iter();
    let mut places = typed.map(|token| token.span());
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

/// How a search continues after a token.
pub(crate) enum Step<T> {
    Found(T),
    /// With the next token, which is the first one inside if this is a group.
    On,
    /// With the token after this group.
    Over,
}

/// Searches `tokens` depth first. `step` is given each token behind those before it in its group.
pub(crate) fn search<T>(
    tokens: TokenStream,
    step: &mut impl FnMut(&[TokenTree], &TokenTree) -> Step<T>,
) -> Option<T> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    tokens.iter().enumerate().find_map(|(place, token)| {
        match (step(&tokens[..place], token), token) {
            (Step::Found(found), _) => Some(found),
            (Step::On, TokenTree::Group(group)) => search(group.stream(), step),
            _ => None,
        }
    })
}

/// Whether `test` holds for any token, given those before it in its group.
pub(crate) fn any(
    tokens: &impl ToTokens,
    mut test: impl FnMut(&[TokenTree], &TokenTree) -> bool,
) -> bool {
    let mut step = |before: &[TokenTree], token: &TokenTree| {
        if test(before, token) {
            Step::Found(())
        } else {
            Step::On
        }
    };
    search(tokens.to_token_stream(), &mut step).is_some()
}

/// The first identifier for which `test` holds.
pub(crate) fn find_ident(tokens: &impl ToTokens, test: impl Fn(&Ident) -> bool) -> Option<Ident> {
    let mut step = |_: &[TokenTree], token: &TokenTree| match token {
        TokenTree::Ident(ident) if test(ident) => Step::Found(ident.clone()),
        _ => Step::On,
    };
    search(tokens.to_token_stream(), &mut step)
}

/// The first place where `tokens` read the variable or the keyword `name`: not as a field, a method, a
/// label or a part of a path, but also in a macro's format string.
pub(crate) fn find_variable(tokens: &impl ToTokens, name: &str) -> Option<Span> {
    find_variable_in(tokens.to_token_stream(), name, false)
}

fn find_variable_in(tokens: TokenStream, name: &str, in_macro: bool) -> Option<Span> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    tokens.iter().enumerate().find_map(|(place, token)| {
        let before = &tokens[..place];
        let is_read = match token {
            TokenTree::Group(group) => {
                let in_macro = in_macro || ends_in(before, '!');
                return find_variable_in(group.stream(), name, in_macro);
            }
            TokenTree::Literal(text) if in_macro => {
                let text = text.to_string();
                let forms = [
                    format!("{{{name}}}"),
                    format!("{{{name}:"),
                    format!("{name}$"),
                ];
                forms.iter().any(|form| text.contains(form))
            }
            TokenTree::Ident(ident) if ident == name => {
                let is_next = |offset: usize, wanted: char| {
                    let next = tokens.get(place + offset);
                    next.is_some_and(|next| is_punct(next, wanted))
                };
                // `name = …` is an argument, `name == …` is not.
                let is_label = is_next(1, ':') || is_next(1, '=') && !is_next(2, '=');
                // The second dot of `..name` is that of a range.
                let is_member = ends_in(before, '.') && !end_twice_in(before, '.');
                !is_label && !is_member && !end_twice_in(before, ':')
            }
            _ => false,
        };
        is_read.then(|| token.span())
    })
}

/// Whether an expansion can write a type in other places: it has no `impl Trait`, `!` or macro.
pub(crate) fn is_writable(ty: &impl ToTokens) -> bool {
    !any(ty, |_, token| {
        is_ident(token, "impl") || is_punct(token, '!')
    })
}

/// Whether a name is written as that of a primitive type.
pub(crate) fn is_primitive(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// Whether a token is the identifier or keyword `wanted`.
pub(crate) fn is_ident(token: &TokenTree, wanted: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == wanted)
}

/// Whether a token is the punctuation `wanted`.
pub(crate) fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// Whether the last of these tokens is the punctuation `wanted`.
pub(crate) fn ends_in(tokens: &[TokenTree], wanted: char) -> bool {
    tokens.last().is_some_and(|last| is_punct(last, wanted))
}

/// Whether the last two of these tokens are the punctuation `wanted`.
fn end_twice_in(tokens: &[TokenTree], wanted: char) -> bool {
    matches!(tokens, [.., first, _] if is_punct(first, wanted)) && ends_in(tokens, wanted)
}
