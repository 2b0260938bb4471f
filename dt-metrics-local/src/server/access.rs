use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::store::Authorization;

/// A token that cannot be printed.
struct Token {
    text: String,
    has_scope: bool,
}

/// The tokens that open the Dynatrace API. With none configured it is open to all.
#[derive(Default)]
pub(super) struct Tokens(Vec<Token>);

impl Tokens {
    pub(super) fn add(&mut self, text: String, has_scope: bool) {
        self.0.push(Token { text, has_scope });
    }

    /// What the `Authorization` header of a request is worth.
    pub(super) fn check(&self, headers: &HeaderMap) -> Authorization {
        let Some(header) = headers.get(AUTHORIZATION) else {
            return Authorization::Absent;
        };
        if self.0.is_empty() {
            return Authorization::Unchecked;
        }
        let known = header
            .to_str()
            .ok()
            .and_then(|header| header.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Api-Token"))
            .and_then(|(_, given)| self.0.iter().find(|token| token.text == given));
        match known {
            Some(token) if token.has_scope => Authorization::Accepted,
            Some(_) => Authorization::WithoutScope,
            None => Authorization::Refused,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.0.len())
    }
}
