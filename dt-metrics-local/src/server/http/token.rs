//! The tokens that the Dynatrace API accepts.

use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::store::Authorization;

/// A token. It has no `Debug`, so that it cannot be printed.
struct Token {
    text: String,
    has_scope: bool,
}

/// The configured tokens. Without any, every request is accepted.
#[derive(Default)]
pub(crate) struct Tokens(RwLock<Vec<Token>>);

impl Tokens {
    pub(crate) fn add(&self, text: String, has_scope: bool) {
        self.write().push(Token { text, has_scope });
    }

    /// Replaces all tokens with this one.
    pub(crate) fn replace(&self, text: String) {
        let has_scope = true;
        *self.write() = vec![Token { text, has_scope }];
    }

    /// Checks the `Authorization` header of a request.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Authorization {
        let Some(header) = headers.get(AUTHORIZATION) else {
            return Authorization::Absent;
        };
        let tokens = self.read();
        if tokens.is_empty() {
            return Authorization::Unchecked;
        }
        let known = header
            .to_str()
            .ok()
            .and_then(|header| header.split_once(' '))
            .filter(|(scheme, given)| scheme.eq_ignore_ascii_case(scheme_of(given)))
            .and_then(|(_, given)| tokens.iter().find(|token| token.text == given));
        match known {
            Some(token) if token.has_scope => Authorization::Accepted,
            Some(_) => Authorization::WithoutScope,
            None => Authorization::Refused,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Token>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Token>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The scheme that Dynatrace requires for a token: platform tokens have one of their own.
fn scheme_of(token: &str) -> &'static str {
    if token.starts_with("dt0s16.") {
        "Bearer"
    } else {
        "Api-Token"
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.read().len())
    }
}
