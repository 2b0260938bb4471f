//! Whether a body is left only at its end, by `?`, or by a panic.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Macros of the standard library that do not return from the function.
const WITHOUT_RETURN: [&str; 19] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "concat",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "env",
    "format",
    "format_args",
    "line",
    "matches",
    "panic",
    "stringify",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
];

/// Whether there is no `return`, and no macro in which there may be one.
pub(crate) fn is_straight(body: TokenStream) -> bool {
    let mut before = None;
    let mut after_async = false;
    let mut tokens = body.into_iter().peekable();
    while let Some(token) = tokens.next() {
        // What is left by a `return` in the block of an `async` or `async move` is that.
        let begins_async = match &token {
            TokenTree::Ident(word) => word == "async" || after_async && word == "move",
            _ => false,
        };
        let is_straight = match &token {
            TokenTree::Group(group) => {
                let is_future = after_async && group.delimiter() == Delimiter::Brace;
                is_future || is_straight(group.stream())
            }
            TokenTree::Ident(ident) => ident != "return",
            TokenTree::Punct(punct) if punct.as_char() == '!' => {
                let is_macro = matches!(tokens.peek(), Some(TokenTree::Group(_)));
                match &before {
                    Some(TokenTree::Ident(name)) if is_macro => {
                        WITHOUT_RETURN.iter().any(|known| name == known)
                    }
                    _ => true,
                }
            }
            _ => true,
        };
        if !is_straight {
            return false;
        }
        after_async = begins_async;
        before = Some(token);
    }
    true
}
