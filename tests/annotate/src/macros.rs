//! Functions among the tokens of macros.

use std::collections::HashSet;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The functions that a `macro_rules!` writes.
pub fn rules(tokens: &TokenStream, places: &mut Vec<usize>) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    for rule in tokens.split(|token| is_punct(Some(token), ';')) {
        if let [TokenTree::Group(matcher), .., TokenTree::Group(written)] = rule {
            let mut fragments = Fragments::default();
            fragments.read(matcher);
            fragments.scan(written.stream(), places);
        }
    }
}

/// The functions in the input of a macro, if it takes items.
pub fn items(tokens: &TokenStream, places: &mut Vec<usize>) {
    Fragments::default().scan(tokens.clone(), places);
}

/// Names of a macro's fragments that stand for the parts of a function.
#[derive(Default)]
struct Fragments {
    visibilities: HashSet<String>,
    blocks: HashSet<String>,
}

impl Fragments {
    fn read(&mut self, matcher: &Group) {
        let tokens: Vec<TokenTree> = matcher.stream().into_iter().collect();
        for window in tokens.windows(4) {
            if let [
                dollar,
                TokenTree::Ident(name),
                colon,
                TokenTree::Ident(kind),
            ] = window
                && is_punct(Some(dollar), '$')
                && is_punct(Some(colon), ':')
            {
                match kind.to_string().as_str() {
                    "vis" => self.visibilities.insert(name.to_string()),
                    "block" => self.blocks.insert(name.to_string()),
                    _ => false,
                };
            }
        }
        for token in &tokens {
            if let TokenTree::Group(group) = token {
                self.read(group);
            }
        }
    }

    fn scan(&self, tokens: TokenStream, places: &mut Vec<usize>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.scan(group.stream(), places),
                TokenTree::Ident(ident) if ident == "fn" => {
                    let (before, after) = (&tokens[..index], &tokens[index + 1..]);
                    if self.is_function(after)
                        && let Some(start) = self.start(before)
                    {
                        places.push(tokens[start].span().byte_range().start);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a name follows, and a body before the next `;`.
    fn is_function(&self, after: &[TokenTree]) -> bool {
        let rest = match after {
            [TokenTree::Ident(_), rest @ ..] => rest,
            [dollar, TokenTree::Ident(_), rest @ ..]
                if is_punct(Some(dollar), '$') && !is_punct(rest.first(), ':') =>
            {
                rest
            }
            _ => return false,
        };
        let mut rest = rest.iter().peekable();
        while let Some(token) = rest.next() {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return true,
                TokenTree::Punct(punct) if punct.as_char() == ';' => return false,
                TokenTree::Punct(punct) if punct.as_char() == '$' => {
                    if let Some(TokenTree::Ident(name)) = rest.peek()
                        && self.blocks.contains(&name.to_string())
                    {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// Where a function begins whose `fn` follows `before`; `None` if it is `const`, or may be.
    fn start(&self, before: &[TokenTree]) -> Option<usize> {
        match before {
            [rest @ .., TokenTree::Ident(ident)] => match ident.to_string().as_str() {
                "const" => None,
                "pub" | "async" | "unsafe" | "extern" | "default" | "safe" => self.start(rest),
                name if is_punct(rest.last(), '$') && self.visibilities.contains(name) => {
                    self.start(&rest[..rest.len() - 1])
                }
                // Any other fragment may be a `const`.
                _ if is_punct(rest.last(), '$') => None,
                _ => Some(before.len()),
            },
            [rest @ .., TokenTree::Ident(word), TokenTree::Group(_)] if word == "pub" => {
                self.start(rest)
            }
            [rest @ .., TokenTree::Ident(word), TokenTree::Literal(_)] if word == "extern" => {
                self.start(rest)
            }
            [.., dollar, TokenTree::Group(group), TokenTree::Punct(_)]
                if is_punct(Some(dollar), '$') && !is_attributes(group) =>
            {
                None
            }
            _ => Some(before.len()),
        }
    }
}

fn is_attributes(group: &Group) -> bool {
    is_punct(group.stream().into_iter().next().as_ref(), '#')
}

fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}
