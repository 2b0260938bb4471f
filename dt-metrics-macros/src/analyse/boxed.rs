//! Bodies whose last expression puts a future in a pinned box, and that are left nowhere else.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

use crate::parse::item::regroup;
use crate::tokens::{Step, is_ident, is_punct, search};

/// A body that boxes its future in its last expression. The future can be measured before it is
/// boxed: then it needs no second box, and the compiler requires no further bounds.
pub(crate) struct Boxed {
    /// The tokens before the future.
    before: Vec<TokenTree>,
    future: TokenStream,
    /// The parentheses around the future, if it is an argument.
    parentheses: Option<Span>,
    /// The tokens after the future.
    after: Vec<TokenTree>,
}

impl Boxed {
    pub(crate) fn of(body: &Group) -> Option<Self> {
        let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
        let boxed = Self::by_function(&tokens).or_else(|| Self::by_method(&tokens))?;
        is_straight(body.stream()).then_some(boxed)
    }

    /// `Box::pin(future)`.
    fn by_function(tokens: &[TokenTree]) -> Option<Self> {
        let (TokenTree::Group(group), before) = tokens.split_last()? else {
            return None;
        };
        let path = before.iter().rposition(|token| !is_path(token));
        let (statements, path) = before.split_at(path.map_or(0, |place| place + 1));
        let mut names = path.iter().rev().filter(|token| !is_punct(token, ':'));
        let is_pin = is_ident(names.next()?, "pin") && is_ident(names.next()?, "Box");
        let mut future: Vec<TokenTree> = group.stream().into_iter().collect();
        future.pop_if(|last| is_punct(last, ','));
        // The types of a closure's parameters may follow from where it is.
        let is_closure = future.iter().take(2).any(|token| is_punct(token, '|'));
        let is_boxed = is_pin && group.delimiter() == Delimiter::Parenthesis && !is_closure;
        (is_boxed && end_statement(statements)).then(|| Self {
            before: before.to_vec(),
            future: future.into_iter().collect(),
            parentheses: Some(group.span()),
            after: Vec::new(),
        })
    }

    /// `async { … }.boxed()`.
    fn by_method(tokens: &[TokenTree]) -> Option<Self> {
        let (before, method) = tokens.split_last_chunk::<3>()?;
        let [dot, name, TokenTree::Group(arguments)] = method else {
            return None;
        };
        let (TokenTree::Group(block), keywords) = before.split_last()? else {
            return None;
        };
        let is_boxed = is_punct(dot, '.')
            && (is_ident(name, "boxed") || is_ident(name, "boxed_local"))
            && arguments.stream().is_empty();
        let is_future = is_async(keywords) && block.delimiter() == Delimiter::Brace;
        let begin = keywords
            .iter()
            .rposition(|token| is_ident(token, "async"))?;
        let (statements, future) = before.split_at(begin);
        (is_boxed && is_future && end_statement(statements)).then(|| Self {
            before: statements.to_vec(),
            future: future.iter().cloned().collect(),
            parentheses: None,
            after: method.to_vec(),
        })
    }

    /// `body`, of which this is made, with another future.
    pub(crate) fn with(self, body: &Group, future: TokenStream) -> Group {
        let future = match self.parentheses {
            None => future,
            Some(span) => {
                let mut group = Group::new(Delimiter::Parenthesis, future);
                group.set_span(span);
                TokenTree::Group(group).into()
            }
        };
        let mut tokens: TokenStream = self.before.into_iter().collect();
        tokens.extend(future);
        tokens.extend(self.after);
        regroup(body, tokens)
    }

    pub(crate) fn future(&self) -> &TokenStream {
        &self.future
    }
}

fn is_path(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(ident) => ident != "return" && ident != "break",
        other => is_punct(other, ':'),
    }
}

/// Whether a statement or the last expression may begin after these tokens.
fn end_statement(tokens: &[TokenTree]) -> bool {
    match tokens.last() {
        None => true,
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
        Some(other) => is_punct(other, ';'),
    }
}

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
        // Macros may contain a `return`, except the macros of the standard library.
        ([.., TokenTree::Ident(name), bang], TokenTree::Group(_)) if is_punct(bang, '!') => {
            match name.to_string().as_str() {
                "assert" | "assert_eq" | "assert_ne" | "cfg" | "concat" | "dbg"
                | "debug_assert" | "debug_assert_eq" | "debug_assert_ne" | "env" | "eprint"
                | "eprintln" | "format" | "format_args" | "line" | "matches" | "panic"
                | "print" | "println" | "stringify" | "todo" | "unimplemented" | "unreachable"
                | "vec" | "write" | "writeln" => Step::On,
                _ => Step::Found(()),
            }
        }
        _ => Step::On,
    };
    search(body, &mut step).is_none()
}

/// Whether these tokens end in `async` or `async move`.
fn is_async(tokens: &[TokenTree]) -> bool {
    match tokens {
        [.., word, last] if is_ident(last, "move") => is_ident(word, "async"),
        [.., last] => is_ident(last, "async"),
        [] => false,
    }
}
