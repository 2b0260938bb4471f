//! The first sentence of a doc comment, as plain text.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use super::grammar::Kind;

/// The first sentence of the documentation among `attrs`, if there is one.
pub(crate) fn summary(attrs: &[Attribute]) -> Option<String> {
    let mut text = String::new();
    for line in attrs.iter().filter_map(doc).flat_map(|doc| lines(&doc)) {
        let is_other = ["#", "```", "|", "- ", "* ", "<"]
            .iter()
            .any(|mark| line.starts_with(mark));
        if is_other || line.is_empty() && !text.is_empty() {
            break;
        }
        if !line.is_empty() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&line);
        }
    }
    let text = plain(&text);
    let sentence = sentence(&text);
    let is_valid = !sentence.is_empty() && Kind::Description.broken_rule(sentence).is_none();
    is_valid.then(|| sentence.to_owned())
}

/// The text of a `#[doc = "…"]`, which a doc comment is as well.
fn doc(attr: &Attribute) -> Option<String> {
    match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// The lines of a text, each without white space and the `*` at the left of a block comment.
fn lines(doc: &str) -> Vec<String> {
    let is_block = doc.contains('\n');
    let lines = doc.split('\n').map(|line| {
        let line = line.trim();
        let inner = line.strip_prefix('*').filter(|_| is_block);
        inner.unwrap_or(line).trim().to_owned()
    });
    lines.collect()
}

/// The text up to the first dot, `!` or `?` after which a sentence may begin.
fn sentence(text: &str) -> &str {
    for (place, mark) in text.match_indices(['.', '!', '?']) {
        let end = place + mark.len();
        let mut after = text[end..].chars();
        let begins = match after.next() {
            None => true,
            Some(' ') => after.next().is_none_or(|c| !c.is_lowercase()),
            Some(_) => false,
        };
        if begins {
            return &text[..end];
        }
    }
    text
}

/// Markdown without the marks of code, and of links and their targets.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find(['`', '[', ']']) {
        let (before, mark) = rest.split_at(place);
        plain.push_str(before);
        rest = &mark[1..];
        if mark.starts_with(']') {
            for (open, close) in [('(', ')'), ('[', ']')] {
                if let Some(target) = rest.strip_prefix(open)
                    && let Some(end) = target.find(close)
                {
                    rest = &target[end + 1..];
                    break;
                }
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests;
