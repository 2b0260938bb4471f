//! Bodies that are left only at their end, by `?` or by a panic.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::tokens::{Step, is_ident, search};

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

/// Whether a body has no `return`, and no macro in which there may be one.
pub(crate) fn is_straight(body: TokenStream) -> bool {
    let mut step = |before: &[TokenTree], token: &TokenTree| match (before, token) {
        (_, TokenTree::Ident(word)) if word == "return" => Step::Found(()),
        // A `return` in an `async` block leaves only that block.
        (_, TokenTree::Group(block))
            if is_async(before) && block.delimiter() == Delimiter::Brace =>
        {
            Step::Over
        }
        ([.., TokenTree::Ident(name), TokenTree::Punct(bang)], TokenTree::Group(_))
            if bang.as_char() == '!' && !WITHOUT_RETURN.iter().any(|known| name == known) =>
        {
            Step::Found(())
        }
        _ => Step::On,
    };
    search(body, &mut step).is_none()
}

/// Whether these tokens end in `async` or `async move`.
pub(crate) fn is_async(tokens: &[TokenTree]) -> bool {
    match tokens {
        [.., word, last] if is_ident(last, "move") => is_ident(word, "async"),
        [.., last] => is_ident(last, "async"),
        [] => false,
    }
}
