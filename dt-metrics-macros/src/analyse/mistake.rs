//! Mistakes in a function that are certain from its tokens. The compiler reports them for the function as
//! it was written: an expansion would change its messages, or add to them.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::{FnArg, Type};

use super::return_type::written;
use crate::parse::item::Function;
use crate::tokens::{any, ends_in, is_ident, is_punct};

/// Whether the function does not compile, with or without an annotation.
pub(crate) fn is_certain(function: &Function) -> bool {
    if function.has_macros() || function.is_read_by_macros {
        return false;
    }
    let signature = &function.sig;
    let body = function.body.stream();
    let mut inputs = signature.inputs.iter();
    written(&signature.output).is_some_and(is_unsized)
        || inputs.any(|input| matches!(input, FnArg::Typed(input) if is_unsized(&input.ty)))
        || may_be_misplaced(&body)
            && (leaves_nothing(&body) || signature.asyncness.is_none() && awaits(&body))
}

/// Whether there is a word that can be in the wrong place. Most bodies have none, and are read only once.
fn may_be_misplaced(body: &TokenStream) -> bool {
    any(body, |_, token| match token {
        TokenTree::Ident(word) => {
            matches!(word.to_string().as_str(), "await" | "break" | "continue")
        }
        _ => false,
    })
}

/// Whether a value of this type has no size. An alias may hide that.
fn is_unsized(ty: &Type) -> bool {
    matches!(ty, Type::Slice(_) | Type::TraitObject(_))
}

/// Whether a `break` or `continue` stands where there is nothing to leave: no loop before it, and no label,
/// macro or attribute that may change its meaning.
fn leaves_nothing(body: &TokenStream) -> bool {
    let is_exit = |token: &TokenTree| is_ident(token, "break") || is_ident(token, "continue");
    if !any(body, |_, token| is_exit(token)) {
        return false;
    }
    let tokens: Vec<TokenTree> = body.clone().into_iter().collect();
    let mut around = Around::Nothing;
    for (place, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Punct(punct) => match punct.as_char() {
                '\'' | '#' => return false,
                ';' => around = Around::Nothing,
                '|' if around == Around::LoopNext => around = Around::Unknown,
                _ => {}
            },
            TokenTree::Ident(word) => match (word.to_string().as_str(), around) {
                ("break" | "continue", Around::Nothing) => {
                    let next = tokens.get(place + 1);
                    return !next.is_some_and(|next| is_punct(next, '\''));
                }
                ("for" | "loop" | "while", Around::Nothing) => around = Around::LoopNext,
                // Its braces may come before the braces of the loop.
                (
                    "async" | "const" | "if" | "match" | "unsafe" | "for" | "loop" | "while",
                    Around::LoopNext,
                ) => {
                    around = Around::Unknown;
                }
                _ => {}
            },
            TokenTree::Group(_) if is_input(&tokens[..place]) => {}
            TokenTree::Group(group) => match around {
                Around::Nothing if leaves_nothing(&group.stream()) => return true,
                Around::LoopNext if group.delimiter() == Delimiter::Brace => {
                    around = Around::Nothing;
                }
                _ => {}
            },
            TokenTree::Literal(_) => {}
        }
    }
    false
}

/// The innermost construct that `break` or `return` would leave.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Around {
    Nothing,
    /// The next braces belong to a loop.
    LoopNext,
    /// Perhaps a loop, until the end of the statement.
    Unknown,
}

/// Whether a group after these tokens may be the input of a macro.
fn is_input(before: &[TokenTree]) -> bool {
    match before {
        // `macro_rules! name {…}`
        [rest @ .., TokenTree::Ident(_)] => ends_in(rest, '!'),
        _ => ends_in(before, '!'),
    }
}

/// Whether there is an `.await`, and nothing that may be `async`.
fn awaits(body: &TokenStream) -> bool {
    let is_await =
        |before: &[TokenTree], token: &TokenTree| is_ident(token, "await") && ends_in(before, '.');
    let may_be_async = |before: &[TokenTree], token: &TokenTree| {
        is_ident(token, "async")
            || is_punct(token, '#')
            || is_punct(token, '!') && matches!(before, [.., TokenTree::Ident(_)])
    };
    any(body, is_await) && !any(body, may_be_async)
}

/// Whether a parameter of the function in these tokens, which do not parse, lacks its type or its pattern,
/// or the comma behind it.
pub(crate) fn has_incomplete_parameter(item: &TokenStream) -> bool {
    let mut tokens = item.clone().into_iter();
    if !tokens.any(|token| is_ident(&token, "fn")) {
        return false;
    }
    let tokens: Vec<TokenTree> = tokens.collect();
    let mut parts = split(&tokens).into_iter().flatten();
    let inputs = parts.find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(group),
        _ => None,
    });
    let inputs: Vec<TokenTree> = match inputs {
        None => return false,
        Some(inputs) => inputs.stream().into_iter().collect(),
    };
    let mut inputs = split(&inputs);
    inputs.pop_if(|last| last.is_empty());
    inputs.iter().any(|input| is_incomplete(input))
}

/// The tokens outside angle brackets, split at commas.
fn split(tokens: &[TokenTree]) -> Vec<Vec<&TokenTree>> {
    let mut parts = vec![Vec::new()];
    let mut depth = 0_u32;
    for (place, token) in tokens.iter().enumerate() {
        let is_arrow = ends_in(&tokens[..place], '-') || ends_in(&tokens[..place], '=');
        if is_punct(token, '<') {
            depth += 1;
        } else if is_punct(token, '>') && !is_arrow {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && is_punct(token, ',') {
            parts.push(Vec::new());
        } else if depth == 0
            && let Some(part) = parts.last_mut()
        {
            part.push(token);
        }
    }
    parts
}

/// Whether a parameter other than `self` and `...` has not one `:` between one pattern and a type.
fn is_incomplete(input: &[&TokenTree]) -> bool {
    if input
        .iter()
        .any(|token| is_ident(token, "self") || is_punct(token, '.'))
    {
        return false;
    }
    let is_colon = |place: usize| input.get(place).is_some_and(|token| is_punct(token, ':'));
    // The first half of `::`, and not the `:` of `a:&T`.
    let is_path = |place: usize| {
        let is_joint = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.spacing() == Spacing::Joint);
        is_colon(place)
            && is_colon(place + 1)
            && input.get(place).is_some_and(|token| is_joint(token))
    };
    let mut colons = Vec::new();
    let mut place = 0;
    while place < input.len() {
        if is_path(place) {
            place += 1;
        } else if is_colon(place) {
            colons.push(place);
        }
        place += 1;
    }
    match colons[..] {
        [colon] if colon > 0 && colon + 1 < input.len() => {
            // Alternatives need parentheses.
            input[..colon].iter().any(|token| is_punct(token, '|'))
        }
        _ => true,
    }
}
