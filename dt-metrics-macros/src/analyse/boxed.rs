//! A body whose last expression puts a future in a box.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::TokenStreamExt;

use crate::analyse::straight;
use crate::parse::item::regroup;

/// Such a body, if it is left nowhere else. The future can be measured before it is in its box:
/// then it needs no other, and the compiler asks no more of it than before.
pub(crate) struct Pinned<'a> {
    body: &'a Group,
    /// What stands before the future.
    before: Vec<TokenTree>,
    future: TokenStream,
    after: After,
}

/// What stands behind the future.
enum After {
    /// `)` and what is around.
    Parenthesis(Group),
    /// `.boxed()`.
    Method(Vec<TokenTree>),
}

impl<'a> Pinned<'a> {
    pub(crate) fn of(body: &'a Group) -> Option<Self> {
        let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
        let pinned = Self::in_function(body, &tokens).or_else(|| Self::in_method(body, &tokens))?;
        straight::is_straight(body.stream()).then_some(pinned)
    }

    /// `Box::pin(future)`.
    fn in_function(body: &'a Group, tokens: &[TokenTree]) -> Option<Self> {
        let (last, before) = tokens.split_last()?;
        let TokenTree::Group(parenthesis) = last else {
            return None;
        };
        if parenthesis.delimiter() != Delimiter::Parenthesis {
            return None;
        }
        let is_path = |token: &TokenTree| match token {
            TokenTree::Ident(ident) => ident != "return" && ident != "break",
            TokenTree::Punct(punct) => punct.as_char() == ':',
            _ => false,
        };
        let path = before.iter().rev().take_while(|token| is_path(token));
        let length = path.clone().count();
        let mut names = path.filter_map(|token| match token {
            TokenTree::Ident(ident) => Some(ident),
            _ => None,
        });
        let is_pin = names.next()? == "pin" && names.next()? == "Box";
        let begins = before.len() - length;
        let mut future: Vec<TokenTree> = parenthesis.stream().into_iter().collect();
        future.pop_if(|last| matches!(last, TokenTree::Punct(comma) if comma.as_char() == ','));
        // What a closure takes, only its place may tell.
        let is_closure = future
            .iter()
            .take(2)
            .any(|token| matches!(token, TokenTree::Punct(bar) if bar.as_char() == '|'));
        (is_pin && is_statement(&before[..begins]) && !is_closure).then(|| Self {
            body,
            before: before.to_vec(),
            future: future.into_iter().collect(),
            after: After::Parenthesis(parenthesis.clone()),
        })
    }

    /// `async { … }.boxed()`.
    fn in_method(body: &'a Group, tokens: &[TokenTree]) -> Option<Self> {
        let (before, method) = tokens.split_at_checked(tokens.len().checked_sub(3)?)?;
        let [
            TokenTree::Punct(dot),
            TokenTree::Ident(name),
            TokenTree::Group(arguments),
        ] = method
        else {
            return None;
        };
        let is_boxed = dot.as_char() == '.'
            && (name == "boxed" || name == "boxed_local")
            && arguments.stream().is_empty();
        let (block, rest) = before.split_last()?;
        let is_block =
            matches!(block, TokenTree::Group(block) if block.delimiter() == Delimiter::Brace);
        let is = |token: Option<&TokenTree>, word: &str| matches!(token, Some(TokenTree::Ident(ident)) if ident == word);
        let rest = match rest.split_last() {
            Some((last, rest)) if is(Some(last), "move") => rest,
            _ => rest,
        };
        let (last, rest) = rest.split_last()?;
        (is_boxed && is_block && is(Some(last), "async") && is_statement(rest)).then(|| Self {
            body,
            before: rest.to_vec(),
            future: before[rest.len()..].iter().cloned().collect(),
            after: After::Method(method.to_vec()),
        })
    }

    /// The body, with `measured` in place of the future.
    pub(crate) fn with(self, measured: impl FnOnce(&TokenStream) -> TokenStream) -> Group {
        let measured = measured(&self.future);
        let mut tokens: TokenStream = self.before.into_iter().collect();
        match self.after {
            After::Parenthesis(around) => {
                let mut group = Group::new(Delimiter::Parenthesis, measured);
                group.set_span(around.span());
                tokens.append(group);
            }
            After::Method(method) => {
                tokens.extend(measured);
                tokens.extend(method);
            }
        }
        regroup(self.body, tokens)
    }
}

/// Whether a statement may begin behind these tokens.
fn is_statement(before: &[TokenTree]) -> bool {
    match before.last() {
        None => true,
        Some(TokenTree::Punct(punct)) => punct.as_char() == ';',
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
        Some(TokenTree::Ident(_) | TokenTree::Literal(_)) => false,
    }
}
