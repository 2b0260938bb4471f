//! Bodies in expansions that stay where they were, with something done around them.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::expander::Expander;
use crate::tokens::{emit, is_ident, is_punct};

/// The body with `entry` run before it.
///
/// The body becomes the tail of a block at the same place in the source. Thus its value, its
/// temporaries and the parameters are dropped as before, its items are not in the scope of `entry`,
/// and the compiler's messages about it do not change.
///
/// `#[cfg(all())]` is always true. Without an attribute, a body of one line would seem to have a
/// needless pair of braces (`unused_braces`), and `allow` is an error where that lint is forbidden.
pub(crate) fn entered(body: &Group, entry: &TokenStream) -> TokenStream {
    let entry = if Expander::current() == Expander::Clippy && does_nothing_first(body) {
        unseen(entry)
    } else {
        entry.clone()
    };
    emit!(#entry; #[cfg(all())] #body)
}

/// `statements` that clippy does not count as the beginning of the body.
fn unseen(statements: &TokenStream) -> TokenStream {
    emit!({ const _: () = (); #statements; })
}

/// Whether a body is empty, or begins with an item, a `return` or a panic. To clippy, the function then does
/// nothing (`inline_always`).
fn does_nothing_first(body: &Group) -> bool {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    does_nothing(&tokens)
}

fn does_nothing(tokens: &[TokenTree]) -> bool {
    match tokens {
        [] => true,
        [semicolon, rest @ ..] if is_punct(semicolon, ';') => does_nothing(rest),
        [hash, TokenTree::Group(_), rest @ ..] if is_punct(hash, '#') => does_nothing(rest),
        [TokenTree::Group(block), ..] if block.delimiter() == Delimiter::Brace => {
            does_nothing_first(block)
        }
        [TokenTree::Ident(word), rest @ ..] => match word.to_string().as_str() {
            "enum" | "extern" | "fn" | "impl" | "mod" | "pub" | "static" | "struct" | "trait"
            | "type" | "use" => true,
            "async" => rest.first().is_some_and(|next| is_ident(next, "fn")),
            "const" | "union" => matches!(rest, [TokenTree::Ident(_), ..]),
            "unsafe" => matches!(rest, [TokenTree::Ident(_), ..]) || does_nothing(rest),
            "return" => does_nothing(rest),
            _ => is_unseen_macro(tokens),
        },
        _ => false,
    }
}

/// Whether these tokens begin with a macro that panics and is a statement of its own, or that stands for items.
fn is_unseen_macro(tokens: &[TokenTree]) -> bool {
    let is_path = |token: &TokenTree| matches!(token, TokenTree::Ident(_)) || is_punct(token, ':');
    let path = tokens.iter().take_while(|token| is_path(token)).count();
    let Some(TokenTree::Ident(name)) = tokens[..path].last() else {
        return false;
    };
    match (name.to_string().as_str(), &tokens[path..]) {
        ("macro_rules" | "thread_local", [bang, ..]) | ("panic" | "unreachable", [bang, _]) => {
            is_punct(bang, '!')
        }
        ("panic" | "unreachable", [bang, _, end, ..]) => is_punct(bang, '!') && is_punct(end, ';'),
        _ => false,
    }
}

/// The body with the value of `guard` held while it runs.
///
/// The body becomes the tail of a block in the edition of this crate, regardless of the user's
/// edition: everything that the body owns is dropped first, temporaries of its last expression
/// included, then the guard, then the parameters. An arm of a `match` would not do, since a closure
/// in it would not see which type is expected. For the attribute see [`entered`].
pub(crate) fn guarded(body: &Group, guard: &TokenStream) -> TokenStream {
    emit! {
        {
            let __dt_metrics_guard = #guard;
            #[cfg(all())] #body
        }
    }
}
